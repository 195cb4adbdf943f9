"""The Satellite API as values: what is sent, and how answers are read. Pure.

What is known of the old API is its published page of ticket transactions; of v5 the names of most fields. So
what goes out keeps to the published names and lets the operator rename them, and answers are read leniently:
nothing in them is needed but a status, an id or a token.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from terminal.backends.replies import Reply, plain
from terminal.backends.satellite.options import InteractionField, Moment, SatelliteOptions
from terminal.backends.values import cents, text
from terminal.core.catalogue import Product, ProductId
from terminal.core.money import show
from terminal.core.stamp import Stamp
from terminal.core.tickets import Interaction, Line, Method, Payment, Ticket, TicketSale
from terminal.core.value import Value, replace

_INTERACTION: dict[str, dict[InteractionField, str]] = {
    "old": {"delegate": "delegate_id", "device": "device_id", "recordedAt": "recordedAt"},
    "v5": {"delegate": "delegate", "device": "device", "recordedAt": "recordedAt"},
}
_ABOUT = frozenset({"meta", "links"})  # what is said about a list, beside it
_TAKEN = r"(?:already|exists|in use|not unique|must be unique|duplicate)"


# -- what is sent --------------------------------------------------------------------------------------


def sale(
    sold: TicketSale,
    created: Stamp,
    options: SatelliteOptions,
    *,
    recorded_by: ProductId | None,
    remark: str = "",
) -> dict[str, Any]:
    """Return the body of the call that records *sold*.

    Args:
        sold: The sale.
        created: When it was made.
        options: How the server wants it written.
        recorded_by: The staff member, as the server knows them; None: nobody.
        remark: What stands behind the notes.
    """
    body: dict[str, Any] = {
        "context" if options.v5 else "event_id": sold.event,
        "code": sold.purchase.code,
        "totalAmount": sold.total,
        "notes": " ".join(part for part in (sold.notes, remark, _rounded(sold)) if part),
        "createdAt": moment(created, options.moment),
        "transactions": [_payment(each, options.wallet_method) for each in _exact(sold)],
        "items": [_line(each) for each in sold.lines],
    }
    if recorded_by is not None:
        body["recordedBy" if options.v5 else options.recorded_by] = recorded_by
    renamed: dict[str, Any] = _renamed(body, options.sale_fields, "")
    return renamed


def interaction(
    done: Interaction, delegate: ProductId, created: Stamp, options: SatelliteOptions
) -> dict[str, Any]:
    """Return the body of the call that records a check-in or join of *delegate*."""
    names = {**_INTERACTION[options.generation], **options.interaction_fields}
    values: dict[InteractionField, Any] = {"delegate": delegate, "device": done.device or None}
    values["recordedAt"] = moment(created, "seconds" if options.v5 else "iso")
    return {names[field]: value for field, value in values.items() if names[field] and value is not None}


def moment(stamp: Stamp, form: Moment) -> str | int:
    """Return when something was, as the server wants it written; ``iso`` is in UTC and has its offset."""
    if form == "seconds":
        return stamp.wall_ms // 1000
    if form == "iso":
        return datetime.fromtimestamp(stamp.wall_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S%z")
    return str(stamp.wall_ms)


def _exact(sold: TicketSale) -> tuple[Payment, ...]:
    """Return the payments as if cash had not been rounded: they must add up, and rounding has no field."""
    if not sold.rounding:
        return sold.payments
    cash = [each for each in sold.payments if each.method is Method.CASH] or [Payment(Method.CASH, 0)]
    exact = replace(cash[0], amount=cash[0].amount - sold.rounding)
    return (exact, *(each for each in sold.payments if each is not cash[0]))


def _rounded(sold: TicketSale) -> str:
    by = show(sold.rounding, "").strip()
    return f"What was paid in cash is rounded by {by}." if sold.rounding else ""


def _payment(payment: Payment, wallet_method: str) -> dict[str, Any]:
    """Amounts are net: what a guest tendered in cash is amount + change."""
    method = wallet_method if payment.method is Method.WALLET else payment.method.value
    body: dict[str, Any] = {"paymentMethod": method, "amount": payment.amount}
    if payment.change:
        body["change"] = payment.change
    if payment.reference:
        body["transactionId"] = payment.reference
    return body


def _line(line: Line) -> dict[str, Any]:
    return {
        "product_id": line.product,
        "quantity": line.quantity,
        "description": line.description,
        "unitAmount": line.unit,
        "totalAmount": line.total,
        "discountAmount": line.discount or None,
        "tickets": [_ticket(each) for each in line.tickets],
    }


def _ticket(ticket: Ticket) -> dict[str, Any]:
    return {"product_id": ticket.product, "description": ticket.description, "barcode": ticket.barcode}


def _renamed(value: Any, names: Mapping[Any, str], at: str) -> Any:
    """Return *value* with the fields of *names* (dotted paths) under other names, or without those named ""."""
    if isinstance(value, list):
        return [_renamed(each, names, at) for each in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for field, each in value.items():
        path = f"{at}.{field}" if at else field
        if name := names.get(path, field):
            found[name] = _renamed(each, names, path)
    return found


# -- what is heard -------------------------------------------------------------------------------------


def said(reply: Reply) -> str:
    """Return the server's own words in an answer, bounded: number, message and description, where it has them.

    The shape of errors is not published; these names are what Symfony's and OAuth's servers use.
    """
    body = reply.json()
    holder = body.get("error") if isinstance(body, dict) else None
    found: list[str] = []
    for each in (body, holder):
        if isinstance(each, dict):
            found += [str(each["code"])] if cents(each.get("code")) is not None else []
            found += [
                each[name]
                for name in ("error", "message", "error_description", "detail")
                if text(each.get(name))
            ]
            found += [msgspec.json.encode(each["errors"]).decode()] if each.get("errors") else []
    return plain(": ".join(dict.fromkeys(found))) or reply.words()


def knows_code(reply: Reply, code: str) -> bool:
    """Return whether a refusal says that the purchase code is on the server already.

    Read strictly: what is taken for a repeat that is none would be a sale that the server never hears of. The
    word must follow the code's name or value, or stand among the errors of the field ``code``.
    """
    name = rf"(?:code|{re.escape(code.lower())})"
    after = rf"""\b{name}['"]?\s+(?:[a-z]+\s+){{0,3}}{_TAKEN}"""
    before = rf"""\bduplicate\s+(?:[a-z]+\s+){{0,2}}['"]?{name}\b"""
    field = rf""""code":[^}}]{{0,100}}\b{_TAKEN}"""
    return re.search(f"{after}|{before}|{field}", said(reply).lower()) is not None


def dig(data: Any, path: str) -> Any:
    """Return what stands at a dotted *path*; None if nothing does."""
    for name in path.split("."):
        data = data.get(name) if isinstance(data, dict) else None
    return data


class Delegate(Value, frozen=True):
    """A person, as the server knows them."""

    id: ProductId
    name: str


def delegate(data: Any) -> Delegate | None:
    """Return the person in an answer; None if there is none in it."""
    if not isinstance(data, dict) or (id_ := _id(data.get("id"))) is None:
        return None
    names = (text(data.get(name)) for name in ("firstName", "lastName"))
    return Delegate(id_, text(data.get("name")) or " ".join(name for name in names if name))


class Page(Value, frozen=True):
    """One page of a list: its objects, and whether there are more of them; None: it does not tell."""

    objects: tuple[dict[str, Any], ...]
    more: bool | None


def page(data: Any, offset: int) -> Page | None:
    """Read a list: a bare one of the old API, or a collection of v5 with ``meta`` beside it. None: it is none.

    The name of the collection is not published: it is the only list in the answer. *offset*: where it begins.
    """
    meta = data.get("meta") if isinstance(data, dict) else None
    lists = [data] if isinstance(data, list) else []
    if isinstance(data, dict):
        lists = [each for name, each in data.items() if isinstance(each, list) and name not in _ABOUT]
    if len(lists) != 1:
        return None
    objects = tuple(each for each in lists[0] if isinstance(each, dict))
    return Page(objects, False if isinstance(data, list) else _more(meta, offset + len(lists[0])))


def _more(meta: Any, read: int) -> bool | None:
    """Return whether there is more than the *read* first ones, by a total or a link to the next page."""
    if not isinstance(meta, dict):
        return None
    for name in ("total", "totalCount", "total_count", "count"):
        if (total := cents(meta.get(name))) is not None:
            return read < total
    links = meta.get("links")
    holder = links if isinstance(links, dict) else meta
    return bool(holder.get("next")) if "next" in holder else None


def product(each: Mapping[str, Any], kind: str, price_field: str) -> Product | str | None:
    """Return the product in an object of a list; a sentence if it cannot be sold, None if it is something else.

    *kind*: the type that products have; objects that do not tell their type are products.
    """
    if each.get("_type", each.get("deviceType", kind)) != kind:
        return None
    id_ = _id(each.get("id"))
    if id_ is None:
        return "a product has no id that is a text or a whole number: it is not sold"
    price = cents(dig(dict(each), price_field))
    if price is None or price < 0:
        return f"product {id_!r} has no whole number of cents at {price_field}: the server's price is not used"
    return Product(id_, text(each.get("name")) or text(each.get("shortName")) or str(id_), price)


def _id(value: Any) -> ProductId | None:
    return value if cents(value) is not None else text(value)


def nonsense(body: bytes) -> str:
    """Say what is wrong with a body that no success of this server can hold; empty if it may be one."""
    if body.lstrip()[:20].lower().startswith((b"<!doctype html", b"<html")):
        return "a web page"
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return "no text"
    return "" if all(sign.isprintable() or sign.isspace() for sign in text) else "no text"
