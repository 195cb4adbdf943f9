"""Bytes as paper: read strictly, drawn at the printer's own dots, and scanned by a program of others."""

from __future__ import annotations

import io
import random
import subprocess

import pytest
from PIL import Image

from drivers import find
from drivers.errors import DeviceFault
from drivers.printers import code128, library
from drivers.printers.compose import composer
from drivers.printers.escpos import EscposOptions, EscposPrinter
from drivers.printers.paper.drawing import ROW, draw
from drivers.printers.paper.reading import PaperError, read
from drivers.printers.paper.sheet import kind_of, usual
from drivers.printers.simulated import SimulatedPrinter, SimulatedPrinterOptions
from terminal.core.paper import Barcode, Columns, Document, Drawer, QrCode, Rule, Text
from tests.support import needs
from tests.support.scanning import scanned

needs.module("escpos", "printer")

TICKET = Document(
    (
        Text("Sommerfest", align="center", bold=True, large=True),
        Columns("Erwachsene", "12,00 €"),
        Rule(),
        Barcode("GJXS0LM6RYG37XJX01"),
        Text(""),
        QrCode("GJXS0LM6RYG37XJX01"),
    )
)
CODES = {"CODE-128:GJXS0LM6RYG37XJX01", "QR-Code:GJXS0LM6RYG37XJX01"}
NO_PAPER = {"AF-240", "OCD-100", "OCD-300"}
"""Customer displays."""


def dark(image: Image.Image) -> list[int]:
    """The columns that hold a dark dot."""
    return [x for x in range(image.width) if any(image.getpixel((x, y)) == 0 for y in range(image.height))]


# -- reading -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "sentence"),
    [
        (b"abc", "never fed"),
        (b"a\x07\n", "control byte 0x07 at byte 1"),
        (b"\x7f\n", "control byte 0x7f"),
        (b"\x1bX", "ESC 'X' at byte 0"),
        (b"\x1dX", "GS 'X' at byte 0"),
        (b"\x1c&", "FS 38"),
        (b"\x10\x14", "DLE 20"),
        (b"\x10\x04\x09", "DLE EOT 9"),
        (b"\x1bt\x63", "no code page in slot 99"),
        (b"\x1ba\x03", "an alignment 3"),
        (b"\x1dV\x41", "a cut 65"),
        (b"\x1bp\x07\x32\x32", "a drawer 7"),
        (b"\x1dk\x04abc\x00", "a barcode of kind 4"),
        (b"\x1dkI\x03abc", "does not begin with {B"),
        (b"\x1dkI\x02{B", "at least one"),
        (b"\x1dkI\x04{B{1", "not doubled"),
        (b"\x1dkI\x03{B\x07", "printable ASCII"),
        (b"\x1dkI\x30{B" + b"x" * 46, "needs 1623 dots"),
        (b"x" * 50 + b"\n", "needs 600 dots"),
        (b"\x1dv0\x00\x01", "in the middle of a command"),
        (b"\x1dv0\x04\x01\x00\x01\x00x", "a picture's size 4"),
        (b"\x1dv0\x00\x64\x00\x01\x00" + b"x" * 100, "a picture needs 800 dots"),
        (b"\x1b*\x00\x01\x00x", "ESC \\* 0"),
        (b"\x1b*\x21\x01\x00xxxA", "not fed"),
        (b"\x1d(L\x02\x0002", "GS \\( L"),
        (b"\x1d(L\x0b\x000p0\x01\x011\x08\x00\x02\x00x", "8 x 2 dots has 1 bytes"),
        (b"\x1d(k\x03\x000Q0", "GS \\( k"),
        (b"\x1d(k\x03\x001Z0", "function 90"),
        (b"\x1d(k\x03\x001E9\x1d(k\x03\x001Q0", "an error correction 57"),
        (b"\x1d(M\x01\x00x", "GS \\( 'M'"),
    ],
)
def test_what_a_printer_would_print_as_rubbish_is_a_sentence(stream: bytes, sentence: str) -> None:
    with pytest.raises(PaperError, match=sentence):
        read(stream, usual(504))


def test_a_byte_without_a_sign_in_its_code_page_is_rubbish_too() -> None:
    made = kind_of(library.profiles()["TM-T88V"], library.encodings(), 512)
    assert read(b"\x1bt\x13\xd5\n", made).text == ["€"]
    with pytest.raises(PaperError, match="slot 16 has no sign for the byte 0x81"):
        read(b"\x1bt\x10\x81\n", made)


def test_questions_between_documents_and_zeros_print_nothing() -> None:
    sheet = read(b"\x10\x04\x01\x1dr\x01\x1da\x0e\x00\x00a\n", usual())
    assert sheet.text == ["a"]


def test_a_code128_is_that_of_another_encoder() -> None:
    zint = needs.program("zint")
    chance = random.Random(11)
    for _ in range(25):
        # Capitals and small letters in turn: the other one cannot choose a shorter code set either.
        text = "".join(
            chance.choice("abcdefg") + chance.choice("HIJKLMN!") for _ in range(chance.randint(1, 9))
        )
        told = subprocess.run(
            [zint, "--barcode=CODE128", "--dump", "--notext", "-d", text],
            capture_output=True,
            text=True,
            check=True,
        )
        theirs = "".join(f"{int(half, 16):04b}" for half in told.stdout.split()[0:] for half in half)
        ours = code128.modules(text)
        assert theirs.rstrip("0").startswith(ours.rstrip("0")), text


