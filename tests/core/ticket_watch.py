"""What must hold of the ticket kiosk after every decision, whatever happened: money, codes, paper, the slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from terminal.core import ticket_basket as basket
from terminal.core.decision import Decision
from terminal.core.effects import CloseSlot, Effect, Notice, OpenSlot, PayOut, Print, Show
from terminal.core.events import CardPaid, CoinInserted, Event, Health, Place, StopAsked, TokenPresented
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryState,
    Fact,
    PayoutIntended,
    PayoutSettled,
    ReleaseIntended,
)
from terminal.core.paper import QrCode
from terminal.core.print_names import name_of
from terminal.core.service import taking
from terminal.core.terminal import TerminalState
from terminal.core.ticket_state import Phase, TicketState
from terminal.core.tickets import Method, TicketSale
from tests.core.paper_watch import PaperWatch, barcodes
from tests.core.rounding import nearest, rounded_right, step_of

WORKS = (Health.OK, Health.DEGRADED)


@dataclass
class TicketWatch(PaperWatch):
    """What a run has decided so far, over restarts, too.

    Attributes:
        before: The job's state before the event that is looked at; *held*: cents in the machine then.
        shown: The last price that a screen named; None: since the last sale none has.
        cards: References that have paid.
        debits: Every debit; *abandoned* ones pay nothing, *used* ones a sale.
        spent: Cents that went into sales; *moved*: all that moved, by how.
        slot_open: How much the slot takes.
        doubted: Cents of which nobody can tell whether they came out.
    """

    before: TicketState | None = None
    before_held: int = 0
    shown: int | None = None
    cards: set[str] = field(default_factory=set)
    debits: dict[str, EntryAdded] = field(default_factory=dict)
    abandoned: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    payouts: dict[str, PayoutIntended] = field(default_factory=dict)
    payouts_ended: set[str] = field(default_factory=set)
    payouts_ordered: set[str] = field(default_factory=set)
    moved: dict[CashKind, int] = field(default_factory=lambda: dict.fromkeys(CashKind, 0))
    coins: list[CoinInserted] = field(default_factory=list)
    slot_open: int = 0
    doubted: int = 0

    # -- one decision ----------------------------------------------------------------------------------

    def look(self, event: Event, made: Decision[TerminalState]) -> None:
        self.before_held = self.in_machine
        self.hear(made.facts)
        after = made.state.job
        assert isinstance(after, TicketState)
        sold = [
            fact for fact in made.facts if isinstance(fact, EntryAdded) and isinstance(fact.payload, TicketSale)
        ]
        assert len(sold) <= 1, "two sales at once"
        for entry in sold:
            self._sale(entry, event, made, after)
        card = [(event.reference, event.amount)] if sold and isinstance(event, CardPaid) else []
        assert self._cards_paid(sold) == card, "a card paid something else"
        super().look(event, made)
        self._wallet(made.facts, after)
        self._share(event, after)
        self._next(made.state, after)
        assert after.purchase is None or after.step == step_of(self.job, self.before, made.state)
        self._follow(event, made.effects, made.state, sold=bool(sold))
        self.before = after

    def start(self, facts: Sequence[Fact], first: Decision[TerminalState]) -> None:
        """A restart: what it found is settled, and nobody is at the machine."""
        self.before, self.shown, self.slot_open = None, None, 0
        self.hear((*facts, *first.facts))
        for fact in (*facts, *first.facts):
            self._fact(fact)
            if isinstance(fact, CashMoved):
                self.in_machine += fact.amount if fact.kind is CashKind.IN else -fact.amount
        job = first.state.job
        assert isinstance(job, TicketState)
        assert self.in_machine == job.held, "coins that nobody looks after"
        assert not self.held, "nobody sees to a debit that is held"
        self._world(first)
        self.before = job

    def hear(self, facts: Sequence[Fact]) -> None:
        """Take in one commit."""
        for fact in facts:
            match fact:
                case CashMoved():
                    self._cash(fact, facts)
                case EntryAdded(kind=EntryKind.DEBIT):
                    self.debits[fact.key] = fact
                case EntryAdded(kind=EntryKind.UNCLAIMED, amount=amount, key=key) if amount:
                    assert fact.state is EntryState.PARKED
                    self.owed[key] = amount
                    self.doubted += amount if fact.words.startswith("Nobody can tell") else 0
                    assert [each.amount for each in self._of(facts, CashKind.UNCLAIMED, key)] == [amount]
                case EntryAdded(kind=EntryKind.CREDIT, amount=amount, key=key):
                    assert [each.amount for each in self._of(facts, CashKind.CREDITED, key)] == [amount]
                case EntryAbandoned(key=key):
                    assert key not in self.sales, "a sale was abandoned"
                    self.abandoned.add(key)
                case PayoutIntended(payout=payout):
                    assert payout not in self.payouts
                    self.payouts[payout] = fact
                case PayoutSettled(payout=payout):
                    assert payout in self.payouts
                    assert payout not in self.payouts_ended
                    self.payouts_ended.add(payout)
                case _:
                    self.hear_of_paper(fact)

    def _cash(self, fact: CashMoved, facts: Sequence[Fact]) -> None:
        self.moved[fact.kind] += fact.amount
        assert fact.amount > 0
        added = {each.key: each for each in facts if isinstance(each, EntryAdded)}
        match fact.kind:
            case CashKind.SPENT:
                sale = added[fact.key or ""].payload
                assert isinstance(sale, TicketSale)
                cash = sum(each.amount for each in sale.payments if each.method is Method.CASH)
                assert fact.amount == cash + sale.kept, "spent is not what was paid in cash"
            case CashKind.UNCLAIMED | CashKind.CREDITED:
                assert added[fact.key or ""].amount == fact.amount, "money went where no entry explains it"
            case CashKind.RETURNED:
                settled = [each for each in facts if isinstance(each, PayoutSettled)]
                assert sum(each.paid for each in settled) == fact.amount, "returned is not what was paid"
            case _:
                pass

    @staticmethod
    def _of(facts: Sequence[Fact], kind: CashKind, key: str) -> list[CashMoved]:
        moved = [each for each in facts if isinstance(each, CashMoved)]
        return [each for each in moved if (each.kind, each.key) == (kind, key)]

    # -- a sale ----------------------------------------------------------------------------------------

    def _sale(self, entry: EntryAdded, event: Event, made: Decision[TerminalState], after: TicketState) -> None:
        sale = entry.payload
        assert isinstance(sale, TicketSale)
        self.sales[entry.key] = sale
        lines = sum(line.quantity * line.unit - line.discount for line in sale.lines)
        assert entry.amount == lines == sum(payment.amount for payment in sale.payments) - sale.rounding
        rounded_right(sale, step_of(self.job, self.before, made.state))
        assert (entry.backend, entry.token, entry.held) == (self.job.office, None, False)
        assert all(payment.amount > 0 for payment in sale.payments)
        assert not sale.kept or "keep" in self.job.tickets.change
        assert self.shown is None or entry.amount <= self.shown, "dearer than any screen has said"
        new = (sale.purchase.code, *sale.barcodes)
        assert len(set(new)) == len(new)
        assert not self.codes & set(new), "a code was given twice"
        assert all(each.startswith(sale.purchase.code) for each in sale.barcodes)
        self.codes.update(new)
        assert len(sale.tickets) == basket.tickets(self.job.tickets, sale.lines) <= self.job.tickets.max_tickets
        self._papers_of(entry.key, sale, made)
        self._debit_of(sale, made.facts)
        cash = [payment for payment in sale.payments if payment.method is Method.CASH]
        spent = sum(each.amount for each in self._of(made.facts, CashKind.SPENT, entry.key))
        assert spent == sum(each.amount for each in cash) + sale.kept
        came = event.amount if isinstance(event, CoinInserted) else 0
        left = self.before_held + came - spent
        assert left == sum(each.change for each in cash) or not cash, "change is not what is left"

    def _papers_of(self, key: str, sale: TicketSale, made: Decision[TerminalState]) -> None:
        intents = [
            each
            for each in made.facts
            if isinstance(each, ReleaseIntended) and each.key == key and not each.repeats
        ]
        tickets = [each for each in intents if each.release.startswith(f"{key}/ticket-")]
        found = [barcodes(each.document) for each in tickets if each.document is not None]
        assert found == [(code,) for code in sale.barcodes], "the tickets on paper are not those of the sale"
        sealed = [line.data for each in tickets for line in each.document.lines if isinstance(line, QrCode)]
        assert all(code in text for code, text in zip(sale.barcodes, sealed, strict=True))
        assert len({each.release for each in intents}) == len(intents)
        assert {each.release for each in intents} - {each.release for each in tickets} <= {f"{key}/receipt"}

    def _debit_of(self, sale: TicketSale, facts: Sequence[Fact]) -> None:
        wallet = [payment for payment in sale.payments if payment.method is Method.WALLET]
        assert len(wallet) <= 1
        settled = {each.key for each in facts if isinstance(each, EntryFreed)}
        settled |= {each.key for each in facts if isinstance(each, EntryAdded) and not each.held}
        for payment in wallet:
            assert payment.reference in self.debits, "a wallet pays without a debit"
            debit = self.debits[payment.reference]
            assert debit.amount == payment.amount, "the debit is not what the wallet pays"
            assert debit.backend == self.job.wallet
            assert debit.token not in self.job.offline.deny
            assert debit.key in settled - self.used - self.abandoned, "the debit pays another sale, or none"
            self.used.add(debit.key)

    def _cards_paid(self, sold: Sequence[EntryAdded]) -> list[tuple[str, int]]:
        sales = [entry.payload for entry in sold if isinstance(entry.payload, TicketSale)]
        cards = [each for sale in sales for each in sale.payments if each.method is Method.CARD]
        paid = {each.reference for each in cards}
        assert not self.cards & paid, "a card pays twice"
        self.cards |= paid
        return [(each.reference, each.amount) for each in cards]

    def _wallet(self, facts: Sequence[Fact], after: TicketState) -> None:
        """A debit waits for its answer, pays a sale, or pays nothing."""
        for fact in facts:
            if isinstance(fact, EntryAdded) and fact.kind is EntryKind.DEBIT and fact.held:
                assert after.phase is Phase.CHARGING
        loose = set(self.debits) - self.used - self.abandoned - self.held
        assert not loose, "a debit that pays no sale"

    def _share(self, event: Event, after: TicketState) -> None:
        """A wallet never agrees to pay more than what is due."""
        if after.share is None or (self.before and self.before.share == after.share):
            return
        sold = basket.lines(self.job.tickets, after.products, after.picks, staff=bool(after.staff))
        assert 0 < after.share.amount <= max(0, basket.total(sold) - after.held)

    # -- what follows ----------------------------------------------------------------------------------

    def _next(self, state: TerminalState, after: TicketState) -> None:
        assert after.phase is Phase.READY or after.wake_ms is not None, "nothing leads away from here"
        assert after.phase in (Phase.PAYING, Phase.CHECKING, Phase.CHARGING) or after.share is None
        assert (after.phase is Phase.RETURNING) == (after.paying is not None)
        assert after.phase not in (Phase.READY, Phase.SHOWING) or after.purse is None, "coins of nobody"
        if self.slot_open and not taking(state):
            assert after.phase is Phase.PAYING, "the slot is open, and nobody pays"

    def _follow(self, event: Event, effects: Sequence[Effect], state: TerminalState, *, sold: bool) -> None:
        for effect in effects:
            match effect:
                case Show(screen=screen) if screen.amount is not None and screen.basket:
                    agreed = self.before is not None and self.before.phase is Phase.CHOOSING
                    if agreed and isinstance(event, TokenPresented) and screen.notice is Notice.CHECKING:
                        assert screen.amount == self.shown, "a wallet pays a price that nobody has seen"
                    self.shown = screen.amount
                case _:
                    pass
        job = state.job
        assert isinstance(job, TicketState)
        if sold or job.phase in (Phase.READY, Phase.SHOWING):
            self.shown = None
        assert not (isinstance(event, StopAsked) and self.slot_open), "open, and the terminal stops"

    def _world(self, made: Decision[TerminalState]) -> None:
        for effect in made.effects:
            match effect:
                case OpenSlot(limit=limit):
                    self.slot_open = limit
                case CloseSlot():
                    self.slot_open = 0
                case PayOut(payout=payout):
                    assert payout in self.payouts, "paid out before it was written down"
                    intent = self.payouts[payout]
                    assert intent in made.facts
                    assert (effect.device, effect.amount, effect.mark) == (
                        intent.device,
                        intent.amount,
                        intent.mark,
                    )
                    assert payout not in self.payouts_ordered | self.payouts_ended, "paid out twice"
                    assert intent.session is None or effect.amount <= self.in_machine
                    self.payouts_ordered.add(payout)
                case Print(job=release, document=document) if name_of(release) in self.papers:
                    self.see_order(release, document)
                case _:
                    pass
        super()._world(made)

    def _slot(self, limit: int, state: TerminalState) -> None:
        if taking(state):
            return
        job = state.job
        assert isinstance(job, TicketState)
        assert job.phase is Phase.PAYING
        assert job.purchase is not None, "money is taken, and no code is there for it"
        assert not state.broken
        assert not state.stopping
        assert [
            each for each in self.job.acceptors if state.health.get(each) in WORKS and each not in state.full
        ]
        assert [each for each in self.job.printers if state.health.get(each) in WORKS], "what could be issued?"
        sold = basket.lines(self.job.tickets, job.products, job.picks, staff=bool(job.staff))
        price = basket.total(sold) - (job.share.amount if job.share else 0)
        due, in_cash = price - self.in_machine, nearest(price, job.step) - self.in_machine
        assert job.screen.due == due > 0
        assert (job.screen.cash_due or due, job.screen.rounding or 0) == (in_cash, in_cash - due)
        assert in_cash > 0, "paid, and more is taken"
        most = in_cash + (self.job.tickets.max_change if self.job.tickets.change else 0)
        assert in_cash <= limit <= most, "it takes more than can be given back"

    def _money(self, event: Event, made: Decision[TerminalState]) -> None:
        moved = [fact for fact in made.facts if isinstance(fact, CashMoved)]
        came = [fact.amount for fact in moved if fact.kind is CashKind.IN]
        assert came == ([event.amount] if isinstance(event, CoinInserted) else [])
        if isinstance(event, CoinInserted):
            assert event.place in Place
            self.coins.append(event)
        self.in_machine += sum(came) - sum(fact.amount for fact in moved if fact.kind is not CashKind.IN)
        job = made.state.job
        assert isinstance(job, TicketState)
        assert self.in_machine == job.held, "the purse is not what is in the machine"

    # -- at the end ------------------------------------------------------------------------------------

    def check_sums(self) -> None:
        """Whatever came in went somewhere, or is there."""
        went = sum(amount for kind, amount in self.moved.items() if kind is not CashKind.IN)
        assert self.moved[CashKind.IN] == sum(coin.amount for coin in self.coins) == went + self.in_machine
        cash = [each for sale in self.sales.values() for each in sale.payments if each.method is Method.CASH]
        kept = sum(sale.kept for sale in self.sales.values())
        assert self.moved[CashKind.SPENT] == sum(each.amount for each in cash) + kept
        paid = sum(each.amount for sale in self.sales.values() for each in sale.payments)
        assert paid == sum(sale.total + sale.rounding for sale in self.sales.values())
