"""The job `topup`, event by event: where every coin goes."""

import pytest

from terminal.core.coins import Purse
from terminal.core.effects import Notice, ReadWallet
from terminal.core.events import CachedWallet, Exposure, TimePassed, WalletAnswer, WalletRead, WalletRemembered
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAdded,
    EntryKind,
    EntryState,
    SessionClosed,
    SessionOpened,
)
from terminal.core.policy import Reason
from tests.core.coin_machine import collecting, slot
from tests.core.making import OTHER, UID, Talk, effects, facts, shown, topup_job

# -- the token first -----------------------------------------------------------------------------------


def test_token_first() -> None:
    talk = Talk(topup_job(description="Coins", tag="hall", max_session=5000, finish_s=20))
    made = talk.tap()
    assert (made.facts, effects(made, ReadWallet)) == ((), [ReadWallet(UID, 700)])
    assert slot(talk) == 0
    talk.wallet(1000)
    assert slot(talk) == 5000
    assert (talk.notice, talk.shown.balance, talk.shown.room) == (Notice.INSERT_COINS, 1000, 5000)
    first = talk.coin(200, counter=7)
    assert first.facts == (SessionOpened("n1", UID), CashMoved("n1", CashKind.IN, 200, "slot", 7))
    assert slot(talk) == 4800
    second = talk.coin(50, counter=8)
    assert second.facts == (CashMoved("n1", CashKind.IN, 50, "slot", 8),)
    assert (talk.shown.amount, talk.shown.room) == (250, 4750)
    done = talk.wait()
    assert done.facts == (
        EntryAdded("k1", EntryKind.CREDIT, "main", UID, 250, (), "Coins", "hall", session="n1"),
        CashMoved("n1", CashKind.CREDITED, 250, key="k1"),
        SessionClosed("n1", "credited"),
    )
    assert slot(talk) == 0
    assert (talk.notice, talk.shown.amount, talk.shown.balance) == (Notice.CREDITED, 250, 1250)
    talk.wait()
    assert (talk.phase, talk.notice) == ("ready", Notice.READY)


def test_each_coin_gives_more_time() -> None:
    talk = collecting(finish_s=20)
    talk.coin()
    first = talk.state.wake_ms
    talk.coin()
    assert first is not None
    assert talk.state.wake_ms == first + 100


@pytest.mark.parametrize("how", ["confirm", "cancel", "tap", "time"])
def test_ways_to_be_done(how: str) -> None:
    talk = collecting()
    talk.coin(100)
    made = talk.wait() if how == "time" else talk.tap() if how == "tap" else talk.press(how)
    assert [entry.amount for entry in facts(made, EntryAdded)] == [100]
    assert slot(talk) == 0


@pytest.mark.parametrize("how", ["confirm", "cancel", "tap", "time"])
def test_nothing_inserted_is_nothing_written(how: str) -> None:
    talk = collecting()
    made = talk.wait() if how == "time" else talk.tap() if how == "tap" else talk.press(how)
    assert (made.facts, talk.notice, slot(talk)) == ((), Notice.CANCELLED, 0)


def test_a_button_that_means_nothing_here() -> None:
    talk = collecting()
    made = talk.press("espresso")
    assert (made.facts, made.effects, talk.phase) == ((), (), "collecting coins")


def test_another_token_has_to_wait() -> None:
    talk = collecting()
    talk.coin(100)
    before = talk.state.job
    made = talk.tap(OTHER)
    assert (made.facts, shown(made).notice, talk.state.job) == ((), Notice.BUSY, before)
    assert facts(talk.press("confirm"), EntryAdded)[0].token == UID


@pytest.mark.parametrize("uid", [UID, OTHER])
def test_a_tap_while_the_wallet_is_read_is_answered(uid: str) -> None:
    talk = Talk(topup_job())
    talk.tap()
    assert shown(talk.tap(uid)).notice is Notice.BUSY
    talk.wallet(0)
    talk.coin(100)
    assert facts(talk.press("confirm"), EntryAdded)[0].token == UID