@pytest.mark.parametrize("profile", ["TM-T88V", "simple", "POS-5890", "TM-U220"])
@pytest.mark.parametrize("data", ["99B", "B99", "9999X99", "00A00", "1234567", "995MQHXHG3023QKW02S"])
def test_digits_at_any_place_are_read_as_they_are(profile: str, data: str, tmp_path) -> None:
    made = composer(profile)
    kind = kind_of(library.profiles()[profile], library.encodings(), made.dots)
    assert scanned(read(made.compose(Document((Barcode(data),))), kind), tmp_path) == {f"CODE-128:{data}"}


# -- drawing -------------------------------------------------------------------------------------------


def test_every_printer_of_the_library_draws_codes_that_can_be_scanned(tmp_path) -> None:
    """Also where the paper is too narrow for the barcode: then it runs along it."""
    narrow = set()
    for name in ("TM-T88V", "TM-T20II", "POS-5890", "Sunmi-V2", "RP-F10-58mm", "TH230", "simple", "TM-U220"):
        made = composer(name)
        sheet = read(made.compose(TICKET), kind_of(library.profiles()[name], library.encodings(), made.dots))
        assert scanned(sheet, tmp_path) == CODES, name
        assert draw(sheet).width == made.dots
        assert draw(sheet).mode == "1"
        narrow |= {name} if made.dots < 2 * (11 * 18 + 35) else set()
    assert narrow == {"POS-5890", "Sunmi-V2", "RP-F10-58mm", "TM-U220"}


def test_signs_stand_where_they_are_printed() -> None:
    made = composer("TM-T88V")
    kind = kind_of(library.profiles()["TM-T88V"], library.encodings(), made.dots)

    def drawn(*lines) -> Image.Image:
        image = draw(read(made.compose(Document(lines)), kind))
        assert image.width == 512
        return image

    usually = drawn(Text("M"))
    assert dark(usually)[-1] < 12
    large = dark(drawn(Text("M", large=True)))
    assert large[-1] - large[0] > 1.5 * (dark(usually)[-1] - dark(usually)[0])
    assert drawn(Text("M", large=True)).height == usually.height + ROW
    assert dark(drawn(Text("M", align="right")))[0] >= 500
    middle = dark(drawn(Text("M", align="center")))
    assert 250 <= middle[0] <= middle[-1] < 262
    bold = drawn(Text("M", bold=True))
    assert bold.histogram()[0] > usually.histogram()[0], "more dots are burnt"
    assert dark(drawn(Columns("", "M")))[-1] <= 42 * 12


def test_a_cut_between_two_documents_can_be_seen_and_one_at_the_end_not() -> None:
    stream = composer("default").compose(Document((Text(""),)))
    one, two = draw(read(stream, usual(504))), draw(read(stream * 2, usual(504)))
    assert dark(one) == []
    assert len(dark(two)) > 200


# -- previews ------------------------------------------------------------------------------------------


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


@pytest.mark.parametrize(("profile", "dots"), [("TM-T88V", 512), ("TM-T20II", 576), ("POS-5890", 384)])
def test_a_driver_shows_what_it_would_print_at_the_printers_dots(profile: str, dots: int) -> None:
    options = EscposOptions(port="file:///dev/null", profile=profile)
    seen = EscposPrinter.preview(options, [TICKET, TICKET])
    image = opened(seen.png)
    assert image.format == "PNG"
    assert (image.mode, image.size) == ("1", (seen.width, seen.height))
    assert seen.width == dots
    assert seen.height > 1.9 * EscposPrinter.preview(options, [TICKET]).height


@pytest.mark.parametrize(
    ("changes", "lines", "sentence"),
    [
        ({"profile": "TM-T88VV"}, (Text("x"),), "did you mean one of: TM-T88V"),
        ({"charset": "CP1"}, (Text("x"),), "has no charset"),
        ({"profile": "TM-T88V", "columns": 64}, (Rule(),), "needs 768 dots, and the paper has 512"),
        ({}, (Barcode("Größe"),), "printable ASCII"),
        ({"profile": "AF-240"}, (Drawer(),), "no way to open a drawer"),
    ],
)
def test_what_cannot_be_shown_is_a_sentence(changes, lines, sentence: str) -> None:
    options = EscposOptions(port="file:///dev/null", **changes)
    with pytest.raises(DeviceFault, match=sentence):
        EscposPrinter.preview(options, [Document(lines)])


def test_every_printer_of_the_table_can_show_its_paper() -> None:
    for name in ("escpos", "simulated"):
        assert hasattr(find("printer", name), "preview")


@pytest.mark.parametrize("columns", [16, 32, 42, 48, 80])
def test_the_simulated_printer_shows_as_many_columns_as_it_has(columns: int) -> None:
    options = SimulatedPrinterOptions(columns=columns)
    seen = SimulatedPrinter.preview(options, [Document((Text("M" * columns),))])
    assert seen.width == 512
    cell = min(12, 512 // columns)
    assert cell * (columns - 1) < dark(opened(seen.png))[-1] < cell * columns
