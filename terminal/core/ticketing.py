"""The job `tickets`: a guest chooses, pays, and gets tickets and change.

    READY --product--> CHOOSING --confirm--> PAYING --coins, token, card--> (issue) --> SHOWING --> READY
    PAYING --token--> CHECKING --> (CHARGING) --> PAYING, or paid
    PAYING --card--> CARD (ticket_card.py) --> PAYING, or paid
    PAYING --cancel, time--> RETURNING, CREDITING (ticket_change.py) --> SHOWING

Before anything is paid, the codes are drawn, the limits are looked at and a printer must work. Nothing is
written but coins, and what a card is to pay, until everything is paid; then ticket_issuing.py writes the sale.
The table RULES says what serves which event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from terminal.core import slip
from terminal.core.coins import Purse
from terminal.core.decision import Around, Decision
from terminal.core.delivery import Outcome
from terminal.core.effects import CloseSlot, DeliverNow, Notice, ReadWallet, Screen, Show
from terminal.core.events import (
    ButtonPressed,
    CachedWallet,
    CardPaid,
    CatalogueRead,
    CoinInserted,
    DeliveryEnded,
    DeviceChanged,
    EmptyingAsked,
    Event,
    JournalFailed,
    JournalRecovered,
    NoteMade,
    PaperMoved,
    PaymentMoved,
    PayoutCounted,
    PayoutEnded,
    StopAsked,
    TimePassed,
    TokenPresented,
    TrialOver,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import EntryAbandoned, Fact
from terminal.core.policy import Allowed, Asked, Reason, Refused, funds, may_spend, told
from terminal.core.ticket_card import CardPaying
from terminal.core.ticket_state import Made, Phase, Share, TicketState
from terminal.core.token import mask
from terminal.core.value import replace

_NO_TOKENS = "Tokens pay nothing here."
_ONE_WALLET = "One token pays already: please pay the rest otherwise."


class Ticketing(CardPaying):
    """The rules of the job, for one terminal: how everything is paid, and the table of them all."""

    def start(self, around: Around, purse: Purse | None = None, waited_ms: int = 0) -> Made:
        """Return the state to begin with; *purse* is there only while a payout of it is asked for (`tell`)."""
        made = self.ready(TicketState(), around)
        return replace(made, state=replace(made.state, purse=purse))

    def handle(self, state: TicketState, event: Event, around: Around) -> Made:
        """Decide what follows from *event*. Total: every event is legal in every phase."""
        rule = RULES.get((state.phase, type(event))) or ANYWHERE.get(type(event))
        return rule(self, state, event, around) if rule else Decision(state)

    # -- coins -----------------------------------------------------------------------------------------

    def coin(self, state: TicketState, event: CoinInserted, around: Around) -> Made:
        """A coin for what is due."""
        kept = self.keep_coin(state, event, around)
        made = self.paying(kept.state, around)
        return replace(made, facts=(*kept.facts, *made.facts))

    def gate(self, state: TicketState, event: Event, around: Around) -> Made:
        """Health or the journal changed while money is taken: the slot is opened or closed accordingly."""
        made = self.paying(state, around)
        return replace(made, state=replace(made.state, wake_ms=state.wake_ms))

    # -- tokens ----------------------------------------------------------------------------------------

    def tapped(self, state: TicketState, event: TokenPresented, around: Around) -> Made:
        """The staff's token is noted; another one pays what is due."""
        if event.uid in self.rules.staff:
            state = self._cheaper(replace(state, staff=event.uid), around)
            choosing = state.phase is Phase.CHOOSING
            return self.choosing(state, around) if choosing else self.paying(state, around)
        if state.phase is Phase.CHOOSING:
            made = self.pay(state, around)
            if made.state.phase is not Phase.PAYING:
                return made
            state = made.state
        if "wallet" not in self.rules.pay or not self.job.wallet:
            return self.paying(state, around, _NO_TOKENS)
        if state.share is not None:
            return self.paying(state, around, _ONE_WALLET)
        screen = replace(state.screen, notice=Notice.CHECKING, token=mask(event.uid), words="")
        wake_ms = around.now.mono_ms + self.rules.deadline_ms
        state = replace(state, phase=Phase.CHECKING, screen=screen, wake_ms=wake_ms, asked=Asked(event.uid))
        return Decision(
            state, effects=(CloseSlot(), Show(screen), ReadWallet(event.uid, self.rules.deadline_ms))
        )

    def _cheaper(self, state: TicketState, around: Around) -> TicketState:
        """Return the state after a price fell: a wallet pays no more than what is due."""
        share, over = state.share, -self.due(state, around)
        if share is None or over <= 0:
            return state
        return replace(state, share=replace(share, amount=share.amount - over) if share.amount > over else None)

    def remembered(self, state: TicketState, event: WalletRemembered, around: Around) -> Made:
        """The journal's knowledge of the token; the server's may follow."""
        asked = told(state.asked, event)
        return Decision(state if asked is None else replace(state, asked=asked))

    def wallet_read(self, state: TicketState, event: WalletRead, around: Around) -> Made:
        """The server has answered in time."""
        asked = told(state.asked, event)
        return Decision(state) if asked is None else self._checked(state, asked, around)

    def wallet_late(self, state: TicketState, event: TimePassed, around: Around) -> Made:
        """The deadline is over: decide by what is remembered."""
        return self._checked(state, state.asked or Asked(""), around)

    def _checked(self, state: TicketState, asked: Asked, around: Around) -> Made:
        """The wallet pays all that is due, or what it can."""
        due = self.due(state, around)
        if self.cash_due(state, due) <= 0:  # coins that were on their way have paid it
            return self.paying(state, around)
        verdict = may_spend(self.job.offline, self.rules.overdraft, asked, due)
        if isinstance(verdict, Allowed):
            share = Share(asked.token, due, verdict)
            if self.rules.authorize == "charge" and verdict.confirmed and not self.obstacle(around):
                return self._charge(replace(state, share=share, asked=asked), share, around)
            return self.paying(replace(state, share=share), around)
        part = self._part(asked, due) if verdict.reason in _TOO_LITTLE else None
        if part is None:
            return self.paying(state, around, verdict.reason.value)
        return self.paying(replace(state, share=part), around)

    def _part(self, asked: Asked, due: int) -> Share | None:
        """Return what a wallet can pay that cannot pay all; None where that is nothing, or not wanted."""
        if not self.rules.partial_wallet:
            return None
        least = may_spend(self.job.offline, self.rules.overdraft, asked, 1)
        if isinstance(least, Refused):
            return None
        most = funds(self.job.offline, self.rules.overdraft, asked, least)
        amount = min(due, due if most is None else most)
        verdict = may_spend(self.job.offline, self.rules.overdraft, asked, amount) if amount > 0 else least
        return Share(asked.token, amount, verdict) if amount > 0 and isinstance(verdict, Allowed) else None

    # -- charging first --------------------------------------------------------------------------------

    def _charge(self, state: TicketState, share: Share, around: Around) -> Made:
        debit = self.debit(share, self.lines(state, around), held=True)
        wake_ms = around.now.mono_ms + self.rules.deadline_ms
        share = replace(share, debit=debit.key)
        state = replace(state, phase=Phase.CHARGING, wake_ms=wake_ms, share=share)
        return Decision(state, (debit,), (Show(state.screen), DeliverNow(debit.key)))

    def charged(self, state: TicketState, event: DeliveryEnded, around: Around) -> Made:
        """The server has answered the debit in time."""
        share = state.share
        if share is None or event.key != share.debit:
            return Decision(state)
        if event.outcome is Outcome.DELIVERED:
            return self.issue(replace(state, share=replace(share, allowed=_confirmed(share, event))), around)
        if event.outcome is Outcome.REFUSED:
            why = f"Refused before any ticket was issued: {event.words}"
            return self._uncharged(state, why, "The server has refused the payment.", around)
        return self.charge_late(state, TimePassed(), around)

    def charge_late(self, state: TicketState, event: TimePassed, around: Around) -> Made:
        """No answer in time: the offline policy decides, and the entry is settled by its guarantee."""
        share, asked = state.share, state.asked
        if share is None or asked is None:
            return self.paying(replace(state, share=None), around)
        if asked.balance is not None:  # the server told it a moment ago: that is what is remembered now
            asked = replace(asked, cached=CachedWallet(asked.balance, 0))
        asked = replace(asked, answer=WalletAnswer.NO_ANSWER, balance=None)
        verdict = may_spend(self.job.offline, self.rules.overdraft, asked, share.amount)
        if isinstance(verdict, Refused):
            why = "The server's answer did not come in time; no ticket was issued."
            return self._uncharged(state, why, verdict.reason.value, around)
        return self.issue(replace(state, share=replace(share, allowed=verdict)), around)

    def _uncharged(self, state: TicketState, why: str, words: str, around: Around) -> Made:
        """The debit pays for nothing: it is abandoned, and the guest may pay otherwise."""
        abandoned: tuple[Fact, ...] = (EntryAbandoned(state.share.debit, why),) if state.share else ()
        made = self.paying(replace(state, share=None, asked=None), around, words)
        return replace(made, facts=(*abandoned, *made.facts))

    # -- results ---------------------------------------------------------------------------------------

    def showing_pressed(self, state: TicketState, event: ButtonPressed, around: Around) -> Made:
        """The button for a receipt, or for a copy of the one that was printed; or the next guest chooses."""
        if event.button != slip.BUTTON:
            return self.pressed_new(state, event, around)
        paper, prints = slip.asked(self.job, state.slip, around)
        if not prints:
            return Decision(state)
        screen = replace(state.screen, offers=slip.offers(self.job, paper, around))
        return self.showing(state, around, screen, paper=paper, prints=prints)

    def tapped_new(self, state: TicketState, event: TokenPresented, around: Around) -> Made:
        """The last result is still shown, and the next guest is there."""
        return self.tapped_idle(self.ready(state, around).state, event, around)

    def stop(self, state: TicketState, event: StopAsked, around: Around) -> Made:
        """Begin nothing more; what a guest put in and has not spent becomes a voucher, or is kept for them."""
        if state.under_way:
            return Decision(state, effects=(CloseSlot(),))
        if state.purse is not None:
            return self.give_back(state, self.rules.refund, Screen(Notice.CANCELLED), around)
        return self.ready(state, around)


