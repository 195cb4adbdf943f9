"""What the journal wants now and then, off the path of every sale: checkpoints and backups."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from terminal.core.stamp import Stamp
from terminal.journal.errors import JournalError

_LOG = logging.getLogger(__name__)

LOOK_S = 30
BACKUP_S = 24 * 3600
"""Seconds between looks at the journal, and between backups."""


class Maintained(Protocol):
    """What maintenance needs of the journal."""

    def maintain(self) -> None:
        """Bring the write-ahead log into the file if it has grown."""

    def backup(self, path: Path) -> None:
        """Copy the journal while it is used."""


class Maintenance:
    """Looks after the journal from a thread of its own.

    Args:
        journal: The journal.
        backups: Folder for backups; None: none are made.
        keep: How many backups are kept.
        now: Reads the clock.
    """

    def __init__(self, journal: Maintained, backups: Path | None, keep: int, now: Callable[[], Stamp]) -> None:
        self._journal = journal
        self._backups = backups
        self._keep = keep
        self._now = now
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a backup under way is given up."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_S):
            try:
                self._journal.maintain()
            except JournalError as error:
                _LOG.warning("the journal could not be looked after: %s", error)
