"""The OnlinePOS server's goods: products as three calls tell them, offers, stock."""

from __future__ import annotations

from typing import Any

import pytest
from defusedxml import ElementTree

from terminal.sandbox.onlinepos.things import Content, Offer, Product
from tests.sandbox.shop import Shop, told

MILK: dict[str, Any] = {
    "ID": 2,
    "name": "Mælk",
    "groupid": "10",
    "groupname": "Kaffe & te",
    "price_1": "4.95",
    "price_2": "0.00",
    "price_3": "0.00",
    "price_4": "0.00",
    "price_5": "0.00",
    "cost_price": "0.00",
    "standard_price": "4.95",
    "categories": [],
    "additional_price_groups": {"6": {"price": "6.00", "name": "middag"}},
    "description": "",
}


def test_products_have_texts_with_dots(shop: Shop) -> None:
    coffee, milk, _ = shop.read("getProducts")
    assert milk == MILK
    assert coffee["additional_price_groups"] == [], "an empty table is written as an empty list"
    assert coffee["cost_price"] == "6.50"


def test_products_in_xml(shop: Shop) -> None:
    products = ElementTree.fromstring(shop("GET", "getProducts").content)
    milk = products[1]
    assert (milk.find("product").get("id"), milk.findtext("product")) == ("2", "Mælk")
    assert (milk.find("product_group").get("id"), milk.findtext("product_group")) == ("10", "Kaffe & te")
    assert (milk.find("price").get("price_1"), milk.findtext("normalpris")) == ("4.95", "4.95")
    (group,) = milk.find("additional_price_groups")
    assert group.attrib == {"id": "6", "price": "6.00", "name": "middag"}


def test_the_structure_has_choices_and_parts(shop: Shop) -> None:
    structure = shop.read("getProductStructure")
    (group,) = structure["ProductGroups"]
    coffee, milk, menu = group["Products"]
    assert (group["ProductGroupID"], group["ProductGroupName"]) == (10, "Kaffe & te")
    assert (coffee["ProductPrice"], coffee["ProductCostPrice"], coffee["EAN_1"], coffee["EAN_2"]) == (
        25,
        6.5,
        "0001",
        "A1",
    )
    assert (coffee["ProductMSG"], "ProductSplit" in coffee, coffee["MasterID"]) == (5, False, 0)
    assert milk["AdditionalPriceGroups"] == [
        {"PriceGroupNumber": "6", "PriceGroupName": "middag", "PriceGroupValue": 6}
    ]
    assert menu["ProductSplit"] == [{"ProductID": 1, "Amount": 1, "Price": 25.05}]
    assert "ProductMSG" not in menu
    assert structure["MSGPages"] == [
        {
            "MSG_ID": 5,
            "MSG_Name": "Tilvalg",
            "MSG_Min": 0,
            "MSG_Max": "2",
            "MSG_Price": 4.95,
            "MSG_Default": "2",
            "MSG_Options": [2],
        }
    ]


def test_take_away_tells_what_is_sold_out(shop: Shop) -> None:
    shop.pos.know([Product(id=2, name="Mælk", price=495, group=10, soldout=True)])
    (group,) = shop.read("taw/products")["groups"]
    coffee, milk, menu = group["products"]
    assert (milk["soldout"], menu["multi"], coffee["max"]) == (1, 1, 2)
    (option,) = coffee["options"]
    assert (option["id"], option["price"], option["soldout"], option["default"]) == (2, "4.95", 1, 1)


def test_choices_that_lead_back_to_themselves_end(shop: Shop) -> None:
    shop.pos.know([Product(id=2, name="Mælk", price=495, group=10, page=5)])
    assert shop("GET", "taw/products").status_code == 200


def test_shops_and_times(shop: Shop) -> None:
    assert [each["id"] for each in shop.read("taw/shops")["shops"]] == [1234, 9000]
    slots = shop.read("taw/timeslots/20240229")
    assert (slots["date"], slots["timeslots"][:2]) == ("20240229", ["10:00", "10:15"])
    assert shop.read("taw/timeslots/20230229") == {"error": "Input fail!"}


