"""What the threads of the engine share: who sends what, and what nobody may send now. It does no I/O."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable

from terminal.core.delivery import Answer, Outcome, Pause
from terminal.core.records import Entry
from terminal.core.rules import SyncRules
from terminal.sync import backoff
from terminal.sync.attempt import Result
from terminal.sync.backoff import Backoff
from terminal.sync.breaker import Breaker, State
from terminal.sync.desk import Call, Desk, Turn, View
from terminal.sync.gate import Gate
from terminal.sync.lanes import Lanes
from terminal.sync.ports import Clock, Told, Wait, lane_of


class Board:
    """The shared state, behind one lock that is never held while anything is sent, read or written."""

    def __init__(self, servers: Iterable[str], clock: Clock, rules: SyncRules, wait: Wait) -> None:
        self._clock = clock
        self._wait = wait
        self._lock = threading.Lock()
        self._lanes = Lanes()
        self._backoff = Backoff(rules.first_retry_s, rules.longest_retry_s)
        self._pause_ms = rules.pause_retry_s * 1000
        probes = Backoff(rules.breaker_probe_s, rules.longest_retry_s)
        self._desks = {
            server: Desk(
                server,
                Breaker(rules.breaker_failures, probes.delay_ms, self._pause_ms),
                threading.Condition(self._lock),
                threading.Condition(self._lock),
            )
            for server in servers
        }
        self._claims: set[str] = set()
        self._epoch = 0
        self._listeners: defaultdict[str, list[Told]] = defaultdict(list)
        self._gate = Gate()
        self.stopping = False

    # -- what is to be sent ----------------------------------------------------------------------------

    def add(self, lane: str, server: str, *, at_once: bool = False) -> None:
        """Note that *lane* may have something for *server*; *at_once* ends the lane's wait."""
        with self._lock:
            self._lanes.add(lane, server)
            if at_once:
                self._lanes.hurry(lane)
            self._ring(server)

    def knows(self, lane: str) -> bool:
        """Return whether *lane* is on the books already."""
        with self._lock:
            return self._lanes.knows(lane)

    def add_left(self, server: str, result: Result) -> None:
        """Take in what the last run left behind: it is recorded before anything else is sent to *server*."""
        with self._lock:
            desk = self._desks[server]
            desk.left.append(result)
            desk.unsettled += 1
            self._claims.add(result.job.entry.key)
            self._ring(server)

    def call(self, server: str, key: str, told: Told) -> None:
        """Put an entry ahead of everything, or listen to the try that is under way."""
        with self._lock:
            self._listeners[key].append(told)
            if key not in self._claims:
                self._desks[server].urgent.append(key)
                self._desks[server].urgent_bell.notify()

    def listeners(self, key: str) -> list[Told]:
        """Return who asked for the answer about an entry; they are told once."""
        with self._lock:
            return self._listeners.pop(key, [])

    # -- taking it -------------------------------------------------------------------------------------

    def take_left(self, server: str) -> Result | None:
        """Return what the last run left behind, if it is not yet recorded."""
        with self._lock:
            left = self._desks[server].left
            return left.popleft() if left and self._gate.wait_ms(self._now()) == 0 else None

    def take(self, server: str) -> Turn | None:
        """Return the lane whose turn it is; None if there is none, or nothing may be sent."""
        with self._lock:
            now = self._now()
            desk = self._desks[server]
            if (
                self.stopping
                or desk.unsettled
                or self._gate.wait_ms(self._now())
                or desk.breaker.wait_ms(now) != 0
            ):
                return None
            lane = self._lanes.take(server, now)
            return None if lane is None else Turn(lane, bool(desk.breaker.permit(now)), self._epoch)

    def follow(self, server: str, lane: str) -> Turn | None:
        """Return leave to send one more entry of a lane that its caller keeps busy."""
        with self._lock:
            now = self._now()
            if self.stopping or self._gate.wait_ms(self._now()):
                return None
            probe = self._desks[server].breaker.permit(now)
            return None if probe is None else Turn(lane, probe, self._epoch)

    def take_urgent(self, server: str) -> Call | None:
        """Return the next urgent entry, claimed if it may be sent; None if there is none."""
        with self._lock:
            desk = self._desks[server]
            while desk.urgent:
                key = desk.urgent.popleft()
                if key in self._claims:
                    continue  # a lane was faster: who asked hears the end of that try
                if self.stopping or self._gate.wait_ms(self._now()):
                    return Call(key, None, self._gate.words or "the terminal is about to stop")
                probe = desk.breaker.permit(self._now())
                if probe is None:
                    return Call(key, None, desk.breaker.words)
                self._claims.add(key)
                return Call(key, probe)
            return None

    def claim(self, key: str, epoch: int) -> bool:
        """Make sure that nobody else sends this entry.

        An urgent try that ended since *epoch* may have changed what was read of the entry: False then, too.
        """
        with self._lock:
            if key in self._claims or epoch != self._epoch:
                return False
            self._claims.add(key)
            return True

    def claim_for(self, turn: Turn, server: str, key: str) -> bool:
        """As claim, for a lane whose turn it is; if it fails, the lane is placed."""
        with self._lock:
            if key not in self._claims and turn.epoch == self._epoch:
                self._claims.add(key)
                return True
            self._cancel(server, probe=turn.probe)
            if key in self._claims:
                self._lanes.rest(turn.lane)  # who holds the claim brings the lane back
            else:
                self._lanes.first(turn.lane)
            return False

    # -- giving it back --------------------------------------------------------------------------------

    def rest(self, turn: Turn, server: str) -> None:
        """There is nothing to send in this lane."""
        with self._lock:
            self._cancel(server, probe=turn.probe)
            self._lanes.rest(turn.lane)

    def hand_over(self, turn: Turn, server: str, other: str) -> None:
        """What this lane has to send next is for another server."""
        with self._lock:
            self._cancel(server, probe=turn.probe)
            self._lanes.move(turn.lane, other)
            self._ring(other)

    def put_back(self, turn: Turn, server: str, *, key: str = "", delay_ms: int | None = None) -> None:
        """Nothing was sent: the lane waits for *delay_ms*, or is the next (None). *key*: what was claimed."""
        with self._lock:
            self._cancel(server, probe=turn.probe)
            self._claims.discard(key)
            if delay_ms is None:
                self._lanes.first(turn.lane)
            else:
                self._lanes.retry(turn.lane, self._now() + delay_ms, fixed=True)
            self._ring(server)

    def no_probe(self, server: str, *, probe: bool) -> None:
        """What was permitted is not sent, though its lane and claim are kept."""
        with self._lock:
            self._cancel(server, probe=probe)

    def drop(self, server: str, key: str, *, probe: bool, lane: str | None = None) -> None:
        """Nothing was sent. *lane*: what the entry came from, if nobody keeps that busy."""
        with self._lock:
            self._cancel(server, probe=probe)
            self._claims.discard(key)
            if lane is not None:
                self._lanes.add(lane, server)
                self._ring(server)

    # -- answers ---------------------------------------------------------------------------------------

    def heard(self, server: str, answer: Answer, *, probe: bool) -> State | None:
        """Let the breaker learn; a server that is back gets all that waits. Returns a change of state."""
        with self._lock:
            desk = self._desks[server]
            before = desk.breaker.state
            if desk.breaker.heard(answer, self._now(), probe=probe):
                self._lanes.wake(server)
            desk.bell.notify_all()
            return _change(before, desk.breaker.state)

    def delay_ms(self, entry: Entry, outcome: Outcome) -> int:
        """Return the back-off after one more failure of this entry's lane."""
        if outcome in (Outcome.DELIVERED, Outcome.REFUSED):
            return 0
        if outcome is Outcome.DENIED:
            return self._pause_ms
        backoff.load()
        with self._lock:
            tries = self._lanes.failed(lane_of(entry))
        return self._backoff.delay_ms(tries)

    def settle(self, server: str, result: Result, *, kept: bool) -> None:
        """Put the lane where the verdict wants it. *kept*: it goes on with its next entry at once."""
        with self._lock:
            desk = self._desks[server]
            self._claims.discard(result.job.entry.key)
            due, fixed = desk.lane_due(result, self._now())
            lane = result.job.lane
            if lane is None:
                # What was read of this entry before is out of date.
                self._epoch += 1
                self._lanes.add(lane_of(result.job.entry), server, due)
            elif kept:
                self._lanes.keep(lane)
            elif result.settled:
                self._lanes.more(lane)
            elif isinstance(result.verdict, Pause):
                self._lanes.first(lane)
            else:
                self._lanes.retry(lane, due, fixed=fixed)
            self._ring(server)

    def settled_left(self, server: str) -> None:
        """One of those that the last run left behind is recorded."""
        with self._lock:
            desk = self._desks[server]
            desk.unsettled -= 1
            desk.bell.notify_all()

    # -- the journal -----------------------------------------------------------------------------------

    def ledger_failed(self, words: str) -> None:
        """Nothing can be written down, so nothing is sent until it can."""
        backoff.load()
        with self._lock:
            self._gate.failed(words, self._now())

    def ledger_works(self) -> bool:
        """Return whether the journal had failed until now."""
        with self._lock:
            return self._gate.works()

    # -- for people and for the other threads ----------------------------------------------------------

    def await_work(self, server: str, *, urgent: bool, owes: bool) -> bool:
        """Wait until a turn is worth it; return False at the end. *owes*: there is something to record."""
        with self._lock:
            desk = self._desks[server]
            bell = desk.urgent_bell if urgent else desk.bell
            while not self.stopping:
                now = self._now()
                if owes:
                    wait_ms: int | None = self._gate.wait_ms(now)
                elif urgent:
                    wait_ms = 0 if desk.urgent else None
                else:
                    wait_ms = desk.wait_ms(self._lanes, self._gate, now)
                if wait_ms == 0:
                    return True
                self._wait(bell, None if wait_ms is None else wait_ms / 1000)
            return False

    def available(self, server: str) -> bool:
        """Return whether a look-up may go out now; see Breaker.glance."""
        with self._lock:
            return self._desks[server].breaker.glance(self._now())

    def report(self, server: str, *, ok: bool, denied: str = "") -> State | None:
        """Let the breaker learn from a look-up; see Breaker.report. Returns a change of state."""
        if not ok:
            backoff.load()
        with self._lock:
            desk = self._desks[server]
            before = desk.breaker.state
            if desk.breaker.report(self._now(), ok=ok, denied=denied):
                self._lanes.wake(server)
            desk.bell.notify_all()
            return _change(before, desk.breaker.state)

    def wake(self) -> None:
        """Forget every wait."""
        with self._lock:
            self._gate.wake()
            for server, desk in self._desks.items():
                desk.breaker.wake()
                self._lanes.wake(server, everything=True)
            self._ring_all()

    def stop(self) -> None:
        """Let every thread end after what it does now."""
        with self._lock:
            self.stopping = True
            self._ring_all()

    def view(self, server: str) -> View:
        """Return how *server* is."""
        with self._lock:
            desk = self._desks[server]
            next_ms = desk.wait_ms(self._lanes, self._gate, self._now())
            words = self._gate.words or desk.breaker.words
            return View(desk.breaker.state, words, self._lanes.count(server), next_ms)

    def strangers(self) -> dict[str, int]:
        """Return the servers that lanes wait for and that are not configured, with the number of lanes."""
        with self._lock:
            return {
                server: self._lanes.count(server)
                for server in self._lanes.servers()
                if server not in self._desks
            }

    # -- with the lock held ----------------------------------------------------------------------------

    def _now(self) -> int:
        return self._clock.now().mono_ms

    def _cancel(self, server: str, *, probe: bool) -> None:
        if probe:
            self._desks[server].breaker.cancel()
            self._ring(server)

    def _ring(self, server: str) -> None:
        if server in self._desks:
            self._desks[server].bell.notify()

    def _ring_all(self) -> None:
        for desk in self._desks.values():
            desk.bell.notify_all()
            desk.urgent_bell.notify_all()


def _change(before: State, after: State) -> State | None:
    """Return *after* if that is news: a probe's coming and going is none."""
    away = (State.AWAY, State.PROBING)
    return None if before is after or (before in away and after in away) else after
