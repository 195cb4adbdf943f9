"""What the names that ccTalk gives coins and bills are worth. Pure.

    EU100A       coin: country, value in the smallest unit, issue: 1 euro        (6 signs, "request coin id")
    JP1K0A       a magnitude stands where the decimal point is: 1.0 thousand
    EU0005A      bill: the same with 4 digits, times the country's scaling       (7 signs, "request bill id")

(ccTalk Generic Specification, part 3, appendix 3; the magnitudes and the scaling of bills by knowledge of it,
not checked on devices.) What is no whole number of cents has no value here: an option must give it.
"""

from __future__ import annotations

import re

from drivers.cctalk.words import printable
from terminal.core.value import Value

_COIN = re.compile(r"(?P<country>[A-Z]{2})(?P<value>[0-9.mKMG]{3})(?P<issue>[0-9A-Z.])")
_BILL = re.compile(r"(?P<country>[A-Z]{2})(?P<value>[0-9]{4})(?P<issue>[0-9A-Z.])")
_VALUE = re.compile(r"(?P<whole>[0-9]*)(?P<magnitude>[.mKMG])(?P<part>[0-9]*)")
_POWER = {".": 0, "m": -3, "K": 3, "M": 6, "G": 9}

MOST_CENTS = 1_000_000
"""No coin or bill is worth more."""


class Named(Value, frozen=True):
    """What a device takes in one of its positions.

    Attributes:
        name: As the device says it; empty: it does not.
        country: Two letters; empty: not a coin or bill by its name.
        cents: What it is worth; None: its name does not tell.
    """

    name: str = ""
    country: str = ""
    cents: int | None = None


def coin(raw: bytes) -> Named:
    """Return what the coin id *raw* says."""
    name = printable(raw)
    found = _COIN.fullmatch(name)
    if found is None or found["country"] == "TK":  # tokens
        return Named(name)
    return Named(name, found["country"], _sane(_cents(found["value"])))


def bill_country(raw: bytes) -> str:
    """Return the country in the bill id *raw*; empty: there is none."""
    found = _BILL.fullmatch(printable(raw))
    return found["country"] if found else ""


def bill(raw: bytes, scaling: bytes, country_decimals: int = 2) -> Named:
    """Return what the bill id *raw* says.

    Args:
        raw: The id.
        scaling: The answer to "request country scaling factor": factor, low byte first, and decimal places.
        country_decimals: Decimal places of the smallest unit of the books.
    """
    name = printable(raw)
    found = _BILL.fullmatch(name)
    if found is None or len(scaling) != 3:  # noqa: PLR2004 - factor and decimals
        return Named(name, found["country"] if found else "")
    factor, decimals = int.from_bytes(scaling[:2], "little"), scaling[2]
    if decimals > 6:  # noqa: PLR2004 - no currency has so many
        return Named(name, found["country"])
    units = int(found["value"]) * factor * 10**country_decimals
    cents, rest = divmod(units, 10**decimals)
    return Named(name, found["country"], None if rest else _sane(cents))


def _cents(text: str) -> int | None:
    """Return what the three signs of a value say; None: no whole number."""
    if text.isdecimal():
        return int(text)
    found = _VALUE.fullmatch(text)
    if found is None or not (found["whole"] or found["part"]):
        return None
    power = _POWER[found["magnitude"]] - len(found["part"])
    digits = int(found["whole"] + found["part"])
    if power >= 0:
        return digits * int(10**power)
    cents, rest = divmod(digits, int(10**-power))
    return None if rest else cents


def _sane(cents: int | None) -> int | None:
    return cents if cents is not None and 0 < cents <= MOST_CENTS else None
