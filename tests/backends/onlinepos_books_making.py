"""Sales for an OnlinePOS, whose books are orders or stock."""

from __future__ import annotations

from typing import Any

from terminal.core.facts import EntryKind
from terminal.core.payload import Payload, Sold
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.tickets import Line, Method, Payment, Purchase, TicketSale
from terminal.core.value import replace
from terminal.sandbox.onlinepos.things import Effect
from tests.backends.making import entry
from tests.backends.onlinepos_wallet_making import moment
from tests.sandbox.shop import Shop

KEY = "7f3a9c51-kiosk-0001"
ORDERS = "external/makeorder"


def of(
    payload: Payload | None, kind: EntryKind = EntryKind.SALE, key: str = KEY, at: Stamp | None = None
) -> Entry:
    """Return an entry that is about to be sent for the first time."""
    made = entry(key, kind, uid=None, pieces=(), amount=0, description="Kaffe")
    refers_to = "debit-0042" if kind is EntryKind.RECORD else None
    return replace(made, payload=payload, refers_to=refers_to, created=at or moment(0))


def tickets(*lines: Line, rounding: int = 0, code: str = "K1234567") -> TicketSale:
    """Return a sale for cash."""
    total = sum(line.total for line in lines)
    paid = Payment(Method.CASH, total + rounding)
    return TicketSale(Purchase(code, "", "test"), 3, lines, (paid,), rounding=rounding)


def coffee(*lines: Line, back: bool = False) -> Sold:
    """Return what a wallet paid for, or got back."""
    bought = lines or (Line(1, "Stor kaffe", 2, 2995),)
    paid = Payment(Method.WALLET, sum(line.total for line in bought), reference="debit-0042")
    return Sold(bought, (paid,), moment(0), back)


def recorded(*lines: Line, back: bool = False) -> Entry:
    """Return the record of ``coffee``."""
    return of(coffee(*lines, back=back), EntryKind.RECORD)


def made(shop: Shop) -> list[Effect]:
    """Return what took effect by calls, in order."""
    return list(shop.pos.store.effects())


def cart(shop: Shop, number: int = -1) -> list[tuple[int, int, int, int]]:
    """Return product, pieces, price of the line and indentation of an order that the server took."""
    body = body_of(shop, number)
    return [
        (each["productId"], each["amount"], round(each["price"] * 100), each["indentation"])
        for each in body["cart"]
    ]


def body_of(shop: Shop, number: int = -1) -> dict[str, Any]:
    """Return an order as the server took it."""
    return shop.pos.store.orders()[number]
