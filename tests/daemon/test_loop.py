"""The one loop: facts before effects, one event at a time, and what a journal that cannot be used leads to."""

import threading
from pathlib import Path

import pytest

from terminal.core.effects import CloseSlot, Effect, Notice, OpenSlot, ReadWallet, Release, Show
from terminal.core.events import ButtonPressed, CoinInserted, Ended, ReleaseEnded, TimePassed, TokenPresented
from terminal.core.facts import CashMoved, EntryAdded, ReleaseIntended, ReleaseSettled
from terminal.core.terminal import Terminal
from terminal.daemon.loop import RETRY_MS, Loop
from terminal.journal.errors import JournalUnwritable
from terminal.journal.store import Journal
from tests.core.making import ESPRESSO, START, UID, Counter, topup_job, vending_job
from tests.daemon.loop_making import COIN, FULL, NEXT_COIN, SALE, Bench, Clock, Disk
from tests.support.waiting import wait_until


@pytest.fixture
def coffee() -> Bench:
    return Bench(vending_job())


@pytest.fixture
def coins() -> Bench:
    return Bench(topup_job())


# -- I1: journal before world --------------------------------------------------------------------------


def test_facts_are_written_and_told_before_the_world_is_touched(coffee: Bench) -> None:
    coffee.buy()
    wrote = [coffee.place("wrote", kind) for kind in (EntryAdded, ReleaseIntended)]
    told = coffee.place("told", ReleaseIntended)
    assert max(wrote) < told < coffee.place("did", Release)
    assert len(coffee.of("did", Release)) == 1


def test_no_screen_says_accepted_before_the_entry_is_written(coffee: Bench) -> None:
    coffee.buy()
    coffee.story.clear()
    coffee.happen(ReleaseEnded("k1/0", Ended.DONE))
    confirmed = next(
        number
        for number, (said, value) in enumerate(coffee.story)
        if said == "did" and isinstance(value, Show) and value.screen.notice is Notice.CONFIRMED
    )
    assert coffee.place("wrote", ReleaseSettled) < confirmed


def test_the_real_journal_holds_the_debit_when_the_relay_is_ordered(tmp_path: Path) -> None:
    """Asked on a connection of its own, at the moment of the order: it was committed, not only handed over."""
    seen: list[tuple[str, ...]] = []
    journal = Journal.open(tmp_path / "journal.db", b"k" * 32, boot=START.boot)
    bench = Bench(vending_job(), journal=journal)

    def look(effect: Effect) -> None:
        if isinstance(effect, Release):
            seen.append(tuple(each.release for each in journal.open_releases()))
            assert [entry.key for entry in journal.entries()] == ["k1"]

    bench.on_effect = look
    bench.buy()
    journal.close()
    assert seen == [("k1/0",)]


