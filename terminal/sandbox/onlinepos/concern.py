"""A whole concern: all companies that the server knows, what they sold, and what their journals sum up to."""

from __future__ import annotations

from typing import Any

from terminal.httpd import Response
from terminal.sandbox.onlinepos.call import Call
from terminal.sandbox.onlinepos.print import comma, document, dot, element, fields, number, text, whole
from terminal.sandbox.onlinepos.sales import old_line, period_of
from terminal.sandbox.onlinepos.things import Company, Line, Product, ProductGroup

_LONGEST_S = 48 * 3600


def _failed() -> Response:
    """Answer an error of these calls: in XML, whatever was asked for."""
    return document(text("error", "Input fail!"))


def _paid(call: Call, start: str, end: str) -> list[Line]:
    """Return what all companies were paid for in a period, in seconds, both ends in it."""
    first, last = int(start) * 1000, (int(end) + 1) * 1000
    return [each for each in call.store.lines() if each.paid_ms is not None and first <= each.paid_ms < last]


# -- sales -------------------------------------------------------------------------------------------------


def export(call: Call) -> Response:
    """POST /exportKoncern, JSON but for errors: the lines of all companies, so many from an offset on."""
    form = call.form
    start, end, offset = form.get("from", ""), form.get("to", ""), form.get("offset") or "0"
    if not (whole(start) and whole(end) and whole(offset)):
        return _failed()
    place = form.get(call.rules.concern_field, "")
    found = [
        each
        for each in _paid(call, start, end)
        if place in ("", str(each.firmaid))
        and form.get("department") in (None, "", each.department)
        and form.get("cardnumber") in (None, "", each.card)
    ]
    part = found[int(offset) : int(offset) + call.rules.concern_lines]
    products = {each.id: each for each in call.store.things(Product)}
    groups = {each.id: each.name for each in call.store.things(ProductGroup)}
    shown = [_line(call, each, products.get(each.product), groups) for each in part]
    return Response.json({"sales": [{"line": each} for each in shown]})


def _line(call: Call, line: Line, product: Product | None, groups: dict[int, str]) -> dict[str, Any]:
    card = None if line.card is None else call.store.card(line.card)
    more: dict[str, Any] = {
        "firma_id": line.firmaid,
        "unix_timestamp": (line.paid_ms or 0) // 1000,
        "MasterID": 0 if product is None else product.master,
        "pax": str(line.pax),
        "account": "",
        "discount": comma(0),
        "debtor": card.debtor if card else "",
        "tags": [],
    }
    return old_line(call, line, product, groups) | more


def sums(call: Call) -> Response:
    """GET /getByUnixTimeKoncern/{from}/{to}, XML only; a company is told in two ways: the rules say which."""
    start, end = call.params["from"], call.params["to"]
    if not (whole(start) and whole(end)):
        return _failed()
    found = _paid(call, start, end)
    places = []
    for company in call.store.things(Company):
        lines = [each for each in found if each.firmaid == company.firmaid]
        told: dict[str, object] = {
            call.rules.concern_company: company.firmaid,
            "amount": number(sum(each.price for each in lines)),
            "pax": sum({each.order: each.pax for each in lines}.values()),
        }
        places.append(fields("location", told))
    return document(element("XML", text("period", period_of(start, end)), *places))


def debtors(call: Call) -> Response:
    """GET /debtorExportSales/{from}/{to}, XML only, whose elements are not documented."""
    start, end = call.params["from"], call.params["to"]
    if not (whole(start) and whole(end)):
        return _failed()
    shown = []
    for line in _paid(call, start, end):
        card = None if line.card is None else call.store.card(line.card)
        if card is not None and card.debtor and line.firmaid == call.company.firmaid:
            told: dict[str, object] = {"debtor": card.debtor, "chk": line.number, "price": comma(line.price)}
            shown.append(fields("sale", told))
    return document(element("debtorSales", *shown))


# -- companies ---------------------------------------------------------------------------------------------


def companies(call: Call) -> Response:
    """GET /koncern/koncernInfo: locations, which are companies, with their departments."""
    last: dict[int, int] = {}
    for _, body in call.store.journal():
        last[body["venue_id"]] = body["journal_number"]
    shown: list[dict[str, Any]] = [
        {
            "firmaid": each.firmaid,
            "name": each.name,
            "address": each.address,
            "city": each.city,
            "postnumber": each.postcode,
            "active": 1,
            "country": "Danmark",
            "departments": [
                {
                    "departmentID": each.register,
                    "departmentName": each.department,
                    "departmentActive": 1,
                    "lastJournal": last.get(each.firmaid, 0),
                    "parent_firmaid": each.firmaid,
                }
            ],
        }
        for each in call.store.things(Company)
    ]
    return call.answer({"lokations": shown}, lambda: element("lokations", *map(_in_xml, shown)))


def _in_xml(shown: dict[str, Any]) -> str:
    plain = [text(name, value) for name, value in shown.items() if name != "departments"]
    inner = element("departments", *(fields("department", each) for each in shown["departments"]))
    return element("lokation", *plain, inner)


def clerks(call: Call) -> Response:
    """GET /koncern/clerkInfo, whose answer is not documented."""
    shown = [{"clerkid": 1, "name": "Kasse", "firmaid": each.firmaid} for each in call.store.things(Company)]
    return Response.json({"clerks": shown})


def revenue(call: Call) -> Response:
    """GET /koncern/getKoncernRevenue/{from}/{to}: the journals that ended in a period of two days at most."""
    start, end = call.params["from"], call.params["to"]
    if not (whole(start) and whole(end)) or int(end) - int(start) > _LONGEST_S:
        return Response.json({"error": "Input fail!"})
    entries, before = [], dict[int, int]()
    for at_ms, body in call.store.journal():
        venue = body["venue_id"]
        began = before.get(venue, -1)
        before[venue] = at_ms
        if int(start) * 1000 <= at_ms < (int(end) + 1) * 1000:
            entries.append({"entry": _entry(call, body, began, at_ms)})
    return Response.json({"entries": entries})


def _entry(call: Call, body: dict[str, Any], began_ms: int, at_ms: int) -> dict[str, Any]:
    """Return a journal as a sum. *began_ms*: when the one before it ended; less than nothing: there is none."""
    lines = [
        each
        for each in call.store.lines()
        if each.firmaid == body["venue_id"] and each.paid_ms is not None and began_ms < each.paid_ms <= at_ms
    ]
    ways = sorted({each.payment for each in lines})
    began_s = (began_ms if began_ms >= 0 else min((each.paid_ms or 0 for each in lines), default=at_ms)) // 1000
    return {
        "firmaid": body["venue_id"],
        "departmentid": body["cash_register_id"],
        "booknumber": body["journal_number"],
        "clerk": str(body["clerk_id"]),
        "revenue": dot(sum(each.price for each in lines)),
        "count": sum(each.count for each in lines),
        "startdate": began_s,
        "enddate": at_ms // 1000,
        "diff": 0,
        "btypes": {way: number(sum(each.price for each in lines if each.payment == way)) for way in ways} or [],
    }
