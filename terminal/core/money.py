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


def _separator(locale: str) -> str:
    language, _, territory = locale.replace("-", "_").partition(".")[0].partition("_")
    if _COMMA_LANGUAGES.fullmatch(language.lower()) and not _POINT_TERRITORIES.fullmatch(territory.upper()):
        return ","
    return "."
