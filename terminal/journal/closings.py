"""Z reports in the journal: what may follow on the last one, and the rows that hold them."""

from __future__ import annotations

import sqlite3

import msgspec

from terminal.core.facts import ReportMade
from terminal.core.report import Grand, Report, ReportKind
from terminal.core.value import Value
from terminal.journal.scribe import Scribe
from terminal.journal.standing import plain

_LAST = "SELECT number, upto, payload FROM reports ORDER BY seq DESC LIMIT 1"

report_of: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)
"""Makes a report of its payload."""


class Ended(Value, frozen=True):
    """Where the last period ended, and with what.

    Attributes:
        number: Of the last Z report; 0: there was none.
        upto: The number of the journal after which the next period begins.
        report: The last Z report, where it is known.
    """

    number: int
    upto: int
    report: Report | None

    @property
    def grand(self) -> Grand:
        """Return the grand totals so far."""
        return Grand() if self.report is None else self.report.grand


def last(db: sqlite3.Connection) -> Ended:
    """Return where the last period ended; the first one begins where the journal does."""
    row = db.execute(_LAST).fetchone()
    if row is None:
        (base,) = db.execute("SELECT value FROM meta WHERE name = 'base'").fetchone()
        return Ended(0, base, None)
    number, upto, payload = row
    return Ended(number, upto, None if payload is None else report_of.decode(payload))


def totals(ended: Ended, report: Report) -> Grand:
    """Return the grand totals with the period of *report*, which follows on *ended*."""
    return Grand(ended.grand.sales + report.sales, ended.grand.returns + report.returns)


def contradictions(ended: Ended, report: Report) -> list[str]:
    """Return what makes *report* one that cannot follow on *ended*, as sentences; none: it follows."""
    found = []
    if report.kind is not ReportKind.Z:
        found.append(f"Only a Z report ends a period, not an {report.kind.name}.")
    if report.number != ended.number + 1:
        found.append(f"The Z report after number {ended.number} has the number {report.number}.")
    if report.after != ended.upto:
        found.append(f"The last period ended with {ended.upto}, and this one begins after {report.after}.")
    if report.upto < report.after:
        found.append(f"The period ends with {report.upto}, before it begins after {report.after}.")
    if report.grand != totals(ended, report):
        found.append("Its grand totals are not those of the report before it and its own sales and returns.")
    return found


def report_made(scribe: Scribe, fact: ReportMade) -> None:
    """Keep a Z report, which ends its period.

    Raises:
        ValueError: It does not follow on the last one, or ends beyond the last fact.
    """
    report = fact.report
    wrong = contradictions(last(scribe.db), report)
    if report.upto > scribe.head.seq:
        wrong.append(f"The period ends with {report.upto}, and the journal with {scribe.head.seq}.")
    if wrong:
        raise ValueError(" ".join(wrong))
    payload = msgspec.json.encode(report).decode()
    scribe.append("reports", report.number, report.after, report.upto, 0, payload, plain(report.by))
