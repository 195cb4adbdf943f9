"""Orders whose answer was lost: what the export of OnlinePOS tells of them, and when it tells nothing."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace as changed

from terminal.backends.onlinepos.client import OnlinePos
from terminal.core.delivery import Answer, Outcome
from terminal.core.reconcile import Booked, CannotTell, NotBooked, TooEarly
from terminal.core.reconcile_evidence import Evidence
from terminal.core.value import replace
from terminal.sandbox.onlinepos import things
from terminal.sandbox.onlinepos.things import Product
from tests.backends.making import ENOUGH_S
from tests.backends.onlinepos_books_making import made
from tests.backends.onlinepos_orders_making import (
    COFFEE,
    LOST_AFTER,
    LOST_BEFORE,
    OURS,
    another,
    asked,
    lost,
)
from tests.backends.onlinepos_wallet_making import at_a, looked, moment, server


@pytest.mark.parametrize(
    ("rules", "sold_before", "options"),
    [
        ({}, 0, OURS),
        ({}, 3, {"orders_alone": True}),
        ({"with_id": "exclusive"}, 0, {"orders_alone": True}),
        ({"with_id": "exclusive"}, 3, OURS),
        ({"per_page": 1}, 3, OURS),
    ],
)
def test_what_was_lost_is_told_by_looking(
    rules: dict[str, Any], sold_before: int, options: dict[str, Any]
) -> None:
    for fault, expected in ((LOST_AFTER, Booked), (LOST_BEFORE, NotBooked)):
        with at_a(rules, **options) as (shop, pos):
            for _ in range(sold_before):
                another(shop, *COFFEE)
            sent = lost(shop, pos, fault)
            early, found = looked(pos, sent, 1000), looked(pos, sent)
            assert isinstance(found, expected), found
            assert isinstance(early, Booked if expected is Booked else TooEarly)
            assert len(made(shop)) == 1 + (expected is Booked)


def test_our_department_tells_ours_from_others_just_like_it() -> None:
    with at_a(**OURS) as (shop, pos):
        another(shop, (7, 1, 100))
        sent = lost(shop, pos, LOST_AFTER)
        another(shop, *COFFEE)
        assert isinstance(looked(pos, sent), Booked)
    with at_a(**OURS) as (shop, pos):
        another(shop, (7, 1, 100))
        sent = lost(shop, pos, LOST_BEFORE)
        another(shop, (1, 2, 5000), (2, 1, 990))
        assert isinstance(looked(pos, sent), NotBooked)


def test_an_order_just_like_ours_under_another_department_is_a_person_s() -> None:
    """The department may be set wrongly: then it is ours, and a repeat would be a second one."""
    with at_a(department="Kiosk 9") as (shop, pos):
        another(shop, (7, 1, 100))
        sent = lost(shop, pos, LOST_AFTER)
        found = looked(pos, sent)
        assert isinstance(found, CannotTell)
        assert "an order of 59.90 got through" in found.words
        assert "no. 15000003 59.90" in found.words


def test_without_a_department_only_absence_tells() -> None:
    with at_a() as (shop, pos):
        another(shop, (7, 1, 100))
        assert isinstance(looked(pos, lost(shop, pos, LOST_AFTER)), CannotTell)
    with at_a() as (shop, pos):
        another(shop, *COFFEE)
        sent = lost(shop, pos, LOST_BEFORE)
        another(shop, (1, 2, 5000))
        assert isinstance(looked(pos, sent), NotBooked)


def test_who_sells_alone_does_not_take_an_order_that_was_changed_for_somebody_else_s() -> None:
    """The server may split or discount what it takes: the only new order is ours then, and it is there."""
    with at_a(orders_alone=True) as (shop, pos):
        sent = lost(shop, pos, LOST_BEFORE)
        another(shop, (1, 2, 4500), (2, 2, 990), department="Kiosk 1")
        found = looked(pos, sent)
        assert isinstance(found, CannotTell)


def test_a_longer_list_that_cannot_be_read_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would only show one of our own; the last order is known without."""
    read, too_many = OnlinePos.gather, Answer(Outcome.REFUSED, "the list has more than 20000 elements")

    def busy(self: OnlinePos, page: Any, timeout_s: float, **more: Any) -> Any:
        hours = moment(0).wall_ms // 1000 - int(page(1).request.path.rpartition("/")[2])
        return too_many if hours > 90_000 else read(self, page, timeout_s, **more)

    with at_a(**OURS) as (shop, pos):
        shop.clock.ms = moment(0).wall_ms
        another(shop, (7, 1, 100), ago_s=60)
        monkeypatch.setattr(OnlinePos, "gather", busy)
        assert asked(shop, pos) == ([15_000_001], True)


