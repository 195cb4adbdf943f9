"""What is taken away: the list that says what is sold out, shops, times, and the old call for orders."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from terminal.httpd import Response
from terminal.sandbox.onlinepos.call import Call, Invalid
from terminal.sandbox.onlinepos.orders import HHMM, Booked, book, known_product
from terminal.sandbox.onlinepos.print import dot, hundredths, is_day, local, whole
from terminal.sandbox.onlinepos.things import Company, Page, Product, ProductGroup, Thing

_DEEPEST = 8
_OPENS, _CLOSES = 10, 22
_EMPTY = {
    "name": "Name empty",
    "phone": "Phone empty",
    "email": "Email empty",
    "cart": "Cart empty",
    "pickup_time": "Pickup time empty",
}
_DELIVERY = {"address": "Address empty", "postcode": "Postcode empty", "city": "City empty"}
_TIMES = ("pickup_time", "delivery_time", "kds_time")


# -- read --------------------------------------------------------------------------------------------------


def products(call: Call) -> Response:
    """GET /taw/products, JSON only: the one list that says what is sold out."""
    known = {each.id: each for each in call.store.things(Product)}
    pages = {each.id: each for each in call.store.things(Page)}

    def shown(product: Product, depth: int = 0) -> dict[str, Any]:
        page = pages.get(product.page or 0)
        inner = [] if page is None or depth >= _DEEPEST else [known[i] for i in page.options if i in known]
        chosen = page.default if page else ()
        return {
            "id": product.id,
            "name": product.name,
            "price": dot(product.price),
            "soldout": int(product.soldout),
            "multi": int(bool(product.split)),
            "description": product.description,
            "type": "product",
            "max": page.max if page else 0,
            "min": page.min if page else 0,
            "options": [shown(each, depth + 1) | {"default": int(each.id in chosen)} for each in inner],
        }

    groups = [
        {
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "products": [shown(each) for each in known.values() if each.group == group.id],
        }
        for group in call.store.things(ProductGroup)
    ]
    return Response.json({"groups": groups})


def shops(call: Call) -> Response:
    """GET /taw/shops, JSON only."""
    shown = [
        {
            "id": each.firmaid,
            "name": each.name,
            "address": each.address,
            "postcode": each.postcode,
            "city": each.city,
        }
        for each in call.store.things(Company)
    ]
    return Response.json({"shops": shown})


def timeslots(call: Call) -> Response:
    """GET /taw/timeslots/{date?}, JSON only: each quarter of an hour, today if no day is asked for."""
    date = call.params.get("date") or f"{local(call.now_ms):%Y%m%d}"
    if not is_day(date):
        return Response.json({"error": "Input fail!"})
    slots = [f"{hour:02d}:{minute:02d}" for hour in range(_OPENS, _CLOSES) for minute in (0, 15, 30, 45)]
    return Response.json({"date": date, "timeslots": slots})


# -- ordered -----------------------------------------------------------------------------------------------


class CartLine(Thing, frozen=True):
    """A line of the cart, whose numbers the page's sample writes as texts; *price* is that of the line."""

    productId: int | str  # noqa: N815 - its name on the wire
    amount: int | str
    price: int | float | str
    indent: int | str = 0
    vatRate: int | float | None = None  # noqa: N815 - its name on the wire
    lineOption: Literal[0, 1, 2, 3] = 0  # noqa: N815 - its name on the wire


class Cart(Thing, frozen=True):
    """What the field ``cart`` holds."""

    cart: list[CartLine]


_cart = msgspec.json.Decoder(Cart)


def make_order(call: Call) -> Response:
    """POST /taw/makeOrdre, multipart: 201 for an order, 200 for none. A repeat is another order."""
    form = call.multipart
    try:
        shop = _checked(call, form)
        booked = [_line(call, each) for each in _lines(form["cart"])]
    except Invalid as error:
        return Response.json({"error": str(error)})
    number = book(
        call,
        shop,
        booked,
        body=dict(form),
        payment=form.get("paymentType") or "Online",
        paid=form.get("paid") == "1",
        pax=int(form.get("pax") or "0"),
    )
    call.took_effect(sum(each.price for each in booked), ordernumber=str(number))
    return Response.json({"status": "OK", "ordernumber": str(number)}, 201)


def _checked(call: Call, form: dict[str, str]) -> Company:
    """Return the company that the order is for. Raises Invalid if the order breaks a rule."""
    wanted = _EMPTY | (_DELIVERY if form.get("forDelivery") == "1" else {})
    for name, words in wanted.items():
        if not form.get(name):
            raise Invalid(words)
    for name in _TIMES:
        if form.get(name) and not HHMM.fullmatch(form[name]):
            raise Invalid(f"{name} is invalid")
    if form.get("pickup_date") and not is_day(form["pickup_date"]):
        raise Invalid("pickup_date is invalid")
    for name in ("forDelivery", "paid"):
        if form.get(name, "0") not in ("", "0", "1"):
            raise Invalid(f"{name} is invalid")
    if form.get("paymentType", "Online") not in ("", "Online", "App"):
        raise Invalid("paymentType is invalid")
    if form.get("pax") and not whole(form["pax"]):
        raise Invalid("pax is invalid")
    asked = form.get("shopId") or str(call.company.firmaid)
    shop = call.store.thing(Company, asked) if whole(asked) else None
    if shop is None:
        raise Invalid("shopId is invalid")
    return shop


def _lines(written: str) -> list[CartLine]:
    try:
        found = _cart.decode(written)
    except msgspec.DecodeError:
        raise Invalid("Cart is invalid") from None
    if not found.cart:
        raise Invalid("Cart empty")
    return found.cart


def _line(call: Call, line: CartLine) -> Booked:
    product, amount = str(line.productId), str(line.amount)
    if not whole(product) or not whole(amount) or int(amount) < 1 or not whole(str(line.indent)):
        raise Invalid("Cart is invalid")
    try:
        price = hundredths(line.price)
    except ValueError:
        raise Invalid("Cart is invalid") from None
    return Booked(known_product(call, int(product)), int(amount), price, line.vatRate)
