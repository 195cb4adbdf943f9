"""What the journal gives back beside terminal.core.records: for technicians, as frozen rows."""

from __future__ import annotations

from enum import Enum

import msgspec

from terminal.core.facts import EntryState
from terminal.core.records import Entry, OpenRelease, OpenSession
from terminal.core.stamp import Stamp
from terminal.core.value import Value

__all__ = ["Books", "Entry", "OnPaper", "OpenRelease", "OpenSession", "Paper", "Story", "StoryEvent"]


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


class OnPaper(Enum):
    """How far a document is that should be on paper."""

    PRINTING = "being printed"
    DONE = "on paper"
    WAITING = "waiting for a printer"
    GIVEN_UP = "given up"


class Paper(Value, frozen=True):
    """What has become of one document.

    Attributes:
        name: What it is called: ``KEY/ticket-2``.
        state: How far its last try is.
        copy: Which copy that is; 0: the original.
        printed: How often it is surely on paper.
        words: Why it waits or was given up.
    """

    name: str
    state: OnPaper
    copy: int
    printed: int
    words: str


class Books(Value, frozen=True):
    """The sums of I2, in cents, over the whole journal.

    accepted = credited + spent + returned + held + written_off, and every coin is in exactly one of them.
    Unclaimed money (in an UNCLAIMED entry that no person has settled) is part of *held*. *sales* are those of
    tickets, however they were paid: *spent* is what coins paid of them, and what was kept beyond.
    """

    accepted: int
    credited: int
    spent: int
    returned: int
    held: int
    written_off: int
    debits: dict[EntryState, int]
    credits: dict[EntryState, int]
    sales: dict[EntryState, int] = msgspec.field(default_factory=lambda: dict.fromkeys(EntryState, 0))

    @property
    def missing(self) -> int:
        """Cents that were accepted and are nowhere, or negative: came from nowhere. 0, or the journal lies."""
        found = self.credited + self.spent + self.returned + self.held + self.written_off
        return self.accepted - found
