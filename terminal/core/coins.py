"""Coins: every one is on the books from the moment it is reported until a server or a person has taken it."""

from __future__ import annotations

from terminal.core.decision import Ids
from terminal.core.events import CoinInserted
from terminal.core.facts import (
    CashKind,
    CashMoved,
    DeviceCounted,
    EntryAdded,
    EntryKind,
    EntryState,
    Fact,
    SessionClosed,
    SessionOpened,
)
from terminal.core.job import Job
from terminal.core.value import Value, replace


class Purse(Value, frozen=True):
    """Coins that are in the machine and not settled yet: an open session and its sum in cents.

    *coins* are their values in cents, as far as they are known: not all of them after a restart or a payout.
    """

    session: str
    token: str | None
    amount: int
    coins: tuple[int, ...] = ()


def put(purse: Purse | None, coin: CoinInserted, token: str | None, ids: Ids) -> tuple[Purse, tuple[Fact, ...]]:
    """Return the purse with *coin* in it, and the facts of that; a session is opened for the first coin."""
    opened: tuple[Fact, ...] = ()
    if purse is None:
        purse = Purse(ids.id(), token, 0)
        opened = (SessionOpened(purse.session, token),)
    moved = CashMoved(purse.session, CashKind.IN, coin.amount, coin.acceptor, coin.counter, place=coin.place)
    counted = (DeviceCounted(coin.acceptor, coin.mark),) if coin.mark else ()
    purse = replace(purse, amount=purse.amount + coin.amount, coins=(*purse.coins, coin.amount))
    return purse, (*opened, moved, *counted)


def claim(purse: Purse, token: str) -> tuple[Purse, tuple[Fact, ...]]:
    """Return the purse as *token*'s, and the fact that it is."""
    return replace(purse, token=token), (SessionOpened(purse.session, token),)


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


def doubt(job: Job, purse: Purse, amount: int, key: str, device: str) -> tuple[tuple[Fact, ...], Purse | None]:
    """Return the facts that put *amount* cents, which *device* may have paid out, before a person.

    And the purse without them; None if nothing is left of it.
    """
    words = (
        f"Nobody can tell whether {device} paid this out: count what is in it. If it did not come out, "
        "give it back; then `terminalctl journal void` this entry with your name and what you found."
    )
    facts = _set_aside(job, purse, amount, key, words)
    if amount < purse.amount:
        return facts, replace(purse, amount=purse.amount - amount, coins=())
    return facts, None


def leave_unclaimed(job: Job, purse: Purse, key: str, why: str) -> tuple[Fact, ...]:
    """Return the facts that put a purse on the books as money that nobody claimed, for a person to settle."""
    words = (
        f"{why} Give the money back, or keep it for its owner; then `terminalctl journal void` this "
        "entry with your name and what you did."
    )
    return _set_aside(job, purse, purse.amount, key, words)


def _set_aside(job: Job, purse: Purse, amount: int, key: str, words: str) -> tuple[Fact, ...]:
    """Return the facts that put *amount* of a purse before a person; its session is closed if that is all."""
    entry = EntryAdded(
        key=key,
        kind=EntryKind.UNCLAIMED,
        backend=job.wallet,
        token=None,
        amount=amount,
        session=purse.session,
        state=EntryState.PARKED,
        words=words,
    )
    moved = CashMoved(purse.session, CashKind.UNCLAIMED, amount, key=key)
    closed = (SessionClosed(purse.session, "unclaimed"),) if amount == purse.amount else ()
    return (entry, moved, *closed)
