"""Plain aligned tables: the last column is wrapped; on a very narrow terminal each row becomes a block."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence

import click

from terminal.core.value import Value

ENDLESS = 10_000
_GAP = "  "
_LEAST = 16  # characters that the last column needs; with fewer, rows become blocks


class Cell(Value, frozen=True):
    """A text with a colour (of ``click.style``)."""

    text: str
    colour: str | None = None


def width() -> int:
    """Return the columns of the terminal; no limit where the output goes to a file or program."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS"):
        return shutil.get_terminal_size().columns
    return ENDLESS


def clean(text: object) -> str:
    """Return one line without control characters: words of servers and devices must not steer a terminal."""
    words = str(text)
    return words if words.isprintable() else "".join(each if each.isprintable() else " " for each in words)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]], columns: int | None = None) -> str:
    """Return an aligned table.

    Args:
        heads: Names of the columns.
        rows: Cells, texts or numbers (numbers stand at the right, None is empty).
        columns: Width to keep to; None: that of the terminal.
    """
    limit = width() if columns is None else columns
    cells = [[_cell(each) for each in row] for row in rows]
    sizes = [max(len(head), *(len(row[at].text) for row in cells), 0) for at, head in enumerate(heads)]
    room = limit - sum(sizes[:-1]) - len(_GAP) * (len(heads) - 1)
    if room < min(_LEAST, sizes[-1]):
        return "\n\n".join(_block(heads, row, limit) for row in cells)
    right = [bool(rows) and all(isinstance(row[at], int) for row in rows) for at in range(len(heads))]
    lines = _row([Cell(head.upper()) for head in heads], sizes, right, room)
    for row in cells:
        lines += _row(row, sizes, right, room)
    return "\n".join(lines)


def _cell(value: object) -> Cell:
    if isinstance(value, Cell):
        return Cell(clean(value.text), value.colour)
    return Cell("" if value is None else clean(value))


def _row(row: Sequence[Cell], sizes: Sequence[int], right: Sequence[bool], room: int) -> list[str]:
    """Return the lines of one row: the first with every cell, the others with the rest of the last one."""
    *firsts, last = row
    wrapped = textwrap.wrap(last.text, min(room, ENDLESS)) or [""]
    if right[-1]:
        wrapped = [wrapped[0].rjust(sizes[-1])]
    head = [_styled(cell, size, at) for cell, size, at in zip(firsts, sizes, right, strict=False)]
    lines = [_GAP.join([*head, _painted(wrapped[0], last.colour)]).rstrip()]
    indent = " " * (sum(sizes[:-1]) + len(_GAP) * len(firsts))
    return lines + [indent + _painted(line, last.colour) for line in wrapped[1:]]


def _styled(cell: Cell, size: int, right: bool) -> str:  # noqa: FBT001 - private
    padding = " " * (size - len(cell.text))
    painted = _painted(cell.text, cell.colour)
    return padding + painted if right else painted + padding


def _painted(text: str, colour: str | None) -> str:
    return click.style(text, fg=colour) if colour and text else text


def _block(heads: Sequence[str], row: Sequence[Cell], limit: int) -> str:
    lines = []
    for head, cell in zip(heads, row, strict=True):
        if cell.text:
            lines.append(f"{head}:")
            wrapped = textwrap.wrap(cell.text, max(1, limit - len(_GAP)))
            lines += [_GAP + _painted(line, cell.colour) for line in wrapped]
    return "\n".join(lines)
