"""The job `vending` at a machine that asks for payment (MDB cashless): it knows its selections and prices.

    READY --tap--> CHECKING --wallet--> CHOOSING --request--> (CHARGING) --> RELEASING --> SHOWING --> READY
    READY --request--> WAITING --tap--> CHECKING --wallet--> (CHARGING) --> RELEASING --> SHOWING --> READY

CHOOSING is a session at the machine. A request names a selection and a price; approving it is a release like
any other, decided for this very price and written down first, and nothing is released that was not asked for.
The price that the machine asks for is what is charged: its customer has read it there. Where the server lists
another price, or no such product, the debit goes by its amount, and the release's detail says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from terminal.core import coins
from terminal.core.approving import Approving
from terminal.core.catalogue import Product, total
from terminal.core.decision import Around, Decision
from terminal.core.effects import Notice, Screen, Show
from terminal.core.events import (
    ButtonPressed,
    CatalogueRead,
    CoinInserted,
    DeliveryEnded,
    DeviceChanged,
    Ended,
    Event,
    JournalFailed,
    JournalRecovered,
    Place,
    ReleaseEnded,
    StopAsked,
    TimePassed,
    TokenPresented,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import Fact
from terminal.core.machine import (
    AnswerRevalue,
    BeginSession,
    DenyVend,
    MachineEnabled,
    RevalueRequested,
    SessionEnded,
    VendCancelled,
    VendRequested,
)
from terminal.core.policy import Asked, Refused, Room, funds, may_fill, may_spend
from terminal.core.sale import Phase, Sale, VendingState, masked
from terminal.core.selling import Made
from terminal.core.value import replace


class Asking(Approving):
    """The rules of the job for a terminal with a machine: requests, sessions, and the table of them all."""

    def handle(self, state: VendingState, event: Event, around: Around) -> Made:
        """Decide what follows from *event*. Total: every event is legal in every phase."""
        rule = RULES.get((state.phase, type(event))) or ANYWHERE.get(type(event))
        return rule(self, state, event, around) if rule else Decision(state)

    # -- requests --------------------------------------------------------------------------------------

    def _requested(self, state: VendingState, event: VendRequested, around: Around) -> tuple[VendingState, str]:
        """Return the state with what the machine asks for in it, and why it is denied at once, if it is."""
        listed = self._listed(event.item, around)
        if listed is None:
            product = Product(event.item, f"Selection {event.item}", event.price, listed=False)
        else:
            product = replace(listed, price=event.price, listed=listed.price == event.price)
        why = self.trouble(around)
        if around.stopping:
            why = "The machine is about to stop. Please come back in a moment."
        elif not why and not 0 < event.price <= self.rules.max_price:
            why = "The machine asks for a price that cannot be right. Please call the staff."
        elif not why and not product.listed and not self.rules.machine_unlisted:
            why = "This selection is not sold by card."
        return replace(state, request=event, basket=(product,)), why

    def requested_first(self, state: VendingState, event: VendRequested, around: Around) -> Made:
        """A customer has chosen before any token was there; who came before them has gone."""
        state, why = self._requested(VendingState(Phase.WAITING), event, around)
        if why:
            return self.refused(state, around, why)
        screen = Screen(Notice.PRESENT_TOKEN, amount=event.price, basket=state.basket)
        wake_ms = around.now.mono_ms + self.rules.choose_s * 1000
        return Decision(replace(state, screen=screen, wake_ms=wake_ms), effects=(Show(screen),))

    def requested_meanwhile(self, state: VendingState, event: VendRequested, around: Around) -> Made:
        """The customer has chosen while their wallet is read."""
        state, why = self._requested(state, event, around)
        if why:
            return self.refused(state, around, why)
        screen = replace(state.screen, amount=event.price, basket=state.basket)
        return Decision(replace(state, screen=screen), effects=(Show(screen),))

    def requested(self, state: VendingState, event: VendRequested, around: Around) -> Made:
        """The customer of the session has chosen: decide about this very price."""
        state, why = self._requested(state, event, around)
        return self.refused(state, around, why) if why else self.buy(state, around)

    def taken_back(self, state: VendingState, event: VendCancelled | SessionEnded, around: Around) -> Made:
        """What was asked for is not wanted any more; or, if nothing was, an older session has ended."""
        return Decision(state) if state.request is None else self.cancelled(state, event, around)

    def out_of_turn(self, state: VendingState, event: VendRequested, around: Around) -> Made:
        """A request while another vend is under way: the machine must wait for its end."""
        return Decision(state, effects=(DenyVend(self.machine),))

    # -- the session -----------------------------------------------------------------------------------

    def _checked(self, state: VendingState, around: Around) -> Made:
        if state.request:
            return self.buy(state, around)
        asked = state.asked or Asked("")
        least = 0 if self.rules.machine_revalue else 1
        verdict = may_spend(self.job.offline, self.rules.overdraft, asked, least)
        if isinstance(verdict, Refused):
            return self.refused(state, around, verdict.reason.value)
        screen = Screen(
            Notice.CHOOSE, token=masked(state), balance=verdict.available, balance_age_ms=verdict.age_ms
        )
        begin = BeginSession(self.machine, funds(self.job.offline, self.rules.overdraft, asked, verdict))
        made = self._choose(replace(state, session=True), screen, around)
        return replace(made, effects=(begin, *made.effects))

    def _choose(
        self, state: VendingState, screen: Screen, around: Around, facts: tuple[Fact, ...] = ()
    ) -> Made:
        wake_ms = around.now.mono_ms + self.rules.choose_s * 1000
        choosing = replace(state, phase=Phase.CHOOSING, screen=screen, wake_ms=wake_ms, basket=(), request=None)
        return Decision(choosing, facts, (Show(screen),))

    def _sold(
        self, state: VendingState, sale: Sale, ended: Ended, around: Around, facts: tuple[Fact, ...]
    ) -> Made:
        made = super()._sold(state, sale, ended, around, facts)
        more = self.rules.machine_multivend and state.session and not around.stopping
        if ended is not Ended.DONE or not more or self.trouble(around):
            return made
        state = replace(state, asked=_spent(state.asked or Asked(""), total(sale.pieces)))
        return self._choose(state, made.state.screen, around, facts)

    def over(self, state: VendingState, event: Event, around: Around) -> Made:
        """The session is over: the last result stays for a while, if there was any; else they cancelled."""
        if state.sale is not None or state.filled:
            return self.showing(state, around, state.screen)
        return self.cancelled(state, event, around)

    def tapped_again(self, state: VendingState, event: TokenPresented, around: Around) -> Made:
        """The same token once more means "done"; another one has to wait."""
        same = state.asked is not None and event.uid == state.asked.token
        return self.over(state, event, around) if same else self.busy(state, event, around)

    def pressed(self, state: VendingState, event: ButtonPressed, around: Around) -> Made:
        """Of the terminal's own buttons only `cancel` means something: what there is, the machine's choose."""
        return self.over(state, event, around) if event.button == "cancel" else Decision(state)

    def interrupted(self, state: VendingState, event: Event, around: Around) -> Made:
        """The machine is gone or takes no cards, or nothing can be written: the customer cannot go on."""
        trouble = self.trouble(around)
        if not trouble:
            return Decision(state)
        return self.showing(state, around, Screen(Notice.OUT_OF_ORDER, trouble, token=masked(state)))

    def unwritable(self, state: VendingState, event: JournalFailed, around: Around) -> Made:
        """What the machine asked for just now may be what cannot be written: it must not wait for an answer."""
        made = self.interrupted(state, event, around)
        no = (DenyVend(self.machine), AnswerRevalue(self.machine, granted=False))
        return replace(made, effects=(*no, *made.effects))

    # -- cash for the token ----------------------------------------------------------------------------

    def revalue(self, state: VendingState, event: RevalueRequested, around: Around) -> Made:
        """The machine has taken cash for the token of the session: on the books first, then granted."""
        asked = state.asked or Asked("")
        room = may_fill(self.job.offline, self.job.topup, asked)
        most = min(room.cents, self.job.topup.max_session - state.filled) if isinstance(room, Room) else 0
        if not self.rules.machine_revalue or not 0 < event.amount <= most:
            return self.no_revalue(state, event, around)
        coin = CoinInserted(self.machine, event.amount, place=Place.MACHINE)
        purse, facts = coins.put(None, coin, asked.token, self.ids)
        facts = (*facts, *coins.credit(self.job, purse, asked.token, self.ids.key()))
        balance = state.screen.balance
        screen = replace(
            state.screen,
            notice=Notice.CREDITED,
            amount=event.amount,
            balance=None if balance is None else balance + event.amount,
        )
        state = replace(state, asked=_filled(asked, event.amount), filled=state.filled + event.amount)
        made = self._choose(state, screen, around, facts)
        return replace(made, effects=(AnswerRevalue(self.machine, granted=True), *made.effects))

    def no_revalue(self, state: VendingState, event: RevalueRequested, around: Around) -> Made:
        """The wallet cannot take it, or there is no session: the cash stays the machine's own credit."""
        return Decision(state, effects=(AnswerRevalue(self.machine, granted=False),))


