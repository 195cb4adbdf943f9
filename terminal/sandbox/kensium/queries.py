"""What the Kensium server tells of records: by pages, or since the last time."""

from __future__ import annotations

import base64
import binascii
import functools
import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from terminal.sandbox.kensium.rules import KensiumRules, forbidden, invalid
from terminal.sandbox.kensium.schema import Handler
from terminal.sandbox.kensium.sdl import PRODUCTS
from terminal.sandbox.kensium.store import Application, KensiumStore, Record
from terminal.sandbox.satellite.rules import iso

_PLAIN = ("location", *PRODUCTS)
KINDS = {
    "customer": ("id",),
    "item": ("sku",),
    "itemWarehouse": ("warehouseCode", "sku"),
    "itemSerialLot": ("warehouseCode", "sku", "serialLotNbr"),
    "location": ("code",),
    "sale": ("id",),
    **dict.fromkeys(PRODUCTS, ("id",)),
}
"""The kinds of records, and by which members one is known."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Caller(msgspec.Struct, frozen=True):
    """Who asks, and when."""

    application: Application
    now_ms: int

    def may(self, permission: str) -> bool:
        """Return whether the application is allowed this."""
        return permission in self.application.permissions

    def need(self, permission: str) -> None:
        """Let pass who may.

        Raises:
            Refusal: The application is not allowed this.
        """
        if not self.may(permission):
            raise forbidden(permission)


class Queries:
    """Answers what is asked of the records in *store*."""

    def __init__(self, store: KensiumStore, rules: Callable[[], KensiumRules]) -> None:
        self._store = store
        self._rules = rules

    def handlers(self) -> dict[str, Handler]:
        """Return what answers which field."""
        plain: dict[str, Handler] = {f"Query.{kind}": functools.partial(self._all, kind) for kind in _PLAIN}
        return plain | {
            "Query.environment": self._environment,
            "Query.customer": self._customers,
            "Query.item": self._items,
            "Query.itemWarehouse": functools.partial(self._of_warehouse, "itemWarehouse"),
            "Query.itemSerialLot": functools.partial(self._of_warehouse, "itemSerialLot"),
            "Query.sale": self._sales,
        }

    def _environment(self, caller: Caller, _asked: dict[str, Any]) -> dict[str, Any]:
        return {"version": "2024.1", "utcNow": iso(caller.now_ms), "currency": self._rules().currency}

    def _customers(self, _caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        found = _like(self._store.records("customer"), asked, "id", "memberId")
        return self._told("customer", asked, found) | {"limitedByPermission": False}

    def _items(self, _caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        places = _like(self._store.records("itemWarehouse"), asked, "warehouseCode")
        found = _like(self._store.records("item"), asked, "sku")
        if asked.get("warehouseCode") is not None:
            there = {each.body["sku"] for each in places}
            found = [each for each in found if each.id in there]
        told = self._told("item", asked, found)
        for item in told["results"]:
            item["warehouses"] = [each.body for each in places if each.body["sku"] == item["sku"]]
        return told

    def _of_warehouse(self, kind: str, _caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        return self._told(kind, asked, _like(self._store.records(kind), asked, "warehouseCode"))

    def _all(self, kind: str, _caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        return self._told(kind, asked, self._store.records(kind))

    def _sales(self, _caller: Caller, asked: dict[str, Any]) -> dict[str, Any]:
        found = _like(self._store.records("sale"), asked, "id", "customerId")
        first, end = _day(asked, "fromDate"), _day(asked, "toDate")
        if first is not None:
            found = [each for each in found if each.body["saleDate"][:10] >= first]
        if end is not None:
            found = [each for each in found if each.body["saleDate"][:10] < end]
        return self._told("sale", asked, found)

    def _told(self, kind: str, asked: dict[str, Any], found: list[Record]) -> dict[str, Any]:
        """Return the page that is asked for, or what was modified since; a blank ``since`` is the start."""
        first, skip = _count(asked, "first", self._rules().page), _count(asked, "skip", 0)
        since = asked.get("since")
        if since is None:
            page = found[skip : skip + first]
            return {"hasMoreResults": len(found) > skip + first, "until": None, "results": _bodies(page)}
        mark = 0 if since == "" else _read_cursor(kind, since)
        found.sort(key=lambda each: each.modified)
        again = [each for each in found if each.modified <= mark]
        overlap = min(self._rules().overlap, max(first - 1, 0))
        found = again[len(again) - overlap :] + [each for each in found if each.modified > mark]
        page = found[skip : skip + first]
        until = max([mark, *(each.modified for each in page)])
        return {
            "hasMoreResults": len(found) > skip + first,
            "until": _cursor(kind, until),
            "results": _bodies(page),
        }


def _like(records: list[Record], asked: dict[str, Any], *names: str) -> list[Record]:
    """Return the records whose members *names* are as asked for, where they are."""
    wanted = {name: asked[name] for name in names if asked.get(name) is not None}
    return [each for each in records if all(each.body.get(name) == it for name, it in wanted.items())]


def _bodies(page: Iterable[Record]) -> list[dict[str, Any]]:
    return [dict(each.body) for each in page]


def _count(asked: dict[str, Any], name: str, otherwise: int) -> int:
    count = asked.get(name)
    if count is None:
        return otherwise
    if count < 0:
        raise invalid("GreaterThanOrEqual", name, f"{name}: expected 0 or more")
    return int(count)


def _day(asked: dict[str, Any], name: str) -> str | None:
    day = asked.get(name)
    if day is None:
        return None
    if not isinstance(day, str) or not _DAY.fullmatch(day):
        raise invalid("Date", name, f"{name}: expected YYYY-MM-DD")
    return day


def _cursor(kind: str, modified: int) -> str:
    """Return what stands for a moment in the history of one kind: for nobody else to read."""
    return base64.urlsafe_b64encode(f"{modified:x}/{kind}".encode()).decode().rstrip("=")


def _read_cursor(kind: str, text: str) -> int:
    wrong = invalid("Since", "since", f"since: this is no value that an earlier {kind} gave as until")
    try:
        number, _, of = (
            base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode().partition("/")
        )
        modified = int(number, 16)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise wrong from None
    if of != kind:
        raise wrong
    return modified
