"""A document as the bytes that make an ESC/POS printer print it, composed by python-escpos. Nothing is sent."""

from __future__ import annotations

import difflib
import importlib
import unicodedata
from typing import Any, Literal

from drivers.printers import charset, library, plain, raster
from drivers.printers.charset import AUTO, CodePage
from terminal.core.paper import Align, Barcode, Columns, Document, Drawer, Line, QrCode, Rule, Text
from terminal.core.value import Value

Cut = Literal["full", "partial", "none"]
DrawerPin = Literal[2, 5]

_START = b"\x1b@"
"""ESC @: whatever an earlier, broken-off document left set is set back."""
_NO_CHINESE = b"\x1c."
"""FS . : bytes above 7F are signs of the code page, not halves of Chinese ones."""
_TABLE = b"\x1bt"
"""ESC t n: the code page in slot n."""

_BAR_HEIGHT = 80
_QUIET = 20
"""Modules of white that a CODE128 needs, both sides together."""
_FINEST_BAR = 2
"""Dots of a module; fewer cannot be read surely."""
_LONGEST = 1000
"""Dots of a barcode that is printed along the paper, 125 mm: as much as a scanner sees at once."""
_QR_SIZE = 8
"""Dots of a module of a QR code, where the paper is wide enough."""
_QR_LEVEL_M = 1
"""Error correction M, by python-escpos's numbers."""
_QR_BYTES = 2331
"""As much fits into the largest QR code at error correction M (ISO/IEC 18004)."""
_TEAR_OFF = 5
"""Lines between the print head and the edge to tear at."""


class ComposeError(ValueError):
    """A document or a printer's options that cannot be printed; the text is one sentence for a technician."""


