"""Products, and the pieces that a customer chose of them."""

from __future__ import annotations

from terminal.core.value import Value

ProductId = str | int
"""Opaque: servers use text or integers, and get back exactly the type they sent."""


class Product(Value, frozen=True, omit_defaults=True):
    """Something the terminal sells. The price is in cents, never negative.

    *listed*: the server sells it too, by this id at this price. What is not is booked by its amount.
    """

    id: ProductId
    name: str
    price: int
    listed: bool = True


def total(pieces: tuple[Product, ...]) -> int:
    """Return the sum in cents of *pieces* (a product stands once for each piece)."""
    return sum(piece.price for piece in pieces)
