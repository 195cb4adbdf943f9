"""What a recorded sale must look like: read strictly, with every mistake told by its field, or loosely. Pure.

Amounts of payments are net, so that they add up to the total whatever was tendered. Field names of items and
tickets are those of the old generation; for v5, whose names are not known, they can be given.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeGuard

import msgspec

from terminal.sandbox.satellite.rules import Generation, SatelliteRules, refused

MOST_CENTS = 10**10
_CODE = re.compile(r"[0-9A-Z]{4,64}")
_ITEM_CODE_DIGITS = 4
_MOST_SECONDS = 10**11  # what is more is no Unix time in seconds, but in milliseconds

_ALWAYS = {"code", "totalAmount", "createdAt", "transactions"}
_SALE = {
    "old": ({"event_id", *_ALWAYS}, {"notes", "recordedBy", "recordedBy_rfid"}),
    "v5": ({"context", *_ALWAYS}, {"notes", "recordedBy"}),
}
_PAYMENT = ({"paymentMethod", "amount"}, {"change", "transactionId"})
_ITEM = ({"product_id", "quantity", "description", "unitAmount", "totalAmount", "tickets"}, {"discountAmount"})
_TICKET = ({"product_id", "description", "barcode"}, set[str]())
_OPTIONAL_TEXTS = ("notes", "transactionId", "recordedBy", "recordedBy_rfid")

_Names = tuple[Collection[str], Collection[str]]
"""Required and optional ones."""


class Gist(msgspec.Struct, frozen=True):
    """What is kept of a sale beside its body. *total* in cents."""

    code: str | None
    total: int | None
    barcodes: tuple[str, ...]


class Known(msgspec.Struct, frozen=True):
    """What a strict server compares a sale with. No events: any id will do."""

    products: Collection[int]
    events: Collection[int] = ()


def read_loosely(body: Any) -> Gist:
    """Return what can be found in *body*, whatever it is."""
    if not isinstance(body, dict):
        return Gist(None, None, ())
    code, total = body.get("code"), body.get("totalAmount")
    barcodes = [
        ticket["barcode"]
        for item in _tables(body.get("items"))
        for ticket in _tables(item.get("tickets"))
        if isinstance(ticket.get("barcode"), str)
    ]
    return Gist(
        code if isinstance(code, str) and code else None,
        total if _is_whole(total) and abs(total) <= MOST_CENTS else None,
        tuple(barcodes),
    )


def read_strictly(body: Any, generation: Generation, rules: SatelliteRules, known: Known) -> Gist:
    """Read a sale.

    Raises:
        Answered: It is refused, with all of its mistakes.
    """
    reader = _Reader(rules.names if generation == "v5" else {})
    code, total = reader.sale(body, generation, known)
    if reader.mistakes:
        raise refused(400, "Validation Failed", reader.mistakes)
    return Gist(code, total, tuple(reader.barcodes))


@dataclass(slots=True)
class _Reader:
    names: Mapping[str, str]
    mistakes: dict[str, list[str]] = field(default_factory=dict)
    barcodes: dict[str, None] = field(default_factory=dict)

    # -- the parts of a sale ---------------------------------------------------------------------------

    def sale(self, body: Any, generation: Generation, known: Known) -> tuple[str, int]:
        required, optional = _SALE[generation]
        items = self.name("items")
        sale = self.table("", body, ({*required, items} - {""}, optional))
        self.id(sale, "event_id" if generation == "old" else "context", known.events or None)
        code = self.text(sale, "code")
        if code and not _CODE.fullmatch(code):
            self.wrong("code", "expected capital letters and digits")
        total = self.whole(sale, "totalAmount")
        self.moment(sale, "createdAt", generation)
        self.text(sale, "notes", empty=True)
        for name in ("recordedBy", "recordedBy_rfid"):
            if not (generation == "v5" and _is_id(sale.values.get(name))):
                self.text(sale, name)
        paid = [self.payment(each) for each in self.tables(sale, "transactions", _PAYMENT)]
        self.adds_up("transactions", paid, total)
        lines = [self.item(each, code, known) for each in self.tables(sale, items, self.named("items", _ITEM))]
        if items and not lines:
            self.wrong(items, "expected at least one")
        elif self.name("items.totalAmount"):
            self.adds_up(items, lines, total)
        return code, total

    def payment(self, payment: _Table) -> int:
        method = self.text(payment, "paymentMethod")
        if method not in ("cash", "card"):
            self.wrong(payment.at("paymentMethod"), 'expected "cash" or "card"')
        if payment.values.get("change") is not None:
            self.whole(payment, "change")
            if method != "cash":
                self.wrong(payment.at("change"), "only cash has change")
        self.text(payment, "transactionId")
        return self.whole(payment, "amount")

    def item(self, item: _Table, code: str, known: Known) -> int:
        names = [self.name(f"items.{name}") for name in ("quantity", "unitAmount", "totalAmount")]
        discounted = self.name("items.discountAmount")
        self.id(item, self.name("items.product_id"), known.products)
        self.text(item, self.name("items.description"))
        quantity, unit, total = (self.whole(item, name, least=int(n == 0)) for n, name in enumerate(names))
        discount = 0 if item.values.get(discounted) is None else self.whole(item, discounted)
        if all(names) and quantity * unit - discount != total:
            self.wrong(item.at(names[2]), f"{quantity} x {unit} - {discount} is not {total}")
        tickets = self.name("items.tickets")
        for ticket in self.tables(item, tickets, self.named("items.tickets", _TICKET)):
            self.id(ticket, self.name("items.tickets.product_id"), known.products)
            self.text(ticket, self.name("items.tickets.description"))
            self.barcode(ticket, self.name("items.tickets.barcode"), code)
        return total

    def barcode(self, ticket: _Table, name: str, code: str) -> None:
        barcode = self.text(ticket, name)
        if not barcode:
            return
        rest, place = barcode.removeprefix(code), ticket.at(name)
        if not barcode.startswith(code) or not rest:
            self.wrong(place, "expected the purchase code and more behind it")
        elif len(rest) == _ITEM_CODE_DIGITS and rest.isdigit():
            self.wrong(place, "this is the code of an item")
        if barcode in self.barcodes:
            self.wrong(place, "another ticket of this sale has this barcode")
        self.barcodes[barcode] = None

    def adds_up(self, name: str, amounts: list[int], total: int) -> None:
        if sum(amounts) != total:
            self.wrong(name, f"they add up to {sum(amounts)}, and totalAmount is {total}")

    # -- fields; a name that is empty stands for one that v5 does not have -----------------------------

    def name(self, path: str) -> str:
        """Return the name of the field that the old generation has at *path*."""
        return self.names.get(path, path.rpartition(".")[2])

    def named(self, path: str, names: _Names) -> _Names:
        required, optional = ({self.name(f"{path}.{each}") for each in part} - {""} for part in names)
        return required, optional

    def wrong(self, place: str, words: str) -> None:
        self.mistakes.setdefault(place or "body", []).append(words)

    def table(self, path: str, value: Any, names: _Names) -> _Table:
        required, optional = names
        table = _Table(path, value if isinstance(value, dict) else {})
        if not isinstance(value, dict):
            self.wrong(path, "expected an object")
            return table
        for name in sorted(set(required) - value.keys()):
            self.wrong(table.at(name), "this field is missing")
        for name in sorted(value.keys() - {*required, *optional}):
            self.wrong(table.at(name), "there is no such field")
        return table

    def tables(self, table: _Table, name: str, names: _Names) -> list[_Table]:
        value, path = table.values.get(name), table.at(name)
        if name not in table.values:
            return []
        if not isinstance(value, list):
            self.wrong(path, "expected a list")
            return []
        return [self.table(f"{path}[{n}]", each, names) for n, each in enumerate(value)]

    def text(self, table: _Table, name: str, *, empty: bool = False) -> str:
        value = table.values.get(name)
        if name not in table.values or (value is None and name in _OPTIONAL_TEXTS):
            return ""
        if not isinstance(value, str) or not (value or empty):
            self.wrong(table.at(name), "expected a text")
            return ""
        return value

    def whole(self, table: _Table, name: str, *, least: int = 0) -> int:
        value = table.values.get(name)
        if name in table.values and not (_is_whole(value) and least <= value <= MOST_CENTS):
            self.wrong(table.at(name), f"expected a whole number from {least} on")
            return 0
        return value or 0

    def id(self, table: _Table, name: str, known: Collection[int] | None) -> None:
        value = table.values.get(name)
        if name not in table.values:
            return
        if not _is_id(value):
            self.wrong(table.at(name), "expected an id: a whole number from 1 on")
        elif known is not None and value not in known:
            self.wrong(table.at(name), f"there is none with the id {value}")

    def moment(self, table: _Table, name: str, generation: Generation) -> None:
        value = table.values.get(name)
        if name not in table.values:
            return
        if generation == "v5" and not (_is_id(value) and value < _MOST_SECONDS):
            self.wrong(table.at(name), "expected seconds since 1970")
        if generation == "old" and not (isinstance(value, str) and (_is_digits(value) or is_iso(value))):
            self.wrong(table.at(name), "expected a text: seconds since 1970, or ISO 8601 with an offset")


@dataclass(frozen=True, slots=True)
class _Table:
    path: str
    values: dict[str, Any]

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name


def is_iso(text: str) -> bool:
    """Return whether *text* is a moment of ISO 8601 with an offset."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_id(value: Any) -> TypeGuard[int]:
    return _is_whole(value) and value >= 1


def _tables(value: Any) -> Iterator[dict[str, Any]]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())
