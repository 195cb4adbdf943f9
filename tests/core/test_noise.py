"""Storms of noise: the first reports one by one, the rest counted, and nothing of it lost."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.core.decision import Decision
from terminal.core.effects import Notice, Show
from terminal.core.events import (
    CoinTrouble,
    CoinUnrecognised,
    Event,
    JournalFailed,
    JournalRecovered,
    StopAsked,
    TimePassed,
    TokenPresented,
)
from terminal.core.facts import CoinNotCredited, DeviceCounted, Fact
from terminal.core.noise import FIRST, WINDOW_MS, Heard, Windows, due_ms, ended, passed, report
from terminal.core.terminal import TerminalState
from tests.core.making import UID, Talk, facts, topup_job, vending_job

WORDS = "no coin has 9 pulses"
NOISE = CoinUnrecognised("slot", 9, WORDS)
ONE = CoinNotCredited("slot", 9, WORDS)


def written(made: Decision[TerminalState] | Heard) -> list[CoinNotCredited]:
    return [fact for fact in made.facts if isinstance(fact, CoinNotCredited)]


def storm(talk: Talk, reports: int, *, event: CoinUnrecognised = NOISE, apart_ms: int = 100) -> list[Fact]:
    """Reports that follow each other; what was written meanwhile."""
    found: list[Fact] = []
    for _ in range(reports):
        found += talk(event, after_ms=apart_ms).facts
    return found


def test_the_first_ones_are_written_and_shown_and_what_follows_is_counted() -> None:
    talk = Talk(vending_job())
    assert storm(talk, FIRST) == [ONE] * FIRST
    assert talk.notice is Notice.COIN_UNKNOWN
    talk.wait()  # the job's own screen is back
    assert storm(talk, 1700) == []
    assert talk.last.effects == (), "a storm does not hide what the machine is there for"
    assert talk.notice is Notice.READY


def test_what_was_counted_is_one_fact_at_the_end_of_the_window() -> None:
    talk = Talk(vending_job())
    talk(NOISE)
    until_ms = talk.now.mono_ms + WINDOW_MS
    storm(talk, FIRST - 1)
    talk.wait()
    assert talk.state.wake_ms is None, "what is written already wakes nobody"
    storm(talk, 300)
    assert talk.state.wake_ms == until_ms
    made = talk.wait()
    assert talk.now.mono_ms == until_ms
    assert written(made) == [
        CoinNotCredited("slot", 300, f"300 more reports like this one within 10 minutes: {WORDS}")
    ]
    assert talk.state.wake_ms is None


def test_a_storm_that_goes_on_costs_one_fact_a_window_until_it_is_over() -> None:
    talk = Talk(vending_job())
    storm(talk, FIRST + 1)
    for _ in range(3):
        talk.wait()
        assert storm(talk, 500) == []
    talk.wait()
    assert storm(talk, 3) == []
    assert written(talk.wait())[0].pulses == 3
    assert storm(talk, FIRST) == [ONE] * FIRST, "it was over: whoever puts in a foreign coin is answered again"


def test_a_window_that_ended_unseen_is_written_with_the_next_report() -> None:
    talk = Talk(vending_job())
    storm(talk, FIRST + 2)
    made = talk(NOISE, after_ms=3 * WINDOW_MS)
    assert [fact.pulses for fact in written(made)] == [2, 9]
    assert made.state.storms["slot"].room == FIRST - 1, "it was silent for long"


def test_a_few_reports_now_and_then_are_never_counted() -> None:
    talk = Talk(vending_job())
    assert storm(talk, 5 * FIRST, apart_ms=WINDOW_MS // FIRST) == [ONE] * 5 * FIRST


def test_each_acceptor_has_a_window_of_its_own() -> None:
    talk = Talk(vending_job())
    storm(talk, 2 * FIRST)
    other = CoinUnrecognised("bills", 1, "?")
    assert storm(talk, FIRST, event=other) == [CoinNotCredited("bills", 1, "?")] * FIRST
    storm(talk, 7, event=other)
    found = written(talk(StopAsked()))
    assert [(fact.device, fact.pulses) for fact in found] == [("slot", FIRST), ("bills", 7)]


# -- what is written at once, whatever comes -----------------------------------------------------------


def test_events_that_were_lost_are_money_and_are_written_at_once() -> None:
    talk = Talk(vending_job())
    storm(talk, 2 * FIRST)
    made = talk(CoinUnrecognised("slot", 3, "3 events are lost", CoinTrouble.LOST))
    assert made.facts == (CoinNotCredited("slot", 3, "3 events are lost", CoinTrouble.LOST),)


def test_a_mark_is_committed_with_its_report() -> None:
    talk = Talk(vending_job())
    storm(talk, 2 * FIRST)
    made = talk(CoinUnrecognised("slot", 1, "swallowed", mark="7:12"))
    assert made.facts == (CoinNotCredited("slot", 1, "swallowed"), DeviceCounted("slot", "7:12"))
    assert made.effects == (), "it is a storm all the same"


def test_reports_that_are_written_anyway_make_a_storm_too() -> None:
    talk = Talk(vending_job())
    marked = CoinUnrecognised("slot", 1, "swallowed", mark="7:12")
    assert len(storm(talk, 2 * FIRST, event=marked)) == 4 * FIRST
    assert talk.last.effects == ()
    assert talk.state.storm_ms is None, "nothing was counted"


# -- fraud ---------------------------------------------------------------------------------------------


def test_the_worst_gives_its_name_to_what_was_counted_and_says_how_often() -> None:
    talk = Talk(vending_job())
    storm(talk, FIRST + 5)
    for number in (1, 2):
        assert talk(CoinUnrecognised("slot", 1, f"string {number}", CoinTrouble.FRAUD)).facts == ()
    storm(talk, 4)
    words = "11 more reports within 10 minutes, 2 of them like this one: string 2"
    assert talk.wait().effects == (Show(talk.state.screen),), "the job's own screen is back first"
    assert written(talk.wait()) == [CoinNotCredited("slot", 11, words, CoinTrouble.FRAUD)]


def test_one_report_more() -> None:
    talk = Talk(vending_job())
    storm(talk, FIRST + 1)
    words = f"1 more report like this one within a minute: {WORDS}"
    assert written(talk(StopAsked())) == [CoinNotCredited("slot", 1, words)]


# -- a stop, and a journal that cannot be written ------------------------------------------------------


@pytest.mark.parametrize("job", [vending_job(), topup_job()], ids=["vending", "topup"])
def test_a_stop_writes_what_was_counted_and_counts_no_more(job) -> None:
    talk = Talk(job)
    storm(talk, FIRST)
    storm(talk, 30, apart_ms=10_000)
    made = talk(StopAsked())
    assert made.state.stopping
    assert [(fact.pulses, fact.words) for fact in written(made)] == [
        (30, f"30 more reports like this one within 5 minutes: {WORDS}")
    ]
    assert storm(talk, 2 * FIRST) == [ONE] * 2 * FIRST, "nobody would come to write it later"


def test_while_nothing_can_be_written_it_is_counted_on_and_a_stop_is_not_kept_from_happening() -> None:
    talk = Talk(vending_job())
    storm(talk, FIRST + 10)
    talk(JournalFailed("The disk is full."))
    assert talk.state.storm_ms is None, "nobody is woken for what cannot be written"
    assert storm(talk, 40, apart_ms=WINDOW_MS // 20) == []
    made = talk(StopAsked())
    assert (made.facts, made.state.stopping) == ((), True)
    assert made.state.storms["slot"].counted == 50, "the log can tell it"


def test_when_it_can_be_written_again_it_is() -> None:
    talk = Talk(vending_job())
    storm(talk, FIRST)
    talk(JournalFailed("The disk is full."))
    storm(talk, 40, apart_ms=WINDOW_MS // 20)
    assert talk(TimePassed()).facts == ()
    talk(JournalRecovered())
    words = f"40 more reports like this one within 20 minutes: {WORDS}"
    assert written(talk.wait()) == [CoinNotCredited("slot", 40, words)]


def test_a_storm_delays_nothing_that_the_job_waits_for() -> None:
    talk = Talk(vending_job(choose_s=5))
    storm(talk, FIRST + 1)
    talk.wait()
    talk(TokenPresented("reader", UID), after_ms=WINDOW_MS - 10_000)
    talk.wallet(1000)
    while talk.state.job.wake_ms is not None:
        talk.wait()
    assert talk.state.job.idle
    assert talk.shown == talk.state.screen


# -- every order of events -----------------------------------------------------------------------------

REPORTS = st.builds(
    CoinUnrecognised,
    st.sampled_from(["slot", "bills"]),
    st.integers(1, 9),
    st.sampled_from(["a", "b"]),
    st.sampled_from(CoinTrouble),
    st.sampled_from(["", "", "", "m"]),
)
BURSTS = st.tuples(REPORTS, st.integers(1, 45), st.sampled_from([0, 10, 333, 20_000, WINDOW_MS]))
STEPS = st.lists(
    BURSTS | st.sampled_from([WINDOW_MS // 2, WINDOW_MS, 3 * WINDOW_MS]) | st.sampled_from(["broken", "whole"]),
    max_size=25,
)


@dataclass
class Books:
    """What was reported, and what of it stands in the journal."""

    reported: dict[str, int] = field(default_factory=dict)
    in_journal: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    marks: int = 0

    def heard(self, event: CoinUnrecognised) -> None:
        self.reported[event.acceptor] = self.reported.get(event.acceptor, 0) + 1

    def wrote(self, found: Heard) -> None:
        for fact in found.facts:
            if isinstance(fact, CoinNotCredited):
                reports = fact.pulses if " more report" in fact.words else 1
                self.in_journal[fact.device] = self.in_journal.get(fact.device, 0) + reports
                self.lost += fact.trouble is CoinTrouble.LOST
            else:
                assert isinstance(fact, DeviceCounted)
                self.marks += 1

    def missing(self, windows: Windows) -> dict[str, int]:
        waiting = {name: window.counted for name, window in windows.items() if window.counted}
        told = {name: self.in_journal.get(name, 0) + waiting.get(name, 0) for name in self.reported}
        return {
            name: self.reported[name] - told[name]
            for name in self.reported
            if self.reported[name] != told[name]
        }


@settings(max_examples=300, deadline=None)
@given(steps=STEPS)
def test_what_is_written_is_what_was_reported(steps: list) -> None:
    books, windows, now_ms, broken = Books(), {}, 0, False
    lost = marks = 0
    for step in steps:
        if isinstance(step, str):
            broken = step == "broken"
        elif isinstance(step, int):
            now_ms += step
            # The terminal is woken only while it can write, and when there is something to write.
            if not broken and due_ms(windows) is not None and now_ms >= due_ms(windows):
                found = passed(windows, now_ms)
                assert found.facts, "it was woken for nothing"
                books.wrote(found)
                windows = found.windows
                assert due_ms(windows) is None or due_ms(windows) > now_ms, "it would be woken again and again"
        else:
            event, times, apart_ms = step
            for _ in range(times):
                now_ms += apart_ms
                found = report(windows, event, now_ms, broken=broken)
                if broken and found.facts:
                    continue  # it cannot be written: the loop keeps the event, and the state is as it was
                books.heard(event)
                books.wrote(found)
                windows = found.windows
                lost += event.trouble is CoinTrouble.LOST
                marks += bool(event.mark)
                own = [fact for fact in found.facts if " more report" not in getattr(fact, "words", "")]
                assert bool(own) or not (event.mark or event.trouble is CoinTrouble.LOST)
        assert books.missing(windows) == {}
    left = ended(windows, now_ms)
    books.wrote(left)
    assert books.missing(left.windows) == {}
    assert (books.lost, books.marks) == (lost, marks)


@settings(max_examples=50, deadline=None)
@given(hours=st.integers(1, 3), apart_ms=st.sampled_from([333, 1_000, 9_000]))
def test_a_storm_of_hours_costs_few_rows(hours: int, apart_ms: int) -> None:
    windows: Windows = {}
    rows = reports = 0
    for now_ms in range(0, hours * 3_600_000, apart_ms):
        found = report(windows, NOISE, now_ms)
        windows, reports = found.windows, reports + 1
        rows += len(found.facts)
    rows += len(ended(windows, now_ms).facts)
    assert rows <= FIRST + hours * 6 + 1
    assert reports > 10 * rows


def test_every_report_is_a_fact_or_a_number_in_whatever_state() -> None:
    talk = Talk(topup_job(coins_first=True))
    events: list[Event] = [NOISE] * 30
    events += [TokenPresented("reader", UID), *[NOISE] * 30, TimePassed(), *[NOISE] * 30, StopAsked(), NOISE]
    total = 0
    for event in events:
        for fact in facts(talk(event), CoinNotCredited):
            total += fact.pulses if "more report" in fact.words else 1
    assert total == 91
