"""Money in Onslip's API: JSON numbers in major units with at most three decimals. With us: whole cents.

A number is read and written as a Decimal, digit by digit; no float is ever made of it. What is no whole number
of cents (``0.125``) is refused and never rounded: no guest can pay it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

DECIMALS = 3
"""Decimals that the API's type Money may have."""

MOST_CENTS = 10**15
"""Beyond every amount that a machine, or a year of it, can hold."""

_DIGITS = 28  # of a number that is worked with exactly: the precision of Decimal

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def cents(value: Any) -> int:
    """Return the cents of an amount as it was read: ``Decimal("19.50")`` or ``19`` make 1950 or 1900.

    Raises:
        ValueError: It is no amount (a text, a float, true), has more decimals than the API's type allows, or is
            no whole number of cents.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"an amount is expected, and not {type(value).__name__}")  # noqa: TRY004 - a server's fault
    amount = Decimal(value)
    # Its size first: 1E+999999999 is short to write, and long to work with.
    if not amount.is_finite() or amount.adjusted() > _DIGITS or len(amount.as_tuple().digits) > _DIGITS:
        raise ValueError("an amount is expected, and not a number beyond all amounts")
    if amount and amount.adjusted() < -_DIGITS:
        raise ValueError(f"{amount} has more than {DECIMALS} decimals")
    exact = Fraction(amount.normalize()) * 100
    if (exact * 10 ** (DECIMALS - 2)).denominator != 1:
        raise ValueError(f"{amount} has more than {DECIMALS} decimals")
    if exact.denominator != 1:
        raise ValueError(f"{amount} is no whole number of cents")
    if abs(exact) > MOST_CENTS:
        raise ValueError("an amount is expected, and not a number beyond all amounts")
    return exact.numerator


def amount(cents: int) -> Decimal:
    """Return whole *cents* as they are written: 1950 make ``Decimal("19.50")``.

    Raises:
        ValueError: It is no whole number of cents, or beyond all amounts.
    """
    if isinstance(cents, bool) or not isinstance(cents, int) or abs(cents) > MOST_CENTS:
        raise ValueError("a whole number of cents is expected")
    return Decimal(cents).scaleb(-2)


def read_json(body: bytes) -> Any:
    """Return a body read as JSON; each number with a fraction or an exponent is a Decimal, as it was written.

    Raises:
        ValueError: It is no JSON, or nested beyond all reason.
    """
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        raise ValueError(f"no JSON: {error}") from None


def write_json(value: Any) -> bytes:
    """Return *value* as JSON; a Decimal is written as a number, digit by digit.

    Args:
        value: What msgspec can write: dicts, lists, structs.

    Raises:
        ValueError: There is a float in it, or a Decimal that is no number.
    """
    _check(msgspec.to_builtins(value, builtin_types=(Decimal,)))
    return _encoder.encode(value)


def _check(value: Any) -> None:
    """Refuse what would be written as something else than it is."""
    if isinstance(value, float):
        raise ValueError("a float is no amount: numbers with a fraction are written from a Decimal")  # noqa: TRY004 - one kind of error for all that cannot be written
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} cannot be written in JSON")
    elif isinstance(value, Mapping):
        for each in value.values():
            _check(each)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for each in value:
            _check(each)
