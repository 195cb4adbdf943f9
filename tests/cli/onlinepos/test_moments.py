"""Times as people in Denmark write them: each is one moment, or a sentence that says what to write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from terminal.backends.onlinepos.values import Local
from terminal.cli.onlinepos.moments import earliest, moment, shown, whole_day


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01", "2026-06-30T22:00:00"),
        ("2026-01-01", "2025-12-31T23:00:00"),
        ("2026-07-01 14:30", "2026-07-01T12:30:00"),
        ("2026-07-01T14:30:59", "2026-07-01T12:30:59"),
        ("2026-10-25 01:59:59", "2026-10-24T23:59:59"),
        ("2026-10-25 02:30 summer", "2026-10-25T00:30:00"),
        ("2026-10-25 02:30 winter", "2026-10-25T01:30:00"),
        ("2026-10-25 03:00", "2026-10-25T02:00:00"),
        ("2026-10-25 02:30+02:00", "2026-10-25T00:30:00"),
        ("2026-10-25 02:30 Z", "2026-10-25T02:30:00"),
    ],
)
def test_a_time_is_one_moment(text: str, utc: str) -> None:
    assert moment(text) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize("day", ["2026-07-01", "2026-10-25", "2026-03-29"])
def test_a_day_ends_a_second_before_the_next_one(day: str) -> None:
    begin, end = moment(day), moment(day, end=True)
    following = (datetime.fromisoformat(day) + timedelta(days=1)).date().isoformat()
    assert end + timedelta(seconds=1) == moment(following)
    hours = {"2026-07-01": 24, "2026-10-25": 25, "2026-03-29": 23}[day]
    assert end - begin == timedelta(hours=hours, seconds=-1)
    assert whole_day(begin) == whole_day(end) == (begin, end)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-10-25 02:30", "was twice: clocks in Denmark were put back an hour then"),
        ("2026-03-29 02:30", "was never: clocks in Denmark were put forward an hour then"),
        ("2026-02-30", "is a time that there is not"),
        ("2026-07-01 25:00", "is a time that there is not"),
        ("0001-01-01 00:00+14:00", "is a time that there is not"),
        ("01.07.2026", "is no time: expected a day such as"),
        ("2026-07-01 14:30 autumn", "is no time"),
    ],
)
def test_what_is_no_moment_says_what_to_write(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        moment(text)


def test_what_was_twice_is_shown_without_a_guess_and_read_again_from_its_first_time_on() -> None:
    assert shown(Local(datetime.fromisoformat("2026-10-25T02:30")))["utc"] is None
    told = shown(Local(datetime.fromisoformat("2026-07-01T02:30")))
    assert told == {"time": "2026-07-01 02:30:00", "utc": "2026-07-01T00:30:00Z"}
    assert earliest("2026-10-25 02:30:00") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert earliest("2026-03-29 02:30:00") < moment("2026-03-29 03:00")
