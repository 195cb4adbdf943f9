"""What a terminal of an Onslip realm sells: which products, in which order, and what is said of each."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from terminal.backends.onslip.adapter import Onslip360
from terminal.backends.onslip.goods_shelf import rate, scale_of
from terminal.backends.protocol import TerminalInfo
from terminal.core.catalogue import Product
from terminal.core.delivery import Answer, Outcome
from terminal.sandbox.onslip.rules import PERMISSIONS
from tests.backends.making import ENOUGH_S
from tests.backends.onslip_bench import Spoiling, button, ids, know_map, know_product, told
from tests.sandbox.realm import Realm

Open = Callable[..., Realm]
Reach = Callable[..., Onslip360]
COFFEE = Product(1, "Coffee", 1950, group="Drinks", vat=1200)
TEA = Product(2, "Tea", 2500, group="Drinks", vat=1200)


# -- which products ------------------------------------------------------------------------------------


def test_without_a_button_map_all_are_sold_by_name(realm: Realm, reach: Reach) -> None:
    know_product(realm, 8, name="bread")
    assert told(reach(realm)) == TerminalInfo((Product(8, "bread", 500, group="Drinks", vat=1200), COFFEE, TEA))


@pytest.mark.parametrize(
    ("product", "words"),
    [
        ({"type": "payment-voucher"}, "it is of the type payment-voucher"),
        ({"type": "coupon"}, "it is of the type coupon"),
        ({"price": None}, "it has no price of its own"),
        ({"price": -1}, "its price is -1"),
        ({"price": 0.125}, "its price, 0.125, is no whole number of cents"),
        ({"product-group": 2}, "its group 'Stored value' is of the type liabilities"),
        ({"product-group": 3}, "its group 'Less' is of the type discount"),
        ({"product-group": 4}, "its group 4 is not there"),
    ],
)
def test_what_is_no_piece_with_a_price_is_left_out_and_said_once(
    realm: Realm, reach: Reach, caplog: pytest.LogCaptureFixture, product: dict[str, Any], words: str
) -> None:
    groups = [
        {"id": 2, "name": "Stored value", "type": "liabilities", "vat-rate": 0},
        {"id": 3, "name": "Less", "type": "discount", "vat-rate": 12},
        {"id": 4, "name": "Old", "type": "goods", "vat-rate": 12},
    ]
    realm.onslip.know("product-groups", groups)
    assert realm("DELETE", "/product-groups/4").status == 204
    know_product(realm, 8, **product)
    backend = reach(realm)
    assert ids(backend) == [1, 2]
    said = f"main: the product 8 'Thing 8' is not sold: {words}"
    assert caplog.messages.count(said) == 1
    assert ids(backend) == [1, 2]
    assert caplog.messages.count(said) == 1


def test_what_was_deleted_is_not_sold(realm: Realm, reach: Reach) -> None:
    assert realm("DELETE", "/products/1").status == 204
    assert ids(reach(realm)) == [2]


def test_what_a_server_shows_although_it_was_deleted_is_not_sold(realm: Realm, reach: Reach) -> None:
    gone = {"deleted": "2023-11-14T22:13:20.000Z"}
    backend = reach(
        realm, transport=Spoiling(lambda each: each | gone if each.get("name") == "Coffee" else each)
    )
    assert ids(backend) == [2]


def test_one_product_that_cannot_be_read_stops_no_other(
    realm: Realm, reach: Reach, caplog: pytest.LogCaptureFixture
) -> None:
    spoilt = Spoiling(lambda each: each | {"name": 7} if each.get("name") == "Coffee" else each)
    assert ids(reach(realm, transport=spoilt)) == [2]
    assert "one of products is left out: found a Product that cannot be read at name" in caplog.text


# -- button maps ---------------------------------------------------------------------------------------


def test_a_button_map_says_what_is_sold_and_in_which_order(
    realm: Realm, reach: Reach, caplog: pytest.LogCaptureFixture
) -> None:
    know_product(realm, 8)
    know_product(realm, 9)
    section = (button(0, 1, product=1), button(0, 0, product=9), button(0, 2, product=77))
    know_map(realm, 3, *section, kind="menu-section")
    know_map(realm, 4, button(0, 0, product=8), kind="menu-section")
    know_map(realm, 5, button(1, 0, **{"button-map": 3}), button(0, 0, **{"button-map": 4}), kind="menu")
    assert ids(reach(realm, button_map=5)) == [8, 9, 1]
    assert "the product 77 of the button map is not sold: it is not there any more" in caplog.text


@pytest.mark.parametrize(
    ("options", "sold"),
    [
        ({}, [1, 2]),
        ({"till": 7}, [1]),
        ({"till": 17}, [2]),
        ({"till": 17, "location": 1}, [1, 2]),
        ({"location": 2}, [2]),
        ({"till": 17, "location_settings": False}, [1, 2]),
        ({"till": 17, "location_settings": False, "default_button_map": 13}, [2, 1]),
        ({"till": 7, "default_button_map": 13}, [1]),
        ({"till": 7, "button_map": 13}, [2, 1]),
    ],
)
def test_the_tills_map_goes_before_that_of_its_location_and_configuration_before_both(
    mapped: Realm, reach: Reach, options: dict[str, Any], sold: list[int]
) -> None:
    assert ids(reach(mapped, **options)) == sold


def test_a_bound_device_is_the_till_of_its_key(mapped: Realm, reach: Reach) -> None:
    mapped.only(*PERMISSIONS, till=17)
    info = told(reach(mapped))
    assert (info.id, info.name) == ("17", "By the door")
    assert [each.id for each in info.products] == [2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"button_map": 99}, "the button map 99 is not there"),
        ({"till": 99}, "there is none of the id 99"),
        ({"location": 99}, "there is none of the id 99"),
    ],
)
def test_what_is_configured_and_not_there_is_said_and_not_passed_over(
    mapped: Realm, reach: Reach, options: dict[str, int], words: str
) -> None:
    answer = reach(mapped, **options).terminal(ENOUGH_S)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.REFUSED
    assert words in answer.words


# -- what is said of a product -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told_of", "unit", "vat"),
    [
        (((25, 12, 0), 12), "auto", 1200),
        (((0.25, 0.12, 0), 0.12), "auto", 1200),
        (((), 25), "auto", 2500),
        (((), 0.255), "auto", 2550),
        (((25, 1), 1), "auto", 100),
        (((0, 1), 1), "auto", None),
        (((0, 1), 0), "auto", 0),
        (((25,), 0.25), "fraction", 2500),
        (((0.25,), 12), "percent", 1200),
        (((25,), 12.5), "percent", 1250),
        (((25,), 12.345), "percent", None),
    ],
)
def test_vat_is_that_of_the_group_in_the_unit_that_the_account_shows(
    open_realm: Open, reach: Reach, told_of: tuple[tuple[float, ...], float], unit: str, vat: int | None
) -> None:
    rates, group = told_of
    realm = open_realm({"vat_rates": rates})
    realm.onslip.know("product-groups", [{"id": 1, "name": "Food", "type": "services", "vat-rate": group}])
    assert {each.vat for each in told(reach(realm, vat_unit=unit)).products} == {vat}
    assert {each.group for each in told(reach(realm, vat_unit=unit)).products} == {"Food"}


def test_what_a_rate_is_nobody_guesses() -> None:
    assert scale_of("auto", [Decimal(0), Decimal(1)]) is None
    assert rate(Decimal(-5), 100) is None


def test_prices_without_vat_are_sold_with_it(open_realm: Open, reach: Reach) -> None:
    realm = open_realm()
    know_product(realm, 8, price=8.925)  # 9.996
    know_product(realm, 9, price=0.375)  # 0.42
    found = {each.id: each.price for each in told(reach(realm, prices="without VAT")).products}
    assert found == {1: 2184, 2: 2800, 3: 1358, 8: 1000, 9: 42}


def test_a_price_without_vat_is_not_sold_where_the_rate_is_not_known(
    open_realm: Open, reach: Reach, caplog: pytest.LogCaptureFixture
) -> None:
    realm = open_realm({"vat_rates": ()})
    realm.onslip.know("product-groups", [{"id": 1, "name": "Food", "type": "goods", "vat-rate": 1}])
    assert told(reach(realm, prices="without VAT")).products == ()
    assert "its rate is not known (vat_unit)" in caplog.text


def test_modifiers_are_shown_with_their_choices(realm: Realm, reach: Reach) -> None:
    def modifier(id_: int, name: str, kind: str, **more: Any) -> dict[str, Any]:
        return {"id": id_, "name": name, "type": kind, "automatic": True, **more}

    realm.onslip.know(
        "product-modifiers",
        [
            modifier(1, "Milk", "single-value", values=["whole", "oat"]),
            modifier(2, "Beside", "multiple-products", products=[2, 99]),
            modifier(3, "Size", "single-value", values=["small", "large"], title="hidden"),
            modifier(4, "Kind", "single-label", **{"label-values": [5]}),
            modifier(5, "Gone", "single-value", values=["x"]),
        ],
    )
    assert realm("DELETE", "/product-modifiers/5").status == 204
    group = {"id": 1, "name": "Drinks", "type": "goods", "vat-rate": 12, "modifiers": [4, 1]}
    realm.onslip.know("product-groups", [group])
    know_product(realm, 1, name="Coffee", modifiers=[1, 2, 3, 5, 77])
    found = {each.id: each.modifiers for each in told(reach(realm)).products}
    assert found == {
        1: ("Milk: whole, oat", "Beside: Tea", "small, large", "Kind"),
        2: ("Kind", "Milk: whole, oat"),
    }
