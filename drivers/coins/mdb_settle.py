"""What an MDB changer pays with, and how a payout ended that nobody saw the end of. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.mdb.changer_frames import MOST_UNITS, FrameError, TubeStatus, read_paid
from drivers.mdb.changer_tubes import Paid, added, judge, missing, paid, read_mark, worth
from terminal.core.events import Ended
from terminal.core.value import Value


class Tubes(Value, frozen=True):
    """What a changer pays with: *cents* of a coin by type, those with a tube; *unit* cents of value.

    *chooses*: whether it takes PAYOUT, and not only DISPENSE.
    """

    cents: dict[int, int]
    unit: int
    chooses: bool


@dataclass
class Found:
    """What was found when the changer was opened, and at rest, before it took new coins.

    Attributes:
        tubes: What was in the tubes, without coins that were told only then.
        known: What the books said of them; None: nothing.
        came_in: Whether coins may have come in that no book has.
        paid: What PAYOUT STATUS said, by type; empty: nothing, or it was used for a payout.
    """

    tubes: TubeStatus
    known: TubeStatus | None
    came_in: bool
    paid: dict[int, int]


class Order(Value, frozen=True):
    """A payout that was ordered: *amount* cents at most, from *mark* on."""

    name: str
    amount: int
    mark: str


def settle(order: Order, found: Found, tubes: Tubes) -> Paid:
    """Return how *order* ended: by what the changer still says of it, or by what is missing from the tubes."""
    mark = read_mark(order.mark)
    if mark is None:
        return Paid(Ended.UNKNOWN, 0, "the mark of this payout is none of an MDB changer: count the tubes")
    cents, amount = tubes.cents, order.amount
    came_in = mark.open or found.came_in or (found.known is not None and bool(added(mark.tubes, found.known)))
    by_tubes = judge(amount, cents, mark.tubes, found.tubes, came_in=came_in)
    told = worth(found.paid, cents)
    # What the changer itself says is of its last PAYOUT: all of this one, if a single one ordered it.
    if 0 < told <= amount <= MOST_UNITS * tubes.unit and (
        found.paid == missing(mark.tubes, found.tubes) or by_tubes.ended is Ended.UNKNOWN
    ):
        found.paid = {}
        return paid(told)
    return by_tubes


def by_type(counts: tuple[int, ...]) -> dict[int, int]:
    """Return *counts* without the types that have none."""
    return {kind: count for kind, count in enumerate(counts) if count}


def read_status(data: bytes | None) -> dict[int, int]:
    """Return what the answer to PAYOUT STATUS says, by type; empty: it says nothing."""
    try:
        return by_type(read_paid(data or b""))
    except FrameError:
        return {}
