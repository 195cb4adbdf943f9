"""What OnlinePOS sells to be taken away: products with what is sold out, shops, and times to fetch. Pure."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from terminal.backends.onlinepos.reading import Fields
from terminal.backends.onlinepos.values import Unreadable, day_text, kind_of, read_date
from terminal.backends.onlinepos.wire import Call, Request
from terminal.core.value import Value

_DEEPEST = 16
"""Levels of choices within choices; no menu has more than a few."""


class TakeawayProduct(Value, frozen=True):
    """A product, or what can be chosen with one.

    Attributes:
        price: In cents.
        multi: Whether it can be chosen more than once [assumed].
        least: How many of *options* are to be chosen.
        most: How many may be.
        preset: Whether it is chosen from the start, as one of another product's options.
    """

    id: int
    name: str
    price: int
    sold_out: bool = False
    multi: bool = False
    description: str = ""
    kind: str = ""
    least: int = 0
    most: int = 0
    options: tuple[TakeawayProduct, ...] = ()
    preset: bool = False


class TakeawayGroup(Value, frozen=True):
    """A group of products."""

    id: int
    name: str
    description: str
    products: tuple[TakeawayProduct, ...]


class Shop(Value, frozen=True):
    """A shop of the concern."""

    id: int
    name: str
    address: str = ""
    zip_code: str = ""
    city: str = ""


class Slots(Value, frozen=True):
    """The times at which orders can be fetched on a day, as clocks in Denmark show them."""

    day: date | None
    times: tuple[time, ...]


def products() -> Call[tuple[TakeawayGroup, ...]]:
    """Read what is sold: the one list that says what is sold out."""

    def read(found: Any) -> tuple[TakeawayGroup, ...]:
        return tuple(map(_group, _listed(found, "groups").each("a group of products", "groups")))

    return Call(Request("GET", "taw/products"), read)


def shops() -> Call[tuple[Shop, ...]]:
    """Read the shops."""

    def read(found: Any) -> tuple[Shop, ...]:
        return tuple(map(_shop, _listed(found, "shops").each("a shop", "shops")))

    return Call(Request("GET", "taw/shops"), read)


def slots(day: date | None = None) -> Call[Slots]:
    """Read the times of *day*; None: of today, as the server has it."""

    def read(found: Any) -> Slots:
        fields = _listed(found, "timeslots")
        told = read_date(fields.get("date"))
        if day is not None and told != day:
            raise Unreadable("found the times of another day; expected those that were asked for")
        return Slots(told, tuple(_time(each) for each in fields.list("timeslots") if each != ""))

    return Call(Request("GET", "taw/timeslots" + (f"/{day_text(day)}" if day else "")), read)


# -- reading -------------------------------------------------------------------------------------------


def _listed(found: Any, name: str) -> Fields:
    fields = Fields(found, f"an answer with {name}")
    if not isinstance(fields.get(name), list):
        raise Unreadable(f"found {kind_of(found)} without {name}; expected a list of them")
    return fields


def _group(fields: Fields) -> TakeawayGroup:
    return TakeawayGroup(
        fields.whole("id"),
        fields.text("name"),
        fields.text("description"),
        tuple(_product(each, 1) for each in fields.each("a product", "products")),
    )


def _product(fields: Fields, level: int) -> TakeawayProduct:
    if level > _DEEPEST:
        raise Unreadable(f"found choices within choices on more than {_DEEPEST} levels")
    # The page ends its sample with an option that is an empty object.
    options = [Fields(each, "an option of a product") for each in fields.list("options") if each != {}]
    return TakeawayProduct(
        id=fields.whole("id"),
        name=fields.text("name"),
        price=fields.cents("price"),
        sold_out=fields.flag("soldout"),
        multi=fields.flag("multi"),
        description=fields.text("description"),
        kind=fields.text("type"),
        least=fields.whole("min", default=0),
        most=fields.whole("max", default=0),
        options=tuple(_product(each, level + 1) for each in options),
        preset=fields.flag("default"),
    )


def _shop(fields: Fields) -> Shop:
    return Shop(
        fields.whole("id"),
        fields.text("name"),
        fields.text("address"),
        fields.text("postcode"),
        fields.text("city"),
    )


def _time(found: Any) -> time:
    hour, colon, minute = found.partition(":") if isinstance(found, str) else ("", "", "")
    written = colon and all(each.isascii() and each.isdigit() and len(each) < 3 for each in (hour, minute))  # noqa: PLR2004 - digits
    try:
        return time(int(hour), int(minute)) if written else time(24)
    except ValueError:
        raise Unreadable(f"found {kind_of(found)} that is no time of a day; expected hh:mm") from None
