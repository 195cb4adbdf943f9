"""A realm to begin with: a place, a device that nobody is bound to, some goods, ways to pay and a voucher."""

from __future__ import annotations

from typing import Any

from terminal.sandbox.onslip import Onslip
from terminal.sandbox.onslip_hawk import OnslipKey, raw_secret
from terminal.sandbox.onslip_rules import PERMISSIONS

_ENTITIES: dict[str, list[dict[str, Any]]] = {
    "locations": [{"id": 1, "name": "Hall", "address": "Main Street 1"}],
    "tills": [
        {"id": 1, "name": "Kiosk 1", "type": "ordering-device", "location": 1},
        {"id": 2, "name": "Sales of kiosk 1", "type": "external-journal", "location": 1},
    ],
    "product-groups": [
        {"id": 1, "name": "Drinks", "type": "goods", "vat-rate": 12},
        {"id": 2, "name": "Stored value", "type": "liabilities", "vat-rate": 0},
    ],
    "products": [
        {"id": 1, "name": "Coffee", "product-group": 1, "price": 19.5},
        {"id": 2, "name": "Tea", "product-group": 1, "price": 25},
    ],
    "payment-methods": [
        {"id": 1, "name": "Cash", "type": "cash", "virtual": False, "rounding-multiple": 1},
        {"id": 2, "name": "Token", "type": "payment-voucher", "virtual": True},
    ],
    "button-maps": [
        {
            "id": 1,
            "name": "Kiosk",
            "type": "menu-section",
            "width": 1,
            "height": 0,
            "buttons": [
                {"x": 0, "y": 0, "action": "add-product-item", "product": 1},
                {"x": 0, "y": 1, "action": "add-product-item", "product": 2},
            ],
        }
    ],
    "vouchers": [
        {
            "id": 1,
            "type": "payment",
            "identifiers": ["04a1b2c3d4e5f6"],
            "payment": {"payment-method": 2, "balance": 100, "credit-limit": 0},
        }
    ],
}


def furnish(onslip: Onslip, key: tuple[str, str]) -> None:
    """Let *key* (id, base64) do everything, and fill what is empty.

    Raises:
        ValueError: The key is no base64.
    """
    id_, text = key
    onslip.add_user(1, "terminal")
    onslip.add_key(OnslipKey(id_, raw_secret(text), "terminal", journal=2, permissions=PERMISSIONS))
    for resource, entities in _ENTITIES.items():
        if not onslip.entities(resource):
            onslip.know(resource, entities)
