"""What Kensium POS answers, as checked values. Pure; to the ends of lists: ``kensium.paging``.

Ids stay texts: they have leading zeros. Amounts travel as quoted decimals and are cents only where they are
whole ones: nothing is ever rounded. What is not known of an answer is passed over.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Generic, Self, TypeVar

import msgspec
from msgspec import Meta

from terminal.core.value import Value

_T = TypeVar("_T", bound="Row")
_AT = re.compile(r" - at `\$\.?([^`]*)`$")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,10})?")
_MOST_DIGITS = 40
_MOST = 10**16
"""Amounts from here on are a mistake; below, all digits fit into the precision of decimal's arithmetic."""
_Id = Annotated[str, Meta(max_length=200, pattern=r"\A[!-~](?:[ -~]*[!-~])?\Z")]
"""By this the server is asked again later: it is kept as it stands, so it must be one that can be."""


class Unreadable(Exception):  # noqa: N818 - an outcome of reading, not a fault of the program
    """What the server sent is not what its pages say; one sentence says what was found and where."""


class Amount(Decimal):
    """An amount, a price or a quantity, exactly as it was written."""

    @classmethod
    def read(cls, found: object) -> Self:
        """Return the amount of a JSON value: a quoted decimal, or a number.

        Raises:
            ValueError: It is none.
        """
        written = found if isinstance(found, str) else ""
        if isinstance(found, int | Decimal) and not isinstance(found, bool):
            number = Decimal(found)
            # Else a few characters would fill all memory, written out.
            if max(abs(number.adjusted()), len(number.as_tuple().digits)) <= _MOST_DIGITS:
                written = format(number, "f")
        if not _DECIMAL.fullmatch(written):
            raise ValueError("Expected a decimal number")
        return cls(written)

    @property
    def cents(self) -> int:
        """The amount in whole cents.

        Raises:
            Unreadable: It is none: nothing is ever rounded here.
        """
        if abs(self) >= _MOST:
            raise Unreadable(f"found the amount {self}; expected one below {_MOST}")
        cents = Decimal(self).scaleb(2)
        if cents != cents.to_integral_value():
            raise Unreadable(f"found the amount {self}; expected whole cents")
        return int(cents)


class Row(Value, frozen=True, rename="camel", kw_only=True):
    """Base of what stands in a list, or in an answer to a change."""

    @property
    def key(self) -> tuple[str | None, ...]:
        """By what it is known again when it comes again: who keeps it replaces it by that."""
        return (getattr(self, "id", None),)


class Environment(Row, frozen=True, kw_only=True):
    """What a server is [its fields are assumed]."""

    version: str | None = None
    utc_now: str | None = None
    currency: str | None = None


class Phone(Row, frozen=True, kw_only=True):
    """A telephone number as somebody wrote it."""

    raw: str | None = None


class Customer(Row, frozen=True, kw_only=True):
    """A customer."""

    id: str
    member_id: str | None = None
    status: str | None = None
    full_name: str | None = None
    phone: Phone | None = None


class Stock(Row, frozen=True, kw_only=True):
    """Price and stock of an item in a warehouse."""

    sku: str
    warehouse_code: str
    base_price: Amount | None = None
    quantity_available: Amount | None = None

    @property
    def key(self) -> tuple[str | None, ...]:
        """Warehouse and item."""
        return (self.warehouse_code, self.sku)


class Item(Row, frozen=True, kw_only=True):
    """An item."""

    sku: str
    name: str | None = None
    long_name: str | None = None
    sale_uom: str | None = None
    stock_uom: str | None = None
    warehouses: tuple[Stock, ...] | None = None

    @property
    def key(self) -> tuple[str | None, ...]:
        """The stock keeping unit."""
        return (self.sku,)


class SerialLot(Row, frozen=True, kw_only=True):
    """A serial number or lot [of its fields nothing is told]."""

    sku: str | None = None
    warehouse_code: str | None = None
    serial_lot_nbr: str | None = None

    @property
    def key(self) -> tuple[str | None, ...]:
        """Warehouse, item and number."""
        return (self.warehouse_code, self.sku, self.serial_lot_nbr)


class Location(Row, frozen=True, kw_only=True):
    """A place that sells [its fields are assumed]."""

    code: str | None = None
    name: str | None = None

    @property
    def key(self) -> tuple[str | None, ...]:
        """The code."""
        return (self.code,)


class Thing(Row, frozen=True, kw_only=True):
    """Something of which only the name is told: product, productBanner and so on."""


