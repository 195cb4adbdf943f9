"""Sales, exported in three ways: what was paid, line by line or as sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from terminal.httpd import Response
from terminal.sandbox.onlinepos.call import Call
from terminal.sandbox.onlinepos.print import comma, element, fields, local, number, said, stamp, whole
from terminal.sandbox.onlinepos.things import Company, Line, Product, ProductGroup

_PERCENT = 10_000
"""A rate of 100 %, in hundredths of a percent."""
_CASH = "Kontant"


def without_vat(line: Line) -> int:
    """Return the price of a line without its VAT, in hundredths."""
    return round(line.price * _PERCENT / (_PERCENT + line.vat))


def paid(call: Call) -> list[Line]:
    """Return the lines of the company that somebody paid."""
    return [
        each for each in call.store.lines() if each.firmaid == call.company.firmaid and each.paid_ms is not None
    ]


# -- extended: page by page --------------------------------------------------------------------------------


def export_all(call: Call) -> Response:
    """GET /exportSales/v20."""
    return _export(call, lambda _: True)


def export_from(call: Call) -> Response:
    """GET /exportSales/v20/{unix time}: paid then or later."""
    since = call.params["date"]
    if not whole(since):
        return Response.json({"error": "Input fail!"})
    return _export(call, lambda line: (line.paid_ms or 0) >= int(since) * 1000)


def export_with_id(call: Call) -> Response:
    """GET /exportSales/v20/withId/{orderid}: that order and later ones."""
    id_ = call.params["orderid"]
    if not whole(id_):
        return Response.json({"error": "Input fail!"})
    first = int(id_) + (call.rules.with_id == "exclusive")
    return _export(call, lambda line: line.order >= first)


def _export(call: Call, wanted: Callable[[Line], bool]) -> Response:
    found = [each for each in paid(call) if wanted(each)]
    asked, size = call.query.get("page", "1"), call.rules.per_page
    page = max(int(asked), 1) if whole(asked) else 1
    start = (page - 1) * size
    part = found[start : start + size]
    path = f"http://{call.request.headers.get('host', '')}{call.request.path}"
    products = {each.id: each for each in call.store.things(Product)}
    groups = {each.id: each.name for each in call.store.things(ProductGroup)}
    return Response.json(
        {
            "current_page": page,
            "data": [_line(call.company, each, products.get(each.product), groups) for each in part],
            "from": start + 1 if part else None,
            "next_page_url": f"{path}?page={page + 1}" if start + size < len(found) else None,
            "path": path,
            "per_page": size,
            "prev_page_url": f"{path}?page={page - 1}" if page > 1 else None,
            "to": start + len(part) if part else None,
        }
    )


def _line(company: Company, line: Line, product: Product | None, groups: dict[int, str]) -> dict[str, Any]:
    group = 0 if product is None else product.group
    return {
        "datetime": stamp(line.paid_ms or 0),
        "timestamp_pay": stamp(line.paid_ms or 0),
        "timestamp_order": stamp(line.ordered_ms),
        "orderlineid": line.id,
        "orderid": line.order,
        "chkno": line.number,
        "productid": line.product,
        "productname": line.name,
        "account": "",
        "MasterID": 0 if product is None else product.master,
        "accountnumber": "",
        "productgroupid": group,
        "productgroup": groups.get(group, ""),
        **{f"ean_{n}": "" if product is None else product.ean(n) for n in range(1, 5)},
        "count": line.count,
        "price": number(line.price),
        "priceexclvat": number(without_vat(line)),
        "costprice": 0 if product is None else number(product.cost),
        "vatrate": str(number(line.vat)),
        "discount": 0,
        "paymenttype": line.payment,
        "paymenttypecode": "k" if line.payment == _CASH else line.payment[:1].lower(),
        "clerk": "0",
        "ordernumber": line.number,
        "pax": line.pax,
        "pid": "",
        "table": line.table,
        "department": line.department,
        "firmaid": line.firmaid,
        "companyname": company.name,
        "cardnumber": line.card,
        "cardcountry": "",
        "pnumber": "0",
        "debtornumber": "",
        "debtorname": "",
    }


# -- of a period -------------------------------------------------------------------------------------------


def export_sales(call: Call) -> Response:
    """POST /exportSales: of a period, if wanted of one department or card."""
    form = call.form
    start, end = form.get("from", ""), form.get("to", "")
    if not (whole(start) and whole(end)):
        return Response.json({"error": "Input fail!"}) if call.wants_json else said("error", "Input fail!")
    found = [
        each
        for each in paid(call)
        if int(start) * 1000 <= (each.paid_ms or 0) < (int(end) + 1) * 1000
        and form.get("department") in (None, "", each.department)
        and form.get("cardnumber") in (None, "", each.card)
    ]
    products = {each.id: each for each in call.store.things(Product)}
    groups = {each.id: each.name for each in call.store.things(ProductGroup)}
    shown = [old_line(call, each, products.get(each.product), groups) for each in found]
    return call.answer(
        {"sales": [{"line": each} for each in shown]},
        lambda: element("sales", *(fields("line", each) for each in shown)),
    )


def old_line(call: Call, line: Line, product: Product | None, groups: dict[int, str]) -> dict[str, Any]:
    """Return a line as the old export has it."""
    group, when = 0 if product is None else product.group, local(line.paid_ms or 0)
    price = line.price if call.rules.export_price == "line" else round(line.price / (line.count or 1))
    return {
        "id": line.id,
        "chk": line.number,
        "date": f"{when:%d.%m.%Y}",
        "time": f"{when:%H:%M}",
        "product_id": line.product,
        "product": line.name,
        "product_group_id": group,
        "product_group": groups.get(group, ""),
        "amount": line.count,
        "price": comma(price, thousands=call.rules.thousands),
        "payment_type": line.payment,
        "clerk": "0",
        "pax": line.pax,
        "department": line.department,
        **{f"ean_{n}": "" if product is None else product.ean(n) for n in range(1, 5)},
    }


def period_of(start: str, end: str) -> str:
    """Return a period, in Unix seconds, as the server prints it."""
    return " - ".join(f"{local(int(each) * 1000):%Y.%m.%d %H:%M:%S}" for each in (start, end))


def sums(call: Call) -> Response:
    """GET /getByUnixTimeSales/{from}/{to}: what a place took in, in a period."""
    start, end = call.params["from"], call.params["to"]
    if not (whole(start) and whole(end)):
        return Response.json({"error": "Input fail!"}) if call.wants_json else said("error", "Input fail!")
    found = [each for each in paid(call) if int(start) * 1000 <= (each.paid_ms or 0) < (int(end) + 1) * 1000]
    period = period_of(start, end)
    amount = number(sum(each.price for each in found))
    guests = sum({each.order: each.pax for each in found}.values())
    place = {"userid": call.company.firmaid, "amount": amount, "pax": str(guests)}
    in_xml = {"userId": place["userid"], "amount": amount, "pax": guests}
    return call.answer(
        {"period": period, "location": [place]},
        lambda: element("XML", f"<period>{period}</period>", fields("location", dict(in_xml))),
    )
