"""What happens before a journal is used: the lock, the look at its health, and setting a damaged one aside."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
from pathlib import Path

from terminal.journal.errors import JournalInUse, damaged, explain

_LOG = logging.getLogger(__name__)

RESERVE = 10_000
"""Numbers that are reserved ahead in the file beside the journal, so that writing it is rare."""

_FILE_MODE = 0o640  # the group's technicians may read
_SMALL = 16 * 1024 * 1024  # bytes that are checked in a tenth of a second
_BEYOND_ALL = 1_000_000_000  # numbers; no journal ever holds so many facts


class Lock:
    """The exclusive right to write the journal at *path*: an advisory lock that ends with the process."""

    def __init__(self, path: Path) -> None:
        name = beside(path, ".lock")
        try:
            self._fd = os.open(name, os.O_RDWR | os.O_CREAT, _FILE_MODE)
        except OSError as error:
            raise explain(error, path) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._fd, 32, 0).decode(errors="replace").strip()
            os.close(self._fd)
            process = f" (process {holder})" if holder.isdecimal() else ""
            raise JournalInUse(
                f"The journal {path} is in use by another terminald{process}: stop that one first, or give "
                "this one a journal of its own."
            ) from None
        try:
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            self.release()
            raise explain(error, path) from error

    def release(self) -> None:
        """Let another process have it."""
        os.close(self._fd)


def in_use(path: Path) -> bool:
    """Return whether another process has the lock of the journal at *path*; False where that cannot be seen."""
    try:
        fd = os.open(beside(path, ".lock"), os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def beside(path: Path, suffix: str) -> Path:
    """Return the path of a file that belongs to the journal at *path*."""
    return path.with_name(path.name + suffix)


def create(path: Path) -> None:
    """Make an empty file, with its permissions, where there is none; SQLite's own files take them over."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, _FILE_MODE)
    except OSError as error:
        raise explain(error, path) from error
    try:
        if os.fstat(fd).st_size == 0:
            os.fchmod(fd, _FILE_MODE)
    finally:
        os.close(fd)


def checked_now(path: Path) -> bool:
    """Whether the file is to be checked before it is used.

    A start after a power cut or a kill (its log was left behind) checks it, and so does every start with a
    small file, and one after damage was met. A large file after a clean stop is checked by `Journal.maintain`
    while the terminal sells.
    """
    if _mark(path).exists():
        return True
    wal = beside(path, "-wal")
    left_behind = wal.exists() and wal.stat().st_size > 0
    return left_behind or path.stat().st_size <= _SMALL


def look_over(db: sqlite3.Connection, path: Path) -> None:
    """Let SQLite check every page of the file; raise JournalDamaged for what it finds."""
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise damaged(path, " ".join(str(found).split()))


def suspect(path: Path) -> None:
    """Note that the journal at *path* is damaged: it is checked at each start until it is whole again.

    A stop would hide it else, for a start after a clean one trusts a large file. Where the disk refuses even
    that, the log says so: after a power cut or a kill it is checked in any case.
    """
    try:
        if not _mark(path).exists():
            write_durably(_mark(path), "damage was met: this journal is checked before it is used\n")
    except OSError as error:
        words = "the journal %s is damaged, and that cannot be noted (%s): the next start may overlook it"
        _LOG.critical(words, path, error.strerror)


def trust(path: Path) -> None:
    """Forget that the journal at *path* was damaged: what lies there now is whole."""
    with contextlib.suppress(OSError):  # one check too many harms nobody
        _mark(path).unlink(missing_ok=True)


def _mark(path: Path) -> Path:
    return beside(path, ".check")


def set_aside(path: Path) -> Path:
    """Rename the damaged journal at *path* with all that belongs to it, and return its new name."""
    number = 1
    while beside(path, f".damaged-{number}").exists():
        number += 1
    kept = beside(path, f".damaged-{number}")
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            beside(path, suffix).rename(beside(kept, suffix))
    return kept


# -- the sequence outlives the file --------------------------------------------------------------------


def reserved(path: Path) -> int | None:
    """Return a number that no fact of the journal at *path* has passed; None if that is not known."""
    try:
        return int(beside(path, ".seq").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def reserve(path: Path, seq: int) -> None:
    """Note, durably, that numbers up to *seq* may be in use."""
    write_durably(beside(path, ".seq"), f"{seq}\n")


def write_durably(name: Path, text: str) -> None:
    """Put *text* into the file *name*, durably, whole or not at all."""
    fresh = beside(name, ".new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
    try:
        os.write(fd, text.encode())
        os.fsync(fd)
    finally:
        os.close(fd)
    fresh.rename(name)
    directory = os.open(name.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def base_of_fresh(path: Path) -> int:
    """Return the number after which a fresh journal at *path* begins.

    Numbers up to the reserved one may be in use, and no others. Where that note is lost, the fresh one begins
    beyond every number that the files set aside so far can hold.
    """
    noted = reserved(path)
    if noted is not None:
        return noted
    aside = sum(1 for name in path.parent.glob(f"{path.name}.damaged-*") if name.suffix[-1:].isdecimal())
    return aside * _BEYOND_ALL
