"""The one loop: facts before effects, one event at a time, and what a journal that cannot be used leads to."""

import itertools
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from terminal.core.coins import Purse
from terminal.core.effects import CloseSlot, Effect, Notice, OpenSlot, Print, ReadWallet, Release, Show
from terminal.core.events import (
    ButtonPressed,
    CoinInserted,
    CoinUnrecognised,
    DeviceChanged,
    Ended,
    Event,
    Exposure,
    Health,
    JournalFailed,
    JournalRecovered,
    PrintEnded,
    ReleaseEnded,
    StopAsked,
    TimePassed,
    TokenPresented,
    TokenRemoved,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import (
    CashMoved,
    CoinNotCredited,
    EntryAdded,
    Fact,
    ReleaseIntended,
    ReleaseSettled,
    SaleReported,
)
from terminal.core.job import Job
from terminal.core.machine import CashSold
from terminal.core.noise import FIRST
from terminal.core.recover import Recovered
from terminal.core.stamp import Stamp
from terminal.core.terminal import Terminal, TerminalState
from terminal.core.value import replace
from terminal.daemon import loop as loop_module
from terminal.daemon.loop import RETRY_MS, Loop
from terminal.journal.errors import JournalDamaged, JournalError, JournalUnwritable
from terminal.journal.store import Journal
from tests.core.making import ESPRESSO, START, UID, Counter, topup_job, vending_job
from tests.support.waiting import wait_until

FULL = "The disk is full: free some space."
COIN, NEXT_COIN = CoinInserted("slot", 100, 1), CoinInserted("slot", 200, 2)
NOISE = CoinUnrecognised("slot", 9, "no coin has 9 pulses")
SALE = (
    TokenPresented("reader", UID),
    WalletRemembered(UID, None, Exposure()),
    WalletRead(UID, WalletAnswer.KNOWN, 1000),
    ButtonPressed("panel", "espresso"),
)


class Clock:
    """Stands still until the test moves it."""

    def __init__(self) -> None:
        self.stamp = START

    def now(self) -> Stamp:
        return self.stamp

    def pass_ms(self, ms: int) -> None:
        stamp = self.stamp
        self.stamp = replace(stamp, wall_ms=stamp.wall_ms + ms, mono_ms=stamp.mono_ms + ms)


class Disk:
    """A journal that keeps the order of everything, and fails when told to."""

    def __init__(self, story: list[tuple[str, Any]]) -> None:
        self.story = story
        self.error: JournalError | None = None
        self.room: int | None = None  # commits until it is full again
        self.probes = 0

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        assert urgent, "a customer waits for the loop"
        assert durable, "money is at stake"
        self._fail()
        self.story += [("wrote", fact) for fact in facts]

    def probe(self, now: Stamp) -> None:
        self.probes += 1
        if self.error:
            raise self.error

    def _fail(self) -> None:
        if self.room == 0:
            self.error, self.room = JournalUnwritable(FULL), None
        if self.error:
            raise self.error
        if self.room is not None:
            self.room -= 1


class Bench:
    """A loop on a still clock. Events are taken in the test's own thread, unless `turning` runs it."""

    def __init__(self, job: Job, *, journal: Any = None, purse: Purse | None = None) -> None:
        self.clock = Clock()
        self.story: list[tuple[str, Any]] = []  # what was heard, written, told and done, in order
        self.disk = Disk(self.story)
        self.on_effect: Callable[[Effect], None] = lambda _: None
        terminal = _Listening(job, self.story)
        self.loop = Loop(
            terminal,
            journal or self.disk,
            self.clock.now,
            self._perform,
            lambda facts: self.story.extend(("told", fact) for fact in facts),
        )
        first = terminal.start(self.clock.now(), (ESPRESSO,), Recovered(purse=purse))
        self.loop.begin(first.state, first.effects)
        for device in ("relay", "slot"):
            self.happen(DeviceChanged(device, "any", Health.OK))
        self.story.clear()

    def _perform(self, effect: Effect) -> None:
        self.story.append(("did", effect))
        self.on_effect(effect)

    def happen(self, *events: Event) -> None:
        """Let the loop take *events*, one after the other, and come back."""
        for event in events:
            self.loop.post(event)
            assert self.loop._next()

    def buy(self) -> None:
        self.happen(*SALE)

    @property
    def state(self) -> TerminalState:
        assert self.loop.state is not None
        return self.loop.state

    def of(self, what: str, *kinds: type) -> list[Any]:
        """Return what was heard, written, told or done, of these kinds."""
        return [value for said, value in self.story if said == what and isinstance(value, kinds or object)]

    def place(self, what: str, kind: type) -> int:
        """Return where in the story the first such thing stands."""
        return next(n for n, (said, value) in enumerate(self.story) if said == what and isinstance(value, kind))

    @contextmanager
    def turning(self) -> Iterator[None]:
        thread = threading.Thread(target=self.loop.run)
        thread.start()
        try:
            yield
        finally:
            self.loop.end()
            thread.join(30)
            assert not thread.is_alive()


class _Listening(Terminal):
    """The real rules; the story tells what they heard."""

    def __init__(self, job: Job, story: list[tuple[str, Any]]) -> None:
        super().__init__(job, Counter())
        self._story = story

    def handle(self, state: TerminalState, event: Event, now: Stamp) -> Any:
        self._story.append(("heard", event))
        return super().handle(state, event, now)


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
