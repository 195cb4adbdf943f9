"""Values on the wire of OnlinePOS: money in every way that it writes it, Danish times, card numbers. Pure.

    "100,00"  "1.234,50"  "2927.30"  "-566.00"  60  14.95  " 10,00 "     money, in kroner
    "15.03.2016" "17:00"    "2019-03-06 10:21:52"    "2016.01.01 00:00:00"    local, without a zone
    1458057600                                                              ordinary Unix seconds

Its page says that its seconds count from 1997; its own sample (1458057600 for 15.03.2016 17:00 in Denmark) and
all public clients show that they count from 1970.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from terminal.core.value import Value

MOST_CENTS = 10**15
"""Beyond every amount that a shop turns over."""

LONGEST_NUMBER = 64
"""Characters of a card number, an EAN, the number of a voucher or a UID."""

_DIGITS = 15  # before the point, and
_DECIMALS = 6  # after it: more than any of its fields has
_COMMA = re.compile(
    rf"([+-]?)([0-9]{{1,{_DIGITS}}}|[0-9]{{1,3}}(?:\.[0-9]{{3}}){{1,4}}),([0-9]{{1,{_DECIMALS}}})"
)
_POINT = re.compile(rf"([+-]?)([0-9]{{1,{_DIGITS}}})(?:\.([0-9]{{1,{_DECIMALS}}}))?")
_CARD = re.compile(rf"[0-9A-Za-z][0-9A-Za-z._-]{{0,{LONGEST_NUMBER - 1}}}")

_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
_YEAR_FIRST = re.compile(r"([0-9]{4})[-.]([0-9]{1,2})[-.]([0-9]{1,2})[ T]" + _CLOCK)
_DAY_FIRST = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4}) " + _CLOCK)
_DATE = re.compile(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})")


class Unreadable(ValueError):  # noqa: N818 - an outcome of reading, not a fault of the program
    """What the server sent is not what its contract says; one sentence says what was found, and where."""


# -- money ---------------------------------------------------------------------------------------------


def number(value: Any) -> Decimal:
    """Return a decimal number as the server writes it: a text, a whole number or a Decimal.

    With a comma in a text, dots are thousands marks and the comma is the point; else the dot is the point.

    Raises:
        Unreadable: It is none, or beyond all reason; or a float, which has lost what was written.
    """
    if isinstance(value, str):
        text = value.strip()
        found = _COMMA.fullmatch(text) or _POINT.fullmatch(text)
        if found is None:
            raise Unreadable(f"found {_shown(text)}; expected a number such as 1.234,50 or 1234.50")
        sign, whole, rest = found.groups(default="")
        return Decimal(f"{sign}{whole.replace('.', '')}.{rest or '0'}")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Unreadable(f"found {kind_of(value)}; expected a number")
    amount = Decimal(value)
    # Its size first: 1E+999999999 is short to write, and long to work with.
    beyond = not amount.is_finite() or not -_DIGITS <= amount.adjusted() < _DIGITS
    if amount and (beyond or len(amount.as_tuple().digits) > 2 * _DIGITS):
        raise Unreadable("found a number beyond all reason; expected an amount")
    return amount or Decimal(0)


def cents(value: Any) -> int:
    """Return the whole cents (øre) of an amount that is written in kroner.

    Raises:
        Unreadable: It is no amount, or no whole number of cents: nothing is ever rounded.
    """
    numerator, denominator = number(value).as_integer_ratio()
    if 100 % denominator:
        raise Unreadable(f"found {_shown(str(value).strip())}; expected an amount of whole cents")
    found = numerator * (100 // denominator)
    if abs(found) > MOST_CENTS:
        raise Unreadable("found a number beyond all amounts; expected an amount")
    return found


def amount(cents: int) -> Decimal:
    """Return whole *cents* in kroner, without needless zeros: 5000 make 50, 1250 make 12.5.

    Raises:
        ValueError: It is no whole number of cents, or beyond all amounts.
    """
    if isinstance(cents, bool) or not isinstance(cents, int) or abs(cents) > MOST_CENTS:
        raise ValueError("a whole number of cents is expected")
    whole, rest = divmod(abs(cents), 100)
    text = f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)
    return Decimal(f"-{text}" if cents < 0 else text)


def amount_text(cents: int) -> str:
    """Return ``amount`` as a text with a dot, never in scientific notation. Raises ValueError as it does."""
    return format(amount(cents), "f")


def whole_kroner(cents: int) -> int:
    """Return *cents* in kroner for a field that takes whole numbers only.

    Raises:
        ValueError: It is no whole number of kroner.
    """
    kroner, rest = divmod(cents, 100)
    if rest:
        raise ValueError(f"{amount_text(cents)} is no whole number of kroner, and this call takes no other")
    return kroner


# -- times ---------------------------------------------------------------------------------------------


class Local(Value, frozen=True):
    """A time in Denmark as it is printed: without a zone. The hour that comes twice in autumn is two moments.

    Attributes:
        wall: What the clock on the wall showed.
    """

    wall: datetime

    @property
    def moments(self) -> tuple[datetime, ...]:
        """The moments (UTC) at which the clock showed it, in order: one; two in autumn; none in spring."""
        found = (self.wall.replace(tzinfo=_denmark(), fold=fold).astimezone(UTC) for fold in (0, 1))
        return tuple(each for each in dict.fromkeys(found) if local(each).wall == self.wall)

    @property
    def ambiguous(self) -> bool:
        """Whether it was shown twice, so that nobody can tell the moment."""
        return len(self.moments) > 1

    def within(self, first: datetime, last: datetime) -> bool:
        """Return whether one of its moments is from *first* to *last*, both in UTC and included."""
        return any(first <= each <= last for each in self.moments)

    def iso(self) -> str:
        """Return it as the journal takes it: ``2023-08-20T08:00:00``."""
        return self.wall.isoformat(timespec="seconds")


def local(moment: datetime) -> Local:
    """Return what the clock on a wall in Denmark shows at *moment*.

    Raises:
        ValueError: *moment* has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment with its zone is expected")
    return Local(moment.astimezone(_denmark()).replace(tzinfo=None, fold=0))


