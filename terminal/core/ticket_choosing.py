"""The ticket kiosk until a guest begins to pay: what is offered, what is chosen, and tokens at the door."""

from __future__ import annotations

from terminal.core import money, printing
from terminal.core import ticket_basket as basket
from terminal.core.card import BUTTON
from terminal.core.catalogue import Product
from terminal.core.decision import Around, Decision
from terminal.core.effects import CloseSlot, Effect, Notice, OpenSlot, Screen, Show
from terminal.core.events import (
    ButtonPressed,
    CatalogueRead,
    CoinInserted,
    Event,
    JournalFailed,
    JournalRecovered,
    NoteMade,
    TimePassed,
    TokenPresented,
)
from terminal.core.facts import EntryAdded, EntryKind
from terminal.core.policy import Reason
from terminal.core.ticket_issuing import Issuing
from terminal.core.ticket_state import Answered, Made, Phase, TicketState
from terminal.core.tickets import Interaction, Line
from terminal.core.token import mask
from terminal.core.value import replace

LONGEST_NOTE = 500

_STOPPING = "The machine is about to stop. Please come back in a moment."
_CHOOSE_FIRST = "Please choose your tickets first."
_NOT_SOLD = "This ticket is not available at the moment."
_PRINTING = "Your tickets are being printed. One moment please."
_PAPERLESS = "Tickets that are paid wait for the printer. Please call the staff."
_NO_CODES = "No ticket codes are left. Please call the staff."
_NO_WAY_TO_PAY = "Nothing can be paid at the moment. Please call the staff."


