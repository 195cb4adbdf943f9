"""The OnlinePOS server's orders: both checksums, what becomes of an order, and the exports that show it."""

from __future__ import annotations

from typing import Any

import pytest
from defusedxml import ElementTree

from tests.sandbox.shop import FIRMAID, ORDER, Shop, told

LINE = {"productId": 1, "indentation": 0, "amount": 2, "price": 50}
OPTION = {"productId": 2, "indentation": 1, "amount": 1, "price": 4.95, "lineOption": 2}
BOTH = {"cart": [LINE, OPTION], "priceChecksum": "54.95", "amountChecksum": 2}
FIVE = 1_458_057_600
"""15.03.2016 17:00 in Copenhagen."""


def lines(shop: Shop, path: str = "exportSales/v20") -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = shop.read(path)["data"]
    return data


# -- makeorder -----------------------------------------------------------------------------------------


def test_an_order_gets_a_number_and_a_repeat_another(shop: Shop) -> None:
    assert shop.order().json() == {"status": "OK", "ordernumber": "1000"}
    assert shop.order(displayOrderNo="K7").json() == {"status": "OK", "ordernumber": "1001"}
    assert [each["ordernumber"] for each in shop.pos.orders()] == [1000, 1001]
    wanted = {"displayOrderNo": {"K7": 1}, "ordernumber": {"1000": 1, "1001": 1}}
    assert shop.pos.counters()["references"] == wanted


def test_its_answer_is_xml_by_default(shop: Shop) -> None:
    for changes, wanted in (({}, {"status": "OK", "ordernumber": "1000"}), ({"cart": []}, None)):
        answer = shop.json("external/makeorder", {**ORDER, **changes}, Accept=None)
        found = {each.tag: each.text for each in ElementTree.fromstring(answer.content)}
        assert found == (wanted or {"status": "ERROR", "error": "The cart field is required"})


@pytest.mark.parametrize(
    "changes",
    [
        BOTH,
        {"priceChecksum": "50.00"},
        {"table": 25, "parkOnTable": True},
        {"forDelivery": 1, "address": "Vej 1", "zipCode": 8920, "city": "Randers", "deliveryTime": "10:00"},
        {"shopId": 9000, "type": 2, "paid": 1, "tips": 5.5, "pickupDate": 20200224, "kdsTime": "23:59"},
    ],
)
def test_what_is_documented_is_taken(shop: Shop, changes: dict[str, Any]) -> None:
    assert shop.order(**changes).json()["status"] == "OK"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"priceChecksum": "50.01"}, "Price checksum does not match"),
        ({"priceChecksum": "50,00"}, "A price is invalid"),
        ({"priceChecksum": 50}, "The priceChecksum field is invalid."),
        ({"amountChecksum": 2}, "Amount checksum does not match"),
        ({**BOTH, "amountChecksum": 1}, "Amount checksum does not match"),
        ({"name": ""}, "The name field is required"),
        ({"pickupTime": "9:00"}, "The pickupTime field is invalid"),
        ({"pickupDate": 20200230}, "The pickupDate field is invalid"),
        ({"forDelivery": 1}, "The address field is required when forDelivery is 1"),
        ({"table": 25, "parkOnTable": True, "paid": 1}, "parkOnTable cannot be used on a paid order"),
        ({"table": 26, "parkOnTable": True}, "The table field is invalid"),
        ({"shopId": 77}, "The shopId field is invalid"),
        ({"paymentType": "Cash"}, "The paymentType field is invalid."),
        ({"type": 4}, "The type field is invalid."),
        ({"paymenttype": "App"}, "The paymenttype field is unknown."),
        ({"cart": [LINE | {"productId": 99}]}, "Product 99 was not found"),
        ({"cart": [LINE | {"amount": 0}]}, "The cart field is invalid"),
        ({"cart": [LINE | {"price": "50"}]}, "The cart.0.price field is invalid."),
        ({"cart": [LINE | {"price": 50.001}]}, "A price is invalid"),
        ({"cart": [LINE | {"lineOption": 4}]}, "The cart.0.lineOption field is invalid."),
        ({"cart": [{"amount": 1, "price": 50}]}, "The cart.0.productId field is required."),
    ],
)
def test_what_breaks_a_rule_is_a_200_and_no_order(shop: Shop, changes: dict[str, Any], words: str) -> None:
    answer = shop.order(**changes)
    assert (answer.status_code, answer.json()) == (200, {"status": "ERROR", "error": words})
    assert (shop.pos.orders(), shop.pos.effects()) == ([], [])


@pytest.mark.parametrize("name", ["name", "phone", "email", "pickupTime", "priceChecksum", "cart"])
def test_what_is_required_is_required(shop: Shop, name: str) -> None:
    body = {key: value for key, value in ORDER.items() if key != name}
    told_ = shop.json("external/makeorder", body).json()
    assert told_ == {"status": "ERROR", "error": f"The {name} field is required."}


