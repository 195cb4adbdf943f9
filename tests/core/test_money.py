"""Cents as text and back, to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.core import money

CENTS = st.integers(-(10**14) + 1, 10**14 - 1)
LOCALES = st.sampled_from(["", "C", "en_US", "en", "de_DE", "de_DE.UTF-8", "de-AT", "de_CH", "fr_FR", "es_MX"])


@given(CENTS, LOCALES)
def test_what_is_shown_is_read_back_to_the_cent(cents, locale) -> None:
    shown = money.show(cents, "EUR", locale)
    assert shown.endswith(" EUR")
    assert money.parse(shown.removesuffix(" EUR")) == cents


@given(CENTS)
def test_it_agrees_with_exact_decimals(cents) -> None:
    exact = Decimal(cents).scaleb(-2)
    assert money.show(cents, "EUR") == f"{exact:.2f} EUR"
    assert money.parse(str(exact.quantize(Decimal("0.01")))) == cents


def test_the_locale_decides_between_point_and_comma() -> None:
    assert money.show(250, "EUR", "en_IE") == "2.50 EUR"
    assert money.show(250, "EUR", "de_DE.UTF-8") == "2,50 EUR"
    assert money.show(-5, "CHF", "de_CH") == "-0.05 CHF"


@pytest.mark.parametrize(
    "locale", ["de_DE", "de_CH", "fr_FR", "it_CH", "en_GB", "es_MX", "es_ES", "nl_BE", "pl_PL"]
)
def test_the_separator_is_the_one_of_the_locale_data(locale) -> None:
    numbers = pytest.importorskip("babel.numbers")
    amount = numbers.format_currency(Decimal("2.50"), "EUR", "0.00", locale=locale)
    assert money.show(250, "EUR", locale) == f"{amount} EUR"


@pytest.mark.parametrize(
    ("text", "cents"), [("2", 200), ("2.5", 250), (" 2,50 ", 250), ("+0.05", 5), ("-0.05", -5)]
)
def test_usual_ways_to_write_an_amount(text, cents) -> None:
    assert money.parse(text) == cents


@pytest.mark.parametrize(
    "text",
    ["", "2.505", "2.500", "1,000", "1.000,50", "2.", ".5", "1e3", "NaN", "inf", "2 EUR", "--1", "٣", "1_0"],
)
def test_what_would_have_to_be_guessed_or_rounded_is_refused(text) -> None:
    with pytest.raises(ValueError, match="is no amount"):
        money.parse(text)


# -- rounding ------------------------------------------------------------------------------------------------


@given(CENTS, st.integers(1, 10_000))
def test_rounding_is_to_the_nearest_multiple_and_the_same_both_ways(cents, step) -> None:
    whole = money.rounded(cents, step)
    assert whole % step == 0
    assert abs(whole - cents) * 2 <= step
    assert money.rounded(-cents, step) == -whole
    assert money.rounded(whole, step) == whole
    assert money.rounded(cents, 0) == cents


@pytest.mark.parametrize(
    ("cents", "step", "whole"),
    [(1049, 100, 1000), (1050, 100, 1100), (-1050, 100, -1100), (40, 100, 0), (50, 100, 100), (1003, 5, 1005)],
)
def test_half_is_rounded_away_from_zero(cents, step, whole) -> None:
    assert money.rounded(cents, step) == whole


def test_a_step_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="step of -1 cents"):
        money.rounded(100, -1)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10_000))
def test_whoever_gives_the_exact_price_owes_no_more(cents, given_cents, step) -> None:
    price = money.cash_price(cents, given_cents, step)
    assert price in (cents, money.rounded(cents, step))
    assert abs(price - cents) * 2 <= step
    assert price <= given_cents or given_cents < cents
    if step and given_cents % step == 0:  # whoever pays in coins that rounding is for pays what is rounded
        assert price == money.rounded(cents, step)


def test_smaller_coins_pay_the_exact_price() -> None:
    assert [money.cash_price(1060, given_cents, 100) for given_cents in (0, 1050, 1060, 1080, 1100, 1200)] == [
        1100, 1100, 1060, 1060, 1100, 1100
    ]  # fmt: skip
    assert [money.cash_price(1040, given_cents, 100) for given_cents in (0, 1000, 1020, 1040, 1100)] == [
        1000, 1000, 1000, 1040, 1000
    ]  # fmt: skip
