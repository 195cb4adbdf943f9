"""What is known of an operation whose reply was lost: what was to be booked, and what a server told of it.

An adapter fills in what its server tells, and nothing that it concludes itself. The journal keeps what was read
before a try beside that try, as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from terminal.core.stamp import Stamp
from terminal.core.value import Value


class Looking(Enum):
    """What of a server tells whether an operation was booked there."""

    HISTORY = "history"  # a list of an account's movements, and its balance
    BALANCE = "balance"  # an account's balance, and nothing else
    POINTS = "points"  # a count of points, and nothing else
    KEY = "key"  # something that has a name of our making, once
    ORDERS = "orders"  # a list of orders, with their lines


class OrderLine(Value, frozen=True, omit_defaults=True):
    """A line of an order: *total* in cents is that of the line, not of a piece."""

    product: str
    count: int
    total: int


class Item(Value, frozen=True, omit_defaults=True):
    """One thing of a server's list: a movement of an account, or an order.

    Attributes:
        amount: Cents. Of a movement by how much it changed the balance; of an order what it costs.
        at: When, as the server writes it. It is part of what the item is, and is compared with no clock.
        mark: Who booked it, as the server tells: a location, a department. Empty: it does not tell.
        number: The server's own number of it, which grows from one to the next; None: it has none.
        lines: Of an order.
    """

    amount: int
    at: str = ""
    mark: str = ""
    number: int | None = None
    lines: tuple[OrderLine, ...] = ()


class Listing(Value, frozen=True, omit_defaults=True):
    """A list as it was read, to its end: who could not read all of it has none.

    Attributes:
        items: The oldest first.
        cut: There may be older ones than the first; not cut: that was the first there ever was.
    """

    items: tuple[Item, ...] = ()
    cut: bool = False


class Key(Value, frozen=True, omit_defaults=True):
    """Whether what our name stands for is *there*, and what it is worth (cents) where that is told."""

    there: bool
    amount: int | None = None


class Evidence(Value, frozen=True, omit_defaults=True):
    """What a server told at one moment; None where it did not, or was not asked.

    Attributes:
        at: When the first of the reads began. What came later may be in it, or not.
        balance: Of the account, in cents.
        points: Of the account.
        listing: Of the account's movements; of orders from the last one on that was known.
        key: Of the name of our making.
        handle: What this try is about, in the adapter's words: an authorisation that the server prepared for
            it and that moved nothing yet, a card, the lines of an order. What is sent is that alone, and so is
            what is looked for, whatever the server tells by then.
    """

    at: Stamp
    balance: int | None = None
    points: int | None = None
    listing: Listing | None = None
    key: Key | None = None
    handle: str = ""


class Operation(Value, frozen=True, omit_defaults=True):
    """What was to be booked once, and how one sees that it was.

    Attributes:
        looking: What tells.
        amount: Cents (points), with the sign by which it changes the account; of an order what it costs.
        sent: The last moment at which bytes of it may have left: the end of the try, or, where that was not
            seen, the start after it.
        mark: What our own bookings bear, and nobody else's; empty: nothing tells ours from others'.
        alone: The operator says that nobody else books on this account.
        lines: Of an order.
        beside: Our own other bookings on the account that are known to be booked since the first evidence.
        doubt: Why it proves nothing that it is not there; empty: it does.

    Raises:
        ValueError: Nothing could ever tell of it.
    """

    looking: Looking
    amount: int
    sent: Stamp
    mark: str = ""
    alone: bool = False
    lines: tuple[OrderLine, ...] = ()
    beside: tuple[Item, ...] = ()
    doubt: str = ""

    def __post_init__(self) -> None:
        if self.looking in (Looking.HISTORY, Looking.BALANCE, Looking.POINTS) and not self.amount:
            raise ValueError("an amount of nothing changes nothing: no look can tell whether it was booked")
        if self.looking is Looking.ORDERS and not self.lines:
            raise ValueError("an order of no lines is like every other: no look can tell whether it was booked")

    def is_like(self, item: Item) -> bool:
        """Whether *item* is what this would be in the server's list."""
        return item.amount == self.amount and (not self.lines or folded(item.lines) == folded(self.lines))


def folded(lines: Iterable[OrderLine]) -> dict[str, tuple[int, int]]:
    """Return pieces and cents of each product: a server may join lines, and list them in its own order."""
    sums: dict[str, tuple[int, int]] = {}
    for line in lines:
        count, total = sums.get(line.product, (0, 0))
        sums[line.product] = (count + line.count, total + line.total)
    return sums
