"""What the OnlinePOS server knows of: companies, goods, cards, campaigns. Money is in hundredths, inside."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Id = Annotated[int, Meta(ge=1, le=2**53)]
Text = Annotated[str, Meta(max_length=1000)]
Named = Annotated[str, Meta(min_length=1, max_length=200)]
CARD_TYPES = {1: "Default", 2: "Prepaid", 3: "Gift card"}


class Thing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What has these fields and no others."""


class Company(Thing, frozen=True):
    """Who may ask: its number, its token and its key for hashes.

    Attributes:
        department: The login of its till.
        register: The number of that.
        denied: Calls that it may not make.
    """

    firmaid: Id
    token: Named
    key: Named
    name: Text = "Company"
    department: Text = "Kiosk 1"
    address: Text = ""
    postcode: Text = ""
    city: Text = ""
    register: Id = 1
    denied: tuple[str, ...] = ()
    tables: tuple[int, ...] = ()

    def __repr__(self) -> str:
        """Say which one it is, and none of its secrets."""
        return f"Company({self.firmaid})"


class ProductGroup(Thing, frozen=True):
    """A group of products."""

    id: Id
    name: Named
    description: Text = ""


class PriceGroup(Thing, frozen=True):
    """Another price of a product."""

    number: Id
    name: Named
    price: int


class Category(Thing, frozen=True):
    """What a product is listed under."""

    id: Id
    name: Named


class Part(Thing, frozen=True):
    """A part of a split product; *price* is that of the part's line."""

    product: Id
    amount: Annotated[int, Meta(ge=1)]
    price: int


class Ingredient(Thing, frozen=True):
    """What one of a product takes from the stock, in thousandths."""

    stock: Id
    amount: Annotated[int, Meta(ge=1)]


class Product(Thing, frozen=True):
    """A product; *page*: where its choices are; *vat*: hundredths of a percent."""

    id: Id
    name: Named
    price: int
    group: Id
    description: Text = ""
    cost: int = 0
    vat: int = 2500
    categories: tuple[Category, ...] = ()
    eans: Annotated[tuple[Text, ...], Meta(max_length=4)] = ()
    master: int = 0
    price_groups: tuple[PriceGroup, ...] = ()
    split: tuple[Part, ...] = ()
    page: Id | None = None
    soldout: bool = False
    recipe: tuple[Ingredient, ...] = ()

    def ean(self, place: int) -> str:
        """Return the EAN in that place, from 1 on; empty: there is none."""
        return self.eans[place - 1] if place <= len(self.eans) else ""


class Page(Thing, frozen=True):
    """Choices: *price*, if there, is what all chosen cost together."""

    id: Id
    name: Named
    min: Annotated[int, Meta(ge=0)] = 0
    max: Annotated[int, Meta(ge=0)] = 1
    price: int | None = None
    default: tuple[Id, ...] = ()
    options: tuple[Id, ...] = ()


class Reward(Thing, frozen=True):
    """What points are given for, or taken for at a price."""

    product: Id
    points: int
    price: int | None = None


class Campaign(Thing, frozen=True):
    """A campaign; *voucher*: how many points a new voucher of it has."""

    id: Id
    name: Named
    active: bool = True
    type: Literal["amount", "price", "points"] = "points"
    voucher: int = 0
    card_group: int | None = None
    free_split: bool = False
    free_msg: bool = False
    auto_add: bool = False
    info_view: bool = False
    companies: tuple[Id, ...] = ()
    collects: tuple[Reward, ...] = ()
    rewards: tuple[Reward, ...] = ()


class Content(Thing, frozen=True):
    """A line of an offer: a product or a group of them, at a price or a discount in percent."""

    pid: int = 0
    gid: int = 0
    amount: Annotated[int, Meta(ge=1)] = 1
    price: int | None = 0
    percent: int | None = None


class Offer(Thing, frozen=True):
    """A discount family; days from Monday on, and -10000 and the year 1 for no limit, as they are sent."""

    id: Id
    name: Named
    days: Annotated[str, Meta(pattern=r"\A[01_](,[01_]){6}\Z")] = "1,1,1,1,1,1,1"
    pricegroup: int = 0
    prio: int = 0
    dayfrom: str = "0001-01-01"
    dayto: str = "0001-01-01"
    timefrom: int = -10_000
    timeto: int = -10_000
    content: tuple[Content, ...] = ()


class CardGroup(Thing, frozen=True):
    """A group of cards."""

    id: Id
    name: Named


class Stock(Thing, frozen=True):
    """How much of an EAN is there, in thousandths."""

    ean: Named
    amount: int = 0


class StockPlace(Thing, frozen=True):
    """Where a company has stock."""

    id: Id
    name: Named
    firmaid: Id
    main: bool = False


class StockProduct(Thing, frozen=True):
    """What products are made of: *cost* of a unit in hundredths, and thousandths by the id of their place."""

    id: Id
    name: Named
    group: Text = ""
    unit: Text = "stk"
    cost: int = 0
    amounts: dict[str, int] = {}


class Card(Thing, frozen=True):
    """A card. What has digits is a text: zeros stand in front. *id* 0: the next one; *balance*: hundredths."""

    number: Named
    id: Annotated[int, Meta(ge=0)] = 0
    type: Annotated[int, Meta(ge=1, le=3)] = 2
    name: Text = ""
    phone: Text = ""
    email: Text = ""
    debtor: Text = ""
    rfid: Text = ""
    group: int | None = None
    pin: Text = ""
    price_group: int | None = None
    discount: int = 0
    birthday: Text = ""
    eksnr: Text = ""
    balance: int = 0
    deleted: bool = False
    voucher: Text = ""
    valid: tuple[str, str] | None = None
    points: dict[str, int] = {}


class Line(Thing, frozen=True):
    """A line of an order; *price* is that of the line; *paid_ms* None: nobody has paid it yet."""

    id: int
    order: int
    number: int
    firmaid: int
    product: int
    name: str
    count: int
    price: int
    vat: int
    payment: str
    ordered_ms: int
    paid_ms: int | None
    pax: int = 0
    table: str = ""
    card: str | None = None
    department: str = ""


class Movement(Thing, frozen=True):
    """A change of a card's balance."""

    card: str
    kind: str
    amount: int
    at_ms: int
    location: str = ""


class Effect(Thing, frozen=True):
    """Something that a client's call changed; *refs*: how its sender would look for it, by kind."""

    call: str
    refs: dict[str, str]
    amount: int | None
    firmaid: int
    at_ms: int


KINDS: dict[str, type[Thing]] = {
    "company": Company,
    "group": ProductGroup,
    "product": Product,
    "page": Page,
    "campaign": Campaign,
    "offer": Offer,
    "cardgroup": CardGroup,
    "stock": Stock,
    "stockplace": StockPlace,
    "stockproduct": StockProduct,
}
"""What is kept by an id of its own."""

_KEPT: tuple[type[Thing], ...] = (*KINDS.values(), Card, Line, Movement, Effect)
DECODERS: dict[type[Thing], msgspec.json.Decoder[Any]] = {kind: msgspec.json.Decoder(kind) for kind in _KEPT}
"""Made once, here: of two first threads, one would crash."""
