"""What the engine needs of the rest of the terminal, and no more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from terminal.core.delivery import Answer
from terminal.core.facts import EntryKind, Fact
from terminal.core.payload import Booked
from terminal.core.records import Entry
from terminal.core.stamp import Stamp


class Clock(Protocol):
    """Reads this moment."""

    def now(self) -> Stamp:
        """Return it."""


class Ledger(Protocol):
    """The part of the journal that the engine uses. Each method may raise JournalError."""

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        """Write *facts* in one transaction. NotQueued if an AttemptStarted is of an entry that must not go."""

    def entry(self, key: str) -> Entry | None:
        """Return the entry with this key."""

    def pending_lanes(self) -> list[str]:
        """Return the lanes that have queued entries, the oldest first."""

    def next_in_lane(self, lane: str) -> Entry | None:
        """Return the lane's oldest queued entry; None if there is none, or if the lane's head is held."""

    def sending(self) -> list[Entry]:
        """Return the entries whose last attempt has no end."""

    def doubtful(self, backend: str) -> list[Entry]:
        """Return the entries of *backend* that are being sent, or that it may have booked, or may book yet."""


Told = Callable[[Answer], None]
Settled = Callable[[str, Answer], None]
Wait = Callable[[threading.Condition, float | None], object]
"""Waits on a condition, whose lock the caller holds, for so many seconds at most (None: for ever)."""


def may_have_record(entry: Entry) -> bool:
    """Return whether the journal may record what *entry* books with another server: see journal.recording."""
    return isinstance(entry.payload, Booked) or entry.kind is EntryKind.REFUND


def lane_of(entry: Entry) -> str:
    """Return the entry's lane: entries of one token go out in order."""
    return entry.token or entry.key
