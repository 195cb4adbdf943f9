"""Which schedules hold: the server's, as far as they can be read, else the terminal's own."""

import pytest

from terminal.core import cron
from terminal.core.till import MOST_SCHEDULES, obeyed

NIGHTLY = cron.parse("30 23 * * *")
MORNING = cron.parse("0 5 * * *")


def test_what_the_server_says_precedes_and_an_empty_list_is_said_too() -> None:
    assert obeyed(("0 5 * * *",), (NIGHTLY,)) == ((MORNING,), ())
    assert obeyed((), (NIGHTLY,)) == ((), ())
    assert obeyed(None, (NIGHTLY,)) == ((NIGHTLY,), ())


@pytest.mark.parametrize("text", ["@daily", "0 5 * * 7", "0 5 * * MON", "0 0 5 * * *", "0 24 * * *", ""])
def test_what_cannot_be_read_is_not_obeyed_and_said_with_the_reason(text: str) -> None:
    with pytest.raises(ValueError, match="expected") as why:
        cron.parse(text)
    schedules, (words,) = obeyed((text, "0 5 * * *"), (NIGHTLY,))
    assert schedules == (MORNING,)
    assert words == f"A schedule of the server for closing the day is not obeyed: {why.value}."


def test_where_nothing_of_it_can_be_read_the_terminal_s_own_hold() -> None:
    schedules, words = obeyed(("@daily", "?"), (NIGHTLY,))
    assert schedules == (NIGHTLY,)
    assert len(words) == 2


def test_there_are_not_endless_ones() -> None:
    texts = ("0 5 * * *",) * (MOST_SCHEDULES + 1)
    schedules, (words,) = obeyed(texts)
    assert len(schedules) == MOST_SCHEDULES
    assert words.startswith(f"Of {MOST_SCHEDULES + 1} schedules")
