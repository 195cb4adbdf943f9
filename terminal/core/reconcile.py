"""Whether an operation was booked whose reply was lost, by a server that knows no idempotency key.

The server is read before a try and looked at after it. A conclusion stands only where no other story fits what
was told both times. All else waits, or goes to a person with both sides' facts.

    decide(operation, before, after, now, settling_ms) -> Booked | NotBooked | TooEarly | CannotTell

**What is taken for granted**, and is the operator's or the adapter's to see to; where it is not so, a
conclusion may be false:

*   A request that was given up takes effect, and is listed, within the settling time, or never.
*   The evidence from before was read after every earlier try on the account had settled, and before this one's
    first byte left. `reconcile_times.may_begin` says when: one at a time on each account, that read included.
*   The mark, where one is given, stands on bookings of this terminal only: a department of its own. Nobody
    books by hand under it.
*   Where `alone` is said, nobody else books on that account at all.
*   A key is of our making, and no other terminal makes the same one.
*   A server lists movements in the order in which it books them, and numbers orders upwards. What a reply
    confirmed, or a read showed, is in every read that begins later. Where its list is cut, the moments that it
    writes beside movements do not run backwards by so much that a whole list looks like an older one.
*   Where a history is looked at, this kind of operation is listed in it.

**History** (movements and balance). New is what was not there before; no clock decides that. Booked: exactly
one new movement bears our mark, and it is of the amount. Without a mark it may be another customer's of the
same amount, so it is ours only where we are alone, and it is the only new one. Two equal candidates: nobody can
tell, unless our others (`beside`) account for all but one. Not booked: there is no candidate, no other new
movement of our mark, the list has no gap, and the balance has changed by exactly what is new in the list.

**Balance, or points, alone.** A difference tells nothing of who made it: another's spending may hide ours. Only
where we are alone: changed by the amount is booked, not changed is not booked, and anything else disproves that
we are alone.

**Key.** Not there before, there now: booked. There before: it is not this try's, and a person must look whose.
A worth that is not ours: the same.

**Orders.** As history, by the lines (each product's pieces and cents) and the total; no balance, but numbers.
One of our department with other contents, or any where we are alone, may be ours as the server changed it:
nobody can tell.

**Where a conclusion lies near and may be false**, a person decides instead:

*   another customer's identical amount in between, with nothing that tells whose a movement is;
*   a list that was cut by its length, so that nothing of what was read before is surely in it still, for equal
    items allow more than one reading;
*   movements that are not listed (some servers list purchases and no deposits): the balance does not fit, as
    far as balance and list were read at one moment. It is a second guard, and no proof: an unlisted movement
    and what is torn between two reads can cancel each other out;
*   a balance and a list of different moments, for somebody booked between the two reads: a later look may cure
    that, unless it was so before the try;
*   a server that was never seen to list what it booked, or lists it otherwise (`doubt`): what is missing there
    may be booked;
*   no evidence from before: the try was made by an older program, or the server did not tell.

**When.** A list or key that shows it says so at any time. That it is not there counts only after the settling
time, measured on our own clock from the last moment a byte may have left to the *beginning* of the reads; see
`reconcile_times`, which says when to look, too.
"""

from __future__ import annotations

from terminal.core.reconcile_evidence import Evidence, Item, Looking, Operation, folded
from terminal.core.reconcile_listing import additions
from terminal.core.reconcile_times import next_look_ms, since_ms
from terminal.core.reconcile_words import side_by_side
from terminal.core.stamp import Stamp
from terminal.core.value import Value


class Booked(Value, frozen=True):
    """It was booked. *number* is the server's, where it has one; *balance* in cents as it is now."""

    number: int | None = None
    balance: int | None = None


class NotBooked(Value, frozen=True):
    """It was surely not booked, and will not be: it may be sent again, with evidence read anew."""


class TooEarly(Value, frozen=True):
    """A look in *wait_ms* will tell more."""

    wait_ms: int


class CannotTell(Value, frozen=True):
    """A person must look; *words* have both sides' facts."""

    words: str


Conclusion = Booked | NotBooked | TooEarly | CannotTell


class _Unclear(Value, frozen=True):
    """Why nothing follows. *passing*: a later look may be clearer even after the settling time."""

    why: str
    passing: bool = False


def decide(
    operation: Operation, before: Evidence | None, after: Evidence, now: Stamp, settling_ms: int
) -> Conclusion:
    """Say whether *operation* was booked.

    Args:
        operation: What was to be booked.
        before: What the server told before the try; None: nothing was kept.
        after: What it tells now.
        now: When *after* was read to its end.
        settling_ms: After how many milliseconds what a server has not booked will not be booked any more.

    Raises:
        ValueError: *settling_ms* is not above zero.
    """
    if settling_ms <= 0:
        raise ValueError(f"found a settling time of {settling_ms} ms; expected one above zero")
    if before is None or not _tells(operation.looking, before):
        why = "what the server told before it was sent was not kept"
        return CannotTell(side_by_side(operation, before, after, why))
    found = _compare(operation, before, after)
    if isinstance(found, Booked):
        return found
    if found is None and operation.doubt:
        found = _Unclear(operation.doubt)
    settled = since_ms(operation.sent, after.at) >= settling_ms
    if settled and found is None:
        return NotBooked()
    wait_ms = next_look_ms(operation.sent, after.at, settling_ms)
    if wait_ms is not None and (found is None or found.passing or not settled):
        # Reading took its time, too.
        return TooEarly(max(0, wait_ms - since_ms(after.at, now)))
    assert found is not None  # noqa: S101 - there is another look to come while nothing has settled
    return CannotTell(side_by_side(operation, before, after, found.why))


