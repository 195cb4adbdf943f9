"""What OnlinePOS tells of a whole concern, in the shapes that its page shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from terminal.backends.onlinepos import concern
from terminal.backends.onlinepos.concern import Company, Department, Revenue, Takings
from terminal.backends.onlinepos.values import read_time
from terminal.backends.onlinepos.wire import Call, Signing, compose
from terminal.core.delivery import Outcome
from tests.backends.onlinepos_making import LATIN, MINE, told, unreadable

MOMENT = datetime(2016, 3, 15, 16, tzinfo=UTC)
UNIX = 1_458_057_600
HOUR = timedelta(hours=1)


def form(call: Call[Any]) -> dict[str, str]:
    """Return the form that is sent."""
    sent = compose(call.request, MINE, Signing())
    return {name: value for name, (value,) in parse_qs((sent.content or b"").decode()).items()}


# -- sales ---------------------------------------------------------------------------------------------

LINE = {
    "id": 1, "chk": 1, "date": "15.03.2016", "time": "17:00", "unix_timestamp": UNIX, "product_id": 1,
    "product": "Te", "product_group_id": 1, "product_group": "", "MasterID": 5, "amount": 1, "price": "10,00",
    "payment_type": "", "clerk": "", "pax": 1, "department": "Bar", "account": "1234", "discount": "2,50",
    "firma_id": 9001, "debtor": "77", "tags": ["size: XL"],
}  # fmt: skip


def test_lines_of_all_companies_are_read() -> None:
    (found,) = told(concern.exported(MOMENT, MOMENT), {"sales": [{"line": LINE}]})
    assert (found.line.id, found.line.price, found.line.department) == (1, 1000, "Bar")
    assert found.line.time.moments == (MOMENT,) == (found.moment,)
    assert (found.company, found.discount, found.account, found.master) == (9001, 250, "1234", 5)
    assert (found.debtor, found.tags) == ("77", ("size: XL",))


def test_lines_without_the_newer_fields_are_read() -> None:
    older = {name: LINE[name] for name in LINE if name not in {"firma_id", "unix_timestamp", "tags", "debtor"}}
    (found,) = told(concern.exported(MOMENT, MOMENT), {"sales": [{"line": older}]})
    assert (found.company, found.moment, found.tags) == (None, None, ())


def test_lines_that_are_none_are_refused() -> None:
    call = concern.exported(MOMENT, MOMENT)
    assert told(call, {"sales": []}) == ()
    assert "without sales" in unreadable(call, {})
    assert "no moment" in unreadable(call, {"sales": [{"line": {**LINE, "unix_timestamp": 10**12}}]})
    refused = told(call, f"{LATIN}<error>Input fail!</error>")
    assert (refused.outcome, refused.words) == (Outcome.REFUSED, "Input fail!")


@pytest.mark.parametrize("field", ["lokation", "location"])
def test_lines_are_asked_for_by_a_form(field: Any) -> None:
    call = concern.exported(MOMENT, MOMENT + HOUR, offset=1000, company=9001, department="kasse 1", card="090", field=field)  # fmt: skip  # noqa: E501 - one call
    assert form(call) == {
        "from": str(UNIX), "to": str(UNIX + 3600), "cardnumber": "090", "offset": "1000", field: "9001",
        "department": "kasse 1",
    }  # fmt: skip
    assert call.private == ("090",)
    assert form(concern.exported(MOMENT, MOMENT)) == {"from": str(UNIX), "to": str(UNIX)}


@pytest.mark.parametrize("name", ["userId", "customerId"])
def test_turnover_of_the_concern_is_read_from_xml(name: str) -> None:
    call = concern.turnover(MOMENT, MOMENT, concern=True)
    assert (call.request.path, call.request.accept) == (
        f"getByUnixTimeKoncern/{UNIX}/{UNIX}",
        "application/xml",
    )
    place = f"<location><{name}>7</{name}><amount>2.5</amount><pax>2</pax></location>"
    period = "<period>2016.01.01 00:00:00 - 2018.07.24 00:00:00</period>"
    for places in (1, 2):
        found = told(call, f"{LATIN}<XML>{period}{place * places}</XML>")
        assert found.takings == (Takings(7, 250, 2),) * places
    assert (found.first, found.last) == (read_time("2016-01-01 00:00:00"), read_time("2018-07-24 00:00:00"))


def test_turnover_of_a_company_is_read_from_json() -> None:
    call = concern.turnover(MOMENT, MOMENT)
    assert call.request.path == f"getByUnixTimeSales/{UNIX}/{UNIX}"
    period = "2016.01.01 00:00:00 - 2018.07.24 00:00:00"
    found = told(call, {"period": period, "location": [{"userid": 1, "amount": 1.1, "pax": "0"}]})
    assert found.takings == (Takings(1, 110, 0),)
    assert "expected a period" in unreadable(call, {"location": []})
    assert "amount of what" in unreadable(call, {"period": period, "location": [{"userid": 1}]})


def test_what_is_not_documented_comes_as_it_is() -> None:
    sales = concern.debtor_sales(MOMENT, MOMENT)
    assert (sales.request.path, sales.request.accept) == (f"debtorExportSales/{UNIX}/{UNIX}", "application/xml")
    assert told(sales, f"{LATIN}<list><sale><a>1</a></sale></list>") == {"list": {"sale": {"a": "1"}}}
    assert told(concern.clerks(), [{"name": "Bo"}]) == [{"name": "Bo"}]
    for call in (sales, concern.clerks()):
        assert "found a text; expected" in unreadable(call, '"x"')
        assert told(call, {"ERROR": "no"}).outcome is Outcome.REFUSED


# -- who there is --------------------------------------------------------------------------------------


def test_companies_are_read_with_their_departments() -> None:
    bar = {
        "departmentID": 3, "departmentName": "Bar 1", "departmentActive": 1, "lastJournal": 6,
        "parent_firmaid": 2,
    }  # fmt: skip
    place = {
        "firmaid": 2, "name": "Café", "address": "Brødregade 1", "city": "Randers C", "postnumber": "8900",
        "active": 0, "country": "Danmark", "departments": [bar],
    }  # fmt: skip
    assert told(concern.companies(), {"lokations": [place]}) == (
        Company(
            2, "Café", False, "Brødregade 1", "8900", "Randers C", "Danmark",
            (Department(3, "Bar 1", True, 6, 2),),
        ),
    )  # fmt: skip
    assert "without lokations" in unreadable(concern.companies(), {})


ENTRY = {
    "firmaid": 9000, "departmentid": 481, "booknumber": 1831, "clerk": "1234", "revenue": "14764.2",
    "count": 14_764.2, "startdate": UNIX, "enddate": UNIX + 3600, "diff": -5, "btypes": {"Kontant": "1"},
}  # fmt: skip


def test_revenue_journals_are_read() -> None:
    call = concern.revenue(MOMENT, MOMENT + 48 * HOUR)
    assert call.request.path == f"koncern/getKoncernRevenue/{UNIX}/{UNIX + 48 * 3600}"
    assert told(call, {"entries": [{"entry": ENTRY}]}) == (
        Revenue(
            9000,
            481,
            1831,
            "1234",
            1_476_420,
            Decimal("14764.2"),
            MOMENT,
            MOMENT + HOUR,
            -500,
            {"Kontant": "1"},
        ),
    )
    (found,) = told(call, {"entries": [{"entry": {**ENTRY, "btypes": []}}]})
    assert found.by_kind == {}
    assert "btypes of a revenue" in unreadable(call, {"entries": [{"entry": {**ENTRY, "btypes": 1}}]})
    assert "without entries" in unreadable(call, {})


@pytest.mark.parametrize("length", [48 * HOUR + timedelta(seconds=1), -HOUR])
def test_a_period_of_revenue_that_the_server_does_not_take_is_not_asked_for(length: timedelta) -> None:
    with pytest.raises(ValueError, match="48 hours"):
        concern.revenue(MOMENT, MOMENT + length)
