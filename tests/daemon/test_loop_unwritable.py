"""The loop while the journal cannot be written or read, or is damaged."""

import itertools
import logging

import pytest

from terminal.core.effects import CloseSlot, Effect, Notice, OpenSlot, Print, ReadWallet, Release, Show
from terminal.core.events import (
    ButtonPressed,
    CoinInserted,
    CoinUnrecognised,
    DeviceChanged,
    Ended,
    Health,
    JournalFailed,
    JournalRecovered,
    PrintEnded,
    ReleaseEnded,
    StopAsked,
    TimePassed,
    TokenPresented,
    TokenRemoved,
)
from terminal.core.facts import CashMoved, CoinNotCredited, EntryAdded, ReleaseSettled, SaleReported
from terminal.core.machine import CashSold
from terminal.core.noise import FIRST
from terminal.daemon import loop as loop_module
from terminal.daemon.loop import RETRY_MS
from terminal.journal.errors import JournalDamaged, JournalUnwritable
from tests.core.making import START, UID, topup_job, vending_job
from tests.daemon.loop_making import COIN, FULL, NEXT_COIN, SALE, Bench

NOISE = CoinUnrecognised("slot", 9, "no coin has 9 pulses")


@pytest.fixture
def coffee() -> Bench:
    return Bench(vending_job())


@pytest.fixture
def coins() -> Bench:
    return Bench(topup_job())


# -- a journal that cannot be written ------------------------------------------------------------------


def test_what_cannot_be_written_does_not_happen(coffee: Bench, caplog: pytest.LogCaptureFixture) -> None:
    coffee.happen(*SALE[:-1])
    before = coffee.state
    coffee.disk.error = JournalUnwritable(FULL)
    coffee.happen(SALE[-1])
    assert coffee.of("did", Release) == []
    assert coffee.of("told") == []
    assert coffee.of("heard")[-1] == JournalFailed(FULL)
    assert (coffee.state.job, coffee.state.broken) == (before.job, FULL)
    assert [each.levelno for each in caplog.records] == [logging.CRITICAL]
    assert FULL in caplog.text


def test_the_slot_closes_and_the_screen_says_why(coins: Bench) -> None:
    coins.disk.error = JournalUnwritable(FULL)
    coins.happen(COIN)
    assert coins.of("did")[0] == CloseSlot()
    shown = coins.of("did", Show)[-1].screen
    assert (shown.notice, shown.words) == (Notice.OUT_OF_ORDER, FULL)


