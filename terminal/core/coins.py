"""Coins: every one is on the books from the moment it is reported until a server or a person has taken it."""

from __future__ import annotations

from terminal.core.decision import Ids
from terminal.core.events import CoinInserted
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAdded,
    EntryKind,
    EntryState,
    Fact,
    SessionClosed,
    SessionOpened,
)
from terminal.core.rules import Job
from terminal.core.value import Value


class Purse(Value, frozen=True):
    """Coins that are in the machine and not settled yet: an open session and its sum in cents."""

    session: str
    token: str | None
    amount: int


def put(purse: Purse | None, coin: CoinInserted, token: str | None, ids: Ids) -> tuple[Purse, tuple[Fact, ...]]:
    """Return the purse with *coin* in it, and the facts of that; a session is opened for the first coin."""
    opened: tuple[Fact, ...] = ()
    if purse is None:
        purse = Purse(ids.id(), token, 0)
        opened = (SessionOpened(purse.session, token),)
    moved = CashMoved(purse.session, CashKind.IN, coin.amount, coin.acceptor, coin.counter)
    return Purse(purse.session, purse.token, purse.amount + coin.amount), (*opened, moved)


def claim(purse: Purse, token: str) -> tuple[Purse, tuple[Fact, ...]]:
    """Return the purse as *token*'s, and the fact that it is."""
    return Purse(purse.session, token, purse.amount), (SessionOpened(purse.session, token),)


def credit(job: Job, purse: Purse, token: str, key: str) -> tuple[Fact, ...]:
    """Return the facts that credit a purse to *token* and close its session."""
    entry = EntryAdded(
        key=key,
        kind=EntryKind.CREDIT,
        backend=job.wallet,
        token=token,
        amount=purse.amount,
        description=job.topup.description,
        tag=job.topup.tag,
        session=purse.session,
    )
    moved = CashMoved(purse.session, CashKind.CREDITED, purse.amount, key=key)
    return (entry, moved, SessionClosed(purse.session, "credited"))


def leave_unclaimed(job: Job, purse: Purse, key: str, why: str) -> tuple[Fact, ...]:
    """Return the facts that put a purse on the books as money that nobody claimed, for a person to settle."""
    entry = EntryAdded(
        key=key,
        kind=EntryKind.UNCLAIMED,
        backend=job.wallet,
        token=None,
        amount=purse.amount,
        session=purse.session,
        state=EntryState.PARKED,
        words=f"{why} Give the money back, or keep it for its owner; then `terminalctl journal void` this "
        "entry with your name and what you did.",
    )
    moved = CashMoved(purse.session, CashKind.UNCLAIMED, purse.amount, key=key)
    return (entry, moved, SessionClosed(purse.session, "unclaimed"))