@pytest.mark.parametrize(("rule", "count"), [("lines", 2), ("outer lines", 1), ("pieces", 3)])
def test_what_the_amount_checksum_counts_is_a_setting(open_shop: Any, rule: str, count: int) -> None:
    shop = open_shop(rules={"amount_checksum": rule})
    found = [shop.order(**{**BOTH, "amountChecksum": n}).json()["status"] for n in (1, 2, 3)]
    assert [n for n, status in enumerate(found, 1) if status == "OK"] == [count]


def test_whether_tips_are_summed_up_is_a_setting(open_shop: Any) -> None:
    for rule, right, wrong in (("cart", "50", "55.5"), ("cart and tips", "55.5", "50")):
        shop = open_shop(rules={"price_checksum": rule})
        assert shop.order(tips=5.5, priceChecksum=right).json()["status"] == "OK"
        assert shop.order(tips=5.5, priceChecksum=wrong).json()["status"] == "ERROR"


def test_an_order_lowers_nothing_else(shop: Shop) -> None:
    cards, stock = shop.pos.cards(), shop.form("stockFromEan", {"ean": "0001"}).content
    shop.order(paid=1)
    assert (shop.pos.cards(), shop.form("stockFromEan", {"ean": "0001"}).content) == (cards, stock)


# -- the extended export -------------------------------------------------------------------------------


def test_an_order_is_a_sale_once_it_is_paid(shop: Shop) -> None:
    shop.order()
    assert lines(shop) == []
    shop.clock.pass_s(60)
    assert shop.admin("POST", "pay", {"ordernumber": 1000}).status_code == 200
    (line,) = lines(shop)
    assert (line["timestamp_order"], line["timestamp_pay"]) == ("2023-11-14 23:13:20", "2023-11-14 23:14:20")
    again = shop.admin("POST", "pay", {"ordernumber": 1000})
    assert (again.status_code, again.json()) == (404, {"error": "there is no unpaid order 1000"})


def test_a_sale_has_the_price_of_the_line(shop: Shop) -> None:
    shop.order(**BOTH, paid=1, paymentType="App", table=25, pax=2)
    first, second = lines(shop)
    assert (first["count"], first["price"], first["priceexclvat"], first["vatrate"]) == (2, 50, 40, "25")
    assert (second["price"], second["priceexclvat"]) == (4.95, 3.96)
    assert (first["ordernumber"], first["orderid"]) == (1000, second["orderid"])
    assert (first["paymenttype"], first["table"], first["pax"]) == ("App", "25", 2)
    assert (first["department"], first["companyname"], first["cardnumber"]) == ("Kiosk 1", "Café Å", None)
    assert (first["productgroup"], first["ean_1"], first["ean_4"]) == ("Kaffe & te", "0001", "")
    assert second["orderlineid"] == first["orderlineid"] + 1


def test_a_line_may_say_its_vat(shop: Shop) -> None:
    shop.order(cart=[{**LINE, "vatRate": 0.012}], paid=1)
    (line,) = lines(shop)
    assert (line["vatrate"], line["priceexclvat"]) == ("12", 44.64)


def test_an_order_for_another_shop_is_sold_there(shop: Shop) -> None:
    shop.order(paid=1, shopId=9000)
    assert lines(shop) == []
    assert shop.pos.store.lines()[0].department == "Bar"


@pytest.mark.parametrize(("rule", "found"), [("inclusive", [1001, 1002]), ("exclusive", [1002])])
def test_sales_from_an_order_on(open_shop: Any, rule: str, found: list[int]) -> None:
    shop = open_shop(rules={"with_id": rule})
    for _ in range(3):
        shop.order(paid=1)
    second = lines(shop)[1]["orderid"]
    assert [each["ordernumber"] for each in lines(shop, f"exportSales/v20/withId/{second}")] == found
    assert lines(shop, "exportSales/v20/withId/99999999") == []


def test_sales_from_a_moment_on(shop: Shop) -> None:
    shop.order(paid=1)
    now = shop.clock.ms // 1000
    assert len(lines(shop, f"exportSales/v20/{now}")) == 1
    assert lines(shop, f"exportSales/v20/{now + 1}") == []


def test_pages_are_linked_without_tls(open_shop: Any) -> None:
    shop = open_shop(rules={"per_page": 2})
    for _ in range(5):
        shop.order(paid=1)
    path = f"{shop.sandbox.onlinepos_url}/exportSales/v20/0"
    assert path.startswith("http://")
    first, last = shop.read("exportSales/v20/0"), shop.read("exportSales/v20/0?page=3")
    assert (first["next_page_url"], first["prev_page_url"]) == (f"{path}?page=2", None)
    assert (last["next_page_url"], last["prev_page_url"]) == (None, f"{path}?page=2")
    assert (first["path"], first["per_page"], first["from"], first["to"]) == (path, 2, 1, 2)
    assert (last["current_page"], last["from"], last["to"], len(last["data"])) == (3, 5, 5, 1)