def test_free_choices_that_are_not_exported_change_nothing() -> None:
    with at_a(**OURS) as (shop, pos):
        shop.pos.know(
            [Product(id=2, name="Mælk", price=0, group=10), things.Page(id=5, name="T", default=(2,))]
        )
        another(shop, (7, 1, 100))
        sent = lost(shop, pos, LOST_BEFORE)
        assert sent.before is not None
        another(shop, (1, 2, 5990), department="Kiosk 1")
        assert isinstance(looked(pos, sent), Booked)


def test_what_is_looked_for_is_what_was_sent_whatever_is_sold_since() -> None:
    with at_a(**OURS) as (shop, pos):
        another(shop, (7, 1, 100))
        sent = lost(shop, pos, LOST_AFTER)
        shop.pos.know([Product(id=1, name="Stor kaffe", price=2500, group=10)])
        assert pos.terminal(ENOUGH_S)
        assert isinstance(looked(pos, sent), Booked)
        again = server(shop, **OURS)  # after a restart
        assert isinstance(looked(again, sent), Booked)
        again.close()


def test_an_order_that_is_gone_from_the_export_makes_it_a_person_s() -> None:
    with at_a(**OURS) as (shop, pos):
        another(shop, (7, 1, 100))
        sent = lost(shop, pos, LOST_BEFORE)
        for line in shop.pos.store.lines():
            shop.pos.store.save_line(changed(line, paid_ms=None))
        found = looked(pos, sent)
        assert isinstance(found, CannotTell)
        assert "the lists do not fit together" in found.words


def test_what_was_not_kept_is_a_person_s() -> None:
    with at_a(**OURS) as (shop, pos):
        sent = replace(lost(shop, pos, LOST_AFTER), before=Evidence(moment(0)))
        assert isinstance(looked(pos, sent), CannotTell)


# -- which orders are read -----------------------------------------------------------------------------


@pytest.mark.parametrize("ago_s", [60, 7_200, 86_400 * 3, 86_400 * 300])
def test_the_last_order_is_found_however_long_ago_it_was(ago_s: int) -> None:
    with at_a() as (shop, pos):
        shop.clock.ms = moment(0).wall_ms
        another(shop, (7, 1, 100), ago_s=86_400 * 301)
        another(shop, (7, 1, 200), ago_s=ago_s)
        assert asked(shop, pos)[0][-1] == 15_000_002
        assert asked(shop, pos)[0][-1] == 15_000_002


def test_a_company_that_never_sold_anything_has_no_older_orders() -> None:
    with at_a() as (shop, pos):
        assert asked(shop, pos) == ([], False)
        another(shop, (7, 1, 100))
        assert asked(shop, pos) == ([15_000_001], True)


def test_few_orders_stand_beside_a_try_however_many_there_are() -> None:
    with at_a() as (shop, pos):
        for _ in range(5):
            another(shop, (7, 1, 100))
        assert asked(shop, pos) == ([15_000_004, 15_000_005], True)


def test_a_table_that_is_paid_late_is_not_taken_for_a_new_order() -> None:
    with at_a(**OURS) as (shop, pos):
        another(shop, *COFFEE, department="Kiosk 1")
        (first, second) = shop.pos.store.lines()
        for line in (first, second):
            shop.pos.store.save_line(changed(line, paid_ms=None))
        another(shop, (7, 1, 100))
        sent = lost(shop, pos, LOST_BEFORE)
        for line in (first, second):
            shop.pos.store.save_line(line)
        assert isinstance(looked(pos, sent), NotBooked)


def test_more_orders_than_anybody_reads_are_a_person_s_and_stop_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gather, too_many = OnlinePos.gather, Answer(Outcome.REFUSED, "the list has more than 100000 elements")

    def busy(self: OnlinePos, page: Any, timeout_s: float, *, most: int) -> Any:
        assert most <= 20_000, "what is read for one sale has its place in the memory of a small machine"
        return too_many if "withId" in page(1).request.path else gather(self, page, timeout_s, most=most)

    with at_a(**OURS) as (shop, pos):
        another(shop, (7, 1, 100))
        sent = lost(shop, pos, LOST_AFTER)
        monkeypatch.setattr(OnlinePos, "gather", busy)
        assert isinstance(looked(pos, sent, 400_000), CannotTell)
        assert asked(shop, pos)[0] == [15_000_002, 15_000_003]