def test_coins_noise_and_answers_are_kept_and_written_in_order(
    coins: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    coins.disk.error = JournalUnwritable(FULL)
    coins.happen(COIN, NOISE)
    coins.disk.error = None
    coins.happen(NEXT_COIN)
    assert coins.of("wrote") == [], "not before what came earlier"
    assert caplog.text.count("kept in memory") == 3
    coins.clock.pass_ms(RETRY_MS)
    coins.story.clear()
    coins.happen(TimePassed())
    written = [fact for fact in coins.of("wrote") if isinstance(fact, CashMoved | CoinNotCredited)]
    assert [getattr(fact, "amount", None) for fact in written] == [100, None, 200]
    assert [type(event) for event in coins.of("heard")] == [
        CoinInserted,
        CoinUnrecognised,
        CoinInserted,
        JournalRecovered,
        TimePassed,
    ]
    assert coins.state.broken == ""
    assert coins.of("did")[-1].screen.notice is Notice.COINS_WAITING
    assert isinstance(coins.of("did", OpenSlot, CloseSlot)[-1], OpenSlot)


def test_the_answer_for_a_release_is_kept_too(coffee: Bench) -> None:
    coffee.buy()
    coffee.disk.error = JournalUnwritable(FULL)
    coffee.happen(ReleaseEnded("k1/0", Ended.DONE))
    assert coffee.state.job.under_way
    coffee.disk.error = None
    coffee.clock.pass_ms(RETRY_MS)
    coffee.happen(TimePassed())
    assert coffee.of("wrote", ReleaseSettled) == [ReleaseSettled("k1/0", Ended.DONE)]
    assert not coffee.state.job.under_way
    assert len(coffee.of("did", Release)) == 1, "written late, given out once"


def test_the_answer_of_a_printer_is_kept_too() -> None:
    bench = Bench(topup_job(printers=("paper",)))
    bench.happen(
        DeviceChanged("paper", "printer", Health.OK), *SALE[:3], COIN, ButtonPressed("panel", "confirm")
    )
    job = bench.of("did", Print)[0].job
    bench.disk.error = JournalUnwritable(FULL)
    bench.happen(PrintEnded(job, Ended.DONE))
    assert bench.of("wrote", ReleaseSettled) == []
    bench.disk.error = None
    bench.clock.pass_ms(RETRY_MS)
    bench.happen(TimePassed())
    assert bench.of("wrote", ReleaseSettled) == [ReleaseSettled(job, Ended.DONE)]


def test_what_can_be_done_again_is_not_kept(coffee: Bench) -> None:
    coffee.happen(*SALE[:-1])
    coffee.disk.error = JournalUnwritable(FULL)
    coffee.happen(SALE[-1])
    coffee.disk.error = None
    coffee.clock.pass_ms(RETRY_MS)
    coffee.happen(TimePassed())
    assert coffee.of("did", Release) == [], "nobody gets a coffee that they asked for a while ago"
    coffee.happen(SALE[-1])
    assert len(coffee.of("did", Release)) == 1


def test_it_is_said_once_and_tried_once_a_second(coins: Bench, caplog: pytest.LogCaptureFixture) -> None:
    coins.disk.error = JournalUnwritable(FULL)
    coins.happen(COIN)
    for _ in range(5):
        assert coins.loop._patience_s() == pytest.approx(RETRY_MS / 1000), "no spinning"
        coins.clock.pass_ms(RETRY_MS)
        coins.happen(TimePassed())
    assert coins.disk.probes == 5
    assert caplog.text.count(FULL) == 1
    assert coins.of("heard", JournalFailed) == [JournalFailed(FULL)]


def test_it_does_not_spin_while_a_deadline_is_over_and_nothing_can_be_written(coins: Bench) -> None:
    """The credit is due and cannot be written: its moment lies in the past, and yet the loop sleeps."""
    coins.happen(*SALE[:3], COIN)
    coins.disk.error = JournalUnwritable(FULL)
    assert coins.state.wake_ms is not None
    coins.clock.pass_ms(coins.state.wake_ms - START.mono_ms + 5_000)
    coins.happen(TimePassed())
    assert coins.state.wake_ms < coins.clock.stamp.mono_ms
    assert coins.loop._patience_s() == pytest.approx(RETRY_MS / 1000)
    coins.disk.error = None
    coins.clock.pass_ms(RETRY_MS)
    coins.happen(TimePassed())
    assert [fact.amount for fact in coins.of("wrote", EntryAdded)] == [100], "credited as soon as it can be"


def test_a_journal_that_fails_again_while_the_kept_is_written_has_not_recovered(coins: Bench) -> None:
    coins.disk.error = JournalUnwritable(FULL)
    coins.happen(COIN, NOISE, NEXT_COIN)
    coins.disk.error, coins.disk.room = None, 1
    coins.clock.pass_ms(RETRY_MS)
    coins.happen(TimePassed())
    assert [fact.amount for fact in coins.of("wrote", CashMoved)] == [100]
    assert coins.state.broken == FULL
    assert coins.of("heard", JournalRecovered) == []
    assert isinstance(coins.of("did", OpenSlot, CloseSlot)[-1], CloseSlot), (
        "it takes no coin that it cannot write"
    )
    coins.disk.error = None
    coins.clock.pass_ms(RETRY_MS)
    coins.happen(TimePassed())
    written = [fact for fact in coins.of("wrote") if isinstance(fact, CashMoved | CoinNotCredited)]
    assert [getattr(fact, "amount", None) for fact in written] == [100, None, 200], "each once, in order"
    assert coins.of("heard", JournalRecovered) == [JournalRecovered()]


def test_noise_does_not_fill_the_memory_and_coins_always_have_room(
    coins: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loop_module, "_MOST_KEPT", 3)
    coins.disk.error = JournalUnwritable(FULL)
    coins.happen(*itertools.repeat(NOISE, 5), COIN)
    assert caplog.text.count("no longer kept") == 2
    coins.disk.error = None
    coins.clock.pass_ms(RETRY_MS)
    coins.happen(TimePassed())
    assert len(coins.of("wrote", CoinNotCredited)) == 3
    assert [fact.amount for fact in coins.of("wrote", CashMoved)] == [100]


def test_what_a_machine_sold_for_cash_is_kept_and_does_not_fill_the_memory_either(
    coffee: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loop_module, "_MOST_KEPT", 2)
    coffee.disk.error = JournalUnwritable(FULL)
    coffee.happen(*(CashSold("snacks", "11", cents) for cents in (100, 150, 200)))
    assert caplog.text.count("no longer kept: CashSold(machine='snacks', item='11', price=200)") == 1
    coffee.disk.error = None
    coffee.clock.pass_ms(RETRY_MS)
    coffee.happen(TimePassed())
    assert coffee.of("wrote", SaleReported) == [SaleReported("snacks", "11", cents) for cents in (100, 150)]


def test_a_storm_that_cannot_be_written_takes_no_memory_and_is_in_the_log_at_the_end(
    coffee: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    coffee.happen(*itertools.repeat(NOISE, FIRST))
    coffee.disk.error = JournalUnwritable(FULL)
    coffee.happen(SALE[0], COIN, *itertools.repeat(NOISE, 500))
    assert caplog.text.count("kept in memory") == 1, "the coin"
    coffee.happen(StopAsked())
    assert coffee.state.stopping
    coffee.loop.end()
    coffee.loop.run()
    assert "not in the journal: 500 reports of slot" in caplog.text


# -- a journal that cannot be read ---------------------------------------------------------------------


def test_a_read_that_fails_stops_sales_and_not_the_loop(coffee: Bench) -> None:
    def refuse(effect: Effect) -> None:
        if isinstance(effect, ReadWallet):
            raise JournalUnwritable("The disk failed.")

    coffee.on_effect = refuse
    coffee.happen(SALE[0])
    assert coffee.state.broken == "The disk failed."
    coffee.on_effect = lambda _: None
    coffee.clock.pass_ms(700)
    coffee.happen(TimePassed())
    assert coffee.of("did", Show)[-1].screen.notice is Notice.REFUSED, "the customer is answered"
    coffee.clock.pass_ms(RETRY_MS)
    coffee.happen(TimePassed())
    assert coffee.state.broken == ""
    coffee.happen(TokenRemoved("reader"))
    coffee.buy()
    assert len(coffee.of("did", Release)) == 1


# -- a damaged journal ---------------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["commit", "probe", "read"])
def test_a_damaged_journal_ends_the_loop_and_the_log_has_what_is_not_written(
    coins: Bench, at: str, caplog: pytest.LogCaptureFixture
) -> None:
    damage = JournalDamaged("The journal is damaged. Restart terminald.")
    if at == "read":
        coins.on_effect = lambda effect: _raise(damage) if isinstance(effect, ReadWallet) else None
        coins.loop.post(TokenPresented("reader", UID))
    elif at == "probe":
        coins.disk.error = JournalUnwritable(FULL)
        coins.happen(CoinInserted("slot", 50, 7))
        coins.disk.error = damage
        coins.clock.pass_ms(RETRY_MS)
    else:
        coins.disk.error = damage
    coins.loop.post(COIN)
    coins.loop.post(ButtonPressed("panel", "cancel"))
    coins.loop.post(NEXT_COIN)
    caplog.clear()
    with pytest.raises(JournalDamaged):
        coins.loop.run()
    by_hand = [each.getMessage() for each in caplog.records if "by hand" in each.getMessage()]
    expected = [*((CoinInserted("slot", 50, 7),) if at == "probe" else ()), COIN, NEXT_COIN]
    assert [words.partition(": ")[2] for words in by_hand] == [str(each) for each in expected]
    assert coins.of("wrote") == []


def test_a_coin_that_the_rules_fail_on_is_in_the_log(coins: Bench, caplog: pytest.LogCaptureFixture) -> None:
    coins.disk.commit = lambda *_, **__: _raise(ValueError("The facts contradict the journal."))  # type: ignore[method-assign]
    coins.loop.post(COIN)
    with pytest.raises(ValueError, match="contradict"):
        coins.loop.run()
    assert str(COIN) in caplog.text


def _raise(error: Exception) -> None:
    raise error
