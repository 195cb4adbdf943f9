"""Connections to the journal's file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

_PATIENCE_S = 2.0  # for a technician's program that holds the file
PAGE_SIZE = 1024
"""Bytes. A commit writes whole pages and a fact is small: small pages spare the card."""


def connect_to_write(path: Path) -> sqlite3.Connection:
    """Return the connection of the one writer; it never checkpoints by itself, see Journal.maintain."""
    db = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
    try:
        db.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA wal_autocheckpoint = 0")
    except sqlite3.Error:
        db.close()
        raise
    return db


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Return a read-only connection, for use by one thread at a time.

    A journal that is not in use and lies in a directory that its reader may not write has no shared memory
    file, and none can be made: then nobody writes, and it is read as it lies there.
    """
    uri = path.absolute().as_uri()
    for options in ("mode=ro", "mode=ro&immutable=1"):
        db = sqlite3.connect(f"{uri}?{options}", uri=True, isolation_level=None, check_same_thread=False)
        try:
            db.execute("PRAGMA cache_size = -512")
            db.execute("SELECT 1 FROM sqlite_schema LIMIT 1")
        except sqlite3.OperationalError as error:
            db.close()
            no_memory = error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY"))
            in_use = path.with_name(f"{path.name}-wal").exists() or not path.exists()
            if not no_memory or in_use or "immutable" in options:
                raise
        except sqlite3.Error:
            db.close()
            raise
        else:
            return db
    raise AssertionError  # pragma: no cover - the last round returns or raises
