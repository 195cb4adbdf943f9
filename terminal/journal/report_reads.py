"""Questions about reports: those that were made, and one of this moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from terminal.core.report import Grand, Report, ReportKind
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from terminal.journal import chain, closings
from terminal.journal.closings import report_of
from terminal.journal.entry_reads import stamp_of
from terminal.journal.reports import Sorted, period, waiting
from terminal.journal.ticket_reads import TicketReads

_PAGE = 100  # reports that are read at a time
_SINCE = "payload IS NOT NULL AND (:since IS NULL OR json_extract(payload, '$.closed.wall_ms') >= :since)"


class ReportReads(TicketReads):
    """What JournalReader asks of reports."""

    def last_report(self) -> Report | None:
        """Return the last Z report; None where there was none, or where it is not known any more."""
        with self._reading() as db:
            return closings.last(db).report

    def report(self, number: int) -> Report | None:
        """Return the Z report of this number."""
        with self._reading() as db:
            row = db.execute(
                "SELECT payload FROM reports WHERE number = ? AND payload IS NOT NULL", (number,)
            ).fetchone()
        return None if row is None else report_of.decode(row[0])

    def reports(self, limit: int = 50, before: int | None = None) -> list[Report]:
        """Return up to *limit* Z reports with numbers below *before*, the newest first."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT payload FROM reports WHERE payload IS NOT NULL AND (?1 IS NULL OR number < ?1) "
                "ORDER BY number DESC LIMIT ?2",
                (before, limit),
            ).fetchall()
        return [report_of.decode(payload) for (payload,) in rows]

    def each_report(self, since_ms: int | None = None) -> Iterator[Report]:
        """Give every Z report from *since_ms* (milliseconds since 1970) on, the oldest first."""
        number = 0
        while True:
            with self._reading() as db:
                page = db.execute(
                    f"SELECT number, payload FROM reports WHERE {_SINCE} AND number > :number "  # noqa: S608 - our own words
                    "ORDER BY number LIMIT :page",
                    {"since": since_ms, "number": number, "page": _PAGE},
                ).fetchall()
            if not page:
                return
            yield from (report_of.decode(payload) for _, payload in page)
            number = page[-1][0]

    def count_reports(self, since_ms: int | None = None) -> int:
        """Return how many `each_report` gives."""
        with self._reading() as db:
            asked = f"SELECT count(*) FROM reports WHERE {_SINCE}"  # noqa: S608 - our own words
            return int(db.execute(asked, {"since": since_ms}).fetchone()[0])

    def period_began(self) -> Stamp | None:
        """Return when the period under way began; None: it is this very moment."""
        with self._reading() as db:
            return _opened(db, closings.last(db))

    def made_report(self, kind: ReportKind, by: str, now: Stamp, sorted_by: Sorted) -> Report:
        """Return what has happened since the last Z report, all of one moment; nothing is written.

        A Z report ends its period when it is committed (facts.ReportMade), also where facts came after it was
        made here: they are the next period's.

        Args:
            kind: X or Z.
            by: Who asks; empty: the schedule.
            now: When.
            sorted_by: Says which group a product belongs to, and its VAT rate, given both when it was sold.
        """
        with self._reading() as db:
            db.execute("BEGIN")
            ended, upto = closings.last(db), _head(db)
            sums, waits = period(db, ended.upto, upto, sorted_by), waiting(db)
            opened = now if (first := _opened(db, ended)) is None else first
        report = Report(
            kind=kind,
            number=ended.number + 1,
            after=ended.upto,
            upto=upto,
            opened=opened,
            closed=now,
            sales=sums.sales,
            returns=sums.returns,
            topups=sums.topups,
            rounding=sums.rounding,
            groups=sums.groups,
            vats=sums.vats,
            methods=sums.methods,
            cash=sums.cash,
            offline=waits.offline,
            unknown=waits.unknown,
            parked=waits.parked,
            grand=Grand(),
            by=by,
        )
        return replace(report, grand=closings.totals(ended, report))


def _head(db: sqlite3.Connection) -> int:
    (text,) = db.execute("SELECT value FROM meta WHERE name = 'head'").fetchone()
    head = chain.unsealed(text)
    if head is None:
        raise sqlite3.DatabaseError("the head of the chain cannot be read")
    return head.seq


def _opened(db: sqlite3.Connection, ended: closings.Ended) -> Stamp | None:
    """Return when the period after *ended* began; None: it is this very moment."""
    if ended.report is not None:
        return ended.report.closed
    firsts = [
        row
        for table in chain.CONTENT
        for row in db.execute(
            f"SELECT seq, wall_ms, mono_ms, boot, synced FROM {table} WHERE seq > ? ORDER BY seq LIMIT 1",  # noqa: S608 - our names
            (ended.upto,),
        )
    ]
    return stamp_of(*min(firsts)[1:]) if firsts else None
