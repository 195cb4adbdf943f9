"""Stock of OnlinePOS: what there is of each EAN, and what is taken from it or brought back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

from terminal.backends.onlinepos.reading import Fields
from terminal.backends.onlinepos.values import Unreadable, card_number
from terminal.backends.onlinepos.wire import Call, Request
from terminal.core.value import Value

Types = Literal["2 and 3", "1 and 2"]
"""The numbers for a sale and for a return: the page lists the first two; the words of its error, the others."""

_TYPES: dict[Types, dict[str, int]] = {"2 and 3": {"sale": 2, "return": 3}, "1 and 2": {"sale": 1, "return": 2}}


class Stock(Value, frozen=True):
    """How much there is of a product; *others*: its other EANs."""

    ean: str
    amount: Decimal
    others: tuple[str, ...] = ()


def stock() -> Call[tuple[Stock, ...]]:
    """Read what there is of all products."""
    return Call(Request("GET", "stock"), _stock)


def stock_of(eans: Sequence[str]) -> Call[tuple[Stock, ...]]:
    """Read what there is of some products. Raises ValueError if one of *eans* is none, or there are none."""
    if not eans:
        raise ValueError("at least one EAN is expected")
    return Call(Request("POST", "stockFromEan", body={"ean": ",".join(map(card_number, eans))}), _stock)


def update(
    ean: str, pieces: int, kind: Literal["sale", "return"], order: str, types: Types = "2 and 3"
) -> Call[None]:
    """Take pieces from the stock, or bring them back; a repeat does it again, *order* or not [assumed].

    Args:
        ean: Of the product.
        pieces: How many, 1 or more.
        kind: Whether they were sold or returned.
        order: What it was about.
        types: By which numbers the server knows the kinds.

    Raises:
        ValueError: *ean* or *order* is none, or *pieces* is less than 1.
    """
    if pieces < 1:
        raise ValueError("at least one piece is expected")
    body = {
        "ean": card_number(ean),
        "amount": pieces,
        "type": _TYPES[types][kind],
        "orderno": card_number(order),
    }

    def read(found: Any) -> None:
        info = Fields(found, "the answer of updateStock").within("info")
        if isinstance(info.get("info"), dict):  # in XML there is one within the other
            info = info.within("info")
        if info.text("reply").upper() != "OK":
            raise Unreadable("found no reply OK; expected it")

    return Call(Request("POST", "updateStock", "updateStock", body=body, signed="values"), read)


def _stock(found: Any) -> tuple[Stock, ...]:
    outer = Fields(found, "a list of stock")
    if outer.get("info") is None:
        raise Unreadable("found no info; expected a list of stock")
    listed = outer.get("info")
    entries: list[Any]
    if isinstance(listed, dict):  # XML: <info><info>…</info><info>…</info></info>
        entries = Fields(listed, "a list of stock").list("info")
    else:
        entries = [Fields(each, "an entry of stock").get("info") for each in outer.list("info")]
    return tuple(_entry(Fields(each, "an entry of stock")) for each in entries)


def _entry(fields: Fields) -> Stock:
    others = tuple(ean for name in ("ean_2", "ean_3", "ean_4") if (ean := fields.text(name)))
    return Stock(fields.text("ean"), fields.decimal("stock"), others)
