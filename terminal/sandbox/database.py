"""A file of the sandbox's state: SQLite, one writer. Several of these may stand on one file."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PATIENCE_S = 60.0
"""How long one of several waits for the file."""


class Database:
    """A SQLite file, or one in memory. Any thread may call; one at a time is served.

    Args:
        path: The file, or ``:memory:``.
        schema: Statements that make what is not there yet.
    """

    def __init__(self, path: str | Path, schema: str) -> None:
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=_PATIENCE_S)
        self._lock = threading.RLock()
        self._db.executescript(
            f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; {schema}"
        )

    def close(self) -> None:
        """Close the file; a request under way finishes first."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together, or not at all."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what *query* finds."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def row(self, query: str, *values: object) -> tuple[Any, ...] | None:
        """Return the first row that *query* finds."""
        with self._lock:
            found: tuple[Any, ...] | None = self._db.execute(query, values).fetchone()
            return found

    def change(self, statement: str, *values: object) -> sqlite3.Cursor:
        """Change something, committed with the transaction around it, or by itself."""
        with self.transaction():
            return self._db.execute(statement, values)
