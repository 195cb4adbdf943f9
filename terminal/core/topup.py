"""The job `topup`: coins are credited to a token.

    READY --tap--> CHECKING --wallet--> COLLECTING --coins--> (done, time) --> SHOWING --> READY
    READY --coin--> WAITING --tap--> CHECKING --wallet--> COLLECTING ...
    WAITING --window over--> the coins stay on the books as unclaimed --> READY
    COLLECTING or WAITING --cancel--> PAYING, where a device can pay money back: see refunding.py

Every coin is committed as it comes. Money that is in the machine is never refused afterwards: where a wallet
turns out to be full or a coin comes late, it is credited all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from terminal.core import coins, printing, slip
from terminal.core.coins import Purse
from terminal.core.decision import Around, Decision
from terminal.core.effects import CloseSlot, Effect, Notice, OpenSlot, ReadWallet, Screen, Show
from terminal.core.events import (
    ButtonPressed,
    CatalogueRead,
    CoinInserted,
    DeviceChanged,
    EmptyingAsked,
    Event,
    JournalFailed,
    JournalRecovered,
    PayoutCounted,
    PayoutEnded,
    StopAsked,
    TimePassed,
    TokenPresented,
    TrialOver,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import Fact
from terminal.core.policy import Asked, Refused, Room, may_fill, told
from terminal.core.refunding import Made, Phase, Refunding, TopupState
from terminal.core.token import mask
from terminal.core.value import replace


class Topup(Refunding):
    """The rules of the job, for one terminal; those of paying money back are Refunding's."""

    def start(self, around: Around, purse: Purse | None = None, waited_ms: int = 0) -> Made:
        """Return the state to begin with; *purse* holds coins that still wait for a token since *waited_ms*."""
        state = TopupState(purse=purse, until_ms=around.now.mono_ms + self.rules.window_s * 1000 - waited_ms)
        return self._idle(state, around)

    def handle(self, state: TopupState, event: Event, around: Around) -> Made:
        """Decide what follows from *event*. Total: every event is legal in every phase."""
        rule = RULES.get((state.phase, type(event))) or ANYWHERE.get(type(event))
        return rule(self, state, event, around) if rule else Decision(state)

    # -- ready, and coins without a token --------------------------------------------------------------

    def trouble(self, around: Around) -> str:
        """Return why no money can be taken at the moment, for the guest; empty if it can."""
        if around.broken:
            return around.broken
        working = [acceptor for acceptor in self.job.acceptors if around.works(acceptor)]
        if not working:
            return "The coin acceptor does not answer. Please call the staff."
        if around.full.issuperset(working):
            return "The cash box is full. Please call the staff."
        return printing.ready(self.job, around) if self.rules.receipt_required else ""

    def _idle(self, state: TopupState, around: Around, facts: tuple[Fact, ...] = ()) -> Made:
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
        idle = TopupState(phase, screen, wake_ms=wake_ms, purse=state.purse, until_ms=state.until_ms)
        room = self.rules.max_session - held if self.rules.coins_first and not trouble else 0
        return Decision(idle, facts, (_slot(room, around), Show(screen)))

    def idle_again(self, state: TopupState, event: Event, around: Around) -> Made:
        """Health or the journal changed, or a result was shown long enough."""
        return self._idle(state, around)

    def first_coin(self, state: TopupState, event: CoinInserted, around: Around) -> Made:
        """A coin without a token: it waits for the next tap."""
        purse, facts = coins.put(state.purse, event, None, self.ids)
        until_ms = around.now.mono_ms + self.rules.window_s * 1000
        return self._idle(replace(state, purse=purse, until_ms=until_ms), around, facts)

    def unclaimed(self, state: TopupState, event: TimePassed, around: Around) -> Made:
        """Nobody came for the coins: they stay on the books."""
        if state.purse is None:
            return self._idle(state, around)
        why = "Nobody presented a token for these coins in time."
        facts = coins.leave_unclaimed(self.job, state.purse, self.ids.key(), why)
        return self._idle(replace(state, purse=None), around, facts)

    # -- the wallet ------------------------------------------------------------------------------------

    def tapped(self, state: TopupState, event: TokenPresented, around: Around) -> Made:
        """A token wants its wallet filled."""
        trouble = self.trouble(around)
        if trouble and state.purse is None:
            # Whoever came before is gone: a coin that comes now is not theirs.
            return self.showing(replace(state, asked=None), around, Screen(Notice.OUT_OF_ORDER, trouble))
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

    def remembered(self, state: TopupState, event: WalletRemembered, around: Around) -> Made:
        """The journal's knowledge of the token; the server's may follow."""
        asked = told(state.asked, event)
        return Decision(state if asked is None else replace(state, asked=asked))

    def wallet_read(self, state: TopupState, event: WalletRead, around: Around) -> Made:
        """The server has answered in time."""
        asked = told(state.asked, event)
        return Decision(state) if asked is None else self._checked(asked, state, around)

    def wallet_late(self, state: TopupState, event: TimePassed, around: Around) -> Made:
        """The deadline is over: decide by what is remembered."""
        return self._checked(state.asked or Asked(""), state, around)

    def _checked(self, asked: Asked, state: TopupState, around: Around) -> Made:
        verdict = may_fill(self.job.offline, self.rules, asked)
        if isinstance(verdict, Refused):
            screen = Screen(Notice.REFUSED, verdict.reason.value, token=mask(asked.token))
            return self.showing(replace(state, asked=None), around, screen)
        facts: tuple[Fact, ...] = ()
        purse = state.purse
        if purse is not None:
            purse, facts = coins.claim(purse, asked.token)
        return self._collecting(replace(state, asked=asked, purse=purse, room=verdict), around, facts)

    # -- coins with a token ----------------------------------------------------------------------------

    def _collecting(self, state: TopupState, around: Around, facts: tuple[Fact, ...] = ()) -> Made:
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

    def next_coin(self, state: TopupState, event: CoinInserted, around: Around) -> Made:
        """A coin for the token that is at the machine."""
        token = state.asked.token if state.asked else None
        purse, facts = coins.put(state.purse, event, token, self.ids)
        return self._collecting(replace(state, purse=purse), around, facts)

    def tapped_again(self, state: TopupState, event: TokenPresented, around: Around) -> Made:
        """The same token once more means "done"; another one has to wait."""
        if state.asked and event.uid == state.asked.token:
            return self.finish(state, event, around)
        return self.busy(state, event, around)

    def pressed(self, state: TopupState, event: ButtonPressed, around: Around) -> Made:
        """`confirm` credits what is in; so does `cancel`, where there is no way back for a coin."""
        if event.button == "cancel" and self.refunds(state, around):
            return self.refund(state, around)
        return self.finish(state, event, around) if event.button in ("confirm", "cancel") else Decision(state)

    def cancelled(self, state: TopupState, event: ButtonPressed, around: Around) -> Made:
        """`cancel` gives coins without a token back, where a device can."""
        if event.button == "cancel" and self.refunds(state, around):
            return self.refund(state, around)
        return Decision(state)

    def finish(self, state: TopupState, event: Event, around: Around) -> Made:
        """Credit what came in."""
        token = state.asked.token if state.asked else ""
        if state.purse is None:
            return self.showing(state, around, Screen(Notice.CANCELLED, token=mask(token)))
        key = self.ids.key()
        facts = coins.credit(self.job, state.purse, token, key)
        room = _less(state.room, state.purse.amount)
        sure = room.balance if room and room.age_ms == 0 else None
        paper = slip.slip(self.job, state.purse, token, key, around, balance=sure)
        paper, prints = slip.at_once(self.job, paper)
        screen = Screen(
            Notice.CREDITED,
            token=mask(token),
            amount=state.purse.amount,
            balance=room.balance if room else None,
            balance_age_ms=room.age_ms if room else None,
            offers=slip.offers(self.job, paper, around),
        )
        state = replace(state, purse=None, room=room)
        return self.showing(state, around, screen, facts, paper=paper, prints=prints)

    def ask_receipt(self, state: TopupState, event: ButtonPressed, around: Around) -> Made:
        """The button for a receipt, or for a copy of the one that was printed."""
        if event.button != slip.BUTTON:
            return Decision(state)
        paper, prints = slip.asked(self.job, state.slip, around)
        screen = replace(state.screen, offers=slip.offers(self.job, paper, around))
        return self.showing(state, around, screen, paper=paper, prints=prints) if prints else Decision(state)

    # -- results ---------------------------------------------------------------------------------------

    def late_coin(self, state: TopupState, event: CoinInserted, around: Around) -> Made:
        """A coin that was on its way when the slot closed: it goes where the others went."""
        if state.asked is None or state.purse is not None:
            return self.first_coin(state, event, around)
        return self.next_coin(state, event, around)

    # -- in any phase ----------------------------------------------------------------------------------

    def keep_coin(self, state: TopupState, event: CoinInserted, around: Around) -> Made:
        """A coin while the wallet is checked: it is on the books, and goes to this token or waits."""
        purse, facts = coins.put(state.purse, event, None, self.ids)
        until_ms = around.now.mono_ms + self.rules.window_s * 1000
        return Decision(replace(state, purse=purse, until_ms=until_ms), facts)

    def gate(self, state: TopupState, event: Event, around: Around) -> Made:
        """Health or the journal changed while coins are collected: open or close the slot accordingly."""
        made = self._collecting(state, around)
        return replace(made, state=replace(made.state, wake_ms=state.wake_ms))

    def busy(self, state: TopupState, event: Event, around: Around) -> Made:
        """A tap while another token is served is answered, never swallowed."""
        words = "One moment please: another token is being topped up."
        return Decision(state, effects=(Show(replace(state.screen, notice=Notice.BUSY, words=words)),))

    def stop(self, state: TopupState, event: StopAsked, around: Around) -> Made:
        """Close the slot; credit what has an owner; coins without one wait for the next start."""
        if state.phase is Phase.COLLECTING and state.purse is not None:
            return self.finish(state, event, around)
        return Decision(state, effects=(CloseSlot(),))


