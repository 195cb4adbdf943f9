"""Bytes for an ESC/POS printer as what stands on the paper. Pure, and strict.

Commands are those of the Epson ESC/POS reference that documents here are made of, and the questions that a
driver asks between them. Anything else is an error.
"""

from __future__ import annotations

from drivers.printers import code128
from drivers.printers.paper.sheet import Bars, Cell, Cut, Dots, Kind, Opened, Piece, Row, Sheet, Squares

_LEVELS = {48: "L", 49: "M", 50: "Q", 51: "H"}
_PINS = {0: 2, 1: 5}
_CODE128 = 73
_NEEDLES = 24
_ASCII = 0x80
_NOTHING = "\ufffd"


class PaperError(ValueError):
    """Bytes that a printer would not print as they were meant; the text is one sentence for a technician."""


def read(stream: bytes, kind: Kind) -> Sheet:
    """Return what *stream* prints on a printer of that kind.

    Raises:
        PaperError: It holds something that would not be printed, or as something else than it was meant.
    """
    return _Head(stream, kind).run()


class _Head:
    """The print head: reads commands one after the other."""

    def __init__(self, stream: bytes, kind: Kind) -> None:
        self._stream, self._kind, self._at = stream, kind, 0
        self._pieces: list[Piece] = []
        self._bars = {"h": 162, "w": 3, "H": 0, "f": 0}
        self._squares = {67: 3, 69: 48}
        self._data = b""
        self._graphics: Dots | None = None
        self._reset()

    def _reset(self) -> None:
        self._table, self._align, self._bold, self._size = 0, 0, False, (1, 1)
        self._row: list[Cell] = []

    def run(self) -> Sheet:
        commands = {0x1B: self._esc, 0x1D: self._gs, 0x1C: self._fs, 0x10: self._dle}
        while self._at < len(self._stream):
            byte = self._byte()
            if byte in commands:
                commands[byte]()
            elif byte == ord("\n"):
                self._feed()
            elif byte >= ord(" ") and byte != 0x7F:  # noqa: PLR2004 - DEL
                self._row.append(Cell(self._sign(byte), *self._size, self._bold))
            elif byte:  # zeros print nothing
                raise self._error(f"the control byte {byte:#04x}", 1)
        if self._row:
            raise PaperError("the last line was never fed: it stays in the printer")
        return Sheet(self._kind, tuple(self._pieces))

    # -- bytes -----------------------------------------------------------------------------------------

    def _take(self, count: int) -> bytes:
        if self._at + count > len(self._stream):
            raise PaperError(f"the bytes end in the middle of a command, at byte {self._at}")
        data = self._stream[self._at : self._at + count]
        self._at += count
        return data

    def _byte(self) -> int:
        return self._take(1)[0]

    def _number(self) -> int:
        return int.from_bytes(self._take(2), "little")

    def _sign(self, byte: int) -> str:
        if byte < _ASCII:
            return chr(byte)
        table = self._kind.tables.get(self._table, "")
        sign = table[byte - _ASCII : byte - _ASCII + 1]
        if sign in ("", _NOTHING):
            raise PaperError(f"the code page in slot {self._table} has no sign for the byte {byte:#04x}")
        return sign

    def _error(self, what: str, back: int) -> PaperError:
        return PaperError(f"{what} at byte {self._at - back} is no command that is known here")

    # -- commands --------------------------------------------------------------------------------------

    def _esc(self) -> None:
        match chr(self._byte()):
            case "@":
                self._reset()
            case "t":
                self._choose_table(self._byte())
            case "!":
                bits = self._byte()
                self._bold = bool(bits & 0x08)
                self._size = (2 if bits & 0x20 else 1, 2 if bits & 0x10 else 1)
            case "E":
                self._bold = bool(self._byte() & 1)
            case "a":
                self._align = self._one_of(self._byte(), (0, 1, 2), "an alignment")
            case "d":
                for _ in range(self._byte()):
                    self._feed()
            case "3":
                self._byte()  # the space between lines: between those of a picture there is none
            case "2":
                pass
            case "*":
                self._column_picture()
            case "p":
                pin = self._one_of(self._byte(), tuple(_PINS), "a drawer")
                self._pieces.append(Opened(_PINS[pin]))
                self._take(2)
            case other:
                raise self._error(f"ESC {other!r}", 2)

    def _choose_table(self, slot: int) -> None:
        if slot not in self._kind.tables:
            raise PaperError(f"the printer has no code page in slot {slot}")
        self._table = slot

    def _one_of(self, value: int, known: tuple[int, ...], what: str) -> int:
        if value not in known:
            raise self._error(f"{what} {value}", 1)
        return value

    def _gs(self) -> None:
        match chr(self._byte()):
            case "h" | "w" | "H" | "f" as name:
                self._bars[name] = self._byte()
            case "k":
                self._barcode()
            case "(":
                self._long(chr(self._byte()))
            case "v":
                self._raster()
            case "V":
                self._one_of(self._byte(), (0, 1), "a cut")
                self._pieces.append(Cut())
            case "r" | "a":
                self._byte()
            case other:
                raise self._error(f"GS {other!r}", 2)

    def _fs(self) -> None:
        self._one_of(self._byte(), (ord("."),), "FS")

    def _dle(self) -> None:
        self._one_of(self._byte(), (4,), "DLE")
        self._one_of(self._byte(), (1, 2, 3, 4), "DLE EOT")

    def _long(self, kind: str) -> None:
        data = self._take(self._number())
        if kind == "k":
            self._qr_code(data)
        elif kind == "L":
            self._stored_graphics(data)
        else:
            raise self._error(f"GS ( {kind!r}", len(data) + 5)

    # -- what they put on the paper --------------------------------------------------------------------

    def _feed(self) -> None:
        row = Row(tuple(self._row), self._align)
        width = row.width(self._kind.cell)
        self._fits(width, f"the line {row.text!r}")
        self._pieces.append(row)
        self._row = []

    def _fits(self, width: int, what: str) -> None:
        if width > self._kind.dots:
            raise PaperError(f"{what} needs {width} dots, and the paper has {self._kind.dots}")

    def _put(self, dots: Dots) -> None:
        self._fits(dots.width * dots.times[0], "a picture")
        self._pieces.append(dots)

    def _barcode(self) -> None:
        self._one_of(self._byte(), (_CODE128,), "a barcode of kind")
        value = self._set_b(self._take(self._byte()))
        try:
            modules = code128.modules(value)
        except ValueError as error:
            raise PaperError(f"the barcode {value!r} is none: {error}") from None
        bars = Bars(value, modules, self._bars["w"], self._bars["h"], bool(self._bars["H"] & 2), self._align)
        self._fits(len(modules) * bars.module, f"the barcode {value!r}")
        self._pieces.append(bars)

    @staticmethod
    def _set_b(data: bytes) -> str:
        """Return the text of what GS k 73 is given: ``{B``, then signs of code set B, ``{`` doubled."""
        if not data.startswith(b"{B"):
            raise PaperError(f"the barcode {data!r} does not begin with {{B: its first signs are taken for it")
        parts = data[2:].split(b"{{")
        if any(b"{" in part for part in parts):
            raise PaperError(f"the barcode {data!r} has a {{ that is not doubled")
        return "{".join(part.decode("ascii", "replace") for part in parts)

    def _qr_code(self, data: bytes) -> None:
        if len(data) < 3 or data[0] != 49:  # noqa: PLR2004 - cn 49: QR code
            raise self._error("GS ( k", len(data) + 5)
        what, rest = data[1], data[2:]
        if what in self._squares:
            self._squares[what] = rest[0]
        elif what == 80:  # noqa: PLR2004 - fn 80: store
            self._data = rest[1:]
        elif what == 81:  # noqa: PLR2004 - fn 81: print
            level = self._one_of(self._squares[69], tuple(_LEVELS), "an error correction")
            self._pieces.append(Squares(self._data, self._squares[67], _LEVELS[level], self._align))
        elif what != 65:  # noqa: PLR2004 - fn 65: model
            raise self._error(f"GS ( k, function {what},", len(data) + 5)

    def _raster(self) -> None:
        self._one_of(self._byte(), (ord("0"),), "GS v")
        mode = self._one_of(self._byte(), (0, 1, 2, 3), "a picture's size")
        wide, high = self._number(), self._number()
        times = (1 + (mode & 1), 1 + (mode >> 1))
        self._put(Dots(wide * 8, high, self._take(wide * high), times, self._align))

    def _stored_graphics(self, data: bytes) -> None:
        if data[1:2] == b"\x70":
            wide, high = (int.from_bytes(data[at : at + 2], "little") for at in (6, 8))
            if len(data) != 10 + (wide + 7) // 8 * high:
                raise PaperError(f"a picture of {wide} x {high} dots has {len(data) - 10} bytes")
            self._graphics = Dots(wide, high, data[10:], (data[3], data[4]), self._align)
        elif data[1:2] == b"\x32" and self._graphics is not None:
            self._put(self._graphics)
        else:
            raise self._error("GS ( L", len(data) + 5)

    def _column_picture(self) -> None:
        self._one_of(self._byte(), (33,), "ESC *")  # 24 dots, double density
        wide = self._number()
        columns = self._take(3 * wide)
        line = (wide + 7) // 8
        rows = bytearray(line * _NEEDLES)
        for x in range(wide):
            bits = int.from_bytes(columns[3 * x : 3 * x + 3], "big")
            for y in range(_NEEDLES):
                if bits >> (_NEEDLES - 1 - y) & 1:
                    rows[y * line + x // 8] |= 0x80 >> x % 8
        self._put(Dots(wide, _NEEDLES, bytes(rows), (1, 1), self._align))
        self._one_of(self._byte(), (ord("\n"),), "a line of a picture that is not fed, but")
