"""Money, times, dates and numbers as OnlinePOS writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.onlinepos.values import (
    MOST_CENTS,
    Local,
    Unreadable,
    amount,
    amount_text,
    card_number,
    cents,
    day_text,
    local,
    number,
    read_card_number,
    read_date,
    read_period,
    read_time,
    unix_s,
    whole_kroner,
)

AMOUNTS = st.integers(-MOST_CENTS, MOST_CENTS)
MOMENTS = st.integers(631_152_000, 2_145_916_800).map(lambda s: datetime.fromtimestamp(s, UTC))


def dotted(text: str) -> str:
    """Put dots between thousands."""
    return f"{int(text):,}".replace(",", ".")


# -- money ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("100,00", 10_000), ("10,00", 1000), ("1.234,50", 123_450), ("1.234.567,05", 123_456_705),
        ("2927.30", 292_730), ("-566.00", -56_600), ("0.00", 0), ("-0,00", 0), ("  8.5 ", 850), ("+3,1", 310),
        ("10,0000", 1000), (60, 6000), (-5, -500), (Decimal("14.95"), 1495), (Decimal("1E+3"), 100_000),
        (Decimal("0E-999999"), 0), ("25", 2500), ("1234,50", 123_450),
    ],
)  # fmt: skip
def test_money_is_read_in_every_way_it_is_written(written: Any, found: int) -> None:
    assert cents(written) == found


@pytest.mark.parametrize(
    "written",
    [
        "", " ", "kr 5", "1,234.50", "1.2.3", "1.23,50", "1.234.567", "1,2,3", ",50", "5,", "--5", "1 000,00",
        "٣",
        "1e3", "0x10", "nan", "9" * 16, "1.234", "0,005", Decimal("14.949999999999999"), Decimal("1E-9"),
        Decimal("1E+99"), Decimal("nan"), Decimal("inf"), Decimal("1." + "1" * 5000), 10**30, 14.95, True, None,
        [5], {"amount": 5},
    ],
)  # fmt: skip
def test_what_is_no_amount_of_whole_cents_is_refused(written: Any) -> None:
    with pytest.raises(Unreadable, match="expected"):
        cents(written)


@given(AMOUNTS)
def test_an_amount_is_read_back_from_every_way_to_write_it(value: int) -> None:
    whole, rest = divmod(abs(value), 100)
    sign = "-" if value < 0 else ""
    written: list[Any] = [
        f"{sign}{whole},{rest:02d}",
        f"{sign}{dotted(str(whole))},{rest:02d}",
        f" {sign}{whole}.{rest:02d} ",
        Decimal(f"{sign}{whole}.{rest:02d}"),
        amount(value),
        amount_text(value),
    ]
    assert {cents(each) for each in written} == {value}


@given(st.one_of(st.text(max_size=24), st.floats(), st.decimals(), st.integers(), st.none()))
def test_whatever_stands_for_money_is_whole_cents_or_refused(value: Any) -> None:
    try:
        found = cents(value)
    except Unreadable:
        return
    assert type(found) is int
    assert abs(found) <= MOST_CENTS
    assert not isinstance(value, float)


@pytest.mark.parametrize(("value", "text"), [(5000, "50"), (1250, "12.5"), (-5, "-0.05"), (10**9, "10000000")])
def test_an_amount_is_written_without_needless_zeros(value: int, text: str) -> None:
    assert amount_text(value) == text


def test_what_is_no_amount_is_not_written() -> None:
    wrongs: list[Any] = [1.5, True, MOST_CENTS + 1]
    for wrong in wrongs:
        with pytest.raises(ValueError, match="cents"):
            amount(wrong)
    assert whole_kroner(-500) == -5
    with pytest.raises(ValueError, match="no whole number of kroner"):
        whole_kroner(1250)


def test_a_number_keeps_what_is_less_than_a_cent() -> None:
    assert number("36,1234") == Decimal("36.1234")


# -- times ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "15.03.2016 17:00",
        "2016-03-15 17:00:00",
        "2016.03.15 17:00:00",
        "2016-3-15T17:00:00",
        " 15.3.2016 17:00 ",
    ],
)
def test_every_way_to_write_a_time_is_read(text: str) -> None:
    assert read_time(text) == Local(datetime(2016, 3, 15, 17))  # noqa: DTZ001 - no zone


def test_the_sample_of_the_page_is_ordinary_unix_time_of_a_danish_clock() -> None:
    (moment,) = read_time("15.03.2016 17:00").moments
    assert moment == datetime(2016, 3, 15, 16, tzinfo=UTC)
    assert unix_s(moment) == 1_458_057_600


@pytest.mark.parametrize(
    "text",
    [
        "", "now", "2016-03-15", "32.01.2016 10:00", "2016-02-30 10:00:00", "2016-03-15 24:00:00",
        "0000-00-00 00:00:00",
        "0001-01-01 00:00:00", "9999-12-31 23:59:59", "15/03/2016 17:00", "2016-03-15T17:00:00Z",
        1_458_057_600, None,
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: Any) -> None:
    with pytest.raises(Unreadable, match="expected a time"):
        read_time(text)


def test_the_hour_that_comes_twice_is_two_moments() -> None:
    twice = read_time("2025-10-26 02:30:00")
    assert twice.ambiguous
    assert twice.moments == (
        datetime(2025, 10, 26, 0, 30, tzinfo=UTC),
        datetime(2025, 10, 26, 1, 30, tzinfo=UTC),
    )
    second = datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
    assert twice.within(second, second)
    assert not twice.within(second + timedelta(seconds=1), second + timedelta(hours=9))


def test_the_hour_that_is_left_out_is_no_moment() -> None:
    never = read_time("2025-03-30 02:30:00")
    assert never.moments == ()
    assert not never.ambiguous


@given(MOMENTS)
def test_each_moment_is_one_of_those_that_its_clock_stands_for(moment: datetime) -> None:
    shown = local(moment)
    assert moment in shown.moments
    assert read_time(shown.iso()) == shown
    assert len(shown.moments) == 1 + shown.ambiguous
    assert unix_s(moment) == int(moment.timestamp())


def test_a_moment_without_a_zone_is_refused() -> None:
    for function in (local, unix_s):
        with pytest.raises(ValueError, match="zone"):
            function(datetime(2025, 1, 1))  # noqa: DTZ001 - that is the point
    assert unix_s(datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == 0


def test_a_period_is_two_times() -> None:
    first, last = read_period("2016.01.01 00:00:00 - 2018.07.24 00:00:00")
    assert (first.iso(), last.iso()) == ("2016-01-01T00:00:00", "2018-07-24T00:00:00")
    for wrong in ("2016.01.01 00:00:00", None, "a - b"):
        with pytest.raises(Unreadable):
            read_period(wrong)


# -- dates and numbers ---------------------------------------------------------------------------------


@given(st.dates(min_value=date(2, 1, 1)))
def test_a_date_is_read_back(day: date) -> None:
    assert {read_date(day_text(day)), read_date(day.isoformat())} == {day}
    if day.year > 999:
        assert read_date(int(day_text(day))) == day


def test_no_date_is_no_limit_and_a_wrong_one_is_refused() -> None:
    assert [read_date(each) for each in (None, "", 0, "0001-01-01", "0000-00-00")] == [None] * 5
    wrongs: list[Any] = ["2020-0802", "20200230", "2.8.2020", 5, True, []]
    for wrong in wrongs:
        with pytest.raises(Unreadable):
            read_date(wrong)


def test_a_card_number_keeps_its_zeros() -> None:
    assert card_number("090000100000000") == read_card_number(" 090000100000000 ") == "090000100000000"
    assert read_card_number(7) == "7"


def test_what_is_no_card_number_is_refused_without_being_told() -> None:
    for wrong in ("", "..", "../secret", "a b", "1" * 65, "1?x=2", "ø"):
        with pytest.raises(ValueError, match="a number of 1 to 64") as told:
            card_number(wrong)
        assert not wrong or wrong not in str(told.value)
    odds: list[Any] = [None, True, 1.5, [], "1" * 65]
    for odd in odds:
        with pytest.raises(Unreadable):
            read_card_number(odd)
