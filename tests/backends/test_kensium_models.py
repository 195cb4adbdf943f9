"""Answers as checked values, and lists that are read to their ends."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.kensium.models import (
    Amount,
    Customer,
    Environment,
    GiftCard,
    GiftCardTrans,
    Item,
    Page,
    PaymentStep,
    Purchased,
    Sale,
    Stock,
    Thing,
    Unreadable,
    read,
    read_page,
)
from terminal.backends.kensium.paging import Ask, followed, paged
from terminal.backends.kensium.purchase import decimal

CARD = {
    "id": "30004",
    "memberId": "000010049",
    "balance": "12.50",
    "codes": [{"id": "1", "codeType": "PHYSICAL", "code": "98761234", "expiresOn": None, "isMasked": False}],
}


def test_a_gift_card_with_its_balance_in_cents() -> None:
    page = read_page(GiftCard, {"limitedByPermission": True, "results": [CARD]})
    (card,) = page.rows
    assert (page.limited, page.more, page.until) == (True, False, None)
    assert (card.id, card.member_id, card.balance and card.balance.cents) == ("30004", "000010049", 1250)
    assert "98761234" not in repr(card)
    assert card.codes is not None
    assert card.codes[0].code == "98761234"


def test_what_is_not_known_is_passed_over_and_null_is_nothing() -> None:
    assert read(GiftCardTrans, {"id": "5", "balance": None, "new": {"x": 1}}) == GiftCardTrans(id="5")
    assert read_page(GiftCard, None) == Page((), gaps=True)
    assert read_page(GiftCard, {"results": None}) == Page((), gaps=True)
    assert read_page(GiftCard, {"results": []}) == Page(())
    assert read_page(Thing, {"results": [{"__typename": "Product"}, None]}) == Page((Thing(),), gaps=True)
    assert read(Environment, {"utcNow": "2026-05-01T12:00:00Z"}).utc_now == "2026-05-01T12:00:00Z"


@pytest.mark.parametrize(
    ("kind", "found", "words"),
    [
        (GiftCard, {"id": 30004}, "a giftcard that cannot be read at id"),
        (GiftCard, {}, "missing required field id"),
        (GiftCard, [], "Expected"),
        (GiftCard, CARD | {"balance": "12,50"}, "at balance: Expected a decimal number"),
        (GiftCard, CARD | {"balance": True}, "balance"),
        (GiftCard, CARD | {"balance": "NaN"}, "balance"),
        (GiftCard, CARD | {"balance": "1e9"}, "balance"),
        (GiftCard, CARD | {"balance": ""}, "balance"),
        (Item, {"sku": "A", "warehouses": [{"sku": "A"}]}, "warehouseCode"),
        (Purchased, None, "a purchased that cannot be read"),
        (PaymentStep, {}, "exactly one of payment"),
        (PaymentStep, {"payment": {"id": "1"}, "error": {"code": "x"}}, "exactly one of payment"),
    ],
)
def test_what_is_not_what_the_pages_say_is_a_sentence(kind: Any, found: Any, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(kind, found)


@pytest.mark.parametrize("found", [[], "x", {"results": {}}, {"results": [], "until": 5}, {"results": [7]}])
def test_what_is_no_page_is_a_sentence(found: Any) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        read_page(Sale, found)


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        ("6.49", 649),
        ("-6.49", -649),
        ("0", 0),
        ("10.0000", 1000),
        ("+1.5", 150),
        (5, 500),
        (Decimal("0.25"), 25),
    ],
)
def test_amounts_are_whole_cents(written: Any, cents: int) -> None:
    assert Amount.read(written).cents == cents


def test_what_is_no_whole_cents_is_never_rounded() -> None:
    price = read(Stock, {"sku": "A", "warehouseCode": "MAIN", "basePrice": "1.2345", "quantityAvailable": "-3"})
    assert price.base_price == Decimal("1.2345")
    assert price.quantity_available == -3
    with pytest.raises(Unreadable, match=r"1\.2345"):
        _ = price.base_price.cents


@given(st.integers(-(10**15), 10**15))
def test_cents_that_were_written_are_read_again(cents: int) -> None:
    assert Amount.read(f"{decimal(cents):f}").cents == cents


@pytest.mark.parametrize("step", ["payment", "error", "continuation"])
def test_a_step_of_a_payment_is_one_of_three(step: str) -> None:
    found = read(PaymentStep, {"payment": None, "error": None, "continuation": None} | {step: {"id": "1"}})
    assert getattr(found, step) is not None


@pytest.mark.parametrize("step", ["payment", "continuation"])
@pytest.mark.parametrize("name", ["7" * 201, " 77", "77\n", "7\x1b7", ""])
def test_a_payment_is_called_by_what_can_be_kept_as_it_stands(step: str, name: str) -> None:
    assert read(PaymentStep, {step: {"id": "77"}})
    assert read(PaymentStep, {step: {"id": None}})
    with pytest.raises(Unreadable, match="id"):
        read(PaymentStep, {step: {"id": name}})


def test_several_threads_that_read_first_do_no_harm() -> None:
    meet, found = threading.Barrier(4), list[Any]()

    def first() -> None:
        meet.wait(30)
        found.append(read(GiftCard, CARD).id)

    threads = [threading.Thread(target=first) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == ["30004"] * 4


# -- to the ends of lists ------------------------------------------------------------------------------


def customers(*ids: str, more: bool) -> Page[Customer]:
    return Page(tuple(Customer(id=each) for each in ids), more)


def test_a_list_is_read_by_what_came_and_not_by_what_was_asked_for() -> None:
    """A server that gives fewer than were asked for."""
    reading = paged(10, most=5)
    assert next(reading) == Ask(10, skip=0)
    assert reading.send(customers("1", "2", "3", more=True)) == Ask(10, skip=3)
    with pytest.raises(StopIteration):
        reading.send(customers("4", more=False))


@pytest.mark.parametrize("last", [customers(more=True), customers("1", more=False), customers(more=False)])
def test_a_list_ends_where_nothing_more_comes(last: Page[Customer]) -> None:
    reading = paged(10, most=5)
    next(reading)
    with pytest.raises(StopIteration):
        reading.send(last)


def test_a_list_without_an_end_is_given_up() -> None:
    reading = paged(1, most=2)
    next(reading)
    reading.send(customers("1", more=True))
    with pytest.raises(Unreadable, match="more than 2 pages"):
        reading.send(customers("2", more=True))


class Changes:
    """A server that orders items by their changes; a cursor names the last change that was read."""

    def __init__(self) -> None:
        self.log: list[Item] = []

    def change(self, sku: str, name: str) -> None:
        self.log = [each for each in self.log if each.sku != sku]
        self.log.append(Item(sku=sku, name=name))
        self.order = {each.sku: at for at, each in enumerate(self.log)}

    def page(self, ask: Ask, overlap: int) -> Page[Item]:
        begin = max(0, int((ask.since or "v0")[1:]) - (overlap if ask.since else 0))
        end = int((ask.since or "v0")[1:]) + ask.first
        return Page(tuple(self.log[begin:end]), end < len(self.log), f"v{min(end, len(self.log))}")


@given(st.integers(0, 40), st.integers(1, 7), st.integers(0, 5))
def test_changes_are_followed_to_the_end_and_those_that_come_again_do_no_harm(
    count: int, first: int, overlap: int
) -> None:
    server, kept = Changes(), dict[Any, Item]()
    for number in range(count):
        server.change(f"S{number}", "old")

    def follow(since: str) -> str:
        reading = followed(since, first)
        ask = next(reading)
        while True:
            page = server.page(ask, overlap)
            kept.update({row.key: row for row in page.rows})
            try:
                ask = reading.send(page)
            except StopIteration as end:
                return str(end.value)

    cursor = follow("")
    assert {row.sku for row in kept.values()} == {f"S{number}" for number in range(count)}
    server.log.append(Item(sku="S0", name="new"))
    cursor = follow(cursor)
    assert kept["S0",].name == "new"
    assert follow(cursor) == cursor


def test_it_begins_with_blank_and_keeps_the_cursor_where_the_server_tells_none() -> None:
    reading = followed("", 50)
    assert next(reading) == Ask(50, since="")
    with pytest.raises(StopIteration) as end:
        reading.send(Page(()))
    assert end.value.value == ""
    reading = followed("c1", 50)
    next(reading)
    with pytest.raises(StopIteration) as end:
        reading.send(Page((), until="c2"))
    assert end.value.value == "c2"


@pytest.mark.parametrize("until", [None, "", "c1"])
def test_a_page_that_tells_of_more_and_does_not_lead_on_is_a_sentence(until: str | None) -> None:
    reading = followed("c1", 50)
    next(reading)
    with pytest.raises(Unreadable, match="does not lead on"):
        reading.send(Page((Item(sku="A"),), more=True, until=until))
