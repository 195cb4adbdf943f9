"""The whole terminal as one state machine: a job, and over it what is the same for every job.

Cards that stay or come back are one tap; technicians try, pair and print; a journal that cannot be written
stops everything that costs money; and the job hears of the rest.
"""

from __future__ import annotations

from typing import Any

from terminal.core import cashbox, noise, printing, service
from terminal.core.asking import Asking
from terminal.core.cashbox import Levels
from terminal.core.catalogue import Product
from terminal.core.decision import Around, Decision, Ids
from terminal.core.effects import Notice, Screen, Show
from terminal.core.events import (
    ButtonPressed,
    CoinInserted,
    CoinTrouble,
    CoinUnrecognised,
    DeviceChanged,
    DeviceMarked,
    EmptyingAsked,
    Event,
    PairingAsked,
    PairingEnded,
    PaperMoved,
    PayoutCounted,
    PayoutEnded,
    Place,
    PrintAgainAsked,
    PrintEnded,
    ReleaseEnded,
    ReportAsked,
    StopAsked,
    TimePassed,
    TokenPresented,
    TokenRemoved,
    TokenUnreadable,
    TrialAsked,
    TrialOver,
)
from terminal.core.facts import DeviceCounted, Fact, SaleReported
from terminal.core.job import Job
from terminal.core.machine import CashSold
from terminal.core.printing import Printing
from terminal.core.recover import Recovered
from terminal.core.service import Service
from terminal.core.stamp import Stamp
from terminal.core.state import Card, Made, TerminalState, around, counted, noted, passing, printed, then
from terminal.core.ticketing import Ticketing
from terminal.core.tickets import Codes
from terminal.core.token import mask
from terminal.core.topup import Topup
from terminal.core.value import replace
from terminal.core.vending import Vending

__all__ = ["Terminal", "TerminalState"]

_PRESENT_AGAIN = "Please take the token away and present it again."
_NO_ORIGINAL = "This token is not an original one; please use your own."
_STOPPING = Screen(Notice.OUT_OF_ORDER, "The machine is about to stop. Please come back in a moment.")


