"""Stock, by EAN: how much is there, and how much less or more."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from terminal.httpd import Response
from terminal.sandbox.onlinepos.call import Call
from terminal.sandbox.onlinepos.print import document, element, fields, whole
from terminal.sandbox.onlinepos.things import Product, Stock

_WORDS = {
    1: "The product (ean) does not exist.",
    2: "Incorrect update type. Must be 1 (Sale) or 2 (Return).",
    3: "No amount specified.",
    4: "No orderno specified.",
    5: "No location",
}
_SALE, _RETURN = "2", "3"


def stock(call: Call) -> Response:
    """GET /stock."""
    if not call.rules.stock_location:
        return _refused(call, 5)
    more = {each.ean(1): each for each in call.store.things(Product)}
    shown = []
    for each in call.store.things(Stock):
        product = more.get(each.ean)
        eans = {f"ean_{n}": product.ean(n) if product else "" for n in (2, 3, 4)}
        shown.append({"ean": each.ean, "stock": _printed(each.amount), **eans})
    return _infos(call, shown)


def stock_from_ean(call: Call) -> Response:
    """POST /stockFromEan: of these EANs; no hash."""
    if not call.rules.stock_location:
        return _refused(call, 5)
    found = [call.store.thing(Stock, each.strip()) for each in call.form.get("ean", "").split(",")]
    known = [each for each in found if each is not None]
    if len(known) < len(found):
        return _refused(call, 1)
    return _infos(call, [{"ean": each.ean, "stock": _printed(each.amount)} for each in known])


def update_stock(call: Call) -> Response:
    """POST /updateStock: less by a sale, more by a return; a repeated orderno is not refused."""
    call.needs_form_hash()
    form, rules = call.form, call.rules
    known = call.store.thing(Stock, form.get("ean", ""))
    amount = _thousandths(form.get("amount", ""))
    if known is None:
        return _refused(call, 1)
    if form.get("type") not in (_SALE, _RETURN):
        return _refused(call, 2)
    if amount is None or amount <= 0:
        return _refused(call, 3)
    if not form.get("orderno"):
        return _refused(call, 4)
    if not rules.stock_location:
        return _refused(call, 5)
    delta = -amount if form["type"] == _SALE else amount
    call.store.keep(replace(known, amount=known.amount + delta))
    call.took_effect(delta, ean=known.ean, orderno=form["orderno"])
    told: dict[str, object] = {"reply": "OK"}
    return call.answer({"info": told}, lambda: element("info", fields("info", told)))


def _infos(call: Call, shown: list[dict[str, Any]]) -> Response:
    return call.answer(
        {"info": [{"info": each} for each in shown]},
        lambda: element("info", *(fields("info", each) for each in shown)),
    )


def _refused(call: Call, number: int) -> Response:
    """Answer an error; this document alone is in UTF-8."""
    told: dict[str, object] = {"type": "1", "num": number, "text": _WORDS[number]}
    if call.wants_json:
        return Response.json({"info": told})
    return document(element("info", fields("info", told)), encoding="UTF-8")


def _printed(thousandths: int) -> str:
    return f"{Decimal(thousandths) / 1000:.3f}"


def _thousandths(written: str) -> int | None:
    units, _, rest = written.partition(".")
    if not whole(units) or not whole(rest + "0") or len(rest) > 3:  # noqa: PLR2004 - thousandths
        return None
    return int(units) * 1000 + int(rest.ljust(3, "0"))
