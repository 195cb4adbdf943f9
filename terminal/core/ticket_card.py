"""The ticket kiosk while a card pays: at a terminal that a server drives, or at one of the staff's.

    PAYING --card--> CARD --authorised, taken--> (issue)
    CARD --refused--> PAYING;  --cancel, time, nobody can tell--> PAYING, or the sale is given up

What is to be paid is on the books, as a held entry, before the card terminal hears of it (I1). An authorised
payment is freed in the commit of its sale, and captured by its delivery: no card pays without tickets. What
may have been paid without them is a person's.
"""

from __future__ import annotations

from terminal.core.card import BUTTON, PaymentReply, Step, UnderWay
from terminal.core.decision import Around, Decision
from terminal.core.delivery import Outcome
from terminal.core.effects import AskPayment, CloseSlot, Notice, Screen, Show
from terminal.core.events import ButtonPressed, CardPaid, PaymentMoved, StopAsked, TimePassed
from terminal.core.facts import (
    AttemptEnded,
    AttemptStarted,
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryState,
    Fact,
)
from terminal.core.money import show
from terminal.core.ticket_choosing import Choosing
from terminal.core.ticket_state import Answered, Made, Phase, TicketState
from terminal.core.tickets import Method, Payment
from terminal.core.value import replace

SOONEST_MS = 200
"""A server is asked no sooner again, whatever it says."""

_CARD_TOOK = "Cancel the payment at the card terminal."
_CANCEL_THERE = "Please cancel at the card terminal."
_NOT_TAKEN = "The card was not accepted. Please try again, or pay otherwise."
_NOT_CAPTURED = "The payment by card came to no end. Nothing was taken. Please try again, or pay otherwise."
_DOUBT = "Nobody can tell whether your card has paid. Please call the staff: it is written down."
_GIVEN_UP = "No ticket was issued for this payment."


