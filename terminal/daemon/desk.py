"""What every desk of the control socket does alike: it reads a person's words, and has the loop decide.

A desk never decides: it posts an event, waits until that is decided and written, and looks for the answer in
the state. Who gets none is told that nothing was done: an event whose facts cannot be written is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Protocol, TypeVar

from msgspec import Meta

from terminal.core.events import Event
from terminal.core.terminal import TerminalState
from terminal.httpd import Handler, Problem, Reply, Request, Route
from terminal.journal.errors import JournalError

FLUSH_S = 5
"""How long the loop may take to decide what a person asks for."""

_DIGITS = 19  # of the largest number that a journal can hold

By = Annotated[str, Meta(max_length=100)]
"""A person's name, in a request."""

_Found = TypeVar("_Found")


class Decides(Protocol):
    """What a desk needs of the loop."""

    state: TerminalState | None

    def post(self, event: Event) -> None:
        """Put an event into the inbox."""

    def flush(self, timeout_s: float) -> bool:
        """Wait until what was posted is decided and written."""


class Answered(Protocol):
    """An answer of the core to whoever asked with a ticket; *words* say why not, and are empty for yes."""

    @property
    def ticket(self) -> str:
        """The ticket."""

    @property
    def words(self) -> str:
        """One sentence, or nothing."""


_Answer = TypeVar("_Answer", bound=Answered)


def line(text: str, what: str) -> str:
    """Return *text*, unless it would be no line in the log, or says nothing.

    Raises:
        Problem: It is no line of text; *what* it should be is said.
    """
    if not text.strip() or not text.isprintable():
        raise Problem(400, f"found {text[:20]!r} as {what}; expected one line of text")
    return text


def number(text: str, what: str, least: int, most: int) -> int:
    """Return the whole number that *text* says.

    Raises:
        Problem: It says none from *least* to *most*; *what* it should be is said.
    """
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS or not least <= int(text) <= most:
        raise Problem(400, f"found {text[:20]!r} as {what}; expected a whole number from {least} to {most}")
    return int(text)


def entry_number(request: Request) -> int:
    """Return the number of the entry that the address of *request* names."""
    return number(request.params["seq"], "number of an entry", 1, 2**62)


def state_of(loop: Decides) -> TerminalState:
    """Return the state.

    Raises:
        Problem: There is none yet.
    """
    if loop.state is None:
        raise Problem(503, "the terminal is starting: try again in a moment")
    return loop.state


def decided(
    loop: Decides, event: Event, find: Callable[[TerminalState], _Found | None], not_done: str
) -> _Found:
    """Have the loop decide about *event*; return what *find* then finds in the state.

    Raises:
        Problem: It finds nothing, or in time nothing is decided: so it was *not_done*.
    """
    loop.post(event)
    flushed = loop.flush(FLUSH_S)
    found = find(loop.state) if flushed and loop.state else None
    if found is None:
        raise Problem(503, f"the terminal does not answer, or cannot write this down: {not_done}")
    return found


def asked(loop: Decides, event: Any, find: Callable[[TerminalState], _Answer | None], not_done: str) -> _Answer:
    """Have the loop decide about *event*, which has a ticket; return the answer that *find* finds.

    Raises:
        Problem: As in `decided`; or the answer is no, which it says in its own words.
    """

    def mine(state: TerminalState) -> _Answer | None:
        answer = find(state)
        return answer if answer is not None and answer.ticket == event.ticket else None

    answer = decided(loop, event, mine, not_done)
    if answer.words:
        raise Problem(409, answer.words)
    return answer


def sentences(route: Route) -> Route:
    """Return *route*, which answers with its sentence where the journal cannot be used."""
    return Route(route.method, route.pattern, _with_sentences(route.handler))


def _with_sentences(handler: Handler) -> Handler:
    def answer(request: Request) -> Reply:
        try:
            return handler(request)
        except JournalError as error:
            raise Problem(503, str(error)) from None

    return answer
