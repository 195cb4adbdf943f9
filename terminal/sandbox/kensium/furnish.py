"""A tenant to begin with: a store, items with prices and stock in it, a customer, and gift cards for tokens."""

from __future__ import annotations

from collections.abc import Sequence

from terminal.sandbox.kensium.rules import money
from terminal.sandbox.kensium.server import Kensium
from terminal.sandbox.onslip.furnish import Held, Sold

CLIENT = "terminal"
"""The id of the application that a terminal is."""

STORE = "MAIN"
"""The code of the one store, and of its warehouse."""

_SOLD = (Sold("COFFEE", "Coffee", 250), Sold("TEA", "Tea", 200))
_HELD = (Held("04A1B2C3D4E5F6", 100_00),)
_CUSTOMER = {
    "id": "02499497793190625396",
    "memberId": "000010049",
    "status": "ACTIVE",
    "fullName": "Max Mustermann",
    "phone": {"raw": "555 0100", "normalized": "5550100"},
}


def furnish(
    kensium: Kensium, client: tuple[str, str], *, sold: Sequence[Sold] = (), held: Sequence[Held] = ()
) -> None:
    """Let *client* do everything, and know what a terminal needs. What is there already stays.

    Args:
        kensium: The server.
        client: Id and secret.
        sold: Items, in place of those of the same id; none: two drinks, if there are no items.
        held: Gift cards for tokens that have none; none: one, if there are no gift cards.
    """
    with kensium.store.transaction():
        kensium.add_application(*client)
        if not kensium.store.records("location"):
            kensium.know("location", [{"code": STORE, "name": "Main store"}])
        if not kensium.store.records("customer"):
            kensium.know("customer", [_CUSTOMER])
        if sold or not kensium.store.records("item"):
            _sell(kensium, sold or _SOLD)
        cards = kensium.wallets.cards()
        for each in held or (() if cards else _HELD):
            if not kensium.wallets.found(each.token.lower(), "PHYSICAL"):
                kensium.add_card(each.token.lower(), each.balance)


def _sell(kensium: Kensium, sold: Sequence[Sold]) -> None:
    """Know items; one that is known like that is not modified."""
    for each in sold:
        sku = str(each.id)
        item = {"sku": sku, "name": each.name, "longName": each.name, "saleUom": "EACH", "stockUom": "EACH"}
        stock = {"warehouseCode": STORE, "sku": sku, "basePrice": money(each.price), "quantityAvailable": "100"}
        for kind, id_, body in (("item", sku, item), ("itemWarehouse", f"{STORE}/{sku}", stock)):
            known = kensium.store.record(kind, id_)
            if known is None or known.body != body:
                kensium.know(kind, [body])
