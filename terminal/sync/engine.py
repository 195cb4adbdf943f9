"""The delivery: every entry to its server, in order within its lane, exactly once or to a person.

One set of threads for each server, so that a server that hangs holds up nobody else's (I7): `parallel` of them
serve the lanes, and one more is kept for what a customer waits for. They sleep until they are woken: by an
entry, by an answer, or by the moment for the next try.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from functools import partial

from terminal.backends.protocol import Backend
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.facts import (
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryParked,
    EntryState,
    Fact,
    PersonDecided,
)
from terminal.core.payload import record_of
from terminal.core.records import Entry
from terminal.core.rules import SyncRules
from terminal.core.value import Value
from terminal.courtesy import RightOfWay
from terminal.journal.errors import JournalError
from terminal.sync.accounts import Accounts
from terminal.sync.attempt import Job, judge_stopped
from terminal.sync.board import Board
from terminal.sync.ports import Clock, Ledger, Settled, Told, Wait, lane_of, may_have_record
from terminal.sync.reading import account_of
from terminal.sync.worker import Worker, say

_LOG = logging.getLogger(__name__)


class BackendState(Value, frozen=True):
    """How the delivery to one server is.

    Attributes:
        name: The backend's name in the configuration.
        state: ``unused`` (nothing was heard of it yet), ``ok``, ``away``, ``probing`` or ``paused``.
        words: Why, for a technician; empty if nothing is wrong.
        waiting: Number of lanes that have something to send.
        next_try_in_ms: When something will be sent by itself; None if nothing waits for a moment.
    """

    name: str
    state: str
    words: str
    waiting: int
    next_try_in_ms: int | None


class Engine:
    """Delivers what the journal holds. Any thread may call its methods; only stop() waits for a server.

    Args:
        journal: Where the entries are and the attempts go.
        backends: The adapters by their configured names.
        clock: Says what moment it is.
        rules: The operator's section ``[sync]``.
        on_settled: Told, from a thread of the engine, of each entry that was delivered or waits for a person.
        way: Keeps the deliveries behind the machine's own work.
        wait: How to wait on a condition; for tests.
    """

    def __init__(
        self,
        journal: Ledger,
        backends: Mapping[str, Backend],
        clock: Clock,
        rules: SyncRules,
        *,
        on_settled: Settled = lambda _key, _answer: None,
        way: RightOfWay | None = None,
        wait: Wait = threading.Condition.wait,
    ) -> None:
        self._journal = journal
        self._backends = dict(backends)
        self._clock = clock
        self._rules = rules
        self._on_settled = on_settled
        self._way = way or RightOfWay()
        self._board = Board(self._backends, clock, rules, wait)
        self._accounts = {server: Accounts(partial(self._wake, server)) for server in self._backends}
        self._threads: list[threading.Thread] = []

    # -- its life --------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take up what the last run left behind, and begin.

        Raises:
            JournalError: The journal cannot be read.
        """
        self.load()
        for server in self._backends:
            for number in range(self._rules.parallel):
                self._spawn(f"sync-{server}-{number + 1}", self.worker(server))
            self._spawn(f"sync-{server}-urgent", self.worker(server, urgent=True))

    def load(self) -> None:
        """Read what there is to do, and decide what becomes of entries that were being sent at the end."""
        now = self._clock.now()
        for entry in self._journal.sending() if self._backends else ():
            if entry.held and entry.kind is EntryKind.PAYMENT:
                continue  # the last run's are held no more: a guest has begun this one just now
            server = entry.backend if entry.backend in self._backends else next(iter(self._backends))
            account, settling_ms = account_of(self._backends.get(entry.backend), entry)
            job = Job(entry, None, probe=False, account=account, settling_ms=settling_ms)
            self._board.add_left(server, judge_stopped(job, self._promised(entry), now))
        self._fill()

    def worker(self, server: str, *, urgent: bool = False) -> Worker:
        """Return one more worker for *server*; whoever calls its ``turn`` makes it work."""
        return Worker(
            server,
            self._backends[server],
            ledger=self._journal,
            clock=self._clock,
            board=self._board,
            way=self._way,
            timeout_s=self._rules.timeout_s,
            on_settled=self._on_settled,
            refill=self._refill,
            accounts=self._accounts[server],
            urgent=urgent,
        )

    def stop(self) -> None:
        """End the threads; those that wait for a server get a short time.

        An entry whose answer does not come in that time stays SENDING: the next start decides about it.
        """
        self._board.stop()
        deadline = time.monotonic() + self._rules.stop_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        late = sum(thread.is_alive() for thread in self._threads)
        if late:
            _LOG.warning("%d deliveries had no answer when the terminal stopped; the next start decides", late)

    # -- what the daemon tells it ----------------------------------------------------------------------

    def notice(self, facts: Iterable[Fact]) -> None:
        """Take in what was just committed by somebody else."""
        for fact in facts:
            match fact:
                case EntryAdded(state=EntryState.QUEUED, held=False):
                    self._board.add(fact.token or fact.key, fact.backend)
                case EntryFreed() | EntryAbandoned() | EntryParked():
                    self._look_up(fact.key)
                case PersonDecided():
                    self._look_up(fact.key, at_once=True)
                case _:
                    pass

    def deliver_now(self, key: str, done: Told) -> None:
        """Send this entry ahead of everything, held or not; *done* is told the answer, once.

        Where the server is known to be away it is told UNSENT, without a try. The entry stays in the journal
        and in its lane, whatever the answer. *done* is called from a thread of the engine or from here.
        """
        try:
            entry = self._journal.entry(key)
        except JournalError as error:
            done(Answer(Outcome.UNSENT, str(error)))
            return
        if entry is None or entry.backend not in self._backends:
            done(Answer(Outcome.UNSENT, "the entry is for no server of this configuration"))
            return
        self._board.call(entry.backend, key, done)

    def sync_now(self) -> None:
        """Forget every wait, back-off and breaker, and try at once."""
        self._refill()
        self._board.wake()

    def available(self, backend: str) -> bool:
        """Return whether it makes sense to ask this server for a wallet now.

        While it is away, True comes once in each probe's time: whoever hears it asks, and reports.
        """
        return backend not in self._backends or self._board.available(backend)

    def report(self, backend: str, *, ok: bool, denied: str = "") -> None:
        """Take in whether a look-up was answered: one that was shows that the server is back.

        *denied*: the server's words, where it is there and does not accept this terminal. The backend is shown
        as paused until it does; deliveries go on as long as they are accepted.
        """
        if backend in self._backends:
            changed = self._board.report(backend, ok=ok, denied=denied)
            say(backend, changed, denied or "a look-up had no answer")

    def states(self) -> list[BackendState]:
        """Return how the delivery to each server is; also to those that entries name and nobody configured."""
        views = ((name, self._board.view(name)) for name in self._backends)
        known = [
            BackendState(name, view.state.value, view.words, view.waiting, view.next_try_in_ms)
            for name, view in views
        ]
        return known + [
            BackendState(
                name,
                "paused",
                f"Entries wait for the server {name!r}, which the configuration does not name: "
                f"add [backends.{name}], or void them.",
                waiting,
                None,
            )
            for name, waiting in self._board.strangers().items()
        ]

    # -- inside ----------------------------------------------------------------------------------------

    def _spawn(self, name: str, worker: Worker) -> None:
        # A thread that waits for a server must not keep the process alive: see stop().
        thread = threading.Thread(target=worker.run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _promised(self, entry: Entry) -> Guarantee:
        backend = self._backends.get(entry.backend)
        # Nobody knows what a server promised that is not configured any more.
        return Guarantee(Promise.NONE) if backend is None else backend.guarantee(entry.kind)

    def _wake(self, server: str, lane: str) -> None:
        self._board.add(lane, server, at_once=True)

    def _fill(self) -> None:
        """Put every lane with queued entries on the board."""
        only = next(iter(self._backends)) if len(self._backends) == 1 else None
        for lane in self._journal.pending_lanes():
            if only is not None:
                # If it is for a stranger after all, the worker hands it over.
                self._board.add(lane, only)
            elif not self._board.knows(lane) and (head := self._journal.next_in_lane(lane)) is not None:
                self._board.add(lane, head.backend)

    def _refill(self) -> None:
        try:
            self._fill()
        except JournalError as error:
            self._board.ledger_failed(str(error))

    def _look_up(self, key: str, *, at_once: bool = False) -> None:
        """Put the lane of an entry that changed on the board."""
        try:
            entry = self._journal.entry(key)
        except JournalError as error:
            # When the journal works again, all lanes are looked up.
            self._board.ledger_failed(str(error))
            return
        # What is settled waits for no server: one that nobody configured, or none at all, has no lane for it.
        if entry is not None and (entry.backend in self._backends or entry.state is EntryState.QUEUED):
            self._board.add(lane_of(entry), entry.backend, at_once=at_once)
            self._look_for_account(entry)
        if entry is not None and entry.state is EntryState.DELIVERED and may_have_record(entry):
            self._look_up(record_of(key))

    def _look_for_account(self, entry: Entry) -> None:
        """Wake who waits for the account of an entry that changed."""
        account, _ = account_of(self._backends.get(entry.backend), entry)
        if account is not None:
            self._accounts[entry.backend].free(account, "")
