"""The lists of the Onslip server: what stands in each, who may see and change it, and what it refers to."""

from __future__ import annotations

import re
import threading
from typing import Any

import msgspec

from terminal.sandbox.onslip.catalogue import (
    ButtonMap,
    Location,
    PaymentMethod,
    Product,
    ProductGroup,
    ProductModifier,
)
from terminal.sandbox.onslip.query import MOMENTS, Entity
from terminal.sandbox.onslip.rules import moment_ms, thousandths, wrong
from terminal.sandbox.onslip.sales import Order, Tab, Voucher
from terminal.sandbox.onslip.tills import Peripheral, Shape, Till

_first_use = threading.Lock()
"""msgspec learns a class at its first use, and two threads that are first at once would end the process."""

_EXTENDED = re.compile(r"_[a-z0-9]+(?:-[a-z0-9]+)+")
_MONEY = frozenset(
    {"price", "purchase-price", "amount", "balance", "credit-limit", "vat-amount", "change", "rounding"}
)
OWNED = frozenset({"id", "created", "updated", "updated-by", "updated-from"})
"""What the server alone writes."""


class Resource(msgspec.Struct, frozen=True):
    """A list.

    Attributes:
        name: In its path.
        shape: Of its entities.
        refers: The fields that hold an id, and of which list.
    """

    name: str
    shape: type[Shape]
    refers: dict[str, str] = {}

    @property
    def fields(self) -> frozenset[str]:
        """The names of all its fields."""
        return frozenset(each.encode_name for each in msgspec.structs.fields(self.shape))


RESOURCES = {
    each.name: each
    for each in (
        Resource("tills", Till, {"location": "locations"}),
        Resource("products", Product, {"product-group": "product-groups"}),
        Resource("product-groups", ProductGroup),
        Resource("product-modifiers", ProductModifier),
        Resource("payment-methods", PaymentMethod),
        Resource("button-maps", ButtonMap),
        Resource("locations", Location),
        Resource("peripherals", Peripheral, {"location": "locations"}),
        Resource(
            "vouchers", Voucher, {"payment.payment-method": "payment-methods", "coupon.product": "products"}
        ),
        Resource("orders", Order, {"location": "locations"}),
        Resource("tabs", Tab, {"order": "orders", "client": "tills"}),
    )
}


def checked(shape: type[Shape], body: Any, *, strict: bool) -> Entity:
    """Return *body* without its nulls, once it is known to have that shape.

    Raises:
        Refusal: It has not.
    """
    if not isinstance(body, dict):
        raise wrong("the body must be an object")
    if not strict:
        known = {each.encode_name for each in msgspec.structs.fields(shape)}
        body = {name: value for name, value in body.items() if name in known or _EXTENDED.fullmatch(name)}
    body = {name: _without_nulls(value) for name, value in body.items() if value is not None}
    try:
        plain = _without_extended(body)
        with _first_use:
            msgspec.convert(plain, shape)
    except msgspec.ValidationError as error:
        raise wrong(str(error)) from None
    _check_money(body)
    for name in MOMENTS & body.keys():
        moment_ms(body[name])
    found: Entity = body
    return found


def merged(before: Any, change: Any) -> Any:
    """Return *before* with what *change* says: objects deep, lists whole, null clears."""
    if not isinstance(before, dict) or not isinstance(change, dict):
        return change
    result = dict(before)
    for name, value in change.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def references(body: Entity) -> list[str]:
    """Return by which texts the sender of *body* would look for it."""
    receipt = body.get("receipt", {})
    found = [body.get("client-reference"), body.get("order-reference")]
    found += [receipt.get("reference"), receipt.get("our-reference")]
    found += [value for name, value in body.items() if name.startswith("_")]
    return sorted({text for text in found if isinstance(text, str)})


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _without_extended(value: Any) -> Any:
    """Return *value* without properties of others' namespaces, which are texts wherever they stand."""
    if isinstance(value, list):
        return [_without_extended(each) for each in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for name, each in value.items():
        if not name.startswith("_"):
            result[name] = _without_extended(each)
        elif not (_EXTENDED.fullmatch(name) and isinstance(each, str)):
            raise wrong(f"{name}: an extended property is a text, named _namespace-name in lower case")
    return result


def _check_money(value: Any) -> None:
    if isinstance(value, list):
        for each in value:
            _check_money(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name in _MONEY and not isinstance(each, dict | list):
                thousandths(each)
            _check_money(each)