def test_an_offer_is_read_with_its_danish_price(shop: Shop) -> None:
    assert shop.read("offer") == []
    shop.pos.know([Offer(id=4, name="Happy", content=(Content(pid=1, amount=2, price=4000),))])
    (offer,) = shop.read("offer")
    assert offer["content"] == [{"pid": 1, "gid": 0, "amount": 2, "pris": 40}]
    assert (offer["days"], offer["dayto"], offer["timeto"]) == ("1,1,1,1,1,1,1", "0001-01-01", -10_000)


# -- stock ---------------------------------------------------------------------------------------------

MOVE = {"ean": "0001", "amount": "3", "type": "2", "orderno": "17"}
ORDER = "ean amount type orderno"


def stock(shop: Shop, ean: str = "0001") -> Any:
    return shop.form("stockFromEan", {"ean": ean}, Accept="application/json").json()["info"]


def test_stock_is_lowered_each_time_again(shop: Shop) -> None:
    answer = shop.hashed("updateStock", ORDER, MOVE, Accept="application/json")
    assert answer.json() == {"info": {"reply": "OK"}}
    answer = shop.hashed("updateStock", ORDER, MOVE)
    assert answer.content.startswith(b'<?xml version="1.0" encoding="ISO-8859-1"?>')
    assert ElementTree.fromstring(answer.content).findtext("info/reply") == "OK"
    assert stock(shop) == [{"info": {"ean": "0001", "stock": "-1.000"}}]
    shop.hashed("updateStock", ORDER, MOVE | {"type": "3", "amount": "1.5", "orderno": "18"})
    assert stock(shop) == [{"info": {"ean": "0001", "stock": "0.500"}}]
    assert shop.pos.counters()["references"]["orderno"] == {"17": 2, "18": 1}


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"ean": "77"}, 1),
        ({"type": "1"}, 2),
        ({"type": ""}, 2),
        ({"amount": ""}, 3),
        ({"amount": "-3"}, 3),
        ({"amount": "0"}, 3),
        ({"amount": "0.0001"}, 3),
        ({"orderno": ""}, 4),
    ],
)
def test_an_error_of_stock_has_a_number(shop: Shop, changed: dict[str, str], number: int) -> None:
    answer = shop.hashed("updateStock", ORDER, MOVE | changed, Accept="application/json")
    assert (answer.status_code, answer.json()["info"]["num"]) == (200, number)
    xml = shop.hashed("updateStock", ORDER, MOVE | changed)
    assert xml.content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    assert ElementTree.fromstring(xml.content).findtext("info/num") == str(number)
    assert stock(shop) == [{"info": {"ean": "0001", "stock": "5.000"}}]


def test_a_shop_without_a_place_for_stock(open_shop: Any) -> None:
    shop = open_shop(rules={"stock_location": False})
    assert shop.read("stock")["info"]["num"] == 5
    assert stock(shop)["num"] == 5
    answer = shop.hashed("updateStock", ORDER, MOVE, Accept="application/json")
    assert answer.json()["info"]["num"] == 5


def test_all_stock(shop: Shop) -> None:
    wanted = {"ean": "0001", "stock": "5.000", "ean_2": "A1", "ean_3": "", "ean_4": ""}
    assert shop.read("stock") == {"info": [{"info": wanted}]}
    (info,) = ElementTree.fromstring(shop("GET", "stock").content)
    assert {each.tag: each.text or "" for each in info} == wanted
    assert stock(shop, "0001,77")["num"] == 1


def test_documents_of_one_element_are_read_as_such(shop: Shop) -> None:
    """The helper of these tests trims, as a client must."""
    answer = shop.hashed("deposit", "cardnumber amount", {"cardnumber": "77", "amount": "1"})
    assert b"<fail> Unknown" in answer.content
    assert told(answer) == "fail: Unknown cardnumber: 77 - Deposit"
