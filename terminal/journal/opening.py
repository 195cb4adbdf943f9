"""From a path to a journal that can be written: checked, set aside if damaged, migrated, its key recognised."""

from __future__ import annotations

import hmac
import sqlite3
from pathlib import Path

from terminal.core.value import Value
from terminal.journal import carrying, chain
from terminal.journal.boot import (
    base_of_fresh,
    checked_now,
    create,
    look_over,
    set_aside,
    suspect,
    trust,
)
from terminal.journal.chain import Head
from terminal.journal.connect import connect_to_write
from terminal.journal.errors import (
    RESTART,
    JournalDamaged,
    JournalKeyWrong,
    JournalTooNew,
    damaged,
    explain,
)
from terminal.journal.migrate import LATEST, migrate, too_new, version


class Opened(Value, frozen=True):
    """A journal's connection and the end of its chain.

    *set_aside* tells the technician of a damaged file that was set aside; *unchecked*: the file is still to be
    looked over.
    """

    db: sqlite3.Connection
    head: Head
    set_aside: str | None
    unchecked: bool


def open_file(path: Path, key: bytes, boot: str) -> Opened:
    """Open the file, whose lock the caller holds; the errors are those of Journal.open."""
    create(path)
    check = checked_now(path)
    try:
        db, head, _ = _connect(path, key, boot, check=check)
    except JournalDamaged as damage:
        kept = set_aside(path)
        create(path)
        db, head, reports = _connect(path, key, boot, check=False)
        trust(path)
        return Opened(db, head, f"{_told(damage, kept, head)} {reports}".rstrip(), unchecked=False)
    if check:
        trust(path)
    return Opened(db, head, None, unchecked=not check)


def _told(damage: JournalDamaged, kept: Path, head: Head) -> str:
    found = str(damage).removesuffix(RESTART)
    return (
        f"{found} It was set aside as {kept} and a fresh journal goes on from number {head.seq + 1}. What had "
        "not been delivered is in the old file only: keep it, and have a person look through it."
    )


def _connect(path: Path, key: bytes, boot: str, *, check: bool) -> tuple[sqlite3.Connection, Head, str]:
    try:
        db = connect_to_write(path)
    except sqlite3.Error as error:
        raise explain(error, path) from error
    try:
        if check:
            look_over(db, path)
        return db, *_ready(db, path, key, boot)
    except sqlite3.Error as error:
        failure = explain(error, path)
        _close(db, path, failure)
        raise failure from error
    except BaseException as error:
        _close(db, path, error)
        raise


def _close(db: sqlite3.Connection, path: Path, error: BaseException) -> None:
    if isinstance(error, JournalDamaged):
        # First: the log that a crash left, for which the file was checked, goes with the connection.
        suspect(path)
    db.close()


def _ready(db: sqlite3.Connection, path: Path, key: bytes, boot: str) -> tuple[Head, str]:
    found = version(db)
    if found > LATEST:
        raise JournalTooNew(too_new(path, found))
    if found < LATEST:
        migrate(db)
    meta = dict(db.execute("SELECT name, value FROM meta"))
    if not meta:
        return _begin(db, path, key, boot)
    if not hmac.compare_digest(str(meta.get("key")), chain.key_mark(key)):
        raise JournalKeyWrong(
            f"The journal {path} was written with another key: put the right key file back, or move the "
            "journal away to begin a new one. Nothing was changed."
        )
    head = chain.unsealed(meta.get("head"))
    if head is None:
        raise damaged(path, "the head of its chain is missing")
    # Writing at once tells a full or read-only disk from the start.
    db.execute("UPDATE meta SET value = ? WHERE name = 'boot'", (f"{boot} {head.seq}",))
    return carrying.agreed(db, path, key, head), ""


def _begin(db: sqlite3.Connection, path: Path, key: bytes, boot: str) -> tuple[Head, str]:
    base = base_of_fresh(path)
    head = chain.origin(key, base)
    values = {
        "key": chain.key_mark(key),
        "base": base,
        "head": chain.sealed(key, head),
        "boot": f"{boot} {base}",
        "probes": 0,
    }
    db.execute("BEGIN IMMEDIATE")
    db.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", values.items())
    head, told = carrying.begun(db, path, key, head)
    db.execute("COMMIT")
    return carrying.agreed(db, path, key, head), told
