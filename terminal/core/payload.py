"""What an entry of the journal holds beside an amount, by its kind."""

from __future__ import annotations

from terminal.core.report import Report
from terminal.core.stamp import Stamp
from terminal.core.tickets import Interaction, Line, Payment, TicketSale
from terminal.core.value import Value


def record_of(key: str) -> str:
    """Return the key of the record of what the entry *key* booked."""
    return f"{key}-record"


class Booked(Value, frozen=True, tag="booked"):
    """Of a debit: when the server of the wallet has booked it, it is to be recorded with *books*, too."""

    books: str


class Sold(Value, frozen=True, tag="sold", omit_defaults=True):
    """Of a record: a sale as a server keeps books of it, paid already by what the record refers to.

    Attributes:
        lines: What was sold.
        payments: How it was paid.
        at: When.
        back: It was taken back.

    Raises:
        ValueError: The payments are not what the lines cost.
    """

    lines: tuple[Line, ...]
    payments: tuple[Payment, ...]
    at: Stamp
    back: bool = False

    def __post_init__(self) -> None:
        paid = sum(payment.amount for payment in self.payments)
        if paid != self.total:
            raise ValueError(f"lines of {self.total} cents, and payments of {paid}")

    @property
    def total(self) -> int:
        """What all lines cost, in cents."""
        return sum(line.total for line in self.lines)


class Closed(Value, frozen=True, tag="closed"):
    """Of a report: the Z report that ended a period."""

    report: Report


Payload = TicketSale | Interaction | Sold | Closed | Booked
"""What an entry holds beside an amount."""
