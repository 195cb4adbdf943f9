"""What documents look like on paper: composed as they would be sent, and read back from those bytes."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.contract import Picture
from drivers.errors import DeviceFault, needs
from drivers.printers import library
from drivers.printers.compose import ComposeError, Composer, composer
from drivers.printers.options import EscposOptions
from drivers.printers.paper import drawing
from drivers.printers.paper.reading import PaperError, read
from drivers.printers.paper.sheet import kind_of
from terminal.core.paper import Document
from terminal.core.value import replace


def composer_of(options: EscposOptions) -> Composer:
    """Return what composes for a printer with these options.

    Raises:
        DeviceFault: There is no such profile or charset, or the library is not installed.
    """
    try:
        with needs("printer"):
            return composer(
                options.profile,
                options.charset,
                columns=options.columns,
                cut=options.cut,
                leave_chinese=options.leave_chinese,
                drawer_pin=options.drawer_pin,
            )
    except ComposeError as error:
        raise DeviceFault(str(error)) from error


def picture(made: Composer, documents: Sequence[Document], *, squeeze: bool = False) -> Picture:
    """Return what *made* makes of the documents, one below the other, as the printer's paper.

    *squeeze*: the printer has letters of whatever width its columns need; else of its font A.

    Raises:
        DeviceFault: They cannot be printed, or not as they are meant; or a library is not installed.
    """
    try:
        with needs("printer"):
            stream = b"".join(made.compose(document) for document in documents)
            kind = kind_of(library.profiles()[made.profile], library.encodings(), made.dots)
            if squeeze:
                kind = replace(kind, cell=max(1, min(kind.cell, made.dots // made.columns)))
            sheet = read(stream, kind)
            image = drawing.draw(sheet)
            return Picture(drawing.png(image), image.width, image.height)
    except (ComposeError, PaperError) as error:
        raise DeviceFault(str(error)) from error
