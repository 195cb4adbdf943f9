"""What an entry is as an order of a kiosk, and as the same order in the sales that the server exports. Pure.

The lines of an order hang on what the server tells of its products, which may be something else later. So they
stand beside the try, as a text: it is these that are sent, and these that are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from terminal.backends.onlinepos.orders import Line
from terminal.backends.onlinepos.pricing import Pick, Shop, Unsellable
from terminal.backends.onlinepos.sales import SoldLine
from terminal.backends.sold import Sale
from terminal.core.catalogue import ProductId
from terminal.core.delivery import Answer, Outcome
from terminal.core.reconcile_evidence import Item, OrderLine
from terminal.core.value import Value, replace

_REFERENCE = 6
"""Characters of our reference: as many as a kitchen's screen has room for."""

_PIECE = 1000
"""Pieces are compared in thousandths: others weigh what they sell."""

_NUMBER = re.compile("[1-9][0-9]{0,17}")
_written = msgspec.json.Decoder(tuple[tuple[int, int, int, int], ...])


class Unrecordable(ValueError):  # noqa: N818 - an outcome, not a fault
    """The server takes no such sale; the words are for a technician."""


class Listed(Value, frozen=True):
    """An order of the export; *order_number*: what makeorder answered [assumed], None where it is not told."""

    item: Item
    order_number: int | None


def unread(answer: Answer) -> Answer:
    """Return what a read that failed means for an entry: nothing was sent, and nothing is said of it."""
    lost = answer.outcome in (Outcome.UNKNOWN, Outcome.REFUSED)
    return replace(answer, outcome=Outcome.UNSENT) if lost else answer


def product_number(product: ProductId, other: int | None) -> int:
    """Return the server's number of a product; *other*, if any, stands for what it has no number of.

    Raises:
        Unrecordable: It has none, and there is no other.
    """
    text = str(product)
    if _NUMBER.fullmatch(text):
        return int(text)
    if other is None:
        what = f"the product {text!r}" if text else "a sale without a product"
        raise Unrecordable(f"OnlinePOS has no number for {what}: set other_product, and send it again")
    return other


def cart(sale: Sale, shop: Shop | None, other: int | None) -> tuple[Line, ...]:
    """Return the lines of the order for *sale*, which come to exactly what its lines cost.

    Args:
        sale: What was sold.
        shop: What is known of choices and parts; None: they have no lines of their own.
        other: The product for what the server has no number of.

    Raises:
        Unrecordable: The server takes no such order.
    """
    if sale.back:
        raise Unrecordable(
            "OnlinePOS takes no orders of what comes back: take it back at a till there, and close this record "
            "with your name"
        )
    lines: list[Line] = []
    for each in sale.lines:
        number = product_number(each.product, other)
        lines += _laid(shop, number, each.quantity, each.total)
    return tuple(lines)


def _laid(shop: Shop | None, number: int, pieces: int, paid: int) -> tuple[Line, ...]:
    """Return a head with what belongs to it; alone where it is not sold in that way any more."""
    plain = (Line(number, pieces, paid),)
    if shop is None:
        return plain
    try:
        return shop.dish(Pick(number, pieces)).laid(pieces, paid)
    except Unsellable:
        return plain


def reference(sale: Sale) -> str:
    """Return what a customer or a technician can say: the last characters of the purchase code or key."""
    return (sale.code or sale.key)[-_REFERENCE:]


def write(lines: Iterable[Line]) -> str:
    """Return the lines of an order as a text that stands beside its try."""
    return msgspec.json.encode(
        [(each.product, each.amount, each.price, each.indentation) for each in lines]
    ).decode()


def read(text: str) -> tuple[Line, ...]:
    """Return the lines that a text of ``write`` stands for.

    Raises:
        ValueError: It is none.
    """
    try:
        return tuple(Line(*each) for each in _written.decode(text))
    except msgspec.DecodeError:
        raise ValueError("what stands beside the try is no order: it was written by another program") from None


# -- what is compared ----------------------------------------------------------------------------------


def compared(lines: Iterable[Line]) -> tuple[OrderLine, ...]:
    """Return the lines of an order of ours as they are compared with what is exported."""
    return _priced(OrderLine(str(each.product), each.amount * _PIECE, each.price) for each in lines)


def listed(lines: Iterable[SoldLine], department: str) -> tuple[Listed, ...]:
    """Return exported lines as orders, the oldest first.

    Only our own *department* is a mark: what is sold under another, if it is like ours, may be ours all the
    same.
    """
    orders: dict[int, list[SoldLine]] = {}
    for line in lines:
        orders.setdefault(line.order, []).append(line)
    return tuple(_listed(orders[number], department) for number in sorted(orders))


def _listed(lines: list[SoldLine], department: str) -> Listed:
    first = lines[0]
    ours = bool(department) and all(line.department == department for line in lines)
    item = Item(
        sum(line.price for line in lines),
        at=first.paid.wall.isoformat(sep=" "),
        mark=department if ours else "",
        number=first.order,
        lines=_priced(OrderLine(str(each.product), _thousandths(each.count), each.price) for each in lines),
    )
    return Listed(item, first.order_number)


def _priced(lines: Iterable[OrderLine]) -> tuple[OrderLine, ...]:
    """Return the lines that cost something: whether a server lists others, such as choices, is not told."""
    found = tuple(lines)
    return tuple(line for line in found if line.total) or found


def _thousandths(count: Decimal) -> int:
    return int((count * _PIECE).to_integral_value())