class Composer(Value, frozen=True):
    """Composes for one kind of printer; make it by :func:`composer`.

    Attributes:
        columns: Characters in a line of normal size.
        dots: Dots in a line.
    """

    profile: str
    page: CodePage
    columns: int
    dots: int
    cut: Cut
    leave_chinese: bool
    drawer_pin: DrawerPin

    def compose(self, document: Document) -> bytes:
        """Return the bytes that print *document* and cut the paper.

        Signs that the code page does not have are printed as people write without them, see charset. Nothing
        in a document can command the printer.

        Raises:
            ComposeError: A barcode or QR code of it cannot be printed, or it has no drawer.
        """
        pen = _Pen(self.profile, self.page.name, self.dots)
        for line in document.lines:
            self._line(pen, line)
        if any(not isinstance(line, Drawer) for line in document.lines):
            if self.cut == "none":
                pen.paper.print_and_feed(_TEAR_OFF)
            else:
                pen.paper.cut(mode="FULL" if self.cut == "full" else "PART")
        body: bytes = pen.paper.output
        chinese = _NO_CHINESE if self.leave_chinese else b""
        return _START + chinese + _TABLE + bytes((self.page.slot,)) + body

    def _line(self, pen: _Pen, line: Line) -> None:
        match line:
            case Text():
                pen.take(line.align, bold=line.bold, large=line.large)
                text = Text(self._plainer(line.text), large=line.large)
                pen.write(plain.letters(text, self.columns))
            case Columns():
                pen.take(bold=line.bold)
                pen.write(plain.spread(self._plainer(line.left), self._plainer(line.right), self.columns))
            case Rule():
                pen.take()
                pen.write(["-" * self.columns])
            case Barcode():
                pen.take("center")
                self._barcode(pen, line.data)
            case QrCode():
                pen.take("center")
                self._qr(pen, line.data)
            case Drawer():
                if not pen.paper.profile.supports("pulseStandard"):
                    raise ComposeError(f"the printer profile {self.profile!r} knows no way to open a drawer")
                pen.paper.cashdraw(self.drawer_pin)

    def _plainer(self, text: str) -> str:
        return charset.plainer(plain.clean(text), self.page.signs)

    def _barcode(self, pen: _Pen, data: str) -> None:
        width = _bar_width(data, self.dots)
        if not width:
            self._upright(pen, data)
            return
        if pen.paper.profile.supports("barcodeB"):
            # The public barcode() does the same, but prints a line on stdout. "{" is the escape sign.
            pen.paper._hw_barcode(  # noqa: SLF001 - see above
                "{B" + data.replace("{", "{{"),
                "CODE128",
                _BAR_HEIGHT,
                width,
                align_ct=False,
                function_type="B",
            )
            return
        pen.can_draw()
        pen.draw(raster.code128(data, width, _BAR_HEIGHT, self.profile, self.dots))
        pen.write([data])

    def _upright(self, pen: _Pen, data: str) -> None:
        """Print a barcode that is too long for narrow paper along it."""
        pen.can_draw()
        pen.write([""])  # white at its ends
        pen.draw(raster.upright(data, _FINEST_BAR, _BAR_HEIGHT, self.profile, self.dots))
        pen.write([data])

    def _qr(self, pen: _Pen, data: str) -> None:
        modules = _qr_modules(data)
        native = pen.paper.profile.supports("qrCode")
        if not native:
            pen.can_draw()
        size = min(_QR_SIZE, self.dots // (modules + raster.QR_QUIET))
        picture = b"" if native else raster.qr_code(data, _QR_SIZE, self.profile, self.dots)
        if size < raster.FINEST and not picture:
            raise ComposeError(
                f"a QR code of {modules} modules a side is too fine for {self.dots} dots of paper: "
                "put less into it"
            )
        if native:
            pen.paper.qr(data, ec=_QR_LEVEL_M, size=size, native=True)
            pen.paper.ln()
        else:
            pen.draw(picture)


class _Pen:
    """What python-escpos writes, and how it writes at the moment, so that nothing is set twice."""

    def __init__(self, profile: str, page: str, dots: int) -> None:
        # Disabled: it chooses no code page by itself.
        self.paper: Any = library.printer().Dummy(
            profile=profile, magic_encode_args={"encoding": page, "disabled": True}
        )
        raster.make_width_known(self.paper.profile, dots)
        self._now: tuple[Align, bool, bool] = ("left", False, False)

    def take(self, align: Align = "left", *, bold: bool = False, large: bool = False) -> None:
        """Write like this from now on."""
        was_align, was_bold, was_large = self._now
        self._now = (align, bold, large)
        size = {}
        if large != was_large:
            size = {"double_width": True, "double_height": True} if large else {"normal_textsize": True}
        self.paper.set(
            align=align if align != was_align else None,
            # Setting the size sets bold back.
            bold=bold if bold != was_bold or size else None,
            **size,
        )

    def write(self, rows: list[str]) -> None:
        """Write lines; they hold nothing that the code page lacks."""
        for row in rows:
            self.paper.textln(row)

    def can_draw(self) -> None:
        """Raise ComposeError where it prints no pictures."""
        if raster.form_of(self.paper.profile) is None:
            raise ComposeError("the printer's profile knows no way to print barcodes, QR codes or pictures")

    def draw(self, commands: bytes) -> None:
        """Put a picture on the paper, from the commands that print it."""
        self.paper._raw(commands)  # noqa: SLF001 - what image() does with them
        self.paper.ln()


def composer(
    profile: str,
    table: str = AUTO,
    *,
    columns: int = 0,
    cut: Cut = "full",
    leave_chinese: bool = False,
    drawer_pin: DrawerPin = 2,
) -> Composer:
    """Return the composer for a printer.

    Args:
        profile: Name of a python-escpos profile.
        table: Name of one of its code pages, such as ``CP858``; ``auto``: the one that fits best.
        columns: Characters in a line; 0: as the profile says.
        cut: How the paper is cut.
        leave_chinese: Tell the printer to leave its mode for two-byte Chinese signs.
        drawer_pin: Which pin of the socket for a cash drawer opens it.

    Raises:
        ComposeError: There is no such profile, or it has no such code page.
        ImportError: python-escpos is not installed.
    """
    known = library.profiles()
    if profile not in known:
        near = difflib.get_close_matches(profile, known, cutoff=0.4) or sorted(known)
        raise ComposeError(f"there is no printer profile {profile!r}; did you mean one of: {', '.join(near)}?")
    data = known[profile]
    pages = charset.code_pages(data, library.encodings())
    if table != AUTO and table not in pages:
        raise ComposeError(
            f"the printer profile {profile!r} has no charset {table!r}; it has: {', '.join(sorted(pages))}"
        )
    if not pages:
        raise ComposeError(f"of the printer profile {profile!r} no charset is known: it cannot be used")
    page = charset.choose(pages) if table == AUTO else pages[table]
    columns = columns or int(data["fonts"]["0"]["columns"])
    dots = data["media"]["width"].get("pixels")
    # A sign of the usual font A is 12 dots wide.
    return Composer(
        profile,
        page,
        columns,
        dots if isinstance(dots, int) else columns * 12,
        cut,
        leave_chinese,
        drawer_pin,
    )


def _bar_width(data: str, dots: int) -> int:
    """Return how many dots wide a module of a CODE128 of *data* is to be; 0: it fits along the paper only."""
    if not data or not all(" " <= sign <= "~" for sign in data):
        raise ComposeError("a barcode must hold printable ASCII signs only, and at least one")
    # Start, check and stop sign: 11 + 11 + 13 modules.
    modules = 11 * len(data) + 35
    if modules * _FINEST_BAR <= dots:
        return max(_FINEST_BAR, min(3, dots // (modules + _QUIET)))
    needed = modules * _FINEST_BAR
    if needed > _LONGEST:
        raise ComposeError(
            f"a barcode of {len(data)} signs needs {needed} dots; the paper has {dots}, and along it only "
            f"{_LONGEST} can be scanned: shorten it or use a QR code"
        )
    return 0


def _qr_modules(data: str) -> int:
    """Return how many modules a side the QR code of *data* has, if the printer knows no shorter form for it."""
    if any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in data):
        raise ComposeError("a QR code must hold no control characters: a printer could take them for commands")
    octets = data.encode()
    if not 0 < len(octets) <= _QR_BYTES:
        raise ComposeError(f"a QR code must hold 1 to {_QR_BYTES} bytes, not {len(octets)}")
    qrcode = importlib.import_module("qrcode")
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(qrcode.util.QRData(octets, mode=qrcode.util.MODE_8BIT_BYTE))
    return 17 + 4 * int(code.best_fit(start=1))
