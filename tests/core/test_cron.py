"""Schedules: the documented examples, what is refused, the two changes of the clock, and what was missed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.core.cron import due, following, parse

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def ms(text: str, zone: ZoneInfo = STOCKHOLM, fold: int = 0) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp() * 1000)


def local(moment_ms: int | None, zone: ZoneInfo = STOCKHOLM) -> str:
    assert moment_ms is not None
    return f"{datetime.fromtimestamp(moment_ms / 1000, zone):%a %Y-%m-%d %H:%M}"


def times(text: str, after: str, count: int) -> list[str]:
    moment, found = ms(after), []
    for _ in range(count):
        at = following([parse(text)], moment, STOCKHOLM)
        found.append(local(at))
        assert at is not None
        moment = at
    return found


# -- the documented examples ---------------------------------------------------------------------------


def test_every_day_at_a_quarter_past_nine() -> None:
    assert times("15 9 * * *", "2026-03-02 09:14", 2) == ["Mon 2026-03-02 09:15", "Tue 2026-03-03 09:15"]


def test_tuesdays_every_fourth_hour() -> None:
    assert times("0 */4 * * 2", "2026-03-02 12:00", 7) == [
        *(f"Tue 2026-03-03 {hour:02}:00" for hour in range(0, 24, 4)),
        "Tue 2026-03-10 00:00",
    ]


def test_wednesdays_in_january_four_times() -> None:
    assert times("15-30/5 18 * 1 3", "2026-02-01 00:00", 5) == [
        *(f"Wed 2027-01-06 18:{minute}" for minute in (15, 20, 25, 30)),
        "Wed 2027-01-13 18:15",
    ]


def test_lists_and_sunday() -> None:
    assert times("0 6,18 * * 0", "2026-03-02 00:00", 2) == ["Sun 2026-03-08 06:00", "Sun 2026-03-08 18:00"]
    assert times("0 4 29 2 *", "2096-03-01 00:00", 1) == ["Fri 2104-02-29 04:00"]


# -- what nobody documented ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "", "*", "* * * *", "* * * * * *", "0 0 15 9 * * *", "@daily", "@reboot", "60 * * * *", "* 24 * * *",
        "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *", "* * * * 7", "* * * * 8", "* * * * SUN",
        "* * * JAN *", "? * * * *", "* * ? * *", "-1 * * * *", "5- * * * *", "-5 * * * *", "30-15 * * * *",
        "*/0 * * * *", "*/60 * * * *", "5/10 * * * *", "1,,2 * * * *", ",1 * * * *", "1, * * * *",
        "*-5 * * * *",
        "1.5 * * * *", "1_0 * * * *", "\u0661 * * * *", "0 4 1 * 1", "L * * * *", "* * 15W * *", "* * * * 1#2",
        "100 * * * *", "*5 * * * *", "1 2 3 4", "0 0 * * *;", "0 4 * * " + "1," * 200 + "1",
    ],
)  # fmt: skip
def test_it_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"found .*expected"):
        parse(text)


@given(st.text(max_size=60))
def test_nothing_but_a_sentence_comes_of_any_text(text: str) -> None:
    try:
        parse(text)
    except ValueError as error:
        assert "expected" in str(error)  # noqa: PT017 - either is right


def test_how_it_is_spaced_does_not_matter() -> None:
    assert parse(" 15\t9  * * * ") == parse("15 9 * * *")


# -- the changes of the clock --------------------------------------------------------------------------


def test_a_time_that_spring_skips_happens_once() -> None:
    assert times("30 2 * * *", "2026-03-28 12:00", 2) == ["Sun 2026-03-29 03:30", "Mon 2026-03-30 02:30"]


def test_a_time_that_autumn_repeats_happens_once() -> None:
    first = following([parse("30 2 * * *")], ms("2026-10-24 12:00"), STOCKHOLM)
    assert first == ms("2026-10-25 02:30", fold=0)
    second = following([parse("30 2 * * *")], ms("2026-10-25 02:30", fold=0), STOCKHOLM)
    assert local(second) == "Mon 2026-10-26 02:30"


def test_every_hour_of_the_days_of_change() -> None:
    assert len(set(times("0 * * * *", "2026-03-29 00:30", 24))) == 24
    fired = [following([parse("0 * * * *")], ms("2026-10-25 00:30"), STOCKHOLM)]
    while len(fired) < 5:
        fired.append(following([parse("0 * * * *")], fired[-1] or 0, STOCKHOLM))
    # 01, 02 (the first one), 03, 04, 05: the second 02:00 is no time of its own.
    assert [local(each)[-5:] for each in fired] == ["01:00", "02:00", "03:00", "04:00", "05:00"]


@pytest.mark.parametrize(
    ("place", "after", "text", "fires"),
    [
        ("Africa/Cairo", "2024-04-25 12:00", "0 0 * * *", "Fri 2024-04-26 01:00"),  # the day begins at one
        ("Africa/Cairo", "2024-10-31 12:00", "30 23 * * *", "Thu 2024-10-31 23:30"),  # which comes twice
        ("Australia/Lord_Howe", "2026-10-03 12:00", "15 2 * * *", "Sun 2026-10-04 02:45"),  # by half an hour
    ],
)
def test_clocks_that_change_elsewhere(place: str, after: str, text: str, fires: str) -> None:
    zone = ZoneInfo(place)
    first = following([parse(text)], ms(after, zone), zone)
    assert local(first, zone) == fires
    assert first is not None
    second = following([parse(text)], first, zone)
    usual = datetime.strptime(text, "%M %H * * *")  # noqa: DTZ007 - a time of any day
    assert local(second, zone)[-5:] == f"{usual:%H:%M}"


# -- what was missed -----------------------------------------------------------------------------------


def test_a_power_loss_over_the_closing_time_is_made_good_once() -> None:
    schedules = [parse("0 4 * * *"), parse("0 16 * * *")]
    since, now = ms("2026-03-02 15:00"), ms("2026-03-05 12:00")
    assert local(due(schedules, since, now, STOCKHOLM)) == "Thu 2026-03-05 04:00"
    assert due(schedules, ms("2026-03-05 04:00"), now, STOCKHOLM) is None
    assert due(schedules, ms("2026-03-05 03:59"), ms("2026-03-05 04:00"), STOCKHOLM) == ms("2026-03-05 04:00")


@pytest.mark.parametrize(
    ("off", "on", "fold", "made_good"),
    [
        ("2026-03-29 01:00", "2026-03-29 03:29", 0, None),  # the clock goes from 02:00 to 03:00
        ("2026-03-29 01:00", "2026-03-29 03:31", 0, "Sun 2026-03-29 03:30"),
        ("2026-10-25 01:00", "2026-10-25 02:29", 0, None),
        ("2026-10-25 01:00", "2026-10-25 02:15", 1, "Sun 2026-10-25 02:30"),  # and from 03:00 to 02:00
        ("2026-10-25 01:00", "2026-10-25 12:00", 0, "Sun 2026-10-25 02:30"),
    ],
)
def test_a_power_loss_over_a_change_of_the_clock_is_made_good_once(
    off: str, on: str, fold: int, made_good: str | None
) -> None:
    schedules = [parse("30 2 * * *")]
    found = due(schedules, ms(off), ms(on, fold=fold), STOCKHOLM)
    assert (found and local(found)) == made_good
    if found is not None:  # closed when the power was back: nothing more that day
        assert due(schedules, ms(on, fold=fold), ms(on[:10] + " 23:59"), STOCKHOLM) is None


def test_no_schedule_never_fires() -> None:
    assert following([], 0, STOCKHOLM) is None
    assert due([], 0, ms("2026-03-05 12:00"), STOCKHOLM) is None
    assert following([parse("0 0 31 2 *")], 0, STOCKHOLM) is None
    assert due([parse("0 0 31 2 *")], 0, ms("2026-03-05 12:00"), STOCKHOLM) is None


FIELD = st.sampled_from(["*", "*/5", "0", "3", "1-4", "2,5", "1-5/2"])
DAYS = st.one_of(
    st.tuples(st.sampled_from(["*", "1", "28", "*/7"]), st.just("*")),
    st.tuples(st.just("*"), st.sampled_from(["0", "1-5", "6"])),
)


@given(
    minute=FIELD,
    hour=FIELD,
    days=DAYS,
    at=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
)
def test_what_follows_is_due_and_nothing_lies_between(
    minute: str, hour: str, days: tuple[str, str], at: datetime
) -> None:
    schedule = parse(f"{minute} {hour} {days[0]} * {days[1]}")
    moment = round(at.replace(tzinfo=UTC).timestamp() * 1000)
    following_ms = following([schedule], moment, STOCKHOLM)
    assert following_ms is not None
    assert following_ms > moment
    assert due([schedule], moment, following_ms, STOCKHOLM) == following_ms
    assert due([schedule], moment, following_ms - 1, STOCKHOLM) is None
    fires = datetime.fromtimestamp(following_ms / 1000, STOCKHOLM)
    named = fires.minute in schedule.minutes and fires.hour in schedule.hours
    assert named or skipped(fires - timedelta(hours=1)), "a time that the schedule does not name"


def skipped(wall: datetime) -> bool:
    """Return whether no clock ever shows this time: spring leaves it out."""
    shown = wall.astimezone(UTC).astimezone(STOCKHOLM)
    return shown.replace(tzinfo=None) != wall.replace(tzinfo=None)


def test_which_times_are_skipped() -> None:
    assert skipped(datetime(2026, 3, 29, 2, 30, tzinfo=STOCKHOLM))
    assert not skipped(datetime(2026, 3, 29, 1, 30, tzinfo=STOCKHOLM))
    assert not skipped(datetime(2026, 10, 25, 2, 30, tzinfo=STOCKHOLM))
