"""X and Z reports on the control socket, and for the schedule.

``POST /v1/reports/x`` and ``/v1/reports/z`` ``{by, printed}`` make one, an X that is not printed also for
nobody in particular; ``GET /v1/reports`` (``limit``,
``before``) lists the Z reports, ``GET /v1/reports/{number}`` gives one. The journal adds up, the core decides
whether now is the time, and the journal takes a Z report only if it follows on the last one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from terminal.core.catalogue import ProductId
from terminal.core.closing_rules import ClosingRules
from terminal.core.events import ReportAsked
from terminal.core.report import Fill, Report, ReportKind
from terminal.core.report_told import told
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from terminal.daemon import desk
from terminal.daemon.desk import By, Decides
from terminal.httpd import Problem, Request, Response, Route

_LOG = logging.getLogger(__name__)

MOST = 500
"""Reports in one answer."""

_LARGEST = 2**62
_CONFLICT = 409
_NOT_DONE = "look whether it was made (terminalctl report list) before you ask again"


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    by: By = ""
    printed: bool = False


class Reports(Protocol):
    """What is needed of the journal."""

    def report(self, number: int) -> Report | None:
        """Return the Z report of this number."""

    def reports(self, limit: int = 50, before: int | None = None) -> Sequence[Report]:
        """Return Z reports with numbers below *before*, the newest first."""

    def last_report(self) -> Report | None:
        """Return the last Z report."""

    def made_report(
        self,
        kind: ReportKind,
        by: str,
        now: Stamp,
        sorted_by: Callable[[ProductId, str, int | None], tuple[str, int | None]],
    ) -> Report:
        """Return what has happened since the last Z report; nothing is written."""


class ReportDesk:
    """Makes reports, for persons and for the schedule.

    Args:
        books: The journal.
        loop: Decides and writes down.
        rules: How sales are sorted.
        printers: Names of the configured printers.
        now: Reads the clock.
        ticket: Makes a name that nobody has.
        fills: Says what hoppers and tubes hold.
    """

    def __init__(
        self,
        books: Reports,
        loop: Decides,
        rules: ClosingRules,
        printers: Sequence[str],
        *,
        now: Callable[[], Stamp],
        ticket: Callable[[], str],
        fills: Callable[[], tuple[Fill, ...]] = tuple,
    ) -> None:
        self._books = books
        self._loop = loop
        self._now = now
        self._ticket = ticket
        self._fills = fills
        self._sorted_by = rules.sorted_by
        self._printers = printers
        self._one = threading.Lock()  # the state holds the answer to one question

    def routes(self) -> list[Route]:
        """Return what the socket answers."""
        return [
            desk.sentences(Route("POST", "/v1/reports/x", lambda request: self._asked(request, ReportKind.X))),
            desk.sentences(Route("POST", "/v1/reports/z", lambda request: self._asked(request, ReportKind.Z))),
            desk.sentences(Route("GET", "/v1/reports", self._list)),
            desk.sentences(Route("GET", "/v1/reports/{number}", self._show)),
        ]

    def make(self, kind: ReportKind, by: str, *, printed: bool) -> Report:
        """Make a report; *by* is empty for the schedule.

        Raises:
            Problem: It is not made, and the sentence says why; or nobody knows whether it is (503).
            JournalError: The journal cannot be read.
        """
        with self._one:
            report = self._added_up(kind, by)
            try:
                self._decided(report, by, printed=printed)
            except Problem as problem:
                if problem.status != _CONFLICT or not self._overtaken(report):
                    raise
                report = self._added_up(kind, by)
                self._decided(report, by, printed=printed)
        if kind is ReportKind.Z:
            _LOG.warning("Z report %d was made by %s", report.number, by or "the schedule")
        return report

    def _added_up(self, kind: ReportKind, by: str) -> Report:
        report = self._books.made_report(kind, by, self._now(), self._sorted_by)
        return replace(report, fills=self._fills())

    def _decided(self, report: Report, by: str, *, printed: bool) -> None:
        event = ReportAsked(self._ticket(), report, by, printed)
        desk.asked(self._loop, event, lambda state: state.reported, _NOT_DONE)

    def _overtaken(self, report: Report) -> bool:
        """Return whether another Z report has the number that was asked for."""
        last = self._books.last_report()
        return report.kind is ReportKind.Z and last is not None and last.number >= report.number

    def _asked(self, request: Request, kind: ReportKind) -> Response:
        asked: _Asked = request.json(_Asked)
        if asked.by or asked.printed or kind is ReportKind.Z:  # it is written down who asked
            desk.line(asked.by, "by, which is who asks")
        if asked.printed and not self._printers:
            raise Problem(_CONFLICT, "This terminal has no printer: ask without printing.")
        report = self.make(kind, asked.by, printed=asked.printed)
        return Response.json({"report": told(report), "printed": asked.printed})

    def _list(self, request: Request) -> Response:
        limit = desk.number(request.query.get("limit", "50"), "limit", 1, MOST)
        given = request.query.get("before")
        before = None if given is None else desk.number(given, "before", 1, _LARGEST)
        return Response.json({"reports": [told(each) for each in self._books.reports(limit, before)]})

    def _show(self, request: Request) -> Response:
        number = desk.number(request.params["number"], "number of a Z report", 1, _LARGEST)
        report = self._books.report(number)
        if report is None:
            raise Problem(404, f"there is no Z report {number}")
        return Response.json({"report": told(report)})