def read_time(text: Any) -> Local:
    """Read a time in any of the ways that the API prints it; ``dd.mm.yyyy hh:mm`` is date and time in one.

    Raises:
        Unreadable: It is none.
    """
    plain = text.strip() if isinstance(text, str) else ""
    if found := _YEAR_FIRST.fullmatch(plain):
        year, month, day, hour, minute, second = found.groups(default="0")
    elif found := _DAY_FIRST.fullmatch(plain):
        day, month, year, hour, minute, second = found.groups(default="0")
    else:
        raise Unreadable(f"found {_shown(plain) if plain else kind_of(text)}; expected a time")
    try:
        wall = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second))  # noqa: DTZ001 - no zone
    except ValueError:
        wall = datetime.min  # noqa: DTZ901 - no zone
    if not _FIRST_YEAR <= wall.year <= _LAST_YEAR:
        raise Unreadable(f"found {_shown(plain)}; expected a time that there is")
    return Local(wall)


def read_period(text: Any) -> tuple[Local, Local]:
    """Read ``2016.01.01 00:00:00 - 2018.07.24 00:00:00``; raises Unreadable."""
    first, between, last = text.partition(" - ") if isinstance(text, str) else ("", "", "")
    if not between:
        raise Unreadable(f"found {kind_of(text)}; expected a period, two times with a dash between them")
    return read_time(first), read_time(last)


def unix_s(moment: datetime) -> int:
    """Return a moment in seconds since 1970, as the API means it. Raises ValueError if it has no zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment with its zone is expected")
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)


def read_date(value: Any) -> date | None:
    """Read ``20200802``, also as a number, or ``2020-08-02``; None for nothing, and for year 1: no limit.

    Raises:
        Unreadable: It is no date.
    """
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if value is None or value == "" or text in {"0", "00000000", "0000-00-00"}:
        return None
    found = _DATE.fullmatch(text)
    if found is None:
        raise Unreadable(f"found {_shown(text) if text else kind_of(value)}; expected a date such as 20200802")
    try:
        day = date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        raise Unreadable(f"found {_shown(text)}; expected a date that there is") from None
    return None if day.year == 1 else day


def day_text(day: date) -> str:
    """Return a date as vouchers and birthdays have it: ``20200802``."""
    return f"{day.year:04d}{day.month:02d}{day.day:02d}"


@cache
def _denmark() -> Any:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - reads a file: not before the first use

    try:
        return ZoneInfo("Europe/Copenhagen")
    except ZoneInfoNotFoundError:
        raise OSError("this machine does not know Europe/Copenhagen: install the package tzdata") from None


# -- names ---------------------------------------------------------------------------------------------


def card_number(value: str) -> str:
    """Return a card number, EAN or voucher number as it may be sent; zeros in front stay.

    Raises:
        ValueError: It is none; the sentence does not repeat it.
    """
    if not _CARD.fullmatch(value):
        raise ValueError(f"a number of 1 to {LONGEST_NUMBER} letters and digits is expected")
    return value


def read_card_number(value: Any) -> str:
    """Return a number that is a name: a text, though the page calls some of them integers.

    Raises:
        Unreadable: It is something else; the sentence does not repeat it.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or len(text.strip()) > LONGEST_NUMBER:
        raise Unreadable(f"found {kind_of(value)}; expected a number of at most {LONGEST_NUMBER} characters")
    return text.strip()


def kind_of(value: Any) -> str:
    """Return what a value of JSON is, in words."""
    words = {dict: "an object", list: "a list", str: "a text", bool: "true or false", float: "a float"}
    return "nothing" if value is None else words.get(type(value), "a number")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")  # noqa: PLR2004 - as much as a sentence bears