_TOO_LITTLE = (Reason.INSUFFICIENT, Reason.OFFLINE_SALE, Reason.OFFLINE_TOKEN, Reason.OFFLINE_TERMINAL)
"""Why a wallet does not pay all that is due, and may pay less."""


def _confirmed(share: Share, event: DeliveryEnded) -> Allowed:
    """Return what the server has said of the wallet by booking the debit."""
    known = share.allowed.available
    return Allowed(True, event.balance + share.amount if event.balance is not None else known, 0)


_Rule = Callable[[Ticketing, TicketState, Any, Around], Made]

RULES: dict[tuple[Phase, type], _Rule] = {
    **{
        (phase, kind): rule
        for phase in (Phase.READY, Phase.SHOWING)
        for kind, rule in ((CoinInserted, Ticketing.unasked_coin),)
    },
    **{
        (Phase.READY, kind): Ticketing.ready_again
        for kind in (
            CatalogueRead,
            DeviceChanged,
            EmptyingAsked,
            TrialOver,
            JournalFailed,
            JournalRecovered,
            PaperMoved,
        )
    },
    (Phase.READY, ButtonPressed): Ticketing.pressed,
    (Phase.READY, TokenPresented): Ticketing.tapped_idle,
    (Phase.READY, TimePassed): Ticketing.ready_again,
    (Phase.CHOOSING, ButtonPressed): Ticketing.pressed,
    (Phase.CHOOSING, TokenPresented): Ticketing.tapped,
    (Phase.CHOOSING, TimePassed): Ticketing.timed_out,
    (Phase.CHOOSING, CatalogueRead): Ticketing.repriced,
    (Phase.CHOOSING, JournalFailed): Ticketing.told_broken,
    (Phase.CHOOSING, JournalRecovered): Ticketing.told_mended,
    (Phase.CHOOSING, NoteMade): Ticketing.noted,
    (Phase.PAYING, CoinInserted): Ticketing.coin,
    (Phase.PAYING, TokenPresented): Ticketing.tapped,
    (Phase.PAYING, ButtonPressed): Ticketing.paying_pressed,
    (Phase.PAYING, TimePassed): Ticketing.timed_out,
    (Phase.PAYING, CardPaid): Ticketing.card_paid,
    (Phase.PAYING, NoteMade): Ticketing.noted,
    **{
        (Phase.PAYING, kind): Ticketing.gate
        for kind in (DeviceChanged, EmptyingAsked, TrialOver, JournalFailed, JournalRecovered)
    },
    (Phase.CHECKING, WalletRemembered): Ticketing.remembered,
    (Phase.CHECKING, WalletRead): Ticketing.wallet_read,
    (Phase.CHECKING, TimePassed): Ticketing.wallet_late,
    (Phase.CHECKING, CardPaid): Ticketing.card_paid,
    (Phase.CHECKING, NoteMade): Ticketing.noted,
    (Phase.CHARGING, DeliveryEnded): Ticketing.charged,
    (Phase.CHARGING, TimePassed): Ticketing.charge_late,
    (Phase.CARD, PaymentMoved): Ticketing.card_moved,
    (Phase.CARD, TimePassed): Ticketing.card_late,
    (Phase.CARD, ButtonPressed): Ticketing.card_pressed,
    (Phase.CARD, StopAsked): Ticketing.card_stopped,
    (Phase.CARD, JournalFailed): Ticketing.told_broken,
    (Phase.CARD, JournalRecovered): Ticketing.told_mended,
    (Phase.CARD, NoteMade): Ticketing.noted,
    (Phase.RETURNING, PayoutCounted): Ticketing.payout_counted,
    (Phase.RETURNING, PayoutEnded): Ticketing.payout_ended,
    (Phase.RETURNING, DeviceChanged): Ticketing.payer_changed,
    (Phase.RETURNING, TimePassed): Ticketing.payout_late,
    (Phase.CREDITING, TokenPresented): Ticketing.credit_tapped,
    (Phase.CREDITING, WalletRemembered): Ticketing.credit_remembered,
    (Phase.CREDITING, WalletRead): Ticketing.credit_read,
    (Phase.CREDITING, TimePassed): Ticketing.credit_late,
    (Phase.CREDITING, ButtonPressed): Ticketing.credit_refused,
    (Phase.CREDITING, StopAsked): Ticketing.credit_stopped,
    (Phase.SHOWING, ButtonPressed): Ticketing.showing_pressed,
    (Phase.SHOWING, TokenPresented): Ticketing.tapped_new,
    (Phase.SHOWING, TimePassed): Ticketing.ready_again,
}
"""What serves an event in a phase."""

ANYWHERE: dict[type, _Rule] = {
    TokenPresented: Ticketing.busy,
    CoinInserted: Ticketing.keep_coin,
    CardPaid: Ticketing.card_unasked,
    PaymentMoved: Ticketing.card_stray,
    NoteMade: Ticketing.not_noted,
    StopAsked: Ticketing.stop,
}
"""What serves an event in every phase that RULES does not name."""
