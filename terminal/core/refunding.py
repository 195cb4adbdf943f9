"""Paying money back: the part of the job `topup` in which a hopper or changer gives coins out.

    COLLECTING or WAITING --cancel--> PAYING: count --mark--> pay --paid--> (count, ...) --> SHOWING

Each device is asked how far it has counted, that mark becomes durable with the intent, and only then it pays:
so that after a power cut of either side its own counters tell what came out. A payout is never repeated (I4).
What could not be paid is credited where the token is known, and waits for a token where it is not; what nobody
can tell is on the books for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from terminal.core import coins
from terminal.core.coins import Purse
from terminal.core.decision import Around, Decision, Ids, Wanted
from terminal.core.effects import CloseSlot, CountPayout, Effect, Notice, PayOut, Screen, Show, TellPayout
from terminal.core.events import CoinInserted, DeviceChanged, Ended, PayoutCounted, PayoutEnded, TimePassed
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAdded,
    Fact,
    PayoutIntended,
    PayoutSettled,
    SessionClosed,
)
from terminal.core.job import Job
from terminal.core.policy import Asked, Room
from terminal.core.records import OpenPayout
from terminal.core.slip import Slip, at_once, payout_slip
from terminal.core.token import mask
from terminal.core.value import Value, replace

COUNT_MS = 10_000
"""How long a device may take to say how far it has counted."""

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


class Paying(Value, frozen=True):
    """Money on its way back.

    Attributes:
        payout: Id of the payout under way.
        device: Who pays.
        later: Who is tried after that.
        ordered: Cents that were ordered of it; 0 while it says how far it has counted.
        mark: How far that is.
        paid: What came out so far, in cents.
        told: It was ordered before a restart: its end is told, and nothing more is paid to who may have left.
    """

    payout: str
    device: str
    later: tuple[str, ...]
    ordered: int = 0
    mark: str = ""
    paid: int = 0
    told: bool = False


class TopupState(Value, frozen=True):
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
    wake_ms: int | None = None
    asked: Asked | None = None
    purse: Purse | None = None
    room: Room | None = None
    until_ms: int = 0
    paying: Paying | None = None
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


class Refunding:
    """The rules of paying back, for one terminal; topup.Topup has the others."""

    def __init__(self, job: Job, ids: Ids) -> None:
        self.job = job
        self.rules = job.topup
        self.ids = ids

    def payers(self, around: Around) -> tuple[str, ...]:
        """Return the devices that can pay money back now, in the order in which they are tried."""
        return tuple(name for name in self.job.cash.payouts if around.works(name))

    def refunds(self, state: TopupState, around: Around) -> bool:
        """Return whether there is something to pay back, and who pays it."""
        return state.purse is not None and bool(self.payers(around))

    def refund(self, state: TopupState, around: Around) -> Made:
        """Begin to pay back what is in; the caller has seen that it `refunds`."""
        screen = Screen(Notice.RETURNING, token=_masked(state), amount=state.purse.amount if state.purse else 0)
        state = replace(state, phase=Phase.PAYING, screen=screen)
        return self._count(state, self.payers(around), around, effects=(CloseSlot(), Show(screen)))

    def tell(self, state: TopupState, payout: OpenPayout, around: Around) -> Made:
        """Go on after a restart with a payout whose end nobody saw: its device may know."""
        screen = Screen(Notice.RETURNING, amount=payout.amount)
        paying = Paying(payout.payout, payout.device, (), payout.amount, payout.mark, told=True)
        wake_ms = around.now.mono_ms + self.job.cash.payout_s * 1000
        state = replace(state, phase=Phase.PAYING, screen=screen, wake_ms=wake_ms, paying=paying)
        order = TellPayout(payout.payout, payout.device, payout.amount, payout.mark)
        return Decision(state, effects=(CloseSlot(), Show(screen), order))

    def payout_counted(self, state: TopupState, event: PayoutCounted, around: Around) -> Made:
        """The device is ready: what it will pay is written down together with its mark, then ordered."""
        paying, purse = state.paying, state.purse
        if paying is None or purse is None or event.payout != paying.payout or paying.ordered:
            return Decision(state)
        intent = PayoutIntended(paying.payout, paying.device, purse.amount, event.mark, session=purse.session)
        wake_ms = around.now.mono_ms + self.job.cash.payout_s * 1000
        state = replace(state, wake_ms=wake_ms, paying=replace(paying, ordered=purse.amount, mark=event.mark))
        return Decision(state, (intent,), (PayOut(paying.payout, paying.device, purse.amount, event.mark),))

    def payout_ended(self, state: TopupState, event: PayoutEnded, around: Around) -> Made:
        """The device has answered; whoever is later in the order pays the rest."""
        paying = state.paying
        if paying is None or event.payout != paying.payout:
            return Decision(state)
        if not paying.ordered:  # it cannot even count: nothing was intended
            return self._count(state, paying.later, around)
        paid = min(event.paid, paying.ordered)
        settled = PayoutSettled(paying.payout, event.ended, paid, event.words)
        facts, purse = _returned(state.purse, paid, paying.device)
        total = paying.paid + paid
        state = replace(state, purse=purse, paying=replace(paying, ordered=0, paid=total))
        unsure = paying.ordered - paid if event.ended is Ended.UNKNOWN else 0
        if unsure and purse is not None:
            doubt, rest = coins.doubt(self.job, purse, unsure, self.ids.key(), paying.device)
            return self._doubtful(replace(state, purse=rest), total, around, (settled, *facts, *doubt))
        # It may pay no more than a number of coins at once: whoever paid something is asked for the rest first.
        again = (paying.device,) if event.ended is Ended.DONE and paid and not paying.told else ()
        return self._count(state, (*again, *paying.later), around, (settled, *facts))

    def payer_changed(self, state: TopupState, event: DeviceChanged, around: Around) -> Made:
        """The device that pays is there (again): if its driver was started anew, only its counters can tell."""
        paying = state.paying
        if paying is None or event.name != paying.device or not paying.ordered or not around.works(event.name):
            return Decision(state)
        order = TellPayout(paying.payout, paying.device, paying.ordered, paying.mark)
        return Decision(state, effects=(order,))

    def payout_late(self, state: TopupState, event: TimePassed, around: Around) -> Made:
        """The device does not answer: if it was to pay, nobody can tell whether it did."""
        paying = state.paying
        if paying is None:
            return self._paid_back(state, around, ())
        words = f"{paying.device} did not answer within {self.job.cash.payout_s} s."
        return self.payout_ended(state, PayoutEnded(paying.payout, Ended.UNKNOWN, 0, words), around)

    def coin_while_paying(self, state: TopupState, event: CoinInserted, around: Around) -> Made:
        """A coin that was on its way when the slot closed: it is paid back, or kept, with the others."""
        purse, facts = coins.put(state.purse, event, _token(state), self.ids)
        return Decision(replace(state, purse=purse), facts)

    def _count(
        self,
        state: TopupState,
        devices: Sequence[str],
        around: Around,
        facts: tuple[Fact, ...] = (),
        effects: tuple[Effect, ...] = (),
    ) -> Made:
        """Ask the next device how far it has counted; end where nothing is left to pay, or nobody to pay it."""
        if state.purse is None or not devices:
            return self._paid_back(state, around, facts)
        paid = state.paying.paid if state.paying else 0
        paying = Paying(self.ids.id(), devices[0], tuple(devices[1:]), paid=paid)
        state = replace(state, wake_ms=around.now.mono_ms + COUNT_MS, paying=paying)
        return Decision(state, facts, (*effects, CountPayout(paying.payout, paying.device)))

    def _paid_back(self, state: TopupState, around: Around, facts: tuple[Fact, ...]) -> Made:
        paid = state.paying.paid if state.paying else 0
        words = "" if state.purse is None else _CREDITED if _token(state) else _WAITS
        screen = Screen(Notice.RETURNED, words, token=_masked(state), amount=paid)
        return self._ended(state, paid, screen, around, facts)

    def _doubtful(self, state: TopupState, paid: int, around: Around, facts: tuple[Fact, ...]) -> Made:
        """What may have come out is before a person; what surely did not is credited, or waits."""
        screen = Screen(Notice.UNKNOWN, _DOUBT, token=_masked(state), amount=paid)
        return self._ended(state, paid, screen, around, facts)

    def _ended(
        self, state: TopupState, paid: int, screen: Screen, around: Around, facts: tuple[Fact, ...]
    ) -> Made:
        """Show how it ended; where not all came back, a receipt says what became of the rest."""
        state, more = self._rest(state, around)
        facts = (*facts, *more)
        added = [fact for fact in facts if isinstance(fact, EntryAdded)]
        paper, prints = at_once(self.job, payout_slip(self.job, added, paid, around))
        state = replace(state, paying=None)
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


def _returned(purse: Purse | None, paid: int, device: str) -> tuple[tuple[Fact, ...], Purse | None]:
    """Return the facts of *paid* cents having left, and the purse without them."""
    if purse is None or not paid:
        return (), purse
    moved = CashMoved(purse.session, CashKind.RETURNED, paid, device)
    if paid == purse.amount:
        return (moved, SessionClosed(purse.session, "returned")), None
    return (moved,), replace(purse, amount=purse.amount - paid, coins=())


def _token(state: TopupState) -> str | None:
    if state.purse and state.purse.token:
        return state.purse.token
    return state.asked.token if state.asked else None


def _masked(state: TopupState) -> str | None:
    token = _token(state)
    return mask(token) if token else None
