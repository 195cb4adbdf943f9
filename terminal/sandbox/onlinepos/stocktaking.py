"""Stock as an office reads it: what products are made of, what was used, and what there is where.

What is sold is taken from the main place of the company that sold it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from terminal.httpd import Response
from terminal.sandbox.onlinepos.call import NO_ACCESS, Call
from terminal.sandbox.onlinepos.print import dot, whole
from terminal.sandbox.onlinepos.things import Company, Product, StockPlace, StockProduct

_THOUSAND = 1000


def _failed() -> Response:
    return Response.json({"error": "Input fail!"})


def composition(call: Call) -> Response:
    """GET /stock/getStockComposition, page by page; links are printed without TLS."""
    written, size = call.query.get("page", "1"), call.rules.page_of_stock
    if not whole(written) or int(written) < 1:
        return Response.json({"status": "error", "error": "Input fail!"})
    page = int(written)
    made = [each for each in call.store.things(Product) if each.recipe]
    start = (page - 1) * size
    part = made[start : start + size]
    path = f"http://{call.request.headers.get('host', '')}{call.request.path}"
    return Response.json(
        {
            "data": [
                {
                    "product_id": each.id,
                    "stock_ids": [{"stock_id": it.stock, "amount": _units(it.amount)} for it in each.recipe],
                }
                for each in part
            ],
            "from": start + 1 if part else None,
            "next_page_url": f"{path}?page={page + 1}" if start + size < len(made) else None,
            "per_page": size,
            "prev_page_url": f"{path}?page={page - 1}" if page > 1 else None,
            "to": start + len(part) if part else None,
            "current_page": page,
            "status": "OK",
        }
    )


def consumption(call: Call) -> Response:
    """GET /stock/getConsumption/{Customerno}/{from}/{to}: of what was paid in a period."""
    start, end = call.params["from"], call.params["to"]
    company = _company(call, "company")
    if not (whole(start) and whole(end)):
        return _failed()
    used = _used(call, company.firmaid, int(start) * _THOUSAND, (int(end) + 1) * _THOUSAND - 1)
    return Response.json(
        [
            {
                "Product_ID": each.id,
                "Product_Group": each.group,
                "Product_Name": each.name,
                "Consumption_in units": _decimal(used[each.id]),
                "Product_Unit": each.unit,
                "Consumption_value": dot(round(used[each.id] * each.cost / _THOUSAND)),
            }
            for each in call.store.things(StockProduct)
            if each.id in used
        ]
    )


def places(call: Call) -> Response:
    """GET /stock/getStockLocations/{firmaid}: the main one stands among all, too."""
    shown = [_place(each) for each in _places(call, _company(call, "firmaid"))]
    main = next((each for each in shown if each["main"]), None)
    return Response.json({"stockLocations": {"main": main, "all": shown}})


def values(call: Call) -> Response:
    """GET /stock/getStockValues: of all places of the company, or of one."""
    asked = _asked(call, call.company, "location")
    if asked is None:
        return _failed()
    return Response.json(_values(call, call.company, *asked))


def place_values(call: Call) -> Response:
    """GET /stock/getStockLocationValue/{firmaid}: of each place of a company, or of one."""
    company = _company(call, "firmaid")
    asked = _asked(call, company, "Location")
    if asked is None:
        return _failed()
    found, at_ms = asked
    return Response.json(
        {
            "stockLocations": [
                {"id": each.id, "stockValues": _values(call, company, [each], at_ms)} for each in found
            ]
        }
    )


# -- within ------------------------------------------------------------------------------------------------


def _company(call: Call, name: str) -> Company:
    """Return the company of the path. Raises Answered with 403 if there is none of the concern."""
    written = call.params[name]
    company = call.store.thing(Company, int(written)) if whole(written) else None
    if company is None:
        raise call.forbidden(NO_ACCESS)
    return company


def _places(call: Call, company: Company) -> list[StockPlace]:
    return [each for each in call.store.things(StockPlace) if each.firmaid == company.firmaid]


def _place(place: StockPlace) -> dict[str, Any]:
    return {"id": place.id, "name": place.name, "main": place.main}


def _asked(call: Call, company: Company, name: str) -> tuple[list[StockPlace], int] | None:
    """Return the places and the moment that are asked for; None: they are no such thing."""
    place, date = call.query.get(name), call.query.get("date", str(call.now_ms // _THOUSAND))
    if not whole(date) or not (place is None or whole(place)):
        return None
    found = [each for each in _places(call, company) if place in (None, str(each.id))]
    if place is not None and not found:
        return None
    return found, (int(date) + 1) * _THOUSAND - 1


def _values(call: Call, company: Company, places: list[StockPlace], at_ms: int) -> list[dict[str, Any]]:
    used = _used(call, company.firmaid, 0, at_ms)
    shown = []
    for each in call.store.things(StockProduct):
        amount = sum(each.amounts.get(str(place.id), 0) for place in places)
        amount -= used.get(each.id, 0) if any(place.main for place in places) else 0
        value = Decimal(amount) * each.cost / 100_000
        shown.append({"product_id": each.id, "amount": _decimal(amount), "value": f"{value:.3f}"})
    return shown


def _used(call: Call, firmaid: int, first_ms: int, last_ms: int) -> dict[int, int]:
    """Return what was taken by what a company was paid for, in thousandths by stock product."""
    recipes = {each.id: each.recipe for each in call.store.things(Product)}
    used: dict[int, int] = {}
    for line in call.store.lines():
        if line.firmaid == firmaid and line.paid_ms is not None and first_ms <= line.paid_ms <= last_ms:
            for each in recipes.get(line.product, ()):
                used[each.stock] = used.get(each.stock, 0) + line.count * each.amount
    return used


def _decimal(thousandths: int) -> str:
    return f"{Decimal(thousandths) / _THOUSAND:.3f}"


def _units(thousandths: int) -> int | float:
    return thousandths // _THOUSAND if thousandths % _THOUSAND == 0 else thousandths / _THOUSAND
