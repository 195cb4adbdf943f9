"""Purchases of Kensium POS: what was sold, for loyalty and reports, and the capture of what paid for it.

The server knows no repeat of a purchase, and no query reads one: each is sent at most once, and what is in
doubt is a person's. Funds are captured before, and nothing of the purchase is sent before that is known.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from time import monotonic

from terminal.backends.kensium.cards import Cards, hold_of, ref_of
from terminal.backends.kensium.models import Purchased
from terminal.backends.kensium.options import KensiumOptions
from terminal.backends.kensium.purchase import Purchase, PurchaseLine
from terminal.backends.kensium.tenant import Tenant
from terminal.backends.sold import Sale, sale_of
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.payload import Sold
from terminal.core.records import Entry
from terminal.core.tickets import Line, Method
from terminal.core.value import replace


class Books:
    """Records what was sold.

    Args:
        tenant: Where.
        cards: Captures what is held.
        options: How purchases are written.
        uom: Returns the unit of measure of an item; empty: it is not known.
    """

    def __init__(
        self, tenant: Tenant, cards: Cards, options: KensiumOptions, uom: Callable[[str], str]
    ) -> None:
        self._tenant = tenant
        self._cards = cards
        self._options = options
        self._uom = uom

    def guarantee(self, kind: EntryKind) -> Guarantee:
        """Say what is promised about a repeat: nothing of a purchase; a capture is known again."""
        only_captures = kind is EntryKind.RECORD and not self._options.purchases
        once = only_captures and self._options.captures == "once"
        return Guarantee(Promise.NATURAL_KEY if once else Promise.NONE)

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        """Capture what *entry* holds, and record it, within *timeout_s* seconds."""
        until = monotonic() + timeout_s
        purchase: Purchase | None = None
        if self._options.purchases:
            try:
                purchase = purchase_of(entry, self._options, self._uom)
            except ValueError as error:
                return Answer(Outcome.REFUSED, str(error))
        captured = self._capture(entry, until)
        if captured.outcome is not Outcome.DELIVERED or purchase is None:
            return captured
        return self._record(purchase, until)

    def _capture(self, entry: Entry, until: float) -> Answer:
        """Capture the funds that the debit of *entry* holds; DELIVERED: nothing is held any more."""
        if entry.kind is not EntryKind.RECORD or (isinstance(entry.payload, Sold) and entry.payload.back):
            return Answer(Outcome.DELIVERED)
        hold = hold_of(entry.reference)
        if not hold:
            if entry.reference or self._options.spend != "authorise":
                return Answer(Outcome.DELIVERED)
            words = (
                f"What the server calls the funds that it holds for the debit {entry.refers_to} is not known: "
                "look at its page Gift Cards / Transactions for the reference "
                f"{ref_of(entry.refers_to or '')}, and complete it."
            )
            return Answer(Outcome.REFUSED, words)
        answer = self._cards.capture(hold, until)
        if answer.outcome is Outcome.UNKNOWN and self._options.captures == "once":
            words = f"the capture of transaction {hold} was not answered, and is sent again: {answer.words}"
            return replace(answer, outcome=Outcome.UNSENT, words=words)
        if answer.outcome is Outcome.REFUSED:
            return replace(answer, words=f"the held funds ({hold}) were not captured: {answer.words}")
        return replace(answer, balance=None)

    def _record(self, purchase: Purchase, until: float) -> Answer:
        made = self._tenant.change(
            lambda documents: documents.purchase_add(purchase), Purchased, "AddPurchase", until
        )
        if not isinstance(made, Answer):
            return Answer(Outcome.DELIVERED, reference=made.id)
        if made.outcome is not Outcome.UNKNOWN:
            return made
        words = f"look for it at the server's page Loyalty / Purchases as transaction {purchase.transaction_id}"
        return replace(made, words=f"{made.words}; {words}")


# -- what it is made of --------------------------------------------------------------------------------


def purchase_of(entry: Entry, options: KensiumOptions, uom: Callable[[str], str]) -> Purchase:
    """Return the purchase that *entry* is. Pure.

    The sum of what its lines cost, without discounts, is its subtotal; that and tax, without what is given
    back, is what is paid [that is inferred from one example]. Prices include their tax, so that none is told.

    Raises:
        ValueError: It is none, or something is missing that the server wants; the sentence says what.
    """
    sale = sale_of(entry)
    if sale is None:
        raise ValueError(f"this {entry.kind.value} holds nothing that could be recorded")
    if not options.store_code:
        raise ValueError("found no store_code; expected the code of a location, which purchases name")
    lines = tuple(
        _line(number, line, options, uom, back=sale.back) for number, line in enumerate(sale.lines, 1)
    )
    return Purchase(
        transaction_id=ref_of(entry.key),
        store_code=options.store_code,
        purchased_on=datetime.fromtimestamp(sale.at.wall_ms / 1000, UTC),
        pay_amount=0 if sale.back else sale.total,
        sub_total=sale.total,
        lines=lines,
        item_discount=sum(each.item_discount for each in lines),
        refund=sale.total if sale.back else 0,
        channel=options.channel or None,
        order_type=options.order_type or None,
        pay_method=_method(sale, options),
    )


def _line(
    number: int, line: Line, options: KensiumOptions, uom: Callable[[str], str], *, back: bool
) -> PurchaseLine:
    sku = str(line.product) or options.other_sku
    if not sku:
        raise ValueError(
            f"found {line.description!r}, which is no item of the server; expected other_sku for it"
        )
    return PurchaseLine(
        number=number,
        sku=sku,
        unit_price=line.unit,
        ext_price=line.quantity * line.unit,
        quantity=Decimal(line.quantity),
        uom=uom(sku) or options.uom,
        is_refund=back,
        item_discount=line.discount,
    )


def _method(sale: Sale, options: KensiumOptions) -> str | None:
    """Return how it was paid, where that was one way."""
    named = {
        Method.CASH: options.cash_method,
        Method.WALLET: options.wallet_method,
        Method.CARD: options.card_method,
    }
    ways = {payment.method for payment in sale.payments if payment.amount}
    return named[ways.pop()] or None if len(ways) == 1 else None
