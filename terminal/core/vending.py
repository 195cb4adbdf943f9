"""The job `vending`: a token pays for pieces that the machine gives out.

    READY --tap--> CHECKING --wallet--> CHOOSING --product--> (CHARGING) --> RELEASING --> SHOWING --> READY
    READY --product--> WAITING --tap--> CHECKING --wallet--> (CHARGING) --> RELEASING --> SHOWING --> READY

The table RULES at the end says which rule serves which event in which phase; what it does not name leaves the
state as it is, but a tap is always answered. Nothing is written until a sale is decided: then the debit and the
intent to release are committed together, and only then the relay is pulled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from terminal.core import coins
from terminal.core.catalogue import Product, total
from terminal.core.decision import Around, Decision
from terminal.core.effects import CloseSlot, Effect, Notice, ReadWallet, Screen, Show
from terminal.core.events import (
    ButtonPressed,
    CatalogueRead,
    CoinInserted,
    DeliveryEnded,
    DeviceChanged,
    Event,
    JournalFailed,
    JournalRecovered,
    ReleaseEnded,
    StopAsked,
    TimePassed,
    TokenPresented,
    WalletRead,
    WalletRemembered,
)
from terminal.core.policy import Allowed, Asked, Refused, may_spend, told
from terminal.core.sale import Phase, VendingState, masked
from terminal.core.selling import Made, Selling
from terminal.core.token import mask
from terminal.core.value import replace

_TEXT_BUTTONS = ("cancel", "confirm")


class Vending(Selling):
    """The rules of the job, for one terminal: what leads to a sale, and the table of them all."""

    def start(self, around: Around, purse: coins.Purse | None = None, waited_ms: int = 0) -> Made:
        """Return the state to begin with."""
        return self.ready(around, (CloseSlot(),))

    def handle(self, state: VendingState, event: Event, around: Around) -> Made:
        """Decide what follows from *event*. Total: every event is legal in every phase."""
        rule = RULES.get((state.phase, type(event))) or ANYWHERE.get(type(event))
        return rule(self, state, event, around) if rule else Decision(state)

    # -- ready and choosing ----------------------------------------------------------------------------

    def ready_again(self, state: VendingState, event: Event, around: Around) -> Made:
        """Nothing is going on: show what is offered now (products, health or the journal changed)."""
        return self.ready(around)

    def cancelled(self, state: VendingState, event: Event, around: Around) -> Made:
        """The customer went away or changed their mind: nothing was written, nothing is owed."""
        return self.showing(state, around, Screen(Notice.CANCELLED, token=masked(state)))

    def told_broken(self, state: VendingState, event: JournalFailed, around: Around) -> Made:
        """Somebody who is choosing reads why nothing happens; when the journal works again, they go on."""
        return Decision(state, effects=(Show(Screen(Notice.OUT_OF_ORDER, event.words, token=masked(state))),))

    def told_mended(self, state: VendingState, event: JournalRecovered, around: Around) -> Made:
        """They see again what they were choosing from."""
        return Decision(state, effects=(Show(state.screen),))

    def tapped(self, state: VendingState, event: TokenPresented, around: Around) -> Made:
        """A token begins a sale, or pays for what was chosen already."""
        trouble = self.trouble(around)
        if trouble:
            return self.showing(state, around, Screen(Notice.OUT_OF_ORDER, trouble))
        basket = state.basket or self.only_product(around)
        screen = Screen(Notice.CHECKING, token=mask(event.uid), basket=basket, amount=total(basket) or None)
        checking = replace(
            state,
            phase=Phase.CHECKING,
            screen=screen,
            wake_ms=around.now.mono_ms + self.rules.deadline_ms,
            asked=Asked(event.uid),
            basket=basket,
        )
        return Decision(checking, effects=(Show(screen), ReadWallet(event.uid, self.rules.deadline_ms)))

    def tapped_new(self, state: VendingState, event: TokenPresented, around: Around) -> Made:
        """The last result is still shown, and the next customer is there."""
        return self.tapped(VendingState(), event, around)

    def pressed(self, state: VendingState, event: ButtonPressed, around: Around) -> Made:
        """A button while nothing is decided yet."""
        if event.button == "cancel":
            return self.cancelled(state, event, around) if state.phase is not Phase.READY else Decision(state)
        if event.button == "confirm":
            return (
                self.buy(state, around) if state.phase is Phase.CHOOSING and state.basket else Decision(state)
            )
        product = next((p for p in around.products if str(p.id) == event.button), None)
        if product is None or not self.works(product, around) or around.broken:
            words = self.trouble(around) or "This product is not available at the moment."
            return Decision(state, effects=(Show(replace(state.screen, words=words)),))
        return self._chosen(state, product, around)

    def pressed_new(self, state: VendingState, event: ButtonPressed, around: Around) -> Made:
        """The last result is still shown, and somebody chooses already."""
        if event.button in _TEXT_BUTTONS:
            return self.ready(around)
        return self.pressed(VendingState(screen=state.screen), event, around)

    def _chosen(self, state: VendingState, product: Product, around: Around) -> Made:
        basket = (*state.basket, product) if self.rules.confirm else (product,)
        if len(basket) > self.rules.max_pieces:
            words = f"No more than {self.rules.max_pieces} pieces at once."
            return Decision(state, effects=(Show(replace(state.screen, words=words)),))
        state = replace(state, basket=basket)
        if state.phase is Phase.CHECKING:
            return Decision(state)
        if state.phase is Phase.CHOOSING and not self.rules.confirm:
            return self.buy(state, around)
        return self._choosing(state, around)

    def _choosing(self, state: VendingState, around: Around, allowed: Allowed | None = None) -> Made:
        """Show what was chosen and wait for the rest: the token, more pieces, or `confirm`."""
        phase = Phase.CHOOSING if state.asked else Phase.WAITING
        screen = Screen(
            Notice.CHOOSE if state.asked else Notice.PRESENT_TOKEN,
            token=masked(state),
            amount=total(state.basket) or None,
            balance=allowed.available if allowed else state.screen.balance,
            balance_age_ms=allowed.age_ms if allowed else state.screen.balance_age_ms,
            products=around.products,
            basket=state.basket,
        )
        wake_ms = around.now.mono_ms + self.rules.choose_s * 1000
        return Decision(replace(state, phase=phase, screen=screen, wake_ms=wake_ms), effects=(Show(screen),))

    # -- the wallet ------------------------------------------------------------------------------------

    def remembered(self, state: VendingState, event: WalletRemembered, around: Around) -> Made:
        """The journal's knowledge of the token; the server's may follow."""
        asked = told(state.asked, event)
        return Decision(state if asked is None else replace(state, asked=asked))

    def wallet_read(self, state: VendingState, event: WalletRead, around: Around) -> Made:
        """The server has answered in time."""
        asked = told(state.asked, event)
        return Decision(state) if asked is None else self._checked(replace(state, asked=asked), around)

    def wallet_late(self, state: VendingState, event: TimePassed, around: Around) -> Made:
        """The deadline is over: decide by what is remembered."""
        return self._checked(state, around)

    def _checked(self, state: VendingState, around: Around) -> Made:
        if state.basket and not self.rules.confirm:
            return self.buy(state, around)
        asked = state.asked or Asked("")
        cheapest = total(state.basket) or min((p.price for p in around.products), default=0)
        verdict = may_spend(self.job.offline, self.rules.overdraft, asked, cheapest)
        if isinstance(verdict, Refused):
            return self.refused(state, around, verdict.reason.value)
        return self._choosing(state, around, verdict)

    # -- in any phase ----------------------------------------------------------------------------------

    def busy(self, state: VendingState, event: Event, around: Around) -> Made:
        """A tap while something else is going on is answered, never swallowed."""
        words = "One moment please: a sale is under way."
        return Decision(state, effects=(Show(replace(state.screen, notice=Notice.BUSY, words=words)),))

    def coin(self, state: VendingState, event: CoinInserted, around: Around) -> Made:
        """A coin that nobody asked for: a vending machine's slot is closed, but the money is there."""
        purse, facts = coins.put(None, event, None, self.ids)
        why = "A coin came in while the slot was closed."
        facts = (*facts, *coins.leave_unclaimed(self.job, purse, self.ids.key(), why))
        screen = Screen(Notice.COIN_KEPT, "Please call the staff to get it back.", amount=event.amount)
        if state.phase in (Phase.READY, Phase.SHOWING):
            return self.showing(state, around, screen, facts)
        return Decision(state, facts, (Show(screen),))

    def stop(self, state: VendingState, event: StopAsked, around: Around) -> Made:
        """Begin nothing more. A release under way is answered by its driver, or is unknown."""
        effects: tuple[Effect, ...] = (CloseSlot(),)
        if state.phase in (Phase.CHARGING, Phase.RELEASING):
            return Decision(state, effects=effects)
        return self.ready(around, (*self.farewell(state), *effects))


