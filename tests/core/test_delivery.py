"""The whole table of outcomes and promises, and that nothing is repeated blindly (I6)."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.core.delivery import (
    LONGEST_RETRY_AFTER_MS,
    LOOK_AFTER_MS,
    Again,
    Answer,
    Done,
    Guarantee,
    LookFirst,
    Outcome,
    Park,
    Pause,
    Promise,
    Verdict,
    advice,
    advice_unnamed,
    decide,
    may_send,
    owed,
)
from terminal.core.stamp import Stamp
from terminal.core.value import replace

HOUR = 3_600_000
DAY = 24 * HOUR
FIRST = Stamp(wall_ms=1_700_000_000_000, mono_ms=1_000, boot="a", synced=True)


def after(ms: int, *, boot: str = "a", synced: bool = True) -> Stamp:
    mono = FIRST.mono_ms + ms if boot == "a" else 5_000
    return Stamp(wall_ms=FIRST.wall_ms + ms, mono_ms=mono, boot=boot, synced=synced)


SOON = after(60_000)
KEY, NATURAL, READ, NONE = (Guarantee(promise) for promise in Promise)
KEY_DAY = Guarantee(Promise.KEY, DAY)
UNKNOWN = Park(unknown=True, words="")
PARKED = Park(unknown=False, words="")
AGAIN, LOOK, PAUSE = Again(700), LookFirst(LOOK_AFTER_MS), Pause(700, "")

# (outcome, in doubt before) -> what becomes of it, by promise: KEY, NATURAL_KEY, READ_BACK, NONE
TABLE: dict[tuple[Outcome, bool], tuple[Verdict, Verdict, Verdict, Verdict]] = {
    (Outcome.DELIVERED, False): (Done(), Done(), Done(), Done()),
    (Outcome.DELIVERED, True): (Done(), Done(), Done(), Done()),
    (Outcome.REFUSED, False): (PARKED, PARKED, PARKED, PARKED),
    (Outcome.REFUSED, True): (PARKED, PARKED, LOOK, UNKNOWN),
    (Outcome.DENIED, False): (PAUSE, PAUSE, PAUSE, PAUSE),
    (Outcome.DENIED, True): (PAUSE, PAUSE, PAUSE, PAUSE),
    (Outcome.BUSY, False): (AGAIN, AGAIN, AGAIN, AGAIN),
    (Outcome.BUSY, True): (AGAIN, AGAIN, LOOK, UNKNOWN),
    (Outcome.UNSENT, False): (AGAIN, AGAIN, AGAIN, AGAIN),
    (Outcome.UNSENT, True): (AGAIN, AGAIN, LOOK, UNKNOWN),
    (Outcome.UNKNOWN, False): (AGAIN, AGAIN, LOOK, UNKNOWN),
    (Outcome.UNKNOWN, True): (AGAIN, AGAIN, LOOK, UNKNOWN),
}


def wordless(verdict: Verdict) -> Verdict:
    return replace(verdict, words="") if isinstance(verdict, Park | Pause) else verdict


def test_the_table_is_whole() -> None:
    assert set(TABLE) == set(itertools.product(Outcome, (False, True)))


@pytest.mark.parametrize(("case", "expected"), TABLE.items(), ids=str)
def test_table(case: tuple[Outcome, bool], expected: tuple[Verdict, ...]) -> None:
    outcome, in_doubt = case
    for promise, verdict in zip(Promise, expected, strict=True):
        made = decide(
            Guarantee(promise),
            Answer(outcome, "the words"),
            first_attempted=FIRST,
            in_doubt=in_doubt,
            now=SOON,
            delay_ms=700,
        )
        assert wordless(made) == verdict, promise
        if isinstance(made, Park | Pause):
            assert "the words" in made.words


def unknown(guarantee: Guarantee, now: Stamp, first: Stamp | None = FIRST) -> Verdict:
    answer = Answer(Outcome.UNKNOWN, "no answer in 10 s")
    return decide(guarantee, answer, first_attempted=first, in_doubt=False, now=now, delay_ms=0)


def test_a_key_holds_inside_its_window_only() -> None:
    assert unknown(KEY_DAY, after(DAY - 1)) == Again(0)
    park = unknown(KEY_DAY, after(DAY))
    assert isinstance(park, Park)
    assert park.unknown
    assert "24 h" in park.words
    assert "no answer in 10 s" in park.words


def test_after_a_reboot_only_two_right_clocks_can_tell_the_window() -> None:
    assert unknown(KEY_DAY, after(HOUR, boot="b")) == Again(0)
    for now, first in (
        (after(HOUR, boot="b", synced=False), FIRST),
        (after(HOUR, boot="b"), replace(FIRST, synced=False)),
        (after(-HOUR, boot="b"), FIRST),
        (SOON, None),
    ):
        park = unknown(KEY_DAY, now, first)
        assert isinstance(park, Park)
        assert park.unknown
        assert "no clock" in park.words


def test_a_key_for_ever_needs_no_clock() -> None:
    assert unknown(KEY, after(HOUR, boot="b", synced=False)) == Again(0)


def test_every_window_closes_whatever_the_promise() -> None:
    for promise in (Promise.KEY, Promise.NATURAL_KEY, Promise.READ_BACK):
        assert isinstance(unknown(Guarantee(promise, HOUR), after(HOUR)), Park)


def test_retry_after_is_a_minimum_and_bounded() -> None:
    def busy(retry_after_ms: int | None, delay_ms: int) -> Verdict:
        answer = Answer(Outcome.BUSY, retry_after_ms=retry_after_ms)
        return decide(KEY, answer, first_attempted=None, in_doubt=False, now=SOON, delay_ms=delay_ms)

    assert busy(5_000, 700) == Again(5_000)
    assert busy(5_000, 9_000) == Again(9_000)
    assert busy(None, 9_000) == Again(9_000)
    assert busy(10**12, 9_000) == Again(LONGEST_RETRY_AFTER_MS)
    assert busy(-5, 0) == Again(0)


def test_a_refusal_without_words_still_says_something() -> None:
    verdict = decide(KEY, Answer(Outcome.REFUSED), first_attempted=FIRST, in_doubt=False, now=SOON, delay_ms=0)
    assert isinstance(verdict, Park)
    assert verdict.words


def may(guarantee: Guarantee, *, in_doubt: bool = True, now: Stamp = SOON, timeout_ms: int = 0) -> object:
    return may_send(guarantee, first_attempted=FIRST, in_doubt=in_doubt, now=now, timeout_ms=timeout_ms)


def test_what_is_not_in_doubt_may_always_go_out() -> None:
    for guarantee in (KEY, KEY_DAY, NATURAL, READ, NONE):
        assert may(guarantee, in_doubt=False, now=after(30 * DAY)) is None


def test_what_is_in_doubt_may_go_out_only_where_it_is_covered() -> None:
    assert may(KEY) is None
    assert may(NATURAL) is None
    assert isinstance(may(NONE), Park)
    assert may(KEY_DAY, now=after(DAY - 10_001), timeout_ms=10_000) is None
    assert isinstance(may(KEY_DAY, now=after(DAY - 10_000), timeout_ms=10_000), Park)


def test_a_look_waits_until_the_server_has_surely_ended() -> None:
    assert may(READ, now=after(1_000)) == LookFirst(LOOK_AFTER_MS - 1_000)
    assert may(READ, now=after(LOOK_AFTER_MS)) == LookFirst(0)
    assert may(READ, now=after(LOOK_AFTER_MS), timeout_ms=10_000) == LookFirst(10_000)
    assert may(READ, now=after(0, boot="b", synced=False)) == LookFirst(0)


def test_a_refused_refund_says_for_which_debit_it_is_and_names_both_ways_out() -> None:
    words = owed("coffee-1-abc", 18)
    assert "owed to a customer" in words
    assert "the debit coffee-1-abc:" in words
    assert "`terminalctl journal resolve 18 --resend`" in words
    assert "give the money back by hand" in words
    assert "`terminalctl journal resolve 18 --write-off` with your name" in words


def test_advice_names_the_key_and_the_three_ways_out() -> None:
    words = advice("coffee-1-abc", 17)
    assert "the key coffee-1-abc." in words
    for each in (words, advice_unnamed(17)):
        assert "booked there, close it by `terminalctl journal resolve 17 --delivered`" in each
        assert "again by `--resend` instead" in each
        assert "by `--write-off`" in each


stamps = st.builds(
    Stamp,
    wall_ms=st.integers(0, 2_000_000_000_000),
    mono_ms=st.integers(0, 10 * DAY),
    boot=st.sampled_from("ab"),
    synced=st.booleans(),
)
guarantees = st.builds(Guarantee, st.sampled_from(Promise), st.none() | st.integers(1, 3 * DAY))
answers = st.builds(
    Answer,
    st.sampled_from(Outcome),
    st.text(max_size=5),
    retry_after_ms=st.none() | st.integers(-10, 10**10),
)


def covers(guarantee: Guarantee, first: Stamp | None, now: Stamp) -> bool:
    """Whether a repeat is harmless, said a second time and in another way than in the core."""
    if guarantee.promise not in (Promise.KEY, Promise.NATURAL_KEY):
        return False
    if guarantee.window_ms is None:
        return True
    if first is None:
        return False
    if first.boot == now.boot:
        return now.mono_ms - first.mono_ms < guarantee.window_ms
    return first.synced and now.synced and 0 <= now.wall_ms - first.wall_ms < guarantee.window_ms


@given(
    guarantee=guarantees,
    answer=answers,
    first=st.none() | stamps,
    in_doubt=st.booleans(),
    now=stamps,
    delay=st.integers(0, 10**6),
)
def test_never_again_blindly(
    *, guarantee: Guarantee, answer: Answer, first: Stamp | None, in_doubt: bool, now: Stamp, delay: int
) -> None:
    verdict = decide(guarantee, answer, first_attempted=first, in_doubt=in_doubt, now=now, delay_ms=delay)
    doubted = in_doubt or answer.outcome is Outcome.UNKNOWN
    if isinstance(verdict, Again):
        assert not doubted or covers(guarantee, first, now)
        assert delay <= verdict.delay_ms <= max(delay, LONGEST_RETRY_AFTER_MS)
    if isinstance(verdict, Done):
        assert answer.outcome is Outcome.DELIVERED
    if isinstance(verdict, Park):
        assert verdict.words
        assert answer.outcome is Outcome.REFUSED or doubted
        if not verdict.unknown:
            assert not doubted or covers(guarantee, first, now)


@given(
    guarantee=guarantees,
    first=st.none() | stamps,
    in_doubt=st.booleans(),
    now=stamps,
    timeout_ms=st.integers(0, 120_000),
)
def test_never_sent_blindly(
    *, guarantee: Guarantee, first: Stamp | None, in_doubt: bool, now: Stamp, timeout_ms: int
) -> None:
    verdict = may_send(guarantee, first_attempted=first, in_doubt=in_doubt, now=now, timeout_ms=timeout_ms)
    if verdict is None:
        assert not in_doubt or covers(guarantee, first, now)
    if isinstance(verdict, LookFirst):
        assert 0 <= verdict.delay_ms <= LOOK_AFTER_MS + timeout_ms
