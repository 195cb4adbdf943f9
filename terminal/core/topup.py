"""The job `topup`: coins are credited to a token.

    READY --tap--> CHECKING --wallet--> COLLECTING --coins--> (done, time) --> SHOWING --> READY
    READY --coin--> WAITING --tap--> CHECKING --wallet--> COLLECTING ...
    WAITING --window over--> the coins stay on the books as unclaimed --> READY

Every coin is committed as it comes. Money that is in the machine is never refused afterwards: where a wallet
turns out to be full or a coin comes late, it is credited all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from terminal.core import coins
from terminal.core.coins import Purse
from terminal.core.decision import Around, Decision, Ids
from terminal.core.effects import CloseSlot, Effect, Notice, OpenSlot, Print, ReadWallet, Screen, Show
from terminal.core.events import (
    ButtonPressed,
    CatalogueRead,
    CoinInserted,
    DeviceChanged,
    Event,
    JournalFailed,
    JournalRecovered,
    StopAsked,
    TimePassed,
    TokenPresented,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import Fact, ReleaseIntended, ReleaseKind
from terminal.core.policy import Asked, Refused, Room, may_fill, told
from terminal.core.receipt import topup_receipt
from terminal.core.rules import Job
from terminal.core.token import mask
from terminal.core.value import Value, replace


class Phase(Enum):
    """Where a top-up is."""

    READY = "ready"
    WAITING = "coins wait for a token"
    CHECKING = "checking the wallet"
    COLLECTING = "collecting coins"
    SHOWING = "showing the result"


class TopupState(Value, frozen=True):
    """One customer's journey so far.

    Attributes:
        purse: Coins that are in and not credited yet.
        room: What the wallet may still take; set while COLLECTING.
        until_ms: Monotonic milliseconds at which coins without a token become unclaimed.
    """

    phase: Phase = Phase.READY
    screen: Screen = Screen(Notice.OUT_OF_ORDER, "Starting.")
    wake_ms: int | None = None
    asked: Asked | None = None
    purse: Purse | None = None
    room: Room | None = None
    until_ms: int = 0

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
        """Never: coins are on the books as they come."""
        return False


_Made = Decision[TopupState]


class Topup:
    """The rules of the job, for one terminal."""

    def __init__(self, job: Job, ids: Ids) -> None:
        self.job = job
        self.rules = job.topup
        self.ids = ids

    def start(self, around: Around, purse: Purse | None = None, waited_ms: int = 0) -> _Made:
        """Return the state to begin with; *purse* holds coins that still wait for a token since *waited_ms*."""
        state = TopupState(purse=purse, until_ms=around.now.mono_ms + self.rules.window_s * 1000 - waited_ms)
        return self._idle(state, around)

    def handle(self, state: TopupState, event: Event, around: Around) -> _Made:
        """Decide what follows from *event*. Total: every event is legal in every phase."""
        rule = RULES.get((state.phase, type(event))) or ANYWHERE.get(type(event))
        return rule(self, state, event, around) if rule else Decision(state)

    # -- ready, and coins without a token --------------------------------------------------------------

    def trouble(self, around: Around) -> str:
        """Return why no money can be taken at the moment, for the guest; empty if it can."""
        if around.broken:
            return around.broken
        if not any(around.works(acceptor) for acceptor in self.job.acceptors):
            return "The coin acceptor does not answer. Please call the staff."
        return ""

    def _idle(self, state: TopupState, around: Around, facts: tuple[Fact, ...] = ()) -> _Made:
        """Nobody is at the machine, or only their coins are."""
        trouble = self.trouble(around)
        held = state.purse.amount if state.purse else 0
        if trouble:
            screen = Screen(Notice.OUT_OF_ORDER, trouble, amount=held or None)
        elif state.purse:
            screen = Screen(Notice.COINS_WAITING, amount=held)
        else:
            screen = Screen(Notice.READY)
        phase = Phase.WAITING if state.purse else Phase.READY
        wake_ms = state.until_ms if state.purse else None
        idle = TopupState(phase, screen, wake_ms, purse=state.purse, until_ms=state.until_ms)
        room = self.rules.max_session - held if self.rules.coins_first and not trouble else 0
        return Decision(idle, facts, (_slot(room, around), Show(screen)))

    def idle_again(self, state: TopupState, event: Event, around: Around) -> _Made:
        """Health or the journal changed, or a result was shown long enough."""
        return self._idle(state, around)

    def first_coin(self, state: TopupState, event: CoinInserted, around: Around) -> _Made:
        """A coin without a token: it waits for the next tap."""
        purse, facts = coins.put(state.purse, event, None, self.ids)
        until_ms = around.now.mono_ms + self.rules.window_s * 1000
        return self._idle(replace(state, purse=purse, until_ms=until_ms), around, facts)

    def unclaimed(self, state: TopupState, event: TimePassed, around: Around) -> _Made:
        """Nobody came for the coins: they stay on the books."""
        if state.purse is None:
            return self._idle(state, around)
        why = "Nobody presented a token for these coins in time."
        facts = coins.leave_unclaimed(self.job, state.purse, self.ids.key(), why)
        return self._idle(replace(state, purse=None), around, facts)

    # -- the wallet ------------------------------------------------------------------------------------

    def tapped(self, state: TopupState, event: TokenPresented, around: Around) -> _Made:
        """A token wants its wallet filled."""
        trouble = self.trouble(around)
        if trouble and state.purse is None:
            # Whoever came before is gone: a coin that comes now is not theirs.
            return self._showing(replace(state, asked=None), around, Screen(Notice.OUT_OF_ORDER, trouble))
        screen = Screen(
            Notice.CHECKING, token=mask(event.uid), amount=state.purse.amount if state.purse else None
        )
        checking = replace(
            state,
            phase=Phase.CHECKING,
            screen=screen,
            wake_ms=around.now.mono_ms + self.rules.deadline_ms,
            asked=Asked(event.uid),
        )
        return Decision(
            checking, effects=(CloseSlot(), Show(screen), ReadWallet(event.uid, self.rules.deadline_ms))
        )

    def remembered(self, state: TopupState, event: WalletRemembered, around: Around) -> _Made:
        """The journal's knowledge of the token; the server's may follow."""
        asked = told(state.asked, event)
        return Decision(state if asked is None else replace(state, asked=asked))

    def wallet_read(self, state: TopupState, event: WalletRead, around: Around) -> _Made:
        """The server has answered in time."""
        asked = told(state.asked, event)
        return Decision(state) if asked is None else self._checked(asked, state, around)

    def wallet_late(self, state: TopupState, event: TimePassed, around: Around) -> _Made:
        """The deadline is over: decide by what is remembered."""
        return self._checked(state.asked or Asked(""), state, around)

    def _checked(self, asked: Asked, state: TopupState, around: Around) -> _Made:
        verdict = may_fill(self.job.offline, self.rules, asked)
        if isinstance(verdict, Refused):
            screen = Screen(Notice.REFUSED, verdict.reason.value, token=mask(asked.token))
            return self._showing(replace(state, asked=None), around, screen)
        facts: tuple[Fact, ...] = ()
        purse = state.purse
        if purse is not None:
            purse, facts = coins.claim(purse, asked.token)
        return self._collecting(replace(state, asked=asked, purse=purse, room=verdict), around, facts)

    # -- coins with a token ----------------------------------------------------------------------------

    def _collecting(self, state: TopupState, around: Around, facts: tuple[Fact, ...] = ()) -> _Made:
        held = state.purse.amount if state.purse else 0
        room = max(0, state.room.cents - held) if state.room else 0
        if self.trouble(around):
            room = 0
        screen = Screen(
            Notice.INSERT_COINS,
            token=mask(state.asked.token) if state.asked else None,
            amount=held,
            balance=state.room.balance if state.room else None,
            balance_age_ms=state.room.age_ms if state.room else None,
            room=room,
        )
        wake_ms = around.now.mono_ms + self.rules.finish_s * 1000
        state = replace(state, phase=Phase.COLLECTING, screen=screen, wake_ms=wake_ms)
        return Decision(state, facts, (_slot(room, around), Show(screen)))

    def next_coin(self, state: TopupState, event: CoinInserted, around: Around) -> _Made:
        """A coin for the token that is at the machine."""
        token = state.asked.token if state.asked else None
        purse, facts = coins.put(state.purse, event, token, self.ids)
        return self._collecting(replace(state, purse=purse), around, facts)

    def tapped_again(self, state: TopupState, event: TokenPresented, around: Around) -> _Made:
        """The same token once more means "done"; another one has to wait."""
        if state.asked and event.uid == state.asked.token:
            return self.finish(state, event, around)
        return self.busy(state, event, around)

    def pressed(self, state: TopupState, event: ButtonPressed, around: Around) -> _Made:
        """`confirm` credits what is in; so does `cancel`, for there is no way back for a coin."""
        return self.finish(state, event, around) if event.button in ("confirm", "cancel") else Decision(state)

    def finish(self, state: TopupState, event: Event, around: Around) -> _Made:
        """Credit what came in."""
        token = state.asked.token if state.asked else ""
        if state.purse is None:
            return self._showing(state, around, Screen(Notice.CANCELLED, token=mask(token)))
        key = self.ids.key()
        facts = coins.credit(self.job, state.purse, token, key)
        balance = state.room.balance if state.room else None
        screen = Screen(
            Notice.CREDITED,
            token=mask(token),
            amount=state.purse.amount,
            balance=None if balance is None else balance + state.purse.amount,
            balance_age_ms=state.room.age_ms if state.room else None,
        )
        paper_facts, paper_effects = self._receipt(state, state.purse, key, around)
        state = replace(state, purse=None, room=_less(state.room, state.purse.amount))
        return self._showing(state, around, screen, (*facts, *paper_facts), paper_effects)

    def _receipt(
        self, state: TopupState, purse: Purse, key: str, around: Around
    ) -> tuple[tuple[Fact, ...], tuple[Effect, ...]]:
        """Order a receipt where a printer works; a top-up goes on without one."""
        printer = next((name for name in self.job.printers if around.works(name)), None)
        if printer is None:
            return (), ()
        document = topup_receipt(
            head=self.rules.receipt,
            terminal=self.job.terminal,
            at=around.now,
            token=state.asked.token if state.asked else "",
            amount=purse.amount,
            key=key,
            currency=self.job.currency,
            locale=self.job.locale,
            zone=self.job.zone,
        )
        job = f"{key}/receipt"
        return (ReleaseIntended(job, ReleaseKind.PRINT, key, printer, "receipt"),), (
            Print(job, printer, document),
        )

    # -- results ---------------------------------------------------------------------------------------

    def _showing(
        self,
        state: TopupState,
        around: Around,
        screen: Screen,
        facts: tuple[Fact, ...] = (),
        effects: tuple[Effect, ...] = (),
    ) -> _Made:
        wake_ms = around.now.mono_ms + self.rules.show_s * 1000
        showing = replace(state, phase=Phase.SHOWING, screen=screen, wake_ms=wake_ms)
        return Decision(showing, facts, (CloseSlot(), Show(screen), *effects))

    def late_coin(self, state: TopupState, event: CoinInserted, around: Around) -> _Made:
        """A coin that was on its way when the slot closed: it goes where the others went."""
        if state.asked is None or state.purse is not None:
            return self.first_coin(state, event, around)
        return self.next_coin(state, event, around)

    # -- in any phase ----------------------------------------------------------------------------------

    def keep_coin(self, state: TopupState, event: CoinInserted, around: Around) -> _Made:
        """A coin while the wallet is checked: it is on the books, and goes to this token or waits."""
        purse, facts = coins.put(state.purse, event, None, self.ids)
        until_ms = around.now.mono_ms + self.rules.window_s * 1000
        return Decision(replace(state, purse=purse, until_ms=until_ms), facts)

    def gate(self, state: TopupState, event: Event, around: Around) -> _Made:
        """Health or the journal changed while coins are collected: open or close the slot accordingly."""
        made = self._collecting(state, around)
        return replace(made, state=replace(made.state, wake_ms=state.wake_ms))

    def busy(self, state: TopupState, event: Event, around: Around) -> _Made:
        """A tap while another token is served is answered, never swallowed."""
        words = "One moment please: another token is being topped up."
        return Decision(state, effects=(Show(replace(state.screen, notice=Notice.BUSY, words=words)),))

    def stop(self, state: TopupState, event: StopAsked, around: Around) -> _Made:
        """Close the slot; credit what has an owner; coins without one wait for the next start."""
        if state.phase is Phase.COLLECTING and state.purse is not None:
            return self.finish(state, event, around)
        return Decision(state, effects=(CloseSlot(),))


def _slot(room: int, around: Around) -> Effect:
    return OpenSlot(room) if room > 0 and not around.stopping else CloseSlot()


def _less(room: Room | None, amount: int) -> Room | None:
    if room is None:
        return None
    balance = None if room.balance is None else room.balance + amount
    return Room(max(0, room.cents - amount), balance, room.age_ms)


_Rule = Callable[[Topup, TopupState, Any, Around], Decision[TopupState]]

RULES: dict[tuple[Phase, type], _Rule] = {
    (Phase.READY, TokenPresented): Topup.tapped,
    (Phase.READY, CoinInserted): Topup.first_coin,
    (Phase.READY, CatalogueRead): Topup.idle_again,
    (Phase.READY, DeviceChanged): Topup.idle_again,
    (Phase.READY, JournalFailed): Topup.idle_again,
    (Phase.READY, JournalRecovered): Topup.idle_again,
    (Phase.WAITING, TokenPresented): Topup.tapped,
    (Phase.WAITING, CoinInserted): Topup.first_coin,
    (Phase.WAITING, TimePassed): Topup.unclaimed,
    (Phase.WAITING, DeviceChanged): Topup.idle_again,
    (Phase.WAITING, JournalFailed): Topup.idle_again,
    (Phase.WAITING, JournalRecovered): Topup.idle_again,
    (Phase.CHECKING, WalletRemembered): Topup.remembered,
    (Phase.CHECKING, WalletRead): Topup.wallet_read,
    (Phase.CHECKING, TimePassed): Topup.wallet_late,
    (Phase.CHECKING, CoinInserted): Topup.keep_coin,
    (Phase.COLLECTING, CoinInserted): Topup.next_coin,
    (Phase.COLLECTING, TokenPresented): Topup.tapped_again,
    (Phase.COLLECTING, ButtonPressed): Topup.pressed,
    (Phase.COLLECTING, TimePassed): Topup.finish,
    (Phase.COLLECTING, DeviceChanged): Topup.gate,
    (Phase.COLLECTING, JournalFailed): Topup.gate,
    (Phase.COLLECTING, JournalRecovered): Topup.gate,
    (Phase.SHOWING, TokenPresented): Topup.tapped,
    (Phase.SHOWING, CoinInserted): Topup.late_coin,
    (Phase.SHOWING, TimePassed): Topup.idle_again,
}
"""What serves an event in a phase."""

ANYWHERE: dict[type, _Rule] = {
    TokenPresented: Topup.busy,
    StopAsked: Topup.stop,
}
"""What serves an event in every phase that RULES does not name."""
