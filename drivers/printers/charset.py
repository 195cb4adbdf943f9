"""Code pages: which one a printer is told to use, and what is printed for signs that it does not have. Pure.

A thermal printer has some tables of 128 signs beside ASCII, chosen by ``ESC t n``. Which *n* is which page
differs from model to model; python-escpos's profiles know it. The page that has the letters of German, Danish
and Swedish and the euro sign is taken by itself.

Where a page lacks a sign, people's own way of writing without it is printed: EUR for the euro sign, ae, oe, ue,
ss, oe and aa for ä, ö, ü, ß, ø and å (as in passports: ICAO Doc 9303, part 3), the bare letter for others with
accents. What no printer of this kind has (Chinese, emoji) is a question mark.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from terminal.core.value import Value

AUTO = "auto"
WANTED = "ÄÖÜäöüßÆØÅæøåÉé€"
"""What stands on receipts in German, Danish and Swedish beside ASCII."""

_PREFERRED = ("CP858", "CP1252", "ISO_8859-15", "CP850", "CP865", "CP437")
"""Of pages that have as much of WANTED: the first of these, which is the one that most printers have."""

_WRITTEN = {
    "€": "EUR", "£": "GBP", "¥": "JPY", "¢": "ct",
    "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Æ": "Ae", "Ø": "Oe", "Å": "Aa", "Œ": "Oe", "Þ": "Th", "ẞ": "Ss",
    "ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae", "ø": "oe", "å": "aa", "œ": "oe", "þ": "th", "ß": "ss",
    "Ð": "D", "ð": "d", "Đ": "D", "đ": "d", "Ł": "L", "ł": "l", "\u0131": "i",
    "\u00d7": "x", "÷": ":", "±": "+/-", "\u2212": "-", "·": ".", "°": "o", "«": '"', "»": '"',
    "\u2039": "'", "\u203a": "'",
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "―": "-", "\u2032": "'", "″": '"', "\u2044": "/",
    "→": "->", "←": "<-",
    "§": "par.", "©": "(c)", "®": "(R)", "¡": "!", "¿": "?", "¦": "|",
}  # fmt: skip


class CodePage(Value, frozen=True):
    """A table of signs of a printer.

    Attributes:
        name: What python-escpos calls it, such as ``CP858``.
        slot: The *n* of ``ESC t n``.
        signs: What it has beside ASCII.
    """

    name: str
    slot: int
    signs: frozenset[str]


def code_pages(profile: Mapping[str, Any], encodings: Mapping[str, Any]) -> dict[str, CodePage]:
    """Return the code pages of a profile that can be written, by name.

    Args:
        profile: As in python-escpos's data base, likewise *encodings*.
        encodings: What the pages hold.

    Where a page has several slots the lowest counts: high ones are extensions that not every copy of a printer
    has.
    """
    found: dict[str, CodePage] = {}
    for slot, name in sorted(profile["codePages"].items(), key=lambda item: int(item[0])):
        signs = _signs(encodings.get(name, {}))
        if signs and name not in found:
            found[name] = CodePage(name, int(slot), signs)
    return found


def choose(pages: Mapping[str, CodePage]) -> CodePage:
    """Return the page that has most of WANTED; *pages* are not empty."""
    return min(pages.values(), key=lambda page: (-len(page.signs & set(WANTED)), _rank(page.name), page.slot))


def plainer(text: str, signs: frozenset[str]) -> str:
    """Return *text* with nothing in it beside ASCII and *signs*; see the module's text."""
    if all(sign < "\x80" or sign in signs for sign in text):
        return text
    return "".join(
        sign if sign < "\x80" or sign in signs else _instead(sign, text[max(0, at - 1) : at + 2], signs)
        for at, sign in enumerate(text)
    )


def _instead(sign: str, around: str, signs: frozenset[str]) -> str:
    written = _WRITTEN.get(sign, "")
    if len(written) > 1 and sign.isupper() and any(one.isupper() for one in around.replace(sign, "", 1)):
        written = written.upper()
    if written:
        return written
    if unicodedata.category(sign) != "Sm":  # a crossed-out "equals" without its stroke says the opposite
        parts = unicodedata.normalize("NFKD", sign)
        bare = "".join(_WRITTEN.get(one, one) for one in parts if not unicodedata.combining(one))
        if bare and bare.isprintable() and all(one < "\x80" or one in signs for one in bare):
            return bare
    return "?"


def signs_of(encoding: Mapping[str, Any]) -> str:
    """Return the signs of bytes from 80 hex on, in their order, by what python-escpos knows of a code page.

    A byte without one has U+FFFD. Empty: nothing is known.
    """
    if "data" in encoding:
        return "".join(encoding["data"])
    if "python_encode" in encoding:
        return bytes(range(0x80, 0x100)).decode(encoding["python_encode"], "replace")
    return ""


def _signs(encoding: Mapping[str, Any]) -> frozenset[str]:
    found = signs_of(encoding)
    return frozenset(sign for sign in found if sign >= "\x80" and sign.isprintable() and sign != "\ufffd")


def _rank(name: str) -> int:
    return _PREFERRED.index(name) if name in _PREFERRED else len(_PREFERRED)
