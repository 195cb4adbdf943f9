"""Whether Z reports follow on each other, and say what their periods add up to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

from terminal.core.catalogue import ProductId
from terminal.core.report import GroupSum, Report
from terminal.journal import closings
from terminal.journal.closings import Ended, report_of
from terminal.journal.errors import DecisionRefused
from terminal.journal.reports import period, vats_of

_REPORTS = "SELECT seq, number, after, upto, carried, payload, by FROM reports ORDER BY seq"
_BASE = "SELECT value FROM meta WHERE name = 'base'"
_ALIKE = ("sales", "returns", "topups", "methods", "rounding", "cash")
"""What a report says that needs no catalogue."""


def check_reports(db: sqlite3.Connection) -> Iterator[str]:
    """Return a sentence for each thing about Z reports that does not follow from the facts that *db* sees."""
    (base,) = db.execute(_BASE).fetchone()
    ended = Ended(0, base, None)
    for seq, number, after, upto, carried, payload, by in db.execute(_REPORTS).fetchall():
        try:
            report = None if payload is None else report_of.decode(payload)
        except msgspec.MsgspecError as error:
            yield f"reports {seq}: what it says cannot be read ({error})."
            ended = Ended(number, upto, None)
            continue
        if carried or report is None:
            yield from _taken_over(seq, ended, Ended(number, upto, report), carried=bool(carried))
        else:
            yield from _follows(seq, ended, report)
            if (report.number, report.after, report.upto, report.by) != (number, after, upto, by):
                yield f"reports {seq}: its row is not that of the report that it holds."
            if upto >= seq:
                yield f"reports {seq}: its period ends with {upto}, which came after it."
            yield from _adds_up(db, seq, report)
        ended = Ended(number, upto, report)


def _taken_over(seq: int, ended: Ended, row: Ended, *, carried: bool) -> Iterator[str]:
    if not carried:
        yield f"reports {seq}: it is empty."
    if row.number <= ended.number:
        yield f"reports {seq}: it takes over number {row.number}, which is not after number {ended.number}."
    if row.upto != seq:
        yield f"reports {seq}: the journal goes on from here, and the next period after {row.upto}."
    if row.report is not None and row.report.number != row.number:
        yield f"reports {seq}: its row is not that of the report that it holds."


def _follows(seq: int, ended: Ended, report: Report) -> Iterator[str]:
    for sentence in closings.contradictions(ended, report):
        yield f"reports {seq}: {sentence}"


def _adds_up(db: sqlite3.Connection, seq: int, report: Report) -> Iterator[str]:
    """Compare *report* with its period as it adds up now.

    Which group a product belongs to nobody knows any more: the groups are compared all together, and the VAT
    with the report's own groups.
    """
    try:
        now = period(db, report.after, report.upto, _ungrouped)
    except (ValueError, DecisionRefused, msgspec.MsgspecError) as error:
        yield f"reports {seq}: its period cannot be added up again. {error}"
        return
    for name in _ALIKE:
        if getattr(now, name) != getattr(report, name):
            yield f"reports {seq}: its {name} are not what its period adds up to."
    if _together(report.groups) != _together(now.groups):
        yield f"reports {seq}: its groups are not, all together, what its period adds up to."
    if report.vats != vats_of(report.groups):
        yield f"reports {seq}: its VAT is not that of its groups."


def _ungrouped(_: ProductId, _group: str, _vat: int | None) -> tuple[str, int | None]:
    return "", None


def _together(groups: tuple[GroupSum, ...]) -> tuple[int, int, int]:
    return (
        sum(each.pieces for each in groups),
        sum(each.gross for each in groups),
        sum(each.discount for each in groups),
    )
