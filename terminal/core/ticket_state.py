"""Where a sale of tickets is: the state of the job `tickets`, between two events. No rules."""

from __future__ import annotations

from enum import Enum

from terminal.core.card import UnderWay
from terminal.core.catalogue import Product
from terminal.core.decision import Decision
from terminal.core.effects import Notice, Screen
from terminal.core.payback import PayingState
from terminal.core.policy import Allowed, Asked
from terminal.core.slip import Slip
from terminal.core.ticket_basket import Pick
from terminal.core.ticket_rules import Way
from terminal.core.tickets import Purchase
from terminal.core.value import Value


class Phase(Enum):
    """Where a sale of tickets is."""

    READY = "ready"
    CHOOSING = "choosing"
    PAYING = "paying"
    CHECKING = "checking the wallet"
    CHARGING = "charging"
    CARD = "paying by card"
    RETURNING = "giving money back"
    CREDITING = "money waits for a token"
    SHOWING = "showing the result"


class Share(Value, frozen=True):
    """What a wallet pays of the sale. *debit* is the key of its debit, if that was written down already."""

    token: str
    amount: int
    allowed: Allowed
    debit: str = ""


class Answered(Value, frozen=True):
    """What became of what a person asked: *words* say why not; empty if it was done."""

    ticket: str
    words: str = ""


class TicketState(PayingState, frozen=True):
    """One guest's journey so far.

    Attributes:
        picks: What was chosen.
        products: What is sold, with the prices that hold for this sale, from `confirm` on.
        step: What its cash is rounded to, in cents, from then on; 0: it is not.
        purchase: The codes of the sale, drawn before anything is paid.
        purse: Coins that are in, and neither spent nor given back.
        asked: A token that is being looked up.
        share: What a wallet pays.
        card: A payment under way at the card terminal, in CARD.
        staff: UID of the staff's token, if one was presented.
        notes: What the staff had to say.
        paying: A payout under way, in RETURNING.
        ways: What may still become of the money in *purse*.
        after: The screen of how it ended, shown when all money is where it belongs.
        slip: The receipt of the sale that is shown.
        answer: The last answer to a person.
    """

    phase: Phase = Phase.READY
    screen: Screen = Screen(Notice.OUT_OF_ORDER, "Starting.")
    picks: tuple[Pick, ...] = ()
    products: tuple[Product, ...] = ()
    step: int = 0
    purchase: Purchase | None = None
    asked: Asked | None = None
    share: Share | None = None
    card: UnderWay | None = None
    staff: str = ""
    notes: str = ""
    ways: tuple[Way, ...] = ()
    after: Screen | None = None
    slip: Slip | None = None
    answer: Answered | None = None

    @property
    def phase_name(self) -> str:
        """The phase, for people."""
        return self.phase.value

    @property
    def idle(self) -> bool:
        """Whether nobody is at the machine, and nobody's coins are."""
        return self.phase is Phase.READY

    @property
    def under_way(self) -> bool:
        """Whether something is being charged or paid back; what comes in is on the books as it comes."""
        return self.phase in (Phase.CHARGING, Phase.CARD, Phase.RETURNING)

    @property
    def held(self) -> int:
        """Cents in the machine that are the guest's."""
        return self.purse.amount if self.purse else 0


Made = Decision[TicketState]
