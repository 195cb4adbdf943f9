"""Tickets as values: what was sold, for what payments, under which codes. Frozen, and right in itself.

A sale adds up in three ways, and one that does not cannot be made: unit x quantity - discount is a line, the
lines are the total, and the payments are the total, but for the cents by which cash was rounded. What a guest
gave beyond it is change, or was kept.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from terminal.core.catalogue import ProductId
from terminal.core.value import Value


class Purchase(Value, frozen=True):
    """The codes of one sale before anything of it is sold.

    Attributes:
        code: The purchase code, which every other code of the sale begins with.
        salt: The infix between it and a ticket's number; empty if the profile has none.
        algorithm: Name of the scheme that made them, kept with the sale.
    """

    code: str
    salt: str
    algorithm: str


class Codes(Protocol):
    """Where codes come from: random in the daemon, seeded in a simulation. See terminal.tickets.codes."""

    @property
    def most(self) -> int:
        """Tickets that fit under one purchase code; a sale of more is refused before money is taken."""

    def purchase(self) -> Purchase | None:
        """Return codes that no sale of this journal ever had; None where none is free."""

    def item(self, purchase: Purchase, index: int) -> str:
        """Return the code of line *index*, from 0."""

    def barcode(self, purchase: Purchase, index: int) -> str:
        """Return the barcode of ticket *index* of the whole sale, from 0.

        Raises:
            ValueError: It does not fit: a number never wraps.
        """

    def sealed(self, ticket: Ticket, event: ProductId, at_ms: int) -> str:
        """Return what stands in the ticket's QR code: its barcode, signed where the terminal signs tickets.

        *at_ms*: when it was sold, in milliseconds since 1970 UTC.
        """


class Ticket(Value, frozen=True):
    """One printed ticket. *product*: the line's, or a child of it (a family pass gives tickets of several)."""

    product: ProductId
    description: str
    barcode: str


class Line(Value, frozen=True, omit_defaults=True):
    """One line of a sale. *unit* and *discount* in cents; *discount* is of the whole line.

    *group* and *vat* are its product's, when it was sold.

    Raises:
        ValueError: It does not add up.
    """

    product: ProductId
    description: str
    quantity: int
    unit: int
    discount: int = 0
    tickets: tuple[Ticket, ...] = ()
    group: str = ""
    vat: int | None = None

    def __post_init__(self) -> None:
        if self.quantity < 1 or self.unit < 0 or not 0 <= self.discount <= self.quantity * self.unit:
            raise ValueError(f"a line of {self.quantity} x {self.unit} - {self.discount} cents")

    @property
    def total(self) -> int:
        """What the guest pays for it, in cents."""
        return self.quantity * self.unit - self.discount


class Method(Enum):
    """How something was paid."""

    CASH = "cash"
    WALLET = "wallet"
    CARD = "card"  # at a card terminal, which gave a reference


class Payment(Value, frozen=True, omit_defaults=True):
    """One payment. *amount* is net, in cents: cash tendered is *amount* + *change*.

    *reference*: for CARD what the card terminal gave, for WALLET the idempotency key of the debit.
    """

    method: Method
    amount: int
    change: int = 0
    reference: str = ""

    def __post_init__(self) -> None:
        if self.amount < 0 or self.change < 0 or (self.change and self.method is not Method.CASH):
            raise ValueError(f"a {self.method.value} payment of {self.amount} cents with {self.change} change")


class TicketSale(Value, frozen=True, tag="sale", omit_defaults=True):
    """A sale of tickets, as it is on the books and goes to the server; its moment is the entry's.

    Attributes:
        purchase: Its codes.
        event: What the tickets are for, as the server calls it.
        lines: What was sold.
        payments: How it was paid.
        notes: What the staff had to say about it.
        staff: UID of the staff's token, if one was presented.
        kept: Cents that the guest gave beyond the total and that are not given back, by the operator's rules.
        rounding: Cents that cash paid beyond the exact total because no smaller coins are used; negative: that
            it did not have to pay.

    Raises:
        ValueError: It does not add up.
    """

    purchase: Purchase
    event: ProductId
    lines: tuple[Line, ...]
    payments: tuple[Payment, ...]
    notes: str = ""
    staff: str = ""
    kept: int = 0
    rounding: int = 0

    def __post_init__(self) -> None:
        paid = sum(payment.amount for payment in self.payments)
        if paid != self.total + self.rounding or self.kept < 0:
            raise ValueError(f"lines of {self.total} cents, rounded by {self.rounding}, and payments of {paid}")
        if len(set(self.barcodes)) != len(self.barcodes):
            raise ValueError("two tickets with one barcode")

    @property
    def total(self) -> int:
        """What all lines cost, in cents."""
        return sum(line.total for line in self.lines)

    @property
    def tickets(self) -> tuple[Ticket, ...]:
        """All tickets, in the order in which they are numbered and printed."""
        return tuple(ticket for line in self.lines for ticket in line.tickets)

    @property
    def barcodes(self) -> tuple[str, ...]:
        """Their barcodes."""
        return tuple(ticket.barcode for ticket in self.tickets)


class Interaction(Value, frozen=True, tag="interaction"):
    """A delegate's token was presented: *what* is ``check-in`` or ``join``; *device* what it is for."""

    what: str
    device: ProductId
