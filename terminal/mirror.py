"""What a server has many of, kept here as it last told: rows by their keys, and from where reading goes on.

A cache in one small SQLite file, and nothing that is worth money: it may be thrown away at any time. A page's
rows and the cursor behind it are one transaction, so that whatever ends the process, no row before the cursor
is missing; what is read twice replaces itself. A file that is damaged, of another format or about another
server is set aside or emptied, and reading begins anew.

Reading on tells of no row that was deleted. So now and then it begins at the beginning again, and what did not
come again when it has ended is dropped.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

from terminal.core.value import Value

_LOG = logging.getLogger(__name__)
_FORMAT = 1
_OURS = 0x744D6972
"""Says of a file that it is such a copy; at this place in every SQLite file (its format, 1.3.8)."""
_OURS_AT = slice(68, 72)
_TABLES = frozenset({"about", "cursors", "rows"})
_BUSY_S = 10.0
_WHOLE_AFTER = 144
"""Readings that go on, until one begins at the beginning again: a day of those that are ten minutes apart."""

_SCHEMA = """
CREATE TABLE about (what TEXT NOT NULL);
CREATE TABLE cursors (
    kind TEXT PRIMARY KEY, since TEXT NOT NULL, reading INTEGER NOT NULL, ended INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE rows (
    kind TEXT NOT NULL, key TEXT NOT NULL, reading INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
"""


def beside(journal: str, name: str) -> Path:
    """Return where the copy of what the backend *name* has is kept: beside the journal."""
    return Path(journal).with_name(f"mirror-{name}.db")


def is_free(path: Path) -> bool:
    """Return whether *path* is a copy of ours, or nothing yet; else it is somebody's who would lose it.

    Raises:
        OSError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_OURS_AT.stop)
    except FileNotFoundError:
        return True
    return not head or head[_OURS_AT] == _OURS.to_bytes(4, "big")


class Cursor(Value, frozen=True):
    """From where reading goes on.

    Attributes:
        since: As the server told it; blank: from the beginning.
        reading: Counts how often it began there.
        ended: Counts how often it came to the end since then.
    """

    since: str = ""
    reading: int = 1
    ended: int = 0


class Mirror:
    """The rows of one server; for any thread, and for several processes.

    Args:
        path: Where it is kept; None: in memory.
        about: Which server, and as what it is read: what is kept of another is dropped.
    """

    def __init__(self, path: Path | None, about: str) -> None:
        self._path = path
        self._about = about
        self._lock = threading.Lock()
        self._closed = False
        self._db = self._open()

    def __repr__(self) -> str:
        return f"Mirror({str(self._path or ':memory:')!r})"

    def close(self) -> None:
        """Close the file; who still reads hears that it is lost."""
        with self._lock:
            self._closed = True
            self._db.close()

    def cursor(self, kind: str) -> Cursor:
        """Return from where the reading of *kind* goes on."""
        with self._at_hand() as db:
            return _cursor(db, kind)

    def keep(
        self, kind: str, read: Cursor, rows: Iterable[tuple[str, bytes]], until: str, *, ended: bool
    ) -> Cursor | None:
        """Keep *rows*, keys and bodies, that came after *read*, and return from where reading goes on.

        Args:
            kind: Of the rows.
            read: What ``cursor`` or ``keep`` returned.
            rows: What came.
            until: Where reading goes on; blank: the server does not say.
            ended: Whether nothing more came.

        Returns:
            None: somebody else has read on meanwhile, and nothing is kept: ask for the cursor again.
        """
        with self._at_hand() as db:
            db.execute("BEGIN IMMEDIATE")
            if _cursor(db, kind) != read:
                db.execute("ROLLBACK")
                return None
            db.executemany(
                "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?)",
                ((kind, key, read.reading, body) for key, body in rows),
            )
            after = Cursor(until, read.reading, read.ended)
            if ended:
                db.execute("DELETE FROM rows WHERE kind = ? AND reading < ?", (kind, read.reading))
                after = Cursor(until, read.reading, read.ended + 1)
                if not until or after.ended >= _WHOLE_AFTER:
                    after = Cursor("", read.reading + 1)
            _point(db, kind, after)
            db.execute("COMMIT")
            return after

    def begin_anew(self, kind: str) -> None:
        """Let the reading of *kind* begin at the beginning; its rows stay until that comes to its end."""
        with self._at_hand() as db:
            db.execute("BEGIN IMMEDIATE")
            _point(db, kind, Cursor("", _cursor(db, kind).reading + 1))
            db.execute("COMMIT")

    def row(self, kind: str, key: str) -> bytes | None:
        """Return a row's body; None: there is none."""
        with self._at_hand() as db:
            found = db.execute("SELECT body FROM rows WHERE kind = ? AND key = ?", (kind, key)).fetchone()
            return None if found is None else bytes(found[0])

    def rows(self, kind: str) -> list[bytes]:
        """Return the bodies of all rows, by their keys."""
        with self._at_hand() as db:
            found = db.execute("SELECT body FROM rows WHERE kind = ? ORDER BY key", (kind,))
            return [bytes(body) for (body,) in found]

    # -- the file --------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _at_hand(self) -> Iterator[sqlite3.Connection]:
        """Give the database to one thread; what cannot be used any more is replaced for the next one."""
        with self._lock:
            if self._closed:
                raise MirrorLost(f"the copy {self._path} is closed: this terminal is stopping")
            try:
                yield self._db
            except sqlite3.DatabaseError as error:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                self._replace(error)
                raise MirrorLost(
                    f"the copy {self._path} could not be used, and is begun anew: {error}"
                ) from error

    def _replace(self, error: sqlite3.DatabaseError) -> None:
        """Another process may hold the file for long, or the disk be full: then memory serves."""
        self._db.close()
        if isinstance(error, sqlite3.OperationalError):
            _LOG.warning("%s cannot be used (%s): kept in memory until the next start", self._path, error)
            self._path = None
        else:
            self._set_aside(error)
        self._db = self._open()

    def _open(self) -> sqlite3.Connection:
        if self._path is None:
            return _prepared(":memory:", self._about)
        try:
            return _prepared(str(self._path), self._about)
        except sqlite3.OperationalError as error:
            _LOG.warning("%s cannot be opened (%s): kept in memory until the next start", self._path, error)
            self._path = None
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
        return self._open()

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        assert self._path is not None  # noqa: S101 - memory is not damaged
        aside = self._path.with_name(self._path.name + ".damaged")
        _LOG.warning("%s is damaged (%s): set aside as %s, and read anew", self._path, error, aside.name)
        try:
            self._path.replace(aside)
            for tail in ("-wal", "-shm"):
                self._path.with_name(self._path.name + tail).unlink(missing_ok=True)
        except OSError as failed:
            _LOG.warning("%s cannot be set aside (%s): kept in memory", self._path, failed)
            self._path = None


class MirrorLost(Exception):  # noqa: N818 - what happened, not a fault of the program
    """The copy could not be used and is empty now: read again; one sentence says why."""


def _prepared(path: str, about: str) -> sqlite3.Connection:
    """Return a database of our format about *about*.

    Raises:
        sqlite3.DatabaseError: The file is damaged, or none.
    """
    if path != ":memory:":
        _only_for_us(path)
    db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        _claim(db)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")  # a power cut may take commits, and never half of one
        _check(db)
        _format(db, about)
    except BaseException:
        db.close()
        raise
    return db


def _only_for_us(path: str) -> None:
    """Make the file, if there is none, so that nobody else reads it: some lists say what people have bought."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise sqlite3.OperationalError(error.strerror or str(error)) from error


def _claim(db: sqlite3.Connection) -> None:
    """Write into the file that it is ours, first of all; what somebody else has in his stays there."""
    (claimed,) = db.execute("PRAGMA application_id").fetchone()
    if claimed == _OURS:
        return
    if claimed or _tables(db):
        raise sqlite3.DatabaseError("it is a database of something else")
    db.execute(f"PRAGMA application_id = {_OURS}")


def _tables(db: sqlite3.Connection) -> list[str]:
    found = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return [name for (name,) in found]


def _check(db: sqlite3.Connection) -> None:
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _format(db: sqlite3.Connection, about: str) -> None:
    """Empty what is of another format, or about another server."""
    db.execute("BEGIN IMMEDIATE")
    (found,) = db.execute("PRAGMA user_version").fetchone()
    tables = _tables(db)
    whole = found == _FORMAT and _TABLES.issubset(tables)
    if not whole or db.execute("SELECT what FROM about").fetchone() != (about,):
        for name in tables:
            quoted = name.replace('"', '""')
            db.execute(f'DROP TABLE "{quoted}"')
        for statement in _SCHEMA.split(";"):
            db.execute(statement)
        db.execute("INSERT INTO about VALUES (?)", (about,))
        db.execute(f"PRAGMA user_version = {_FORMAT}")
    db.execute("COMMIT")


def _cursor(db: sqlite3.Connection, kind: str) -> Cursor:
    found = db.execute("SELECT since, reading, ended FROM cursors WHERE kind = ?", (kind,)).fetchone()
    return Cursor() if found is None else Cursor(*found)


def _point(db: sqlite3.Connection, kind: str, cursor: Cursor) -> None:
    values = (kind, cursor.since, cursor.reading, cursor.ended)
    db.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?)", values)
