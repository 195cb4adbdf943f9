"""What the journal wants now and then, off the path of every sale: checkpoints and backups."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from terminal.daemon.rounds import Rounds
from terminal.journal.errors import JournalError

_LOG = logging.getLogger(__name__)

LOOK_S = 30
"""Seconds between looks at the journal."""

LOOKS_PER_BACKUP = 24 * 3600 // LOOK_S
"""A backup soon after each start, and then once a day."""


class Maintained(Protocol):
    """What maintenance needs of the journal."""

    def maintain(self) -> None:
        """Bring the write-ahead log into the file if it has grown."""

    def backup(self, path: Path, *, keep: int) -> None:
        """Copy the journal while it is used; *keep* earlier copies stay."""


class Maintenance:
    """Looks after the journal from a thread of its own.

    Args:
        journal: The journal.
        backups: Folder for backups.
        keep: How many backups are kept; 0: none are made.
    """

    def __init__(self, journal: Maintained, backups: Path, keep: int) -> None:
        self._journal = journal
        self._backups = backups
        self._keep = keep
        self._troubles: dict[str, str] = {}
        self._looks = 0
        self._rounds = Rounds(
            "maintenance", "the upkeep of the journal", self._look,
            retry_s=(LOOK_S, LOOK_S), pause_s=LOOK_S, leave_s=10,
        )  # fmt: skip

    @property
    def troubles(self) -> tuple[str, ...]:
        """One sentence for everything that could not be done the last time."""
        return tuple(self._troubles.values())

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    def stop(self) -> None:
        """End."""
        self._rounds.stop()

    def _look(self) -> float:
        self._guarded(self._journal.maintain, "looked after")
        self._looks += 1
        if self._keep and self._looks % LOOKS_PER_BACKUP == 1:
            self._guarded(self._backup, "backed up")
        return LOOK_S

    def _backup(self) -> None:
        self._backups.mkdir(parents=True, exist_ok=True)
        self._journal.backup(self._backups / "journal.db", keep=self._keep)

    def _guarded(self, do: Callable[[], None], what: str) -> None:
        try:
            do()
        except (JournalError, OSError) as error:
            self._failed(what, (error.strerror if isinstance(error, OSError) else None) or str(error))
        except Exception as error:  # noqa: BLE001 - the boundary of a thread: the next look is tried all the same
            _LOG.exception("the upkeep of the journal failed in a way that was not foreseen")
            self._failed(what, f"unforeseen ({type(error).__name__}); please report this")
        else:
            self._troubles = {known: words for known, words in self._troubles.items() if known != what}

    def _failed(self, what: str, why: str) -> None:
        words = f"The journal could not be {what}: {why}"
        if self._troubles.get(what) != words:
            _LOG.warning("%s", words)
        # A new one each time: other threads read it.
        self._troubles = {**self._troubles, what: words}
