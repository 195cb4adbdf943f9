"""A document as the bytes that make an ESC/POS printer print it, composed by python-escpos. Nothing is sent."""

from __future__ import annotations

import difflib
import importlib
from typing import Any, Literal

from drivers.printers import library, plain
from terminal.core.paper import Barcode, Columns, Document, Line, QrCode, Rule, Text
from terminal.core.value import Value

Cut = Literal["full", "partial", "none"]

_START = b"\x1b@"
"""ESC @: whatever an earlier, broken-off document left set is set back."""
_NO_CHINESE = b"\x1c."
"""FS . : bytes above 7F are signs of the code page, not halves of Chinese ones."""

_BAR_HEIGHT = 80
_QUIET = 20
"""Modules of white that a CODE128 needs, both sides together."""
_QR_QUIET = 8
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
    charset: str
    columns: int
    dots: int
    cut: Cut
    leave_chinese: bool

    def compose(self, document: Document) -> bytes:
        """Return the bytes that print *document* and cut the paper.

        Signs that the charset does not have are printed as question marks.

        Raises:
            ComposeError: A barcode or QR code of it cannot be printed.
        """
        paper = library.printer().Dummy(profile=self.profile)
        _know_the_width(paper.profile, self.dots)
        paper.charcode(self.charset)
        for line in document.lines:
            self._line(paper, line)
        if self.cut == "none":
            paper.print_and_feed(_TEAR_OFF)
        else:
            paper.cut(mode="FULL" if self.cut == "full" else "PART")
        body: bytes = paper.output
        return _START + (_NO_CHINESE if self.leave_chinese else b"") + body

    def _line(self, paper: Any, line: Line) -> None:
        match line:
            case Text():
                self._text(paper, line)
            case Columns():
                paper.set(align="left", bold=line.bold, normal_textsize=True)
                for row in plain.spread(line.left, line.right, self.columns):
                    paper.textln(row)
            case Rule():
                paper.set(align="left", bold=False, normal_textsize=True)
                paper.textln("-" * self.columns)
            case Barcode():
                self._barcode(paper, line.data)
            case QrCode():
                self._qr(paper, line.data)

    def _text(self, paper: Any, line: Text) -> None:
        size = {"double_width": True, "double_height": True} if line.large else {"normal_textsize": True}
        paper.set(align=line.align, bold=line.bold, **size)
        for row in plain.letters(line, self.columns):
            paper.textln(row)

    def _barcode(self, paper: Any, data: str) -> None:
        width = _bar_width(data, self.dots)
        paper.set(align="center", bold=False, normal_textsize=True)
        if paper.profile.supports("barcodeB"):
            # The public barcode() does the same, but prints a line on stdout. "{" is the escape sign.
            paper._hw_barcode(  # noqa: SLF001 - see above
                "{B" + data.replace("{", "{{"), "CODE128", _BAR_HEIGHT, width, align_ct=True, function_type="B"
            )
            return
        modules = importlib.import_module("barcode").Code128(data).build()[0]
        bars = [[module == "1" for module in modules for _ in range(width)]] * _BAR_HEIGHT
        _picture(paper, bars)
        paper.textln(data)

    def _qr(self, paper: Any, data: str) -> None:
        matrix = _qr_matrix(data)
        size = min(8, self.dots // (len(matrix) + _QR_QUIET))
        if size < 2:  # noqa: PLR2004 - one dot is too fine for a thermal printer and a phone
            raise ComposeError(
                f"a QR code of {len(matrix)} modules a side is too fine for {self.dots} dots of paper: "
                "put less into it"
            )
        paper.set(align="center", bold=False, normal_textsize=True)
        if paper.profile.supports("qrCode"):
            paper.qr(data, ec=_QR_LEVEL_M, size=size, native=True)
            paper.ln()
            return
        _picture(paper, [[dot for dot in row for _ in range(size)] for row in matrix for _ in range(size)])


def composer(
    profile: str, charset: str, *, columns: int = 0, cut: Cut = "full", leave_chinese: bool = False
) -> Composer:
    """Return the composer for a printer.

    Args:
        profile: Name of a python-escpos profile.
        charset: Name of one of its code pages, such as ``CP858``.
        columns: Characters in a line; 0: as the profile says.
        cut: How the paper is cut.
        leave_chinese: Tell the printer to leave its mode for two-byte Chinese signs.

    Raises:
        ComposeError: There is no such profile, or it has no such code page.
        ImportError: python-escpos is not installed.
    """
    known = library.profiles()
    if profile not in known:
        near = difflib.get_close_matches(profile, known, cutoff=0.4) or sorted(known)
        raise ComposeError(f"there is no printer profile {profile!r}; did you mean one of: {', '.join(near)}?")
    data = known[profile]
    pages = {page for page in data["codePages"].values() if page != "Unknown"}
    if charset not in pages:
        raise ComposeError(
            f"the printer profile {profile!r} has no charset {charset!r}; it has: {', '.join(sorted(pages))}"
        )
    columns = columns or int(data["fonts"]["0"]["columns"])
    dots = data["media"]["width"].get("pixels")
    # A sign of the usual font A is 12 dots wide.
    return Composer(
        profile, charset, columns, dots if isinstance(dots, int) else columns * 12, cut, leave_chinese
    )


def _know_the_width(profile: Any, dots: int) -> None:
    """Let the library know the paper's width where its profile does not: else it complains on stdout."""
    media = profile.profile_data["media"]
    if not isinstance(media["width"].get("pixels"), int):
        media = {**media, "width": {**media["width"], "pixels": dots}}
        profile.profile_data = {**profile.profile_data, "media": media}


def _bar_width(data: str, dots: int) -> int:
    """Return how many dots wide a module of a CODE128 of *data* is to be."""
    if not data or not all(" " <= sign <= "~" for sign in data):
        raise ComposeError("a barcode must hold printable ASCII signs only, and at least one")
    # Start, check and stop sign: 11 + 11 + 13 modules.
    modules = 11 * len(data) + 35
    width = min(3, dots // (modules + _QUIET))
    if width < 2 and modules * 2 > dots:  # noqa: PLR2004 - narrower than two dots is not readable
        raise ComposeError(
            f"a barcode of {len(data)} signs needs {modules * 2} dots, and the paper has {dots}: "
            "shorten it or use a QR code"
        )
    return max(2, width)


def _qr_matrix(data: str) -> list[list[bool]]:
    if not data or len(data.encode()) > _QR_BYTES:
        raise ComposeError(f"a QR code must hold 1 to {_QR_BYTES} bytes, not {len(data.encode())}")
    qrcode = importlib.import_module("qrcode")
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(data)
    code.make(fit=True)
    matrix: list[list[bool]] = code.get_matrix()
    return matrix


def _picture(paper: Any, dots: list[list[bool]]) -> None:
    from PIL import Image  # noqa: PLC0415 - heavy

    forms = [form for form in ("bitImageRaster", "graphics", "bitImageColumn") if paper.profile.supports(form)]
    if not forms:
        raise ComposeError("the printer's profile knows no way to print barcodes, QR codes or pictures")
    image = Image.new("1", (len(dots[0]), len(dots)), 1)
    image.putdata([0 if dot else 1 for row in dots for dot in row])
    paper.image(image, impl=forms[0])
    paper.ln()
