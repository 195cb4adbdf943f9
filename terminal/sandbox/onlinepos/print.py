"""How the OnlinePOS server writes: XML in ISO-8859-1, and money and time in each call as that call does."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from functools import cache
from html import escape
from zoneinfo import ZoneInfo

from terminal.httpd import Response

_PLAIN = re.compile(r"-?[0-9]{1,12}(\.[0-9]+)?")
_MOST = 10**14
_LONGEST = 12


def element(tag: str, *inner: str, **attributes: object) -> str:
    """Return an element around markup."""
    shown = "".join(f' {key}="{escape(str(value))}"' for key, value in attributes.items())
    return f"<{tag}{shown}>{''.join(inner)}</{tag}>"


def text(name: str, value: object) -> str:
    """Return an element around a text."""
    return f"<{name}>{escape(str(value))}</{name}>"


def fields(name: str, values: dict[str, object]) -> str:
    """Return an element with one element for each value."""
    return element(name, *(text(key, value) for key, value in values.items()))


def document(markup: str, status: int = 200, *, encoding: str = "ISO-8859-1") -> Response:
    """Return a document as an answer; what the encoding lacks is written by its number."""
    raw = f'<?xml version="1.0" encoding="{encoding}"?>\n{markup}'.encode(encoding, "xmlcharrefreplace")
    return Response(status, raw, {"Content-Type": "application/xml"})


def said(name: str, words: str) -> Response:
    """Return a document of one element, whose words have spaces around them as on the page."""
    return document(text(name, f" {words} "))


# -- money: whole hundredths inside ------------------------------------------------------------------------


def dot(hundredths: int) -> str:
    """Return an amount as ``12.50``."""
    return f"{Decimal(hundredths) / 100:.2f}"


def comma(hundredths: int, *, thousands: bool = False) -> str:
    """Return an amount as ``1234,50``, or with *thousands* as ``1.234,50``."""
    plain = f"{Decimal(hundredths) / 100:,.2f}" if thousands else dot(hundredths)
    return plain.translate(str.maketrans(",.", ".,"))


def number(hundredths: int) -> int | float:
    """Return an amount as a JSON number, whole where it is whole."""
    return hundredths // 100 if hundredths % 100 == 0 else hundredths / 100


def hundredths(value: str | float) -> int:
    """Return an amount, as a client writes it with a dot, in whole hundredths.

    Raises:
        ValueError: It is no amount, or finer than that.
    """
    written = str(value)
    if isinstance(value, bool) or not _PLAIN.fullmatch(written):
        raise ValueError(f"{written} is no amount")
    scaled = Decimal(written) * 100
    if scaled != int(scaled) or abs(scaled) > _MOST:
        raise ValueError(f"{written} is finer than hundredths")
    return int(scaled)


def whole(written: str) -> bool:
    """Return whether this is a whole number from 0 on, of a length that a number has."""
    return written.isascii() and written.isdecimal() and len(written) <= _LONGEST


# -- time: what is printed is local, and does not say so ---------------------------------------------------


@cache
def _zone() -> ZoneInfo:
    return ZoneInfo("Europe/Copenhagen")


def local(ms: int) -> datetime:
    """Return a moment as clocks in Copenhagen show it."""
    return datetime.fromtimestamp(ms // 1000, _zone())


def stamp(ms: int) -> str:
    """Return a moment as most calls print it."""
    return f"{local(ms):%Y-%m-%d %H:%M:%S}"


def moment_ms(written: str) -> int:
    """Return a local moment, ISO 8601 without a zone, in milliseconds since 1970.

    Raises:
        ValueError: There is no such moment.
    """
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", written):
        raise ValueError(f"{written} is no moment")
    return int(datetime.fromisoformat(written).replace(tzinfo=_zone()).timestamp() * 1000)


def is_day(written: str) -> bool:
    """Return whether this is a day, ``YYYYMMDD``."""
    if not re.fullmatch(r"[0-9]{8}", written):
        return False
    try:
        datetime.strptime(written, "%Y%m%d")  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False
    return True
