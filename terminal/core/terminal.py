"""The whole terminal as one state machine: a job, and over it what is the same for every job.

Cards that stay or come back are one tap; a technician pairs tokens; a journal that cannot be written stops
everything that costs money; and the job hears of the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from terminal.core import cashbox, printing
from terminal.core.asking import Asking
from terminal.core.cashbox import Level, Levels
from terminal.core.catalogue import Product
from terminal.core.decision import Around, Decision, Ids, JobState
from terminal.core.effects import Notice, PairToken, Screen, Show
from terminal.core.events import (
    CatalogueRead,
    CoinInserted,
    CoinTrouble,
    CoinUnrecognised,
    DeviceChanged,
    DeviceMarked,
    EmptyingAsked,
    Event,
    Health,
    JournalFailed,
    JournalRecovered,
    PairingAsked,
    PairingEnded,
    Place,
    PrintAgainAsked,
    PrintEnded,
    ReleaseEnded,
    StopAsked,
    TimePassed,
    TokenPresented,
    TokenRemoved,
    TokenUnreadable,
    TrialAsked,
)
from terminal.core.facts import BoxEmptied, CoinNotCredited, DeviceCounted, Fact, ReleaseSettled, SaleReported
from terminal.core.machine import CashSold, MachineEnabled
from terminal.core.printing import Printing, Queue
from terminal.core.recover import Recovered
from terminal.core.rules import Job
from terminal.core.stamp import Stamp
from terminal.core.token import mask
from terminal.core.topup import Topup
from terminal.core.trial import PATIENCE_MS, Trial, begin
from terminal.core.value import Value, replace
from terminal.core.vending import Vending

PAIRING_MS = 60_000
"""How long a technician's pairing waits for the token."""

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


class TerminalState(Value, frozen=True):
    """All that the terminal remembers between two events (the rest is in the journal).

    Attributes:
        screen: What the job shows.
        prints: What is to be printed.
        again: The answer to whoever asked last for something to be printed again.
        trial: The last trial that a technician asked for.
        boxes: What is in the cash boxes; *full* are the acceptors whose box takes no more.
        emptied: The last emptying of one.
        passing_ms: Until when something else is shown over *screen*; None: nothing is.
        enabled: Vending machines that want to sell by card at the moment.
    """

    job: JobState
    screen: Screen
    products: tuple[Product, ...] = ()
    health: Mapping[str, Health] = msgspec.field(default_factory=dict)
    cards: Mapping[str, Card] = msgspec.field(default_factory=dict)
    pairing: Pairing | None = None
    prints: Queue = Queue()
    again: Again | None = None
    trial: Trial | None = None
    boxes: Levels = msgspec.field(default_factory=dict)
    full: frozenset[str] = frozenset()
    emptied: BoxEmptied | None = None
    passing_ms: int | None = None
    broken: str = ""
    stopping: bool = False
    enabled: frozenset[str] = frozenset()

    @property
    def wake_ms(self) -> int | None:
        """Monotonic milliseconds at which TimePassed is wanted; None: never."""
        pairing_ms = self.pairing.until_ms if self.pairing else None
        moments = (self.job.wake_ms, pairing_ms, self.passing_ms, self.printing_ms)
        return min((ms for ms in moments if ms is not None), default=None)

    @property
    def printing_ms(self) -> int | None:
        """Monotonic milliseconds at which the printing is to be seen to; None: never."""
        return None if self.broken else printing.wake_ms(self.prints, self.health, stopping=self.stopping)


_Made = Decision[TerminalState]

_PRESENT_AGAIN = "Please take the token away and present it again."
_NO_ORIGINAL = "This token is not an original one; please use your own."
_STOPPING = Screen(Notice.OUT_OF_ORDER, "The machine is about to stop. Please come back in a moment.")