class Choosing(Issuing):
    """The rules before anything is paid, for one terminal."""

    def trouble(self, around: Around) -> str:
        """Return why nothing can be sold at the moment, for the guest; empty if it can."""
        if around.stopping:
            return _STOPPING
        if not basket.offered(self.rules, around.products):
            return around.broken or "No tickets are known with a price. Please call the staff."
        return self.obstacle(around) or ("" if self._payable(around) else _NO_WAY_TO_PAY)

    def obstacle(self, around: Around) -> str:
        """Return why no ticket can be issued now, were it paid; empty if it can."""
        if around.broken:
            return around.broken
        paper = printing.ready(self.job, around)
        return _PAPERLESS if paper and around.unprinted else paper

    def _payable(self, around: Around) -> bool:
        coins = "coins" in self.rules.pay and self.slots(around)
        return bool(coins or {"wallet", "card"} & set(self.rules.pay))

    def slots(self, around: Around) -> list[str]:
        """Return the acceptors that can take money now."""
        return [each for each in self.job.acceptors if around.works(each) and each not in around.full]

    # -- ready -----------------------------------------------------------------------------------------

    def ready(self, state: TicketState, around: Around) -> Made:
        """Wait for the next guest, showing what is sold or why nothing is."""
        trouble = self.trouble(around)
        if trouble:
            screen = Screen(Notice.OUT_OF_ORDER, trouble)
        elif around.unprinted:
            screen = Screen(Notice.ISSUED, _PRINTING)
        else:
            screen = Screen(Notice.READY, products=basket.offered(self.rules, around.products))
        return Decision(TicketState(screen=screen, answer=state.answer), effects=(CloseSlot(), Show(screen)))

    def ready_again(self, state: TicketState, event: Event, around: Around) -> Made:
        """Products, health, the journal or the paper changed, or a result was shown long enough."""
        return self.ready(state, around)

    def unasked_coin(self, state: TicketState, event: CoinInserted, around: Around) -> Made:
        """A coin that nobody asked for goes back to who put it in."""
        kept = self.keep_coin(state, event, around)
        return self.give_back(kept.state, self.rules.refund, Screen(Notice.CANCELLED), around, kept.facts)

    def tapped_idle(self, state: TicketState, event: TokenPresented, around: Around) -> Made:
        """A token while nothing is chosen: a delegate at the door, where the operator wants that."""
        token = mask(event.uid)
        if not self.rules.tap or event.uid in self.rules.staff:
            screen = Screen(Notice.CHOOSE, _CHOOSE_FIRST, token, products=state.screen.products)
            return self._told(state, screen, around)
        if around.broken:
            return self._told(state, Screen(Notice.OUT_OF_ORDER, around.broken), around)
        if event.uid in self.job.offline.deny:
            return self.showing(state, around, Screen(Notice.REFUSED, Reason.DENIED_TOKEN.value, token))
        entry = EntryAdded(
            key=self.ids.key(),
            kind=EntryKind.INTERACTION,
            backend=self.job.office,
            token=event.uid,
            amount=0,
            description=self.rules.tap,
            tag=self.rules.tag,
            payload=Interaction(self.rules.tap, self.rules.tap_device),
        )
        return self.showing(state, around, Screen(Notice.CHECKED_IN, token=token), (entry,))

    def _told(self, state: TicketState, screen: Screen, around: Around) -> Made:
        """Say something in between; who goes away without a word does not leave it on the screen."""
        if state.phase is Phase.READY:
            state = replace(state, wake_ms=around.now.mono_ms + self.rules.show_s * 1000)
        return Decision(state, effects=(Show(screen),))

    # -- choosing --------------------------------------------------------------------------------------

    def pressed(self, state: TicketState, event: ButtonPressed, around: Around) -> Made:
        """A product, or `-` and a product to take one away; `confirm` pays, `cancel` gives up."""
        if event.button == "cancel":
            return self.give_up(state, event, around) if state.phase is Phase.CHOOSING else Decision(state)
        if event.button == "confirm":
            return self.pay(state, around) if state.picks else self._told(state, state.screen, around)
        trouble = self.trouble(around) or (_PRINTING if around.unprinted else "")
        if trouble:
            return self._told(state, replace(state.screen, words=trouble), around)
        wanted, by = (event.button[1:], -1) if event.button.startswith("-") else (event.button, 1)
        offered = basket.offered(self.rules, around.products)
        product = next((each for each in offered if str(each.id) == wanted), None)
        if product is None:
            return self._told(state, replace(state.screen, words=_NOT_SOLD), around)
        return self._picked(state, product, by, around)

    def pressed_new(self, state: TicketState, event: ButtonPressed, around: Around) -> Made:
        """The last result is still shown: its receipt is asked for, or somebody chooses already."""
        made = self.ready(state, around)
        return made if event.button in ("cancel", "confirm") else self.pressed(made.state, event, around)

    def _picked(self, state: TicketState, product: Product, by: int, around: Around) -> Made:
        after = replace(state, picks=basket.changed(state.picks, product.id, by))
        words = self.too_much(after, around) if by > 0 else ""
        if words:
            return self._told(state, replace(state.screen, words=words), around)
        if not after.picks and after.purse is None:
            return self.ready(after, around)
        if not self.rules.basket and after.picks:
            return self.pay(after, around)
        return self.choosing(after, around)

    def too_much(self, state: TicketState, around: Around) -> str:
        """Return which limit the basket is beyond; empty if none. It is looked at before money is taken."""
        sold = self.lines(state, around)
        if any(line.quantity > self.rules.max_quantity for line in sold):
            return f"No more than {self.rules.max_quantity} of one kind at once."
        most = min(self.rules.max_tickets, self.codes.most)
        if basket.tickets(self.rules, sold) > most:
            return f"No more than {most} tickets at once."
        if basket.total(sold) > self.rules.max_total:
            dearest = money.show(self.rules.max_total, self.job.currency, self.job.locale)
            return f"No more than {dearest} at once."
        return ""

    def choosing(self, state: TicketState, around: Around, words: str = "") -> Made:
        """Show what was chosen, and wait for more."""
        sold = self.lines(state, around)
        screen = Screen(
            Notice.CHOOSE,
            words,
            amount=basket.total(sold),
            products=basket.offered(self.rules, around.products),
            basket=pieces(sold),
            discount=sum(line.discount for line in sold) or None,
        )
        wake_ms = around.now.mono_ms + self.rules.choose_s * 1000
        state = replace(state, phase=Phase.CHOOSING, screen=screen, wake_ms=wake_ms)
        return Decision(state, effects=(CloseSlot(), Show(screen)))

    def give_up(self, state: TicketState, event: Event, around: Around) -> Made:
        """The guest goes away or changed their mind: what they put in is given back."""
        return self.give_back(state, self.rules.refund, Screen(Notice.CANCELLED), around)

    def timed_out(self, state: TicketState, event: TimePassed, around: Around) -> Made:
        """Nobody goes on; while nothing can be written down, a payment by card may still be on its way."""
        if around.broken:
            return Decision(replace(state, wake_ms=around.now.mono_ms + self.rules.pay_s * 1000))
        return self.give_up(state, event, around)

    def told_broken(self, state: TicketState, event: JournalFailed, around: Around) -> Made:
        """Somebody who is choosing reads why nothing happens."""
        return Decision(state, effects=(CloseSlot(), Show(Screen(Notice.OUT_OF_ORDER, event.words))))

    def repriced(self, state: TicketState, event: CatalogueRead, around: Around) -> Made:
        """Prices changed while somebody chooses: nothing is sold at another one than the screen shows."""
        made = self.choosing(state, around, around.broken)
        return replace(made, state=replace(made.state, wake_ms=state.wake_ms))

    def told_mended(self, state: TicketState, event: JournalRecovered, around: Around) -> Made:
        """They see again what they were choosing from."""
        return Decision(state, effects=(Show(state.screen),))

    def noted(self, state: TicketState, event: NoteMade, around: Around) -> Made:
        """The staff has something to say about this sale."""
        notes = f"{state.notes}; {event.words}" if state.notes else event.words
        if len(notes) > LONGEST_NOTE:
            return self.answered(state, event.ticket, f"No more than {LONGEST_NOTE} characters of notes.")
        return Decision(replace(state, notes=notes, answer=Answered(event.ticket)))

    def not_noted(self, state: TicketState, event: NoteMade, around: Around) -> Made:
        """There is no sale to say something about."""
        return self.answered(state, event.ticket, "No sale is under way.")

    @staticmethod
    def answered(state: TicketState, ticket: str, words: str) -> Made:
        """Say no to a person, and why."""
        return Decision(replace(state, answer=Answered(ticket, words)))

    # -- towards paying --------------------------------------------------------------------------------

    def pay(self, state: TicketState, around: Around) -> Made:
        """Everything that can say no says it here, before any money is taken."""
        words = self.trouble(around) or (_PRINTING if around.unprinted else "") or self.too_much(state, around)
        if not words and not self.lines(state, around):
            words = _NOT_SOLD
        purchase = None if words else self.codes.purchase()
        if purchase is None:
            return self.choosing(state, around, words or _NO_CODES)
        products = basket.offered(self.rules, around.products)
        step = self.rules.cash_step(around.cash_step)
        return self.paying(replace(state, purchase=purchase, products=products, step=step), around)

    def paying(self, state: TicketState, around: Around, words: str = "") -> Made:
        """Show what is due, and take money; if nothing is, the sale is made."""
        # What is paid is sold, though the coin that paid it filled the cash box, or the catalogue is empty now.
        trouble = self.obstacle(around)
        due = self.due(state, around)
        in_cash = self.cash_due(state, due)
        if in_cash <= 0 and not trouble:
            return self.issue(state, around)
        if in_cash <= 0:
            return self.give_back(state, self.rules.refund, Screen(Notice.REFUSED, trouble), around)
        trouble = trouble or ("" if self._payable(around) else _NO_WAY_TO_PAY)
        sold = self.lines(state, around)
        room = self._room(in_cash, around) if not trouble else 0
        screen = Screen(
            Notice.PAY,
            words or trouble,
            token=mask(state.share.token) if state.share else None,
            amount=basket.total(sold),
            basket=pieces(sold),
            room=room,
            due=due,
            cash_due=in_cash if in_cash != due else None,
            rounding=in_cash - due or None,
            discount=sum(line.discount for line in sold) or None,
            offers=(BUTTON,) if self.job.payments and "card" in self.rules.pay and not trouble else (),
        )
        wake_ms = around.now.mono_ms + self.rules.pay_s * 1000
        state = replace(state, phase=Phase.PAYING, screen=screen, wake_ms=wake_ms, asked=None)
        return Decision(state, effects=(slot(room, around), Show(screen)))

    def due(self, state: TicketState, around: Around) -> int:
        """Return the cents that are still to be paid, exactly; negative: so much is change."""
        paid = state.held + (state.share.amount if state.share else 0)
        return basket.total(self.lines(state, around)) - paid

    @staticmethod
    def cash_due(state: TicketState, due: int) -> int:
        """Return the cents that coins must still bring where so much is *due*; 0 or less: all is paid.

        What cash has to pay may be rounded to nothing: then nobody has to pay it.
        """
        return money.cash_price(due + state.held, state.held, state.step) - state.held

    def _room(self, due: int, around: Around) -> int:
        """Return how much the slot takes: beyond what is due only where that can be given back, or is kept."""
        if "coins" not in self.rules.pay or not self.slots(around):
            return 0
        return due + (self.rules.max_change if self.possible(self.rules.change, around) else 0)


def slot(room: int, around: Around) -> Effect:
    """Return the order to every acceptor: take up to *room* cents, or nothing."""
    if room <= 0 or around.stopping:
        return CloseSlot()
    return OpenSlot(room, tuple(sorted(around.full)))


def pieces(sold: tuple[Line, ...]) -> tuple[Product, ...]:
    """Return what was chosen as a screen shows it: a product once for each piece."""
    return tuple(
        Product(line.product, line.description, line.unit) for line in sold for _ in range(line.quantity)
    )
