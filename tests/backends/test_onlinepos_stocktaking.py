"""Stock of OnlinePOS as an office reads it, in the shapes that its page shows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from terminal.backends.onlinepos import stocktaking
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.onlinepos.stocktaking import (
    Composition,
    Consumption,
    LocationValue,
    StockLocation,
    StockValue,
)
from terminal.backends.onlinepos.wire import Call, Signing, compose
from terminal.core.delivery import Answer, Outcome
from terminal.httpd import Request, Response
from tests.backends.onlinepos_making import ENOUGH_S, MINE, SECRET, told, unreadable
from tests.backends.onlinepos_server import serving

MOMENT = datetime(2016, 3, 15, 16, tzinfo=UTC)
VALUE = {"product_id": 1, "amount": "0.500", "value": "-0.125"}
READ = StockValue(1, Decimal("0.5"), Decimal("-0.125"))


def path(call: Call[Any]) -> str:
    """Return what is asked for."""
    return compose(call.request, MINE, Signing()).path


def page(number: int, link: str | None) -> dict[str, Any]:
    """Return a page with one composition."""
    data = [{"product_id": number, "stock_ids": [{"stock_id": 75_613, "amount": 1.5}]}]
    return {"data": data, "next_page_url": link, "per_page": 1, "current_page": number, "status": "OK"}


def test_compositions_are_read_page_by_page_to_their_end() -> None:
    def answer(request: Request) -> Response:
        number = int(request.query.get("page", "1"))
        link = "http://127.0.0.1/api/stock/getStockComposition?page=2" if number == 1 else None
        return Response.json(page(number, link and link.replace("127.0.0.1", peer.url.split("/")[2])))

    with serving(answer) as peer:
        pos = OnlinePos(OnlinePosOptions(url=peer.url, allow_http=True), credential=lambda: SECRET)
        try:
            found = pos.gather(stocktaking.composition, ENOUGH_S)
        finally:
            pos.close()
    assert found == tuple(Composition(number, ((75_613, Decimal("1.5")),)) for number in (1, 2))
    assert len(peer.asked) == 2


def test_a_page_that_does_not_say_ok_is_none() -> None:
    call = stocktaking.composition()
    assert "the status OK" in unreadable(call, {**page(1, None), "status": "Busy"})
    assert "the status OK" in unreadable(call, {"status": "OK"})
    refused = told(call, {**page(1, None), "status": "error"})
    assert isinstance(refused, Answer)
    assert refused.outcome is Outcome.REFUSED


def test_what_was_used_is_read() -> None:
    call = stocktaking.consumption(MOMENT, MOMENT)
    assert path(call) == "/stock/getConsumption/9000/1458057600/1458057600"
    assert path(stocktaking.consumption(MOMENT, MOMENT, company=7)).startswith("/stock/getConsumption/7/")
    used = {
        "Product_ID": 1234, "Product_Group": "Bottles", "Product_Name": "Beer", "Consumption_in units": "15",
        "Product_Unit": "Fl", "Consumption_value": "5.125",
    }  # fmt: skip
    assert told(call, [used]) == (
        Consumption(1234, "Beer", "Bottles", Decimal(15), "Fl", Decimal("5.125")),
    )  # fmt: skip
    del used["Consumption_in units"]
    assert "Consumption_in units of" in unreadable(call, [used])
    assert "expected a list" in unreadable(call, {})


def test_places_are_read() -> None:
    main = {"id": 520, "name": "Hovedlager", "main": True}
    other = {"id": 521, "name": "Bar", "main": False}
    found = told(stocktaking.locations(), {"stockLocations": {"main": main, "all": [other, main]}})
    assert found == (StockLocation(521, "Bar", main=False), StockLocation(520, "Hovedlager", main=True))
    assert path(stocktaking.locations()) == "/stock/getStockLocations/9000"
    assert path(stocktaking.locations(7)) == "/stock/getStockLocations/7"
    assert "without stockLocations" in unreadable(stocktaking.locations(), {})


@pytest.mark.parametrize("answer", [VALUE, [VALUE]])
def test_values_are_read_from_a_list_and_from_the_one_object_of_the_page(answer: Any) -> None:
    assert told(stocktaking.values(), answer) == (READ,)


def test_values_are_asked_for_by_place_and_time() -> None:
    assert path(stocktaking.values()) == "/stock/getStockValues"
    asked = path(stocktaking.values(location=0, at=MOMENT))
    assert asked == "/stock/getStockValues?location=0&date=1458057600"
    asked = path(stocktaking.location_values(location=5, at=MOMENT))
    start, _, query = asked.partition("?")
    assert start == "/stock/getStockLocationValue/9000"
    assert parse_qs(query) == {"Location": ["5"], "date": ["1458057600"]}
    with pytest.raises(ValueError, match="zone"):
        stocktaking.values(at=MOMENT.replace(tzinfo=None))


def test_values_by_place_are_read() -> None:
    call = stocktaking.location_values(7)
    found = told(call, {"stockLocations": [{"id": 1, "stockValues": [VALUE]}, {"id": 2, "stockValues": []}]})
    assert found == (LocationValue(1, (READ,)), LocationValue(2, ()))
    assert "without stockLocations" in unreadable(call, {})
    assert "product_id of a value" in unreadable(call, {"stockLocations": [{"id": 1, "stockValues": [{}]}]})


def test_values_that_are_none_are_refused_by_name() -> None:
    assert "amount of a value of stock" in unreadable(stocktaking.values(), [{**VALUE, "amount": "x"}])
    assert "product_id of a value of stock" in unreadable(stocktaking.values(), {"status": "OK"})
    refused = told(stocktaking.values(), {"info": {"type": "1", "num": 5, "text": "No location"}})
    assert (refused.outcome, refused.words) == (Outcome.REFUSED, "No location")
