"""What an entry says was sold, whatever its kind, for servers that keep books of sales. Pure."""

from __future__ import annotations

from terminal.core import tickets
from terminal.core.payload import Sold
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.tickets import Line, TicketSale
from terminal.core.value import Value


class Sale(Value, frozen=True):
    """A sale to be recorded, whatever the kind of its entry.

    Attributes:
        key: Of its entry: the reference by which it is looked for.
        code: What else it is called: the purchase code, or the key of the debit.
        at: When it was.
        lines: What was sold.
        payments: How it was paid.
        rounding: Cents that cash paid beyond what the lines cost, or below zero: short of it.
        kept: Cents that the guest gave beyond that and did not get back.
        back: It was taken back.
        notes: For who reads it on the server.
    """

    key: str
    code: str
    at: Stamp
    lines: tuple[Line, ...]
    payments: tuple[tickets.Payment, ...]
    rounding: int = 0
    kept: int = 0
    back: bool = False
    notes: str = ""

    @property
    def total(self) -> int:
        """What all lines cost, in cents."""
        return sum(line.total for line in self.lines)

    @property
    def change(self) -> int:
        """What was given back at once, in cents."""
        return sum(payment.change for payment in self.payments)


def sale_of(entry: Entry) -> Sale | None:
    """Return what *entry* records; None: it holds no sale."""
    match entry.payload:
        case TicketSale() as sold:
            return Sale(
                entry.key,
                sold.purchase.code,
                entry.created,
                sold.lines,
                sold.payments,
                rounding=sold.rounding,
                kept=sold.kept,
                notes=sold.notes or entry.description,
            )
        case Sold() as sold:
            return Sale(
                entry.key,
                entry.refers_to or "",
                sold.at,
                sold.lines,
                sold.payments,
                back=sold.back,
                notes=entry.description,
            )
        case _:
            return None
