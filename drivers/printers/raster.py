"""Bar codes and QR codes as pictures, for printers that do not draw them by themselves. Each is rendered once.

Pictures are long: at 9,600 baud a QR code of 200 dots a side takes 5 s. So a printer that has the command
``GS v 0`` is told to draw each dot twice as high, and twice as wide, where the symbol allows it: a quarter of
the bytes. They go out in stripes, because cheap printers lose what does not fit into their memory.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

from drivers.printers import library
from drivers.printers.code128 import modules

STRIPE = 96
"""Most rows of dots in one command; four lines of the 24 needles of ESC *, so that no seam shows."""

_KEPT = 16
"""Pictures that are kept: a document is often printed again, as a copy. They hold 50 kB each at most."""

_FORMS = ("bitImageRaster", "graphics", "bitImageColumn")
"""The ways to print a picture, by python-escpos's names: GS v 0, GS ( L, ESC *; the best one first."""


def form_of(profile: Any) -> str | None:
    """Return how a picture is printed with python-escpos's *profile*; None: not at all."""
    return next((form for form in _FORMS if profile.supports(form)), None)


def make_width_known(profile: Any, dots: int) -> None:
    """Let the library know the paper's width where its profile does not: else it complains on stdout."""
    media = profile.profile_data["media"]
    if not isinstance(media["width"].get("pixels"), int):
        media = {**media, "width": {**media["width"], "pixels": dots}}
        profile.profile_data = {**profile.profile_data, "media": media}


@lru_cache(maxsize=_KEPT)
def code128(data: str, width: int, height: int, profile: str, dots: int) -> bytes:
    """Return the commands that print *data* as a CODE128; *width* dots a module, *height* dots high."""
    row = [module == "1" for module in modules(data) for _ in range(width)]
    return _commands(profile, dots, row_height=height, rows=[row], double_width=False)


@lru_cache(maxsize=_KEPT)
def upright(data: str, width: int, height: int, profile: str, dots: int) -> bytes:
    """Return the commands that print *data* as a CODE128 that runs down the paper; as `code128`."""
    rows = [[module == "1"] * (height // 2) for module in modules(data)]
    return _commands(profile, dots, row_height=width, rows=rows, double_width=True)


@lru_cache(maxsize=_KEPT)
def qr_code(data: str, most: int, profile: str, dots: int) -> bytes:
    """Return the commands that print *data* as a QR code of error correction M, its modules *most* dots wide.

    Or somewhat less, where the paper is narrower. Empty: it would be too fine to be read.
    """
    matrix = _matrix(data)
    size = min(most, dots // (len(matrix) + QR_QUIET))
    if size < FINEST:
        return b""
    double = size >= 2 * FINEST
    size -= size % 2 if double else 0
    rows = [[dot for dot in row for _ in range(size // 2 if double else size)] for row in matrix]
    return _commands(profile, dots, row_height=size, rows=rows, double_width=double)


QR_QUIET = 8
"""Modules of white that a QR code needs, both sides together."""
FINEST = 2
"""One dot is too fine for a thermal printer and a phone."""


def _matrix(data: str) -> list[list[bool]]:
    qrcode = importlib.import_module("qrcode")
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=0)
    code.add_data(data)
    code.make(fit=True)
    matrix: list[list[bool]] = code.get_matrix()
    return matrix


def _commands(profile: str, dots: int, *, row_height: int, rows: list[list[bool]], double_width: bool) -> bytes:
    """Return the commands for *rows*, each of them *row_height* (even, where they are doubled) dots high."""
    from PIL import Image  # noqa: PLC0415 - heavy

    paper = library.printer().Dummy(profile=profile)
    make_width_known(paper.profile, dots)
    form = form_of(paper.profile) or ""
    doubles = form == _FORMS[0]
    across = 2 if double_width and not doubles else 1
    down = row_height // 2 if doubles and row_height % 2 == 0 else row_height
    image = Image.new("1", (len(rows[0]) * across, len(rows) * down), 1)
    image.putdata([0 if dot else 1 for row in rows for _ in range(down) for dot in row for _ in range(across)])
    paper.image(
        image,
        impl=form,
        fragment_height=STRIPE,
        high_density_vertical=down == row_height,
        high_density_horizontal=not (double_width and doubles),
    )
    commands: bytes = paper.output
    return commands
