"""An ESC/POS printer for tests: takes the bytes, gives the words and the paper as a picture.

It knows nothing of how the bytes were made. Symbols are drawn by zint, as a printer draws them itself, so that
a scanner can read them from the picture. It is strict: bytes that it does not understand, a table of signs that
it does not have, or a symbol wider than the paper raise :class:`GarbageError`, where a real printer would print
rubbish.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tests.support import needs

CELL, ROW = (12, 24), 30
MARGIN = 24
TABLES = {0: "cp437", 2: "cp850", 16: "cp1252", 18: "cp852", 19: "cp858", 53: "cp858"}
LEVELS = {48: "1", 49: "2", 50: "3", 51: "4"}


class GarbageError(ValueError):
    """Bytes that a printer would not print as they were meant."""


@dataclass
class Sheet:
    """What was printed.

    Attributes:
        text: The lines of letters.
        symbols: (kind, data).
        pictures: How many commands with dots; *stripes*: rows of dots of each that is a raster.
        cuts: How often it was cut.
        drawers: Pin of each drawer that was opened.
    """

    text: list[str] = field(default_factory=list)
    symbols: list[tuple[str, str]] = field(default_factory=list)
    pictures: int = 0
    stripes: list[int] = field(default_factory=list)
    cuts: int = 0
    drawers: list[int] = field(default_factory=list)
    strips: list[Image.Image] = field(default_factory=list)
    dots: int = 576

    def save(self, path: Path) -> Path:
        """Write the paper, with white margins, as a PNG file."""
        height = sum(strip.height for strip in self.strips)
        paper = Image.new("L", (self.dots + 2 * MARGIN, height + 2 * MARGIN), 255)
        y = MARGIN
        for strip in self.strips:
            paper.paste(strip, (MARGIN, y))
            y += strip.height
        paper.save(path)
        return path

    def scanned(self, path: Path) -> set[str]:
        """Return what the scanner program zbarimg reads from the picture, as ``KIND:data``."""
        scanner = needs.program("zbarimg")
        done = subprocess.run([scanner, "-q", self.save(path)], capture_output=True, text=True, check=False)
        return set(done.stdout.splitlines())


def render(stream: bytes, dots: int = 576, tables: Mapping[int, str] = TABLES) -> Sheet:
    """Return what *stream* prints on paper of *dots* dots, by a printer that has *tables* of signs."""
    return _Head(stream, Sheet(dots=dots), tables).run()


class _Head:
    """The print head: reads commands one after the other."""

    def __init__(self, stream: bytes, sheet: Sheet, tables: Mapping[int, str]) -> None:
        self.stream, self.sheet, self.tables, self.at = stream, sheet, tables, 0
        self.row: list[tuple[str, int, int, bool]] = []
        self.bar = {"h": 162, "w": 3, "H": 0, "f": 0}
        self.qr = {67: 3, 69: 48}
        self.qr_data = b""
        self.graphics: Image.Image | None = None
        self.reset()

    def reset(self) -> None:
        self.table, self.align, self.bold, self.size, self.row = 0, 0, False, (1, 1), []

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.stream):
            raise GarbageError(f"the stream ends in the middle of a command at byte {self.at}")
        data = self.stream[self.at : self.at + count]
        self.at += count
        return data

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        return int.from_bytes(self.take(2), "little")

    def run(self) -> Sheet:
        commands = {0x1B: self.esc, 0x1D: self.gs, 0x1C: self.fs, 0x10: self.dle}
        while self.at < len(self.stream):
            byte = self.byte()
            if byte in commands:
                commands[byte]()
            elif byte == 0x0A:
                self.feed()
            elif byte == 0x00:
                pass  # zeros print nothing
            elif byte >= 0x20 and byte != 0x7F:
                self.row.append((bytes((byte,)).decode(self.tables[self.table]), *self.size, self.bold))
            else:
                raise GarbageError(f"control byte {byte:#04x} at {self.at - 1}")
        if self.row:
            raise GarbageError("the last line was never fed: it stays in the printer")
        return self.sheet

    # -- commands --------------------------------------------------------------------------------------

    def esc(self) -> None:
        match chr(self.byte()):
            case "@":
                self.reset()
            case "t":
                self.table = self.byte()
                if self.table not in self.tables:
                    raise GarbageError(f"no table of signs {self.table}")
            case "!":
                self.mode(self.byte())
            case "E":
                self.bold = bool(self.byte() & 1)
            case "a":
                self.align = self.byte()
            case "d" | "3" | "2" as name:
                self.spacing(name)
            case "*":
                self.column_picture()
            case "p":
                self.sheet.drawers.append({0: 2, 1: 5}[self.byte()])
                self.take(2)
            case other:
                raise GarbageError(f"ESC {other!r} at {self.at - 2}")

    def mode(self, bits: int) -> None:
        self.bold = bool(bits & 0x08)
        self.size = (2 if bits & 0x20 else 1, 2 if bits & 0x10 else 1)

    def spacing(self, name: str) -> None:
        lines = {"d": self.byte, "3": lambda: self.byte() and 0, "2": lambda: 0}[name]()
        for _ in range(lines):
            self.feed()

    def gs(self) -> None:
        match chr(self.byte()):
            case "h" | "w" | "H" | "f" as name:
                self.bar[name] = self.byte()
            case "k":
                self.barcode()
            case "(":
                kind, length = chr(self.byte()), self.number()
                {"k": self.qr_code, "L": self.stored_graphics}[kind](self.take(length))
            case "v":
                mode = self.take(2)[1]
                wide, high = self.number(), self.number()
                self.raster(wide * 8, high, self.take(wide * high), (1 + (mode & 1), 1 + (mode >> 1 & 1)))
            case "V":
                if self.byte() not in (0, 1):
                    raise GarbageError(f"cut at {self.at - 3}")
                self.sheet.cuts += 1
            case "r" | "a":
                self.byte()
            case other:
                raise GarbageError(f"GS {other!r} at {self.at - 2}")

    def fs(self) -> None:
        if self.byte() != ord("."):
            raise GarbageError(f"FS at {self.at - 2}")

    def dle(self) -> None:
        if self.byte() != 4 or self.byte() not in (1, 2, 3, 4):
            raise GarbageError(f"DLE at {self.at}")

    # -- what they draw --------------------------------------------------------------------------------

    def feed(self) -> None:
        self.sheet.text.append("".join(cell[0] for cell in self.row).rstrip())
        width = sum(CELL[0] * wide for _, wide, _, _ in self.row)
        tall = max((high for _, _, high, _ in self.row), default=1)
        if width > self.sheet.dots:
            raise GarbageError(f"a line of {width} dots on paper of {self.sheet.dots}: {self.sheet.text[-1]!r}")
        strip = Image.new("L", (max(1, width), ROW * tall), 255)
        x = 0
        for sign, wide, high, bold in self.row:
            strip.paste(_letter(sign, wide, high, bold=bold), (x, ROW * tall - ROW * high))
            x += CELL[0] * wide
        self.put(strip)
        self.row = []

    def put(self, image: Image.Image) -> None:
        if image.width > self.sheet.dots:
            raise GarbageError(f"something of {image.width} dots on paper of {self.sheet.dots}")
        strip = Image.new("L", (self.sheet.dots, image.height), 255)
        strip.paste(image, ((self.sheet.dots - image.width) * self.align // 2, 0))
        self.sheet.strips.append(strip)

    def barcode(self) -> None:
        kind = self.byte()
        data = self.take(self.byte()).decode("ascii")
        if kind != 73 or not data.startswith("{B"):
            raise GarbageError(f"barcode of kind {kind}: {data!r}")
        value = data[2:].replace("{{", "{")
        self.sheet.symbols.append(("CODE-128", value))
        self.put(
            _zint("CODE128", value, self.bar["w"], f"--height={self.bar['h'] / self.bar['w']:.1f}", "--notext")
        )
        if self.bar["H"] & 2:
            saved, self.row = self.row, [(sign, 1, 1, False) for sign in value]
            self.feed()
            self.row = saved

    def qr_code(self, data: bytes) -> None:
        kind, what, rest = data[0], data[1], data[2:]
        if kind != 49:
            raise GarbageError(f"GS ( k of kind {kind}")
        if what in (67, 69):
            self.qr[what] = rest[0]
        elif what == 80:
            self.qr_data = rest[1:]
        elif what == 81:
            value = self.qr_data.decode()
            self.sheet.symbols.append(("QR-Code", value))
            self.put(_zint("QRCODE", value, self.qr[67], f"--secure={LEVELS[self.qr[69]]}"))
        elif what != 65:
            raise GarbageError(f"GS ( k function {what}")

    def raster(self, wide: int, high: int, data: bytes, times: tuple[int, int]) -> None:
        image = Image.frombytes("1", (wide, high), data).resize((wide * times[0], high * times[1]))
        self.sheet.pictures += 1
        self.sheet.stripes.append(high)
        self.put(image.convert("L").point(lambda dot: 255 - dot))

    def stored_graphics(self, data: bytes) -> None:
        if data[1] == 112:
            wide, high = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
            self.graphics = Image.frombytes("1", (wide, high), data[10:])
        elif data[1] == 50 and self.graphics is not None:
            self.sheet.pictures += 1
            self.put(self.graphics.convert("L").point(lambda dot: 255 - dot))

    def column_picture(self) -> None:
        if self.byte() != 33:
            raise GarbageError("only ESC * 33 (24 dots, double density) is known")
        wide = self.number()
        columns = self.take(3 * wide)
        image = Image.new("L", (wide, 24), 255)
        for x in range(wide):
            bits = int.from_bytes(columns[3 * x : 3 * x + 3], "big")
            for y in range(24):
                if bits >> (23 - y) & 1:
                    image.putpixel((x, y), 0)
        self.sheet.pictures += 1
        self.put(image)
        if self.byte() != 0x0A:
            raise GarbageError("a line of a column picture is not fed")


@cache
def _font(*, bold: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu Sans Mono, which has all signs; without it what Pillow brings, with boxes for some."""
    name = f"DejaVuSansMono{'-Bold' if bold else ''}.ttf"
    found = next(Path("/usr/share/fonts").glob(f"**/{name}"), None)
    return ImageFont.truetype(found, 20) if found else ImageFont.load_default(18)


def _letter(sign: str, wide: int, high: int, *, bold: bool) -> Image.Image:
    cell = Image.new("L", (CELL[0], ROW), 255)
    draw, font = ImageDraw.Draw(cell), _font(bold=bold)
    draw.text(((CELL[0] - draw.textlength(sign, font)) / 2, 2), sign, 0, font)
    return cell.resize((CELL[0] * wide, ROW * high))


def _zint(kind: str, data: str, dots: int, *options: str) -> Image.Image:
    """Draw a symbol whose modules are *dots* dots wide (zint's scale 1 is two dots)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "symbol.png"
        subprocess.run(
            [
                needs.program("zint"),
                f"--barcode={kind}",
                f"--scale={dots / 2}",
                *options,
                "-o",
                path,
                "-d",
                data,
            ],
            check=True,
            capture_output=True,
        )
        with Image.open(path) as image:
            return image.convert("L")
