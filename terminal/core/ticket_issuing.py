"""The ticket kiosk from the last payment on: what is written down, printed and given back.

The sale, the money that it took, and the intents to print its receipt and each of its tickets are one commit.
Codes are never made anew for it.
"""

from __future__ import annotations

from terminal.core import money
from terminal.core import ticket_basket as basket
from terminal.core.decision import Around, Wanted
from terminal.core.effects import Notice, Screen
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAdded,
    EntryFreed,
    EntryKind,
    Fact,
    SessionClosed,
)
from terminal.core.slip import BUTTON, Slip, at_once, offers
from terminal.core.ticket_change import GivingBack
from terminal.core.ticket_paper import sale_receipt, ticket_document
from terminal.core.ticket_rules import Way
from terminal.core.ticket_state import Made, Share, TicketState
from terminal.core.tickets import Line, Method, Payment, TicketSale
from terminal.core.token import mask
from terminal.core.value import Value, replace


class Money(Value, frozen=True):
    """The cash of a sale, in cents: *spent* on it, *change* for the guest, *kept* by the operator.

    *rounding*: by how much *spent* is more than cash would have to pay, were nothing rounded.
    """

    spent: int
    change: int = 0
    kept: int = 0
    rounding: int = 0


class Issuing(GivingBack):
    """The rules of a sale that is paid, for one terminal; ticketing.Ticketing has those before it."""

    def lines(self, state: TicketState, around: Around) -> tuple[Line, ...]:
        """Return what was chosen and what it costs; no tickets yet."""
        products = state.products or basket.offered(self.rules, around.products)
        return basket.lines(self.rules, products, state.picks, staff=bool(state.staff))

    def issue(self, state: TicketState, around: Around, card: Payment | None = None) -> Made:
        """Everything is paid: write the sale down, print, and give the rest back."""
        purchase = state.purchase
        if purchase is None:
            return self.give_back(state, self.rules.refund, Screen(Notice.CANCELLED), around)
        sold = self.lines(state, around)
        issued = basket.issued(self.rules, around.products, sold, purchase, self.codes)
        cash = self._cash(state, basket.total(sold), card, around)
        key = self.ids.key()
        debits, share = self._debit(state, sold)
        payments = (
            *((Payment(Method.CASH, cash.spent, cash.change),) if cash.spent else ()),
            *((Payment(Method.WALLET, share.amount, reference=share.debit),) if share else ()),
            *((card,) if card else ()),
        )
        sale = TicketSale(
            purchase,
            self.rules.event,
            issued,
            payments,
            state.notes,
            state.staff,
            kept=cash.kept,
            rounding=cash.rounding,
        )
        entry = EntryAdded(
            key=key,
            kind=EntryKind.SALE,
            backend=self.job.office,
            token=None,
            amount=sale.total,
            description=", ".join(dict.fromkeys(line.description for line in sold))[:100],
            tag=self.rules.tag,
            session=state.purse.session if state.purse and cash.spent else None,
            payload=sale,
        )
        spent = self._spent(state, key, cash)
        left = replace(state.purse, amount=cash.change, coins=()) if state.purse and cash.change else None
        prints = self._tickets(key, sale, around)
        paper, receipt = at_once(self.job, self._receipt(key, sale, state, around))
        screen = self._issued(sale, cash, share, paper, around)
        state = replace(state, purse=left, slip=paper)
        ways: tuple[Way, ...] = tuple(way for way in self.rules.change if way != "keep")
        return self.give_back(state, ways, screen, around, (entry, *debits, *spent), (*prints, *receipt))

    # -- money -----------------------------------------------------------------------------------------

    def _cash(self, state: TicketState, total: int, card: Payment | None, around: Around) -> Money:
        """Return what becomes of the coins: `keep` holds only where no way before it is possible."""
        due = max(0, total - (state.share.amount if state.share else 0) - (card.amount if card else 0))
        price = money.cash_price(due, state.held, state.step)
        spent, rounding = min(state.held, price), price - due
        change = state.held - spent
        before = self.rules.change[: self.rules.change.index("keep")] if "keep" in self.rules.change else None
        if spent and change and before is not None and not self.possible(before, around):
            return Money(spent, kept=change, rounding=rounding)
        return Money(spent, change, rounding=rounding)

    def _debit(self, state: TicketState, sold: tuple[Line, ...]) -> tuple[tuple[Fact, ...], Share | None]:
        """Return the facts of what a wallet pays, and its share with the key of the debit."""
        share = state.share
        if share is None:
            return (), None
        if share.debit:
            return (EntryFreed(share.debit),), share
        debit = self.debit(share, sold, held=False)
        return (debit,), replace(share, debit=debit.key)

    def debit(self, share: Share, sold: tuple[Line, ...], *, held: bool) -> EntryAdded:
        """Return the fact of a debit for what a wallet pays."""
        names = ", ".join(dict.fromkeys(line.description for line in sold))
        return EntryAdded(
            key=self.ids.key(),
            kind=EntryKind.DEBIT,
            backend=self.job.wallet,
            token=share.token,
            amount=share.amount,
            description=self.rules.description.replace("{products}", names)[:100],
            tag=self.rules.tag,
            held=held,
        )

    @staticmethod
    def _spent(state: TicketState, key: str, cash: Money) -> tuple[Fact, ...]:
        if state.purse is None or not cash.spent:
            return ()
        moved = CashMoved(state.purse.session, CashKind.SPENT, cash.spent + cash.kept, key=key)
        return (moved,) if cash.change else (moved, SessionClosed(state.purse.session, "spent"))

    # -- paper -----------------------------------------------------------------------------------------

    def _tickets(self, key: str, sale: TicketSale, around: Around) -> tuple[Wanted, ...]:
        """Return each ticket as a document of its own, in their order."""
        of = len(sale.tickets)
        numbered = [(line, ticket) for line in sale.lines for ticket in line.tickets]
        return tuple(
            Wanted(
                f"{key}/ticket-{number:0{len(str(of))}}",
                key,
                ticket_document(
                    ticket=ticket,
                    number=number,
                    of=of,
                    event_name=self.rules.event_name,
                    product_name=line.description,
                    price=own_price(line),
                    terminal=self.job.terminal,
                    at=around.now,
                    qr=self.codes.sealed(ticket, sale.event, around.now.wall_ms),
                    currency=self.job.currency,
                    locale=self.job.locale,
                    zone=self.job.zone,
                ),
            )
            for number, (line, ticket) in enumerate(numbered, 1)
        )

    def _receipt(self, key: str, sale: TicketSale, state: TicketState, around: Around) -> Slip | None:
        if self.rules.receipt_mode == "never":
            return None
        document = sale_receipt(
            head=self.rules.receipt,
            terminal=self.job.terminal,
            at=around.now,
            key=key,
            sale=sale,
            currency=self.job.currency,
            locale=self.job.locale,
            discounts=basket.discount_names(self.rules, sale.lines, staff=bool(state.staff)),
            voucher=self._by_voucher(around),
            zone=self.job.zone,
        )
        return Slip(Wanted(f"{key}/{BUTTON}", key, document))

    def _by_voucher(self, around: Around) -> bool:
        """Return whether it is sure already that change is given as a voucher, and no other way."""
        ways = [way for way in self.rules.change if self.possible((way,), around)]
        return ways[:1] == ["voucher"]

    def _issued(
        self, sale: TicketSale, cash: Money, share: Share | None, paper: Slip | None, around: Around
    ) -> Screen:
        balance = share.allowed.available if share else None
        kept = money.show(cash.kept, self.job.currency, self.job.locale) if cash.kept else ""
        return Screen(
            Notice.ISSUED,
            f"No change can be given: {kept} are kept." if kept else "",
            token=mask(share.token) if share else None,
            amount=sale.total,
            rounding=sale.rounding or None,
            balance=balance - share.amount if share and balance is not None else None,
            balance_age_ms=share.allowed.age_ms if share else None,
            offers=offers(self.job, paper, around),
        )


def own_price(line: Line) -> int | None:
    """Return what one ticket of *line* costs; None where it has no price of its own."""
    if len(line.tickets) != line.quantity or line.total % line.quantity:
        return None
    return line.total // line.quantity
