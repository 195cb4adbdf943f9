"""What becomes of a debit when its pieces have come out, or have not, or nobody can tell.

Used when a sale ends and, with the same rules, after a restart.
"""

from __future__ import annotations

from terminal.core.catalogue import Product, total
from terminal.core.decision import Ids
from terminal.core.events import Ended
from terminal.core.facts import EntryAbandoned, EntryAdded, EntryFreed, EntryKind, EntryParked, EntryState, Fact
from terminal.core.value import Value, replace

_NOT_GIVEN = "The machine could not give it out."
_UNKNOWN = "Nobody can tell whether {name} came out."


class Given(Value, frozen=True):
    """How far a sale came.

    Attributes:
        debit: The debit as it was added.
        count: How many of its pieces surely came out, from the first on.
        ended: How the last release ended.
        attempted: The debit may have reached the server already.
    """

    debit: EntryAdded
    count: int
    ended: Ended
    attempted: bool


def settle(given: Given, ids: Ids, *, charge_unknown: bool) -> tuple[Fact, ...]:
    """Return the facts that leave the customer paying for what came out, and a person with what is unknown.

    All came out: the debit goes on its way. Nothing did: it is abandoned (voided, or refunded where it was
    booked). Some did: it is abandoned, and a new debit pays for those. A piece of which nobody can tell is
    parked for a person, or, with *charge_unknown*, paid like the others.
    """
    debit = given.debit
    billed = debit.pieces[: given.count]
    unknown = debit.pieces[given.count : given.count + 1] if given.ended is Ended.UNKNOWN else ()
    if charge_unknown:
        billed, unknown = billed + unknown, ()
    if billed == debit.pieces:
        return (EntryFreed(debit.key),)
    if unknown == debit.pieces:
        return _all_unknown(debit, ids, attempted=given.attempted)
    facts: list[Fact] = [EntryAbandoned(debit.key, _NOT_GIVEN)]
    if billed:
        facts.append(_part(debit, billed, ids))
    if unknown:
        words = _UNKNOWN.format(name=unknown[0].name) + _DECIDE_DEBIT
        facts.append(replace(_part(debit, unknown, ids), state=EntryState.PARKED, words=words))
    return tuple(facts)


_DECIDE_DEBIT = (
    " If it did, `terminalctl journal retry` charges it; if not, `terminalctl journal void` lets it go."
)
_DECIDE_REFUND = (
    " If it did, `terminalctl journal void` lets the debit stand; if not, see that the debit is delivered: "
    "then `terminalctl journal retry` refunds it (where it was never booked, void both)."
)


def _all_unknown(debit: EntryAdded, ids: Ids, *, attempted: bool) -> tuple[Fact, ...]:
    words = _UNKNOWN.format(name=", ".join(piece.name for piece in debit.pieces))
    if not attempted:
        return (EntryParked(debit.key, EntryState.PARKED, words + _DECIDE_DEBIT),)
    refund = replace(
        debit,
        key=ids.key(),
        kind=EntryKind.REFUND,
        pieces=(),
        payload=None,
        refers_to=debit.key,
        held=False,
        state=EntryState.PARKED,
        words=words + _DECIDE_REFUND,
    )
    return (EntryFreed(debit.key), refund)


def _part(debit: EntryAdded, pieces: tuple[Product, ...], ids: Ids) -> EntryAdded:
    return replace(
        debit, key=ids.key(), pieces=pieces, amount=total(pieces), held=False, state=EntryState.QUEUED, words=""
    )
