"""A technician tries a device: something that gives out or prints, pays coins out, or takes them. Pure.

A piece that came out for nothing must be explained like any other (I1), and is never paid for: so a trial is an
entry of no cents, settled in the same commit by the technician's name, under which the release is intended. A
coin that the technician inserts is on the books like any coin, and written off by that name.
"""

from __future__ import annotations

from terminal.core.catalogue import Product
from terminal.core.coins import leave_unclaimed, put
from terminal.core.decision import Decision, Ids
from terminal.core.effects import CountPayout, Effect, OpenSlot, PayOut, Print, Release
from terminal.core.events import (
    CoinInserted,
    Ended,
    PayCoins,
    PayoutCounted,
    PayoutEnded,
    PrintEnded,
    ReleaseEnded,
    TakeCoins,
    TrialAsked,
)
from terminal.core.facts import (
    EntryAdded,
    EntryKind,
    EntryState,
    Fact,
    PayoutIntended,
    PayoutSettled,
    PersonDecided,
    ReleaseIntended,
    ReleaseKind,
    ReleaseSettled,
)
from terminal.core.job import Job
from terminal.core.value import Value, replace

PATIENCE_MS = 60_000
"""How long a trial that nobody answers keeps the next one waiting."""

_SILENT = "The device did not answer before the next trial."


class Trial(Value, frozen=True):
    """The last trial that was asked for.

    Attributes:
        ticket: The ticket of whoever asked.
        words: Why it was refused; empty if it was not.
        key: Key of the entry that explains it; empty if it was refused.
        release: Id of the release or payout, while it is under way.
        begun_ms: Monotonic milliseconds at which it began.
        device: What is tried.
        by: Who tries it.
        amount: Of a payout: cents.
        intended: Whether that payout is on the books; before, its device only says how far it has counted.
        until_ms: Until when an acceptor is tried, which takes coins meanwhile; None: none is.
    """

    ticket: str
    words: str = ""
    key: str = ""
    release: str = ""
    begun_ms: int = 0
    device: str = ""
    by: str = ""
    amount: int = 0
    intended: bool = False
    until_ms: int | None = None


Answer = ReleaseEnded | PrintEnded | PayoutCounted | PayoutEnded


def begin(job: Job, asked: TrialAsked, key: str, now_ms: int, before: Trial | None) -> Decision[Trial]:
    """Return the trial, the facts that explain it, and the order.

    *before* is a trial that was never answered: nobody can tell how it ended.
    """
    trial = Trial(asked.ticket, key=key, begun_ms=now_ms, device=asked.device, by=asked.by)
    facts = _given_up(before)
    if isinstance(asked.what, TakeCoins):
        closed = tuple(name for name in job.acceptors if name != asked.device)
        trial = replace(trial, until_ms=now_ms + asked.what.seconds * 1000)
        return Decision(trial, facts, (OpenSlot(asked.what.limit, closed),))
    facts = (*facts, *_explained(job, asked, key))
    if isinstance(asked.what, PayCoins):
        trial = replace(trial, release=f"{key}/payout", amount=asked.what.amount)
        return Decision(trial, facts, (CountPayout(trial.release, asked.device),))
    if isinstance(asked.what, Product):
        trial = replace(trial, release=f"{key}/0")
        kind, detail = ReleaseKind.VEND, asked.what.name
        order: Effect = Release(trial.release, asked.device, asked.what)
    else:
        trial = replace(trial, release=f"{key}/trial")
        kind, detail = ReleaseKind.PRINT, "trial"
        order = Print(trial.release, asked.device, asked.what)
    intent = ReleaseIntended(trial.release, kind, key, asked.device, detail)
    return Decision(trial, (*facts, intent), (order,))


def answered(trial: Trial, event: Answer) -> Decision[Trial]:
    """Take the device's answer to the trial under way."""
    match event:
        case PayoutCounted() if trial.intended:
            return Decision(trial)
        case PayoutCounted(mark=mark):
            intent = PayoutIntended(trial.release, trial.device, trial.amount, mark, key=trial.key)
            order = PayOut(trial.release, trial.device, trial.amount, mark)
            return Decision(replace(trial, intended=True), (intent,), (order,))
        case PayoutEnded() if trial.intended:
            paid = min(event.paid, trial.amount)
            facts: tuple[Fact, ...] = (PayoutSettled(trial.release, event.ended, paid, event.words),)
        case PayoutEnded():
            facts = ()  # it could not even count: nothing was intended
        case _:
            facts = (ReleaseSettled(trial.release, event.ended, event.words),)
    return Decision(replace(trial, release=""), facts)


def took(job: Job, trial: Trial, coin: CoinInserted, ids: Ids) -> tuple[Fact, ...]:
    """Return the facts of a coin that the technician inserted: it came in, and by that name it is settled."""
    purse, facts = put(None, coin, None, ids)
    key = ids.key()
    words = f"Trial of {trial.device}"
    kept = leave_unclaimed(job, purse, key, f"{words}.")
    return (*facts, *kept, PersonDecided(key, "void", trial.by, words))


def refused(before: Trial | None, asked: TrialAsked, words: str) -> Trial:
    """Return the answer to *asked*; what is under way stays known."""
    if before is None:
        return Trial(asked.ticket, words)
    return replace(before, ticket=asked.ticket, words=words)


def _explained(job: Job, asked: TrialAsked, key: str) -> tuple[Fact, ...]:
    pieces = (asked.what,) if isinstance(asked.what, Product) else ()
    return explained(job, key, f"Trial of {asked.device}", asked.by, pieces)


def explained(job: Job, key: str, words: str, by: str, pieces: tuple[Product, ...] = ()) -> tuple[Fact, ...]:
    """Return what explains, under *key*, what nobody pays for: an entry of no cents, voided *by* name."""
    entry = EntryAdded(
        key=key,
        kind=EntryKind.UNCLAIMED,  # the only kind that no server ever hears of
        backend=job.wallet,
        token=None,
        amount=0,
        pieces=pieces,
        description=words,
        state=EntryState.PARKED,
        words=words,
    )
    return (entry, PersonDecided(key, "void", by, words))


def _given_up(before: Trial | None) -> tuple[Fact, ...]:
    if before is None or not before.release:
        return ()
    if before.amount:
        return (PayoutSettled(before.release, Ended.UNKNOWN, 0, _SILENT),) if before.intended else ()
    return (ReleaseSettled(before.release, Ended.UNKNOWN, _SILENT),)
