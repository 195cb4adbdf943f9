"""Sales as changes of stock at OnlinePOS: one product at a time, told by how much there is."""

from __future__ import annotations

from dataclasses import replace as with_changes
from typing import Any
from urllib.parse import parse_qs

import pytest

from terminal.backends.onlinepos import stock
from terminal.backends.onlinepos.adapter import OnlinePosServer
from terminal.backends.onlinepos.wire import Signing, compose
from terminal.core.delivery import Answer, Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.reconcile import Booked, CannotTell, NotBooked, TooEarly
from terminal.core.reconcile_evidence import Evidence
from terminal.core.records import Entry
from terminal.core.tickets import Line
from terminal.core.value import replace
from terminal.sandbox import Fault
from terminal.sandbox.onlinepos.things import Product, Stock
from tests.backends.making import ENOUGH_S
from tests.backends.onlinepos_books_making import coffee, made, of, recorded, tickets
from tests.backends.onlinepos_making import MINE, told
from tests.backends.onlinepos_wallet_making import at_a, looked, moment, tried
from tests.sandbox.shop import Shop

BOOKS: dict[str, Any] = {"books": "stock"}
ALONE: dict[str, Any] = {**BOOKS, "stock_alone": True}
LOST_BEFORE = Fault(kind="drop", path="updateStock", count=1)
LOST_AFTER = Fault(kind="drop", path="updateStock", after=True, count=1)


def there(shop: Shop) -> int:
    """Return how much coffee there is, in thousandths."""
    found = shop.pos.store.thing(Stock, "0001")
    assert found is not None
    return found.amount


def lost(shop: Shop, pos: OnlinePosServer, fault: Fault, entry: Entry) -> Entry:
    """Send a change whose answer does not come."""
    shop.pos.faults.set(fault)
    sent, answer = tried(pos, entry)
    assert answer.outcome is Outcome.UNKNOWN
    return sent


@pytest.mark.parametrize(("back", "left", "order"), [(False, 3000, "debit0042"), (True, 7000, "debit0042")])
def test_what_is_sold_is_taken_and_what_comes_back_is_added(left: int, order: str, *, back: bool) -> None:
    with at_a(**BOOKS) as (shop, pos):
        sent, answer = tried(pos, recorded(back=back))
        assert answer == Answer(Outcome.DELIVERED, reference=order)
        assert there(shop) == left
        (effect,) = made(shop)
        assert effect.refs["orderno"] == order
        assert pos.operation(sent, moment(0)).amount == (2000 if back else -2000)
        assert pos.guarantee(EntryKind.RECORD).promise is Promise.READ_BACK


def test_lines_of_one_product_are_one_change() -> None:
    with at_a(**BOOKS) as (shop, pos):
        sale = of(tickets(Line(1, "Stor kaffe", 2, 2995), Line(1, "Stor kaffe", 1, 2995, 995)))
        assert tried(pos, sale)[1].outcome is Outcome.DELIVERED
        assert there(shop) == 2000
        assert pos.account(sale) == pos.account(recorded()) == "stock"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (recorded(Line(1, "a", 1, 100), Line(2, "b", 1, 100)), "a sale of 2 products is not recorded"),
        (recorded(Line(2, "Mælk", 1, 495)), "the product 2 has no EAN"),
        (recorded(Line(99, "Gone", 1, 495)), "the product 99 has no EAN"),
        (recorded(Line("", "Kaffe", 1, 495)), "a sale without a product"),
        (of(None), "holds nothing that could be recorded"),
    ],
)
def test_what_is_not_one_product_with_an_ean_is_refused_and_nothing_is_sent(entry: Entry, words: str) -> None:
    with at_a(**BOOKS) as (shop, pos):
        found = pos.evidence(entry, None, moment(0), ENOUGH_S)
        assert isinstance(found, Answer)
        assert found.outcome is Outcome.REFUSED
        assert words in found.words
        assert pos.deliver(entry, ENOUGH_S) == found
        assert there(shop) == 5000


@pytest.mark.parametrize(("rules", "ean", "words"), [
    ({}, "0009", "The product (ean) does not exist."),
    ({"stock_location": False}, "0001", "No location"),
    ({}, "no ean", "a number of 1 to 64 letters and digits is expected"),
])  # fmt: skip
def test_both_errors_of_stock_are_refusals_in_the_server_s_words(
    rules: dict[str, Any], ean: str, words: str
) -> None:
    with at_a(rules, **BOOKS) as (shop, pos):
        shop.pos.know([Product(id=1, name="Stor kaffe", price=2500, group=10, eans=(ean,))])
        found = pos.evidence(recorded(), None, moment(0), ENOUGH_S)
        assert isinstance(found, Answer)
        assert (found.outcome, found.words) == (Outcome.REFUSED, words)
        assert pos.deliver(recorded(), ENOUGH_S) == found


@pytest.mark.parametrize("back", [False, True])
def test_stock_that_is_ours_alone_tells_what_was_lost(*, back: bool) -> None:
    for fault, expected in ((LOST_AFTER, Booked), (LOST_BEFORE, NotBooked)):
        with at_a(**ALONE) as (shop, pos):
            sent = lost(shop, pos, fault, recorded(back=back))
            assert isinstance(looked(pos, sent), expected)
            assert isinstance(looked(pos, sent, 1000), Booked if expected is Booked else TooEarly)


