"""The key of the chain: a small file that only the daemon may read."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from terminal.journal.errors import JournalError

_SIZE = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def load_or_create_key(path: Path) -> bytes:
    """Return the key in the file at *path*; where there is none, one is made (32 random bytes, mode 0600).

    Raises:
        JournalError: Others may read it, it is no key, or it cannot be read or made.
    """
    if not path.exists():
        try:
            _create(path)
        except OSError as error:
            raise JournalError(
                f"The journal's key {path} cannot be made ({error.strerror}): check the directory and "
                "the room on the disk."
            ) from error
    return _load(path)


def _create(path: Path) -> None:
    """Make the key whole before it has its name: a power cut leaves no half one; and never replace one."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(fd, os.urandom(_SIZE))
        os.fsync(fd)
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        os.close(fd)
        fresh.unlink()


def _load(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            key = file.read(_SIZE + 1)
    except OSError as error:
        raise JournalError(
            f"The journal's key {path} cannot be read ({error.strerror}): it must belong to the daemon's user."
        ) from error
    if mode & _OTHERS:
        raise JournalError(
            f"The journal's key {path} can be read by others (mode {mode:04o}): set it to 0600 (chmod 600), "
            "and think about who may have read it."
        )
    if len(key) != _SIZE:
        raise JournalError(
            f"The journal's key {path} is no key: {_SIZE} bytes are expected. Put the right file there from a "
            "backup; with another key the journal cannot be verified."
        )
    return key
