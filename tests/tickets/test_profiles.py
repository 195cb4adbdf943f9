"""Profiles under which a ticket could have the code of a line, or no number fits, are refused."""

from typing import Any

import msgspec
import pytest

from terminal.core.ticket_rules import CodeRules

LETTERS = "BCDFGHJKLMNPQRST"


@pytest.mark.parametrize(
    "options",
    [
        {"infix": "none", "counter_width": 4},
        {"infix": "none", "counter_width": 4, "counter_base": 36},
        {"infix_length": 2, "counter_width": 2},
        {"infix": "derived", "infix_length": 1, "counter_width": 3},
        {"infix": "fixed", "infix_text": "07", "counter_width": 2},
    ],
)
def test_a_ticket_that_looks_like_a_line_cannot_be_configured(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not 4 digits together"):
        CodeRules(**options)
    with pytest.raises(msgspec.ValidationError, match="not 4 digits together"):
        msgspec.convert(options, CodeRules)


@pytest.mark.parametrize(
    "options",
    [
        {"infix": "none", "counter_width": 3},
        {"infix": "none", "counter_width": 5},
        {"infix": "fixed", "infix_text": "X7", "counter_width": 2},
        {"infix_length": 2, "counter_width": 2, "alphabet": LETTERS},
    ],
)
def test_what_cannot_look_like_a_line_can(options: dict[str, Any]) -> None:
    assert CodeRules(**options)


def test_the_length_of_the_infix() -> None:
    assert CodeRules().salt_length == 3
    assert CodeRules(infix="none").salt_length == 0
    assert CodeRules(infix="fixed", infix_text="XJXJ", infix_length=9).salt_length == 4
    assert CodeRules(infix="derived", infix_length=9).salt_length == 9