# -- room ----------------------------------------------------------------------------------------------


def test_the_session_has_a_limit() -> None:
    talk = collecting(max_session=300)
    assert slot(talk) == 300
    talk.coin(200)
    assert slot(talk) == 100
    talk.coin(200)  # on its way when the limit was reached: it counts all the same
    assert slot(talk) == 0
    assert talk.shown.room == 0
    assert facts(talk.press("confirm"), EntryAdded)[0].amount == 400


def test_the_wallet_has_a_limit() -> None:
    talk = Talk(topup_job(max_balance=1500))
    talk.tap()
    talk.wallet(1000, exposure=Exposure(token_credits=200))
    assert slot(talk) == 300


def test_a_full_wallet_takes_nothing() -> None:
    talk = Talk(topup_job(max_balance=1500))
    talk.tap()
    talk.wallet(1500)
    assert (slot(talk), talk.notice, talk.shown.words) == (0, Notice.REFUSED, Reason.WALLET_FULL.value)


def test_without_a_server_by_what_is_remembered() -> None:
    talk = Talk(topup_job(max_balance=1500))
    talk.tap()
    talk(WalletRemembered(UID, CachedWallet(1000, 5_000), Exposure()))
    assert talk(TimePassed(), after_ms=100).effects == ()
    talk.wait()
    assert (slot(talk), talk.shown.balance, talk.shown.balance_age_ms) == (500, 1000, 5_000)


def test_without_a_server_and_without_memory() -> None:
    talk = Talk(topup_job())
    talk.tap()
    talk.wallet()
    assert (slot(talk), talk.notice, talk.shown.words) == (0, Notice.REFUSED, Reason.OFFLINE_TOPUP.value)
    opened = Talk(topup_job(unknown_tokens=True))
    opened.tap()
    opened.wallet()
    opened.coin(100)
    opened.press("confirm")
    assert (opened.notice, opened.shown.balance) == (Notice.CREDITED, None)


def test_answers_about_another_token_are_not_this_ones() -> None:
    talk = Talk(topup_job())
    talk.tap()
    for event in (
        WalletRead(OTHER, WalletAnswer.KNOWN, 0),
        WalletRemembered(OTHER, CachedWallet(0, 0), Exposure()),
    ):
        assert talk(event).effects == ()
    talk.wait()
    assert talk.notice is Notice.REFUSED


# -- coins first ---------------------------------------------------------------------------------------


def test_coins_first() -> None:
    talk = Talk(topup_job(max_session=5000, window_s=900))
    assert slot(talk) == 5000
    made = talk.coin(200)
    assert made.facts == (SessionOpened("n1", None), CashMoved("n1", CashKind.IN, 200, "slot"))
    assert (talk.phase, talk.notice, talk.shown.amount) == (
        "coins wait for a token",
        Notice.COINS_WAITING,
        200,
    )
    assert slot(talk) == 4800
    assert talk.coin(100).facts == (CashMoved("n1", CashKind.IN, 100, "slot"),)
    talk.tap()
    assert slot(talk) == 0
    claimed = talk.wallet(0)
    assert claimed.facts == (SessionOpened("n1", UID),)
    assert (talk.phase, talk.shown.amount, slot(talk)) == ("collecting coins", 300, 4700)
    done = talk.press("confirm")
    assert facts(done, EntryAdded)[0].amount == 300
    assert facts(done, EntryAdded)[0].token == UID


def test_where_coins_may_not_come_first_the_slot_is_closed() -> None:
    talk = Talk(topup_job(coins_first=False))
    assert slot(talk) == 0
    made = talk.coin(200)  # but money that is there is there
    assert facts(made, CashMoved)[0].amount == 200
    assert slot(talk) == 0
    assert talk.phase == "coins wait for a token"


