"""What every desk does alike: words are read, events are decided or refused, and no answer is no yes."""

from typing import Any

import pytest

from terminal.core.effects import Notice, Screen
from terminal.core.events import Event, PrintAgainAsked
from terminal.core.sale import VendingState
from terminal.core.state import Again, TerminalState
from terminal.core.value import replace
from terminal.daemon import desk
from terminal.httpd import Problem, Response, Route
from terminal.journal.errors import JournalUnwritable

EVENT = PrintAgainAsked("t1", "k1", "the technician", ())


class Loop:
    """Answers with *again*, unless it hangs."""

    def __init__(self, again: Again | None, *, hangs: bool = False) -> None:
        self.state: TerminalState | None = TerminalState(VendingState(), Screen(Notice.READY))
        self.again, self.hangs = again, hangs
        self.posted: list[Event] = []

    def post(self, event: Event) -> None:
        self.posted.append(event)

    def flush(self, timeout_s: float) -> bool:
        assert timeout_s == desk.FLUSH_S
        if self.state is not None:
            self.state = replace(self.state, again=self.again)
        return not self.hangs


def ask(loop: Loop) -> Again:
    return desk.asked(loop, EVENT, lambda state: state.again, "nothing is printed")


def test_the_answer_to_ones_own_ticket_is_the_answer() -> None:
    loop = Loop(Again("t1"))
    assert ask(loop) == Again("t1")
    assert loop.posted == [EVENT]


def test_no_is_said_in_the_cores_own_words() -> None:
    with pytest.raises(Problem, match="Somebody is there") as caught:
        ask(Loop(Again("t1", "Somebody is there.")))
    assert caught.value.status == 409


@pytest.mark.parametrize(
    "loop",
    [Loop(None), Loop(Again("t0")), Loop(Again("t1"), hangs=True)],
    ids=("none", "another's", "too late"),
)
def test_without_an_answer_of_ones_own_nothing_was_done(loop: Loop) -> None:
    with pytest.raises(Problem, match="cannot write this down: nothing is printed") as caught:
        ask(loop)
    assert caught.value.status == 503


def test_before_the_first_state_nothing_is_answered() -> None:
    loop = Loop(Again("t1"))
    loop.state = None
    with pytest.raises(Problem) as caught:
        ask(loop)
    assert caught.value.status == 503
    with pytest.raises(Problem, match="is starting"):
        desk.state_of(loop)


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\x00"])
def test_a_line_is_one_line_that_says_something(text: str) -> None:
    with pytest.raises(Problem, match="expected one line of text") as caught:
        desk.line(text, "by")
    assert caught.value.status == 400
    assert desk.line("the technician", "by") == "the technician"


@pytest.mark.parametrize("text", ["", "0", "8", "-1", "1.0", "٣", "9" * 20])
def test_a_number_is_digits_within_its_range(text: str) -> None:
    with pytest.raises(Problem, match="a whole number from 1 to 7") as caught:
        desk.number(text, "limit", 1, 7)
    assert caught.value.status == 400
    assert desk.number("7", "limit", 1, 7) == 7


def test_a_journal_that_cannot_be_used_answers_with_its_sentence() -> None:
    def fail(_: Any) -> Response:
        raise JournalUnwritable("The disk is full.")

    route = desk.sentences(Route("GET", "/v1/x", fail))
    request: Any = None
    with pytest.raises(Problem, match="The disk is full") as caught:
        route.handler(request)
    assert (route.method, route.pattern, caught.value.status) == ("GET", "/v1/x", 503)
