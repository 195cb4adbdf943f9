"""Nothing that stands in a document commands the printer: fuzzed, and held by a walker by the manual."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.printers.compose import ComposeError, Composer, composer
from terminal.core.paper import Barcode, Columns, Document, Drawer, Line, QrCode, Rule, Text
from tests.support import needs
from tests.support.escpos_walk import StrayError, walk

needs.module("escpos", "printer")

EVIL = [
    "\x1b@", "\x1dV\x00", "\x10\x04\x01", "\x10\x14\x01\x00\x05", "\x10\x05\x02", "\x1bp\x00\x32\x32",
    "\x1b=\x02", "\x1c&", "\x0c", "\x18", "\x00", "\x1b", "\x1d", "\x1d(k\x03\x001Q0", "\x9b", "\x7f",
    "\r", "\n", "\t", "\u202e", "\u2066", "\u2028", "\u2029", "\ufeff", "\ud83d", "\udc80", "😀", "漢",
    "e\u0301", "\u0301" * 9, "\ufdfa", "½", "ﬁ", "€", "ß", "ØÅÆ", "{{", "{B", "{", "}", "~", "{1",
    "\uffff", "\U0010ffff", "\u0085", "\xad",
]  # fmt: skip
PROFILES = ["default", "TM-T88II", "POS-5890", "simple", "TM-U220", "SP2000", "KR-306"]
NATIVE = ["default", "TM-T88II", "SP2000", "KR-306"]
ANY = st.text(st.characters(), max_size=40) | st.lists(st.sampled_from(EVIL), max_size=6).map("".join)
LINES = st.one_of(
    st.builds(Text, ANY, st.sampled_from(["left", "center", "right"]), st.booleans(), st.booleans()),
    st.builds(Columns, ANY, ANY, st.booleans()),
    st.builds(Rule),
    st.builds(Drawer),
    st.builds(Barcode, ANY | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)),
    st.builds(QrCode, ANY),
)


def hold(made: Composer, lines: list[Line]) -> bool:
    """Compose and walk; return whether it could be composed."""
    try:
        stream = made.compose(Document(tuple(lines)))
    except ComposeError:
        return False
    seen = walk(stream)
    assert seen["ESC @"] == seen["ESC t"] == 1
    assert seen["ESC p"] == sum(isinstance(line, Drawer) for line in lines)
    if made.profile in NATIVE:
        assert seen["GS V"] == any(not isinstance(line, Drawer) for line in lines)
        assert seen["bar code"] == sum(isinstance(line, Barcode) for line in lines)
        assert seen["QR code"] == sum(isinstance(line, QrCode) for line in lines)
    return True


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=60, deadline=None)
@given(lines=st.lists(LINES, max_size=5))
def test_whatever_stands_in_a_document_is_signs_to_the_printer(profile, lines) -> None:
    hold(composer(profile, cut="none" if profile == "simple" else "full"), lines)


def words(chance: random.Random) -> str:
    """Text of all kinds, from harmless to malicious."""
    length = chance.randint(0, 12)
    return "".join(
        chance.choice(EVIL)
        if chance.random() < 0.3
        else chr(
            chance.choice((chance.randrange(0x20, 0x7F), chance.randrange(0x300), chance.randrange(0x110000)))
        )
        for _ in range(length)
    )


def line(chance: random.Random) -> Line:
    """Any line, its barcodes and QR codes mostly such as can be printed."""
    text = words(chance)
    printable = "".join(sign for sign in text if " " <= sign <= "~")
    visible = "".join(sign for sign in text if sign >= " ")
    return chance.choice(
        [
            Text(
                text, chance.choice(["left", "center", "right"]), chance.random() < 0.5, chance.random() < 0.5
            ),
            Columns(text, words(chance)),
            Barcode(chance.choice([text, printable or "0"])[:12]),
            QrCode(chance.choice([text, visible])),
            Drawer(),
        ]
    )


def test_ten_thousand_documents_of_strange_signs() -> None:
    chance = random.Random(20)
    composers = [composer(profile) for profile in NATIVE]
    composed = sum(hold(composers[number % len(composers)], [line(chance)]) for number in range(12_000))
    assert 6_000 < composed < 12_000, "most can be printed, and some must be refused"


def test_pictures_hold_nothing_that_a_printer_obeys() -> None:
    chance = random.Random(21)
    composers = [composer(profile) for profile in PROFILES if profile not in NATIVE]
    for number in range(300):
        made = composers[number % len(composers)]
        data = "".join(chr(chance.randrange(0x21, 0x7F)) for _ in range(chance.randint(1, 12)))
        assert hold(made, [Barcode(data), QrCode(data * chance.randint(1, 12))])


@pytest.mark.parametrize(
    "stream",
    [
        b"\x1b@\x1bt\x13a\x1b@",
        b"\x1b@\x07",
        b"\x1b@\x1b=\x01",
        b"\x1b@\x1dkI\x04{Ba",
        b"\x1b@\x1dkI\x04{B\x1b@",
        b"\x1b@\x1d(k\x05\x001P0\x1b@",
        b"\x1b@\x1dv0\x00\x01\x00\x03\x00a\x10\x04",
        b"\x1b@\x1dV\x00a",
        b"\x1b@\x1ba\x03",
        b"\x1b@\x1bp\x02\x32\x32",
    ],
)
def test_the_walker_refuses(stream) -> None:
    with pytest.raises(StrayError):
        walk(stream)