class CardPaying(Choosing):
    """The rules of payments by card, for one terminal; ticketing.Ticketing has the table of all rules."""

    # -- a card terminal that a server drives ----------------------------------------------------------

    def pay(self, state: TicketState, around: Around) -> Made:
        """Where a card is the only way to pay, the card terminal is asked at once."""
        made = super().pay(state, around)
        only = self.rules.pay == ("card",) and self.card_driven
        return self.by_card(made.state, around) if only and made.state.phase is Phase.PAYING else made

    def pressed(self, state: TicketState, event: ButtonPressed, around: Around) -> Made:
        """`card` confirms what was chosen, and asks the card terminal; it is no product."""
        if event.button != BUTTON or not self.card_driven:
            return super().pressed(state, event, around)
        made = super().pressed(state, replace(event, button="confirm"), around)
        return self.by_card(made.state, around) if made.state.phase is Phase.PAYING else made

    def paying_pressed(self, state: TicketState, event: ButtonPressed, around: Around) -> Made:
        """`cancel` gives back what is in, `card` asks the card terminal; others wait until it is paid."""
        if event.button == "cancel":
            return self.give_up(state, event, around)
        wanted = event.button == BUTTON or (event.button == "confirm" and self.rules.pay == ("card",))
        return self.by_card(state, around) if wanted and self.card_driven else Decision(state)

    def by_card(self, state: TicketState, around: Around) -> Made:
        """What is due is to be paid by card: written down, then the card terminal is asked."""
        due = self.due(state, around)
        if self.obstacle(around) or around.stopping or due <= 0:
            return self.paying(state, around)
        sold = self.lines(state, around)
        entry = EntryAdded(
            key=self.ids.key(),
            kind=EntryKind.PAYMENT,
            backend=self.job.payments,
            token=None,
            amount=due,
            description=", ".join(dict.fromkeys(line.description for line in sold))[:100],
            tag=self.rules.tag,
            held=True,
        )
        card = UnderWay(entry.key, due, around.now.mono_ms + self.rules.card_s * 1000)
        screen = replace(state.screen, notice=Notice.CARD, words="", room=0, offers=("cancel",))
        state = replace(state, phase=Phase.CARD, card=card, screen=screen, wake_ms=card.wake_ms)
        effects = (CloseSlot(), Show(screen), AskPayment(entry.key, due))
        return Decision(state, (entry, AttemptStarted(entry.key)), effects)

    def card_moved(self, state: TicketState, event: PaymentMoved, around: Around) -> Made:
        """The server has told how far the payment is."""
        card, reply = state.card, event.reply
        if card is None or event.key != card.key:
            return self.card_stray(state, event, around)
        card = replace(card, reference=reply.reference or card.reference)
        reply = replace(reply, reference=card.reference)
        match reply.step:
            case Step.WAIT:
                ask_ms = around.now.mono_ms + max(SOONEST_MS, reply.wait_ms)
                card = replace(card, ask_ms=ask_ms, binding=reply.binding)
                return Decision(replace(state, card=card, wake_ms=card.wake_ms))
            case Step.AUTHORISED:
                trouble = self.obstacle(around)
                if trouble:  # it is not captured, so nothing is taken
                    return self._not_paid(state, card, replace(reply, step=Step.LOST), trouble, around)
                words = "authorised, and captured when the sale is on the books"
                return self._paid(state, card, reply, AttemptEnded(
                    card.key, Outcome.BUSY, EntryState.QUEUED, words=words, reference=reply.reference
                ), around)  # fmt: skip
            case Step.TAKEN:
                return self._paid(state, card, reply, _taken(card.key, reply), around)
            case Step.REFUSED:
                return self._not_paid(state, card, reply, _NOT_TAKEN, around)
            case Step.LOST:
                return self._lost(state, replace(card, binding=reply.binding), reply.words, around)

    def card_stray(self, state: TicketState, event: PaymentMoved, around: Around) -> Made:
        """A payment that nobody waits for any more has an answer: what was taken all the same is on the books.

        An authorisation that nobody captures moves nothing, and ends by itself.
        """
        return Decision(state, (_taken(event.key, event.reply),) if event.reply.step is Step.TAKEN else ())

    def card_late(self, state: TicketState, event: TimePassed, around: Around) -> Made:
        """The server is asked again; when that has gone on for too long, nobody waits any more."""
        card, now_ms = state.card, around.now.mono_ms
        if card is None:
            return self.paying(state, around)
        if now_ms < card.until_ms or around.broken:
            ask = card.ask_ms is not None and now_ms >= card.ask_ms
            # While nothing can be written down, nobody is told that it is over.
            until_ms = card.until_ms if now_ms < card.until_ms else now_ms + self.rules.card_s * 1000
            card = replace(card, until_ms=until_ms, ask_ms=None if ask else card.ask_ms)
            asked = (AskPayment(card.key, card.amount, card.reference),) if ask else ()
            return Decision(replace(state, card=card, wake_ms=card.wake_ms), effects=asked)
        return self._lost(state, card, "nobody paid at the card terminal in time", around)

    def card_pressed(self, state: TicketState, event: ButtonPressed, around: Around) -> Made:
        """`cancel`: where the money may be taken without another word of ours, only the card terminal can."""
        card = state.card
        if event.button != "cancel" or card is None:
            return Decision(state)
        if card.binding or around.broken:
            return Decision(state, effects=(Show(replace(state.screen, words=_CANCEL_THERE)),))
        return self._cancelled(state, card, "cancelled by the guest", around)

    def card_stopped(self, state: TicketState, event: StopAsked, around: Around) -> Made:
        """A payment that may be taken at any moment is waited for; another one is given up."""
        card = state.card
        if card is None or card.binding or around.broken:
            return Decision(state, effects=(CloseSlot(),))
        return self._cancelled(state, card, "the terminal was stopped", around)

    # -- how it ends -----------------------------------------------------------------------------------

    @property
    def card_driven(self) -> bool:
        """Whether a server drives a card terminal by which a guest may pay."""
        return bool(self.job.payments) and "card" in self.rules.pay

    def _paid(
        self, state: TicketState, card: UnderWay, reply: PaymentReply, ended: AttemptEnded, around: Around
    ) -> Made:
        """Write down what was paid, free it and issue the tickets, in one commit."""
        payment = Payment(Method.CARD, card.amount, reference=reply.reference or card.key)
        made = self.issue(replace(state, card=None), around, payment)
        return replace(made, facts=(ended, EntryFreed(card.key), *made.facts))

    def _not_paid(
        self, state: TicketState, card: UnderWay, reply: PaymentReply, words: str, around: Around
    ) -> Made:
        """Nothing was taken: the guest may try again, or pay otherwise."""
        made = self.paying(replace(state, card=None), around, words)
        outcome = Outcome.REFUSED if reply.step is Step.REFUSED else Outcome.UNKNOWN
        return replace(made, facts=(*_over(card, outcome, reply.words or words), *made.facts))

    def _lost(self, state: TicketState, card: UnderWay, words: str, around: Around) -> Made:
        """Nobody can tell how it ended: what may have been taken ends the sale, and is a person's."""
        if not card.binding:
            return self._not_paid(
                state, card, PaymentReply(Step.LOST, card.reference, words=words), _NOT_CAPTURED, around
            )
        facts = _over(card, Outcome.UNKNOWN, _named(words, card))
        screen = Screen(Notice.UNKNOWN, _DOUBT, amount=card.amount)
        return self.give_back(replace(state, card=None), self.rules.refund, screen, around, facts)

    def _cancelled(self, state: TicketState, card: UnderWay, words: str, around: Around) -> Made:
        facts = _over(card, Outcome.UNKNOWN, _named(words, card))
        after = Screen(Notice.CANCELLED)
        return self.give_back(replace(state, card=None), self.rules.refund, after, around, facts)

    # -- a card terminal of its own --------------------------------------------------------------------

    def card_paid(self, state: TicketState, event: CardPaid, around: Around) -> Made:
        """An external card terminal has taken what is due: that is money, whatever else is wrong."""
        due = self.due(state, around)
        if "card" not in self.rules.pay:
            return self.answered(state, event.ticket, f"tickets.pay has no card here. {_CARD_TOOK}")
        if event.amount != due:
            found, wanted = (show(each, self.job.currency, self.job.locale) for each in (event.amount, due))
            return self.answered(
                state, event.ticket, f"The card took {found}, and {wanted} are due. {_CARD_TOOK}"
            )
        payment = Payment(Method.CARD, due, reference=event.reference)
        return self.issue(replace(state, answer=Answered(event.ticket)), around, payment)

    def card_unasked(self, state: TicketState, event: CardPaid, around: Around) -> Made:
        """Nothing is due: what the card terminal took is not for this sale."""
        return self.answered(state, event.ticket, f"No sale waits for a payment by card. {_CARD_TOOK}")


def _taken(key: str, reply: PaymentReply) -> AttemptEnded:
    return AttemptEnded(
        key, Outcome.DELIVERED, EntryState.DELIVERED, words=reply.words, reference=reply.reference
    )


def _over(card: UnderWay, outcome: Outcome, words: str) -> tuple[Fact, ...]:
    """Return the facts by which a payment pays for nothing.

    Refused, it is void. In doubt its delivery settles it: by the server's promise void, or a person's.
    """
    ended = AttemptEnded(card.key, outcome, EntryState.QUEUED, words=words, reference=card.reference)
    return (ended, EntryAbandoned(card.key, f"{_GIVEN_UP} {words}".strip()))


def _named(words: str, card: UnderWay) -> str:
    return f"{words} (the server calls it {card.reference})" if card.reference else words
