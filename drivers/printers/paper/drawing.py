"""A sheet of paper as a picture, one bit for each dot that the printer burns. Needs Pillow and qrcode."""

from __future__ import annotations

import importlib
import io
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drivers.printers.paper.reading import PaperError
from drivers.printers.paper.sheet import Bars, Cell, Cut, Dots, Row, Sheet, Squares

if TYPE_CHECKING:
    from PIL.Image import Image

ROW = 30
"""Dots from one line of signs of normal size to the next."""

_SEAM = 8
"""Dots of the line that shows where the paper is cut, when it goes on below."""

_WHITE, _BLACK = 1, 0
_FONTS = Path("/usr/share/fonts")


def draw(sheet: Sheet, margin: int = 0) -> Image:
    """Return the paper as a picture of ``sheet.kind.dots`` dots across, and *margin* white ones at each side.

    Raises:
        PaperError: A symbol does not fit.
        ImportError: Pillow or qrcode is not installed.
    """
    from PIL import Image  # noqa: PLC0415 - heavy

    strips = _strips(sheet)
    dots = sheet.kind.dots
    height = sum(strip.height for strip, _ in strips)
    paper = Image.new("1", (dots + 2 * margin, max(1, height + 2 * margin)), _WHITE)
    y = margin
    for strip, align in strips:
        paper.paste(strip, (margin + (dots - strip.width) * align // 2, y))
        y += strip.height
    return paper


def png(image: Image) -> bytes:
    """Return a picture as a PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _strips(sheet: Sheet) -> list[tuple[Image, int]]:
    """Return the pieces as pictures from top to bottom, each with its place across."""
    cell = sheet.kind.cell
    strips: list[tuple[Image, int]] = []
    last = max((at for at, piece in enumerate(sheet.pieces) if not isinstance(piece, Cut)), default=-1)
    for at, piece in enumerate(sheet.pieces):
        match piece:
            case Row():
                strips.append((_row(piece, cell), piece.align))
            case Bars():
                strips.append((_bars(piece, cell), piece.align))
            case Squares():
                strips.append((_squares(piece, sheet.kind.dots), piece.align))
            case Dots():
                strips.append((_dots(piece), piece.align))
            case Cut() if at < last:
                strips.append((_seam(sheet.kind.dots), 0))
    return strips


def _row(row: Row, cell: int) -> Image:
    from PIL import Image  # noqa: PLC0415 - heavy

    tall = max((each.high for each in row.cells), default=1)
    strip = Image.new("1", (max(1, row.width(cell)), ROW * tall), _WHITE)
    x = 0
    for each in row.cells:
        strip.paste(_letter(each, cell), (x, ROW * (tall - each.high)))
        x += cell * each.wide
    return strip


def _bars(bars: Bars, cell: int) -> Image:
    from PIL import Image  # noqa: PLC0415 - heavy

    line = Image.new("1", (len(bars.modules), 1), _WHITE)
    line.putdata([_BLACK if module == "1" else _WHITE for module in bars.modules])
    symbol = line.resize((line.width * bars.module, bars.height), Image.Resampling.NEAREST)
    if not bars.below:
        return symbol
    words = _row(Row(tuple(Cell(sign) for sign in bars.data)), cell)
    both = Image.new("1", (max(symbol.width, words.width), symbol.height + words.height), _WHITE)
    both.paste(symbol, ((both.width - symbol.width) // 2, 0))
    both.paste(words, ((both.width - words.width) // 2, symbol.height))
    return both


def _squares(squares: Squares, dots: int) -> Image:
    from PIL import Image  # noqa: PLC0415 - heavy

    qrcode = importlib.import_module("qrcode")
    code = qrcode.QRCode(error_correction=getattr(qrcode.constants, f"ERROR_CORRECT_{squares.level}"), border=0)
    code.add_data(qrcode.util.QRData(squares.data, mode=qrcode.util.MODE_8BIT_BYTE))
    code.make(fit=True)
    matrix: list[list[bool]] = code.get_matrix()
    side = len(matrix)
    if side * squares.module > dots:
        raise PaperError(f"a QR code needs {side * squares.module} dots, and the paper has {dots}")
    image = Image.new("1", (side, side), _WHITE)
    image.putdata([_BLACK if dark else _WHITE for row in matrix for dark in row])
    return image.resize((side * squares.module, side * squares.module), Image.Resampling.NEAREST)


def _dots(dots: Dots) -> Image:
    from PIL import Image, ImageChops  # noqa: PLC0415 - heavy

    image = ImageChops.invert(Image.frombytes("1", (dots.width, dots.height), dots.rows))
    across, down = dots.times
    return image.resize((dots.width * across, dots.height * down), Image.Resampling.NEAREST)


def _seam(dots: int) -> Image:
    """Return a broken line across the paper."""
    from PIL import Image  # noqa: PLC0415 - heavy

    strip = Image.new("1", (dots, ROW), _WHITE)
    for x in range(dots):
        if x // _SEAM % 2 == 0:
            strip.putpixel((x, ROW // 2), _BLACK)
    return strip


@lru_cache(maxsize=2048)
def _letter(each: Cell, cell: int) -> Image:
    from PIL import Image, ImageDraw  # noqa: PLC0415 - heavy

    font = _font(cell, bold=each.bold)
    canvas = Image.new("L", (cell, ROW), 255)
    pen = ImageDraw.Draw(canvas)
    pen.text(((cell - pen.textlength(each.sign, font)) / 2, 2), each.sign, 0, font)
    size = (cell * each.wide, ROW * each.high)
    return canvas.resize(size).convert("1", dither=Image.Dither.NONE)


@lru_cache(maxsize=8)
def _font(cell: int, *, bold: bool) -> Any:
    """DejaVu Sans Mono, which has all signs; without it what Pillow brings, with boxes for some."""
    from PIL import ImageFont  # noqa: PLC0415 - heavy

    name, size = f"DejaVuSansMono{'-Bold' if bold else ''}.ttf", max(1, cell * 5 // 3)
    found = next(_FONTS.glob(f"**/{name}"), None)
    return ImageFont.truetype(found, size) if found else ImageFont.load_default(size * 9 // 10)
