"""What the terminal remembers between two events, and small steps on it that several rules take."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from terminal.core import noise, printing
from terminal.core.cashbox import Levels
from terminal.core.catalogue import Product
from terminal.core.decision import Around, Decision, JobState
from terminal.core.effects import Screen, Show
from terminal.core.events import (
    CashStepTold,
    CatalogueRead,
    DeviceChanged,
    Event,
    Health,
    JournalFailed,
    JournalRecovered,
    StopAsked,
)
from terminal.core.facts import BoxEmptied, Fact
from terminal.core.machine import MachineEnabled
from terminal.core.printing import Queue
from terminal.core.stamp import Stamp
from terminal.core.trial import Trial
from terminal.core.value import Value, replace

PASSING_MS = 4_000
"""How long something is shown that is no part of what the job does; then the job's own screen is back."""


class Card(Value, frozen=True):
    """A token on a reader. *gone_ms*: monotonic milliseconds at which it was taken away; None while it lies."""

    uid: str
    gone_ms: int | None = None


class Pairing(Value, frozen=True):
    """A technician pairs a token; it ends at *until_ms*."""

    code: str
    until_ms: int
    token: str | None = None


class Again(Value, frozen=True):
    """What became of a request for copies: *words* say why there are none; empty if they are printed."""

    ticket: str
    words: str = ""


class Reported(Value, frozen=True):
    """What became of a request for a report: *words* say why there is none; empty if it is made."""

    ticket: str
    words: str = ""


class TerminalState(Value, frozen=True):
    """All that the terminal remembers between two events (the rest is in the journal).

    Attributes:
        screen: What the job shows.
        prints: What is to be printed.
        again: The answer to whoever asked last for something to be printed again.
        reported: The answer to whoever asked last for a report.
        closed: Number of the last Z report since the start; 0: there was none.
        trial: The last trial that a technician asked for.
        boxes: What is in the cash boxes; *full* are the acceptors whose box takes no more.
        emptied: The last emptying of one.
        passing_ms: Until when something else is shown over *screen*; None: nothing is.
        enabled: Vending machines that want to sell by card at the moment.
        cash_step: What the server said last that cash is rounded to, in cents.
        storms: What acceptors reported lately that is no coin, as far as it was not written down one by one.
    """

    job: JobState
    screen: Screen
    products: tuple[Product, ...] = ()
    health: Mapping[str, Health] = msgspec.field(default_factory=dict)
    cards: Mapping[str, Card] = msgspec.field(default_factory=dict)
    pairing: Pairing | None = None
    prints: Queue = Queue()
    again: Again | None = None
    reported: Reported | None = None
    closed: int = 0
    trial: Trial | None = None
    boxes: Levels = msgspec.field(default_factory=dict)
    full: frozenset[str] = frozenset()
    emptied: BoxEmptied | None = None
    passing_ms: int | None = None
    broken: str = ""
    stopping: bool = False
    enabled: frozenset[str] = frozenset()
    cash_step: int = 0
    storms: noise.Windows = msgspec.field(default_factory=dict)

    @property
    def wake_ms(self) -> int | None:
        """Monotonic milliseconds at which TimePassed is wanted; None: never."""
        pairing_ms = self.pairing.until_ms if self.pairing else None
        taking_ms = self.trial.until_ms if self.trial else None
        moments = (self.job.wake_ms, pairing_ms, taking_ms, self.passing_ms, self.printing_ms, self.storm_ms)
        return min((ms for ms in moments if ms is not None), default=None)

    @property
    def printing_ms(self) -> int | None:
        """Monotonic milliseconds at which the printing is to be seen to; None: never."""
        return None if self.broken else printing.wake_ms(self.prints, self.health, stopping=self.stopping)

    @property
    def storm_ms(self) -> int | None:
        """Monotonic milliseconds at which a count of noise is to be written; None: never."""
        return None if self.broken else noise.due_ms(self.storms)


Made = Decision[TerminalState]


def around(state: TerminalState, now: Stamp) -> Around:
    """Return what a job is given beside the event."""
    return Around(
        now,
        state.products,
        state.health,
        state.broken,
        state.stopping,
        enabled=state.enabled,
        full=state.full,
        unprinted=printing.waiting_tickets(state.prints),
        cash_step=state.cash_step,
    )


def passing(state: TerminalState, screen: Screen, now: Stamp, facts: tuple[Fact, ...] = ()) -> Made:
    """Show *screen* for a while, over what the job shows."""
    return Decision(replace(state, passing_ms=now.mono_ms + PASSING_MS), facts, (Show(screen),))


def printed(state: TerminalState, made: Decision[Queue]) -> Made:
    """Take what the print queue has decided."""
    return Decision(replace(state, prints=made.state), made.facts, made.effects)


def counted(state: TerminalState, heard: noise.Heard) -> Made:
    """Take what follows from noise of acceptors."""
    return Decision(replace(state, storms=heard.windows), heard.facts)


def then(made: Made, more: Made) -> Made:
    """Return two decisions, of which the second was made on the state of the first, as one."""
    return Decision(more.state, (*made.facts, *more.facts), (*made.effects, *more.effects))


def noted(state: TerminalState, event: Event) -> TerminalState:
    """Return the state with what *event* says of the terminal itself."""
    match event:
        case DeviceChanged():
            prints = printing.heard(state.prints, event, state.health.get(event.name))
            return replace(state, health={**state.health, event.name: event.health}, prints=prints)
        case MachineEnabled(machine=name):
            others = state.enabled - {name}
            return replace(state, enabled=others | {name} if event.enabled else others)
        case CatalogueRead():
            return replace(state, products=event.products)
        case CashStepTold(step=step):
            return replace(state, cash_step=step)
        case JournalFailed():
            return replace(state, broken=event.words)
        case JournalRecovered():
            return replace(state, broken="")
        case StopAsked():
            return replace(state, stopping=True)
        case _:
            return state
