"""What stands on a piece of paper, as values; and what kind of printer it came out of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.printers import charset
from terminal.core.value import Value

CELL = 12
"""Dots across a sign of the usual font A; a printer with more signs in its line has narrower ones."""

TABLES: Mapping[int, str] = {0: "cp437", 2: "cp850", 16: "cp1252", 18: "cp852", 19: "cp858", 53: "cp858"}
"""Code pages by their slots, as most printers have them (Epson ESC/POS reference, ESC t)."""


class Kind(Value, frozen=True):
    """A kind of printer.

    Attributes:
        dots: Across its paper.
        cell: Dots across a sign of normal size.
        tables: The signs of bytes from 80 hex on, 128 of them, by the slots of its code pages.
    """

    dots: int
    cell: int
    tables: Mapping[int, str]


class Cell(Value, frozen=True):
    """One sign; *wide* and *high* say how many times as large as usual."""

    sign: str
    wide: int = 1
    high: int = 1
    bold: bool = False


class Row(Value, frozen=True):
    """One line of signs. *align*: 0 left, 1 in the middle, 2 right; so for all others."""

    cells: tuple[Cell, ...]
    align: int = 0

    @property
    def text(self) -> str:
        """Its signs, without blanks at the end."""
        return "".join(cell.sign for cell in self.cells).rstrip()

    def width(self, cell: int) -> int:
        """Return how many dots it needs, where a sign is *cell* wide."""
        return sum(cell * each.wide for each in self.cells)


class Bars(Value, frozen=True):
    """A CODE128 that the printer draws by itself: *module* dots a module, *height* dots high."""

    data: str
    modules: str
    module: int
    height: int
    below: bool
    align: int


class Squares(Value, frozen=True):
    """A QR code that the printer draws by itself: *module* dots a module; *level* is L, M, Q or H."""

    data: bytes
    module: int
    level: str
    align: int


class Dots(Value, frozen=True):
    """A picture: *rows* hold a bit for each dot, each row in whole bytes; *times* says how large one is."""

    width: int
    height: int
    rows: bytes
    times: tuple[int, int]
    align: int


class Cut(Value, frozen=True):
    """Here the paper was cut."""


class Opened(Value, frozen=True):
    """Here the cash drawer at that *pin* was opened."""

    pin: int


Piece = Row | Bars | Squares | Dots | Cut | Opened


class Sheet(Value, frozen=True):
    """What was printed, from top to bottom."""

    kind: Kind
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> list[str]:
        """The lines of signs, those below bar codes among them."""
        lines = []
        for piece in self.pieces:
            if isinstance(piece, Row):
                lines.append(piece.text)
            elif isinstance(piece, Bars) and piece.below:
                lines.append(piece.data)
        return lines

    @property
    def symbols(self) -> list[tuple[str, str]]:
        """Kind and content of what the printer drew by itself, as a scanner names them."""
        found = []
        for piece in self.pieces:
            if isinstance(piece, Bars):
                found.append(("CODE-128", piece.data))
            elif isinstance(piece, Squares):
                found.append(("QR-Code", piece.data.decode(errors="replace")))
        return found

    @property
    def stripes(self) -> list[int]:
        """How many rows of dots each picture has."""
        return [piece.height for piece in self.pieces if isinstance(piece, Dots)]

    @property
    def pictures(self) -> int:
        """How many pictures there are."""
        return len(self.stripes)

    @property
    def cuts(self) -> int:
        """How often it was cut."""
        return sum(isinstance(piece, Cut) for piece in self.pieces)

    @property
    def drawers(self) -> list[int]:
        """The pin of each drawer that was opened."""
        return [piece.pin for piece in self.pieces if isinstance(piece, Opened)]


def usual(dots: int = 576, tables: Mapping[int, str] = TABLES) -> Kind:
    """Return a printer of *dots* dots with the usual signs and *tables*, by Python's names of code pages."""
    return Kind(dots, CELL, {slot: _signs(name) for slot, name in tables.items()})


def kind_of(profile: Mapping[str, Any], encodings: Mapping[str, Any], dots: int) -> Kind:
    """Return what python-escpos's data base tells of a printer; *encodings* is what it knows of code pages."""
    tables = {
        int(slot): signs
        for slot, name in profile["codePages"].items()
        if (signs := charset.signs_of(encodings.get(name, {})))
    }
    columns = int(profile["fonts"]["0"]["columns"])
    return Kind(dots, min(CELL, dots // columns), tables)


def _signs(codec: str) -> str:
    return bytes(range(0x80, 0x100)).decode(codec, "replace")