def test_nothing_is_given_out_where_the_real_journal_cannot_be_written(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", b"k" * 32, boot=START.boot)
    journal._db.execute("PRAGMA query_only = ON")
    bench = Bench(vending_job(), journal=journal)
    bench.buy()
    assert bench.of("did", Release) == []
    assert "read-only" in bench.state.broken
    journal._db.execute("PRAGMA query_only = OFF")
    bench.clock.pass_ms(RETRY_MS)
    bench.happen(TimePassed())
    assert bench.state.broken == ""
    bench.happen(ButtonPressed("panel", "espresso"))
    assert [effect.product for effect in bench.of("did", Release)] == [ESPRESSO]
    assert journal.verify() == []
    journal.close()


def test_a_decision_without_facts_is_not_written(coffee: Bench) -> None:
    coffee.happen(SALE[0])
    assert coffee.of("wrote") == []
    assert [type(effect) for effect in coffee.of("did")] == [Show, ReadWallet]


def test_the_first_effects_are_carried_out_by_begin() -> None:
    bench = Bench(topup_job())
    done: list[Effect] = []
    bench.on_effect = done.append
    bench.loop.begin(bench.state, (OpenSlot(5), CloseSlot()))
    assert done == [OpenSlot(5), CloseSlot()]


def test_a_loop_that_was_not_begun_is_a_mistake() -> None:
    loop = Loop(Terminal(vending_job(), Counter()), Disk([]), Clock().now, lambda _: None, lambda _: None)
    loop.post(TimePassed())
    with pytest.raises(RuntimeError, match="before begin"):
        loop.run()


# -- one event at a time -------------------------------------------------------------------------------


def test_events_are_taken_one_at_a_time_in_the_order_they_came(coins: Bench) -> None:
    """An effect that brings an event at once (as a driver may) does not let it in before the other effects."""
    order: list[str] = []

    def answer(effect: Effect) -> None:
        if isinstance(effect, CloseSlot) and not order:
            coins.loop.post(NEXT_COIN)
        order.append(type(effect).__name__)

    coins.happen(COIN)
    coins.on_effect = answer
    coins.happen(TokenPresented("reader", UID))
    assert order == ["CloseSlot", "Show", "ReadWallet"]
    assert coins.loop._next()
    assert [fact.amount for fact in coins.of("wrote", CashMoved)] == [100, 200]


def test_events_of_many_threads_are_all_decided(coins: Bench) -> None:
    with coins.turning():
        threads = [
            threading.Thread(target=lambda: [coins.loop.post(CoinInserted("slot", 1)) for _ in range(25)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert coins.loop.flush(30)
        purse = coins.state.job.purse
    assert purse is not None
    assert purse.amount == 100


# -- waking up -----------------------------------------------------------------------------------------


def test_it_sleeps_until_the_moment_that_the_state_asks_for(coffee: Bench) -> None:
    assert coffee.loop._patience_s() is None, "nothing to wait for: no waking up at all"
    coffee.happen(SALE[0])
    assert coffee.loop._patience_s() == pytest.approx(0.7)
    coffee.clock.pass_ms(300)
    assert coffee.loop._patience_s() == pytest.approx(0.4)
    coffee.clock.pass_ms(9_000)
    assert coffee.loop._patience_s() == 0


def test_time_passes_by_itself(coffee: Bench) -> None:
    with coffee.turning():
        coffee.loop.post(SALE[0])
        assert coffee.loop.wait_for(lambda state: state.wake_ms is not None, 30)
        coffee.clock.pass_ms(700)
        assert coffee.loop.wait_for(lambda state: state.job.phase_name == "showing the result", 30)
    assert coffee.of("heard", TimePassed)


# -- the end -------------------------------------------------------------------------------------------


def test_what_was_kept_is_written_at_the_end_if_it_can_be(
    coins: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    coins.disk.error = JournalUnwritable(FULL)
    coins.happen(COIN)
    coins.disk.error = None
    coins.story.clear()
    caplog.clear()
    coins.loop.end()
    coins.loop.run()
    assert [fact.amount for fact in coins.of("wrote", CashMoved)] == [100]
    assert coins.of("did", OpenSlot) == [], "it is about to stop"
    assert "by hand" not in caplog.text


def test_what_cannot_be_written_at_the_end_is_in_the_log(
    coins: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    coins.disk.error = JournalUnwritable(FULL)
    coins.happen(COIN)
    coins.loop.end()
    coins.loop.post(NEXT_COIN)  # a driver that was late
    coins.loop.run()
    by_hand = [each.getMessage() for each in caplog.records if "by hand" in each.getMessage()]
    assert [words.partition(": ")[2] for words in by_hand] == [str(COIN), str(NEXT_COIN)]


def test_end_comes_after_what_is_in_the_inbox(coins: Bench) -> None:
    coins.loop.post(COIN)
    coins.loop.end()
    coins.loop.run()
    assert [fact.amount for fact in coins.of("wrote", CashMoved)] == [100]


# -- for other threads ---------------------------------------------------------------------------------


def test_flush_waits_for_what_was_posted_before(coins: Bench) -> None:
    coins.loop.post(COIN)
    assert not coins.loop.flush(0.01), "nobody turns the loop"
    with coins.turning():
        coins.loop.post(NEXT_COIN)
        assert coins.loop.flush(30)
        assert [fact.amount for fact in coins.of("wrote", CashMoved)] == [100, 200]


def test_wait_for_tells_whether_it_came_true(coins: Bench) -> None:
    assert not coins.loop.wait_for(lambda state: state.job.purse is not None, 0.01)
    waiter = threading.Thread(
        target=coins.loop.wait_for, args=(lambda state: state.job.purse is not None, 600), daemon=True
    )
    waiter.start()
    with coins.turning():
        coins.loop.post(COIN)
        waiter.join(30)
        assert not waiter.is_alive(), "it is woken, and does not look at the end of its time only"
    never = Loop(Terminal(topup_job(), Counter()), Disk([]), Clock().now, lambda _: None, lambda _: None)
    assert not never.wait_for(lambda _: True, 0.01), "there is no state yet"


def test_an_event_that_does_not_end_is_seen(coffee: Bench) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hang(effect: Effect) -> None:
        if isinstance(effect, ReadWallet):
            entered.set()
            assert leave.wait(30)

    coffee.on_effect = hang
    assert coffee.loop.stuck_ms() == 0
    with coffee.turning():
        coffee.loop.post(SALE[0])
        assert entered.wait(30)
        coffee.clock.pass_ms(21_000)
        assert coffee.loop.stuck_ms() == 21_000
        leave.set()
        wait_until(lambda: coffee.loop.stuck_ms() == 0, what="the event to end")
