"""What OnlinePOS sells, in the shapes that its page shows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from terminal.backends.onlinepos import goods
from terminal.backends.onlinepos.goods import Choices, Part, PriceGroup
from tests.backends.onlinepos_making import LATIN, told, unreadable

PRODUCT = {
    "ProductID": 1234, "ProductName": "Banana", "ProductPrice": 14.95, "ProductDescription": "Ripe",
    "ProductCostPrice": 5.444, "ProductCategories": [{"CategoryID": 5, "CategoryName": "Fresh"}],
    "EAN_1": "A123E21", "EAN_2": "", "MasterID": 0, "ProductMSG": 9,
    "AdditionalPriceGroups": [{"PriceGroupNumber": "3", "PriceGroupName": "Early", "PriceGroupValue": 8.93}],
    "ProductSplit": [{"ProductID": 7, "Amount": 3, "Price": 34.55}],
}  # fmt: skip
PAGE = {
    "MSG_ID": 9, "MSG_Name": "Drink", "MSG_Min": 0, "MSG_Max": "4", "MSG_Price": 33.66,
    "MSG_Default": "1234:5678", "MSG_Options": [1234, 5678, 7],
}  # fmt: skip
GROUP = {"ProductGroupID": 1, "ProductGroupName": "Fruits", "Products": [PRODUCT]}


def test_the_structure_of_products_is_read_whole() -> None:
    found = told(goods.structure(), {"ProductGroups": [GROUP], "MSGPages": [PAGE]})
    (group,) = found.groups
    (product,) = group.products
    assert (group.id, group.name, product.id, product.name) == (1, "Fruits", 1234, "Banana")
    assert (product.price, product.cost, product.choices) == (1495, Decimal("5.444"), 9)
    assert product.eans == ("A123E21",)
    assert product.categories == ((5, "Fresh"),)
    assert product.price_groups == (PriceGroup("3", "Early", 893),)
    assert product.parts == (Part(7, Decimal(3), 3455),)
    assert found.choices == (Choices(9, "Drink", 0, 4, 3366, (1234, 5678), (1234, 5678, 7)),)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ProductPrice": None}, "ProductPrice of a product: found nothing"),
        ({"ProductPrice": "gratis"}, "ProductPrice of a product: found 'gratis'"),
        ({"ProductPrice": 14.955}, "whole cents"),
        ({"ProductID": "x"}, "ProductID of a product"),
        ({"ProductSplit": "x"}, "ProductSplit of a product; expected a list"),
        ({"ProductSplit": [5]}, "found a number; expected a part"),
        ({"ProductName": {"a": 1}}, "found an object as ProductName of a product; expected a text"),
    ],
)
def test_a_product_that_breaks_the_contract_is_named(change: dict[str, Any], words: str) -> None:
    answer = {"ProductGroups": [{**GROUP, "Products": [{**PRODUCT, **change}]}]}
    assert words in unreadable(goods.structure(), answer)


def test_no_products_are_not_taken_for_an_empty_shop() -> None:
    assert "no ProductGroups" in unreadable(goods.structure(), {})
    assert told(goods.structure(), {"ProductGroups": []}).groups == ()
    assert told(goods.products(), []) == ()
    assert "expected a list" in unreadable(goods.products(), {"a": {}, "b": 1})


def test_the_plain_list_is_read_in_json_and_in_xml() -> None:
    product = {
        "ID": 7, "name": "Øl", "groupid": "3", "groupname": "Bar", "price_1": "45,00", "price_2": "",
        "standard_price": "45.00", "categories": [{"category_id": "2", "category_name": "Fad"}],
        "description": "", "cost_price": "12,345",
        "additional_price_groups": {"6": {"price": "25", "name": "middag"}},
    }  # fmt: skip
    document = LATIN + (
        '<list><products><product id="7">Øl</product><product_group id="3">Bar</product_group>'
        '<price price_1="45,00" price_2=""></price><indkbspris>12.345</indkbspris>'
        '<categories><category id="2" name="Fad"/></categories><additional_price_groups>'
        '<price_group id="6" price="25" name="middag"/></additional_price_groups>'
        "<normalpris>45.00</normalpris><description></description></products></list>"
    )
    (first,), (second,) = told(goods.products(), [product]), told(goods.products(), document)
    assert first == second
    assert (first.id, first.name, first.prices, first.standard_price) == (
        7, "Øl", (4500, None, None, None, None), 4500,
    )  # fmt: skip
    assert first.price_groups == (PriceGroup("6", "middag", 2500),)
    assert (first.cost, first.categories) == (Decimal("12.345"), (("2", "Fad"),))
    assert told(goods.products(), [{**product, "additional_price_groups": []}])[0].price_groups == ()


def test_an_offer_is_read_with_its_limits() -> None:
    offer = {
        "ID": 1700, "days": "1,1,1,1,1,_,0", "pricegroup": 0, "prio": 2, "name": "0", "dayfrom": "0001-01-01",
        "dayto": "2021-08-06", "timefrom": -10_000, "timeto": 900,
        "content": [{"pid": 1234, "gid": 0, "amount": 2, "pris": 12.5}],
    }  # fmt: skip
    (found,) = told(goods.offers(), [offer])
    assert told(goods.offers(), offer) == (found,)
    assert (found.days, found.priority) == ((True,) * 5 + (False,) * 2, 2)
    assert (found.from_, found.to, found.time_from, found.time_to) == (None, date(2021, 8, 6), None, 900)
    (line,) = found.lines
    assert (line.product, line.group, line.amount, line.price) == (1234, None, 2, 1250)
    assert "2 days of an offer" in unreadable(goods.offers(), [{**offer, "days": "1,1"}])
