"""Where the words of a document stand on the paper: pure text layout, the same for every printer.

The simulated printer shows these lines, and ``compose`` gives the same ones to the real one.
"""

from __future__ import annotations

import textwrap
import unicodedata

from terminal.core.paper import Align, Barcode, Columns, Document, Drawer, Line, QrCode, Rule, Text

_NARROW = 8
"""Fewer characters than this are no column: the left text gets lines of its own."""

_SIMPLER = str.maketrans(
    {
        "\u2026": "...",
        "\u2013": "-",
        "\u2014": "-",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u201e": '"',
        "\u2022": "*",
        "\u00a0": " ",
        "\u2009": " ",
        "\u202f": " ",
    }
)
"""Signs of good typography that the code pages of printers do not have, and what is printed for them."""


def lines(document: Document, columns: int) -> list[str]:
    """Return *document* as lines of at most *columns* characters, without trailing blanks.

    Large letters take two columns each, so large text wraps at half the width. Barcodes and QR codes stand as
    their data in brackets.
    """
    return [row.rstrip() for line in document.lines for row in _rows(line, columns)]


def clean(text: str) -> str:
    """Return *text* composed (NFC) and without anything that a printer would take for a command.

    Line breaks stay, tabs become blanks, typographic signs their plain forms (an ellipsis three points); other
    control and format characters are dropped.
    """
    plain = unicodedata.normalize("NFC", text).translate(_SIMPLER).replace("\r\n", "\n").expandtabs(4)
    return "".join(c for c in plain if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"})


def wrap(text: str, width: int) -> list[str]:
    """Return *text* in lines of at most *width* characters, broken at blanks where there are any."""
    rows: list[str] = []
    for line in clean(text).split("\n"):
        rows += textwrap.wrap(line, max(1, width), break_on_hyphens=False) or [""]
    return rows


def spread(left: str, right: str, width: int) -> list[str]:
    """Return *left* at the left margin and *right* at the right one, over as many lines as they need.

    *right* is mostly an amount, so it is never cut: it stands on the last line of *left*, or below it.
    """
    *above, last = wrap(right, width)
    room = width - len(last) - 1
    if above or room < _NARROW:
        side = [row for row in wrap(left, width) if row] if left else []
        if side and len(side[-1]) + 1 + len(last) <= width and not above:
            return [*side[:-1], side[-1] + last.rjust(width - len(side[-1]))]
        return side + [row.rjust(width) for row in (*above, last)]
    *side, end = wrap(left, room)
    return [*side, end + last.rjust(width - len(end))]


def letters(line: Text, columns: int) -> list[str]:
    """Return the lines of a text element, wrapped for its size and not yet aligned."""
    return wrap(line.text, columns // 2 if line.large else columns)


def _rows(line: Line, columns: int) -> list[str]:
    match line:
        case Text():
            return [_placed(row, line.align, columns) for row in letters(line, columns)]
        case Columns():
            return spread(line.left, line.right, columns)
        case Rule():
            return ["-" * columns]
        case Barcode():
            return [row.center(columns) for row in wrap(f"[{line.data}]", columns)]
        case QrCode():
            return [row.center(columns) for row in wrap(f"[QR {line.data}]", columns)]
        case Drawer():
            return []


def _placed(row: str, align: Align, columns: int) -> str:
    if align == "center":
        return row.center(columns)
    return row.rjust(columns) if align == "right" else row
