"""Read-only connections to a journal, lent out one at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from terminal.journal.connect import connect_to_read
from terminal.journal.errors import JournalDamaged, JournalError, JournalTooNew, explain
from terminal.journal.migrate import LATEST, too_new, version

_MOST_IDLE = 4


class ReadPool:
    """A journal opened for reading only: what JournalReader asks its questions on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._pool = threading.Lock()
        with self._reading() as db:
            found = version(db)
        if found != LATEST:
            self.close()
            if found > LATEST:
                raise JournalTooNew(too_new(path, found))
            raise JournalError(
                f"The journal {path} has the schema {found} of an older version: start terminald once, which "
                f"brings it to {LATEST}."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that nobody uses at the moment."""
        with self._pool:
            idle, self._idle = self._idle, []
        for db in idle:
            db.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection of one's own, so that a long question delays no short one."""
        with self._pool:
            db = self._idle.pop() if self._idle else None
        try:
            if db is None:
                db = connect_to_read(self.path)
            yield db
        except sqlite3.Error as error:
            raise self._noted(explain(error, self.path)) from error
        except JournalDamaged as damage:  # found by a check of the whole file
            self._noted(damage)
            raise
        finally:
            if db is not None:
                self._give_back(db)

    def _noted(self, error: JournalError) -> JournalError:
        """Return *error*; who may write takes note of damage first."""
        return error

    def _give_back(self, db: sqlite3.Connection) -> None:
        if db.in_transaction:
            db.execute("ROLLBACK")
        with self._pool:
            keep = len(self._idle) < _MOST_IDLE
            if keep:
                self._idle.append(db)
        if not keep:
            db.close()
