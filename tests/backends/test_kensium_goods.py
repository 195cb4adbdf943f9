"""What is sold, from the items and warehouses of Kensium; and what is followed by its cursors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest

from terminal.backends.kensium import feeds, goods
from terminal.backends.kensium.adapter import Kensium
from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.goods import sold
from terminal.backends.kensium.models import Amount, Item, Stock
from terminal.backends.kensium.tenant import Tenant as Asked
from terminal.backends.protocol import TerminalInfo
from terminal.core.catalogue import Product
from terminal.core.delivery import Answer, Outcome
from terminal.mirror import Mirror
from tests.backends.kensium_bench import adapter, lose, ruled
from tests.backends.making import ENOUGH_S
from tests.backends.test_kensium_sandbox import client_of
from tests.sandbox.tenant import Tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    tenant = Tenant()
    price(tenant, COFFEE="2.50", TEA="2.00")
    yield tenant
    tenant.close()


def price(tenant: Tenant, warehouse: str = "MAIN", **prices: str | None) -> None:
    tenant.kensium.know(
        "itemWarehouse",
        [
            {"warehouseCode": warehouse, "sku": sku, "basePrice": each, "quantityAvailable": "9"}
            for sku, each in prices.items()
        ],
    )


def products(backend: Kensium) -> dict[Any, int]:
    info = backend.terminal(ENOUGH_S)
    assert isinstance(info, TerminalInfo), info
    return {each.id: each.price for each in info.products}


# -- the catalogue -------------------------------------------------------------------------------------


def test_items_are_sold_at_the_prices_of_their_warehouse(tenant: Tenant) -> None:
    price(tenant, "OTHER", COFFEE="9.00")
    backend = adapter(tenant, warehouse_code="MAIN")
    info = backend.terminal(ENOUGH_S)
    assert isinstance(info, TerminalInfo)
    assert info.products == (Product("COFFEE", "Coffee", 250), Product("TEA", "Tea", 200))
    backend.close()


def test_what_changed_is_read_on_and_the_rest_is_kept(tenant: Tenant) -> None:
    backend = adapter(tenant)
    assert products(backend) == {"COFFEE": 250, "TEA": 200}
    price(tenant, COFFEE="3.00")
    ruled(tenant, overlap=1)
    assert products(backend) == {"COFFEE": 300, "TEA": 200}
    backend.close()


def test_what_no_purchase_could_name_is_not_sold() -> None:
    items = [Item(sku="", name="Coffee"), Item(sku="TEA", name="Tea")]
    stock = [Stock(sku=each.sku, warehouse_code="MAIN", base_price=Amount("2.50")) for each in items]
    products, left_out = sold(items, stock, "")
    assert products == (Product("TEA", "Tea", 250),)
    assert len(left_out) == 1


def test_what_a_server_writes_does_not_write_our_log(tenant: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    tenant.kensium.know("item", [{"sku": "A\x1b[31m\nB" + "x" * 5000, "name": "Evil"}])
    backend = adapter(tenant)
    with caplog.at_level(logging.WARNING):
        assert products(backend) == {"COFFEE": 250, "TEA": 200}
    (said,) = [each.message for each in caplog.records if "is not sold" in each.message]
    assert (said.isprintable(), len(said) < 1000) == (True, True)
    backend.close()


def test_several_prices_and_odd_ones_are_not_sold_and_said_once(
    tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    price(tenant, "OTHER", TEA="1.00")
    price(tenant, COFFEE="2.505")
    backend = adapter(tenant)
    with caplog.at_level(logging.WARNING):
        assert products(backend) == {}
        said = [each for each in caplog.messages if "is not sold" in each]
        assert products(backend) == {}
    assert len(said) == 2
    assert any("set warehouse_code" in each for each in said)
    assert any("2.505" in each for each in said)
    assert [each for each in caplog.messages if "is not sold" in each] == said
    backend.close()


def test_without_a_list_of_stock_the_prices_of_the_items_count(tenant: Tenant) -> None:
    backend = adapter(tenant, names={"itemWarehouse": ""})
    assert products(backend) == {"COFFEE": 250, "TEA": 200}
    backend.close()


def test_a_long_list_is_read_in_several_goes_and_the_server_is_not_called_away(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "FIRST", 1)
    backend = adapter(tenant)
    page = Asked.page
    over: list[float] = []

    def late(self: Asked, kind: Any, write: Any, needs: str, until: float) -> Answer:
        over.append(until)
        return Answer(Outcome.UNSENT, "no time was left to send it")

    def slow(self: Asked, kind: Any, write: Any, needs: str, until: float) -> Any:
        told = page(self, kind, write, needs, until)
        monkeypatch.setattr(goods, "monotonic", lambda: until)  # that took all the time there was
        monkeypatch.setattr(Asked, "page", late)
        return told

    monkeypatch.setattr(Asked, "page", slow)
    answer = backend.terminal(ENOUGH_S)
    assert isinstance(answer, Answer)
    assert (answer.outcome, len(over)) == (Outcome.REFUSED, 1)
    assert "1 more have come" in answer.words
    monkeypatch.undo()
    assert products(backend) == {"COFFEE": 250, "TEA": 200}
    backend.close()


def test_a_permission_that_is_missing_is_named(tenant: Tenant) -> None:
    tenant.without("ViewInventory")
    backend = adapter(tenant)
    answer = backend.terminal(ENOUGH_S)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.DENIED
    assert "ViewInventory" in answer.words
    backend.close()


def test_what_is_sold_is_decided_by_price_alone() -> None:
    items = [Item(sku="A", name="Ay"), Item(sku="B", long_name="Bee"), Item(sku="C"), Item(sku="D")]
    stock = [
        Stock(sku="A", warehouse_code="W", base_price=Amount("1.00")),
        Stock(sku="B", warehouse_code="W", base_price=Amount("0")),
        Stock(sku="C", warehouse_code="W"),
        Stock(sku="D", warehouse_code="W", base_price=Amount("-1")),
    ]
    found, left_out = sold(items, stock, "")
    assert found == (Product("A", "Ay", 100),)
    assert [words.split(":")[0] for words in left_out] == [f"the item {sku} is not sold" for sku in "BCD"]
    given, _ = sold(items, stock, "", free=True)
    assert given == (Product("A", "Ay", 100), Product("B", "Bee", 0))
    assert sold(items, stock, "ELSEWHERE") == ((), ())


# -- what is followed ----------------------------------------------------------------------------------


@pytest.fixture
def asked(tenant: Tenant) -> Iterator[Asked]:
    asked = Asked(client_of(tenant), Documents())
    yield asked
    asked.close()


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    mirror = Mirror(None, "")
    yield mirror
    mirror.close()


def brought(asked: Asked, mirror: Mirror, feed: feeds.Feed) -> Answer | None:
    return feeds.bring(asked, mirror, feed, lambda: monotonic() + ENOUGH_S)


def many(tenant: Tenant, first: int, last: int, name: str = "Thing") -> None:
    tenant.kensium.know("item", [{"sku": f"S{number:03}", "name": name} for number in range(first, last)])


@pytest.mark.parametrize("name", feeds.FEEDS)
def test_each_feed_is_followed(tenant: Tenant, asked: Asked, mirror: Mirror, name: str) -> None:
    tenant.kensium.know("sale", [{"id": "0001", "registerCode": "R1", "saleDate": "2026-01-31T12:00:00Z"}])
    tenant.kensium.know("itemSerialLot", [{"warehouseCode": "MAIN", "sku": "COFFEE", "serialLotNbr": "L1"}])
    assert brought(asked, mirror, feeds.FEEDS[name]) is None
    assert feeds.kept(feeds.FEEDS[name], mirror)
    assert mirror.cursor(name).since


def test_pages_are_kept_one_by_one_and_what_was_lost_goes_on_where_it_ended(
    tenant: Tenant, asked: Asked, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "FIRST", 10)
    many(tenant, 0, 38)
    ruled(tenant, overlap=3)
    heard: list[int] = []

    def progress(rows: int) -> None:
        heard.append(rows)
        if len(heard) == 2:
            lose(tenant)

    failed = feeds.bring(asked, mirror, feeds.ITEMS, lambda: monotonic() + ENOUGH_S, progress)
    assert failed is not None
    assert (failed.outcome, heard) == (Outcome.UNKNOWN, [10, 20])
    there = len(mirror.rows("items"))
    assert there < 40
    before = tenant.counters()["requests"]["item"]
    assert brought(asked, mirror, feeds.ITEMS) is None
    assert len(mirror.rows("items")) == 40
    again = tenant.counters()["requests"]["item"] - before
    assert again == 4, "what had come was not read again"


def test_a_cursor_that_the_server_refuses_is_given_up_and_what_is_gone_is_dropped(
    tenant: Tenant, asked: Asked, mirror: Mirror
) -> None:
    assert brought(asked, mirror, feeds.ITEMS) is None
    cursor = mirror.cursor("items")
    gone = (feeds.key_text(Item(sku="GONE")), feeds.written(Item(sku="GONE")))
    assert mirror.keep("items", cursor, [gone], "no cursor of this server", ended=False)
    assert brought(asked, mirror, feeds.ITEMS) is None
    assert [each.sku for each in feeds.kept(feeds.ITEMS, mirror)] == ["COFFEE", "TEA"]


def test_a_query_that_is_refused_from_the_beginning_is_an_answer(
    tenant: Tenant, asked: Asked, mirror: Mirror
) -> None:
    ruled(tenant, missing=("Item.longName",))
    answer = brought(asked, mirror, feeds.ITEMS)
    assert answer is not None
    assert answer.outcome is Outcome.REFUSED
    assert "longName" in answer.words


def test_who_is_outrun_goes_on_behind_the_other(
    tenant: Tenant, asked: Asked, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "FIRST", 1)
    keep = mirror.keep
    outrun: list[Any] = []

    def slow(*args: Any, **more: Any) -> Any:
        if not outrun:
            outrun.append(keep(*args, **more))  # the other has read the same page, and kept it
        return keep(*args, **more)

    monkeypatch.setattr(mirror, "keep", slow)
    assert brought(asked, mirror, feeds.ITEMS) is None
    assert len(outrun) == 1
    assert [each.sku for each in feeds.kept(feeds.ITEMS, mirror)] == ["COFFEE", "TEA"]


def test_prices_are_kept_digit_by_digit(tenant: Tenant, asked: Asked, mirror: Mirror) -> None:
    price(tenant, COFFEE="12345678901234.5678")
    assert brought(asked, mirror, feeds.STOCK) is None
    kept = {each.sku: each.base_price for each in feeds.kept(feeds.STOCK, mirror)}
    assert str(kept["COFFEE"]) == "12345678901234.5678"
