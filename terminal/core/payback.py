"""Paying money back by a hopper or changer: counted first, written down, paid once. Pure, and for every job.

Each device is asked how far it has counted, that mark becomes durable with the intent, and only then it pays:
so that after a power cut of either side its own counters tell what came out. A payout is never repeated (I4).
What becomes of money that could not be paid is the job's affair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from terminal.core import coins
from terminal.core.coins import Purse
from terminal.core.decision import Around, Decision, Ids
from terminal.core.effects import CountPayout, Effect, PayOut, TellPayout
from terminal.core.events import DeviceChanged, Ended, PayoutCounted, PayoutEnded, TimePassed
from terminal.core.facts import CashKind, CashMoved, Fact, PayoutIntended, PayoutSettled, SessionClosed
from terminal.core.job import Job
from terminal.core.records import OpenPayout
from terminal.core.value import Value, replace

COUNT_MS = 10_000
"""How long a device may take to say how far it has counted."""


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


class Step(Value, frozen=True):
    """What follows for money that is being paid back.

    Attributes:
        purse: What is left to pay; None: nothing.
        paying: How it goes on; None: it is over.
        wake_ms: Monotonic milliseconds after which `Payback.late` is due, while it goes on.
        paid: What came out in all, in cents.
        doubtful: Nobody can tell whether more came out than that: it is before a person already.
        facts, effects: What follows first.
    """

    purse: Purse | None
    paying: Paying | None
    wake_ms: int | None = None
    paid: int = 0
    doubtful: bool = False
    facts: tuple[Fact, ...] = ()
    effects: tuple[Effect, ...] = ()


class PayingState(Value, frozen=True, kw_only=True):
    """What the state of a job has that pays money back.

    Attributes:
        purse: The money that is left.
        paying: The payout under way.
        wake_ms: Monotonic milliseconds at which TimePassed is wanted.
    """

    purse: Purse | None = None
    paying: Paying | None = None
    wake_ms: int | None = None


S = TypeVar("S", bound=PayingState)


class Payback:
    """The rules of paying back, for one terminal. What is not about the payout under way gives None."""

    def __init__(self, job: Job, ids: Ids) -> None:
        self._job = job
        self._ids = ids

    def payers(self, around: Around) -> tuple[str, ...]:
        """Return the devices that can pay money back now, in the order in which they are tried."""
        return tuple(name for name in self._job.cash.payouts if around.works(name))

    def begin(self, purse: Purse, around: Around) -> Step:
        """Begin to pay back what is in *purse*, by those who can."""
        return self._count(purse, None, self.payers(around), around)

    def tell(self, purse: Purse | None, payout: OpenPayout, around: Around) -> Step:
        """Go on after a restart with a payout whose end nobody saw: its device may know."""
        paying = Paying(payout.payout, payout.device, (), payout.amount, payout.mark, told=True)
        order = TellPayout(payout.payout, payout.device, payout.amount, payout.mark)
        return Step(purse, paying, self._until_ms(around), effects=(order,))

    def counted(
        self, purse: Purse | None, paying: Paying | None, event: PayoutCounted, around: Around
    ) -> Step | None:
        """The device is ready: what it will pay is written down together with its mark, then ordered."""
        if paying is None or purse is None or event.payout != paying.payout or paying.ordered:
            return None
        intent = PayoutIntended(paying.payout, paying.device, purse.amount, event.mark, session=purse.session)
        order = PayOut(paying.payout, paying.device, purse.amount, event.mark)
        paying = replace(paying, ordered=purse.amount, mark=event.mark)
        return Step(purse, paying, self._until_ms(around), facts=(intent,), effects=(order,))

    def ended(
        self, purse: Purse | None, paying: Paying | None, event: PayoutEnded, around: Around
    ) -> Step | None:
        """The device has answered; whoever is later in the order pays the rest."""
        if paying is None or event.payout != paying.payout:
            return None
        if not paying.ordered:  # it cannot even count: nothing was intended
            return self._count(purse, paying, paying.later, around)
        paid = min(event.paid, paying.ordered)
        settled = PayoutSettled(paying.payout, event.ended, paid, event.words)
        facts, purse = _returned(purse, paid, paying.device)
        total = paying.paid + paid
        unsure = paying.ordered - paid if event.ended is Ended.UNKNOWN else 0
        if unsure and purse is not None:
            doubt, rest = coins.doubt(self._job, purse, unsure, self._ids.key(), paying.device)
            return Step(rest, None, paid=total, doubtful=True, facts=(settled, *facts, *doubt))
        # It may pay no more than a number of coins at once: whoever paid something is asked for the rest first.
        again = (paying.device,) if event.ended is Ended.DONE and paid and not paying.told else ()
        before = replace(paying, paid=total)
        return self._count(purse, before, (*again, *paying.later), around, (settled, *facts))

    @staticmethod
    def changed(
        purse: Purse | None, paying: Paying | None, event: DeviceChanged, around: Around, wake_ms: int | None
    ) -> Step | None:
        """The device that pays is there (again): if its driver was started anew, only its counters can tell."""
        if paying is None or event.name != paying.device or not paying.ordered or not around.works(event.name):
            return None
        order = TellPayout(paying.payout, paying.device, paying.ordered, paying.mark)
        return Step(purse, paying, wake_ms, effects=(order,))

    def late(self, purse: Purse | None, paying: Paying | None, around: Around) -> Step:
        """The device does not answer: if it was to pay, nobody can tell whether it did."""
        if paying is None:
            return Step(purse, None)
        words = f"{paying.device} did not answer within {self._job.cash.payout_s} s."
        unknown = PayoutEnded(paying.payout, Ended.UNKNOWN, 0, words)
        return self.ended(purse, paying, unknown, around) or Step(purse, None)

    def _until_ms(self, around: Around) -> int:
        return around.now.mono_ms + self._job.cash.payout_s * 1000

    def _count(
        self,
        purse: Purse | None,
        before: Paying | None,
        devices: Sequence[str],
        around: Around,
        facts: tuple[Fact, ...] = (),
    ) -> Step:
        """Ask the next device how far it has counted; end where nothing is left to pay, or nobody to pay it."""
        paid = before.paid if before else 0
        if purse is None or not devices:
            return Step(purse, None, paid=paid, facts=facts)
        paying = Paying(self._ids.id(), devices[0], tuple(devices[1:]), paid=paid)
        order = CountPayout(paying.payout, paying.device)
        return Step(purse, paying, around.now.mono_ms + COUNT_MS, facts=facts, effects=(order,))


class PaysBack(Protocol[S]):
    """The rules of a job while money is paid back: each event is a step; the job says what follows the last."""

    _payback: Payback

    def payout_counted(self, state: S, event: PayoutCounted, around: Around) -> Decision[S]:
        """The device is ready to pay."""
        return self._went(state, self._payback.counted(state.purse, state.paying, event, around), around)

    def payout_ended(self, state: S, event: PayoutEnded, around: Around) -> Decision[S]:
        """The device has answered."""
        return self._went(state, self._payback.ended(state.purse, state.paying, event, around), around)

    def payer_changed(self, state: S, event: DeviceChanged, around: Around) -> Decision[S]:
        """A device has changed, perhaps the one that pays."""
        step = self._payback.changed(state.purse, state.paying, event, around, state.wake_ms)
        return self._went(state, step, around)

    def payout_late(self, state: S, event: TimePassed, around: Around) -> Decision[S]:
        """The device does not answer."""
        return self._went(state, self._payback.late(state.purse, state.paying, around), around)

    def _went(self, state: S, step: Step | None, around: Around, first: tuple[Effect, ...] = ()) -> Decision[S]:
        """Take what a step of paying back has come to."""
        if step is None:
            return Decision(state)
        state = replace(state, purse=step.purse, paying=step.paying)
        if step.paying is None:
            return self._paid_back(state, step, around)
        return Decision(replace(state, wake_ms=step.wake_ms), step.facts, (*first, *step.effects))

    def _paid_back(self, state: S, step: Step, around: Around) -> Decision[S]:
        """Go on when it is over; the facts of *step* come first."""


def _returned(purse: Purse | None, paid: int, device: str) -> tuple[tuple[Fact, ...], Purse | None]:
    """Return the facts of *paid* cents having left, and the purse without them."""
    if purse is None or not paid:
        return (), purse
    moved = CashMoved(purse.session, CashKind.RETURNED, paid, device)
    if paid == purse.amount:
        return (moved, SessionClosed(purse.session, "returned")), None
    return (moved,), replace(purse, amount=purse.amount - paid, coins=())
