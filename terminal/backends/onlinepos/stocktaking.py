"""Stock of OnlinePOS as an office reads it: what products are made of, what was used, what it is worth. Pure.

Amounts and values are Decimals: costs have parts of a cent.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from terminal.backends.onlinepos.reading import Fields, objects
from terminal.backends.onlinepos.values import Unreadable, kind_of, unix_s
from terminal.backends.onlinepos.wire import Call, Page, Request
from terminal.core.value import Value


class Composition(Value, frozen=True):
    """What one of a product takes from the stock: each stock product with its amount."""

    product: int
    parts: tuple[tuple[int, Decimal], ...]


class Consumption(Value, frozen=True):
    """What was used of a stock product; *value* in kroner."""

    product: int
    name: str
    group: str
    amount: Decimal
    unit: str
    value: Decimal


class StockLocation(Value, frozen=True):
    """A place where stock is; *main*: whether it is the main one."""

    id: int
    name: str
    main: bool


class StockValue(Value, frozen=True):
    """How much there is of a stock product; *value*: what that has cost, in kroner."""

    product: int
    amount: Decimal
    value: Decimal


class LocationValue(Value, frozen=True):
    """What there is at one place."""

    location: int
    values: tuple[StockValue, ...]


def composition(page: int = 1) -> Call[Page[Composition]]:
    """Read a page, counted from 1, of what products are made of."""
    query = (("page", str(page)),) if page > 1 else ()
    return Call(Request("GET", "stock/getStockComposition", query=query), _composition)


def consumption(
    first: datetime, last: datetime, *, company: int | None = None
) -> Call[tuple[Consumption, ...]]:
    """Read what was used in a period.

    Args:
        first: Its beginning.
        last: Its end.
        company: In which company of the concern; None: in ours.

    Raises:
        ValueError: A moment has no zone.
    """

    def read(found: Any) -> tuple[Consumption, ...]:
        return tuple(map(_consumption, objects(found, "a stock product that was used")))

    path = f"stock/getConsumption/{_company(company)}/{unix_s(first)}/{unix_s(last)}"
    return Call(Request("GET", path), read)


def locations(company: int | None = None) -> Call[tuple[StockLocation, ...]]:
    """Read the places where a company has stock; None: ours."""
    return Call(Request("GET", f"stock/getStockLocations/{_company(company)}"), _locations)


def values(*, location: int | None = None, at: datetime | None = None) -> Call[tuple[StockValue, ...]]:
    """Read what there is of each stock product.

    Args:
        location: Only there.
        at: When; None: now.

    Raises:
        ValueError: A moment has no zone.
    """

    def read(found: Any) -> tuple[StockValue, ...]:
        # The page shows one object, and means a list of them [assumed].
        return tuple(map(_value, objects([found] if isinstance(found, dict) else found, "a value of stock")))

    return Call(Request("GET", "stock/getStockValues", query=_where("location", location, at)), read)


def location_values(
    company: int | None = None, *, location: int | None = None, at: datetime | None = None
) -> Call[tuple[LocationValue, ...]]:
    """Read what there is at each place of a company (None: ours); as ``values``."""

    def read(found: Any) -> tuple[LocationValue, ...]:
        fields = Fields(found, "values of stock")
        if not isinstance(fields.get("stockLocations"), list):
            raise Unreadable(f"found {kind_of(found)} without stockLocations; expected a list of them")
        return tuple(map(_location_value, fields.each("a place of stock", "stockLocations")))

    path = f"stock/getStockLocationValue/{_company(company)}"
    return Call(Request("GET", path, query=_where("Location", location, at)), read)


# -- within --------------------------------------------------------------------------------------------


def _company(company: int | None) -> str:
    return "{firmaid}" if company is None else str(company)


def _where(name: str, location: int | None, at: datetime | None) -> tuple[tuple[str, str], ...]:
    told = ((name, location), ("date", None if at is None else unix_s(at)))
    return tuple((each, str(value)) for each, value in told if value is not None)


def _composition(found: Any) -> Page[Composition]:
    outer = Fields(found, "a page of compositions")
    if not isinstance(outer.get("data"), list) or outer.text("status").upper() != "OK":
        raise Unreadable(f"found {kind_of(found)} without data and the status OK; expected them")
    items = (
        Composition(
            each.whole("product_id"),
            tuple(
                (part.whole("stock_id"), part.decimal("amount"))
                for part in each.each("a part of a product", "stock_ids")
            ),
        )
        for each in outer.each("a composition", "data")
    )
    return Page(tuple(items), outer.whole("current_page"), link=outer.text("next_page_url") or None)


def _consumption(fields: Fields) -> Consumption:
    return Consumption(
        fields.whole("Product_ID"),
        fields.text("Product_Name"),
        fields.text("Product_Group"),
        fields.decimal("Consumption_in units"),
        fields.text("Product_Unit"),
        fields.decimal("Consumption_value"),
    )


def _locations(found: Any) -> tuple[StockLocation, ...]:
    outer = Fields(found, "places of stock")
    if not isinstance(outer.get("stockLocations"), dict):
        raise Unreadable(f"found {kind_of(found)} without stockLocations; expected them")
    # The main one stands among all of them, too.
    return tuple(
        StockLocation(each.whole("id"), each.text("name"), each.flag("main"))
        for each in outer.within("stockLocations").each("a place of stock", "all")
    )


def _value(fields: Fields) -> StockValue:
    return StockValue(fields.whole("product_id"), fields.decimal("amount"), fields.decimal("value"))


def _location_value(fields: Fields) -> LocationValue:
    return LocationValue(fields.whole("id"), tuple(map(_value, fields.each("a value of stock", "stockValues"))))
