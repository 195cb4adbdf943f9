"""Copies of what was printed, on the control socket: ``POST /v1/journal/{seq}/print`` ``{by}``.

The documents come from the journal; whether they are printed now, and as which copy, the core decides, which
writes it down with the person's name before a printer hears of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

import msgspec

from terminal.core.events import PrintAgainAsked
from terminal.core.paper import Document
from terminal.core.printing import name_of
from terminal.core.records import Entry
from terminal.daemon import desk
from terminal.daemon.desk import By, Decides
from terminal.httpd import Problem, Request, Response, Route

_LOG = logging.getLogger(__name__)


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    by: By


class Papers(Protocol):
    """What is needed of the journal."""

    def entry_by_seq(self, seq: int) -> Entry | None:
        """Return one entry."""

    def papers(self, seq: int) -> tuple[tuple[str, Document], ...]:
        """Return what was printed for it: each document with its last try."""


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
        return [desk.sentences(Route("POST", "/v1/journal/{seq}/print", self._print))]

    def _print(self, request: Request) -> Response:
        asked: _Asked = request.json(_Asked)
        desk.line(asked.by, "by, which is who asks")
        seq = desk.entry_number(request)
        entry = self._books.entry_by_seq(seq)
        papers = self._books.papers(seq)
        if entry is None:
            raise Problem(404, f"there is no entry {seq}")
        if not papers:
            raise Problem(409, f"nothing was ever printed for entry {seq}: there is nothing to copy")
        event = PrintAgainAsked(self._ticket(), entry.key, asked.by, papers)
        desk.asked(self._loop, event, lambda state: state.again, "nothing is printed")
        names = [name_of(release).rpartition("/")[2] for release, _ in papers]
        _LOG.warning("copy of %s of entry %d asked for by %s", ", ".join(names), entry.seq, asked.by)
        return Response.json({"entry": entry.seq, "key": entry.key, "papers": names})