def test_nobody_comes_for_the_coins() -> None:
    talk = Talk(topup_job(window_s=900))
    talk.coin(200)
    assert talk(TimePassed(), after_ms=899_999).facts == ()
    made = talk(TimePassed(), after_ms=1)
    (entry,) = facts(made, EntryAdded)
    assert (entry.kind, entry.state, entry.amount, entry.token) == (
        EntryKind.UNCLAIMED,
        EntryState.PARKED,
        200,
        None,
    )
    assert made.facts[1:] == (
        CashMoved("n1", CashKind.UNCLAIMED, 200, key="k1"),
        SessionClosed("n1", "unclaimed"),
    )
    assert (talk.phase, slot(talk)) == ("ready", 5000)
    # The next tap does not get them any more.
    talk.tap()
    talk.wallet(0)
    assert talk.shown.amount == 0


def test_each_coin_begins_the_window_anew() -> None:
    talk = Talk(topup_job(window_s=900))
    talk.coin()
    talk(TimePassed(), after_ms=600_000)
    talk.coin()
    assert talk(TimePassed(), after_ms=899_999).facts == ()
    assert len(facts(talk(TimePassed(), after_ms=1), EntryAdded)) == 1


def test_a_wallet_that_is_refused_leaves_the_coins_for_the_next() -> None:
    talk = Talk(topup_job())
    talk.coin(200)
    talk.tap()
    made = talk(WalletRead(UID, WalletAnswer.NOT_PAIRED))
    assert (made.facts, talk.notice, slot(talk)) == ((), Notice.REFUSED, 0)
    talk.wait()
    assert (talk.phase, talk.shown.amount) == ("coins wait for a token", 200)
    talk.tap(OTHER)
    assert talk.wallet(0, uid=OTHER).facts == (SessionOpened("n1", OTHER),)
    assert facts(talk.press("confirm"), EntryAdded)[0].token == OTHER


def test_a_tap_right_after_a_refusal_takes_the_coins_too() -> None:
    talk = Talk(topup_job())
    talk.coin(200)
    talk.tap()
    talk(WalletRead(UID, WalletAnswer.NOT_PAIRED))
    talk.tap(OTHER)
    talk.wallet(0, uid=OTHER)
    assert talk.shown.amount == 200


def test_the_window_goes_on_while_a_wallet_is_refused() -> None:
    talk = Talk(topup_job(window_s=2, deadline_ms=1500, show_s=4))
    talk.coin(200)
    talk.tap()
    talk.wait()
    assert talk.notice is Notice.REFUSED
    talk.wait()
    assert len(facts(talk.wait(), EntryAdded)) == 1


def test_a_coin_while_the_wallet_is_read_goes_with_the_others() -> None:
    talk = Talk(topup_job())
    talk.tap()
    made = talk.coin(100)
    assert made.facts == (SessionOpened("n1", None), CashMoved("n1", CashKind.IN, 100, "slot"))
    assert talk.phase == "checking the wallet"
    talk.coin(50)
    talk.wallet(0)
    assert facts(talk.last, SessionOpened) == [SessionOpened("n1", UID)]
    assert talk.shown.amount == 150


def test_coins_that_waited_over_a_restart() -> None:
    purse = Purse("n0", None, 300)
    talk = Talk(topup_job(window_s=900), purse=purse, waited_ms=600_000)
    assert (talk.phase, talk.shown.amount) == ("coins wait for a token", 300)
    assert talk.state.wake_ms == talk.first.state.wake_ms
    talk.tap()
    assert talk.wallet(0).facts == (SessionOpened("n0", UID),)
    late = Talk(topup_job(window_s=900), purse=purse, waited_ms=600_000)
    late.wait()
    assert late.now.mono_ms == 1_000_000 + 300_000
    assert facts(late.last, EntryAdded)[0].kind is EntryKind.UNCLAIMED
