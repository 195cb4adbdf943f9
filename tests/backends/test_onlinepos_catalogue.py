"""What a terminal sells of an OnlinePOS company: by the structure, the price group and the offers."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from terminal.backends.onlinepos import books_orders, goods
from terminal.backends.onlinepos import catalogue as catalogue_of_it
from terminal.backends.onlinepos.adapter import OnlinePosServer
from terminal.backends.onlinepos.goods import Choices, Group, Offer, OfferLine, Part, PriceGroup, Product
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.onlinepos.shelf import Wanted, sold
from terminal.backends.onlinepos.values import Local
from terminal.backends.protocol import TerminalInfo
from terminal.core import catalogue
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import replace
from terminal.sandbox import Fault
from terminal.sandbox.onlinepos import things
from tests.backends.making import ENOUGH_S
from tests.backends.onlinepos_books_making import made, recorded
from tests.backends.onlinepos_wallet_making import CREDENTIAL, at_a, moment
from tests.sandbox.shop import Shop

NOON = datetime(2026, 6, 3, 12, 0)  # noqa: DTZ001 - as clocks in Denmark show it
DAYS = (True,) * 7
DRINKS = Group(
    10,
    "Drinks",
    "",
    (
        Product(1, "Coffee", 2500, choices=5, price_groups=(PriceGroup("6", "noon", 2000),)),
        Product(2, "Milk", 0),
        Product(3, "Wish", 2000, choices=6),
        Product(4, "Odd", 2000, choices=9),
    ),
)
FOOD = Group(
    20, "Food", "", (Product(7, "Menu", 5000, parts=(Part(1, Decimal("0.5"), 2000),)), DRINKS.products[0])
)
PAGES = (Choices(5, "Milk", 1, 1, None, (2,), (2,)), Choices(6, "Wish", 1, 1, None, (), (2,)))
STRUCTURE = goods.Structure((DRINKS, FOOD), PAGES)


def wanted(**options: Any) -> Wanted:
    """Return what is sold by these options."""
    return OnlinePosOptions(**options).wanted


def names(*offers: Offer, **options: Any) -> tuple[list[str], tuple[str, ...]]:
    """Return what is sold, with prices, and what is said of what is not."""
    found, left_out = sold(STRUCTURE, offers, NOON, wanted(**options))
    return [f"{each.name} {each.price}" for each in found], left_out


def test_what_is_not_complete_without_a_person_is_not_sold_and_that_is_said() -> None:
    found, left_out = names()
    assert found == ["Coffee 2500"]
    assert left_out == (
        "the product 3 'Wish' is not sold: it wants 1 choices of 'Wish', and 0 are preset",
        "the product 4 'Odd' is not sold: its page of choices 9 is not there",
        "the product 7 'Menu' is not sold: it has 0.5 pieces of the product 1 in it",
        "1 products that cost nothing are not sold: name in `products` what is given away",
    )
    assert names(order_extras=False)[0] == ["Coffee 2500", "Menu 5000"]


def test_products_know_their_group_and_what_comes_with_them() -> None:
    (coffee,), _ = sold(STRUCTURE, (), NOON, wanted(products=(1,)))
    assert coffee == catalogue.Product(1, "Coffee", 2500, group="Drinks", modifiers=("Milk",))


def test_an_operator_says_what_is_sold_and_in_which_order() -> None:
    assert names(products=(2, 99, 1)) == (
        ["Milk 0", "Coffee 2500"],
        ("the product 99 is not sold: the server has none of that number",),
    )
    found, left_out = names(product_groups=(20, 30), order_extras=False)
    assert found == ["Menu 5000", "Coffee 2500"]
    assert left_out == ("the product group 30 is not sold: the server has none of that number",)


def test_the_price_is_that_of_the_price_group() -> None:
    assert names(price_group="6", products=(1,))[0] == ["Coffee 2000"]
    assert names(price_group="7", products=(1,))[0] == ["Coffee 2500"]


def test_offers_for_one_piece_count_and_others_are_told() -> None:
    def offer(number: int, *lines: OfferLine, **fields: Any) -> Offer:
        return Offer(number, "O", DAYS, 0, 0, lines, **fields)

    single, pair = offer(1, OfferLine(1, None, 1, 1900)), offer(2, OfferLine(1, None, 2, 1000))
    at_noon = offer(3, OfferLine(1, None, 1, 1500), time_from=720, time_to=780)
    found, left_out = names(single, pair, at_noon, products=(1,))
    assert found == ["Coffee 1900"]
    assert [words[:29] for words in left_out] == [
        "the offer 2 'O' is not applie",
        "the offer 3 'O' is not applie",
    ]
    assert "several pieces" in left_out[0]
    assert "offer_times" in left_out[1]
    assert names(at_noon, products=(1,), offers=True, offer_times="minutes") == (["Coffee 1500"], ())
    assert names(Offer(4, "O", DAYS, 0, 6, pair.lines), products=(1,))[1] == ()  # for others, and none of ours


# -- by the server -------------------------------------------------------------------------------------

HAPPY = things.Offer(
    id=1, name="Happy", timefrom=15, timeto=17, content=(things.Content(pid=2, amount=1, price=300),)
)


def told(pos: OnlinePosServer) -> dict[str, int]:
    """Return what is sold, with prices."""
    info = pos.terminal(ENOUGH_S)
    assert isinstance(info, TerminalInfo), info
    return {each.name: each.price for each in info.products}


def test_what_is_sold_is_read_from_the_server(caplog: pytest.LogCaptureFixture) -> None:
    with at_a() as (shop, pos):
        assert told(pos) == {"Stor kaffe": 2995, "Mælk": 495, "Menu": 3000}
        shop.pos.know([things.Product(id=8, name="Vand", price=0, group=10)])
        for _ in range(2):
            assert told(pos) == {"Stor kaffe": 2995, "Mælk": 495, "Menu": 3000}
    said = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert said == ["main: 1 products that cost nothing are not sold: name in `products` what is given away"]


@pytest.mark.parametrize(("utc", "price"), [("12:59", 495), ("13:00", 300), ("14:59", 300), ("15:00", 495)])
def test_an_offer_holds_while_it_does_in_denmark(utc: str, price: int) -> None:
    shop = Shop()
    shop.pos.know([HAPPY])
    now = datetime.combine(date(2026, 7, 1), datetime.strptime(utc, "%H:%M").time(), UTC)  # noqa: DTZ007 - UTC there
    options = OnlinePosServer.Options(
        url=shop.sandbox.onlinepos_url, allow_http=True, offers=True, offer_times="hours"
    )
    pos = OnlinePosServer("m", options, terminal_id="k", credential=lambda: CREDENTIAL, wall=lambda: now)
    try:
        assert told(pos)["Mælk"] == price
    finally:
        pos.close()
        shop.close()


def test_what_is_sold_out_is_not_sold_where_that_is_asked_for() -> None:
    milk = things.Product(id=2, name="Mælk", price=495, group=10, soldout=True)
    for wanted_, expected in ((True, {"Stor kaffe", "Menu"}), (False, {"Stor kaffe", "Mælk", "Menu"})):
        with at_a(sold_out=wanted_) as (shop, pos):
            shop.pos.know([milk])
            assert set(told(pos)) == expected


def test_a_machine_without_time_zones_reads_and_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(moment: datetime) -> Local:
        raise OSError("this machine does not know Europe/Copenhagen")

    with at_a() as (shop, pos):
        sale = recorded()
        before = pos.evidence(sale, None, moment(0), ENOUGH_S)
        for module in (catalogue_of_it, books_orders):
            monkeypatch.setattr(module, "local", unknown)
        for answer in (pos.terminal(ENOUGH_S), pos.deliver(replace(sale, before=before), ENOUGH_S)):
            assert isinstance(answer, Answer)
            assert (answer.outcome, answer.words) == (
                Outcome.UNSENT,
                "this machine does not know Europe/Copenhagen",
            )
        assert made(shop) == []


@pytest.mark.parametrize(
    "options",
    [
        {"products": (1,), "product_groups": (10,)},
        {"offer_times": "hhmm"},
        {"offer_price": "each"},
        {"books": "stock", "department": "Bar"},
        {"books": "stock", "orders_alone": True},
        {"stock_alone": True},
        {"stock_types": "1 and 2"},
        {"orders_read_back": False, "department": "Bar"},
    ],
)
def test_an_option_that_would_do_nothing_is_none(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="`"):
        OnlinePosOptions(**options)


@pytest.mark.parametrize("path", ["getProductStructure", "offer", "taw/products"])
def test_what_cannot_be_read_whole_is_an_answer(path: str) -> None:
    with at_a(offers=True, sold_out=True) as (shop, pos):
        shop.pos.faults.set(Fault(kind="status", status=503, path=path))
        answer = pos.terminal(ENOUGH_S)
        assert isinstance(answer, Answer)
        assert answer.outcome is Outcome.BUSY
