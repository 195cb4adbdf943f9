"""What can go wrong with the journal, each as one sentence for a technician.

    JournalError
      JournalUnwritable     full disk, read-only disk, I/O error: nothing may be sold
        JournalDamaged      the file is damaged: the next start sets it aside
      JournalInUse          a second daemon
      JournalTooNew         written by a newer version of this software
      JournalKeyWrong       the key does not belong to this journal
    DecisionRefused         a person asked for what this entry's state does not allow
    NotQueued               an entry was about to be sent that is not waiting to be sent (any more)

A fact that contradicts the journal (a second entry with one key, more money taken than a session holds) is a
mistake of the program and raises ValueError. In each case nothing of that call is written.
"""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path


class JournalError(Exception):
    """The journal cannot do what it was asked for."""


class JournalUnwritable(JournalError):  # noqa: N818 - the name is the sentence
    """Nothing can be written down: the disk is full, read-only or failing."""


class JournalDamaged(JournalUnwritable):
    """The file's content is damaged."""


class JournalInUse(JournalError):  # noqa: N818 - the name is the sentence
    """Another daemon holds the journal."""


class JournalTooNew(JournalError):  # noqa: N818 - the name is the sentence
    """The journal was written by a newer version."""


class JournalKeyWrong(JournalError):  # noqa: N818 - the name is the sentence
    """The journal's rows were chained with another key."""


class DecisionRefused(Exception):  # noqa: N818 - it is an answer to a person
    """A person's decision does not fit the entry's state; nothing was changed."""


class NotQueued(ValueError):  # noqa: N818 - it is an answer to the sync engine
    """The entry is not waiting to be sent: a person or an answer settled it in the meantime."""


RESTART = " Restart terminald: it sets the file aside, keeps it for you, and goes on with a fresh one."


def damaged(path: Path, what: str) -> JournalDamaged:
    """Return the error for the journal at *path*, in which *what* was found."""
    return JournalDamaged(f"The journal {path} is damaged ({what}).{RESTART}")


def explain(error: sqlite3.Error | OSError, path: Path) -> JournalError:
    """Return the JournalError, with its sentence, that *error* means for the journal at *path*."""
    if isinstance(error, OSError):
        return JournalUnwritable(_of_system(error, path))
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(path, str(error))
    return JournalUnwritable(_of_sqlite(name, error, path))


def _of_sqlite(name: str, error: sqlite3.Error, path: Path) -> str:
    if name == "SQLITE_FULL":
        return f"The disk that holds the journal {path} is full: free some space; nothing is sold until then."
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return (
            f"The journal {path} is read-only ({error}): nothing is sold until it can be written. Check the "
            "disk (a failing card turns read-only) and the owner of the file."
        )
    if name == "SQLITE_CANTOPEN":
        return f"The journal {path} cannot be opened ({error}): check that it exists and who may read it."
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"Another program keeps the journal {path} locked: close it; nothing is sold until then."
    if name.startswith("SQLITE_CONSTRAINT"):
        return (
            f"The tables of the journal {path} are not those of its version ({error}), so another program has "
            "altered them: put a backup in its place, or the tables back. Nothing was changed."
        )
    return (
        f"The disk failed while the journal {path} was used ({name}: {error}): check the disk or the card; "
        "nothing is sold until it works."
    )


def _of_system(error: OSError, path: Path) -> str:
    what = error.strerror or str(error)
    if error.errno == errno.ENOSPC:
        return f"The disk that holds the journal {path} is full: free some space; nothing is sold until then."
    if error.errno == errno.ENOENT:
        return f"The directory of the journal {path} does not exist: create it, owned by the daemon's user."
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return (
            f"The journal {path} cannot be written ({what}): check that the disk is not read-only and that "
            "the daemon's user owns the directory."
        )
    return f"The disk failed while the journal {path} was used ({what}): check the disk or the card."
