"""Card terminals that Kensium POS drives: ``terminalPayment.start``, ``continue`` and ``capture``.

    card_payment = "authorise"    start authorises, which moves nothing; the delivery captures. What became of a
                                  capture that was not answered, ``continue`` tells: the payment itself.
    card_payment = "sale"         start takes the money; what is not answered, a person has to look up.

Each step answers with exactly one of a payment, an error and a continuation, which the vendor's pages say. What
its arguments and fields are called they do not say (``options.names``), nor that ``continue`` may be asked of a
payment that has ended, which is assumed. There is nothing by which a client could cancel.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from time import monotonic

from terminal.backends.kensium.cards import ref_of
from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.graphql import Call
from terminal.backends.kensium.models import Paid, PaymentStep
from terminal.backends.kensium.options import KensiumOptions
from terminal.backends.kensium.tenant import Tenant
from terminal.core.card import PaymentReply, Step
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.records import Entry

_WAIT_MS = 1_000
"""How long is waited where a continuation does not say it."""

_NEVER = "only an authorisation was asked for, and it was never captured"
_BY_HAND = "what a card has paid is given back by a person: the card is with its owner"


class Payments:
    """The card terminal of one kiosk.

    Args:
        tenant: Who drives it.
        options: How payments are made.
        terminal_id: Who we are.
    """

    def __init__(self, tenant: Tenant, options: KensiumOptions, terminal_id: str) -> None:
        self._tenant = tenant
        self._source = options.source_id or terminal_id
        self._statuses = {word.casefold(): step for word, step in options.card_statuses.items()}
        self.takes_at_once = options.card_payment == "sale"

    @property
    def guarantee(self) -> Guarantee:
        """What is promised about a repeat of a payment's entry."""
        return Guarantee(Promise.NONE if self.takes_at_once else Promise.READ_BACK)

    def start(self, key: str, amount: int, timeout_s: float) -> PaymentReply | Answer:
        """Let the card terminal take *amount* cents; it is sent once."""
        kind = "SALE" if self.takes_at_once else "AUTHORIZE"

        def write(documents: Documents) -> Call:
            return documents.payment_start(amount, kind, source_id=self._source, ref_no=ref_of(key))

        return self._told(self._ask(write, timeout_s), "", amount)

    def proceed(self, reference: str, amount: int, timeout_s: float) -> PaymentReply | Answer:
        """Ask how far a payment is."""
        return self._told(self._continued(reference, timeout_s), reference, amount)

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Capture what *entry* is called on the server."""
        if not entry.reference:
            return Answer(Outcome.REFUSED, "the server has never told what it calls this payment")
        step = self._ask(lambda documents: documents.payment_capture(entry.reference), timeout_s)
        if isinstance(step, Answer):
            return step
        if step.error is not None:
            return Answer(Outcome.REFUSED, _error(step))
        if step.payment is None:
            return Answer(Outcome.UNKNOWN, "the capture goes on at the card terminal")
        known = self._step(step.payment, Step.TAKEN)
        if known is not Step.TAKEN:
            return Answer(Outcome.UNKNOWN, f"captured, and its status is {step.payment.status!r}")
        return Answer(Outcome.DELIVERED, reference=entry.reference)

    def look(self, entry: Entry, timeout_s: float) -> Answer:
        """Tell whether *entry* was captured. REFUSED: it was not; what pays for nothing never will be."""
        if not entry.reference:
            return Answer(Outcome.REFUSED, _NEVER)
        step = self._continued(entry.reference, timeout_s)
        if isinstance(step, Answer):
            if step.outcome is not Outcome.REFUSED:
                return step
            # The server does not know it, or does not tell it any more: that is no proof, where we captured it.
            outcome = Outcome.REFUSED if entry.compensate else Outcome.UNKNOWN
            return Answer(outcome, f"{_NEVER} ({step.words})" if entry.compensate else step.words)
        if step.payment is None:
            words = _error(step) if step.error is not None else "it is not authorised yet"
            return Answer(Outcome.REFUSED if entry.compensate else Outcome.UNKNOWN, words)
        match self._step(step.payment, Step.AUTHORISED):
            case Step.TAKEN:
                return Answer(Outcome.DELIVERED, reference=entry.reference)
            case Step.AUTHORISED:
                return Answer(Outcome.REFUSED, "authorised, and not captured", reference=entry.reference)
            case _:
                return Answer(Outcome.UNKNOWN, f"its status is {step.payment.status!r}: see card_statuses")

    # -- steps -----------------------------------------------------------------------------------------

    def _continued(self, reference: str, timeout_s: float) -> PaymentStep | Answer:
        return self._ask(lambda documents: documents.payment_continue(reference), timeout_s)

    def _ask(self, write: Callable[[Documents], Call], timeout_s: float) -> PaymentStep | Answer:
        needs = "MakeSaleTerminalPayment" if self.takes_at_once else "MakeAuthorizeTerminalPayment"
        return self._tenant.change(write, PaymentStep, needs, monotonic() + timeout_s)

    def _told(self, step: PaymentStep | Answer, reference: str, amount: int) -> PaymentReply | Answer:
        if isinstance(step, Answer):
            return step
        if step.error is not None:
            return PaymentReply(Step.REFUSED, reference, words=_error(step))
        if step.continuation is not None:
            told = step.continuation.id or reference
            if not told:
                return self._lost("", "the server does not say by what to ask for the payment again")
            wait_ms = step.continuation.wait_milliseconds
            return PaymentReply(
                Step.WAIT, told, _WAIT_MS if wait_ms is None else wait_ms, binding=self.takes_at_once
            )
        return self._ended(step.payment or Paid(), reference, amount)

    def _ended(self, paid: Paid, reference: str, amount: int) -> PaymentReply:
        """Read a payment. Another amount than was asked for is none that we know what to do with."""
        known = paid.id or reference
        step = self._step(paid, Step.TAKEN if self.takes_at_once else Step.AUTHORISED)
        if paid.amount is not None and paid.amount != Decimal(amount).scaleb(-2):
            return self._lost(known, f"the card terminal tells of {paid.amount}, not of what was asked for")
        if step is Step.LOST:
            return self._lost(known, f"its status is {paid.status!r}: see card_statuses")
        if step is Step.AUTHORISED and not known:
            return self._lost("", "the server does not say what it calls what it authorised")
        return PaymentReply(step, known)

    def _lost(self, reference: str, words: str) -> PaymentReply:
        return PaymentReply(Step.LOST, reference, binding=self.takes_at_once, words=words)

    def _step(self, paid: Paid, usual: Step) -> Step:
        """Return how far a payment is, by its status; *usual*: where it tells none."""
        if paid.status is None:
            return usual
        known = self._statuses.get(paid.status.casefold())
        return Step.LOST if known is None else Step(known)


def refused_by_hand() -> Answer:
    """Return what becomes of a refund that no server can make."""
    return Answer(Outcome.REFUSED, _BY_HAND)


def _error(step: PaymentStep) -> str:
    """Return the words of an error; they are the server's."""
    failure = step.error
    words = (failure.message or "no reason is given") if failure else ""
    return f"{words} ({failure.code})" if failure and failure.code else words