# -- the kinds of looking ------------------------------------------------------------------------------


def _tells(looking: Looking, told: Evidence) -> bool:
    """Whether evidence holds what this kind of looking compares."""
    match looking:
        case Looking.HISTORY:
            return told.listing is not None and told.balance is not None
        case Looking.BALANCE:
            return told.balance is not None
        case Looking.POINTS:
            return told.points is not None
        case Looking.KEY:
            return told.key is not None
        case Looking.ORDERS:
            return told.listing is not None


def _compare(operation: Operation, before: Evidence, after: Evidence) -> Booked | _Unclear | None:
    """Return what two reads say, as if everything had settled; None: it is not there."""
    if not _tells(operation.looking, after):
        return _Unclear("the server does not tell any more what it told before", passing=True)
    match operation.looking:
        case Looking.HISTORY:
            return _by_list(operation, before, after, balanced=True)
        case Looking.ORDERS:
            return _by_list(operation, before, after, balanced=False)
        case Looking.BALANCE:
            return _by_level(operation, before.balance, after.balance, after)
        case Looking.POINTS:
            return _by_level(operation, before.points, after.points, after)
        case Looking.KEY:
            return _by_key(operation, before, after)


def _by_key(operation: Operation, before: Evidence, after: Evidence) -> Booked | _Unclear | None:
    was, found = before.key, after.key
    if was is None or was.there:
        return _Unclear("our name was there before it was sent")
    if found is None or not found.there:
        return None
    if found.amount not in (None, operation.amount):
        return _Unclear("our name stands for something else")
    return Booked()


def _by_level(
    operation: Operation, was: int | None, found: int | None, after: Evidence
) -> Booked | _Unclear | None:
    if not operation.alone:
        return _Unclear("others may have booked on the same account meanwhile, and no list tells")
    if was is None or found is None:
        return _Unclear("the server does not tell what there is")
    changed = found - was - sum(item.amount for item in operation.beside)
    if changed == operation.amount:
        return Booked(balance=after.balance)
    return None if not changed else _Unclear("somebody else booked on the account, which should be ours alone")


def _by_list(
    operation: Operation, before: Evidence, after: Evidence, *, balanced: bool
) -> Booked | _Unclear | None:
    """Return what follows from what is new in a list; *balanced*: the balance must agree with that."""
    known, listed = before.listing, after.listing
    new = None if known is None or listed is None else additions(known, listed)
    if new is None:
        return _Unclear("the lists do not fit together: items are gone, or some were never seen")
    if balanced and not _balances(before.balance, new, after.balance):
        return _Unclear("the balance has changed by something else than what is listed", passing=True)
    return _by_items(operation, new, after.balance)


def _balances(was: int | None, new: tuple[Item, ...], found: int | None) -> bool:
    return was is not None and found is not None and found - was == sum(item.amount for item in new)


def _by_items(operation: Operation, new: tuple[Item, ...], balance: int | None) -> Booked | _Unclear | None:
    """Return what follows from *new* items, if these are all."""
    left = list(new)
    for own in operation.beside:
        at = next((i for i, item in enumerate(left) if _may_be(operation, own, item)), None)
        if at is None:
            return _Unclear("a booking of ours that the server has confirmed is not in the list", passing=True)
        del left[at]
    marked = [item for item in left if operation.mark and item.mark == operation.mark]
    if marked:
        if len(marked) == 1 and operation.is_like(marked[0]):
            return Booked(marked[0].number, balance)
        return _Unclear("more than it, or something else, was booked under our mark")
    unmarked = [item for item in left if not (operation.mark and item.mark)]
    alike = [item for item in unmarked if operation.is_like(item)]
    if operation.alone and left and not alike:
        return _Unclear("somebody else booked where we should be alone, or what we sent was changed")
    if not alike:
        return None
    if operation.alone and len(left) == 1:
        return Booked(alike[0].number, balance)
    return _Unclear("one just like it was booked, which may be somebody else's")


def _may_be(operation: Operation, own: Item, item: Item) -> bool:
    """Whether *item* may be our other booking *own*."""
    if own.number is not None and item.number is not None:
        return own.number == item.number
    ours = not (operation.mark and item.mark) or item.mark == operation.mark
    alike = own.amount == item.amount and (not own.lines or folded(own.lines) == folded(item.lines))
    return ours and alike
