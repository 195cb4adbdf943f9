"""What the journal gives back beside terminal.core.records: for technicians, as frozen rows."""

from __future__ import annotations

from terminal.core.facts import EntryState
from terminal.core.records import Entry, OpenRelease, OpenSession
from terminal.core.stamp import Stamp
from terminal.core.value import Value

__all__ = ["Books", "Entry", "OpenRelease", "OpenSession", "Story", "StoryEvent"]


class Story(Value, frozen=True):
    """Everything the journal knows of one entry, in order, for a technician."""

    entry: Entry
    events: tuple[StoryEvent, ...]


class StoryEvent(Value, frozen=True):
    """One line of a Story: *what* happened (attempt, release, decision, ...), *how* it ended, whose *words*."""

    at: Stamp
    what: str
    how: str
    words: str


class Books(Value, frozen=True):
    """The sums of I2, in cents, over the whole journal.

    accepted = credited + spent + returned + held + written_off, and every coin is in exactly one of them.
    Unclaimed money (in an UNCLAIMED entry that no person has settled) is part of *held*.
    """

    accepted: int
    credited: int
    spent: int
    returned: int
    held: int
    written_off: int
    debits: dict[EntryState, int]
    credits: dict[EntryState, int]

    @property
    def missing(self) -> int:
        """Cents that were accepted and are nowhere, or negative: came from nowhere. 0, or the journal lies."""
        found = self.credited + self.spent + self.returned + self.held + self.written_off
        return self.accepted - found
