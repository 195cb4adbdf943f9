"""What a decision is made of, and what every job is given beside the event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

import msgspec

from terminal.core.catalogue import Product
from terminal.core.effects import Effect, Screen
from terminal.core.events import Health
from terminal.core.facts import Fact
from terminal.core.paper import Document
from terminal.core.stamp import Stamp
from terminal.core.value import Value

S = TypeVar("S")


class Ids(Protocol):
    """Where new names come from: random in the daemon, seeded in a simulation."""

    def key(self) -> str:
        """Return a new idempotency key."""

    def id(self) -> str:
        """Return a new name for something that stays inside the terminal."""


class Wanted(Value, frozen=True):
    """A document that somebody wants on paper.

    Attributes:
        name: ``KEY/receipt``; the same name is the same document for ever.
        key: The entry that explains it.
        document: Without any mark of a copy.
        after: The last try that is known of it: then it becomes a copy.
        by: Who asked for a copy, if it was no guest.
    """

    name: str
    key: str
    document: Document
    after: str = ""
    by: str = ""


class Decision(Value, Generic[S], frozen=True):
    """What follows from an event: the next state, facts to commit first, effects to perform then.

    *prints* is what a job wants on paper: the terminal makes facts and effects of it (core/printing.py).
    """

    state: S
    facts: tuple[Fact, ...] = ()
    effects: tuple[Effect, ...] = ()
    prints: tuple[Wanted, ...] = ()


class Around(Value, frozen=True):
    """The terminal around a job at the moment of decision.

    Attributes:
        now: The moment.
        products: What is sold, as last known; empty if that was never known.
        health: Health of each device, by its name; a device not named was not heard of yet.
        broken: Why nothing may be sold at all (the journal cannot be written); empty if it can.
        stopping: The daemon is about to stop.
        full: Acceptors whose cash box takes no more.
        enabled: Vending machines that want to sell by card at the moment.
        unprinted: How many tickets that were sold are not on paper yet.
        cash_step: What the server says that cash is rounded to, in cents; 0: nothing is.
    """

    now: Stamp
    products: tuple[Product, ...] = ()
    health: Mapping[str, Health] = msgspec.field(default_factory=dict)
    broken: str = ""
    stopping: bool = False
    enabled: frozenset[str] = frozenset()
    full: frozenset[str] = frozenset()
    unprinted: int = 0
    cash_step: int = 0

    def works(self, device: str) -> bool:
        """Return whether a device can be used."""
        return self.health.get(device) in (Health.OK, Health.DEGRADED)


class JobState(Protocol):
    """What the terminal needs to know of any job's state."""

    @property
    def phase_name(self) -> str:
        """The phase, for people."""

    @property
    def under_way(self) -> bool:
        """Whether something is being charged or given out: a stop waits for that."""

    @property
    def idle(self) -> bool:
        """Whether nobody is at the machine, and nobody's coins are."""

    @property
    def wake_ms(self) -> int | None:
        """Monotonic milliseconds at which TimePassed is wanted; None: never."""

    @property
    def screen(self) -> Screen:
        """What is shown."""
