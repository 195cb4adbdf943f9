"""The real engine over the small server without keys: lost replies, kills, other customers, persons."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from terminal.core import facts as f
from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import EntryKind, EntryState, Fact
from terminal.core.reconcile_evidence import Looking
from terminal.core.stamp import Stamp
from terminal.sync import Engine
from terminal.sync.worker import Worker
from tests.core.reconcile_server import AMOUNTS, BASKETS, Scene, Server
from tests.sync.model import HOUR_MS, RULES, Killed, ManualClock, MemoryJournal
from tests.sync.reconcile_adapter import SETTLING_MS, Adapter

_OVER = (EntryState.DELIVERED, EntryState.VOIDED, EntryState.PARKED)


class JumpingClock(ManualClock):
    """Its wall clock jumps as long as nobody has set it."""

    off_ms = 0

    def now(self) -> Stamp:
        stamp = super().now()
        return stamp if stamp.synced else Stamp(stamp.wall_ms + self.off_ms, stamp.mono_ms, stamp.boot, False)


class EngineRun:
    """One terminal for some minutes; raises AssertionError as soon as something false is written down."""

    def __init__(self, seed: int, scene: Scene, *, handles: bool = False) -> None:
        random.seed(seed)  # the back-off draws from here
        self.rng = rng = Random(seed)
        self.scene = scene
        self.clock = JumpingClock()
        self.clock.synced = rng.random() < 0.5
        self.server = Server(rng, scene, clock_off_ms=rng.choice((0, -600_000, 7_200_000)))
        self.adapter = Adapter(rng, scene, self.server, self, handles=handles)
        self.journal = MemoryJournal()
        self.journal.on_commit = self._check
        self.tally: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._ordinal = 0
        self._inside: list[Worker] = []
        self._down = False
        self._wrong: list[str] = []
        self._start()

    @property
    def ms(self) -> int:
        return self.clock.true_ms

    def play(self) -> Counter[str]:
        """Run until nothing is left to do; return what became of the replies that were lost."""
        rng = self.rng
        accounts = ("till",) if self.scene.looking is Looking.ORDERS else ("card 1", "card 2")
        for name in accounts:
            for _ in range(rng.choice((0, 1, 3, 8)) if self.scene.shared else 0):
                self.later(rng.randrange(400_000), self._other(name))
        for n in range(rng.randint(2, 5)):
            self.later(rng.randrange(60_000), self._mine(self._sale(f"e{n}", rng.choice(accounts))))
        if rng.random() < 0.3:
            self.later(rng.randrange(200_000), self._mine(self._power_cut))
        if rng.random() < 0.3:
            self.later(rng.randrange(200_000), self._mine(self._hasty_person))
        self.later(rng.randrange(200_000), self._clock_jumps)
        self.later(HOUR_MS, self._mine(self._calm))
        self._safely(self._work)
        while self._advance(None):
            self._safely(self._work)
            self._sure(self.ms < 24 * HOUR_MS, "it never comes to an end")
            assert not self._wrong, self._wrong[0]
        self._check_end()
        return self.tally

    # -- time ------------------------------------------------------------------------------------------

    def later(self, ms: int, act: Callable[[], None]) -> None:
        self._ordinal += 1
        heapq.heappush(self._heap, (self.ms + ms, self._ordinal, act))

    def spend(self, ms: int) -> None:
        """Let time pass within a call: the world and the other workers go on."""
        end = self.ms + ms
        while self._advance(end):
            self._work()
        self.clock.true_ms = max(self.ms, end)

    def _advance(self, end: int | None) -> bool:
        """Go on to what happens next, up to *end*; False: nothing does."""
        view = self.engine._board.view("main")
        due = self._heap[0][0] if self._heap else None
        if view.next_try_in_ms and self._idle():
            due = min([self.ms + view.next_try_in_ms, *([] if due is None else [due])])
        if due is None or (end is not None and due > end):
            return False
        self.clock.true_ms = max(self.ms, due)
        while self._heap and self._heap[0][0] <= self.ms:
            act = heapq.heappop(self._heap)[2]
            if end is None:
                self._safely(act)
            else:
                act()
        return True

    def _work(self) -> None:
        """Turn those workers that are not in a call until there is nothing to do."""
        for _ in range(1_000):
            free = [worker for worker in self.workers if worker not in self._inside and self._has_work(worker)]
            if not free:
                return
            for worker in free:
                if worker not in self._inside:
                    self._inside.append(worker)
                    worker.turn()
                    self._inside.remove(worker)
        self._sure(ok=False, words="it goes round and round")

    def _has_work(self, worker: Worker) -> bool:
        if worker._task is not None:
            return True
        board = self.engine._board
        if worker is self.workers[-1]:
            return bool(board._desks["main"].urgent)
        return board.view("main").next_try_in_ms == 0

    def _idle(self) -> bool:
        """Whether somebody is free to serve the lanes."""
        return any(worker not in self._inside for worker in self.workers[:-1])

    # -- the terminal ----------------------------------------------------------------------------------

    def _start(self) -> None:
        self.engine = Engine(self.journal, {"main": self.adapter}, self.clock, RULES, wait=self.clock.wait)
        self.workers = [self.engine.worker("main", urgent=urgent) for urgent in (False, False, True)]
        self.engine.load()

    def _safely(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Killed:
            self._inside.clear()
            self.asked.clear()
            self.told.clear()
            power = self.rng.random() < 0.5
            if power:
                self.journal.power_cut()
            self._wait_down(5_000 if power else 0)
            if power:
                self.clock.reboot(synced=self.rng.random() < 0.5)
            self._wait_down(self.rng.choice((1_000, 90_000)))
            self._start()

    def _wait_down(self, ms: int) -> None:
        """Let time pass while the terminal is down: the world goes on."""
        self._down, end = True, self.ms + ms
        while self._heap and self._heap[0][0] <= end:
            due, _, act = heapq.heappop(self._heap)
            self.clock.true_ms = max(self.ms, due)
            act()
        self.clock.true_ms = end
        self._down = False

    def _mine(self, act: Callable[[], None]) -> Callable[[], None]:
        """Return *act* as something that needs the terminal: while that is down, it comes later."""

        def when_up() -> None:
            if self._down:
                self.later(1_000, when_up)
            else:
                act()

        return when_up

    def _power_cut(self) -> None:
        raise Killed

    def _tell(self, *facts: Fact) -> None:
        self.journal.commit(facts, self.clock.now())
        self.engine.notice(facts)

    def _sale(self, key: str, token: str) -> Callable[[], None]:
        rng = self.rng
        urgent = rng.random() < 0.3
        orders = self.scene.looking is Looking.ORDERS
        basket = rng.randrange(len(BASKETS))
        if orders:
            amount, kind = sum(line.total for line in BASKETS[basket]), EntryKind.RECORD
        else:
            amount = rng.choice(AMOUNTS)
            takes = self.scene.looking is not Looking.KEY and rng.random() < 0.3
            kind = EntryKind.DEBIT if takes else EntryKind.CREDIT
        if self.scene.looking is Looking.KEY and rng.random() < 0.05:
            self.server.keys[key] = rng.choice(AMOUNTS)
        fact = f.EntryAdded(key, kind, "main", None if orders else token, amount, tag=str(basket))

        def sell() -> None:
            self._tell(fact)
            if urgent:
                self.asked[key] += 1
                self.engine.deliver_now(key, lambda answer: self._answered(key, answer))

        return sell

    def _answered(self, key: str, answer: Answer) -> None:
        self.told[key] += 1
        if answer.outcome is Outcome.DELIVERED:
            self._sure(self.server.effects[key] == 1, "told that it is booked, and it is not")

    # -- the world -------------------------------------------------------------------------------------

    def _other(self, name: str) -> Callable[[], None]:
        amount = self.rng.choice(AMOUNTS) * self.rng.choice((1, 1, -1))
        return lambda: self.server.others(self.ms, name, amount)

    def _clock_jumps(self) -> None:
        self.clock.off_ms += self.rng.choice((-3_600_000, 40_000, 10**9))

    def _hasty_person(self) -> None:
        """Give up what is in doubt, without waiting for anything."""
        for entry in self.journal.doubtful("main"):
            if entry.state is EntryState.QUEUED:
                self._tell(f.PersonDecided(entry.key, "void", "Ada", "nobody waits for it"))
                return

    def _person(self, key: str) -> None:
        """Compare with the server's books, and decide."""
        entry = self.journal.entry(key)
        if entry is None or entry.state is not EntryState.UNKNOWN:
            return
        self._sure(self.adapter.due.get(key, 0) <= self.ms, "left to a person while it may still be booked")
        action = "delivered" if self.server.effects[key] else self.rng.choice(("retry", "void"))
        self._tell(f.PersonDecided(key, action, "Ada", "as the books say"))

    def _calm(self) -> None:
        self.adapter.calm = True
        self.engine.sync_now()

    def _sure(self, ok: object, words: str) -> None:
        """Remember what is wrong: the engine takes it for a mistake in an adapter, and goes on."""
        if not ok:
            self._wrong.append(words)
            raise AssertionError(words)

    # -- what is written down --------------------------------------------------------------------------

    def _check(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            match fact:
                case f.AttemptEnded(key=key, outcome=Outcome.DELIVERED):
                    self._sure(self.server.effects[key] == 1, "taken for booked, and is not")
                    self.tally["booked"] += fact.words.startswith("looked")
                case f.AttemptEnded(key=key, outcome=Outcome.REFUSED):
                    self._sure(not self.server.effects[key], "taken for not booked, and is")
                    self._sure(self.adapter.due.get(key, 0) <= self.ms, "taken for not booked, and will be")
                    self.tally["not booked"] += fact.state is EntryState.QUEUED
                case f.AttemptEnded(outcome=Outcome.UNKNOWN) if not self.adapter.handles:
                    self.tally["lost"] += 1
                case f.EntryParked(key=key, state=EntryState.UNKNOWN):
                    assert "Now (" in fact.words
                    self.tally["parked"] += 1
                    person = self._mine(partial(self._person, key))
                    self.later(self.rng.choice((1_000, 20 * SETTLING_MS)), person)
                case f.PersonDecided(action="void", reason="nobody waits for it"):
                    self.tally["given up"] += 1
                case _:
                    pass

    def _check_end(self) -> None:
        for key, answers in self.told.items():
            assert answers <= self.asked[key], "answered twice"
        for entry in self.journal.all():
            booked = self.server.effects[entry.key]
            assert booked <= 1, "booked twice"
            assert entry.state in _OVER, f"left {entry.state.value}"
            assert booked or entry.state is not EntryState.DELIVERED, "lost"
            assert not booked or entry.state is not EntryState.PARKED, "left as surely not booked, and is"
