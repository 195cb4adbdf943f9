"""Where a sale is: the state of the job `vending`, between two events. No rules."""

from __future__ import annotations

from enum import Enum

from terminal.core.catalogue import Product
from terminal.core.effects import Notice, Screen
from terminal.core.machine import VendRequested
from terminal.core.policy import Allowed, Asked
from terminal.core.token import mask
from terminal.core.value import Value


class Phase(Enum):
    """Where a sale is."""

    READY = "ready"
    WAITING = "waiting for a token"
    CHECKING = "checking the wallet"
    CHOOSING = "choosing"
    CHARGING = "charging"
    RELEASING = "releasing"
    SHOWING = "showing the result"


class Sale(Value, frozen=True):
    """A decided sale: its debit's key, and the pieces given out so far."""

    key: str
    pieces: tuple[Product, ...]
    allowed: Allowed
    given: int = 0
    charged: bool = False  # the debit was attempted before the release (authorize = "charge")
    confirmed: bool = False  # ... and the server has booked it

    @property
    def release(self) -> str:
        """Id of the release under way: key and index of the piece, so that a restart knows what was given."""
        return f"{self.key}/{self.given}"


class VendingState(Value, frozen=True):
    """One customer's journey so far.

    What only a machine that asks for payment needs (core.asking):

    Attributes:
        request: What the machine asks for, or is giving out; None: nothing, or it takes it back.
        session: A session was begun at the machine.
        filled: Cash that was credited in this session, in cents.
    """

    phase: Phase = Phase.READY
    screen: Screen = Screen(Notice.OUT_OF_ORDER, "Starting.")
    wake_ms: int | None = None
    asked: Asked | None = None
    basket: tuple[Product, ...] = ()
    sale: Sale | None = None
    request: VendRequested | None = None
    session: bool = False
    filled: int = 0

    @property
    def phase_name(self) -> str:
        """The phase, for people."""
        return self.phase.value

    @property
    def idle(self) -> bool:
        """Whether nobody is at the machine."""
        return self.phase is Phase.READY

    @property
    def under_way(self) -> bool:
        """Whether a sale is being charged or given out."""
        return self.phase in (Phase.CHARGING, Phase.RELEASING)


def masked(state: VendingState) -> str | None:
    """Return the customer's token as it may be shown."""
    return mask(state.asked.token) if state.asked else None


def known_balance(state: VendingState) -> tuple[int | None, int | None]:
    """Return what is known of the balance and its age, for a screen."""
    asked = state.asked
    if asked is None:
        return None, None
    if asked.balance is not None:
        return asked.balance - asked.exposure.token_debits, 0
    return (asked.cached.balance, asked.cached.age_ms) if asked.cached else (None, None)