class Terminal:
    """Decides what follows from every event. Holds no state of its own."""

    def __init__(self, job: Job, ids: Ids, codes: Codes | None = None) -> None:
        self.job = job
        self._printing = Printing(job)
        self._service = Service(job, ids, self._printing)
        self._rules: Any = _rules(job, ids, codes)

    def start(
        self,
        now: Stamp,
        products: tuple[Product, ...] = (),
        found: Recovered | None = None,
        boxes: Levels | None = None,
        cash_step: int = 0,
    ) -> Made:
        """Return the first state, with what a restart has *found*; *boxes*: what is in the cash boxes.

        *cash_step*: what a server has said that cash is rounded to, in cents.
        """
        found = found or Recovered()
        full = cashbox.full(self.job.cash, boxes or {})
        given = Around(now, products, full=full, cash_step=cash_step)
        made = self._rules.start(given, found.purse, found.waited_ms)
        if found.payout is not None and isinstance(self._rules, Topup | Ticketing):
            made = self._rules.tell(made.state, found.payout, given)
        made = replace(made, prints=(*found.vouchers, *made.prints))
        prints = replace(found.prints, printers=self.job.printers)
        state = TerminalState(
            made.state,
            made.state.screen,
            products,
            prints=prints,
            boxes=boxes or {},
            full=full,
            cash_step=cash_step,
        )
        return self._joined(state, made, now)

    def handle(self, state: TerminalState, event: Event, now: Stamp) -> Made:
        """Decide what follows from *event*. Total: every event is legal in every state."""
        match event:
            case TokenPresented():
                return self._presented(state, event, now)
            case TokenRemoved(reader=reader):
                return Decision(_removed(state, reader, now))
            case TokenUnreadable(words=words):
                return passing(state, Screen(Notice.REFUSED, words), now)
            case TrialAsked() | PrintAgainAsked() | ReportAsked() | PairingAsked():
                return self._service.asked(state, event, now)
            case PairingEnded():
                return service.paired(state, event, now)
            case TimePassed():
                return self._time_passed(state, now)
            case _:
                return self._of_devices(state, event, now)

    def _of_devices(self, state: TerminalState, event: Event, now: Stamp) -> Made:
        """What devices say that is no token, and whatever else the job alone knows what to do with."""
        match event:
            case (
                ReleaseEnded(release=name)
                | PrintEnded(job=name)
                | PayoutCounted(payout=name)
                | PayoutEnded(payout=name)
            ) if service.tried(state, name):
                return service.trial_answered(state, event)
            case PrintEnded():
                ended = self._printing.ended(state.prints, event, around(state, now))
                return self._paper_moved(state, printed(state, ended), now)
            case CoinUnrecognised():
                return _unrecognised(state, event, now)
            case DeviceMarked() | CashSold():
                return Decision(state, (_reported(event),))
            case CoinInserted():
                return self._coin(state, event, now)
            case ButtonPressed() if service.taking(state):
                made = self._stop_taking(state, now)  # a guest is there, whose coins must not go to the trial
                return then(made, self._to_job(made.state, event, now))
            case EmptyingAsked():
                made = self._service.asked(state, event, now)
                return then(made, self._to_job(made.state, event, now))
            case TrialOver(ticket=ticket):
                over = state.trial is not None and state.trial.ticket == ticket
                return self._stop_taking(state, now) if over else Decision(state)
            case StopAsked():
                return self._stop(state, event, now)
            case DeviceChanged() if state.job.idle and state.health.get(event.name) is event.health:
                return Decision(noted(state, event))  # only its words are new
            case _:
                return self._to_job(noted(state, event), event, now)

    def _stop(self, state: TerminalState, event: StopAsked, now: Stamp) -> Made:
        """Stop; what was counted is written with it, unless nothing can be."""
        made = Decision(state) if state.broken else counted(state, noise.ended(state.storms, now.mono_ms))
        made = then(made, self._stop_taking(made.state, now))
        return then(made, self._to_job(noted(made.state, event), event, now))

    def trouble(self, state: TerminalState, now: Stamp) -> str:
        """Return why nothing can be sold or taken at the moment, as guests are told; empty if it can."""
        words: str = self._rules.trouble(around(state, now))
        return words

    # -- the job ---------------------------------------------------------------------------------------

    def _to_job(self, state: TerminalState, event: Event, now: Stamp) -> Made:
        return self._joined(state, self._rules.handle(state.job, event, around(state, now)), now)

    def _joined(self, state: TerminalState, made: Decision[Any], now: Stamp) -> Made:
        shown = [effect.screen for effect in made.effects if isinstance(effect, Show)]
        if shown:
            state = replace(state, screen=shown[-1], passing_ms=None)
        state = replace(state, job=made.state)
        found = Decision(state, made.facts, made.effects)
        for wanted in made.prints:
            queued = self._printing.add(found.state.prints, wanted, around(found.state, now))
            found = then(found, printed(found.state, queued))
        return found

    def _time_passed(self, state: TerminalState, now: Stamp) -> Made:
        if state.pairing and now.mono_ms >= state.pairing.until_ms:
            return passing(replace(state, pairing=None), Screen(Notice.CANCELLED), now)
        if state.passing_ms is not None and now.mono_ms >= state.passing_ms:
            return Decision(replace(state, passing_ms=None), effects=(Show(state.screen),))
        if service.taking(state) and state.trial and now.mono_ms >= (state.trial.until_ms or 0):
            return self._stop_taking(state, now)
        if state.printing_ms is not None and now.mono_ms >= state.printing_ms:
            passed = self._printing.passed(state.prints, around(state, now))
            return self._paper_moved(state, printed(state, passed), now)
        if state.storm_ms is not None and now.mono_ms >= state.storm_ms:
            return counted(state, noise.passed(state.storms, now.mono_ms))
        if state.job.wake_ms is None or now.mono_ms < state.job.wake_ms:
            return Decision(state)
        return self._to_job(state, TimePassed(), now)

    def _paper_moved(self, before: TerminalState, made: Made, now: Stamp) -> Made:
        """Tell the job when what waits for a printer has changed."""
        if printing.waiting_tickets(before.prints) == printing.waiting_tickets(made.state.prints):
            return made
        return then(made, self._to_job(made.state, PaperMoved(), now))

    # -- tokens ----------------------------------------------------------------------------------------

    def _presented(self, state: TerminalState, event: TokenPresented, now: Stamp) -> Made:
        """A token that was never taken away, or came back at once, is still the same tap."""
        card = state.cards.get(event.reader)
        state = replace(state, cards={**state.cards, event.reader: Card(event.uid)})
        if card is not None and card.uid == event.uid:
            back_ms = self.job.reading.same_card_ms
            if card.gone_ms is None or now.mono_ms - card.gone_ms < back_ms:
                return Decision(state, effects=(Show(state.screen),))
        if event.lying:
            # The power failed with a card on the reader: after the start it must not buy a second time.
            return passing(state, Screen(Notice.REFUSED, _PRESENT_AGAIN, token=mask(event.uid)), now)
        if self.job.reading.require_original and not event.original:
            return passing(state, Screen(Notice.REFUSED, _NO_ORIGINAL, token=mask(event.uid)), now)
        if state.pairing and state.pairing.token is None:
            return service.pair(state, state.pairing, event)
        if state.stopping:
            return Decision(state, effects=(Show(_STOPPING),))
        if service.taking(state):
            made = self._stop_taking(state, now)  # a guest is there
            return then(made, self._to_job(made.state, event, now))
        return self._to_job(state, event, now)

    # -- coins -----------------------------------------------------------------------------------------

    def _coin(self, state: TerminalState, coin: CoinInserted, now: Stamp) -> Made:
        if coin.place is Place.BOX:
            state = self._service.levelled(state, cashbox.put(state.boxes, coin.acceptor, coin.amount))
        if service.taking(state, coin.acceptor):
            made = self._service.trial_coin(state, coin)
            return then(made, self._stop_taking(made.state, now)) if coin.acceptor in state.full else made
        return self._to_job(state, coin, now)

    def _stop_taking(self, state: TerminalState, now: Stamp) -> Made:
        """The trial of an acceptor is over; the job opens its slot again, if it has one open."""
        if not service.taking(state):
            return Decision(state)
        made = service.stop_taking(state)
        return then(made, self._to_job(made.state, TrialOver(""), now))