def _slot(room: int, around: Around) -> Effect:
    if room <= 0 or around.stopping:
        return CloseSlot()
    return OpenSlot(room, tuple(sorted(around.full)))


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
    (Phase.READY, EmptyingAsked): Topup.idle_again,
    (Phase.READY, TrialOver): Topup.idle_again,
    (Phase.READY, JournalFailed): Topup.idle_again,
    (Phase.READY, JournalRecovered): Topup.idle_again,
    (Phase.WAITING, TokenPresented): Topup.tapped,
    (Phase.WAITING, CoinInserted): Topup.first_coin,
    (Phase.WAITING, ButtonPressed): Topup.cancelled,
    (Phase.WAITING, TimePassed): Topup.unclaimed,
    (Phase.WAITING, DeviceChanged): Topup.idle_again,
    (Phase.WAITING, EmptyingAsked): Topup.idle_again,
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
    (Phase.COLLECTING, EmptyingAsked): Topup.gate,
    (Phase.COLLECTING, JournalFailed): Topup.gate,
    (Phase.COLLECTING, JournalRecovered): Topup.gate,
    (Phase.PAYING, PayoutCounted): Topup.payout_counted,
    (Phase.PAYING, PayoutEnded): Topup.payout_ended,
    (Phase.PAYING, DeviceChanged): Topup.payer_changed,
    (Phase.PAYING, CoinInserted): Topup.coin_while_paying,
    (Phase.PAYING, TimePassed): Topup.payout_late,
    (Phase.SHOWING, TokenPresented): Topup.tapped,
    (Phase.SHOWING, ButtonPressed): Topup.ask_receipt,
    (Phase.SHOWING, CoinInserted): Topup.late_coin,
    (Phase.SHOWING, TimePassed): Topup.idle_again,
}
"""What serves an event in a phase."""

ANYWHERE: dict[type, _Rule] = {
    TokenPresented: Topup.busy,
    StopAsked: Topup.stop,
}
"""What serves an event in every phase that RULES does not name."""
