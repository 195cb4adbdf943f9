"""The job `vending` when something does not work, and what comes meanwhile."""

import pytest

from terminal.core.delivery import Outcome
from terminal.core.effects import CloseSlot, Notice, ReadWallet, Release
from terminal.core.events import (
    CatalogueRead,
    DeliveryEnded,
    Ended,
    Event,
    Health,
    JournalFailed,
    JournalRecovered,
    StopAsked,
    TokenPresented,
)
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryState,
    SessionClosed,
    SessionOpened,
)
from tests.core.coffee import charging, choosing, ended, releasing
from tests.core.making import OTHER, UID, WATER, Talk, effects, facts, shown, vending_job

# -- meanwhile -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("uid", [UID, OTHER])
def test_a_tap_is_always_answered(uid: str) -> None:
    checking = Talk(vending_job())
    checking.tap()
    for talk in (checking, choosing(), charging(), releasing()):
        before = talk.state.job
        made = talk.tap(uid)
        assert shown(made).notice is Notice.BUSY
        assert made.facts == ()
        assert talk.state.job == before


def test_a_coin_in_a_machine_that_takes_none_is_on_the_books() -> None:
    for talk in (Talk(vending_job()), choosing(), charging(), releasing()):
        before = talk.phase
        key = talk.ids.keys + 1
        made = talk.coin(200, counter=5)
        assert made.facts[:2] == (
            SessionOpened("n1", None),
            CashMoved("n1", CashKind.IN, 200, "slot", 5),
        )
        (entry,) = facts(made, EntryAdded)
        assert (entry.kind, entry.state, entry.amount, entry.token) == (
            EntryKind.UNCLAIMED,
            EntryState.PARKED,
            200,
            None,
        )
        assert made.facts[3:] == (
            CashMoved("n1", CashKind.UNCLAIMED, 200, key=f"k{key}"),
            SessionClosed("n1", "unclaimed"),
        )
        assert talk.notice is Notice.COIN_KEPT
        assert talk.phase == (before if before != "ready" else "showing the result")


def test_a_sale_that_goes_on_after_a_coin() -> None:
    talk = releasing()
    talk.coin(200)
    assert EntryFreed("k1") in talk(ended(0, Ended.DONE)).facts


# -- when something does not work ----------------------------------------------------------------------


def test_without_products_nothing_is_sold() -> None:
    talk = Talk(vending_job(), products=())
    assert "No products are known yet" in talk.shown.words
    assert effects(talk.tap(), ReadWallet) == []
    talk(CatalogueRead((WATER,), fresh=True))
    talk.wait()
    assert (talk.notice, talk.shown.products) == (Notice.READY, (WATER,))


@pytest.mark.parametrize("health", [Health.STARTING, Health.MISSING, Health.FAILED])
def test_a_machine_that_does_not_answer_sells_nothing(health: Health) -> None:
    talk = Talk(vending_job())
    talk.health("relay", health)
    assert talk.notice is Notice.OUT_OF_ORDER
    assert effects(talk.tap(), ReadWallet) == []
    talk.wait()
    talk.health("relay", Health.DEGRADED)
    assert talk.notice is Notice.READY


def test_a_device_that_goes_while_the_customer_chooses() -> None:
    talk = choosing()
    talk.health("relay", Health.MISSING)
    assert talk.press("espresso").facts == ()
    assert "does not answer" in talk.shown.words


def test_a_product_whose_device_is_gone_is_refused_and_the_others_are_sold() -> None:
    job = vending_job(releases={"7": "fridge"})
    talk = Talk(job, healthy=("relay",))
    assert "not available" in shown(talk.press("7")).words
    talk.press("espresso")
    talk.tap()
    assert effects(talk.wallet(1000), Release)[0].device == "relay"


def test_a_journal_that_fails_tells_who_is_choosing_at_once() -> None:
    talk = choosing()
    talk(JournalFailed("The disk is full."))
    assert (talk.phase, talk.notice, talk.shown.words) == ("choosing", Notice.OUT_OF_ORDER, "The disk is full.")
    talk(JournalRecovered())
    assert talk.notice is Notice.CHOOSE


def test_a_journal_that_fails_stops_every_sale() -> None:
    talk = Talk(vending_job())
    talk(JournalFailed("The disk is full."))
    assert (talk.notice, talk.shown.words) == (Notice.OUT_OF_ORDER, "The disk is full.")
    assert effects(talk.tap(), ReadWallet) == []
    talk.wait()
    talk(JournalRecovered())
    assert talk.notice is Notice.READY
    late = choosing()
    late(JournalFailed("The disk is full."))
    made = late.press("espresso")
    assert (made.facts, effects(made, Release)) == ((), [])
    assert late.phase == "choosing"


@pytest.mark.parametrize("when", ["ready", "checking", "choosing"])
def test_a_stop_before_the_decision_forgets_the_customer(when: str) -> None:
    talk = choosing() if when == "choosing" else Talk(vending_job())
    if when == "checking":
        talk.press("espresso")
        talk.tap()
    made = talk(StopAsked())
    assert CloseSlot() in made.effects
    assert not talk.state.job.under_way
    made = talk.wallet(1000)
    assert (made.facts, made.effects) == ((), ())
    assert talk.tap().facts == ()
    assert talk.notice is Notice.OUT_OF_ORDER


@pytest.mark.parametrize("event", [ended(0, Ended.DONE), ended(0, Ended.FAILED)])
def test_a_stop_waits_for_what_is_given_out(event: Event) -> None:
    talk = releasing()
    made = talk(StopAsked())
    assert made.effects == (CloseSlot(),)
    assert talk.state.job.under_way
    assert len(talk(event).facts) == 2
    assert not talk.state.job.under_way


def test_a_stop_waits_for_the_charge() -> None:
    talk = charging()
    talk(StopAsked())
    assert talk.state.job.under_way
    assert len(effects(talk(DeliveryEnded("k1", Outcome.DELIVERED)), Release)) == 1


def test_the_slot_is_closed_from_the_start() -> None:
    assert CloseSlot() in Talk(vending_job()).first.effects


def test_two_readers_are_two_taps() -> None:
    talk = Talk(vending_job(same_card_ms=60_000))
    talk(TokenPresented("left", UID))
    made = talk(TokenPresented("right", UID))
    assert shown(made).notice is Notice.BUSY
