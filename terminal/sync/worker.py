"""One of the threads that send: takes a turn, sends one entry, writes down what became of it, and the next."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import cast

from terminal.backends.protocol import Backend, ReadsBack
from terminal.core.delivery import Answer, Outcome, Park
from terminal.core.facts import AttemptEnded, AttemptStarted, Fact
from terminal.core.payload import record_of
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from terminal.courtesy import RightOfWay, waiting
from terminal.journal.errors import JournalError, NotQueued
from terminal.sync.accounts import Accounts
from terminal.sync.attempt import Job, Result, judge, judge_found, judge_unread, may_be_lost
from terminal.sync.board import Board
from terminal.sync.breaker import State
from terminal.sync.picker import TROUBLE_MS, Answered, Picker, Task
from terminal.sync.ports import Clock, Ledger, Settled, lane_of, may_have_record
from terminal.sync.reading import BUSY, Hindered, Reading

_LOG = logging.getLogger(__name__)
_OVERTAKEN_MS = 1_000
_STOPPING = "the terminal was stopped before this was sent"
_LAST_TURNS = 3  # what was begun is given up, an answer is written down, and once more if that failed


class Worker:
    """Sends to one server, one entry at a time. What it has in hand survives a journal that fails.

    ``run`` is the life of its thread; ``turn`` does one step of it, and never waits but for server and disk.

    Args:
        server: Name of the backend.
        backend: Its adapter.
        ledger: The journal.
        clock: Says what moment it is.
        board: What it shares with the other workers.
        way: Whose turn it is to compute; an urgent one asks for none.
        timeout_s: How long the server is waited for.
        on_settled: Told of each entry that left the queue.
        refill: Called when the journal works again: what was not noticed meanwhile is looked up.
        accounts: Those of the server, which its workers share.
        urgent: Whether it serves Board.call, and not the lanes.
    """

    def __init__(
        self,
        server: str,
        backend: Backend,
        *,
        ledger: Ledger,
        clock: Clock,
        board: Board,
        way: RightOfWay,
        timeout_s: float,
        on_settled: Settled,
        refill: Callable[[], None],
        accounts: Accounts,
        urgent: bool = False,
    ) -> None:
        self._server = server
        self._backend = backend
        self._ledger = ledger
        self._clock = clock
        self._board = board
        self._way = way
        self._timeout_s = timeout_s
        self._on_settled = on_settled
        self._refill = refill
        self._urgent = urgent
        self._picker = Picker(server, backend, ledger, clock, board, timeout_s=timeout_s)
        self._reading = Reading(backend, ledger, clock, accounts, timeout_s=timeout_s)
        self._task: Task | None = None

    def run(self) -> None:
        """Work until the engine stops; then write down what is in hand, and begin nothing."""
        while not self._board.stopping:
            owes = isinstance(self._task, Result)
            begun = isinstance(self._task, Job)
            if begun or self._board.await_work(self._server, urgent=self._urgent, owes=owes):
                with nullcontext() if self._urgent else self._way.turn():
                    self._turn_safely()
        for _ in range(_LAST_TURNS):
            if self._task is not None:
                self._turn_safely()
        if self._task is not None:
            _LOG.error("an answer of %s could not be written down; the next start looks into it", self._server)

    def turn(self) -> None:
        """Do one step: take an entry, or send it and write down what became of it, or write that down again."""
        match self._task:
            case None:
                self._task = self._begin()
            case Job() as job if job.unread:
                self._task = self._start(job)
            case Job() as job:
                self._task = self._tried(job)
                self._task = self._record(self._task)
            case Result() as result:
                self._task = self._record(result)

    def _turn_safely(self) -> None:
        try:
            self.turn()
        except Exception:  # noqa: BLE001 - the top of a thread: a mistake costs its entry time, nobody else (I7)
            _LOG.exception("the delivery to %s failed; it goes on with the next entry", self._server)
            self._give_up()

    def _give_up(self) -> None:
        """Put back what is in hand. What was begun stays SENDING: the next start decides about it."""
        task, self._task = self._task, None
        self._put_back(task, delay_ms=TROUBLE_MS)
        if isinstance(task, Result) and task.left:
            self._board.settled_left(self._server)
        elif task is not None and self._urgent:
            job = task if isinstance(task, Job) else task.job
            self._tell(job.entry.key, Answer(Outcome.UNKNOWN, "the delivery failed"))

    # -- taking ----------------------------------------------------------------------------------------

    def _begin(self) -> Task | None:
        """Take what comes next, and write down that it is about to be sent."""
        self._task = task = self._take()
        return self._start(task) if isinstance(task, Job) and not task.look else task

    def _start(self, job: Job) -> Task | None:
        """Read what there is to be read before it, then write down that it is about to be sent."""
        try:
            ready = self._read(job) if job.unread else job
            if not isinstance(ready, Job):
                return ready
            now = self._clock.now()
            started = AttemptStarted(job.entry.key, None if job.account is None else ready.entry.before)
            self._commit([started], now, durable=not self._may_be_lost(job))
        except JournalError as error:
            self._board.ledger_failed(str(error))
            self._put_back(job)
            words = str(error)
        except NotQueued as overtaken:
            self._put_back(job, delay_ms=_OVERTAKEN_MS)
            words = str(overtaken)
        else:
            return replace(ready, started=now)
        self._tell_unsent(job, words)
        return None

    def _read(self, job: Job) -> Job | Result | None:
        """Return *job* as it may begin, or what became of it; None: it is put back."""
        if self._board.stopping:
            self._put_back(job)
            self._tell_unsent(job, _STOPPING)
            return None
        read = self._reading.before(job)
        if isinstance(read, Hindered):
            self._picker.put_back(job, delay_ms=read.delay_ms)
            self._reading.wait(job)
            self._tell_unsent(job, BUSY)
            return None
        if isinstance(read, Result):
            # Nothing will be heard of the server by this: another entry may be the probe.
            self._board.no_probe(self._server, probe=job.probe)
        if not isinstance(read, Answer):
            return read
        return judge_unread(job, read, self._heard(job, read))

    def _tell_unsent(self, job: Job, words: str) -> None:
        if self._urgent:
            self._tell(job.entry.key, Answer(Outcome.UNSENT, words))

    def _put_back(self, task: Task | None, *, kept: bool = False, delay_ms: int | None = None) -> None:
        """Give back what is in hand: nothing of it was sent or written."""
        self._picker.put_back(task, kept=kept, delay_ms=delay_ms)
        if task is not None:
            self._reading.put_back(task.job if isinstance(task, Result) else task)

    def _take(self) -> Task | None:
        if not self._urgent:
            return self._board.take_left(self._server) or self._picker.pick()
        while isinstance(call := self._picker.pick_urgent(), Answered):
            self._tell(call.key, call.answer)
        return call

    # -- sending ---------------------------------------------------------------------------------------

    def _tried(self, job: Job) -> Result:
        """Send it, or look for it; return what became of it."""
        if not job.look or job.account is None or self._board.stopping:
            return self._judge(job, self._send(job))
        told = self._reading.after(job)
        if isinstance(told, Answer):
            return self._judge(job, told)
        # The server is there, whatever it told.
        self._heard(job, Answer(Outcome.DELIVERED))
        return judge_found(job, told)

    def _send(self, job: Job) -> Answer:
        if self._board.stopping:
            return Answer(Outcome.UNSENT, _STOPPING)
        left_s = self._timeout_s
        if job.until_ms is not None:
            left_s = (job.until_ms - self._clock.now().mono_ms) / 1000
            if left_s <= 0:
                return Answer(Outcome.UNSENT, "no time was left to send this after what was read before it")
        try:
            if job.look:
                return cast(ReadsBack, self._backend).look(job.entry, self._timeout_s)
            return self._backend.deliver(job.entry, left_s)
        except Exception as error:  # noqa: BLE001 - a mistake in an adapter, and bytes may have left before it
            _LOG.exception("the adapter of %s failed on entry %d", self._server, job.entry.seq)
            return Answer(Outcome.UNKNOWN, f"the adapter failed ({type(error).__name__})")

    def _judge(self, job: Job, answer: Answer) -> Result:
        delay_ms = self._heard(job, answer)
        return judge(job, self._picker.guarantee(job.entry), answer, self._clock.now(), delay_ms)

    def _heard(self, job: Job, answer: Answer) -> int:
        """Let the board learn from an answer; return the back-off."""
        delay_ms = self._board.delay_ms(job.entry, answer.outcome)
        say(self._server, self._board.heard(self._server, answer, probe=job.probe), answer.words)
        return delay_ms

    # -- writing down ----------------------------------------------------------------------------------

    def _record(self, result: Result, *, alone: bool = False) -> Task | None:
        """Write down *result* together with the start of the next entry: one sync for each entry, or less.

        While one delivery follows another, those that may be lost are left to the next sync.

        Returns what is in hand next; that is *result* again if the journal failed.
        """
        task = None if alone or self._urgent else self._after(result)
        begins = isinstance(task, Job) and not task.look and not task.unread
        kept = isinstance(task, Job) and task.lane is not None and task.lane == result.job.lane
        facts: list[Fact] = [result.fact] if result.fact is not None else []
        durable = True
        if isinstance(task, Job) and begins:
            facts.append(AttemptStarted(task.entry.key))
            delivered = result.answer.outcome is Outcome.DELIVERED
            durable = not (delivered and self._may_be_lost(result.job) and self._may_be_lost(task))
        now = self._clock.now()
        try:
            if facts:
                self._commit(facts, now, durable=durable)
        except JournalError as error:
            self._board.ledger_failed(str(error))
            self._put_back(task, kept=kept)
            return result
        except BaseException as error:
            self._put_back(task, kept=kept, delay_ms=_OVERTAKEN_MS)
            if begins and isinstance(error, NotQueued):
                # A person settled the next entry in the meantime. This one is written down alone.
                return self._record(result, alone=True)
            raise
        self._settle(result, kept=kept)
        return replace(task, started=now) if isinstance(task, Job) and begins else task

    def _commit(self, facts: list[Fact], now: Stamp, *, durable: bool) -> None:
        """Write *facts* down; a sync is waited for without the turn, so that others join it."""
        with waiting() if durable else nullcontext():
            self._ledger.commit(facts, now, durable=durable)
        self._journal_works()

    def _may_be_lost(self, job: Job) -> bool:
        return job.account is None and may_be_lost(job.entry, self._picker.guarantee(job.entry))

    def _after(self, result: Result) -> Task | None:
        """Return what can begin in the same commit: another lane's entry, else the next of the same lane."""
        task = self._picker.pick()
        if task is not None or result.job.lane is None or result.job.look:
            return task
        tried = isinstance(result.fact, AttemptEnded)
        return self._picker.follow(result.job.lane) if tried and result.settled else None

    def _settle(self, result: Result, *, kept: bool) -> None:
        """Now that it is written down: place its lane, and tell who waits for it."""
        job = result.job
        self._board.settle(self._server, result, kept=kept)
        self._reading.settle(result)
        if result.left:
            self._board.settled_left(self._server)
        if isinstance(result.verdict, Park):
            _LOG.warning("entry %d waits for a person: %s", job.entry.seq, result.verdict.words)
        if result.settled:
            self._call(partial(self._on_settled, job.entry.key, result.answer))
            self._look_for_record(result)
        doubted = job.look and not result.settled
        told = Answer(Outcome.UNKNOWN, result.answer.words) if doubted else result.answer
        self._tell(job.entry.key, told)

    def _look_for_record(self, result: Result) -> None:
        """Give the record that the journal may have added, of what was just booked, its lane."""
        entry = result.job.entry
        if result.answer.outcome is not Outcome.DELIVERED or not may_have_record(entry):
            return
        try:
            record = self._ledger.entry(record_of(entry.key))
        except JournalError as error:  # when the journal works again, all lanes are looked up
            self._board.ledger_failed(str(error))
            return
        if record is not None:
            self._board.add(lane_of(record), record.backend)

    def _tell(self, key: str, answer: Answer) -> None:
        for told in self._board.listeners(key):
            self._call(partial(told, answer))

    def _call(self, callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception:  # noqa: BLE001 - what the daemon makes of an answer is not the delivery's concern (I7)
            _LOG.exception("nobody took in an answer of %s", self._server)

    def _journal_works(self) -> None:
        if self._board.ledger_works():
            _LOG.info("the journal can be written again; the delivery goes on")
            self._refill()


def say(server: str, changed: State | None, words: str) -> None:
    """Log once when a server goes away, and once when it is back."""
    match changed:
        case State.AWAY:
            _LOG.warning("the server %s does not answer (%s); it is tried now and then", server, words)
        case State.PAUSED:
            _LOG.error("the server %s does not accept this terminal: %s", server, words)
        case State.OK:
            _LOG.info("the server %s answers", server)
        case _:
            pass