_Rule = Callable[[Vending, VendingState, Any, Around], Decision[VendingState]]

RULES: dict[tuple[Phase, type], _Rule] = {
    (Phase.READY, TokenPresented): Vending.tapped,
    (Phase.READY, ButtonPressed): Vending.pressed,
    (Phase.READY, CatalogueRead): Vending.ready_again,
    (Phase.READY, DeviceChanged): Vending.ready_again,
    (Phase.READY, JournalFailed): Vending.ready_again,
    (Phase.READY, JournalRecovered): Vending.ready_again,
    (Phase.WAITING, TokenPresented): Vending.tapped,
    (Phase.WAITING, ButtonPressed): Vending.pressed,
    (Phase.WAITING, TimePassed): Vending.cancelled,
    (Phase.WAITING, JournalFailed): Vending.told_broken,
    (Phase.WAITING, JournalRecovered): Vending.told_mended,
    (Phase.CHECKING, WalletRemembered): Vending.remembered,
    (Phase.CHECKING, WalletRead): Vending.wallet_read,
    (Phase.CHECKING, TimePassed): Vending.wallet_late,
    (Phase.CHECKING, ButtonPressed): Vending.pressed,
    (Phase.CHOOSING, ButtonPressed): Vending.pressed,
    (Phase.CHOOSING, TimePassed): Vending.cancelled,
    (Phase.CHOOSING, JournalFailed): Vending.told_broken,
    (Phase.CHOOSING, JournalRecovered): Vending.told_mended,
    (Phase.CHARGING, DeliveryEnded): Vending.charge_ended,
    (Phase.CHARGING, TimePassed): Vending.charge_late,
    (Phase.RELEASING, ReleaseEnded): Vending.release_ended,
    (Phase.RELEASING, TimePassed): Vending.release_silent,
    (Phase.SHOWING, TokenPresented): Vending.tapped_new,
    (Phase.SHOWING, ButtonPressed): Vending.pressed_new,
    (Phase.SHOWING, TimePassed): Vending.ready_again,
}
"""What serves an event in a phase."""

ANYWHERE: dict[type, _Rule] = {
    TokenPresented: Vending.busy,
    CoinInserted: Vending.coin,
    StopAsked: Vending.stop,
}
"""What serves an event in every phase that RULES does not name."""
