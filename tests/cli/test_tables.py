"""Tables are aligned, narrow where the terminal is, and steer no terminal."""

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.cli import tables
from terminal.cli.tables import Cell

HEADS = ("no", "name", "words")
ROWS = [(1, "reader", "It is there."), (12, "a printer", "The paper is near its end; put a new roll in soon.")]


def test_columns_are_aligned_and_numbers_stand_at_the_right() -> None:
    assert tables.table(HEADS, ROWS, 100).splitlines() == [
        "NO  NAME       WORDS",
        " 1  reader     It is there.",
        "12  a printer  The paper is near its end; put a new roll in soon.",
    ]


def test_the_last_column_is_wrapped_under_itself() -> None:
    assert tables.table(HEADS, ROWS, 40).splitlines() == [
        "NO  NAME       WORDS",
        " 1  reader     It is there.",
        "12  a printer  The paper is near its",
        "               end; put a new roll in",
        "               soon.",
    ]


def test_on_a_very_narrow_terminal_each_row_is_a_block() -> None:
    assert tables.table(HEADS, ROWS[:1], 20).splitlines() == [
        "no:",
        "  1",
        "name:",
        "  reader",
        "words:",
        "  It is there.",
    ]


def test_a_table_without_rows_is_its_heads() -> None:
    assert tables.table(HEADS, [], 80) == "NO  NAME  WORDS"


def test_colours_do_not_shift_columns() -> None:
    plain = tables.table(("state", "words"), [("failed", "x"), ("ok", "y")], 80)
    coloured = tables.table(("state", "words"), [(Cell("failed", "red"), "x"), (Cell("ok", "green"), "y")], 80)
    assert coloured != plain
    assert click.unstyle(coloured) == plain


def test_words_of_others_cannot_steer_the_terminal() -> None:
    told = tables.table(("words",), [("\x1b[2J\x07bell\nline\u202e",)], 80)
    assert "\x1b" not in told
    assert "\x07" not in told
    assert "\u202e" not in told
    assert len(told.splitlines()) == 2


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.text(max_size=30), st.text(max_size=200)), max_size=5),
    st.integers(24, 120),
)
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[int, str, str]], columns: int) -> None:
    for line in tables.table(HEADS, rows, columns).splitlines():
        assert len(line) <= columns


@pytest.mark.parametrize(("columns", "width"), [("33", 33), ("", tables.ENDLESS)])
def test_the_width_is_the_terminals_and_endless_without_one(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert tables.width() == width
