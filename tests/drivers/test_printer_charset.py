"""Letters of German, Danish and Swedish, and the euro sign, on every printer that the library knows."""

from __future__ import annotations

import pytest

from drivers.printers import library
from drivers.printers.charset import CodePage, choose, code_pages, plainer
from drivers.printers.compose import Composer, composer
from drivers.printers.paper.reading import read
from drivers.printers.paper.sheet import usual as printer_of
from terminal.core.paper import Columns, Document, Text
from tests.support import needs

needs.module("escpos", "printer")

LETTERS = "ÄÖÜäöüßÆØÅæøåÉé€"
USUAL = ["default", "TM-T88V", "TM-T20II", "TM-T88II", "TM-T88III", "POS-5890", "NT-5890K", "ZJ-5870", "T-1",
         "KR-306", "SP2000", "TSP600", "TH230", "CT-S651", "RP326", "Sunmi-V2", "TM-P80"]  # fmt: skip
POOR = ["simple", "TM-U220", "TM-T88IV-SA"]
CODECS = {"CP858": "cp858", "CP1252": "cp1252", "ISO_8859-15": "iso8859-15", "CP850": "cp850", "CP865": "cp865",
          "CP437": "cp437"}  # fmt: skip
"""The pages by Python's own tables, which python-escpos's profiles only name."""


def tables(profile: str) -> dict[int, str]:
    """The slots of a printer with the pages that are in them."""
    slots = library.profiles()[profile]["codePages"]
    return {int(slot): CODECS[name] for slot, name in slots.items() if name in CODECS}


def paper(made: Composer, *lines) -> list[str]:
    """What the printer puts on its paper, by the table that the stream selected."""
    # Not every printer's letters are 12 dots wide, as the renderer's are.
    kind = printer_of(max(made.dots, made.columns * 12), tables(made.profile))
    sheet = read(made.compose(Document(lines)), kind)
    return [" ".join(line.split()) for line in sheet.text if line.strip()]


@pytest.mark.parametrize("profile", USUAL)
def test_every_letter_comes_out_right_by_itself(profile) -> None:
    made = composer(profile)
    assert paper(made, Text(LETTERS), Columns("Kaffe på Ærø", "2,50 €")) == [LETTERS, "Kaffe på Ærø 2,50 €"]


def test_no_printer_of_the_library_prints_rubbish() -> None:
    for profile in set(library.profiles()) - {"AF-240"}:  # a customer display, which has no paper
        made = composer(profile)
        assert made.page.name in CODECS, profile
        (printed,) = paper(composer(profile, columns=42), Text(LETTERS))
        assert printed == plainer(LETTERS, made.page.signs)
        assert "?" not in printed


@pytest.mark.parametrize("profile", POOR)
def test_what_a_poor_printer_lacks_is_written_as_people_write_it(profile) -> None:
    made = composer(profile)
    assert made.page.name == "CP437"
    assert paper(made, Text("Größe Øl €")) == ["Größe Oel EUR"]
    assert paper(made, Columns("Rødgrød", "2,50 €")) == ["Roedgroed 2,50 EUR"]


@pytest.mark.parametrize(
    ("table", "lacks"),
    [("CP858", ""), ("CP1252", ""), ("ISO_8859-15", ""), ("CP850", "€"), ("CP865", "€")],
)
def test_each_page_that_can_be_chosen_prints_what_it_has(table, lacks) -> None:
    made = composer("default", table)
    for letter in LETTERS:
        assert paper(made, Text(f"a{letter}a")) == [f"a{'EUR' if letter in lacks else letter}a"], letter


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("ÄRGER Ärger", "AERGER Aerger"),
        ("STRAßE Straße", "STRAssE Strasse"),
        ("Ærø Åse ÅÅ", "Aeroe Aase AAAA"),
        ("café č ñ ő Ł", "cafe c n o L"),
        ("½ ² № ™ ﬁ", "1/2 2 No TM fi"),
        ("3 × 2 − 1", "3 x 2 - 1"),  # noqa: RUF001 - the point is that they are not x and -
        ("漢 😀 ж ≠", "? ? ? ?"),
        ("plain", "plain"),
    ],
)
def test_without_any_code_page_it_can_still_be_read(text, plain) -> None:
    assert plainer(text, frozenset()) == plain
    assert plainer(text, frozenset(text)) == text


def test_the_lowest_slot_counts_and_pages_that_nobody_knows_do_not() -> None:
    encodings = {"CP858": {"python_encode": "cp858"}, "CP437": {"python_encode": "cp437"}, "CP853": {}}
    pages = code_pages({"codePages": {"53": "CP858", "19": "CP858", "0": "CP437", "1": "CP853"}}, encodings)
    assert {name: page.slot for name, page in pages.items()} == {"CP858": 19, "CP437": 0}
    assert choose(pages).name == "CP858"


def test_a_page_with_more_letters_is_better_than_a_usual_one() -> None:
    pages = {
        "CP437": CodePage("CP437", 0, frozenset("ÄÖÜäöüß")),
        "OWN": CodePage("OWN", 7, frozenset(LETTERS)),
    }
    assert choose(pages).name == "OWN"