class Terminal:
    """Decides what follows from every event. Holds no state of its own."""

    def __init__(self, job: Job, ids: Ids) -> None:
        self.job = job
        self._ids = ids
        self._printing = Printing(job)
        self._rules: Any = _rules(job, ids)

    def start(
        self,
        now: Stamp,
        products: tuple[Product, ...] = (),
        found: Recovered | None = None,
        boxes: Levels | None = None,
    ) -> _Made:
        """Return the first state, with what a restart has *found*; *boxes*: what is in the cash boxes."""
        found = found or Recovered()
        full = cashbox.full(self.job.cash, boxes or {})
        around = Around(now, products, full=full)
        made = self._rules.start(around, found.purse, found.waited_ms)
        if found.payout is not None and isinstance(self._rules, Topup):
            made = self._rules.tell(made.state, found.payout, around)
        prints = replace(found.prints, printers=self.job.printers)
        state = TerminalState(
            made.state, made.state.screen, products, prints=prints, boxes=boxes or {}, full=full
        )
        return self._joined(state, made, now)

    def handle(self, state: TerminalState, event: Event, now: Stamp) -> _Made:
        """Decide what follows from *event*. Total: every event is legal in every state."""
        match event:
            case TokenPresented():
                return self._presented(state, event, now)
            case TokenRemoved(reader=reader):
                return Decision(_removed(state, reader, now))
            case TokenUnreadable(words=words):
                return _passing(state, Screen(Notice.REFUSED, words), now)
            case CoinUnrecognised():
                return _unrecognised(state, event, now)
            case ReleaseEnded(release=name) | PrintEnded(job=name) if _tried(state, name):
                return _trial_ended(state, name, event)
            case PrintEnded():
                return _printing(state, self._printing.ended(state.prints, event, _around(state, now)))
            case DeviceMarked() | CashSold():
                return Decision(state, (_reported(event),))
            case TrialAsked() | PrintAgainAsked() | EmptyingAsked() | PairingAsked():
                return self._asked(state, event, now)
            case PairingEnded():
                return self._pairing_ended(state, event, now)
            case TimePassed():
                return self._time_passed(state, now)
            case CoinInserted(acceptor=acceptor, amount=amount, place=Place.BOX):
                state = self._levelled(state, cashbox.put(state.boxes, acceptor, amount))
                return self._to_job(state, event, now)
            case _:
                return self._to_job(_noted(state, event), event, now)

    def _asked(
        self,
        state: TerminalState,
        event: TrialAsked | PrintAgainAsked | EmptyingAsked | PairingAsked,
        now: Stamp,
    ) -> _Made:
        """What a technician wants."""
        match event:
            case TrialAsked():
                return self._trial_asked(state, event, now)
            case PrintAgainAsked():
                return self._print_again(state, event, now)
            case EmptyingAsked():
                return self._emptied(state, event, now)
            case PairingAsked(code=code):
                return self._pairing_asked(state, code, now)

    def trouble(self, state: TerminalState, now: Stamp) -> str:
        """Return why nothing can be sold or taken at the moment, as guests are told; empty if it can."""
        words: str = self._rules.trouble(_around(state, now))
        return words

    # -- the job ---------------------------------------------------------------------------------------

    def _to_job(self, state: TerminalState, event: Event, now: Stamp) -> _Made:
        return self._joined(state, self._rules.handle(state.job, event, _around(state, now)), now)

    def _joined(self, state: TerminalState, made: Decision[Any], now: Stamp) -> _Made:
        shown = [effect.screen for effect in made.effects if isinstance(effect, Show)]
        if shown:
            state = replace(state, screen=shown[-1], passing_ms=None)
        state = replace(state, job=made.state)
        found = Decision(state, made.facts, made.effects)
        for wanted in made.prints:
            queued = self._printing.add(found.state.prints, wanted, _around(found.state, now))
            found = _then(found, _printing(found.state, queued))
        return found

    def _time_passed(self, state: TerminalState, now: Stamp) -> _Made:
        if state.pairing and now.mono_ms >= state.pairing.until_ms:
            return _passing(replace(state, pairing=None), Screen(Notice.CANCELLED), now)
        if state.passing_ms is not None and now.mono_ms >= state.passing_ms:
            return Decision(replace(state, passing_ms=None), effects=(Show(state.screen),))
        if state.printing_ms is not None and now.mono_ms >= state.printing_ms:
            return _printing(state, self._printing.passed(state.prints, _around(state, now)))
        if state.job.wake_ms is None or now.mono_ms < state.job.wake_ms:
            return Decision(state)
        return self._to_job(state, TimePassed(), now)

    # -- cash boxes ------------------------------------------------------------------------------------

    def _levelled(self, state: TerminalState, boxes: Levels) -> TerminalState:
        return replace(state, boxes=boxes, full=cashbox.full(self.job.cash, boxes))

    def _emptied(self, state: TerminalState, asked: EmptyingAsked, now: Stamp) -> _Made:
        """The level begins anew; the job sees whether its slot may be open again."""
        level = state.boxes.get(asked.device, Level())
        fact = BoxEmptied(asked.device, level.pieces, level.amount, asked.by, asked.counted)
        state = self._levelled(replace(state, emptied=fact), {**state.boxes, asked.device: Level()})
        return _then(Decision(state, (fact,)), self._to_job(state, asked, now))

    # -- tokens ----------------------------------------------------------------------------------------

    def _presented(self, state: TerminalState, event: TokenPresented, now: Stamp) -> _Made:
        """A token that was never taken away, or came back at once, is still the same tap."""
        card = state.cards.get(event.reader)
        state = replace(state, cards={**state.cards, event.reader: Card(event.uid)})
        if card is not None and card.uid == event.uid:
            back_ms = self.job.reading.same_card_ms
            if card.gone_ms is None or now.mono_ms - card.gone_ms < back_ms:
                return Decision(state, effects=(Show(state.screen),))
        if event.lying:
            # The power failed with a card on the reader: after the start it must not buy a second time.
            return _passing(state, Screen(Notice.REFUSED, _PRESENT_AGAIN, token=mask(event.uid)), now)
        if self.job.reading.require_original and not event.original:
            return _passing(state, Screen(Notice.REFUSED, _NO_ORIGINAL, token=mask(event.uid)), now)
        if state.pairing and state.pairing.token is None:
            pairing = replace(state.pairing, token=event.uid)
            screen = Screen(Notice.CHECKING, token=mask(event.uid))
            order = PairToken(event.uid, pairing.code)
            return Decision(replace(state, pairing=pairing), effects=(Show(screen), order))
        if state.stopping:
            return Decision(state, effects=(Show(_STOPPING),))
        return self._to_job(state, event, now)

    def _pairing_asked(self, state: TerminalState, code: str, now: Stamp) -> _Made:
        state = replace(state, pairing=Pairing(code, now.mono_ms + PAIRING_MS))
        return Decision(state, effects=(Show(Screen(Notice.PAIR_TOKEN)),))

    def _pairing_ended(self, state: TerminalState, event: PairingEnded, now: Stamp) -> _Made:
        notice = Notice.PAIRED if event.paired else Notice.REFUSED
        screen = Screen(notice, event.words, token=mask(event.token))
        return _passing(replace(state, pairing=None), screen, now)

    # -- trials ----------------------------------------------------------------------------------------

    def _trial_asked(self, state: TerminalState, asked: TrialAsked, now: Stamp) -> _Made:
        """Only while nobody is at the machine: a guest must not take a trial's piece for theirs."""
        words = _why_no_trial(state, now)
        if words:
            return Decision(replace(state, trial=_refused(state.trial, asked, words)))
        key = self._ids.key()
        release, facts, order = begin(asked, key, self.job.wallet, state.trial)
        trial = Trial(asked.ticket, key=key, release=release, begun_ms=now.mono_ms)
        return Decision(replace(state, trial=trial), facts, (order,))

    # -- printing --------------------------------------------------------------------------------------

    def _print_again(self, state: TerminalState, asked: PrintAgainAsked, now: Stamp) -> _Made:
        """Only while nobody is at the machine, whose next guest would take the copy along."""
        around = _around(state, now)
        words = _why_no_trial(state, now) or printing.ready(self.job, around)
        found: _Made = Decision(state)
        for release, document in () if words else asked.papers:
            wanted = printing.copy_of(release, asked.key, document, asked.by)
            found = _then(found, _printing(found.state, self._printing.add(found.state.prints, wanted, around)))
        if not words and not found.facts:
            words = "It is about to be printed already."
        return replace(found, state=replace(found.state, again=Again(asked.ticket, words)))