def _rules(job: Job, ids: Ids, codes: Codes | None) -> Topup | Vending | Ticketing:
    if job.kind == "topup":
        return Topup(job, ids)
    if job.kind == "tickets":
        if codes is None:
            raise ValueError("tickets without codes")
        return Ticketing(job, ids, codes)
    return Asking(job, ids) if job.machines else Vending(job, ids)


def _unrecognised(state: TerminalState, event: CoinUnrecognised, now: Stamp) -> Made:
    """Guests read of a coin that is none; what else an acceptor reports is for the technician."""
    heard = noise.report(state.storms, event, now.mono_ms, broken=bool(state.broken), stopping=state.stopping)
    made = counted(state, heard)
    if event.trouble is CoinTrouble.UNKNOWN and heard.calm:
        return passing(made.state, Screen(Notice.COIN_UNKNOWN, event.words), now, made.facts)
    return made


def _reported(event: DeviceMarked | CashSold) -> Fact:
    """Return what a device told that is for the books alone."""
    if isinstance(event, CashSold):
        return SaleReported(event.machine, event.item, event.price)
    return DeviceCounted(event.device, event.mark)


def _removed(state: TerminalState, reader: str, now: Stamp) -> TerminalState:
    card = state.cards.get(reader)
    if card is None or card.gone_ms is not None:
        return state
    return replace(state, cards={**state.cards, reader: replace(card, gone_ms=now.mono_ms)})