def _spent(asked: Asked, amount: int) -> Asked:
    """Return what is known of a token after a debit of *amount*, which counts at once."""
    exposure = asked.exposure
    return replace(
        asked,
        exposure=replace(
            exposure,
            token_debits=exposure.token_debits + amount,
            total=exposure.total + amount,
            count=exposure.count + 1,
        ),
    )


def _filled(asked: Asked, amount: int) -> Asked:
    """Return what is known of a token after a credit of *amount*: a balance that was read before lacks it."""
    if asked.balance is not None:
        return replace(asked, balance=asked.balance + amount)
    exposure = asked.exposure
    return replace(asked, exposure=replace(exposure, token_credits=exposure.token_credits + amount))


_Rule = Callable[[Asking, VendingState, Any, Around], Decision[VendingState]]

RULES: dict[tuple[Phase, type], _Rule] = {
    (Phase.READY, TokenPresented): Asking.tapped,
    (Phase.READY, VendRequested): Asking.requested_first,
    (Phase.READY, CatalogueRead): Asking.ready_again,
    (Phase.READY, DeviceChanged): Asking.ready_again,
    (Phase.READY, MachineEnabled): Asking.ready_again,
    (Phase.READY, JournalFailed): Asking.ready_again,
    (Phase.READY, JournalRecovered): Asking.ready_again,
    (Phase.WAITING, TokenPresented): Asking.tapped,
    (Phase.WAITING, VendRequested): Asking.requested_first,
    (Phase.WAITING, VendCancelled): Asking.cancelled,
    (Phase.WAITING, SessionEnded): Asking.cancelled,
    (Phase.WAITING, ButtonPressed): Asking.pressed,
    (Phase.WAITING, TimePassed): Asking.cancelled,
    (Phase.WAITING, DeviceChanged): Asking.interrupted,
    (Phase.WAITING, MachineEnabled): Asking.interrupted,
    (Phase.WAITING, JournalFailed): Asking.interrupted,
    (Phase.CHECKING, WalletRemembered): Asking.remembered,
    (Phase.CHECKING, WalletRead): Asking.wallet_read,
    (Phase.CHECKING, TimePassed): Asking.wallet_late,
    (Phase.CHECKING, VendRequested): Asking.requested_meanwhile,
    (Phase.CHECKING, VendCancelled): Asking.taken_back,
    (Phase.CHECKING, SessionEnded): Asking.taken_back,
    (Phase.CHECKING, ButtonPressed): Asking.pressed,
    (Phase.CHECKING, DeviceChanged): Asking.interrupted,
    (Phase.CHECKING, MachineEnabled): Asking.interrupted,
    (Phase.CHECKING, JournalFailed): Asking.interrupted,
    (Phase.CHOOSING, VendRequested): Asking.requested,
    (Phase.CHOOSING, SessionEnded): Asking.over,
    (Phase.CHOOSING, TokenPresented): Asking.tapped_again,
    (Phase.CHOOSING, RevalueRequested): Asking.revalue,
    (Phase.CHOOSING, ButtonPressed): Asking.pressed,
    (Phase.CHOOSING, TimePassed): Asking.over,
    (Phase.CHOOSING, DeviceChanged): Asking.interrupted,
    (Phase.CHOOSING, MachineEnabled): Asking.interrupted,
    (Phase.CHOOSING, JournalFailed): Asking.unwritable,
    (Phase.CHARGING, DeliveryEnded): Asking.charge_ended,
    (Phase.CHARGING, TimePassed): Asking.charge_late,
    (Phase.CHARGING, VendRequested): Asking.gone,
    (Phase.CHARGING, VendCancelled): Asking.gone,
    (Phase.CHARGING, SessionEnded): Asking.gone,
    (Phase.CHARGING, DeviceChanged): Asking.lost,
    (Phase.CHARGING, JournalFailed): Asking.gone,
    (Phase.CHARGING, JournalRecovered): Asking.mended,
    (Phase.RELEASING, ReleaseEnded): Asking.release_ended,
    (Phase.RELEASING, TimePassed): Asking.release_silent,
    (Phase.RELEASING, SessionEnded): Asking.last_vend,
    (Phase.SHOWING, TokenPresented): Asking.tapped_new,
    (Phase.SHOWING, VendRequested): Asking.requested_first,
    (Phase.SHOWING, ButtonPressed): Asking.ready_again,
    (Phase.SHOWING, TimePassed): Asking.ready_again,
}
"""What serves an event in a phase."""

ANYWHERE: dict[type, _Rule] = {
    TokenPresented: Asking.busy,
    VendRequested: Asking.out_of_turn,
    RevalueRequested: Asking.no_revalue,
    CoinInserted: Asking.coin,
    StopAsked: Asking.stop,
}
"""What serves an event in every phase that RULES does not name."""
