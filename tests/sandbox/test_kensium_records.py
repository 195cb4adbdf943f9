"""What the Kensium server tells and records: pages, cursors, purchases, card terminals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.tenant import Tenant, purchase


def told(tenant: Tenant, field: str, args: str = "", results: str = "sku") -> dict[str, Any]:
    return dict(tenant.data(f"{{ {field}{args} {{ hasMoreResults until results {{ {results} }} }} }}")[field])


def changed(tenant: Tenant, since: str, first: int = 50) -> tuple[list[str], str, bool]:
    """The items modified since then, in order, and where to go on."""
    page = told(tenant, "item", f'(since: "{since}", first: {first})')
    return [each["sku"] for each in page["results"]], page["until"], page["hasMoreResults"]


def test_pages_are_by_sku_and_have_a_limit_of_their_own(open_tenant: Callable[..., Tenant]) -> None:
    tenant = open_tenant(rules={"page": 2})
    tenant.kensium.know("item", [{"sku": "APPLE"}])
    first = told(tenant, "item")
    assert first == {"hasMoreResults": True, "until": None, "results": [{"sku": "APPLE"}, {"sku": "COFFEE"}]}
    rest = told(tenant, "item", "(skip: 2, first: 5)")
    assert rest == {"hasMoreResults": False, "until": None, "results": [{"sku": "TEA"}]}
    assert tenant.code("{ item(first: -1) { until } }") == "VALIDATION"


def test_a_cursor_tells_what_was_modified_since(tenant: Tenant) -> None:
    skus, until, more = changed(tenant, "", first=1)
    assert (skus, more) == (["COFFEE"], True)
    skus, until, more = changed(tenant, until, first=1)
    assert (skus, more) == (["TEA"], False)
    assert changed(tenant, until)[0] == []
    tenant.kensium.know("item", [{"sku": "COFFEE", "name": "Better coffee"}])
    skus, later, more = changed(tenant, until)
    assert (skus, more) == (["COFFEE"], False)
    assert later != until
    assert changed(tenant, until)[0] == ["COFFEE"], "a cursor may be used again"
    assert changed(tenant, "")[0] == ["TEA", "COFFEE"], "in the order of modification"


def test_a_cursor_may_tell_something_twice_and_still_comes_to_an_end(
    open_tenant: Callable[..., Tenant],
) -> None:
    tenant = open_tenant(rules={"overlap": 5})
    _, until, more = changed(tenant, "")
    assert not more
    assert changed(tenant, until) == (["COFFEE", "TEA"], until, False)
    skus, since, more = [], "", True
    while more:
        page, since, more = changed(tenant, since, first=1)
        skus += page
    assert skus == ["COFFEE", "TEA"]


def test_a_cursor_is_good_for_its_own_kind_only(tenant: Tenant) -> None:
    _, until, _ = changed(tenant, "")
    query = '{ itemWarehouse(since: "%s") { until } }'
    assert tenant.error(query % until)["extensions"]["data"]["Property"] == "Since"
    for wrong in ("1", "%%%", "bm8", "é"):
        assert tenant.code(query % wrong) == "VALIDATION"


def test_items_have_prices_and_stock_by_warehouse(tenant: Tenant) -> None:
    stock = {"warehouseCode": "MAIN", "sku": "TEA", "basePrice": "2.50", "quantityAvailable": "7"}
    tenant.kensium.know("itemWarehouse", [stock, {**stock, "warehouseCode": "EAST", "basePrice": "3.00"}])
    item = "sku warehouses { warehouseCode basePrice quantityAvailable }"
    (tea,) = told(tenant, "item", '(warehouseCode: "EAST")', item)["results"]
    assert tea["warehouses"] == [{"warehouseCode": "EAST", "basePrice": "3.00", "quantityAvailable": "7"}]
    every = {each["sku"]: each["warehouses"] for each in told(tenant, "item", "", item)["results"]}
    assert (len(every["TEA"]), every["COFFEE"]) == (2, [])
    (main,) = told(tenant, "itemWarehouse", '(warehouseCode: "MAIN")', "sku basePrice")["results"]
    assert main == {"sku": "TEA", "basePrice": "2.50"}
    lot = {"warehouseCode": "MAIN", "sku": "TEA", "serialLotNbr": "L1", "quantityAvailable": "7"}
    tenant.kensium.know("itemSerialLot", [lot])
    assert told(tenant, "itemSerialLot", '(since: "")', " ".join(lot))["results"] == [lot]


def test_sales_are_found_by_day_and_customer(tenant: Tenant) -> None:
    days = ("2026-01-30T23:59:59Z", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z")
    sales = [{"id": str(n), "customerId": f"C{n % 2}", "saleDate": day} for n, day in enumerate(days)]
    tenant.kensium.know("sale", sales)
    dates = '(fromDate: "2026-01-31", toDate: "2026-02-01")'
    assert told(tenant, "sale", dates, "id")["results"] == [{"id": "1"}], "the last day is not included"
    assert told(tenant, "sale", '(customerId: "C0")', "id")["results"] == [{"id": "0"}, {"id": "2"}]
    assert told(tenant, "sale", '(id: "2")', "id saleDate")["results"] == [{"id": "2", "saleDate": days[2]}]
    assert tenant.code('{ sale(fromDate: "31.1.2026") { until } }') == "VALIDATION"


def test_customers_are_found_by_member_and_ids_stay_texts(tenant: Tenant) -> None:
    id_ = "02499497793190625396"
    customer = {"id": id_, "memberId": "000010049", "fullName": "Max", "phone": {"raw": "555"}}
    tenant.kensium.know("customer", [customer, {"id": "2"}])
    query = '{ customer(memberId: "000010049") { limitedByPermission results { id fullName phone { raw } } } }'
    told = tenant.data(query)["customer"]
    found = {"id": id_, "fullName": "Max", "phone": {"raw": "555"}}
    assert told == {"limitedByPermission": False, "results": [found]}


def test_what_only_the_names_are_known_of_can_be_asked_for(tenant: Tenant) -> None:
    assert tenant.data("{ location { results { code name } } }")["location"]["results"] == [
        {"code": "MAIN", "name": "Main store"}
    ]
    tenant.kensium.know("productGroup", [{"id": "1", "name": "Drinks"}])
    for name in ("product", "productBanner", "productNotice", "productSection", "productSortOption"):
        assert tenant.data(f"{{ {name} {{ results {{ id }} }} }}")[name]["results"] == []
    assert tenant.data("{ productGroup { results { name } } }")["productGroup"]["results"] == [
        {"name": "Drinks"}
    ]


def test_staff_enters_records_over_http_and_mistakes_are_told(tenant: Tenant) -> None:
    seed = {"records": {"item": [{"sku": "BUN"}]}, "cards": [{"code": "Z9", "balance": 250}]}
    assert tenant.admin("POST", "seed", seed).status_code == 200
    assert tenant.balance("Z9") == "2.50"
    for wrong in (
        {"records": {"nothing": []}},
        {"records": {"item": [{"name": "Bun"}]}},
        {"records": {"sale": [{"id": "1"}]}},
        {"cards": [{"code": "Z9"}]},
        {"applications": [{"id": "a", "secret": "b", "permissions": ["Everything"]}]},
    ):
        assert tenant.admin("POST", "seed", wrong).status_code == 400
    assert len(tenant.admin("GET", "entries").json()["cards"]) == 2


# -- purchases -----------------------------------------------------------------------------------------


def test_a_purchase_is_recorded_as_often_as_it_comes(tenant: Tenant) -> None:
    ids = {tenant.data(purchase())["purchaseAdd"]["id"] for _ in range(2)}
    assert len(ids) == 2
    counters = tenant.counters()
    assert (counters["transactions"], counters["repeats"]) == ({"K1-7": 2}, 1)
    kept = tenant.admin("GET", "entries").json()["purchases"]
    assert [each["lineItems"][0]["sku"] for each in kept] == ["COFFEE", "COFFEE"]
    assert tenant.balance() == "10.00", "it moves no funds"


@pytest.mark.parametrize(
    ("old", "new", "member"),
    [
        ('"MAIN"', '"EAST"', "StoreCode"),
        ('"MAIN"', '""', "StoreCode"),
        ('"K1-7"', '""', "TransactionId"),
        ('"2026-01-31T12:00:00"', '"yesterday"', "PurchasedOn"),
        ('"2026-01-31T12:00:00"', '"2026-02-31T12:00:00"', "PurchasedOn"),
        ('subTotal: "1.99"', "subTotal: 1.99", "SubTotal"),
        ('extPrice: "1.99"', 'extPrice: "much"', "LineItems.extPrice"),
    ],
)
def test_a_purchase_that_cannot_be_is_refused(tenant: Tenant, old: str, new: str, member: str) -> None:
    error = tenant.error(purchase(change=(old, new)))
    assert error["extensions"]["code"] == "VALIDATION"
    assert error["extensions"]["data"]["Property"] == member
    assert tenant.counters()["transactions"] == {}


def test_a_purchase_without_something_or_without_lines_is_refused(tenant: Tenant) -> None:
    assert tenant.code(purchase(change=('taxAmount: "0",', ""))) == "FUSION_ERROR"
    assert tenant.code(purchase(change=("isRefund: false", 'isRefund: "no"'))) == "FUSION_ERROR"
    lines = purchase().partition("lineItems: [")[0] + "lineItems: []}) { id } }"
    assert tenant.error(lines)["extensions"]["data"]["Property"] == "LineItems"
    assert tenant.counters()["transactions"] == {}


# -- card terminals ------------------------------------------------------------------------------------

ANSWER = "{ payment { id status amount } error { code } continuation { id waitMilliseconds } }"


def step(tenant: Tenant, name: str, args: str) -> dict[str, Any]:
    found = tenant.data(f"mutation {{ terminalPayment {{ {name}({args}) {ANSWER} }} }}")
    answer = dict(found["terminalPayment"][name])
    assert len([each for each in answer.values() if each is not None]) == 1, "exactly one of three"
    return answer


def start(type_: str = "SALE") -> str:
    return f'payment: {{transType: {type_}, amount: "12.50", refNo: "7"}}'


def test_a_sale_is_waited_for_and_then_done(open_tenant: Callable[..., Tenant]) -> None:
    tenant = open_tenant(rules={"waits": 2, "wait_ms": 750})
    waiting = step(tenant, "start", start())["continuation"]
    assert waiting["waitMilliseconds"] == 750
    assert step(tenant, "continue", f'id: "{waiting["id"]}"')["continuation"] == waiting
    assert tenant.counters()["effects"] == {}
    done = step(tenant, "continue", f'id: "{waiting["id"]}"')["payment"]
    assert done == {"id": waiting["id"], "status": "COMPLETED", "amount": "12.50"}
    assert step(tenant, "continue", f'id: "{waiting["id"]}"')["payment"] == done
    assert tenant.counters()["effects"] == {"pay": 1}
    (effect,) = tenant.admin("GET", "effects").json()["effects"]
    assert (effect["cents"], effect["ref"]) == (1250, "7")


def test_an_authorisation_is_captured_once(open_tenant: Callable[..., Tenant]) -> None:
    tenant = open_tenant(rules={"waits": 0})
    held = step(tenant, "start", start("AUTHORIZE"))["payment"]
    assert (held["status"], tenant.counters()["effects"]) == ("AUTHORIZED", {})
    assert step(tenant, "capture", f'id: "{held["id"]}"')["payment"]["status"] == "COMPLETED"
    again = f'mutation {{ terminalPayment {{ capture(id: "{held["id"]}") {ANSWER} }} }}'
    assert tenant.code(again) == "FUSION_ERROR"
    assert tenant.counters()["effects"] == {"pay": 1}


def test_a_card_is_declined_and_a_refund_goes_the_other_way(open_tenant: Callable[..., Tenant]) -> None:
    tenant = open_tenant(rules={"waits": 0, "card": "declined"})
    assert step(tenant, "start", start())["error"] == {"code": "DECLINED"}
    tenant.admin("PUT", "rules", {"card": "approved"})
    step(tenant, "start", start("REFUND"))
    (effect,) = tenant.admin("GET", "effects").json()["effects"]
    assert effect["cents"] == -1250


def test_each_kind_of_payment_needs_its_permission(tenant: Tenant) -> None:
    for type_ in ("Sale", "Refund", "Authorize"):
        tenant.without(f"Make{type_}TerminalPayment")
        query = f"mutation {{ terminalPayment {{ start({start(type_.upper())}) {ANSWER} }} }}"
        assert tenant.code(query) == "NOT_AUTHORIZED"
    assert tenant.admin("GET", "entries").json()["payments"] == []
