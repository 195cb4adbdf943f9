"""The PointOfSale wallet API as values: what is sent, and how answers are read. Pure.

The documented server wraps what it returns in ``data``; the plugin of pretix does so only for the terminal, and
pages that through ``links.next``. Both are read here, whoever sends them. Money is a whole number of cents and
nothing else: a server that means something else by its numbers must not be guessed at.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from terminal.backends.values import cents, text
from terminal.core.catalogue import Product, ProductId
from terminal.core.facts import EntryKind
from terminal.core.value import Value
from terminal.journal.rows import Entry

LONGEST_DESCRIPTION = 100
"""Characters; servers cut a longer one."""


class Unusable(ValueError):  # noqa: N818 - what it is about the answer
    """An answer of the server that cannot be used; one sentence says why."""


class Page(Value, frozen=True):
    """One page of the answer to the question who this terminal is."""

    products: tuple[Product, ...]
    dropped: tuple[str, ...]
    next: str | None
    id: str | None = None
    name: str | None = None
    permission: str | None = None


def booking(entry: Entry, *, amounts: bool) -> dict[str, Any]:
    """Return the body of the call that books *entry*. *amounts*: the server takes signed amounts too.

    Raises:
        ValueError: The server has no call for it; one sentence for the technician.
    """
    names = ", ".join(piece.name for piece in entry.pieces)
    description = (entry.description or names or entry.kind.value)[:LONGEST_DESCRIPTION]
    body: dict[str, Any] = {"description": description, "idempotency_key": entry.key}
    if entry.tag:
        body["tag"] = entry.tag
    listed = bool(entry.pieces) and all(piece.listed for piece in entry.pieces)
    if entry.kind is EntryKind.DEBIT and listed:
        body["products"] = [piece.id for piece in entry.pieces]
    elif entry.kind is EntryKind.UNCLAIMED:
        raise ValueError("unclaimed money is for a person, not for the server")
    elif not amounts:
        what = "a debit without products" if entry.kind is EntryKind.DEBIT else f"a {entry.kind.value}"
        raise ValueError(f'this server has no call for {what} (credit = "none")')
    else:
        body["amount"] = -entry.amount if entry.kind is EntryKind.DEBIT else entry.amount
    return body


def wallet(data: Any) -> dict[str, Any] | None:
    """Return the wallet or transaction in an answer, wrapped or bare; None if there is none in it."""
    if isinstance(data, dict) and isinstance(data.get("data"), dict):
        data = data["data"]
    if isinstance(data, dict) and any(data.get(name) is not None for name in ("id", "balance", "amount")):
        return data
    return None


def read_page(data: Any) -> Page:
    """Read one page of ``GET /pos/terminal``: a terminal with products, or products alone.

    Raises:
        Unusable: It is neither, or money in it is no whole number.
    """
    outer = data if isinstance(data, dict) else {}
    inner = outer.get("data", data)
    me: dict[str, Any] = inner if isinstance(inner, dict) else {}
    listed = inner if isinstance(inner, list) else me.get("products")
    if not isinstance(listed, list):
        raise Unusable("the server's answer holds no products: check the url")
    products, dropped = [], []
    for number, each in enumerate(listed, 1):
        product = _product(each, number)
        if product.price < 0:
            dropped.append(f"product {product.id!r} has the negative price {product.price}: it is not sold")
        else:
            products.append(product)
    return Page(
        tuple(products),
        tuple(dropped),
        _next(outer) or _next(me),
        text(me.get("id")),
        text(me.get("friendly_name")),
        text(me.get("permission")),
    )


def _product(each: Any, number: int) -> Product:
    if not isinstance(each, dict):
        raise Unusable(f"product number {number} is no object")
    id_ = each.get("id")
    if isinstance(id_, bool) or not isinstance(id_, (str, int)) or id_ == "":
        raise Unusable(f"product number {number} has no id that is a text or a whole number")
    price = cents(each.get("price"))
    if price is None:
        found = type(each.get("price")).__name__
        raise Unusable(f"the price of product {id_!r} is no whole number of cents (but {found})")
    return Product(id_, text(each.get("friendly_name")) or str(id_), price)


def _next(holder: dict[str, Any]) -> str | None:
    links = holder.get("links")
    return text(links.get("next")) if isinstance(links, dict) else None


def choose(products: Iterable[Product], wanted: tuple[ProductId, ...]) -> tuple[tuple[Product, ...], list[str]]:
    """Return the products to sell, each id once, and of *wanted* (if any) those and in that order.

    The second value names what is wanted but not there. Ids are compared as texts: a configuration may write
    ``"7"`` for the server's ``7``. The products keep the server's own.
    """
    known: dict[str, Product] = {}
    for product in products:
        known.setdefault(str(product.id), product)
    if not wanted:
        return tuple(known.values()), []
    names = list(dict.fromkeys(str(id_) for id_ in wanted))
    return tuple(known[name] for name in names if name in known), [name for name in names if name not in known]
