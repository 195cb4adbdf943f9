"""A ticket kiosk and what stands around it, step by step: guests, a wallet server, hoppers, printers, power.

The core and its recovery are the real ones; the books are what the committed facts say, and a restart knows
nothing else. Whoever plays decides what happens next; the watch looks at every decision.
"""

from __future__ import annotations

from collections import Counter as Counts
from collections import deque
from dataclasses import dataclass

from terminal.core.delivery import Outcome
from terminal.core.effects import CountPayout, DeliverNow, Effect, PayOut, Print, ReadWallet, TellPayout
from terminal.core.events import (
    ButtonPressed,
    CachedWallet,
    CardPaid,
    CoinInserted,
    DeliveryEnded,
    DeviceChanged,
    Ended,
    Event,
    Exposure,
    Health,
    JournalFailed,
    JournalRecovered,
    PayoutCounted,
    PayoutEnded,
    PrintEnded,
    TimePassed,
    TokenPresented,
    TokenRemoved,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import (
    CashKind,
)
from terminal.core.job import Job
from terminal.core.recover import recover
from terminal.core.terminal import Terminal, TerminalState
from terminal.core.ticket_state import Phase, TicketState
from terminal.core.value import replace
from terminal.daemon.happened import HAPPENED
from tests.core import print_desk
from tests.core.making import PRODUCTS, START, Counter, Drawn
from tests.core.paper_watch import barcodes, marked
from tests.core.ticket_books import Books
from tests.core.ticket_watch import TicketWatch


@dataclass
class Ordered:
    """A payout that a hopper was asked for; *counted*: its mark was told, *ordered*: coins may come out."""

    device: str
    amount: int = 0
    tell: bool = False


class Kiosk:
    """Events in, facts into the books, effects to whoever stands around; the power may go at any event.

    Attributes:
        dropped: What really came out of a hopper, by payout.
        paper: What came out of the printer, in order: name, whether it is marked as a copy, barcodes.
        reads, deliveries, printing, payouts: What waits for an answer.
        kept: What has happened while nothing could be written.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.now = START
        self.ids, self.codes = Counter(), Drawn()
        self.watch, self.books = TicketWatch(job), Books()
        self.dropped: Counts[str] = Counts()
        self.paper: list[tuple[str, bool, tuple[str, ...]]] = []
        self.printing: dict[str, Print] = {}
        self.payouts: dict[str, Ordered] = {}
        self.reads: deque[str] = deque()
        self.deliveries: deque[str] = deque()
        self.kept: list[Event] = []
        self.full = False
        self.cards = self.cuts = 0
        self.terminal: Terminal
        self.state: TerminalState
        self._start()

    @property
    def sale(self) -> TicketState:
        """Where the job is."""
        assert isinstance(self.state.job, TicketState)
        return self.state.job

    # -- power -----------------------------------------------------------------------------------------

    def _start(self) -> None:
        found = recover(self.job, self.books.left_open(), self.now, self.ids)
        self.terminal = Terminal(self.job, self.ids, self.codes)
        first = self.terminal.start(self.now, PRODUCTS, found, self.books.boxes)
        self.books.commit((*found.facts, *first.facts), self.now)
        self.watch.start(found.facts, first)
        self.state = first.state
        for effect in first.effects:
            self._perform(effect)
        for name in (*self.job.acceptors, *self.job.printers, *self.job.cash.payouts):
            self.health(name, Health.OK)

    def power_cut(self, *, printed: bool = True, paid: int = 0) -> None:
        """Everything but the books is gone; what was ordered may have come out, and nobody saw it."""
        self.cuts += 1
        if printed:
            for order in self.printing.values():
                self._came_out(order)
        for name, order in self.payouts.items():
            if not order.tell:
                self.dropped[name] += min(paid, order.amount)
        for waiting in (self.printing, self.payouts, self.reads, self.deliveries, self.kept):
            waiting.clear()
        self.full = False
        self.pass_ms(5_000)
        self._start()

    def pass_ms(self, ms: int) -> None:
        """Let time pass, without a word to the terminal."""
        self.now = replace(self.now, wall_ms=self.now.wall_ms + ms, mono_ms=self.now.mono_ms + ms)

    # -- one event -------------------------------------------------------------------------------------

    def happen(self, event: Event, *, lost: bool = False) -> bool:
        """Decide, commit, perform; *lost*: the power goes after the commit, and no effect is seen to."""
        made = self.terminal.handle(self.state, event, self.now)
        if made.facts and self.full:
            if isinstance(event, HAPPENED):
                self.kept.append(event)
            if not self.state.broken:
                self.happen(JournalFailed("The disk is full."))
            return False
        self.watch.look(event, made)
        self.books.commit(made.facts, self.now)
        self.state = made.state
        if lost:
            self.power_cut(printed=False)
            return True
        for effect in made.effects:
            self._perform(effect)
        return True

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Print(job=name):
                self.printing[name] = effect
            case CountPayout(payout=name, device=device):
                self.payouts[name] = Ordered(device)
            case PayOut(payout=name, device=device, amount=amount):
                self.payouts[name] = Ordered(device, amount)
            case TellPayout(payout=name, device=device, amount=amount):
                self.payouts[name] = Ordered(device, amount, tell=True)
            case ReadWallet(token=token):
                self.reads.append(token)
            case DeliverNow(key=key):
                assert key in self.watch.debits, "sent before it was written down"
                self.deliveries.append(key)
            case _:
                pass

    def disk_full(self) -> None:
        """From now on nothing can be written."""
        self.full = True

    def disk_free(self) -> None:
        """What was kept follows, as the loop does it."""
        self.full = False
        if self.state.broken:
            kept, self.kept = self.kept, []
            for event in kept:
                self.happen(event)
            self.happen(JournalRecovered())

    # -- guests and staff ------------------------------------------------------------------------------

    def press(self, button: str) -> None:
        self.happen(ButtonPressed("panel", button))

    def insert(self, amount: int, *, lost: bool = False) -> None:
        """A coin, if the slot is open for it."""
        if amount <= self.watch.slot_open:
            self.coin(amount, lost=lost)

    def coin(self, amount: int, *, lost: bool = False) -> None:
        """A coin, whatever the slot was told: it was on its way."""
        self.happen(CoinInserted("slot", amount), lost=lost)

    def tap(self, uid: str) -> None:
        self.happen(TokenPresented("reader", uid))
        self.happen(TokenRemoved("reader"))

    def card(self, *, off_by: int = 0) -> None:
        """The card terminal took what is due, or something else; the staff says so, perhaps twice."""
        self.cards += 1
        due = self.sale.screen.due or 300
        event = CardPaid(f"t{self.cards}", f"card {self.cards}", due + off_by, "Kim")
        if self.happen(event):
            assert self.sale.answer is not None
            assert self.sale.answer.ticket == event.ticket
            assert (event.reference in self.watch.cards) == (not self.sale.answer.words), "a false answer"

    def health(self, name: str, health: Health) -> None:
        self.happen(DeviceChanged(name, "any", health))

    # -- answers ---------------------------------------------------------------------------------------

    def wallet(self, balance: int | None, *, cached: int | None = None) -> None:
        """The server answers for the token that was asked for first; None: it does not."""
        if self.reads:
            token = self.reads.popleft()
            known = None if cached is None else CachedWallet(cached, 60_000)
            self.happen(WalletRemembered(token, known, Exposure()))
            how = WalletAnswer.NO_ANSWER if balance is None else WalletAnswer.KNOWN
            self.happen(WalletRead(token, how, balance))

    def deliver(self, outcome: Outcome, *, lost: bool = False) -> None:
        """The server answers the debit that was sent first."""
        if self.deliveries:
            self.happen(DeliveryEnded(self.deliveries.popleft(), outcome, "words"), lost=lost)

    def printer(self, ended: Ended, *, torn: bool = False) -> None:
        """The printer ends the document that it has."""
        for name in list(self.printing)[:1]:
            order = self.printing.pop(name)
            if ended is Ended.DONE or (ended is Ended.UNKNOWN and torn):
                self._came_out(order)
            self.happen(PrintEnded(name, ended, "words"))

    def _came_out(self, order: Print) -> None:
        name = print_desk.name_of(order.job)
        copy = marked(order.document)
        assert copy or name not in {each for each, _, _ in self.paper}, "on paper twice, and it does not say so"
        self.paper.append((name, copy, barcodes(order.document)))

    def hopper(self, ended: Ended, share: int = 4) -> None:
        """The hopper that was asked first answers; of four quarters of the money *share* come out."""
        for name in list(self.payouts)[:1]:
            order = self.payouts.pop(name)
            if not order.amount:
                failed = PayoutEnded(name, Ended.FAILED, 0, "it cannot count")
                self.happen(failed if ended is Ended.FAILED else PayoutCounted(name, "mark"))
                continue
            if not order.tell and ended is not Ended.FAILED:
                self.dropped[name] += order.amount * share // 4
            fell = self.dropped[name]
            told = Ended.UNKNOWN if ended is Ended.UNKNOWN else Ended.DONE if fell else Ended.FAILED
            self.happen(PayoutEnded(name, told, 0 if told is Ended.UNKNOWN else fell, "words"))

    def time(self) -> None:
        """The moment comes that the state asked to be woken at."""
        if self.state.wake_ms is not None:
            self.pass_ms(max(0, self.state.wake_ms - self.now.mono_ms))
            self.happen(TimePassed())

    # -- the end ---------------------------------------------------------------------------------------

    def settle(self) -> None:
        """All trouble ends; whoever is there goes away, and the money and the paper come to an end, too."""
        self.disk_free()
        for name in (*self.job.acceptors, *self.job.printers, *self.job.cash.payouts):
            self.health(name, Health.OK)
        for _ in range(400):
            if self.sale.phase is Phase.READY and not self.state.prints.jobs and not self.sale.wake_ms:
                break
            self.printer(Ended.DONE)
            self.hopper(Ended.DONE)
            self.time()
        else:
            raise AssertionError(f"it does not come to an end: {self.sale.phase}")
        self.check()

    def check(self) -> None:
        """To the cent and to the ticket."""
        watch = self.watch
        watch.check_sums()
        assert watch.in_machine == 0
        assert not self.books.sessions
        assert not self.books.held
        assert not self.books.payouts
        printed: Counts[str] = Counts(code for _, copy, found in self.paper for code in found if not copy)
        assert all(count == 1 for count in printed.values()), "two originals"
        for name, _, found in self.paper:
            kind = name.rpartition("/")[2]
            assert not kind.startswith("ticket") or set(found) <= watch.codes, "a ticket of no sale"
        on_paper = {name for name, _, _ in self.paper}
        for key, sale in watch.sales.items():
            wanted = {name for name in watch.papers if name.startswith(f"{key}/ticket-")}
            assert len(wanted) == len(sale.tickets)
            assert wanted <= on_paper | watch.given_up, "a ticket that was sold is nowhere"
        fell = sum(self.dropped.values())
        assert watch.moved[CashKind.RETURNED] <= fell <= watch.moved[CashKind.RETURNED] + watch.doubted
