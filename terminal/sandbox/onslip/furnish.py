"""A realm to begin with: a place, a device that nobody is bound to, goods, ways to pay and vouchers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from terminal.sandbox.ledger import whole_number
from terminal.sandbox.onslip.hawk import OnslipKey, raw_secret
from terminal.sandbox.onslip.query import Entity
from terminal.sandbox.onslip.rules import PERMISSIONS, OnslipRules
from terminal.sandbox.onslip.server import Onslip

TILL, JOURNAL = 1, 2
"""The devices of the realm: the terminal, and the external journal that its key may write to."""

_BOUND_AS = "till:{id}@{realm}"
_BOUND = frozenset(each for each in PERMISSIONS if each.startswith("show-")) | {
    "add-external-records",
    "edit-orders",
    "edit-tabs",
    "edit-till-config",
    "use-event-streams",
    "use-vouchers",
}
"""What a bound device may do: all that the terminal does by itself, and nothing that staff does."""

_CASH, _TOKEN = 1, 2
_VALUE = "Stored value"


class Sold(msgspec.Struct, frozen=True):
    """A product; *price* in cents, *vat* in hundredths of a percent."""

    id: str | int
    name: str
    price: int
    group: str = "Goods"
    vat: int = 2500


class Held(msgspec.Struct, frozen=True):
    """A voucher for a token: a UID in whatever case, and what is on it, in cents."""

    token: str
    balance: int = 0


_SOLD = (Sold(1, "Coffee", 1950, "Drinks", 1200), Sold(2, "Tea", 2500, "Drinks", 1200))
_HELD = (Held("04A1B2C3D4E5F6", 100_00),)

_PLACES: dict[str, list[Entity]] = {
    "locations": [{"id": 1, "name": "Hall", "address": "Main Street 1"}],
    "tills": [
        {
            "id": TILL,
            "name": "Kiosk 1",
            "type": "ordering-device",
            "location": 1,
            "config": {"button-map": 1},
        },
        {"id": JOURNAL, "name": "Sales of kiosk 1", "type": "external-journal", "location": 1},
    ],
}


def rules(realm: str) -> OnslipRules:
    """Return how a furnished server behaves: a bound device signs with its own key, and goes on selling.

    Args:
        realm: The alias of the company.
    """
    return OnslipRules(
        realm=realm,
        members=True,
        device_id=_BOUND_AS,
        device_permissions=sorted(_BOUND),
        device_journal=JOURNAL,
    )


def furnish(
    onslip: Onslip,
    key: tuple[str, str],
    *,
    sold: Sequence[Sold] = (),
    held: Sequence[Held] = (),
    cash_step: int = 100,
) -> None:
    """Let *key* do everything, and know what a terminal needs. What is in the realm already stays.

    Args:
        onslip: The server.
        key: Id, and secret in base64; that of a bound device may do no more than before.
        sold: Products, in place of those of the same id; none: two drinks, if the realm has no products.
        held: Vouchers for tokens that have none; none: one, if the realm has no vouchers.
        cash_step: To what cash is rounded, in cents; 0: it is not.

    Raises:
        ValueError: The key is no base64, or two products have one id.
    """
    id_, text = key
    onslip.add_user(1, "terminal")
    secret = raw_secret(text)
    if not onslip.is_bound(id_):
        onslip.add_key(OnslipKey(id_, secret, "terminal", TILL, JOURNAL, PERMISSIONS))
    for resource, entities in _PLACES.items():
        if not onslip.entities(resource):
            onslip.know(resource, entities)
    _know(onslip, "payment-methods", _methods(cash_step))
    if sold or not onslip.entities("products"):
        for resource, entities in _goods(sold or _SOLD).items():
            _know(onslip, resource, entities)
    if held or not onslip.entities("vouchers"):
        _hold(onslip, held or _HELD)


def _know(onslip: Onslip, resource: str, entities: list[Entity]) -> None:
    """Know *entities*; one that is known like that is no new version."""
    known: dict[int, Entity] = {each["id"]: each for each in onslip.entities(resource)}
    onslip.know(resource, [it for it in entities if not known.get(it["id"], {}).items() >= it.items()])


def _methods(cash_step: int) -> list[Entity]:
    cash: Entity = {"id": _CASH, "name": "Cash", "type": "cash", "virtual": False}
    rounded = {"rounding-multiple": cash_step / 100} if cash_step else {}
    return [cash | rounded, {"id": _TOKEN, "name": "Token", "type": "payment-voucher", "virtual": True}]


def _goods(sold: Sequence[Sold]) -> dict[str, list[Entity]]:
    """Return groups, products and the button map that the terminal sells them by."""
    ids = [whole_number(each.id, position) for position, each in enumerate(sold, 1)]
    if len(set(ids)) < len(ids):
        raise ValueError("the ids of products are whole numbers for Onslip, and two of them would be the same")
    groups = list(dict.fromkeys((each.group, each.vat) for each in sold))
    products: list[Entity] = [
        {
            "id": id_,
            "name": each.name,
            "product-group": 1 + groups.index((each.group, each.vat)),
            "price": each.price / 100,
        }
        for id_, each in zip(ids, sold, strict=True)
    ]
    buttons = [{"x": 0, "y": y, "action": "add-product-item", "product": id_} for y, id_ in enumerate(ids)]
    map_: dict[str, Any] = {"type": "menu-section", "width": 1, "height": 0, "buttons": buttons}
    return {
        "product-groups": [
            {"id": number, "name": name, "type": "goods", "vat-rate": vat / 100}
            for number, (name, vat) in enumerate(groups, 1)
        ]
        + [{"id": len(groups) + 1, "name": _VALUE, "type": "liabilities", "vat-rate": 0}],
        "products": products,
        "button-maps": [{"id": 1, "name": "Kiosk", **map_}],
    }


def _hold(onslip: Onslip, held: Sequence[Held]) -> None:
    """Make a voucher for each token that has none."""
    vouchers = onslip.entities("vouchers")
    known = {identifier for each in vouchers for identifier in each["identifiers"]}
    start = 1 + max((each["id"] for each in vouchers), default=0)
    new = [each for each in held if each.token.lower() not in known]
    onslip.know(
        "vouchers",
        [
            {
                "id": id_,
                "type": "payment",
                "identifiers": [each.token.lower()],
                "payment": {"payment-method": _TOKEN, "balance": each.balance / 100, "credit-limit": 0},
            }
            for id_, each in enumerate(new, start)
        ],
    )
