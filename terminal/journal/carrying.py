"""Numbers and grand totals of Z reports outlive the file: a note beside it holds the last one, sealed.

It is written before a Z report is committed, and once more after it, so that the note knows of every one that
was made. Each start compares the two. A journal that is whole is right about itself; but where the note knows
of reports that the journal does not hold, that is a fresh one after damage, or an older backup: it takes the
last report over as a row of its own, and goes on from there. Where the note is lost with the journal, the next
number is beyond the fresh journal's base: each report is a row, so none has a higher number than its row.
"""

from __future__ import annotations

import hmac
import logging
import sqlite3
from hashlib import blake2b
from pathlib import Path

import msgspec

from terminal.core.report import Report
from terminal.core.stamp import Stamp
from terminal.core.value import Value
from terminal.journal import chain, closings
from terminal.journal.boot import RESERVE, beside, reserve, write_durably
from terminal.journal.chain import Head
from terminal.journal.closings import Ended
from terminal.journal.errors import damaged, explain
from terminal.journal.scribe import Scribe

_LOG = logging.getLogger(__name__)
_UNTOLD = Stamp(0, 0, "", synced=False)  # a row that nobody was there to give a moment to


class Noted(Value, frozen=True):
    """The last Z report: its *number* (0: none), and whether it was surely *made*, not only about to be."""

    number: int
    made: bool
    report: Report | None


def note(path: Path, key: bytes, noted: Noted) -> None:
    """Put *noted* beside the journal at *path*, durably; OSError where that fails."""
    body = msgspec.json.encode(noted)
    write_durably(beside(path, ".report"), f"{_seal(key, body)}\n{body.decode()}\n")


def noted_at(path: Path, key: bytes) -> Noted | None:
    """Return what is noted beside the journal at *path*; None where that is lost, or not this journal's."""
    try:
        seal, body = beside(path, ".report").read_bytes().split(b"\n")[:2]
        if hmac.compare_digest(seal, _seal(key, body).encode()):
            return msgspec.json.decode(body, type=Noted)
    except (OSError, ValueError, msgspec.MsgspecError):
        pass
    return None


def _seal(key: bytes, body: bytes) -> str:
    return blake2b(body, key=key, digest_size=16, person=b"report").hexdigest()


def begun(db: sqlite3.Connection, path: Path, key: bytes, head: Head) -> tuple[Head, str]:
    """Let the fresh journal that *db* is making go on with the last one's reports.

    Returns:
        The head of its chain, and what a technician is told, if anything.
    """
    noted = noted_at(path, key)
    if noted is None:
        if not head.seq:
            return head, ""
        told = (
            "The note of its Z reports is lost, too: the next one has the number "
            f"{head.seq + 1}, beyond any that may be in use, and the grand totals begin anew with it."
        )
        return _carried(db, path, key, head, Noted(head.seq, made=True, report=None)), told
    if not noted.number:
        return head, ""
    totals = "go on with it" if noted.report else "began anew when they were lost, and go on"
    told = f"The next Z report has the number {noted.number + 1}; the grand totals {totals}."
    if not noted.made:
        told += f" Whether the one with the number {noted.number} was still made, nobody can tell."
    return _carried(db, path, key, head, noted), told


def agreed(db: sqlite3.Connection, path: Path, key: bytes, head: Head) -> Head:
    """Compare the journal with the note beside it, take over what it lacks, and return the head of its chain.

    Raises:
        JournalDamaged: The last report cannot be read.
    """
    try:
        ended = closings.last(db)
    except msgspec.MsgspecError as error:
        raise damaged(path, "its last Z report cannot be read") from error
    noted = noted_at(path, key)
    if noted is not None and _lacks(ended, noted):
        _LOG.warning(
            "the journal %s holds Z reports up to the number %d, and the number %d was made: it is an older "
            "backup; it goes on with the number %d, and what is between is in the file that it replaced",
            path,
            ended.number,
            noted.number,
            noted.number + 1,
        )
        db.execute("BEGIN IMMEDIATE")
        head = _carried(db, path, key, head, noted)
        db.execute("COMMIT")
        ended = closings.last(db)
    elif noted is None and ended.number:
        _LOG.warning(
            "the note of Z reports beside the journal %s is lost: it goes on with the number %d; if the file "
            "is a backup, numbers that were given after it was made are given again",
            path,
            ended.number + 1,
        )
    should = Noted(ended.number, made=True, report=ended.report)
    if noted != should:
        _noted(path, key, should)
    return head


def _lacks(ended: Ended, noted: Noted) -> bool:
    """Return whether a report was made that a whole journal does not hold; one only to be made was not."""
    return noted.number > ended.number + (0 if noted.made else 1)


def _carried(db: sqlite3.Connection, path: Path, key: bytes, head: Head, noted: Noted) -> Head:
    """Write the first row of a journal that goes on with reports which it does not hold."""
    at = _UNTOLD if noted.report is None else noted.report.closed
    by = "" if noted.report is None else noted.report.by
    payload = None if noted.report is None else msgspec.json.encode(noted.report).decode()
    scribe = Scribe(db, key, head, at, {})
    seq = head.seq + 1
    scribe.append("reports", noted.number, seq, seq, 1, payload, by)
    db.execute("UPDATE meta SET value = ? WHERE name = 'head'", (chain.sealed(key, scribe.head),))
    try:
        reserve(path, seq + RESERVE)
    except OSError as error:
        raise explain(error, path) from error
    return scribe.head


def _noted(path: Path, key: bytes, noted: Noted) -> None:
    try:
        note(path, key, noted)
    except OSError as error:
        raise explain(error, path) from error


def about(path: Path, key: bytes, report: Report) -> None:
    """Note that *report* is about to be committed; OSError where that fails: then it must not be."""
    note(path, key, Noted(report.number, made=False, report=report))


def made(path: Path, key: bytes, report: Report) -> None:
    """Note that *report* is committed; where the disk refuses, the next start does it."""
    try:
        note(path, key, Noted(report.number, made=True, report=report))
    except OSError as error:
        _LOG.warning("that Z report %d was made cannot be noted yet (%s)", report.number, error.strerror)
