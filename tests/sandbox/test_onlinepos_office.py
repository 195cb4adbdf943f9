"""The OnlinePOS server's calls for an office: what each takes, and what it refuses in which shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from defusedxml import ElementTree
from msgspec.structs import replace

from terminal.sandbox.onlinepos.things import Company, Content, Ingredient, Offer, Product, ProductGroup
from tests.sandbox.shop import FIRMAID, KEY, Shop, sha1, told

JSON = "application/json"
OFFER = {"name": "Happy", "content": [{"pid": 1, "price": 12.5, "amount": 2}]}
PRODUCT = {"productname": "Rugbrød", "productgroup": "Brød", "price": "15"}
ORDER = "productname productgroup price costprice"
AWAY = {
    "name": "Kiosk",
    "phone": "88888888",
    "email": "kiosk@example.org",
    "cart": '{"cart":[{ "productId":"1", "amount":"2", "price":"50", "indent":"0" }]}',
    "pickup_time": "10:00",
}


def send(shop: Shop, method: str, path: str, body: object) -> int:
    """Send JSON; what it was answered with is returned, and nothing is said beside an error."""
    answer = shop(method, path, json.dumps(body).encode(), **{"Content-Type": JSON, "Accept": JSON})
    assert answer.is_error == bool(answer.content)
    return answer.status_code


def away(shop: Shop, **changes: str | None) -> Any:
    """Order by the old call."""
    fields = {name: value for name, value in {**AWAY, **changes}.items() if value is not None}
    parts = [f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
    kind = "multipart/form-data; boundary=b"
    return shop("POST", "taw/makeOrdre", ("".join(parts) + "--b--\r\n").encode(), **{"Content-Type": kind})


# -- products ------------------------------------------------------------------------------------------


def test_a_product_is_made_each_time_again_in_a_group_that_is_made_once(shop: Shop) -> None:
    assert told(shop.hashed("addProduct", ORDER, PRODUCT)) == "status: Product 4 created"
    assert told(shop.hashed("addProduct", ORDER, PRODUCT)) == "status: Product 5 created"
    made = shop.pos.store.thing(Product, 5)
    assert made is not None
    assert (made.name, made.price) == ("Rugbrød", 1500)
    assert [each.name for each in shop.pos.store.things(ProductGroup)] == ["Kaffe & te", "Brød"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"productname": ""}, "No product name"),
        ({"productgroup": ""}, "No product group"),
        ({"price": "12,5"}, "price is invalid!"),
        ({"costprice": "-1"}, "costprice is invalid!"),
    ],
)
def test_a_product_that_is_none(shop: Shop, changes: dict[str, str], words: str) -> None:
    assert told(shop.hashed("addProduct", ORDER, PRODUCT | changes)) == f"fail: {words}"
    assert shop.form("addProduct", PRODUCT).status_code == 403
    assert (len(shop.pos.store.things(Product)), shop.pos.effects()) == (3, [])


# -- offers --------------------------------------------------------------------------------------------


def test_an_offer_is_made_changed_and_emptied(shop: Shop) -> None:
    assert send(shop, "POST", "offer", OFFER) == 200
    frame = {"name": "Weekend", "days": "_,_,_,_,_,1,1", "dayfrom": "2021-07-06", "dayto": "2021-08-06"}
    assert send(shop, "PUT", "offer/1", frame) == 200
    assert send(shop, "POST", "offer/1/add", {"gid": 10, "percent": 25}) == 201
    assert send(shop, "DELETE", "offer/1/remove", {"pid": 1}) == 200
    (offer,) = shop.pos.store.things(Offer)
    assert (offer.name, offer.days, offer.dayto) == ("Weekend", "_,_,_,_,_,1,1", "2021-08-06")
    assert offer.content == (Content(gid=10, price=None, percent=25),)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "offer/9", {"name": "a"}, 404),
        ("POST", "offer/9/add", {"pid": 1, "price": 1}, 404),
        ("DELETE", "offer/9/remove", {"pid": 1}, 404),
        ("DELETE", "offer/1/remove", {"pid": 2}, 404),
        ("POST", "offer", {"content": []}, 400),
        ("POST", "offer", {"name": "a", "days": "1,1"}, 400),
        ("POST", "offer", {"name": "a", "dayfrom": "20210706"}, 400),
        ("POST", "offer", {"name": "a", "dayfrom": "2021-02-30"}, 400),
        ("POST", "offer", {"name": "a", "dayfrom": "2021-02-03", "dayto": "2021-02-02"}, 400),
        ("POST", "offer", {"name": "a", "content": [{"pid": 1, "pris": 5}]}, 400),
        ("PUT", "offer/1", {"name": "a", "content": []}, 400),
        ("POST", "offer/1/add", {"pid": 1, "gid": 10, "price": 1}, 400),
        ("POST", "offer/1/add", {"pid": 99, "price": 1}, 400),
        ("POST", "offer/1/add", {"pid": 1}, 400),
        ("POST", "offer/1/add", {"pid": 1, "percent": 101}, 400),
        ("POST", "offer/1/add", {"pid": 1, "price": -1}, 400),
        ("POST", "offer/1/add", {"pid": 1, "price": 1, "amount": 0}, 400),
        ("DELETE", "offer/1/remove", {}, 400),
    ],
)
def test_what_is_no_offer(shop: Shop, method: str, path: str, body: object, status: int) -> None:
    assert send(shop, "POST", "offer", OFFER) == 200
    before = shop.read("offer")
    assert send(shop, method, path, body) == status
    assert shop.read("offer") == before


def test_who_may_not_change_offers_is_told_by_another_status(shop: Shop) -> None:
    company = shop.pos.store.thing(Company, FIRMAID)
    assert company is not None
    shop.pos.know([replace(company, denied=("offerCreate", "addProduct"))])
    assert send(shop, "POST", "offer", OFFER) == 401
    assert shop.hashed("addProduct", ORDER, PRODUCT).status_code == 403


# -- campaigns -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["form", "json"])
def test_a_campaign_is_changed_by_both_kinds_of_bodies(shop: Shop, kind: str) -> None:
    path = "campaign/editCampaign/27"
    signed = f"8cd120a338e7b0331234Stempel3true[9000, {FIRMAID}]"
    fields: dict[str, Any] = {
        "name": "Stempel",
        "cardgroup": 3,
        "info_view": True,
        "whitelist": [9000, FIRMAID],
    }
    if kind == "json":
        answer = shop.json(path, {"hash": sha1(signed, KEY), **fields})
    else:
        texts = fields | {"info_view": "true", "whitelist": f"[9000, {FIRMAID}]", "hash": sha1(signed, KEY)}
        answer = shop.form(path, {name: str(value) for name, value in texts.items()}, Accept=JSON)
    assert answer.json() == {"status": "Campaign 27 successfully updated!"}
    (campaign,) = shop.read("campaign/campaignList")["Campaigns"]
    assert campaign["campaign"]["info_view"] == 1
    assert campaign["campaign"]["whitelisted_company_ids"] == [9000, FIRMAID]


@pytest.mark.parametrize(
    ("path", "changes", "words"),
    [
        ("27", {"cardgroup": "99"}, "cardgroup is invalid!"),
        ("27", {"active": "perhaps"}, "active is invalid!"),
        ("27", {"whitelist": "9000"}, "whitelist is invalid!"),
        ("27", {"remove_from_whitelist": "[77]"}, "remove_from_whitelist is invalid!"),
        ("99", {"name": "a"}, "Unknown Campaign - EditCampaign"),
    ],
)
def test_a_campaign_that_cannot_be_so(shop: Shop, path: str, changes: dict[str, str], words: str) -> None:
    order = "name cardgroup free_msg free_split auto_add info_view active whitelist remove_from_whitelist"
    answer = shop.hashed(f"campaign/editCampaign/{path}", order, changes, Accept=JSON)
    assert (answer.status_code, answer.json()) == (200, {"ERROR": words})
    assert shop.form(f"campaign/editCampaign/{path}", {"name": "a", "hash": "b"}).status_code == 403


# -- taken away ----------------------------------------------------------------------------------------


def test_the_old_order_is_a_201_and_a_sale_when_it_is_paid(shop: Shop) -> None:
    answer = away(shop, paid="1")
    assert (answer.status_code, answer.json()) == (201, {"status": "OK", "ordernumber": "1000"})
    assert away(shop).json()["ordernumber"] == "1001"
    (line,) = shop.read("exportSales/v20")["data"]
    assert (line["price"], line["count"], line["ordernumber"]) == (50, 2, 1000)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": ""}, "Email empty"),
        ({"cart": None}, "Cart empty"),
        ({"cart": '{"cart":[]}'}, "Cart empty"),
        ({"cart": "[]"}, "Cart is invalid"),
        ({"cart": AWAY["cart"].replace('"1"', '"99"', 1)}, "Product 99 was not found"),
        ({"cart": AWAY["cart"].replace('"50"', '"50,5"')}, "Cart is invalid"),
        ({"pickup_time": "9"}, "pickup_time is invalid"),
        ({"forDelivery": "1"}, "Address empty"),
        ({"shopId": "77"}, "shopId is invalid"),
    ],
)
def test_what_is_no_order_is_a_200(shop: Shop, changes: dict[str, str | None], words: str) -> None:
    answer = away(shop, **changes)
    assert (answer.status_code, answer.json()) == (200, {"error": words})
    assert (shop.pos.orders(), shop.pos.effects()) == ([], [])


# -- concern and stock ---------------------------------------------------------------------------------


def test_a_concern_sells_in_all_its_companies(shop: Shop) -> None:
    for company in (FIRMAID, 9000):
        shop.order(paid=1, shopId=company)
    now = shop.clock.ms // 1000
    period = {"from": str(now), "to": str(now)}
    sales = shop.form("exportKoncern", period).json()["sales"]
    assert [each["line"]["firma_id"] for each in sales] == [FIRMAID, 9000]
    rest = shop.form("exportKoncern", {**period, "offset": "1"}).json()["sales"]
    assert rest == sales[1:]
    one = shop.form("exportKoncern", {**period, "lokation": "9000"}).json()["sales"]
    assert one == sales[1:]
    failed = shop.form("exportKoncern", {"from": "soon"}, Accept=JSON)
    assert told(failed) == "error: Input fail!"
    sums = ElementTree.fromstring(shop("GET", f"getByUnixTimeKoncern/{now}/{now}").content)
    assert [each.findtext("amount") for each in sums.findall("location")] == ["50", "50"]


def test_a_concern_in_xml_is_well_formed(shop: Shop) -> None:
    answer = shop("GET", "koncern/koncernInfo")
    assert answer.content.startswith(b'<?xml version="1.0" encoding="ISO-8859-1"?>')
    root = ElementTree.fromstring(answer.content)
    assert [each.findtext("name") for each in root] == ["Café Å", "Other"]
    assert root[1].findtext("departments/department/departmentName") == "Bar"


def test_revenue_is_of_two_days_at_most(shop: Shop) -> None:
    now = shop.clock.ms // 1000
    assert shop.read(f"koncern/getKoncernRevenue/{now}/{now + 172_800}") == {"entries": []}
    assert shop.read(f"koncern/getKoncernRevenue/{now}/{now + 172_801}") == {"error": "Input fail!"}


def test_stock_of_others_and_of_places_that_there_are_none_of(shop: Shop) -> None:
    assert shop("GET", "stock/getStockLocations/77").status_code == 403
    assert shop.read(f"stock/getStockLocations/{FIRMAID}") == {"stockLocations": {"main": None, "all": []}}
    assert shop.read("stock/getStockValues?location=5") == {"error": "Input fail!"}
    assert shop.read(f"stock/getConsumption/{FIRMAID}/a/b") == {"error": "Input fail!"}


def test_compositions_come_page_by_page(open_shop: Any) -> None:
    shop = open_shop(rules={"page_of_stock": 1})
    recipe = (Ingredient(stock=70, amount=200),)
    shop.pos.know([Product(id=id_, name="a", price=1, group=10, recipe=recipe) for id_ in (7, 8)])
    first = shop.read("stock/getStockComposition")
    assert first["next_page_url"] == f"{shop.sandbox.onlinepos_url}/stock/getStockComposition?page=2"
    last = shop.read("stock/getStockComposition?page=2")
    assert (last["next_page_url"], last["data"][0]["product_id"], last["status"]) == (None, 8, "OK")
