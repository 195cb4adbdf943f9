"""Paying money back: the part of the job `topup` in which a hopper or changer gives coins out.

    COLLECTING or WAITING --cancel--> PAYING: count --mark--> pay --paid--> (count, ...) --> SHOWING

How that goes is payback.py's. What could not be paid is credited where the token is known, and waits for a
token where it is not; what nobody can tell is on the books for a person.
"""

from __future__ import annotations

from enum import Enum

from terminal.core import coins
from terminal.core.decision import Around, Decision, Ids, Wanted
from terminal.core.effects import CloseSlot, Notice, Screen, Show
from terminal.core.events import CoinInserted
from terminal.core.facts import EntryAdded, Fact
from terminal.core.job import Job
from terminal.core.payback import Payback, PayingState, PaysBack, Step
from terminal.core.policy import Asked, Room
from terminal.core.records import OpenPayout
from terminal.core.slip import Slip, at_once, payout_slip
from terminal.core.token import mask
from terminal.core.value import replace

_CREDITED = "Not everything could be paid back: the rest is credited to your token."
_WAITS = "Not everything could be paid back: present a token, and the rest is credited to it."
_DOUBT = "Nobody can tell whether everything came out. Please call the staff: it is written down."


class Phase(Enum):
    """Where a top-up is."""

    READY = "ready"
    WAITING = "coins wait for a token"
    CHECKING = "checking the wallet"
    COLLECTING = "collecting coins"
    PAYING = "paying money back"
    SHOWING = "showing the result"


class TopupState(PayingState, frozen=True):
    """One customer's journey so far.

    Attributes:
        purse: Coins that are in and not credited yet.
        room: What the wallet may still take; set while COLLECTING.
        until_ms: Monotonic milliseconds at which coins without a token become unclaimed.
        paying: Set while PAYING.
        slip: The receipt of the credit that is shown.
    """

    phase: Phase = Phase.READY
    screen: Screen = Screen(Notice.OUT_OF_ORDER, "Starting.")
    asked: Asked | None = None
    room: Room | None = None
    until_ms: int = 0
    slip: Slip | None = None

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
        """Whether money is being paid back; what comes in is on the books as it comes."""
        return self.phase is Phase.PAYING


Made = Decision[TopupState]


class Refunding(PaysBack[TopupState]):
    """The rules of paying back, for one terminal; topup.Topup has the others."""

    def __init__(self, job: Job, ids: Ids) -> None:
        self.job = job
        self.rules = job.topup
        self.ids = ids
        self._payback = Payback(job, ids)

    def refunds(self, state: TopupState, around: Around) -> bool:
        """Return whether there is something to pay back, and who pays it."""
        return state.purse is not None and bool(self._payback.payers(around))

    def refund(self, state: TopupState, around: Around) -> Made:
        """Begin to pay back what is in; the caller has seen that it `refunds`."""
        purse = state.purse
        if purse is None:
            return Decision(state)
        screen = Screen(Notice.RETURNING, token=_masked(state), amount=purse.amount)
        state = replace(state, phase=Phase.PAYING, screen=screen)
        return self._went(state, self._payback.begin(purse, around), around, (CloseSlot(), Show(screen)))

    def tell(self, state: TopupState, payout: OpenPayout, around: Around) -> Made:
        """Go on after a restart with a payout whose end nobody saw: its device may know."""
        screen = Screen(Notice.RETURNING, amount=payout.amount)
        state = replace(state, phase=Phase.PAYING, screen=screen)
        step = self._payback.tell(state.purse, payout, around)
        return self._went(state, step, around, (CloseSlot(), Show(screen)))

    def coin_while_paying(self, state: TopupState, event: CoinInserted, around: Around) -> Made:
        """A coin that was on its way when the slot closed: it is paid back, or kept, with the others."""
        purse, facts = coins.put(state.purse, event, _token(state), self.ids)
        return Decision(replace(state, purse=purse), facts)

    def _paid_back(self, state: TopupState, step: Step, around: Around) -> Made:
        """Show how it ended; where not all came back, a receipt says what became of the rest.

        What may have come out is before a person; what surely did not is credited, or waits for a token.
        """
        if step.doubtful:
            screen = Screen(Notice.UNKNOWN, _DOUBT, token=_masked(state), amount=step.paid)
        else:
            words = "" if state.purse is None else _CREDITED if _token(state) else _WAITS
            screen = Screen(Notice.RETURNED, words, token=_masked(state), amount=step.paid)
        state, more = self._rest(state, around)
        facts = (*step.facts, *more)
        added = [fact for fact in facts if isinstance(fact, EntryAdded)]
        paper, prints = at_once(self.job, payout_slip(self.job, added, step.paid, around))
        return self.showing(state, around, screen, facts, paper=paper, prints=prints)

    def _rest(self, state: TopupState, around: Around) -> tuple[TopupState, tuple[Fact, ...]]:
        """Credit what is left in the purse, or let it wait for a token."""
        token, purse = _token(state), state.purse
        if purse is None:
            return state, ()
        if token is not None:
            return replace(state, purse=None), coins.credit(self.job, purse, token, self.ids.key())
        until_ms = around.now.mono_ms + self.rules.window_s * 1000
        return replace(state, asked=None, until_ms=until_ms), ()

    # -- what the job has ------------------------------------------------------------------------------

    def showing(
        self,
        state: TopupState,
        around: Around,
        screen: Screen,
        facts: tuple[Fact, ...] = (),
        *,
        paper: Slip | None = None,
        prints: tuple[Wanted, ...] = (),
    ) -> Made:
        """Show how it ended, for a while; *paper* is the receipt that its guest may have."""
        wake_ms = around.now.mono_ms + self.rules.show_s * 1000
        showing = replace(state, phase=Phase.SHOWING, screen=screen, wake_ms=wake_ms, slip=paper)
        return Decision(showing, facts, (CloseSlot(), Show(screen)), prints)


def _token(state: TopupState) -> str | None:
    if state.purse and state.purse.token:
        return state.purse.token
    return state.asked.token if state.asked else None


def _masked(state: TopupState) -> str | None:
    token = _token(state)
    return mask(token) if token else None
