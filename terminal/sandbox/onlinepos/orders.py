"""Orders from outside: checked against both checksums, numbered, and turned into lines of a sale."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from terminal.httpd import Response
from terminal.sandbox.onlinepos.call import Call, Invalid
from terminal.sandbox.onlinepos.print import element, hundredths, is_day, text
from terminal.sandbox.onlinepos.store import OnlinePosStore
from terminal.sandbox.onlinepos.things import Company, Line, Product, Thing

HHMM = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_FIRST_NUMBER, _FIRST_ORDER, _FIRST_LINE = 1000, 15_000_001, 23_000_001
_DELIVERY = ("address", "zipCode", "city", "deliveryTime")


class CartLine(Thing, frozen=True):
    """A line of the cart; *price* is that of the line."""

    productId: int  # noqa: N815 - its name on the wire
    amount: int
    price: int | float
    indentation: int = 0
    lineOption: Literal[0, 1, 2, 3] = 0  # noqa: N815 - its name on the wire
    vatRate: int | float | None = None  # noqa: N815 - its name on the wire


class Order(Thing, frozen=True):
    """The body of makeorder."""

    name: str
    phone: str
    email: str
    pickupTime: str  # noqa: N815 - its name on the wire
    priceChecksum: str  # noqa: N815 - its name on the wire
    amountChecksum: int  # noqa: N815 - its name on the wire
    cart: list[CartLine]
    forDelivery: Literal[0, 1] = 0  # noqa: N815 - its name on the wire
    address: str | None = None
    zipCode: int | None = None  # noqa: N815 - its name on the wire
    city: str | None = None
    deliveryTime: str | None = None  # noqa: N815 - its name on the wire
    pax: int = 0
    pickupDate: int | None = None  # noqa: N815 - its name on the wire
    paid: Literal[0, 1] = 0
    type: Literal[1, 2, 3] = 1
    shopId: int | None = None  # noqa: N815 - its name on the wire
    displayOrderNo: str | None = None  # noqa: N815 - its name on the wire
    note: str = ""
    kdsTime: str | None = None  # noqa: N815 - its name on the wire
    table: int | None = None
    floor: int | None = None
    parkOnTable: bool = False  # noqa: N815 - its name on the wire
    tips: int | float = 0
    lineSeparation: int = 0  # noqa: N815 - its name on the wire
    paymentType: Literal["Online", "App"] = "Online"  # noqa: N815 - its name on the wire


_order = msgspec.json.Decoder(Order)


class Booked(NamedTuple):
    """A line that breaks no rule; *price*: hundredths, of the line; *rate*: its VAT per thousand percent."""

    product: Product
    amount: int
    price: int
    rate: float | None


def book(
    call: Call, shop: Company, booked: list[Booked], *, body: dict[str, Any], payment: str, paid: bool,
    pax: int = 0, table: str = "",
) -> int:  # fmt: skip
    """Keep an order of *shop* as it came (*body*), and its lines; return its number."""
    number = call.store.count("ordernumber", _FIRST_NUMBER)
    id_ = call.store.count("order", _FIRST_ORDER)
    lines = [
        Line(
            id=call.store.count("line", _FIRST_LINE),
            order=id_,
            number=number,
            firmaid=shop.firmaid,
            product=each.product.id,
            name=each.product.name,
            count=each.amount,
            price=each.price,
            vat=each.product.vat if each.rate is None else round(each.rate * 100_000),
            payment=payment,
            ordered_ms=call.now_ms,
            paid_ms=call.now_ms if paid else None,
            pax=pax,
            table=table,
            department=shop.department,
        )
        for each in booked
    ]
    call.store.add_order(number, body, lines)
    return number


def make_order(call: Call) -> Response:
    """POST /external/makeorder: no stock and no card is changed by it. No hash; a repeat is another order."""
    try:
        order = call.body(_order)
        shop = _checked(call, order)
        prices = _sums(call, order)
        booked = [
            Booked(known_product(call, each.productId), each.amount, price, each.vatRate)
            for each, price in zip(order.cart, prices, strict=True)
        ]
    except Invalid as error:
        return _answer(call, {"status": "ERROR", "error": str(error)})
    number = book(
        call,
        shop,
        booked,
        body=msgspec.to_builtins(order),
        payment=order.paymentType,
        paid=bool(order.paid),
        pax=order.pax,
        table="" if order.table is None else str(order.table),
    )
    shown = {} if order.displayOrderNo is None else {"displayOrderNo": order.displayOrderNo}
    call.took_effect(sum(prices), ordernumber=str(number), **shown)
    return _answer(call, {"status": "OK", "ordernumber": str(number)})


def _answer(call: Call, told: dict[str, str]) -> Response:
    return call.answer(told, lambda: element("order", *(text(name, value) for name, value in told.items())))


def _checked(call: Call, order: Order) -> Company:
    """Return the company that the order is for.

    Raises:
        Invalid: The order breaks a rule.
    """
    for name in ("name", "phone", "email", "cart"):
        if not getattr(order, name):
            raise Invalid(f"The {name} field is required")
    if order.forDelivery:
        for name in _DELIVERY:
            if getattr(order, name) in (None, ""):
                raise Invalid(f"The {name} field is required when forDelivery is 1")
    for name in ("pickupTime", "deliveryTime", "kdsTime"):
        value = getattr(order, name)
        if value is not None and not HHMM.fullmatch(value):
            raise Invalid(f"The {name} field is invalid")
    if order.pickupDate is not None and not is_day(str(order.pickupDate)):
        raise Invalid("The pickupDate field is invalid")
    if order.parkOnTable:
        if order.paid:
            raise Invalid("parkOnTable cannot be used on a paid order")
        if order.table not in call.company.tables:
            raise Invalid("The table field is invalid")
    shop = call.company if order.shopId is None else call.store.thing(Company, order.shopId)
    if shop is None:
        raise Invalid("The shopId field is invalid")
    return shop


def known_product(call: Call, id_: int) -> Product:
    """Return a product. Raises Invalid if there is none."""
    product = call.store.thing(Product, id_)
    if product is None:
        raise Invalid(f"Product {id_} was not found")
    return product


def _sums(call: Call, order: Order) -> list[int]:
    """Return the prices of the lines, which have to make up the checksums.

    Raises:
        Invalid: They do not.
    """
    try:
        prices = [hundredths(each.price) for each in order.cart]
        tips = hundredths(order.tips)
        given = hundredths(order.priceChecksum)
    except ValueError:
        raise Invalid("A price is invalid") from None
    if any(each.amount < 1 or each.indentation < 0 for each in order.cart) or tips < 0:
        raise Invalid("The cart field is invalid")
    sums = {"cart": sum(prices), "cart and tips": sum(prices) + tips, "unchecked": given}
    if given != sums[call.rules.price_checksum]:
        raise Invalid("Price checksum does not match")
    counts = {
        "lines": len(order.cart),
        "outer lines": len([each for each in order.cart if each.indentation == 0]),
        "pieces": sum(each.amount for each in order.cart),
        "unchecked": order.amountChecksum,
    }
    if order.amountChecksum != counts[call.rules.amount_checksum]:
        raise Invalid("Amount checksum does not match")
    return prices


def pay(store: OnlinePosStore, number: int, now_ms: int) -> bool:
    """Let staff take the money for an order; False: there is none of that number that is unpaid."""
    with store.transaction():
        open_ = [each for each in store.lines() if each.number == number and each.paid_ms is None]
        for line in open_:
            store.save_line(replace(line, paid_ms=now_ms))
    return bool(open_)
