"""A terminal's days at random, beside a ledger of their own that knows nothing of how the journal counts."""

import pytest

from terminal.core.catalogue import Product
from terminal.core.delivery import Outcome
from terminal.core.events import Place
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryParked,
    EntryState,
    PersonDecided,
    ReportMade,
    SessionClosed,
    SessionOpened,
)
from terminal.core.report import ReportKind
from terminal.core.tickets import Line, Method, Payment, Purchase, TicketSale
from terminal.core.value import replace
from terminal.journal.errors import DecisionRefused
from tests.core.rounding import nearest
from tests.journal.ledger import MENU, TOLD, Ledger, Sold, sorted_by
from tests.journal.making import delivered, ended, lost, started
from tests.journal.till import Till

COINS = (10, 50, 100, 200, 500)
SETTLED = (EntryState.DELIVERED, EntryState.VOIDED)
PLACES = (Place.BOX, Place.BOX, Place.TUBE, Place.MACHINE)


def named(product, sold):
    """Return the group and VAT rate under which something that was sold is counted, for ever."""
    return MENU[product][1] or (sold.group, sold.vat)


class Days(Till):
    """The terminal, its journal in *folder*, and what it should say."""

    def __init__(self, folder, rng):
        super().__init__(folder, rng)
        self.sold = []
        self.shares = []  # what a wallet was charged for tickets that are not sold yet

    def close(self):
        report = self.journal.made_report(ReportKind.Z, "", self.stamp(), sorted_by)
        self.journal.commit([ReportMade(report)], self.stamp(), durable=False)
        ledger, self.now = self.now, Ledger()
        return report, ledger

    # -- sales -----------------------------------------------------------------------------------------

    def note_sold(self, key, lines, payments, refund=None, rounding=0):
        sold = Sold(key, sum(line[2] for line in lines), lines, payments, refund or f"{key}-refund", rounding)
        for ledger in self.ledgers():
            ledger.sales.update(count=1, amount=sold.amount)
            ledger.rounding.update(count=bool(rounding), amount=rounding)
            self.note_lines(ledger, sold, 1)
            for method, amount in payments:
                ledger.methods[method][0] += 1
                ledger.methods[method][1] += amount
        self.sold.append(sold)
        return sold

    @staticmethod
    def note_lines(ledger, sold, sign):
        for name, *values in sold.lines:
            counted = ledger.groups[name]
            for index, value in enumerate(values):
                counted[index] += sign * value

    def look(self, sold):
        """Write into the ledgers what has become of a sale, as its entries stand."""
        refund = self.journal.entry(sold.refund)
        back = (self.journal.entry(sold.key).state is EntryState.VOIDED) + (
            refund is not None and refund.state is not EntryState.VOIDED
        )
        sign, sold.back = back - sold.back, back
        for ledger in self.ledgers():
            ledger.returns.update(count=sign, amount=sign * sold.amount)
            ledger.rounding.update(count=-sign * bool(sold.rounding), amount=-sign * sold.rounding)
            self.note_lines(ledger, sold, -sign)
            for method, amount in sold.payments:
                ledger.methods[method][2] += sign
                ledger.methods[method][3] += sign * amount

    def debit(self, key, pieces, **more):
        told = ((name, *self.rng.choice(TOLD)) for name in pieces)
        pieces = tuple(Product(name, name, MENU[name][0], group=group, vat=vat) for name, group, vat in told)
        return EntryAdded(key, EntryKind.DEBIT, "main", "A", sum(each.price for each in pieces), pieces, **more)

    def note_vend(self, fact, **more):
        lines = [(named(piece.id, piece), 1, piece.price, 0) for piece in fact.pieces]
        return self.note_sold(fact.key, lines, [("wallet", fact.amount)], **more)

    def vend(self):
        """A vending sale in one of the ways in which it ends."""
        names = self.rng.choices(("espresso", "cake", "water", "tea", "soup"), k=self.rng.choice((1, 1, 2, 3)))
        key = self.name("d")
        fact = self.debit(key, names, held=True)
        before = self.rng.choice(((), delivered(key), lost(key), lost(key, EntryState.QUEUED)))
        after = self.rng.choice(("free", "free", "leave", "abandon", "part", "unknown", "parked"))
        self.commit(fact, *before)
        sold = self.note_vend(fact)
        if after == "free":
            self.commit(EntryFreed(key))
        elif after == "abandon":
            self.commit(EntryAbandoned(key, "no"))
        elif after == "part":
            rest = self.debit(self.name("d"), names[:1])
            self.commit(EntryAbandoned(key, "no"), rest)
            self.note_vend(rest)
        elif after == "unknown":  # a refund that a person decides about
            refund = replace(
                fact,
                key=self.name("r"),
                kind=EntryKind.REFUND,
                pieces=(),
                refers_to=key,
                held=False,
                state=EntryState.PARKED,
                words="?",
            )
            sold.refund = refund.key
            self.commit(EntryFreed(key), refund)
        elif after == "parked":
            self.commit(EntryParked(key, EntryState.PARKED, "?"))
        self.look(sold)

    def tickets(self):
        """A sale of tickets, paid in several ways; the wallet charged with it, or some time before."""
        rng = self.rng
        lines = []
        for name in rng.sample(("adult", "child", "pass"), k=rng.choice((1, 2))):
            quantity, (group, vat) = rng.randrange(1, 4), rng.choice(TOLD)
            off = rng.choice((0, 0, 50))
            lines.append(Line(name, name, quantity, MENU[name][0], off, group=group, vat=vat))
        total = sum(line.total for line in lines)
        share, facts = self.shares.pop() if self.shares and rng.random() < 0.5 else (None, [])
        wallet = min(total, share[1]) if share else rng.choice((0, 0, rng.randrange(total)))
        if share and wallet != share[1]:
            self.shares.append((share, facts))
            share, wallet = None, 0
        card = rng.choice((0, 0, rng.randrange(total - wallet + 1)))
        exact = total - wallet - card
        cash = nearest(exact, rng.choice((0, 5, 50, 100)))  # what coins can pay
        kept = rng.choice((0, 0, 30)) if cash else 0
        key, session = self.name("t"), self.name("ts")
        reference = share[0] if share else self.name("w")
        payments = tuple(
            payment
            for payment in (
                Payment(Method.CASH, cash),
                Payment(Method.WALLET, wallet, reference=reference),
                Payment(Method.CARD, card, reference=self.name("A-")),
            )
            if payment.amount
        )
        sale = TicketSale(
            Purchase(self.name("P"), "", "x"), 3, tuple(lines), payments, kept=kept, rounding=cash - exact
        )
        facts = [EntryAdded(key, EntryKind.SALE, "tag", None, total, payload=sale)]
        if share:
            facts.append(EntryFreed(share[0]))
        elif wallet:
            facts.append(EntryAdded(reference, EntryKind.DEBIT, "main", "A", wallet))
        if cash:
            self.commit(SessionOpened(session, None))
            self.insert(session, cash + kept)
            facts.append(CashMoved(session, CashKind.SPENT, cash + kept, key=key))
            facts.append(SessionClosed(session, "spent"))
            self.moved(session, spent=cash + kept, kept=kept)
            del self.open[session]
        self.commit(*facts)
        self.note_sold(
            key,
            [(named(line.product, line), line.quantity, line.total, line.discount) for line in lines],
            [(payment.method.value, payment.amount) for payment in payments],
            rounding=cash - exact,
        )
        if rng.random() < 0.3:
            self.commit(started(key), ended(key, Outcome.REFUSED, EntryState.PARKED))

    def share(self):
        """A wallet is charged first: for tickets that are sold later, or never, and then it is refunded."""
        key, amount = self.name("w"), self.rng.choice((199, 249, 450))
        self.commit(EntryAdded(key, EntryKind.DEBIT, "main", "A", amount, held=True), *delivered(key))
        if self.rng.random() < 0.5:
            self.commit(EntryAbandoned(key, "cancelled"))
            assert self.journal.entry(f"{key}-refund").amount == amount
        else:
            self.shares.append(((key, amount), []))

    def decide(self):
        """A person, or a late answer, settles something, perhaps days later."""
        if not self.sold:
            return
        sold = self.rng.choice(self.sold[-40:])
        for key in (sold.key, sold.refund):
            entry = self.journal.entry(key)
            if entry is None:
                continue
            void, retry, booked = (
                PersonDecided(key, action, "Ada", "looked") for action in ("void", "retry", "delivered")
            )
            sale = entry.kind is EntryKind.SALE
            choice = self.rng.random()
            if entry.state in (EntryState.PARKED, EntryState.UNKNOWN):
                if entry.in_doubt and choice < 0.3:
                    self.commit(booked)
                elif choice < 0.5:
                    self.commit(void)
                elif key == sold.key or self.journal.entry(sold.key).state in SETTLED:
                    self.commit(retry)
                else:  # its debit comes first
                    with pytest.raises(DecisionRefused, match="first"):
                        self.commit(retry)
            elif entry.state is EntryState.QUEUED and not sale and choice < 0.4:
                self.commit(void)
            elif entry.state is EntryState.QUEUED:
                self.commit(*(delivered(key) if choice < 0.7 else lost(key)))
            elif entry.state is EntryState.VOIDED and entry.attempts and choice < 0.5:
                self.commit(ended(key))  # booked after all
        self.look(sold)

    def anything(self):
        act = self.rng.choices(
            (self.vend, self.tickets, self.share, self.decide, self.coins, self.settle, self.write_off),
            (6, 3, 1, 5, 2, 3, 1),
        )[0]
        if self.rng.random() < 0.06:
            act = self.rng.choice((self.empty, self.void_credit, self.trial))
        act()
