"""Documents as bytes, read back by a printer that knows nothing of how they were made, and by a scanner."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printers import library, plain, raster
from drivers.printers.compose import ComposeError, Composer, composer
from drivers.printers.paper.reading import PaperError, read
from drivers.printers.paper.sheet import usual as printer_of
from terminal.core.paper import Barcode, Columns, Document, Drawer, QrCode, Rule, Text
from tests.support import needs
from tests.support.scanning import scanned

needs.module("escpos", "printer")

RECEIPT = Document(
    (
        Text("Café Übermut", align="center", bold=True, large=True),
        Text("Größe, Spaß & Ärger\nHauptstraße 1", align="center"),
        Rule(),
        Columns("Gutgeschrieben", "2,50 €", bold=True),
        Columns("Ein langer Name, der nicht in eine Zeile passt, so sehr man es wünscht", "12,00 €"),
        Text("right", align="right"),
        Rule(),
        Barcode("2026000123"),
        QrCode("https://example.org/t/2026-000123?ä=€"),
    )
)
WORDS = st.text(st.characters(codec="cp858", exclude_categories=["Cs", "Cc"]), max_size=100)


@pytest.fixture
def usual() -> Composer:
    return composer("default", "CP858")


def words(sheet) -> list[str]:
    """The printed lines without their place in the line, which the printer chooses."""
    return [line.strip() for line in sheet.text if line.strip()]


def test_text_is_printed_sign_for_sign(usual) -> None:
    sheet = read(usual.compose(RECEIPT), printer_of(504))
    expected = [line.strip() for line in plain.lines(Document(RECEIPT.lines[:-2]), 42)]
    assert words(sheet) == [*expected, "2026000123"]
    assert "Größe, Spaß & Ärger" in words(sheet)
    assert any(line.endswith("2,50 €") and len(line) == 42 for line in sheet.text)
    assert sheet.cuts == 1


def test_a_scanner_reads_the_symbols_that_the_printer_draws(usual, tmp_path) -> None:
    sheet = read(usual.compose(RECEIPT), printer_of(504))
    assert sheet.pictures == 0
    assert scanned(sheet, tmp_path) == {
        "CODE-128:2026000123",
        "QR-Code:https://example.org/t/2026-000123?ä=€",
    }


@pytest.mark.parametrize(
    ("profile", "charset"), [("POS-5890", "CP858"), ("simple", "CP437"), ("TM-U220", "CP437")]
)
def test_a_scanner_reads_the_pictures_for_printers_that_draw_no_symbols(profile, charset, tmp_path) -> None:
    made = composer(profile, charset)
    sheet = read(
        made.compose(Document((Barcode("T{00}1"), QrCode("https://example.org/1")))), printer_of(made.dots)
    )
    assert sheet.symbols == []
    assert sheet.pictures >= 2
    assert scanned(sheet, tmp_path) == {"CODE-128:T{00}1", "QR-Code:https://example.org/1"}


@pytest.mark.parametrize("data", ["{", "a{Bc{{d", '~ !"#', "0" * 19])
def test_every_printable_sign_may_stand_in_a_barcode(usual, data, tmp_path) -> None:
    sheet = read(usual.compose(Document((Barcode(data),))), printer_of(504))
    assert sheet.symbols == [("CODE-128", data)]
    assert scanned(sheet, tmp_path) == {f"CODE-128:{data}"}


def test_every_printer_that_the_library_knows_can_be_composed_for_and_nothing_is_said_on_stdout(capfd) -> None:
    document = Document((Text("x", large=True), Columns("a", "b"), Barcode("T1"), QrCode("t")))
    refused = set()
    for profile, data in library.profiles().items():
        charset = next((page for page in data["codePages"].values() if page in {"CP437", "CP858"}), "")
        try:
            assert composer(profile, charset).compose(document).startswith(b"\x1b@")
        except ComposeError:
            refused.add(profile)
    assert refused == {"AF-240", "OCD-100", "OCD-300"}, "only the customer displays, which have no paper"
    assert capfd.readouterr() == ("", "")


@settings(max_examples=50, deadline=None)
@given(WORDS, WORDS, st.integers(16, 64))
def test_any_words_arrive_as_they_were_laid_out(left, right, columns) -> None:
    document = Document((Text(left), Columns(left, right)))
    sheet = read(composer("default", "CP858", columns=columns).compose(document), printer_of(columns * 12))
    assert sheet.text[:-6] == plain.lines(document, columns)


def test_signs_that_the_charset_lacks_are_question_marks_and_change_no_table(usual) -> None:
    sent = usual.compose(Document((Text("漢字 ж…"),)))
    assert words(read(sent, printer_of(504))) == ["?? ?..."]
    assert sent.count(b"\x1bt") == 1


def test_nobody_commands_the_printer_through_a_name(usual) -> None:
    evil = "\x1b@\x1dV\x00\x10\x14\x01\x00\x08"
    sheet = read(usual.compose(Document((Text(f"A{evil}B"), Columns(evil, f"C{evil}D")))), printer_of(504))
    assert words(sheet) == ["A@VB", "@V" + "C@VD".rjust(40)]
    assert sheet.cuts == 1


@pytest.mark.parametrize(
    ("cut", "command"), [("full", b"\x1dV\x00"), ("partial", b"\x1dV\x01"), ("none", b"\x1bd\x05")]
)
def test_the_paper_is_cut_as_configured(cut, command) -> None:
    assert composer("default", "CP858", cut=cut).compose(Document((Text("x"),))).endswith(command)


@pytest.mark.parametrize("pin", [2, 5])
def test_a_drawer_opens_where_it_stands_and_takes_no_paper(pin) -> None:
    made = composer("default", "CP858", drawer_pin=pin)
    sheet = read(made.compose(Document((Drawer(),))), printer_of(504))
    assert (sheet.drawers, sheet.text, sheet.cuts) == ([pin], [], 0)
    stream = made.compose(Document((Text("before"), Drawer(), Text("after"))))
    assert stream.index(b"before") < stream.index(b"\x1bp") < stream.index(b"after")
    assert read(stream, printer_of(504)).cuts == 1


def test_a_printer_without_a_drawer_says_so() -> None:
    with pytest.raises(ComposeError, match="no way to open a drawer"):
        composer("AF-240").compose(Document((Drawer(),)))


@pytest.mark.parametrize("profile", ["POS-5890", "simple", "TM-U220"])
def test_a_picture_is_drawn_once_and_goes_out_in_stripes(profile, monkeypatch) -> None:
    raster.code128.cache_clear()
    raster.qr_code.cache_clear()
    document = Document((Barcode("T-4711"), QrCode("https://example.org/t/4711?" + "x" * 100)))
    made = composer(profile)
    first = made.compose(document)
    monkeypatch.setattr(raster, "_commands", lambda *_, **__: pytest.fail("drawn again"))
    assert made.compose(document) == first
    sheet = read(first, printer_of(made.dots))
    assert all(rows <= raster.STRIPE for rows in sheet.stripes)
    assert sheet.pictures >= 3
    assert raster.qr_code.cache_info().maxsize is not None, "not one picture more for each ticket ever printed"


@pytest.mark.parametrize("profile", ["POS-5890", "TM-U220", "simple"])
@pytest.mark.parametrize("length", [1, 30, 80, 150, 300])
def test_pictures_of_every_size_can_be_scanned(profile, length, tmp_path) -> None:
    made = composer(profile)
    data = ("https://example.org/" + "t" * length)[:length]
    sheet = read(made.compose(Document((QrCode(data),))), printer_of(made.dots))
    assert scanned(sheet, tmp_path) == {f"QR-Code:{data}"}


def test_a_large_symbol_is_sent_small_and_drawn_large() -> None:
    made = composer("POS-5890")
    assert len(made.compose(Document((QrCode("https://example.org/t/1"),)))) < 1500
    assert len(made.compose(Document((Barcode("T-4711"),)))) < 2000


def test_chinese_mode_is_left_when_asked() -> None:
    sent = composer("POS-5890", "CP858", leave_chinese=True).compose(Document((Text("ä€"),)))
    assert sent.startswith(b"\x1b@\x1c.")
    assert words(read(sent, printer_of())) == ["ä€"]
    assert b"\x1c." not in composer("POS-5890", "CP858").compose(Document((Text("ä€"),)))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (Barcode(""), "printable ASCII"),
        (Barcode("Größe"), "printable ASCII"),
        (Barcode("a\nb"), "printable ASCII"),
        (Barcode("x" * 60), "shorten it"),
        (QrCode(""), "1 to 2331 bytes"),
        (QrCode("x" * 2332), "1 to 2331 bytes"),
        (QrCode("x\x10\x14\x01"), "no control characters"),
        (QrCode("x\ud83d"), "no control characters"),
    ],
)
def test_what_cannot_be_printed_is_a_sentence(usual, line, sentence) -> None:
    with pytest.raises(ComposeError, match=sentence):
        usual.compose(Document((line,)))


def test_a_qr_code_too_fine_for_narrow_paper_is_a_sentence() -> None:
    with pytest.raises(ComposeError, match="too fine"):
        composer("default", "CP858", columns=16).compose(Document((QrCode("x" * 2000),)))


@pytest.mark.parametrize(
    ("profile", "charset", "sentence"),
    [
        ("TM-T88VV", "CP858", "did you mean one of: TM-T88V"),
        ("default", "CP85", "no charset 'CP85'; it has: .*CP858"),
        ("simple", "CP858", "it has: CP437"),
    ],
)
def test_wrong_options_are_sentences_that_help(profile, charset, sentence) -> None:
    with pytest.raises(ComposeError, match=sentence):
        composer(profile, charset)


def test_the_renderer_refuses_what_a_printer_would_not_print(usual) -> None:
    for stream in (b"abc", b"\x1bX", b"\x07", b"\x1dkI\x03abc", b"x" * 50 + b"\n", b"\x1dv0\x00\x01"):
        with pytest.raises(PaperError):
            read(stream, printer_of(504))


_QUIET_IMPORT = """
import logging, os, sys, tempfile
from pathlib import Path
from drivers.printers.compose import composer
from terminal.core.paper import Barcode, Document
assert "escpos" not in sys.modules
composer("default", "CP858").compose(Document((Barcode("T1"),)))
assert "escpos.printer" in sys.modules
assert logging.getLogger().handlers == [], logging.getLogger().handlers
assert list(Path(tempfile.gettempdir()).iterdir()) == [], list(Path(tempfile.gettempdir()).iterdir())
assert "ESCPOS_CAPABILITIES_PICKLE_DIR" not in os.environ
assert Path(tempfile.mkdtemp()).parent == Path(tempfile.gettempdir())
"""


def test_the_library_is_imported_late_and_leaves_nothing_behind(tmp_path) -> None:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _QUIET_IMPORT],
        env={"TMPDIR": str(scratch), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_short_way_gives_the_library_its_whole_data_base() -> None:
    yaml = pytest.importorskip("yaml")
    source = (resources.files("escpos") / "capabilities.json").read_text("utf-8")
    assert library.profiles() == yaml.safe_load(source)["profiles"] == json.loads(source)["profiles"]
