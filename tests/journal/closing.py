"""Periods for tests, sold and closed in one line each."""

from terminal.core.facts import ReportMade
from terminal.core.report import ReportKind
from terminal.core.value import replace
from terminal.journal import Journal
from tests.journal.making import KEY, NOW, debit


def sorted_by(*_):
    return "coffee", 1900


def at(minutes):
    return replace(NOW, wall_ms=NOW.wall_ms + minutes * 60_000, mono_ms=NOW.mono_ms + minutes * 60_000)


def made(journal, kind=ReportKind.Z, by="Ada", now=NOW):
    return journal.made_report(kind, by, now, sorted_by)


def closed(journal, now=NOW):
    report = made(journal, now=now)
    journal.commit([ReportMade(report)], now)
    return report


def opened(path):
    return Journal.open(path, KEY, boot="b")


def sell(journal, *keys):
    for key in keys:
        journal.commit([debit(key)], NOW)


def ruin(path):
    path.write_bytes(b"this is no database, it is a shopping list" * 100)
