"""The end of a day as values: what an X or Z report says of a terminal, whatever its server.

A report is about a period: the facts of the journal after one number up to another. A Z report ends its
period, so that the next one begins where it ended; its number is one more than the last one's, and never given
twice. An X report reads the same without ending anything. All sums are whole cents; nothing in a closed report
ever changes.
"""

from __future__ import annotations

from enum import Enum

from terminal.core.stamp import Stamp
from terminal.core.value import Value


class ReportKind(Enum):
    """X reads, Z closes."""

    X = "x"
    Z = "z"


class Sum(Value, frozen=True, omit_defaults=True):
    """How often, and how much together, in cents."""

    count: int = 0
    amount: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.count + other.count, self.amount + other.amount)


class GroupSum(Value, frozen=True, omit_defaults=True):
    """Sales of one product group at one VAT rate.

    Attributes:
        group: What the operator, or the server, calls it; empty where nobody does.
        vat: The rate in hundredths of a percent (1900 is 19 %); None where it is not known.
        pieces: How many were sold, less those that were taken back.
        gross: What guests paid for them, VAT included, discounts taken off.
        discount: What was taken off.
    """

    group: str
    vat: int | None
    pieces: int
    gross: int
    discount: int = 0


class VatSum(Value, frozen=True, omit_defaults=True):
    """All sales at one VAT rate: *net* + *vat_amount* is *gross*; rounded once, half away from zero."""

    vat: int | None
    gross: int
    net: int
    vat_amount: int


class MethodSum(Value, frozen=True, omit_defaults=True):
    """What was paid one way: ``cash``, ``wallet``, ``card``; and what was taken back the same way."""

    method: str
    sales: Sum
    returns: Sum = Sum()


class Denomination(Value, frozen=True, omit_defaults=True):
    """Coins or bills of one *value* (cents) that an acceptor took."""

    device: str
    value: int
    pieces: int


class Emptied(Value, frozen=True, omit_defaults=True):
    """A cash box that a person emptied; *counted* is None where they did not count."""

    device: str
    by: str
    at: Stamp
    expected: int
    counted: int | None = None

    @property
    def mismatch(self) -> int:
        """What was found beyond what the books say, in cents; negative: it was missing."""
        return 0 if self.counted is None else self.counted - self.expected


class PaidOut(Value, frozen=True, omit_defaults=True):
    """What a hopper or changer paid out: surely (*paid*), and perhaps (*unknown*)."""

    device: str
    paid: Sum
    unknown: Sum = Sum()


class Fill(Value, frozen=True, omit_defaults=True):
    """Coins of *value* cents that *device* pays out with, as it said; *pieces* None: it does not count them."""

    device: str
    value: int
    pieces: int | None = None
    words: str = ""


class Cash(Value, frozen=True, omit_defaults=True):
    """Money in the machine: *held_before* + *taken* = the rest, + *held_after*; all in cents.

    Attributes:
        held_before, held_after: In open coin sessions when the period began and ended.
        taken: All coins and bills that came in.
        spent: On sales; *kept* of it is what was given beyond the price and not given back.
        credited: To wallets.
        returned: Paid back to guests.
        unclaimed: Put on the books for a person; *written_off* of all that was settled by one.
        boxes: What the books say is in each cash box at the end.
    """

    taken: int = 0
    held_before: int = 0
    held_after: int = 0
    spent: int = 0
    kept: int = 0
    credited: int = 0
    returned: int = 0
    unclaimed: int = 0
    written_off: int = 0
    denominations: tuple[Denomination, ...] = ()
    paid_out: tuple[PaidOut, ...] = ()
    emptied: tuple[Emptied, ...] = ()
    boxes: tuple[tuple[str, Sum], ...] = ()

    @property
    def mismatch(self) -> int:
        """All differences that persons found in cash boxes, in cents."""
        return sum(each.mismatch for each in self.emptied)


class Grand(Value, frozen=True, omit_defaults=True):
    """Totals since the terminal's first sale, which survive every period, restart, and damaged file."""

    sales: Sum = Sum()
    returns: Sum = Sum()

    @property
    def amount(self) -> int:
        """Sales less returns, in cents."""
        return self.sales.amount - self.returns.amount


class Report(Value, frozen=True, omit_defaults=True):
    """An X or Z report.

    Attributes:
        kind: X or Z.
        number: Of the Z report; of an X, that of the Z which it is on the way to.
        after, upto: The journal's numbers between which the period lies: *after* < number <= *upto*.
        opened: When the last Z was made, or the journal's first fact was written.
        closed: When this one was made.
        sales: All sales, gross.
        returns: Sales that were taken back: nothing was given, a person voided them, or they were refunded.
        topups: Money credited to wallets: no sale.
        groups, vats, methods: The sales less the returns, three times sorted.
        rounding: What cash paid beyond the exact sales (less: negative) because it was rounded, returns taken
            off: by so much the *methods* are more than the other two.
        cash: The money in the machine.
        offline: Of all entries, older ones too: what no server has yet, at the end.
        unknown: Of these: what may have been booked, which a person must look at.
        parked: What was surely not booked, and a person must decide.
        grand: The totals at the end.
        by: Who asked for it; empty: the schedule.
        fills: What hoppers and tubes said they hold, at the end.
    """

    kind: ReportKind
    number: int
    after: int
    upto: int
    opened: Stamp
    closed: Stamp
    sales: Sum
    returns: Sum
    topups: Sum
    groups: tuple[GroupSum, ...]
    vats: tuple[VatSum, ...]
    methods: tuple[MethodSum, ...]
    cash: Cash
    offline: Sum
    unknown: Sum
    parked: Sum
    grand: Grand
    by: str = ""
    fills: tuple[Fill, ...] = ()
    rounding: Sum = Sum()
