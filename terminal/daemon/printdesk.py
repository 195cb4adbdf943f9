"""Copies of what was printed, on the control socket: ``POST /v1/journal/{seq}/print`` ``{by}``.

The documents come from the journal; whether they are printed now, and as which copy, the core decides, which
writes it down with the person's name before a printer hears of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from terminal.core.events import Event, PrintAgainAsked
from terminal.core.paper import Document
from terminal.core.printing import name_of
from terminal.core.records import Entry
from terminal.core.terminal import TerminalState
from terminal.httpd import Problem, Request, Response, Route
from terminal.journal.errors import JournalError

_LOG = logging.getLogger(__name__)

_FLUSH_S = 5
_DIGITS = 18


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    by: Annotated[str, Meta(max_length=100)]


class Papers(Protocol):
    """What is needed of the journal."""

    def entry_by_seq(self, seq: int) -> Entry | None:
        """Return one entry."""

    def papers(self, seq: int) -> tuple[tuple[str, Document], ...]:
        """Return what was printed for it: each document with its last try."""


class Decides(Protocol):
    """What is needed of the loop."""

    state: TerminalState | None

    def post(self, event: Event) -> None:
        """Put an event into the inbox."""

    def flush(self, timeout_s: float) -> bool:
        """Wait until what was posted is decided and written."""


class PrintDesk:
    """Where a person asks for a document once more.

    Args:
        books: The journal.
        loop: Decides and writes down.
        ticket: Makes a name that nobody has.
    """

    def __init__(self, books: Papers, loop: Decides, ticket: Callable[[], str]) -> None:
        self._books = books
        self._loop = loop
        self._ticket = ticket

    def routes(self) -> list[Route]:
        """Return what the socket answers."""
        return [Route("POST", "/v1/journal/{seq}/print", self._print)]

    def _print(self, request: Request) -> Response:
        asked: _Asked = request.json(_Asked)
        if not asked.by.strip() or not asked.by.isprintable():
            raise Problem(400, f"found {asked.by[:20]!r} as by, which is who asks; expected one line of text")
        text = request.params["seq"]
        if not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
            raise Problem(400, f"found {text[:20]!r} as number of an entry; expected a whole number")
        try:
            entry = self._books.entry_by_seq(int(text))
            papers = self._books.papers(int(text))
        except JournalError as error:
            raise Problem(503, str(error)) from None
        if entry is None:
            raise Problem(404, f"there is no entry {text}")
        if not papers:
            raise Problem(409, f"nothing was ever printed for entry {text}: there is nothing to copy")
        self._ask(PrintAgainAsked(self._ticket(), entry.key, asked.by, papers))
        names = [name_of(release).rpartition("/")[2] for release, _ in papers]
        _LOG.warning("copy of %s of entry %d asked for by %s", ", ".join(names), entry.seq, asked.by)
        return Response.json({"entry": entry.seq, "key": entry.key, "papers": names})

    def _ask(self, event: PrintAgainAsked) -> None:
        self._loop.post(event)
        flushed = self._loop.flush(_FLUSH_S)
        again = self._loop.state.again if self._loop.state else None
        if not flushed or again is None or again.ticket != event.ticket:
            raise Problem(503, "the terminal does not answer, or cannot write this down: nothing is printed")
        if again.words:
            raise Problem(409, again.words)
