"""Structured codes: each later than the one before, whatever the clock does, and nobody else's."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.core.value import replace
from terminal.tickets.drawing import EPOCH_MS
from tests.support.seed import SEED
from tests.tickets.making import BASE_36, NOON_MS, STRUCTURED, codes

YEAR_MS = 31_557_600_000
MOMENTS = st.integers(EPOCH_MS - 60 * YEAR_MS, EPOCH_MS + 80 * YEAR_MS)


class Clock:
    def __init__(self, *moments: int) -> None:
        self.moments = list(moments)

    def __call__(self) -> int:
        return self.moments.pop(0) if len(self.moments) > 1 else self.moments[0]


def drawn(
    clock: Clock,
    number: int,
    device: str = "A7Z",
    known: frozenset[str] = frozenset(),
    dice: random.Random | None = None,
) -> list[str]:
    rules = replace(STRUCTURED, device=device)
    made = codes(rules, wall_ms=clock, known=known.__contains__, chance=dice and dice.randbytes)
    return [each.code for _ in range(number) if (each := made.purchase())]


def test_time_device_and_sequence_can_be_read_in_it() -> None:
    first, second = drawn(Clock(NOON_MS), 2)
    assert int(first[:8], 36) == NOON_MS - EPOCH_MS
    assert first[8:] == "A7Z00"
    assert second == f"{first[:8]}A7Z01"
    assert set(first + second) <= set(BASE_36)


@given(st.lists(MOMENTS, min_size=2, max_size=40))
def test_each_is_later_than_the_one_before_however_the_clock_is_set(moments: list[int]) -> None:
    made = drawn(Clock(*moments), len(moments))
    assert len(made) == len(moments)
    order = [(each[:8], each[11:]) for each in made]
    assert order == sorted(set(order))
    assert all(each[8:11] == "A7Z" and len(each) == 13 for each in made)
    assert int(made[0][:8], 36) == max(0, moments[0] - EPOCH_MS)


def test_more_in_a_millisecond_than_the_sequence_has_go_on_in_the_next() -> None:
    made = drawn(Clock(NOON_MS), 1_300)
    assert len(set(made)) == 1_300
    assert made[1_295].endswith("A7ZZZ")
    assert int(made[1_296][:8], 36) == NOON_MS + 1 - EPOCH_MS
    assert made[1_296].endswith("A7Z00")


@given(st.lists(MOMENTS, min_size=1, max_size=20), st.lists(MOMENTS, min_size=1, max_size=20))
def test_two_devices_never_make_the_same(one: list[int], other: list[int]) -> None:
    mine, theirs = drawn(Clock(*one), 50), drawn(Clock(*other), 50, device="A7Y")
    assert not set(mine) & set(theirs)


@pytest.mark.parametrize("wall_ms", [NOON_MS, 0], ids=["clock set back", "clock that never knew the time"])
def test_a_restart_into_the_same_time_repeats_no_code_of_the_books(wall_ms: int) -> None:
    """Nothing is remembered but the books; sixty starts of sixty sales, a clock that stands still."""
    books: frozenset[str] = frozenset()
    dice = random.Random(SEED)
    for _ in range(60):
        made = drawn(Clock(wall_ms), 60, known=books, dice=dice)
        assert len(made) == 60, "a sale was refused"
        assert not books & set(made)
        books |= set(made)
    assert len(books) == 3_600


def test_when_the_time_is_over_there_is_no_code() -> None:
    end = EPOCH_MS + 36**8
    assert drawn(Clock(end - 1), 1) == ["ZZZZZZZZA7Z00"]
    assert drawn(Clock(end), 1) == []
