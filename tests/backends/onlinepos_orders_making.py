"""Orders of others beside ours at an OnlinePOS, and ours whose answers are lost."""

from __future__ import annotations

from typing import Any

from terminal.backends.onlinepos.adapter import OnlinePosServer
from terminal.core.delivery import Outcome
from terminal.core.facts import EntryKind
from terminal.core.reconcile_evidence import Evidence
from terminal.core.records import Entry
from terminal.core.tickets import Line
from terminal.sandbox import Fault
from terminal.sandbox.onlinepos import things
from tests.backends.making import ENOUGH_S
from tests.backends.onlinepos_books_making import ORDERS, coffee, of, recorded
from tests.backends.onlinepos_wallet_making import moment, tried
from tests.sandbox.shop import FIRMAID, Shop

LOST_BEFORE = Fault(kind="drop", path=ORDERS, count=1)
LOST_AFTER = Fault(kind="drop", path=ORDERS, after=True, count=1)
OURS: dict[str, Any] = {"department": "Kiosk 1"}
COFFEE = ((1, 2, 5000), (2, 2, 990))


def another(shop: Shop, *lines: tuple[int, int, int], department: str = "Bar", ago_s: int = 0) -> None:
    """Let somebody else sell product, pieces, and price of the line."""
    store, at = shop.pos.store, shop.clock() - ago_s * 1000
    number, order = store.count("ordernumber", 1000), store.count("order", 15_000_001)
    sold = [
        things.Line(
            id=store.count("line", 23_000_001),
            order=order,
            number=number,
            firmaid=FIRMAID,
            product=product,
            name="P",
            count=pieces,
            price=price,
            vat=2500,
            payment="Kontant",
            ordered_ms=at,
            paid_ms=at,
            department=department,
        )
        for product, pieces, price in lines
    ]
    store.add_order(number, {}, sold)


def proven(shop: Shop, pos: OnlinePosServer) -> None:
    """Make an order, and see it in the export as it was sent."""
    tried(pos, of(coffee(Line(2, "Mælk", 1, 777)), EntryKind.RECORD, "k0"))
    asked(shop, pos)


def lost(shop: Shop, pos: OnlinePosServer, fault: Fault) -> Entry:
    """Send an order whose answer does not come, to a server that is known to list what it takes."""
    proven(shop, pos)
    shop.pos.faults.set(fault)
    sent, answer = tried(pos, recorded())
    assert answer.outcome is Outcome.UNKNOWN
    shop.pos.faults.clear()
    return sent


def asked(shop: Shop, pos: OnlinePosServer) -> tuple[list[int], bool]:
    """Return the orders that stand beside a try, and whether there may be older ones."""
    found = pos.evidence(recorded(), None, moment(0), ENOUGH_S)
    assert isinstance(found, Evidence)
    assert found.listing is not None
    return [each.number or 0 for each in found.listing.items], found.listing.cut
