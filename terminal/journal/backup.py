"""Online backups: a whole, checked copy in one file, while the terminal sells; older ones move up by one."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from terminal.journal.boot import beside, look_over
from terminal.journal.errors import JournalError

_PAGES = 500  # between two calls of progress
_FILE_MODE = 0o640

Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is."""


def backup(source: sqlite3.Connection, path: Path, progress: Progress, keep: int) -> None:
    """Copy what *source* sees at this moment to *path*, and keep *keep* copies in all (path.1: the one before).

    Raises:
        JournalError: The copy could not be written; older copies are untouched.
    """
    part = beside(path, ".part")
    try:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()  # what a power cut left of the one before
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE))
        try:
            _copy(source, part, progress)
            _rotate(path, keep)
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise JournalError(
            f"The backup {path} was not made ({error}): check its directory and the room on that disk. The "
            "journal itself is well, and older backups are kept."
        ) from error


def _copy(source: sqlite3.Connection, part: Path, progress: Progress) -> None:
    # Within one read transaction, so that what is written meanwhile does not start the copy anew.
    source.execute("BEGIN")
    source.execute("SELECT 1 FROM meta LIMIT 1").fetchall()
    target = sqlite3.connect(part, isolation_level=None)
    try:
        source.backup(target, pages=_PAGES, progress=lambda _, left, total: progress(total - left, total))
        # One file that can be read from a read-only medium: no log beside it.
        target.execute("PRAGMA journal_mode = DELETE")
        look_over(target, part)
    finally:
        target.close()
        source.execute("ROLLBACK")


def _rotate(path: Path, keep: int) -> None:
    names = [path, *(beside(path, f".{number}") for number in range(1, max(1, keep)))]
    for older, newer in zip(reversed(names), [*reversed(names[:-1])], strict=False):
        if newer.exists():
            newer.replace(older)
