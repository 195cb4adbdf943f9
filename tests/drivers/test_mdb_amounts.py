"""Amounts of the bus and of lines: exact, or refused; never rounded."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mdb.amounts import MOST, UNKNOWN, AmountError, Scale, from_text, funds_text, to_text

SCALES = st.builds(Scale, st.integers(1, 255), st.integers(0, 4))
CENTS = st.integers(0, 10**9 - 1)


@given(SCALES, st.integers(0, 0xFFFF))
def test_units_are_exact_cents_or_refused(scale, units):
    exact = Fraction(units * scale.factor * 100, 10**scale.decimals)
    if units == UNKNOWN or exact.denominator != 1:
        with pytest.raises(AmountError):
            scale.to_cents(units)
        return
    cents = scale.to_cents(units)
    assert cents == exact
    assert scale.to_units(cents) == units


@given(SCALES, CENTS)
def test_cents_are_exact_units_or_refused(scale, cents):
    exact = Fraction(cents * 10**scale.decimals, scale.factor * 100)
    if exact.denominator != 1 or exact > MOST:
        with pytest.raises(AmountError):
            scale.to_units(cents)
        assert scale.funds(cents) == UNKNOWN
        return
    assert scale.to_units(cents) == exact
    assert scale.funds(cents) == exact
    assert scale.to_cents(scale.to_units(cents)) == cents


def test_what_is_less_than_nothing_or_too_large_is_refused():
    for wrong in (-1, MOST + 2):
        with pytest.raises(AmountError):
            Scale().to_cents(wrong)
    with pytest.raises(AmountError, match="less than nothing"):
        Scale().to_units(-1)
    assert Scale().funds(None) == UNKNOWN
    assert Scale(factor=5).to_units(100) == 20
    assert Scale(factor=1, decimals=0).to_cents(3) == 300


@given(CENTS, st.sampled_from(["decimal", "cents"]))
def test_text_says_the_very_cents(cents, form):
    assert from_text(to_text(cents, form), form) == cents


@given(st.decimals(0, 10**6, places=4))
def test_decimal_text_is_exact_or_refused(amount):
    text = f"{amount:f}"
    if amount * 100 == int(amount * 100):
        assert from_text(text, "decimal") == int(amount * 100)
    else:
        with pytest.raises(AmountError):
            from_text(text, "decimal")


@pytest.mark.parametrize(
    ("text", "form", "cents"),
    [
        *(("1", "decimal", 100), ("1.5", "decimal", 150), ("0.05", "decimal", 5), ("2.500", "decimal", 250)),
        *(("150", "cents", 150), ("0", "cents", 0), ("007", "cents", 7)),
    ],
)
def test_forms(text, form, cents):
    assert from_text(text, form) == cents


@pytest.mark.parametrize("form", ["decimal", "cents"])
@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "1,50", "1e3", "0x10", " 1", "1 ", "NaN", "Infinity", ".5", "1.", "1_000", "٣", "9" * 12],
)
def test_what_is_no_amount(text, form):
    with pytest.raises(AmountError):
        from_text(text, form)


def test_cents_have_no_decimals():
    with pytest.raises(AmountError):
        from_text("1.50", "cents")
    with pytest.raises(AmountError):
        to_text(-1, "decimal")


@given(SCALES, st.none() | CENTS, st.sampled_from(["decimal", "cents"]))
def test_funds_as_text_are_what_the_bus_says(scale, cents, form):
    """Not known, or not expressible: the amount that the adapter makes FFFF of."""
    try:
        text = funds_text(cents, scale, form)
    except AmountError:
        # FFFF is no whole number of cents, and these are not known or more than the bus can say.
        assert (UNKNOWN * scale.factor * 100) % 10**scale.decimals
        assert scale.funds(cents) == UNKNOWN
        return
    units = (
        Fraction(Decimal(text))
        * (1 if form == "decimal" else Fraction(1, 100))
        * 10**scale.decimals
        / scale.factor
    )
    assert units == scale.funds(cents)