class Sale(Row, frozen=True, kw_only=True):
    """A sale of a register; its date may be a local one that is told as UTC."""

    id: str
    register_code: str | None = None
    tran_no: str | None = None
    customer_id: str | None = None
    sale_date: str | None = None


class Code(Row, frozen=True, kw_only=True):
    """A code of a gift card. Its repr does not show it."""

    code: str | None = None
    code_type: str | None = None
    id: str | None = None
    expires_on: str | None = None
    is_masked: bool | None = None

    def __repr__(self) -> str:
        return f"Code(id={self.id!r}, code_type={self.code_type!r})"


class GiftCard(Row, frozen=True, kw_only=True):
    """A gift card; one that was just made or changed tells no balance."""

    id: _Id
    member_id: str | None = None
    balance: Amount | None = None
    codes: tuple[Code, ...] | None = None


class GiftCardTrans(Row, frozen=True, kw_only=True):
    """A movement of funds, and the balance after it."""

    id: _Id
    balance: Amount | None = None
    giftcard_id: str | None = None
    status: str | None = None


class Purchased(Row, frozen=True, kw_only=True):
    """A purchase that was recorded."""

    id: _Id


class Paid(Row, frozen=True, kw_only=True):
    """A payment at a card terminal."""

    id: _Id | None = None
    status: str | None = None
    amount: Amount | None = None


class Failure(Row, frozen=True, kw_only=True):
    """Why a payment at a card terminal came to nothing."""

    code: str | None = None
    message: str | None = None


class Continuation(Row, frozen=True, kw_only=True):
    """That a payment goes on, and for how long to wait before the next question."""

    id: _Id | None = None
    wait_milliseconds: int | None = None


class PaymentStep(Row, frozen=True, kw_only=True):
    """The answer to a step of a payment: exactly one of the three."""

    payment: Paid | None = None
    error: Failure | None = None
    continuation: Continuation | None = None

    def __post_init__(self) -> None:
        """Refuse an answer that says more, or less."""
        if [self.payment, self.error, self.continuation].count(None) != 2:  # noqa: PLR2004 - one of three
            raise ValueError("Expected exactly one of payment, error and continuation")


class Page(Value, Generic[_T], frozen=True):
    """A piece of a list.

    Attributes:
        rows: What is in it.
        more: Whether something follows.
        until: Where the next reading begins; None: the server did not say.
        limited: Whether a part is hidden, because the permissions do not go so far.
        gaps: Whether the list, or a row of it, is null: it could not be told.
    """

    rows: tuple[_T, ...]
    more: bool = False
    until: str | None = None
    limited: bool = False
    gaps: bool = False


class _Wrapper(Value, frozen=True, rename="camel"):
    results: list[Any] | None = None
    has_more_results: bool | None = None
    until: str | None = None
    limited_by_permission: bool | None = None


_ROWS = (Environment, Customer, Stock, Item, SerialLot, Location, Thing, Sale, GiftCard, GiftCardTrans)
_KINDS = (*_ROWS, Purchased, PaymentStep, _Wrapper)


def _hook(kind: type[Any], found: Any) -> Any:
    if issubclass(kind, Amount):
        return kind.read(found)
    raise NotImplementedError  # msgspec has it told as a fault of the program


# msgspec learns a class at its first use, and two threads that are first at once would end the process.
_learnt = [msgspec.json.Decoder(kind, dec_hook=_hook) for kind in _KINDS]


def read(kind: type[_T], found: Any) -> _T:
    """Return *found*, a JSON value, as a *kind*.

    Raises:
        Unreadable: A field that it needs is missing, or one is of another type.
    """
    row: _T = _converted(kind, found)
    return row


def read_page(kind: type[_T], found: Any) -> Page[_T]:
    """Return the page of a list query, its rows as *kind*. Null is a page with nothing in it.

    Raises:
        Unreadable: It is no page, or a row cannot be read.
    """
    if found is None:
        return Page((), gaps=True)
    told: _Wrapper = _converted(_Wrapper, found)
    rows = tuple(read(kind, each) for each in told.results or () if each is not None)
    gaps = told.results is None or None in told.results
    return Page(rows, bool(told.has_more_results), told.until, bool(told.limited_by_permission), gaps)


def _converted(kind: type[Any], found: Any) -> Any:
    try:
        return msgspec.convert(found, kind, dec_hook=_hook)
    except msgspec.ValidationError as error:
        words = str(error)
        at = _AT.search(words)
        where = f" at {at[1]}" if at and at[1] else ""
        name = kind.__name__.strip("_").lower()
        why = _AT.sub("", words).replace("`", "")
        raise Unreadable(f"found a {name} that cannot be read{where}: {why}") from None
