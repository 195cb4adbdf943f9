"""Orders for OnlinePOS: what external/makeorder takes, with the two checksums that it wants. Pure.

It knows no tender of coins and no key of ours: an order that may have arrived is looked for in the sales
(``onlinepos.sales``), where none of our references stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from terminal.backends.onlinepos.reading import Fields
from terminal.backends.onlinepos.values import Unreadable, amount, amount_text, day_text
from terminal.backends.onlinepos.wire import JSON, MULTIPART, Call, Request
from terminal.core.value import Value

Checksum = Literal["lines", "pieces"]

TYPES = {"takeaway": 1, "kiosk": 2, "app": 3}

NORMAL: Final = 0
WITHOUT: Final = 1
WITH: Final = 2
NOT_IN_KITCHEN: Final = 3
"""How a line is printed for the kitchen: as it is; behind "uden" or "med"; not at all."""

_MINUTE = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")
_PER_MILLE = 1000


class Line(Value, frozen=True):
    """A line of a cart.

    Attributes:
        price: In cents, of the whole line.
        indentation: More than 0: it belongs to the line above, as a choice or a part of it [assumed].
        vat_percent: Such as 25; None: what the product has.
    """

    product: int
    amount: int
    price: int
    indentation: int = 0
    option: Literal[0, 1, 2, 3] = 0
    vat_percent: Decimal | None = None


class Delivery(Value, frozen=True):
    """Where an order is brought to, and when (``hh:mm``)."""

    address: str
    zip_code: int
    city: str
    time: str


class Order(Value, frozen=True):
    """An order; times are ``hh:mm`` in Denmark. Its repr tells nothing of the person.

    Attributes:
        reference: Ours; it stands on the kitchen's screen, and in no export.
        tips: In cents; not in the checksum [assumed].
        separate: Whether all lines stand for themselves, however they are indented.
        shop: Another company than ours.
    """

    name: str
    phone: str
    email: str
    pickup_time: str
    lines: tuple[Line, ...]
    paid: bool = False
    kind: Literal["takeaway", "kiosk", "app"] = "kiosk"
    pickup_date: date | None = None
    reference: str = ""
    note: str = ""
    payment: Literal["Online", "App"] = "Online"
    tips: int = 0
    people: int | None = None
    table: int | None = None
    floor: int | None = None
    park_on_table: bool = False
    separate: bool = False
    shop: int | None = None
    kitchen_time: str = ""
    delivery: Delivery | None = None

    def __repr__(self) -> str:
        return f"Order({len(self.lines)} lines, {self.total} cents, reference={self.reference!r})"

    @property
    def total(self) -> int:
        """What its lines cost together, in cents."""
        return sum(line.price for line in self.lines)

    def body(self, checksum: Checksum) -> dict[str, Any]:
        """Return what is sent.

        Args:
            checksum: What ``amountChecksum`` counts: lines, or the pieces on them.

        Raises:
            ValueError: The order is none that the server takes; one sentence says why.
        """
        self._check()
        counted = len(self.lines) if checksum == "lines" else sum(line.amount for line in self.lines)
        return {
            "name": self.name,
            "phone": self.phone,
            "email": self.email,
            "pickupTime": self.pickup_time,
            "priceChecksum": amount_text(self.total),
            "amountChecksum": counted,
            **self._delivered(),
            "paid": int(self.paid),
            "type": TYPES[self.kind],
            "cart": [_line(each) for each in self.lines],
            "paymentType": self.payment,
            **{name: value for name, value in self._optional().items() if value is not None},
        }

    def _delivered(self) -> dict[str, Any]:
        to = self.delivery
        if to is None:
            return {"forDelivery": 0}
        place = {"address": to.address, "zipCode": to.zip_code, "city": to.city, "deliveryTime": to.time}
        return {"forDelivery": 1, **place}

    def _optional(self) -> dict[str, Any]:
        return {
            "pax": self.people,
            "pickupDate": None if self.pickup_date is None else int(day_text(self.pickup_date)),
            "shopId": self.shop,
            "displayOrderNo": self.reference or None,
            "note": self.note or None,
            "kdsTime": self.kitchen_time or None,
            "table": self.table,
            "floor": self.floor,
            "parkOnTable": self.park_on_table or None,
            "tips": amount(self.tips) if self.tips else None,
            "lineSeparation": int(self.separate) or None,
        }

    def _check(self) -> None:
        if not self.lines:
            raise ValueError("an order has at least one line")
        if any(line.amount < 1 or line.indentation < 0 for line in self.lines):
            raise ValueError("a line of an order has at least one piece, and no negative indentation")
        if self.lines[0].indentation and not self.separate:
            raise ValueError("the first line of an order belongs to none above it")
        times = [self.pickup_time, self.kitchen_time or "00:00"]
        times += [self.delivery.time] if self.delivery else []
        if not all(_MINUTE.fullmatch(each) for each in times):
            raise ValueError("the times of an order are hh:mm")
        if not (self.name and self.phone and self.email):
            raise ValueError("an order has a name, a phone number and an e-mail address")
        if self.park_on_table and (self.paid or self.table is None):
            raise ValueError("only an order for a table that is not paid can be parked on it")


def make(order: Order, checksum: Checksum = "lines") -> Call[str]:
    """Send an order; a repeat is another one. Answers its number.

    Raises:
        ValueError: As ``Order.body``.
    """
    body = order.body(checksum)
    return Call(Request("POST", "external/makeorder", body=body, kind=JSON), _made)


def make_takeaway(fields: dict[str, str], lines: Sequence[Line]) -> Call[str]:
    """Send an order by the old call, which the page wants nobody to begin with: for servers that have no other.

    Args:
        fields: Of the form, as the page names them, without ``cart``.
        lines: The cart.
    """
    import msgspec  # noqa: PLC0415 - for this call only

    cart = [
        {
            "productId": each.product,
            "amount": each.amount,
            "price": amount(each.price),
            "indent": each.indentation,
        }
        for each in lines
    ]
    text = msgspec.json.Encoder(decimal_format="number").encode({"cart": cart}).decode()
    return Call(Request("POST", "taw/makeOrdre", body={**fields, "cart": text}, kind=MULTIPART), _made)


def _line(line: Line) -> dict[str, Any]:
    told: dict[str, Any] = {
        "productId": line.product,
        "indentation": line.indentation,
        "amount": line.amount,
        "price": amount(line.price),
        "lineOption": line.option,
    }
    if line.vat_percent is not None:
        told["vatRate"] = line.vat_percent / _PER_MILLE
    return told


def _made(found: Any) -> str:
    fields = Fields(found, "the answer of an order")
    status, number = fields.text("status"), fields.text("ordernumber")
    if status.upper() != "OK" or not number:
        raise Unreadable(f"found the status {status[:40]!r} and no number of an order; expected OK with one")
    return number
