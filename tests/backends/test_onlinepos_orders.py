"""Orders as OnlinePOS takes them, and those that it would not."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from terminal.backends.onlinepos import orders
from terminal.backends.onlinepos.orders import Delivery, Line, Order
from terminal.backends.onlinepos.wire import JSON, Request, Signing, compose
from tests.backends.onlinepos_making import MINE, ORDER

SIGNING = Signing()


def body(request: Request) -> Any:
    """Return the JSON that is sent."""
    sent = compose(request, MINE, SIGNING)
    assert sent.headers["Content-Type"].startswith(JSON)
    return json.loads(sent.content or b"")


@pytest.mark.parametrize(("checksum", "counted"), [("lines", 3), ("pieces", 4)])
def test_an_order_has_both_checksums(checksum: Any, counted: int) -> None:
    lines = (Line(1, 2, 5000), Line(2, 1, 1250, indentation=1, option=orders.WITH), Line(3, 1, 0, 1))
    order = Order("a", "1", "a@b", "10:00", lines, reference="5000", table=0, tips=250)
    sent = body(orders.make(order, checksum).request)
    assert (sent["priceChecksum"], sent["amountChecksum"]) == ("62.5", counted)
    assert (sent["displayOrderNo"], sent["table"], sent["tips"]) == ("5000", 0, 2.5)
    assert sent["cart"][1] == {"productId": 2, "indentation": 1, "amount": 1, "price": 12.5, "lineOption": 2}
    assert not {"note", "pax", "kdsTime", "shopId", "parkOnTable", "lineSeparation", "address"} & sent.keys()


def test_an_order_is_sent_as_the_page_shows_it() -> None:
    line = Line(235_931, 1, 5000, option=1, vat_percent=Decimal(25))
    order = Order(
        "Python Test", "88888885", "sn@example.org", "10:00", (line,), paid=True, kind="takeaway", people=1,
        pickup_date=date(2020, 2, 24), shop=9000, reference="5000", note="No peanuts", kitchen_time="10:00",
        delivery=Delivery("testvej 1", 8920, "Randers", "10:00"),
    )  # fmt: skip
    assert body(orders.make(order).request) == {
        "name": "Python Test", "phone": "88888885", "email": "sn@example.org", "pickupTime": "10:00",
        "priceChecksum": "50", "amountChecksum": 1, "forDelivery": 1, "address": "testvej 1", "zipCode": 8920,
        "city": "Randers", "deliveryTime": "10:00", "pax": 1, "pickupDate": 20_200_224, "paid": 1, "type": 1,
        "cart": [{"productId": 235_931, "indentation": 0, "amount": 1, "price": 50, "lineOption": 1,
                  "vatRate": 0.025}],
        "shopId": 9000, "displayOrderNo": "5000", "note": "No peanuts", "kdsTime": "10:00",
        "paymentType": "Online",
    }  # fmt: skip
    assert "Python" not in repr(order)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lines": ()}, "at least one line"),
        ({"lines": (Line(1, 0, 0),)}, "at least one piece"),
        ({"lines": (Line(1, 1, 0, 1),)}, "none above it"),
        ({"pickup_time": "24:00"}, "hh:mm"),
        ({"kitchen_time": "8:00"}, "hh:mm"),
        ({"phone": ""}, "a phone number"),
        ({"park_on_table": True, "table": 5}, "not paid"),
        ({"park_on_table": True, "paid": False}, "not paid"),
    ],
)
def test_an_order_that_the_server_would_not_take_is_not_sent(change: dict[str, Any], words: str) -> None:
    fields = {name: getattr(ORDER, name) for name in ORDER.__struct_fields__}
    with pytest.raises(ValueError, match=words):
        orders.make(Order(**{**fields, **change}))


def test_the_old_order_goes_as_parts_of_a_form() -> None:
    sent = compose(orders.make_takeaway({"name": "Bo"}, [Line(7, 2, 1250)]).request, MINE, SIGNING)
    kind, _, boundary = sent.headers["Content-Type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    first, second, end = (sent.content or b"").decode().split(f"--{boundary}")[1:]
    assert first == '\r\nContent-Disposition: form-data; name="name"\r\n\r\nBo\r\n'
    head, _, cart = second.partition("\r\n\r\n")
    assert head == '\r\nContent-Disposition: form-data; name="cart"'
    assert json.loads(cart) == {"cart": [{"productId": 7, "amount": 2, "price": 12.5, "indent": 0}]}
    assert end == "--\r\n"
