"""What to send next: asks the board whose turn it is, and the journal what that lane holds."""

from __future__ import annotations

from terminal.backends.protocol import Backend
from terminal.core.delivery import Answer, Guarantee, LookFirst, Outcome, Park, Promise, may_send
from terminal.core.facts import EntryState
from terminal.core.records import Entry
from terminal.core.value import Value
from terminal.journal.errors import JournalError
from terminal.sync.attempt import Job, Result, judge_unsendable
from terminal.sync.board import Board
from terminal.sync.desk import Turn
from terminal.sync.ports import Clock, Ledger, lane_of
from terminal.sync.reading import account_of, look_in_ms

TROUBLE_MS = 60_000
"""How long a lane waits that a mistake of the program was met in."""

Task = Job | Result
"""What a worker has in hand: an entry to send, or what became of one and is not written down yet."""

_HOW_STANDS = {
    EntryState.DELIVERED: Outcome.DELIVERED,
    EntryState.UNKNOWN: Outcome.UNKNOWN,
    EntryState.PARKED: Outcome.REFUSED,
    EntryState.VOIDED: Outcome.REFUSED,
}


class Answered(Value, frozen=True):
    """An urgent entry that is not to be sent, and what is to be told about it."""

    key: str
    answer: Answer


class Picker:
    """Picks for one worker. What it returns is claimed: nobody else sends that entry."""

    def __init__(
        self, server: str, backend: Backend, ledger: Ledger, clock: Clock, board: Board, *, timeout_s: float
    ) -> None:
        self._server = server
        self._backend = backend
        self._ledger = ledger
        self._clock = clock
        self._board = board
        self._timeout_ms = round(timeout_s * 1000)

    def guarantee(self, entry: Entry) -> Guarantee:
        """Return what the server promises, if the adapter can do its part of it."""
        promised = self._backend.guarantee(entry.kind)
        looks = hasattr(self._backend, "look") or account_of(self._backend, entry)[0] is not None
        return promised if looks or promised.promise is not Promise.READ_BACK else Guarantee(Promise.NONE)

    def pick(self) -> Task | None:
        """Return what the lane whose turn it is has to send; None if nothing is to be, or may be, sent now."""
        while (turn := self._board.take(self._server)) is not None:
            try:
                task = self._prepare(turn)
            except JournalError as error:
                self._board.ledger_failed(str(error))
                self._board.put_back(turn, self._server)
                return None
            except BaseException:
                self._board.put_back(turn, self._server, delay_ms=TROUBLE_MS)
                raise
            if task is not None:
                return task
        return None

    def follow(self, lane: str) -> Job | None:
        """Return the next entry of a lane whose last one is being settled, and which stays busy."""
        turn = self._board.follow(self._server, lane)
        if turn is None:
            return None
        key = ""
        try:
            entry = self._ledger.next_in_lane(lane)
            if entry is None or entry.backend != self._server:
                return None
            if self._obstacle(entry) is None and account_of(self._backend, entry)[0] is None:
                key = entry.key if self._board.claim(entry.key, turn.epoch) else ""
                return Job(entry, lane, turn.probe) if key else None
        except JournalError:
            pass  # the commit that comes next says so
        finally:
            if not key:
                self._board.drop(self._server, key, probe=turn.probe)
        return None

    def pick_urgent(self) -> Job | Answered | None:
        """Return the next urgent entry, or the answer about it if it is not to be sent."""
        call = self._board.take_urgent(self._server)
        if call is None:
            return None
        if call.probe is None:
            return Answered(call.key, Answer(Outcome.UNSENT, call.words))
        entry, job = None, None
        try:
            entry = self._ledger.entry(call.key)
            if entry is not None and entry.state is EntryState.QUEUED and self._obstacle(entry) is None:
                job = self._job(entry, None, probe=call.probe)
        except JournalError as error:
            self._board.ledger_failed(str(error))
            return Answered(call.key, Answer(Outcome.UNSENT, str(error)))
        finally:
            if job is None:
                lane = None if entry is None else lane_of(entry)
                self._board.drop(self._server, call.key, probe=call.probe, lane=lane)
        return job or Answered(call.key, _how_stands(entry))

    def put_back(self, task: Task | None, *, kept: bool = False, delay_ms: int | None = None) -> None:
        """Give back what was picked: nothing of it was sent or written. *kept*: its lane stays busy."""
        if task is None:
            return
        job = task if isinstance(task, Job) else task.job
        key = job.entry.key
        if kept:
            self._board.drop(self._server, key, probe=job.probe)
        elif job.lane is None:
            self._board.drop(self._server, key, probe=job.probe, lane=lane_of(job.entry))
        else:
            turn = Turn(job.lane, job.probe, 0)
            self._board.put_back(turn, self._server, key=key, delay_ms=delay_ms)

    def _prepare(self, turn: Turn) -> Task | None:
        """Return what this lane has to send; None if it has nothing now: then it stands where it belongs."""
        entry = self._ledger.next_in_lane(turn.lane)
        if entry is None:
            self._board.rest(turn, self._server)
            return None
        if entry.backend != self._server:
            self._board.hand_over(turn, self._server, entry.backend)
            return None
        entry = self._doubted(entry, turn.lane) or entry
        obstacle = self._obstacle(entry)
        if isinstance(obstacle, LookFirst) and obstacle.delay_ms:
            self._board.put_back(turn, self._server, delay_ms=obstacle.delay_ms)
            return None
        if not self._board.claim_for(turn, self._server, entry.key):
            return None
        if isinstance(obstacle, Park):
            # Nothing will be heard of the server by this: another entry may be the probe.
            self._board.no_probe(self._server, probe=turn.probe)
            return judge_unsendable(Job(entry, turn.lane, probe=False), obstacle)
        return self._job(entry, turn.lane, probe=turn.probe, look=isinstance(obstacle, LookFirst))

    def _doubted(self, head: Entry, lane: str) -> Entry | None:
        """Return an entry of *lane* that is in doubt on the account on which its *head* is to be booked.

        It was sent ahead, or a person sent the head again: the head waits for it, and not it for the head.
        """
        account, _ = account_of(self._backend, head)
        if account is None or head.in_doubt:
            return None
        return next(
            (
                each
                for each in self._ledger.doubtful(self._server)
                if each.state is EntryState.QUEUED and not each.held and lane_of(each) == lane
                if account_of(self._backend, each)[0] == account
            ),
            None,
        )

    def _job(self, entry: Entry, lane: str | None, *, probe: bool, look: bool = False) -> Job:
        account, settling_ms = account_of(self._backend, entry)
        return Job(entry, lane, probe, look, account=account, settling_ms=settling_ms)

    def _obstacle(self, entry: Entry) -> LookFirst | Park | None:
        now = self._clock.now()
        obstacle = may_send(
            self.guarantee(entry),
            first_attempted=entry.first_attempted,
            in_doubt=entry.in_doubt,
            now=now,
            timeout_ms=self._timeout_ms,
        )
        account, settling_ms = account_of(self._backend, entry)
        if isinstance(obstacle, LookFirst) and account is not None:
            return LookFirst(look_in_ms(entry, settling_ms, now))
        return obstacle


def _how_stands(entry: Entry | None) -> Answer:
    if entry is None:
        return Answer(Outcome.UNSENT, "there is no such entry")
    return Answer(_HOW_STANDS.get(entry.state, Outcome.UNKNOWN), entry.words)
