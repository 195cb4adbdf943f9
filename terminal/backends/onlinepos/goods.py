"""What OnlinePOS sells: products in their groups, the pages of choices, and offers. Pure.

There is no version and no ETag: all of it is read again, and the last good reading is what is sold offline.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from terminal.backends.onlinepos.reading import Fields, objects
from terminal.backends.onlinepos.values import Unreadable, kind_of, read_date
from terminal.backends.onlinepos.wire import Call, Request
from terminal.core.value import Value

_WEEK = 7
_UNLIMITED = -10_000
"""What the page shows as a time of an offer that is not limited; the unit of a limited one is not told."""


class PriceGroup(Value, frozen=True):
    """Another price of a product, in cents."""

    number: str
    name: str
    price: int


class Part(Value, frozen=True):
    """A product within another one; *price*: in cents, of the whole line."""

    product: int
    amount: Decimal
    price: int


class Product(Value, frozen=True):
    """A product of the structure; prices in cents. *choices*: id of its page of choices; 0: none."""

    id: int
    name: str
    price: int
    cost: Decimal = Decimal(0)
    description: str = ""
    eans: tuple[str, ...] = ()
    master: int = 0
    choices: int = 0
    categories: tuple[tuple[int, str], ...] = ()
    price_groups: tuple[PriceGroup, ...] = ()
    parts: tuple[Part, ...] = ()


class Group(Value, frozen=True):
    """A product group."""

    id: int
    name: str
    description: str
    products: tuple[Product, ...]


class Choices(Value, frozen=True):
    """A page of choices.

    Attributes:
        least: How many are to be made.
        most: How many may be.
        price: In cents; what all that is chosen must cost together; None: what each costs.
        preset: Products that are chosen from the start.
        options: Products to choose from.
    """

    id: int
    name: str
    least: int
    most: int | None
    price: int | None
    preset: tuple[int, ...]
    options: tuple[int, ...]


class Structure(Value, frozen=True):
    """All that is sold."""

    groups: tuple[Group, ...]
    choices: tuple[Choices, ...] = ()


class ListedProduct(Value, frozen=True):
    """A product of the plain list. *prices*: in cents, the first to the fifth; None where none is set.

    *cost*: in kroner, with parts of a cent. *categories*: id and name of each that it is listed under.
    """

    id: int
    name: str
    group: str
    group_name: str
    prices: tuple[int | None, ...]
    standard_price: int | None
    price_groups: tuple[PriceGroup, ...] = ()
    description: str = ""
    cost: Decimal | None = None
    categories: tuple[tuple[str, str], ...] = ()


class OfferLine(Value, frozen=True):
    """What an offer is about: a product or a group, from *amount* pieces on, for *price* cents.

    *percent*: what it takes off instead; that it is ever told is assumed, as it can be set.
    """

    product: int | None
    group: int | None
    amount: int
    price: int | None
    percent: int | None = None


class Offer(Value, frozen=True):
    """A "discount family".

    Attributes:
        days: Whether it holds, Monday to Sunday.
        priority: The lower, the sooner.
        from_: First day; None: no limit.
        to: Last day; None: no limit.
        time_from: As it is written, the unit is not told; None: no limit.
        time_to: The same.
    """

    id: int
    name: str
    days: tuple[bool, ...]
    priority: int
    price_group: int
    lines: tuple[OfferLine, ...]
    from_: date | None = None
    to: date | None = None
    time_from: int | None = None
    time_to: int | None = None


def structure() -> Call[Structure]:
    """Read all products in their groups, and the pages of choices."""
    return Call(Request("GET", "getProductStructure"), read_structure)


def products() -> Call[tuple[ListedProduct, ...]]:
    """Read the plain list of products, in JSON or (what some servers answer whatever is asked) in XML."""
    return Call(Request("GET", "getProducts"), _products)


def offers() -> Call[tuple[Offer, ...]]:
    """Read the offers; the page shows one object, and means a list of them [assumed]: both are read."""

    def read(found: Any) -> tuple[Offer, ...]:
        return tuple(map(_offer, objects([found] if isinstance(found, dict) else found, "an offer")))

    return Call(Request("GET", "offer"), read)


def read_structure(found: Any) -> Structure:
    """Read what getProductStructure answers.

    Raises:
        Unreadable: It is something else.
    """
    outer = Fields(found, "a structure of products")
    if outer.get("ProductGroups") is None:
        raise Unreadable("found no ProductGroups; expected what getProductStructure answers")
    groups = tuple(_group(each) for each in outer.each("a product group", "ProductGroups"))
    return Structure(groups, tuple(_choices(each) for each in outer.each("a page of choices", "MSGPages")))


def _group(fields: Fields) -> Group:
    return Group(
        fields.whole("ProductGroupID"),
        fields.text("ProductGroupName"),
        fields.text("ProductGroupDescription"),
        tuple(_product(each) for each in fields.each("a product", "Products")),
    )


def _product(fields: Fields) -> Product:
    return Product(
        id=fields.whole("ProductID"),
        name=fields.text("ProductName"),
        price=fields.cents("ProductPrice"),
        cost=fields.decimal("ProductCostPrice", default=Decimal(0)),
        description=fields.text("ProductDescription"),
        eans=tuple(ean for name in ("EAN_1", "EAN_2") if (ean := fields.text(name))),
        master=fields.whole("MasterID", default=0),
        choices=fields.whole("ProductMSG", default=0),
        categories=tuple(
            (each.whole("CategoryID"), each.text("CategoryName"))
            for each in fields.each("a category", "ProductCategories")
        ),
        price_groups=tuple(
            PriceGroup(
                each.text("PriceGroupNumber"), each.text("PriceGroupName"), each.cents("PriceGroupValue")
            )
            for each in fields.each("a price group", "AdditionalPriceGroups")
        ),
        parts=tuple(
            Part(each.whole("ProductID"), each.decimal("Amount"), each.cents("Price"))
            for each in fields.each("a part of a product", "ProductSplit")
        ),
    )


def _choices(fields: Fields) -> Choices:
    preset = fields.text("MSG_Default")
    ids = [Fields({"id": each}, "a product of a page of choices") for each in fields.list("MSG_Options")]
    chosen = [Fields({"id": each}, "a default of a page of choices") for each in preset.split(":") if each]
    return Choices(
        id=fields.whole("MSG_ID"),
        name=fields.text("MSG_Name"),
        least=fields.whole("MSG_Min", default=0),
        most=fields.whole("MSG_Max") if fields.text("MSG_Max") else None,
        price=fields.cents_or_none("MSG_Price"),
        preset=tuple(each.whole("id") for each in chosen),
        options=tuple(each.whole("id") for each in ids),
    )


def _products(found: Any) -> tuple[ListedProduct, ...]:
    if isinstance(found, dict) and "list" in found:
        listed = Fields(found, "a list of products").within("list")
        return tuple(map(_xml_product, listed.each("a product", "products")))
    return tuple(map(_listed_product, objects(found, "a product")))


def _listed_product(fields: Fields) -> ListedProduct:
    more = fields.get("additional_price_groups")
    if isinstance(more, list) and not more:  # how PHP writes an empty object
        more = {}
    if not isinstance(more, dict | None):
        raise Unreadable(f"found {kind_of(more)} as additional_price_groups of a product; expected an object")
    groups = [(number, Fields(each, "a price group")) for number, each in (more or {}).items()]
    return ListedProduct(
        fields.whole("ID"),
        fields.text("name"),
        fields.text("groupid"),
        fields.text("groupname"),
        tuple(fields.cents_or_none(f"price_{number}") for number in range(1, 6)),
        fields.cents_or_none("standard_price"),
        tuple(PriceGroup(number, each.text("name"), each.cents("price")) for number, each in groups),
        fields.text("description"),
        _cost(fields, "cost_price"),
        tuple(
            (each.text("category_id"), each.text("category_name"))
            for each in fields.each("a category", "categories")
        ),
    )


def _xml_product(fields: Fields) -> ListedProduct:
    product, group = _named(fields, "product"), _named(fields, "product_group")
    prices = fields.within("price")
    more = fields.within("additional_price_groups").each("a price group", "price_group")
    return ListedProduct(
        product.whole("id"),
        product.text("text", "name"),
        group.text("id"),
        group.text("text", "name"),
        tuple(prices.cents_or_none(f"price_{number}") for number in range(1, 6)),
        fields.cents_or_none("normalpris"),
        tuple(PriceGroup(each.text("id"), each.text("name"), each.cents("price")) for each in more),
        fields.text("description"),
        _cost(fields, "indkbspris"),
        tuple(
            (each.text("id"), each.text("name"))
            for each in fields.within("categories").each("a category", "category")
        ),
    )


def _cost(fields: Fields, name: str) -> Decimal | None:
    return fields.decimal(name) if fields.text(name) else None


def _named(fields: Fields, name: str) -> Fields:
    """Return an element that has its id as an attribute, and its name as its text."""
    return Fields(fields.get(name), f"{name} of {fields.what}")


def _offer(fields: Fields) -> Offer:
    days = tuple(each.strip() == "1" for each in fields.text("days").split(","))
    if len(days) != _WEEK:
        raise Unreadable(f"found {len(days)} days of an offer; expected {_WEEK}")
    times = [fields.whole(name, default=_UNLIMITED) for name in ("timefrom", "timeto")]
    limits = [None if each == _UNLIMITED else each for each in times]
    return Offer(
        fields.whole("ID"),
        fields.text("name"),
        days,
        fields.whole("prio", default=0),
        fields.whole("pricegroup", default=0),
        tuple(_offer_line(each) for each in fields.each("a line of an offer", "content")),
        read_date(fields.get("dayfrom")),
        read_date(fields.get("dayto")),
        *limits,
    )


def _offer_line(fields: Fields) -> OfferLine:
    product, group = (fields.whole(name, default=0) or None for name in ("pid", "gid"))
    percent = fields.whole("percent", default=0) or None
    price = fields.cents_or_none("pris", "price")
    return OfferLine(product, group, fields.whole("amount", default=1), price, percent)