def test_stock_that_others_change_tells_nothing() -> None:
    with at_a(**BOOKS) as (shop, pos):
        found = looked(pos, lost(shop, pos, LOST_AFTER, recorded()))
        assert isinstance(found, CannotTell)
        assert "a booking of -2000 points" in found.words
    with at_a(**ALONE) as (shop, pos):
        sent = lost(shop, pos, LOST_BEFORE, recorded())
        shop.pos.know([Stock(ean="0001", amount=4000)])
        assert isinstance(looked(pos, sent), CannotTell)


def test_the_ean_of_the_try_is_the_one_that_is_looked_at() -> None:
    with at_a(**ALONE) as (shop, pos):
        sent = lost(shop, pos, LOST_AFTER, recorded())
        shop.pos.know([Product(id=1, name="Stor kaffe", price=2500, group=10, eans=("0002",))])
        shop.pos.know([Stock(ean="0002", amount=5000)])
        assert pos.terminal(ENOUGH_S)
        assert isinstance(looked(pos, sent), Booked)


def test_a_look_that_fails_says_nothing_of_the_try() -> None:
    with at_a(**ALONE) as (shop, pos):
        sent = lost(shop, pos, LOST_BEFORE, recorded())
        shop.pos.faults.set(Fault(kind="drop"))
        after = pos.evidence(sent, sent.before, moment(1), ENOUGH_S)
        assert isinstance(after, Answer)
        assert after.outcome is Outcome.UNSENT
        # What will not be told any more is a person's: the server is there, and goes on with everything else.
        shop.pos.faults.set(Fault(kind="status", status=422))
        assert isinstance(looked(pos, sent, 240_000), CannotTell)
        torn = replace(sent, before=Evidence(moment(0), points=1, handle="ean ; drop"))
        assert isinstance(looked(pos, torn, 240_000), CannotTell)


@pytest.mark.parametrize("told_", [[], [{"info": {"ean": "0002", "stock": "3.000"}}]])
def test_an_ean_without_stock_stops_nothing(monkeypatch: pytest.MonkeyPatch, told_: list[Any]) -> None:
    """Whether the server refuses an EAN that it does not know, or leaves it out, is not documented."""
    with at_a(**ALONE) as (shop, pos):
        sent = lost(shop, pos, LOST_BEFORE, recorded())
        silent = replace_read(stock.stock_of, told_)
        monkeypatch.setattr(stock, "stock_of", silent)
        found = pos.evidence(recorded(), None, moment(0), ENOUGH_S)
        assert isinstance(found, Answer)
        assert found.outcome is Outcome.REFUSED
        assert "does not tell how much there is of the EAN 0001" in found.words
        assert isinstance(looked(pos, sent, 240_000), CannotTell)
        assert there(shop) == 5000


def replace_read(call: Any, told_: list[Any]) -> Any:
    """Return *call* as it is where the server answers something else."""

    def made_(eans: Any) -> Any:
        usual = call(eans)
        return with_changes(usual, read=lambda _: usual.read({"info": told_}))

    return made_


def test_no_time_is_no_change() -> None:
    with at_a(**BOOKS) as (shop, pos):
        sent, _ = tried(pos, recorded())
        assert pos.deliver(sent, 0).outcome is Outcome.UNSENT
        assert there(shop) == 3000


@pytest.mark.parametrize(
    ("types", "kind", "number"),
    [
        ("2 and 3", "sale", "2"),
        ("2 and 3", "return", "3"),
        ("1 and 2", "sale", "1"),
        ("1 and 2", "return", "2"),
    ],
)
def test_a_sale_and_a_return_have_the_numbers_that_are_set(types: Any, kind: Any, number: str) -> None:
    sent = compose(stock.update("0001", 3, kind, "5000", types).request, MINE, Signing())
    assert parse_qs((sent.content or b"").decode())["type"] == [number]


WRONG_TYPE = "Incorrect update type. Must be 1 (Sale) or 2 (Return)."
IN_XML = f"<info><info><type>0</type><num>2</num><text>{WRONG_TYPE}</text></info></info>"


@pytest.mark.parametrize(
    "answer",
    [
        {"info": {"type": "", "num": 2, "text": WRONG_TYPE}},
        f'<?xml version="1.0" encoding="UTF-8"?>\n{IN_XML}',
    ],
)
def test_an_error_of_stock_is_read_in_both_its_forms(answer: Any) -> None:
    found = told(stock.update("0001", 3, "sale", "5000"), answer)
    assert (found.outcome, found.words) == (Outcome.REFUSED, WRONG_TYPE)


def test_the_record_of_a_sale_and_of_its_return_name_what_they_are_of() -> None:
    with at_a(**BOOKS) as (shop, pos):
        tried(pos, recorded())
        returned = replace(of(coffee(back=True), EntryKind.RECORD, "k2"), refers_to="debit-0042-refund")
        tried(pos, returned)
        assert [each.refs["orderno"] for each in made(shop)] == ["debit0042", "debit0042refund"]
        assert there(shop) == 5000
