"""What is concluded of a booking on an OnlinePOS card whose answer was lost: by the adapter's own evidence."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace as changed

from terminal.core.delivery import Answer, Outcome, proven
from terminal.core.facts import EntryKind
from terminal.core.reconcile import Booked, CannotTell, NotBooked, TooEarly
from terminal.core.reconcile_evidence import Evidence, Looking
from terminal.core.value import replace
from terminal.sandbox import Fault
from terminal.sandbox.onlinepos.rules import Others
from tests.backends.making import ENOUGH_S
from tests.backends.onlinepos_wallet_making import (
    CAMPAIGN,
    LOST_AFTER,
    LOST_BEFORE,
    at_a,
    booked,
    looked,
    moment,
    order,
    other,
    tried,
)
from tests.sandbox.shop import CARD, CHIP, Shop

HISTORY: dict[str, Any] = {"history": True}
MARKED = {**HISTORY, "mark": "Café Å"}
ALONE = {"alone": True}
POINTS: dict[str, Any] = {"wallet": "points", "campaign": CAMPAIGN, "point_cents": 100}


def lost(shop: Shop, pos: Any, fault: Fault, kind: EntryKind = EntryKind.DEBIT) -> Any:
    """Send an order whose answer does not come; the card is known already, so that this is the only POST."""
    card = shop.pos.store.card(CARD)
    assert card is not None
    shop.pos.store.save_card(changed(card, points={str(CAMPAIGN): 100}))
    assert pos.balance(CHIP, ENOUGH_S).balance == 10_000
    shop.pos.faults.set(fault)
    sent, answer = tried(pos, order(kind))
    assert answer.outcome is Outcome.UNKNOWN
    return sent


@pytest.mark.parametrize("kind", [EntryKind.DEBIT, EntryKind.CREDIT])
@pytest.mark.parametrize(
    ("options", "order_"),
    [
        ({**HISTORY, **ALONE}, "oldest"),
        (MARKED, "newest"),
        (ALONE, "oldest"),
        ({**POINTS, **ALONE}, "oldest"),
    ],
)
def test_what_was_lost_is_told_by_looking(options: dict[str, Any], kind: EntryKind, order_: str) -> None:
    for fault, expected in ((LOST_AFTER, Booked), (LOST_BEFORE, NotBooked)):
        with at_a({"history": order_}, **options) as (shop, pos):
            for _ in range(2):  # something is listed already
                shop.clock.pass_s(60)
                other(shop, 1000)
                shop.clock.pass_s(60)
                other(shop, -1000)
            sent = lost(shop, pos, fault, kind)
            found = looked(pos, sent)
            assert isinstance(found, expected), found
            assert len(booked(shop)) == (expected is Booked)
            early = looked(pos, sent, 1000)
            assert isinstance(early, Booked if expected is Booked else TooEarly)


def test_a_history_tells_our_booking_from_others_by_the_mark_alone() -> None:
    for fault, expected in ((LOST_AFTER, Booked), (LOST_BEFORE, NotBooked)):
        with at_a(**MARKED) as (shop, pos):
            sent = lost(shop, pos, fault)
            other(shop, -700)
            assert isinstance(looked(pos, sent), expected)
            other(shop, -2500)
            # If ours is there, it is known by its mark; if not, the other one may be ours, marked otherwise.
            assert isinstance(looked(pos, sent), Booked if expected is Booked else CannotTell)
        with at_a(**HISTORY) as (shop, pos):
            sent = lost(shop, pos, fault)
            other(shop, -700)
            found = looked(pos, sent)
            # Who does not know whose movements are whose knows only that there is none like ours.
            assert isinstance(found, CannotTell if expected is Booked else NotBooked)
            other(shop, -2500)
            found = looked(pos, sent)
            assert isinstance(found, CannotTell)
            assert "may be somebody else's" in found.words


@pytest.mark.parametrize("options", [{}, POINTS])
@pytest.mark.parametrize("fault", [LOST_AFTER, LOST_BEFORE])
def test_a_balance_alone_tells_nothing_where_others_may_book(options: dict[str, Any], fault: Fault) -> None:
    with at_a(**options) as (shop, pos):
        sent = lost(shop, pos, fault)
        found = looked(pos, sent)
        assert isinstance(found, CannotTell)
        assert "others may have booked" in found.words
        # Both sides' facts are what the person has.
        assert ("100 points" if options else "balance 100.00") in found.words
        left = 100 if fault is LOST_BEFORE else 75
        assert (f"{left} points" if options else f"balance {left}.00") in found.words


def test_others_on_a_card_that_should_be_ours_alone_disprove_that() -> None:
    for fault in (LOST_AFTER, LOST_BEFORE):
        with at_a(**ALONE) as (shop, pos):
            sent = lost(shop, pos, fault)
            other(shop, -700)
            found = looked(pos, sent)
            assert isinstance(found, CannotTell)
            assert "somebody else booked" in found.words


@pytest.mark.parametrize("order_", ["oldest", "newest"])
def test_few_movements_stand_beside_a_try_however_many_there_are(order_: str) -> None:
    """They go into the journal with each try on a card."""
    for fault, expected in ((LOST_AFTER, Booked), (LOST_BEFORE, NotBooked)):
        with at_a({"history": order_}, **MARKED) as (shop, pos):
            for number in range(60):
                shop.clock.pass_s(60)
                other(shop, 100 if number % 2 else -100)
            sent = lost(shop, pos, fault)
            assert sent.before.listing.cut
            assert len(sent.before.listing.items) == 50
            shop.clock.pass_s(60)
            other(shop, -100)
            assert isinstance(looked(pos, sent), expected)


@pytest.mark.parametrize("mark", ["Cafe Å", "café å", "Kiosk 1"])
def test_a_mark_that_is_set_wrongly_concludes_nothing_false(mark: str) -> None:
    """Ours stands under another location than the one that was set: it is there all the same."""
    with at_a(**HISTORY, mark=mark) as (shop, pos):
        sent = lost(shop, pos, LOST_AFTER)
        found = looked(pos, sent, 240_000)
        assert isinstance(found, CannotTell)
        assert "may be somebody else's" in found.words


def test_a_history_that_lists_no_deposits_concludes_nothing_false() -> None:
    """The option was set without a look: the balance does not fit, and a person is asked."""
    with at_a(**HISTORY, **ALONE) as (shop, pos):
        sent = lost(shop, pos, LOST_BEFORE)
        card = shop.pos.store.card(CARD)
        assert card is not None
        shop.pos.store.save_card(changed(card, balance=card.balance - 2500))
        assert isinstance(looked(pos, sent, 240_000), CannotTell)


@pytest.mark.parametrize("kind", [EntryKind.CREDIT, EntryKind.DEBIT])
def test_a_sign_that_is_read_the_wrong_way_concludes_nothing_false(kind: EntryKind) -> None:
    """Deposits of this server are not `spent`."""
    for fault, expected in ((LOST_AFTER, CannotTell), (LOST_BEFORE, NotBooked)):
        with at_a(history_amounts="spent", **HISTORY, **ALONE) as (shop, pos):
            assert isinstance(looked(pos, lost(shop, pos, fault, kind), 240_000), expected)


def test_a_card_that_is_used_between_the_reads_is_read_again_or_not_at_all() -> None:
    traffic = Others(card=CARD, every=1, amounts=(-100,))
    with at_a({"others": (traffic,)}, **HISTORY) as (shop, pos):
        answer = pos.evidence(order(), None, moment(0), ENOUGH_S)
        assert isinstance(answer, Answer)
        assert answer.outcome is Outcome.UNSENT
        assert "used elsewhere" in answer.words
        assert booked(shop) == []
    with at_a({"others": (changed(traffic, count=3),)}, **HISTORY) as (shop, pos):
        found = pos.evidence(order(), None, moment(0), ENOUGH_S)
        assert isinstance(found, Evidence)
        assert found.listing is not None
        assert (found.balance, len(found.listing.items)) == (shop.balance(), 3)


@pytest.mark.parametrize("options", [{}, HISTORY, POINTS])
@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="drop", method="GET"),
        Fault(kind="garbage", method="GET"),
        Fault(kind="half", method="GET"),
        Fault(kind="status", status=500, method="GET"),
    ],
    ids=lambda fault: f"{fault.kind} {fault.status}",
)
def test_what_cannot_be_read_is_no_evidence(options: dict[str, Any], fault: Fault) -> None:
    with at_a(**options) as (shop, pos):
        before = pos.evidence(order(EntryKind.CREDIT), None, moment(0), ENOUGH_S)
        assert isinstance(before, Evidence)
        shop.pos.faults.set(fault)
        for known in (None, before):
            found = pos.evidence(order(), known, moment(0), ENOUGH_S)
            assert isinstance(found, Answer)
            assert found.outcome is not Outcome.REFUSED, "nothing was refused"


@pytest.mark.parametrize("options", [ALONE, HISTORY, POINTS])
def test_a_look_that_is_refused_for_good_leaves_the_question_to_a_person(options: dict[str, Any]) -> None:
    """It is no failure of the server: it goes on with everything else."""
    with at_a(**options) as (shop, pos):
        sent = lost(shop, pos, LOST_BEFORE)
        shop.pos.faults.set(Fault(kind="status", status=422, method="GET", words='{"error":"No such card"}'))
        assert isinstance(looked(pos, sent, 1000), TooEarly)
        found = looked(pos, sent, 240_000)
        assert isinstance(found, CannotTell)
        assert "does not tell any more" in found.words


def test_an_operation_says_what_it_changes_and_by_what_one_sees_it() -> None:
    with at_a(settling_seconds=7, **MARKED, **ALONE) as (_, pos):
        operation = pos.operation(order(), moment(5))
        assert (operation.looking, operation.amount, operation.mark) == (Looking.HISTORY, -2500, "Café Å")
        assert operation.alone
        assert operation.sent == moment(5)
        assert pos.settling_ms == 7000
    with at_a(**POINTS) as (_, pos):
        operation = pos.operation(order(EntryKind.REFUND), moment(5))
        assert (operation.looking, operation.amount, operation.alone) == (Looking.POINTS, 25, False)
        with pytest.raises(ValueError, match="no whole number of points"):
            pos.operation(order(amount=2530), moment(5))


def test_a_card_that_was_closed_meanwhile_leaves_the_question_to_a_person() -> None:
    with at_a(**ALONE) as (shop, pos):
        sent = lost(shop, pos, LOST_BEFORE)
        card = shop.pos.store.card(CARD)
        assert card is not None
        shop.pos.store.save_card(changed(card, deleted=True))
        assert isinstance(looked(pos, sent), TooEarly)
        found = looked(pos, sent, 240_000)
        assert isinstance(found, CannotTell)
        assert "does not tell any more" in found.words
        assert "balance 100.00" in found.words


def test_a_proxy_that_is_busy_while_the_card_is_looked_for_leaves_no_doubt() -> None:
    with at_a() as (shop, pos):
        shop.pos.faults.set(Fault(kind="status", status=503, method="POST", words="<html>", retry_after_s=9))
        answer = pos.deliver(order(), ENOUGH_S)
        assert proven(pos.guarantee(EntryKind.DEBIT), answer).outcome is Outcome.BUSY
        assert answer.retry_after_ms == 9000


def test_what_surely_was_not_booked_is_sent_again_with_new_evidence_and_booked_once() -> None:
    with at_a(**ALONE) as (shop, pos):
        sent = lost(shop, pos, LOST_BEFORE)
        assert isinstance(looked(pos, sent), NotBooked)
        again, answer = tried(pos, replace(sent, before=None))
        assert answer.outcome is Outcome.DELIVERED
        assert isinstance(looked(pos, again), Booked)
        assert booked(shop) == [-2500]
