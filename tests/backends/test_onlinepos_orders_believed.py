"""Whether the export of OnlinePOS can be believed: whether what it takes is listed as it was sent."""

from __future__ import annotations

import logging
import time
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace as changed

from terminal.backends.onlinepos import orders_seen
from terminal.backends.onlinepos.adapter import OnlinePosServer
from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import EntryKind
from terminal.core.reconcile import Booked, CannotTell, NotBooked, TooEarly
from terminal.core.records import Entry
from terminal.core.tickets import Line
from terminal.sandbox import Fault
from terminal.sandbox.onlinepos import things
from tests.backends.making import ENOUGH_S
from tests.backends.onlinepos_books_making import coffee, made, of, recorded
from tests.backends.onlinepos_orders_making import (
    COFFEE,
    LOST_AFTER,
    LOST_BEFORE,
    OURS,
    another,
    asked,
    proven,
)
from tests.backends.onlinepos_wallet_making import at_a, looked, moment, tried
from tests.sandbox.shop import FIRMAID, Shop


def test_an_export_that_does_not_show_what_was_confirmed_proves_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with at_a(department="Kiosk 9") as (shop, pos):
        for key in ("k1", "k2", "k3"):
            assert tried(pos, of(coffee(), EntryKind.RECORD, key))[1].outcome is Outcome.DELIVERED
        doubt = pos.operation(recorded(), moment(0)).doubt
        assert "the order 1001, and does not export it as it was sent for the department 'Kiosk 9'" in doubt
        said = [each for each in caplog.records if each.levelno == logging.ERROR]
        assert len(said) == 1
        company = shop.pos.store.thing(things.Company, FIRMAID)
        assert company is not None
        shop.pos.know([changed(company, department="Kiosk 9")])
        for key in ("k4", "k5"):
            tried(pos, of(coffee(), EntryKind.RECORD, key))
        assert not pos.operation(recorded(), moment(0)).doubt


def test_an_order_that_is_not_exported_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with at_a(settling_seconds=5, **OURS) as (shop, pos):
        proven(shop, pos)
        tried(pos, recorded())
        late = shop.pos.store.lines()[1:]
        for line in late:
            shop.pos.store.save_line(changed(line, paid_ms=None))
        another(shop, (7, 1, 100))
        asked(shop, pos)
        assert not pos.operation(recorded(), moment(0)).doubt
        monkeypatch.setattr(orders_seen, "monotonic", lambda: time.monotonic() + 6)
        asked(shop, pos)
        assert "does not export it" in pos.operation(recorded(), moment(0)).doubt


def test_a_server_that_was_never_seen_to_list_an_order_of_ours_proves_nothing_by_silence() -> None:
    for fault, expected in ((LOST_AFTER, Booked), (LOST_BEFORE, CannotTell)):
        with at_a(**OURS) as (shop, pos):
            another(shop, (7, 1, 100))
            shop.pos.faults.set(fault)
            sent, _ = tried(pos, recorded())
            assert isinstance(looked(pos, sent, 1000), Booked if expected is Booked else TooEarly)
            found = looked(pos, sent)
            assert isinstance(found, expected)
            assert not isinstance(found, CannotTell) or "no order of this terminal was found" in found.words


def test_an_export_that_is_refused_says_how_orders_are_sent_without_it() -> None:
    with at_a(**OURS) as (shop, pos):
        shop.pos.faults.set(Fault(kind="status", status=400, path="exportSales"))
        found = pos.evidence(recorded(), None, moment(0), ENOUGH_S)
        assert isinstance(found, Answer)
        assert found.outcome is Outcome.UNSENT
        assert "orders_read_back = false" in found.words


def test_an_order_of_our_department_shows_it_after_a_restart() -> None:
    with at_a(**OURS) as (shop, pos):
        another(shop, (7, 1, 100), department="Kiosk 1")
        for _ in range(4):
            another(shop, (7, 1, 100))
        shop.pos.faults.set(LOST_BEFORE)
        sent, _ = tried(pos, recorded())
        assert isinstance(looked(pos, sent), NotBooked)
        assert asked(shop, pos)[0] == [15_000_001, 15_000_004, 15_000_005]


def test_another_s_order_just_like_ours_does_not_show_that_ours_are_listed() -> None:
    """Ours has a number of its own there, and it is not this one."""
    with at_a() as (shop, pos):
        another(shop, (7, 1, 100))
        tried(pos, of(coffee(), EntryKind.RECORD, "k0"))
        for line in shop.pos.store.lines()[1:]:
            shop.pos.store.save_line(changed(line, paid_ms=None))
        another(shop, *COFFEE)
        asked(shop, pos)
        assert pos.operation(recorded(), moment(0)).doubt


# -- never twice, never lost ---------------------------------------------------------------------------


@pytest.mark.parametrize("options", [OURS, {}, {"orders_alone": True}])
def test_whatever_happens_on_the_way_no_sale_is_booked_twice_or_lost(options: dict[str, Any]) -> None:
    chance, parked = Random(7), 0
    with at_a(**options) as (shop, pos):
        proven(shop, pos)
        for number in range(20):
            line = Line(2, "Mælk", 1, 1000 + number)
            entry = of(coffee(line), EntryKind.RECORD, f"k{number}")
            others = () if "orders_alone" in options else ((2, 1, 1000 + number), (2, 1, 1000))
            booked = settle(shop, pos, entry, chance, others)
            there = [each for each in made(shop) if each.amount == 1000 + number]
            parked += booked is None
            assert len(there) <= 1
            assert booked is None or len(there) == 1
    assert parked < 20
    assert (parked == 0) is ("orders_alone" in options)
    print(f"{options}: {parked} of 20 left to a person")  # noqa: T201 - shown where it is asked for


def settle(
    shop: Shop, pos: OnlinePosServer, entry: Entry, chance: Random, others: tuple[tuple[int, int, int], ...]
) -> bool | None:
    """Send until it is known; None: a person has it."""
    for _ in range(30):
        shop.pos.faults.set(*chance.choice(((), (LOST_BEFORE,), (LOST_AFTER,))))
        sent, answer = tried(pos, entry)
        shop.pos.faults.clear()
        if others and chance.random() < 0.5:
            another(shop, chance.choice(others))
        if answer.outcome is Outcome.DELIVERED:
            return True
        assert answer == Answer(Outcome.UNKNOWN, answer.words)
        found = looked(pos, sent)
        if isinstance(found, Booked):
            return True
        if isinstance(found, CannotTell):
            return None
        assert isinstance(found, NotBooked)
    pytest.fail("it never got through")