# -- the other exports ---------------------------------------------------------------------------------


def period(seconds: int) -> dict[str, str]:
    return {"from": str(seconds), "to": str(seconds + 60)}


@pytest.mark.parametrize(("rule", "price"), [("piece", "25,00"), ("line", "50,00")])
def test_the_old_export_is_local_and_has_commas(open_shop: Any, rule: str, price: str) -> None:
    shop = open_shop(rules={"export_price": rule})
    shop.clock.ms = FIVE * 1000
    shop.order(paid=1)
    asked = period(FIVE)
    (sale,) = shop.form("exportSales", asked, Accept="application/json").json()["sales"]
    line = sale["line"]
    assert (line["date"], line["time"], line["price"], line["amount"]) == ("15.03.2016", "17:00", price, 2)
    root = ElementTree.fromstring(shop.form("exportSales", asked).content)
    assert [each.findtext("price") for each in root] == [price]
    for other in ({"department": "Bar"}, {"cardnumber": "1"}, period(FIVE - 86_400)):
        assert shop.form("exportSales", asked | other, Accept="application/json").json() == {"sales": []}


@pytest.mark.parametrize("asked", [{}, {"from": "1"}, {"from": "x", "to": "1"}])
def test_no_period_is_a_200(shop: Shop, asked: dict[str, str]) -> None:
    answer = shop.form("exportSales", asked, Accept="application/json")
    assert (answer.status_code, answer.json()) == (200, {"error": "Input fail!"})
    assert told(shop.form("exportSales", asked)) == "error: Input fail!"


def test_sums_of_a_period(shop: Shop) -> None:
    shop.order(**BOTH, paid=1, pax=3)
    now = shop.clock.ms // 1000
    wanted = {
        "period": "2023.11.14 23:13:20 - 2023.11.14 23:14:20",
        "location": [{"userid": FIRMAID, "amount": 54.95, "pax": "3"}],
    }
    assert shop.read(f"getByUnixTimeSales/{now}/{now + 60}") == wanted
    root = ElementTree.fromstring(shop("GET", f"getByUnixTimeSales/{now}/{now + 60}").content)
    assert (root.tag, root.findtext("location/userId")) == ("XML", str(FIRMAID))


# -- the end of the day --------------------------------------------------------------------------------


def journal(shop: Shop, start: str, end: str) -> Any:
    return shop("POST", f"end_of_day_journal?time_from={start}&time_to={end}").json()


def test_a_till_s_day_is_balanced(shop: Shop) -> None:
    shop.order(**BOTH, paid=1)
    shop.order(paid=1, paymentType="App")
    assert shop.admin("POST", "close", {"firmaid": FIRMAID}).status_code == 200
    (entry,) = journal(shop, "2023-11-14T00:00:00", "2023-11-15T00:00:00")["journal_entries"]
    found = [(each["journal_line_type"], each["journal_line_amount"]) for each in entry["journal_lines"]]
    assert found == [("debit", 50), ("debit", 54.95), ("credit", 83.96), ("credit", 20.99)]
    assert (entry["time"], entry["cash_register_name"]) == ("2023-11-14T23:13:20", "Kiosk 1")
    shop.clock.pass_s(60)
    shop.order(paid=1)
    second = shop.admin("POST", "close", {"firmaid": FIRMAID}).json()
    assert second["journal_lines"][0]["journal_line_amount"] == 50, "since it ended its day last"
    assert second["journal_number"] == entry["journal_number"] + 1
    assert shop.admin("POST", "close", {"firmaid": 77}).status_code == 404


@pytest.mark.parametrize("start", ["1700000000", "2023-8-20T08:00:00", "2023-02-30T08:00:00", ""])
def test_a_journal_wants_local_moments(shop: Shop, start: str) -> None:
    assert journal(shop, start, "2023-11-15T00:00:00") == {"error": "invalid input"}


def test_where_the_journal_looks_is_a_setting(open_shop: Any) -> None:
    shop = open_shop(rules={"journal_place": "form"})
    shop.admin("POST", "close", {"firmaid": FIRMAID})
    asked = {"time_from": "2023-11-14T00:00:00", "time_to": "2023-11-15T00:00:00"}
    assert journal(shop, *asked.values()) == {"error": "invalid input"}
    assert len(shop.form("end_of_day_journal", asked).json()["journal_entries"]) == 1
    other = shop.form("end_of_day_journal", asked | {"cash_register_id": "2"})
    assert other.json() == {"journal_entries": []}
