"""What is read of a server that knows no key: before a try, and to find out what became of it.

before   the account is claimed, nothing on it may still change, the server is read; then it may begin
after    the server is read again, and ``core.reconcile`` says what follows
"""

from __future__ import annotations

import logging
from typing import cast

from terminal.backends.protocol import Backend, Reconciles
from terminal.core import reconcile, reconcile_times
from terminal.core.delivery import Answer, LookFirst, Outcome, Park
from terminal.core.facts import AttemptEnded, EntryState
from terminal.core.reconcile import CannotTell, Conclusion
from terminal.core.reconcile_evidence import Evidence
from terminal.core.reconcile_times import Begun, Fate
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.value import Value, replace
from terminal.sync.accounts import Accounts
from terminal.sync.attempt import Job, Result, first_look_ms, judge_unsendable
from terminal.sync.ports import Clock, Ledger, lane_of

_LOG = logging.getLogger(__name__)
_AGAIN_MS = 30_000
"""How long a lane waits for an account, at most, until it looks again by itself."""

BUSY = "another booking on the same account is on its way, or nobody knows yet what became of it"
_NOT_KEPT = (
    "What the server prepared for its first try was not kept: it may be booked, and a repeat would be another."
)


class Hindered(Value, frozen=True):
    """Its account is not free: its lane is woken when it may be, or looks again in *delay_ms*."""

    delay_ms: int


def account_of(backend: Backend | None, entry: Entry) -> tuple[str | None, int]:
    """Return the account of *entry*, where one is to be read, and the settling time of its server."""
    if not hasattr(backend, "evidence"):
        return None, 0
    reads = cast(Reconciles, backend)
    return reads.account(entry), reads.settling_ms


def look_in_ms(entry: Entry, settling_ms: int, now: Stamp) -> int:
    """Return in how long *entry*, which is in doubt, may be looked for the first time."""
    sent = _sent(entry)
    passed = settling_ms if sent is None else reconcile_times.since_ms(sent, now)
    return max(0, first_look_ms(entry, settling_ms) - passed)


class Reading:
    """Reads one server's accounts for one worker."""

    def __init__(
        self, backend: Backend, ledger: Ledger, clock: Clock, accounts: Accounts, *, timeout_s: float
    ) -> None:
        self._backend = backend
        self._ledger = ledger
        self._clock = clock
        self._accounts = accounts
        self._timeout_s = timeout_s

    # -- before a try ----------------------------------------------------------------------------------

    def before(self, job: Job) -> Job | Result | Answer | Hindered:
        """Return *job* as it may begin, with what the server told; or why it may not.

        An Answer: it could not be read. Whatever comes back, the account stays claimed: see Accounts.

        Raises:
            JournalError: The journal cannot be read.
        """
        entry, account = job.entry, job.account
        assert account is not None  # noqa: S101 - asked for where there is one
        if not self._accounts.claim(account, entry.key, lane_of(entry)) or not self._may_begin(job, account):
            return Hindered(min(_AGAIN_MS, job.settling_ms))
        now = self._clock.now()
        begun = replace(job, until_ms=now.mono_ms + round(self._timeout_s * 1000))
        if entry.in_doubt:
            # The server knows a repeat by what it prepared for the first try.
            return judge_unsendable(job, Park(True, _NOT_KEPT)) if entry.before is None else begun
        told = self._read(entry, None, now)
        if isinstance(told, Answer):
            return told
        return replace(begun, entry=replace(entry, before=told))

    def _may_begin(self, job: Job, account: str) -> bool:
        reads = cast(Reconciles, self._backend)
        begun = [
            Begun(account, _FATES[each.state], _sent(each))
            for each in self._ledger.doubtful(job.entry.backend)
            if each.key != job.entry.key and each.first_attempted and reads.account(each) == account
        ]
        sent = None if job.entry.in_doubt else self._accounts.sent(account)
        if sent is not None:
            begun.append(Begun(account, Fate.LEFT, sent))
        return reconcile_times.may_begin(account, begun, self._clock.now(), job.settling_ms)

    def put_back(self, job: Job) -> None:
        """Nothing was sent: who waits for the account may have it."""
        if job.account is not None:
            self._accounts.free(job.account, job.entry.key)

    def wait(self, job: Job) -> None:
        """Nothing was sent, and its lane waits for the account."""
        if job.account is not None:
            self._accounts.wait(job.account, job.entry.key, lane_of(job.entry))

    # -- after it --------------------------------------------------------------------------------------

    def after(self, job: Job) -> Conclusion | Answer:
        """Return what follows from another read, or why it could not be made."""
        reads, entry, now = cast(Reconciles, self._backend), job.entry, self._clock.now()
        try:
            operation = reads.operation(entry, _sent(entry) or now)
        except ValueError as error:
            return CannotTell(f"It was sent and no answer came: it may have been booked, and {error}.")
        told = self._read(entry, entry.before, now)
        if isinstance(told, Answer) and told.outcome in (Outcome.REFUSED, Outcome.DELIVERED):
            told = Evidence(now)  # it tells nothing any more, and of a booking this says nothing
        if isinstance(told, Answer):
            return told
        return reconcile.decide(operation, entry.before, told, self._clock.now(), job.settling_ms)

    def settle(self, result: Result) -> None:
        """Give the account back, now that what became of the entry is written down."""
        job, fact = result.job, result.fact
        if job.account is None:
            return
        if isinstance(fact, AttemptEnded) and fact.outcome is Outcome.UNKNOWN:
            self._accounts.lost(job.account, self._clock.now())
        elif isinstance(fact, AttemptEnded) and (job.look or fact.outcome is Outcome.DELIVERED):
            self._accounts.found(job.account)
        # Those who wait need not try before it is found.
        self._accounts.free(job.account, job.entry.key, wake=not isinstance(result.verdict, LookFirst))

    def _read(self, entry: Entry, before: Evidence | None, now: Stamp) -> Evidence | Answer:
        try:
            return cast(Reconciles, self._backend).evidence(entry, before, now, self._timeout_s)
        except Exception as error:  # noqa: BLE001 - a mistake in an adapter; reads book nothing
            _LOG.exception("the adapter of %s could not read for entry %d", self._backend.name, entry.seq)
            return Answer(Outcome.UNSENT, f"the adapter failed to read ({type(error).__name__})")


_FATES = {
    EntryState.SENDING: Fate.UNDER_WAY,
    EntryState.QUEUED: Fate.IN_DOUBT,
    EntryState.UNKNOWN: Fate.LEFT,
    EntryState.VOIDED: Fate.LEFT,  # a person did not wait
}


def _sent(entry: Entry) -> Stamp | None:
    """Return until when bytes of an entry in doubt may have left; older journals did not keep it."""
    return entry.sent or entry.first_attempted