def _printing(state: TerminalState, made: Decision[Queue]) -> _Made:
    return Decision(replace(state, prints=made.state), made.facts, made.effects)


def _then(made: _Made, more: _Made) -> _Made:
    return Decision(more.state, (*made.facts, *more.facts), (*made.effects, *more.effects))


def _rules(job: Job, ids: Ids) -> Topup | Vending:
    if job.kind == "topup":
        return Topup(job, ids)
    return Asking(job, ids) if job.machines else Vending(job, ids)


def _why_no_trial(state: TerminalState, now: Stamp) -> str:
    """Return why nothing can be tried now; empty if it can."""
    if state.broken:
        return state.broken
    if state.stopping:
        return "The terminal is about to stop."
    if not state.job.idle or state.pairing:
        return f"Somebody is at the machine ({state.job.phase_name}): try again when it is idle."
    trial = state.trial
    if trial and trial.release and now.mono_ms - trial.begun_ms < PATIENCE_MS:
        return "Another trial is under way: wait for its end."
    return ""


def _refused(before: Trial | None, asked: TrialAsked, words: str) -> Trial:
    """Return the answer to *asked*; what is under way stays known."""
    if before is None:
        return Trial(asked.ticket, words)
    return replace(before, ticket=asked.ticket, words=words)


