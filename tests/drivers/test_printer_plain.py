"""Where words stand on the paper."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.printers import plain
from terminal.core.paper import Barcode, Columns, Document, Drawer, QrCode, Rule, Text

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def lines(*elements, columns=20):
    return plain.lines(Document(elements), columns)


def test_text_is_wrapped_at_blanks_and_aligned() -> None:
    assert lines(Text("one two three four five six")) == ["one two three four", "five six"]
    assert lines(Text("abc", align="right")) == [" " * 17 + "abc"]
    assert lines(Text("abcd", align="center")) == [" " * 8 + "abcd"]
    assert lines(Text("a\n\nb")) == ["a", "", "b"]
    assert lines(Text("x" * 25)) == ["x" * 20, "x" * 5]


def test_large_letters_take_two_columns_each() -> None:
    assert lines(Text("abcdefghij klm", large=True)) == ["abcdefghij", "klm"]


def test_an_amount_stands_at_the_right_margin_and_is_never_cut() -> None:
    assert lines(Columns("Coins", "2.50 EUR")) == ["Coins       2.50 EUR"]
    assert lines(Columns("A long name of a product", "2.50 EUR")) == [
        "A long name",
        "of a",
        "product     2.50 EUR",
    ]
    assert lines(Columns("Reference", "coffee-1/8f0e77"), columns=20) == ["Reference", "     coffee-1/8f0e77"]
    assert lines(Columns("Ref", "coffee-1/8f0e77"), columns=20) == ["Ref  coffee-1/8f0e77"]
    assert lines(Columns("", "7.00 EUR")) == [" " * 12 + "7.00 EUR"]


def test_rules_and_codes_have_a_line_each() -> None:
    assert lines(Drawer()) == []
    assert lines(Rule(), Barcode("T1"), QrCode("x")) == ["-" * 20, "        [T1]", "       [QR x]"]


def test_control_characters_cannot_command_a_printer() -> None:
    assert plain.clean("a\x1b@b\x00\x1d\tc\r\nd\x85\u202ee") == "a@b  c\nde"
    assert plain.clean("\u201eAbout\u2026\u201c\u2013\u00a0x") == '"About..."- x'
    assert lines(Columns("a\x1bm", "b\x10\x14")) == ["am" + " " * 17 + "b"]


@given(WORDS, WORDS, st.integers(8, 64))
def test_no_line_is_wider_than_the_paper_and_nothing_is_lost(left, right, width) -> None:
    rows = plain.spread(left, right, width)
    assert all(len(row) <= width for row in rows)
    kept = "".join("".join(rows).split())
    assert sorted(kept) == sorted("".join((plain.clean(left) + plain.clean(right)).split()))
