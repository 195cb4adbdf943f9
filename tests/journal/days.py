"""A terminal's days at random, beside a ledger of their own that knows nothing of how the journal counts."""

import shutil
from collections import defaultdict

from terminal.core.catalogue import Product
from terminal.core.delivery import Outcome
from terminal.core.events import Ended, Place
from terminal.core.facts import (
    BoxEmptied,
    CashKind,
    CashMoved,
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryParked,
    EntryState,
    PayoutIntended,
    PayoutSettled,
    PersonDecided,
    ReportMade,
    SessionClosed,
    SessionOpened,
)
from terminal.core.report import ReportKind
from terminal.core.stamp import Stamp
from terminal.core.tickets import Line, Method, Payment, Purchase, TicketSale
from terminal.core.value import replace
from terminal.journal import Journal
from tests.journal.ledger import MENU, Ledger, Sold, sorted_by
from tests.journal.making import KEY, credit, delivered, ended, lost, started, unclaimed

COINS = (10, 50, 100, 200, 500)
PLACES = (Place.BOX, Place.BOX, Place.TUBE, Place.MACHINE)


class Days:
    """The terminal, its journal in *folder*, and what it should say."""

    def __init__(self, folder, rng):
        self.rng, self.folder, self.lives, self.count = rng, folder, 0, 0
        self.path = folder / "life-0" / "journal.db"
        self.path.parent.mkdir()
        self.journal = Journal.open(self.path, KEY, boot="b")
        self.now, self.all = Ledger(), Ledger()
        self.sold, self.left, self.credits, self.open = [], [], [], {}
        self.shares = []  # what a wallet was charged for tickets that are not sold yet
        self.boxes = defaultdict(lambda: [0, 0])

    # -- the machinery ---------------------------------------------------------------------------------

    def name(self, what):
        self.count += 1
        return f"{what}{self.count}"

    def stamp(self):
        return Stamp(1_800_000_000_000 + self.count, self.count, "b", synced=True)

    def commit(self, *facts):
        self.journal.commit(facts, self.stamp(), durable=False)

    def killed(self):
        """Nothing is closed: what lies on the disk at this moment is all there is."""
        self.lives += 1
        path = self.folder / f"life-{self.lives}" / "journal.db"
        path.parent.mkdir()
        for suffix in ("", "-wal", ".seq", ".report"):
            shutil.copy(f"{self.path}{suffix}", f"{path}{suffix}")
        self.journal.close()
        shutil.rmtree(self.path.parent)
        self.path, self.journal = path, Journal.open(path, KEY, boot="b")

    def close(self):
        report = self.journal.made_report(ReportKind.Z, "", self.stamp(), sorted_by)
        self.journal.commit([ReportMade(report)], self.stamp(), durable=False)
        ledger, self.now = self.now, Ledger()
        return report, ledger

    def ledgers(self):
        return (self.now, self.all)

    # -- sales -----------------------------------------------------------------------------------------

    def note_sold(self, key, lines, payments, refund=None):
        sold = Sold(key, sum(line[2] for line in lines), lines, payments, refund or f"{key}-refund")
        for ledger in self.ledgers():
            ledger.sales.update(count=1, amount=sold.amount)
            self.note_lines(ledger, sold, 1)
            for method, amount in payments:
                ledger.methods[method][0] += 1
                ledger.methods[method][1] += amount
        self.sold.append(sold)
        return sold

    @staticmethod
    def note_lines(ledger, sold, sign):
        for product, *values in sold.lines:
            counted = ledger.groups[sorted_by(product)]
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
            self.note_lines(ledger, sold, -sign)
            for method, amount in sold.payments:
                ledger.methods[method][2] += sign
                ledger.methods[method][3] += sign * amount

    def debit(self, key, pieces, **more):
        pieces = tuple(Product(name, name, MENU[name][0]) for name in pieces)
        return EntryAdded(key, EntryKind.DEBIT, "main", "A", sum(each.price for each in pieces), pieces, **more)

    def note_vend(self, fact, **more):
        lines = [(piece.id, 1, piece.price, 0) for piece in fact.pieces]
        return self.note_sold(fact.key, lines, [("wallet", fact.amount)], **more)

    def vend(self):
        """A vending sale in one of the ways in which it ends."""
        names = self.rng.choices(("espresso", "cake", "water", "tea"), k=self.rng.choice((1, 1, 2, 3)))
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
        for name in rng.sample(("adult", "child"), k=rng.choice((1, 2))):
            quantity = rng.randrange(1, 4)
            lines.append(Line(name, name, quantity, MENU[name][0], rng.choice((0, 0, 50))))
        total = sum(line.total for line in lines)
        share, facts = self.shares.pop() if self.shares and rng.random() < 0.5 else (None, [])
        wallet = min(total, share[1]) if share else rng.choice((0, 0, rng.randrange(total)))
        if share and wallet != share[1]:
            self.shares.append((share, facts))
            share, wallet = None, 0
        card = rng.choice((0, 0, rng.randrange(total - wallet + 1)))
        cash = total - wallet - card
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
        sale = TicketSale(Purchase(self.name("P"), "", "x"), 3, tuple(lines), payments, kept=kept)
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
            [(line.product, line.quantity, line.total, line.discount) for line in lines],
            [(payment.method.value, payment.amount) for payment in payments],
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
            void, retry = (PersonDecided(key, action, "Ada", "looked") for action in ("void", "retry"))
            sale = entry.kind is EntryKind.SALE
            choice = self.rng.random()
            if entry.state in (EntryState.PARKED, EntryState.UNKNOWN):
                self.commit(void if choice < 0.5 else retry)
            elif entry.state is EntryState.QUEUED and not sale and choice < 0.4:
                self.commit(void)
            elif entry.state is EntryState.QUEUED:
                self.commit(*(delivered(key) if choice < 0.7 else lost(key)))
            elif entry.state is EntryState.VOIDED and entry.attempts and choice < 0.5:
                self.commit(ended(key))  # booked after all
        self.look(sold)

    # -- money -----------------------------------------------------------------------------------------

    def insert(self, session, amount):
        """Coins of exactly *amount* come in, the last one of whatever value is missing."""
        while amount:
            value = min(amount, self.rng.choice(COINS))
            device, place = self.rng.choice(("slot", "bills")), self.rng.choice(PLACES)
            self.commit(CashMoved(session, CashKind.IN, value, device, place=place))
            amount -= value
            self.moved(session, taken=value)
            for ledger in self.ledgers():
                ledger.coins[device, value] += 1
            if place is Place.BOX:
                self.boxes[device][0] += 1
                self.boxes[device][1] += value

    def moved(self, session, **amounts):
        for ledger in self.ledgers():
            ledger.cash.update(amounts)
        for kind, amount in amounts.items():
            self.open[session] = self.open.get(session, 0) + {"taken": amount, "kept": 0}.get(kind, -amount)

    def coins(self):
        """Coins come in, and stay for later."""
        session = self.name("s")
        self.commit(SessionOpened(session, None))
        self.insert(session, self.rng.randrange(10, 900))

    def settle(self):
        """A session that holds something, perhaps since days, gives it up: credited, paid back, left behind."""
        if not self.open:
            return
        session = self.rng.choice(sorted(self.open))
        amount = self.open[session]
        way = self.rng.choice(("credited", "returned", "unclaimed"))
        if way == "returned":
            amount = self.pay(session, amount)
        elif way == "credited":
            key = self.name("c")
            self.commit(credit(key, amount=amount), CashMoved(session, CashKind.CREDITED, amount, key=key))
            self.credits.append(key)
            for ledger in self.ledgers():
                ledger.topups.update(count=1, amount=amount)
            self.moved(session, credited=amount)
        else:
            key = self.name("u")
            self.commit(unclaimed(key, amount), CashMoved(session, CashKind.UNCLAIMED, amount, key=key))
            self.left.append((key, amount))
            self.moved(session, unclaimed=amount)
        if not self.open[session]:
            self.commit(SessionClosed(session, way))
            del self.open[session]

    def pay(self, session, amount):
        payout = self.name("p")
        how = self.rng.choice((Ended.DONE, Ended.DONE, Ended.FAILED, Ended.UNKNOWN))
        paid = {Ended.DONE: amount, Ended.FAILED: 0}.get(how, self.rng.randrange(amount + 1))
        self.commit(PayoutIntended(payout, "hopper", amount, "7", session=session))
        facts = [PayoutSettled(payout, how, paid)]
        if paid:
            facts.append(CashMoved(session, CashKind.RETURNED, paid))
            self.moved(session, returned=paid)
        self.commit(*facts)
        for ledger in self.ledgers():
            sums = ledger.paid["hopper"]
            sums[0] += how is Ended.DONE
            sums[1] += paid
            sums[2] += how is Ended.UNKNOWN
            sums[3] += amount - paid if how is Ended.UNKNOWN else 0
        return paid

    def void_credit(self):
        if self.credits:
            key = self.credits.pop(self.rng.randrange(len(self.credits)))
            self.commit(PersonDecided(key, "void", "Ada", "paid by hand"))
            amount = self.journal.entry(key).amount
            for ledger in self.ledgers():
                ledger.topups.update(count=-1, amount=-amount)

    def write_off(self):
        if self.left:
            key, amount = self.left.pop(self.rng.randrange(len(self.left)))
            self.commit(PersonDecided(key, "void", "Ada", "into the tin"))
            for ledger in self.ledgers():
                ledger.cash.update(written_off=amount)

    def empty(self):
        device = self.rng.choice(("slot", "bills"))
        pieces, amount = self.boxes[device]
        counted = self.rng.choice((None, amount, max(0, amount - 50), amount + 20))
        self.commit(BoxEmptied(device, pieces, amount, "Ada", counted))
        self.boxes[device] = [0, 0]
        for ledger in self.ledgers():
            ledger.emptied.append((device, amount, 0 if counted is None else counted - amount))

    def trial(self):
        """A technician tries the hopper: its coins are nobody's."""
        key, payout = self.name("x"), self.name("p")
        self.commit(unclaimed(key, 0), PersonDecided(key, "void", "Ada", "trial"))
        self.commit(PayoutIntended(payout, "hopper", 100, "7", key=key))
        self.commit(PayoutSettled(payout, Ended.DONE, 100))
        for ledger in self.ledgers():
            ledger.paid["hopper"][0] += 1
            ledger.paid["hopper"][1] += 100

    def anything(self):
        act = self.rng.choices(
            (self.vend, self.tickets, self.share, self.decide, self.coins, self.settle, self.write_off),
            (6, 3, 1, 5, 2, 3, 1),
        )[0]
        if self.rng.random() < 0.06:
            act = self.rng.choice((self.empty, self.void_credit, self.trial))
        act()