def _tried(state: TerminalState, release: str) -> bool:
    return state.trial is not None and bool(release) and release == state.trial.release


def _trial_ended(state: TerminalState, release: str, event: ReleaseEnded | PrintEnded) -> _Made:
    settled = ReleaseSettled(release, event.ended, event.words)
    trial = replace(state.trial, release="") if state.trial else None
    return Decision(replace(state, trial=trial), (settled,))


def _unrecognised(state: TerminalState, event: CoinUnrecognised, now: Stamp) -> _Made:
    """Guests read of a coin that is none; what else an acceptor reports is for the technician."""
    fact = CoinNotCredited(event.acceptor, event.pulses, event.words, event.trouble)
    facts = (fact, DeviceCounted(event.acceptor, event.mark)) if event.mark else (fact,)
    if event.trouble is CoinTrouble.UNKNOWN:
        return _passing(state, Screen(Notice.COIN_UNKNOWN, event.words), now, facts)
    return Decision(state, facts)


def _reported(event: DeviceMarked | CashSold) -> Fact:
    """Return what a device told that is for the books alone."""
    if isinstance(event, CashSold):
        return SaleReported(event.machine, event.item, event.price)
    return DeviceCounted(event.device, event.mark)


def _around(state: TerminalState, now: Stamp) -> Around:
    return Around(
        now, state.products, state.health, state.broken, state.stopping, enabled=state.enabled, full=state.full
    )


def _passing(state: TerminalState, screen: Screen, now: Stamp, facts: tuple[Fact, ...] = ()) -> _Made:
    """Show *screen* for a while, over what the job shows."""
    return Decision(replace(state, passing_ms=now.mono_ms + PASSING_MS), facts, (Show(screen),))


def _noted(state: TerminalState, event: Event) -> TerminalState:
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
        case JournalFailed():
            return replace(state, broken=event.words)
        case JournalRecovered():
            return replace(state, broken="")
        case StopAsked():
            return replace(state, stopping=True)
        case _:
            return state


def _removed(state: TerminalState, reader: str, now: Stamp) -> TerminalState:
    card = state.cards.get(reader)
    if card is None or card.gone_ms is not None:
        return state
    return replace(state, cards={**state.cards, reader: replace(card, gone_ms=now.mono_ms)})
