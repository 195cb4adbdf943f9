"""The job `vending`, event by event: who pays for what, and what is written down before what."""

import pytest

from terminal.core.effects import Notice, ReadWallet, Release
from terminal.core.events import (
    CachedWallet,
    Ended,
    Exposure,
    TimePassed,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import EntryAdded, EntryFreed, EntryKind, ReleaseIntended, ReleaseKind, ReleaseSettled
from terminal.core.policy import Reason
from terminal.core.rules import OfflineRules
from tests.core.coffee import choosing, ended, releasing
from tests.core.making import CAPPUCCINO, ESPRESSO, OTHER, UID, WATER, Talk, effects, facts, vending_job

# -- ways to a sale ------------------------------------------------------------------------------------


def test_tap_first() -> None:
    talk = Talk(vending_job(description="Coffee: {products}", tag="floor-2"))
    assert (talk.phase, talk.notice, talk.shown.products) == ("ready", Notice.READY, talk.state.products)
    made = talk.tap()
    assert made.facts == ()
    assert effects(made, ReadWallet) == [ReadWallet(UID, 700)]
    assert (talk.notice, talk.shown.token) == (Notice.CHECKING, "…E5F6")
    talk.wallet(1000, exposure=Exposure(token_debits=100))
    assert (talk.phase, talk.notice) == ("choosing", Notice.CHOOSE)
    assert (talk.shown.balance, talk.shown.balance_age_ms) == (900, 0)
    sold = talk.press("espresso")
    assert sold.facts == (
        EntryAdded(
            "k1", EntryKind.DEBIT, "main", UID, 250, (ESPRESSO,), "Coffee: Espresso", "floor-2", held=True
        ),
        ReleaseIntended("k1/0", ReleaseKind.VEND, "k1", "relay", "Espresso"),
    )
    assert effects(sold, Release) == [Release("k1/0", "relay", ESPRESSO)]
    done = talk(ended(0, Ended.DONE))
    assert done.facts == (ReleaseSettled("k1/0", Ended.DONE, "the words"), EntryFreed("k1"))
    assert (talk.notice, talk.shown.amount, talk.shown.balance) == (Notice.CONFIRMED, 250, 650)
    talk.wait()
    assert (talk.phase, talk.notice) == ("ready", Notice.READY)


def test_product_first() -> None:
    talk = Talk(vending_job())
    made = talk.press("7")
    assert made.facts == ()
    assert (talk.phase, talk.notice, talk.shown.amount) == ("waiting for a token", Notice.PRESENT_TOKEN, 100)
    talk.press("cappuccino")  # changed their mind
    talk.tap()
    assert talk.shown.amount == 300
    sold = talk.wallet(300)
    assert facts(sold, EntryAdded)[0].pieces == (CAPPUCCINO,)
    assert talk.phase == "releasing"


def test_one_product() -> None:
    talk = Talk(vending_job(one_product="7"))
    talk.tap()
    sold = talk.wallet(100)
    assert effects(sold, Release) == [Release("k1/0", "relay", WATER)]


def test_one_product_that_the_server_does_not_list() -> None:
    talk = Talk(vending_job(one_product="tea"))
    assert talk.notice is Notice.OUT_OF_ORDER
    assert "'tea'" in talk.shown.words
    made = talk.tap()
    assert effects(made, ReadWallet) == []
    assert talk.notice is Notice.OUT_OF_ORDER


def test_a_product_chosen_while_the_wallet_is_read() -> None:
    talk = Talk(vending_job())
    talk.tap()
    talk.press("espresso")
    sold = talk.wallet(250)
    assert [piece.id for piece in facts(sold, EntryAdded)[0].pieces] == ["espresso"]


def test_several_pieces_wait_for_confirm() -> None:
    talk = choosing(confirm=True, max_pieces=2)
    talk.press("confirm")  # nothing is chosen yet
    assert talk.phase == "choosing"
    talk.press("espresso")
    talk.press("7")
    assert (talk.phase, talk.shown.amount, talk.shown.basket) == ("choosing", 350, (ESPRESSO, WATER))
    assert talk.shown.balance == 1000
    refused = talk.press("cappuccino")
    assert refused.facts == ()
    assert "No more than 2" in talk.shown.words
    sold = talk.press("confirm")
    assert facts(sold, EntryAdded)[0].amount == 350
    assert facts(sold, EntryAdded)[0].description == "Espresso, Water"
    first = talk(ended(0, Ended.DONE))
    assert first.facts == (
        ReleaseSettled("k1/0", Ended.DONE, "the words"),
        ReleaseIntended("k1/1", ReleaseKind.VEND, "k1", "relay", "Water"),
    )
    assert effects(first, Release) == [Release("k1/1", "relay", WATER)]
    assert talk(ended(1, Ended.DONE)).facts[1:] == (EntryFreed("k1"),)


def test_confirm_with_the_basket_before_the_tap() -> None:
    talk = Talk(vending_job(confirm=True))
    talk.press("espresso")
    talk.press("espresso")
    talk.tap()
    talk.wallet(499)
    assert talk.notice is Notice.REFUSED  # cannot pay for what is in the basket
    talk.press("espresso")
    talk.tap()
    talk.wallet(250)
    assert talk.phase == "choosing"
    assert len(facts(talk.press("confirm"), EntryAdded)) == 1


def test_each_piece_goes_to_its_own_device() -> None:
    talk = Talk(
        vending_job(confirm=True, release="relay", releases={"7": "fridge"}), healthy=("relay", "fridge")
    )
    talk.tap()
    talk.wallet(1000)
    talk.press("7")
    talk.press("espresso")
    assert effects(talk.press("confirm"), Release)[0].device == "fridge"
    assert effects(talk(ended(0, Ended.DONE)), Release)[0].device == "relay"


def test_the_description_is_bounded() -> None:
    made = choosing(description="x" * 90 + "{products}").press("cappuccino")
    assert facts(made, EntryAdded)[0].description == "x" * 90 + "Cappuccino"
    assert (
        len(facts(choosing(description="x" * 95 + "{products}").press("7"), EntryAdded)[0].description) == 100
    )


# -- ways out of it ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["button", "time"])
def test_leaving_while_choosing(how: str) -> None:
    talk = choosing(confirm=True, choose_s=20)
    talk.press("espresso")
    made = talk.press("cancel") if how == "button" else talk.wait()
    assert made.facts == ()
    assert talk.notice is Notice.CANCELLED
    # The basket of the one who left is not the next one's.
    talk.tap(OTHER)
    talk.wallet(1000, uid=OTHER)
    assert talk.shown.basket == ()


@pytest.mark.parametrize("how", ["button", "time"])
def test_leaving_before_the_tap(how: str) -> None:
    talk = Talk(vending_job(choose_s=20))
    talk.press("espresso")
    made = talk.press("cancel") if how == "button" else talk.wait()
    assert (made.facts, talk.notice) == ((), Notice.CANCELLED)
    talk.wait()
    talk.tap()
    talk.wallet(1000)
    assert talk.phase == "choosing"


def test_cancel_while_the_wallet_is_read_means_it() -> None:
    talk = Talk(vending_job())
    talk.press("espresso")
    talk.tap()
    talk.press("cancel")
    made = talk.wallet(1000)
    assert (made.facts, made.effects) == ((), ())


def test_choosing_again_gives_more_time() -> None:
    talk = choosing(confirm=True, choose_s=20)
    first = talk.state.wake_ms
    talk.press("espresso")
    assert first is not None
    assert talk.state.wake_ms == first + 100


@pytest.mark.parametrize(("button", "phase"), [("cancel", "ready"), ("confirm", "ready"), ("espresso", None)])
def test_a_button_while_a_result_is_shown(button: str, phase: str | None) -> None:
    talk = releasing()
    talk(ended(0, Ended.DONE))
    talk.press(button)
    assert talk.phase == (phase or "waiting for a token")


def test_a_tap_while_a_result_is_shown_is_the_next_customer() -> None:
    talk = releasing()
    talk(ended(0, Ended.DONE))
    made = talk.tap(OTHER)
    assert effects(made, ReadWallet) == [ReadWallet(OTHER, 700)]


def test_buttons_that_mean_nothing() -> None:
    talk = Talk(vending_job())
    for button in ("cancel", "confirm"):
        made = talk.press(button)
        assert (made.facts, made.effects, talk.phase) == ((), (), "ready")
    talk.press("tea")
    assert "not available" in talk.shown.words
    assert talk.phase == "ready"


# -- answers of the wallet -----------------------------------------------------------------------------


def test_the_deadline_decides_by_what_is_remembered() -> None:
    talk = Talk(vending_job(deadline_ms=700))
    talk.press("espresso")
    talk.tap()
    talk(WalletRemembered(UID, CachedWallet(400, 60_000), Exposure(token_debits=100)))
    assert talk(TimePassed(), after_ms=500).facts == ()  # too early
    sold = talk.wait()
    assert len(facts(sold, EntryAdded)) == 1
    talk(ended(0, Ended.DONE))
    assert talk.notice is Notice.ACCEPTED_OFFLINE
    assert (talk.shown.balance, talk.shown.balance_age_ms) == (50, 60_000)


def test_what_is_not_delivered_counts_against_the_offline_limits() -> None:
    talk = Talk(vending_job(offline=OfflineRules(max_per_token=400)))
    talk.press("espresso")
    talk.tap()
    made = talk.wallet(cached=CachedWallet(9_999, 0), exposure=Exposure(token_debits=200))
    assert made.facts == ()
    assert talk.shown.words == Reason.OFFLINE_TOKEN.value


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (WalletAnswer.NOT_PAIRED, Reason.NOT_PAIRED),
        (WalletAnswer.NO_ANSWER, Reason.OFFLINE_UNKNOWN),
        (WalletAnswer.DENIED, Reason.OFFLINE_UNKNOWN),
    ],
)
def test_refusals_write_nothing(answer: WalletAnswer, reason: Reason) -> None:
    talk = Talk(vending_job())
    talk.tap()
    made = talk(WalletRead(UID, answer))
    assert made.facts == ()
    assert (talk.notice, talk.shown.words, talk.shown.token) == (Notice.REFUSED, reason.value, "…E5F6")


def test_who_cannot_pay_for_the_cheapest_hears_it_at_once() -> None:
    talk = Talk(vending_job())
    talk.tap()
    talk.wallet(99)
    assert (talk.notice, talk.shown.balance) == (Notice.REFUSED, 99)
    talk.tap()
    talk.wallet(100)
    assert talk.phase == "choosing"
    assert talk.press("espresso").facts == ()
    assert talk.shown.words == Reason.INSUFFICIENT.value


def test_answers_about_another_token_are_not_this_ones() -> None:
    talk = Talk(vending_job())
    talk.press("espresso")
    talk.tap()
    for event in (
        WalletRead(OTHER, WalletAnswer.KNOWN, 9_999),
        WalletRemembered(OTHER, CachedWallet(9_999, 0), Exposure()),
    ):
        made = talk(event)
        assert (made.facts, made.effects) == ((), ())
    talk.wait()
    assert talk.shown.words == Reason.OFFLINE_UNKNOWN.value


def test_an_answer_after_the_decision_changes_nothing() -> None:
    talk = releasing()
    before = talk.state
    talk(WalletRead(UID, WalletAnswer.NOT_PAIRED))
    assert talk.state == before
