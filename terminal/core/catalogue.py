"""Products, and the pieces that a customer chose of them."""

from __future__ import annotations

from terminal.core.value import Value

ProductId = str | int
"""Opaque: servers use text or integers, and get back exactly the type they sent."""


class Product(Value, frozen=True, omit_defaults=True):
    """Something the terminal sells. The price is in cents, never negative.

    Attributes:
        listed: The server sells it too, by this id at this price. What is not is booked by its amount.
        group: What the server calls its product group; empty where it tells none.
        vat: Its rate of VAT, in hundredths of a percent (1900 is 19 %); None where the server tells none.
        modifiers: What the server says about variants and extras, for the screen.
    """

    id: ProductId
    name: str
    price: int
    listed: bool = True
    group: str = ""
    vat: int | None = None
    modifiers: tuple[str, ...] = ()


def total(pieces: tuple[Product, ...]) -> int:
    """Return the sum in cents of *pieces* (a product stands once for each piece)."""
    return sum(piece.price for piece in pieces)
