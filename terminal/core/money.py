"""Whole cents as people write them, and back. Never a float on the way."""

from __future__ import annotations

import re

_WRITTEN = re.compile(r"([+-]?)([0-9]{1,12})(?:[.,]([0-9]{1,2}))?")

_COMMA_LANGUAGES = re.compile(
    "bg|ca|cs|da|de|el|es|et|eu|fi|fr|gl|hr|hu|id|is|it|lt|lv|nb|nl|nn|no|pl|pt|ro|ru|sk|sl|sr|sv|tr|uk"
)
_POINT_TERRITORIES = re.compile("CH|DO|GT|HN|LI|MX|NI|PA|PE|PR|SV|US")
"""Where prices have a decimal point though the language has a comma elsewhere (Switzerland, Mexico, ...)."""


def show(cents: int, currency: str, locale: str = "") -> str:
    """Return an amount exactly, as in ``2.50 EUR``.

    Args:
        cents: Whole cents; may be negative.
        currency: ISO 4217 code, shown behind the amount.
        locale: Such as ``de_DE``; it decides between decimal point and comma.
    """
    whole, rest = divmod(abs(cents), 100)
    sign = "-" if cents < 0 else ""
    return f"{sign}{whole}{_separator(locale)}{rest:02d} {currency}"


def parse(text: str) -> int:
    """Return the cents of an amount such as ``2``, ``2.5``, ``2,50`` or ``-0.05``.

    Raises:
        ValueError: It is no plain amount, or has more than two decimals: nothing is ever rounded.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:40]!r} is no amount: expected digits with at most two decimals, such as 2.50")
    sign, whole, rest = found.groups(default="")
    cents = int(whole) * 100 + int(rest.ljust(2, "0"))
    return -cents if sign == "-" else cents


def rounded(cents: int, step: int) -> int:
    """Return *cents*, which may be negative, rounded to a multiple of *step*, half away from zero.

    Args:
        cents: Whole cents.
        step: The least that can be paid, in cents, such as 100 where coins are whole kronor; 0: any amount.

    Raises:
        ValueError: The step is negative.
    """
    if step < 0:
        raise ValueError(f"found a step of {step} cents; expected zero or more")
    if not step:
        return cents
    size = (abs(cents) * 2 + step) // (2 * step) * step
    return size if cents >= 0 else -size


def cash_price(cents: int, given: int, step: int) -> int:
    """Return what cash has to pay for *cents*: rounded, or exactly that where *given* is enough for no more.

    Whoever has found the smaller coins need not find more of them.

    Args:
        cents: What is to be paid, zero or more.
        given: The cash that is in.
        step: As for `rounded`.
    """
    whole = rounded(cents, step)
    return cents if cents <= given < whole or given == cents else whole


def _separator(locale: str) -> str:
    language, _, territory = locale.replace("-", "_").partition(".")[0].partition("_")
    if _COMMA_LANGUAGES.fullmatch(language.lower()) and not _POINT_TERRITORIES.fullmatch(territory.upper()):
        return ","
    return "."
