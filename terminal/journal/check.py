"""Whether the journal is whole: every row at its place in the chain, and what follows from rows derived again.

Findings are sentences that name the table and the number of the row. No finding: nobody has edited, removed or
inserted anything, and the sums agree.
"""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Iterator
from heapq import merge
from itertools import groupby
from pathlib import Path

from terminal.journal import chain
from terminal.journal.backup import Progress
from terminal.journal.chain import Head
from terminal.journal.derived import check_derived
from terminal.journal.errors import JournalError, explain
from terminal.journal.reads import JournalReader

_EVERY = 2000  # rows between two calls of progress
_MOST = 200  # findings; a ruined journal would have one for each row


def verify_file(path: Path, key: bytes, progress: Progress | None = None) -> list[str]:
    """Verify the journal at *path*, beside a running daemon or without one.

    Raises:
        JournalError: The file cannot be read at all.
    """
    with JournalReader(path) as reader, reader._reading() as db:  # noqa: SLF001 - the reader's own module family
        return verify(db, path, key, progress)


def verify(db: sqlite3.Connection, path: Path, key: bytes, progress: Progress | None = None) -> list[str]:
    """Return what is wrong with the journal that *db* sees at this moment, as sentences; none: it is whole."""
    findings: list[str] = []
    try:
        db.execute("BEGIN")
        for finding in _findings(db, key, progress or (lambda _done, _total: None)):
            findings.append(finding)
            if len(findings) == _MOST:
                findings.append(f"There may be more: only the first {_MOST} findings are told.")
                break
    except sqlite3.DatabaseError as error:
        failure: JournalError = explain(error, path)
        findings.append(str(failure))
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
    return findings


def _findings(db: sqlite3.Connection, key: bytes, progress: Progress) -> Iterator[str]:
    meta = dict(db.execute("SELECT name, value FROM meta"))
    if not hmac.compare_digest(str(meta.get("key")), chain.key_mark(key)):
        yield "The key does not belong to this journal, so its rows cannot be verified: use its own key."
        return
    head = chain.unsealed(meta.get("head"))
    base = meta.get("base")
    if head is None or not isinstance(base, int):
        yield "meta: the head of the chain is missing; rows may be missing at the end."
        return
    if not hmac.compare_digest(str(meta["head"]), chain.sealed(key, head)):
        yield f"meta: the head of the chain (number {head.seq}) was edited; rows may be missing at the end."
    yield from _chain(db, key, chain.origin(key, base), head, progress)
    for table, row, parent, _ in db.execute("PRAGMA foreign_key_check"):
        yield f"{table} {row}: it names a row of {parent} that is not there."
    yield from check_derived(db)


def _chain(db: sqlite3.Connection, key: bytes, at: Head, end: Head, progress: Progress) -> Iterator[str]:
    """Follow the chain from *at* to *end*."""
    total = end.seq - at.seq
    known = True  # whether the hash before the next row is known
    for seq, rows in groupby(_rows(db), key=lambda row: row[0]):
        tables = list(rows)
        if len(tables) > 1:
            names = " and ".join(table for _, table, *_ in tables)
            yield f"The number {seq} stands in {names}: all but one of these rows were inserted."
            at, known = Head(seq, b""), False
            continue
        _, table, values, digest = tables[0]
        if seq <= at.seq or seq > end.seq:
            yield f"{table} {seq}: the row is outside the chain: it was inserted, or the head was edited."
            continue
        if seq != at.seq + 1:
            yield _missing(at.seq + 1, seq - 1)
            known = False
        if known and chain.link(key, at.hash, table, values) != digest:
            yield f"{table} {seq}: the row was edited after it was written, or put in the place of another."
        at, known = Head(seq, digest), True
        if seq % _EVERY == 0:
            progress(total - (end.seq - seq), total)
    if at.seq != end.seq:
        yield _missing(at.seq + 1, end.seq)
    elif known and at.hash != end.hash:
        yield f"The last row (number {at.seq}) is not the one that the head names: it was replaced."
    progress(total, total)


def _missing(first: int, last: int) -> str:
    if first == last:
        return f"Row number {first} is missing: removed. The row after it cannot be verified."
    return f"Rows number {first} to {last} are missing: removed. The row after them cannot be verified."


_Row = tuple[int, str, tuple[object, ...], bytes]


def _rows(db: sqlite3.Connection) -> Iterator[_Row]:
    """Return the rows of all chained tables, by number."""

    def table_rows(table: str) -> Iterator[_Row]:
        names = ", ".join(chain.columns(table))
        for *values, digest in db.execute(f"SELECT {names}, hash FROM {table} ORDER BY seq"):  # noqa: S608 - our names
            yield values[0], table, tuple(values), digest

    return merge(*(table_rows(table) for table in chain.CONTENT), key=lambda row: row[0])
