"""What OnlinePOS sells to be taken away, in the shapes that its page shows."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest

from terminal.backends.onlinepos import takeaway
from terminal.backends.onlinepos.takeaway import Shop, Slots, TakeawayProduct
from terminal.core.delivery import Outcome
from tests.backends.onlinepos_making import DAY, told, unreadable

OPTION = {
    "id": 578_234, "name": "Dressing", "soldout": 1, "price": "0", "multi": 1, "default": 1, "max": 1, "min": 1,
    "type": "product", "description": "", "options": [{}],
}  # fmt: skip
PRODUCT = {
    "id": 123_456, "name": "Beer", "price": "100", "soldout": 0, "multi": 0, "description": "Cold beer",
    "type": "product", "max": 2, "min": 1, "options": [OPTION],
}  # fmt: skip


def listed(product: Any) -> dict[str, Any]:
    """Return an answer with one product."""
    return {"groups": [{"id": 1, "name": "beers", "description": "cold", "products": [product]}]}


def test_products_are_read_with_their_options_and_what_is_sold_out() -> None:
    (group,) = told(takeaway.products(), listed(PRODUCT))
    assert (group.id, group.name, group.description) == (1, "beers", "cold")
    dressing = TakeawayProduct(
        578_234, "Dressing", 0, sold_out=True, multi=True, kind="product", least=1, most=1, preset=True
    )
    assert group.products == (
        TakeawayProduct(
            123_456, "Beer", 10_000, description="Cold beer", kind="product", least=1, most=2,
            options=(dressing,),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "without groups"),
        (listed({**PRODUCT, "price": ""}), "price of a product"),
        (listed({**PRODUCT, "soldout": "maybe"}), "soldout of a product; expected yes or no"),
        (listed({**PRODUCT, "options": [5]}), "expected an option of a product"),
        (listed({}), "id of a product"),
    ],
)
def test_products_that_break_the_contract_are_named(answer: Any, words: str) -> None:
    assert words in unreadable(takeaway.products(), answer)


def test_choices_within_choices_come_to_an_end() -> None:
    product: dict[str, Any] = {**PRODUCT, "options": []}
    for _ in range(15):
        product = {**PRODUCT, "options": [product]}
    assert len(told(takeaway.products(), listed(product))) == 1
    assert "16 levels" in unreadable(takeaway.products(), listed({**PRODUCT, "options": [product]}))


def test_shops_are_read() -> None:
    shop = {"id": 1, "name": "OnlinePOS", "address": "", "postcode": "8920", "city": "Randers"}
    assert told(takeaway.shops(), {"shops": [shop]}) == (Shop(1, "OnlinePOS", "", "8920", "Randers"),)
    assert told(takeaway.shops(), {"shops": []}) == ()
    assert "without shops" in unreadable(takeaway.shops(), {"status": "OK"})


def test_times_of_a_day_are_read() -> None:
    assert takeaway.slots(DAY).request.path == "taw/timeslots/20200802"
    found = told(takeaway.slots(DAY), {"date": "20200802", "timeslots": ["00:00", "23:45"]})
    assert found == Slots(DAY, (time(0), time(23, 45)))


def test_times_of_today_are_read_as_of_the_day_that_the_server_has() -> None:
    call = takeaway.slots()
    assert call.request.path == "taw/timeslots"
    assert told(call, {"date": "20190910", "timeslots": [""]}) == Slots(date(2019, 9, 10), ())


def test_times_that_are_none_are_not_taken() -> None:
    call = takeaway.slots(DAY)
    assert "of another day" in unreadable(call, {"date": "20200803", "timeslots": []})
    assert "without timeslots" in unreadable(call, {"date": "20200802"})
    for wrong in ("24:00", "1200", "12:60", "1:2:3", "-1:00", "²:00", 12):
        assert "no time of a day" in unreadable(call, {"date": "20200802", "timeslots": [wrong]})
    assert told(call, {"error": "Input fail!"}).outcome is Outcome.REFUSED
