"""A ticket kiosk, its journal, its delivery and a card terminal that a server drives; anything may be lost.

The core, its recovery, the journal, the engine and the payments of the adapter are the real ones. The server is
a few lines that keep what really happened to the cards. The same seed is the same history.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import msgspec

from terminal.backends.kensium.models import Continuation, Failure, Paid, PaymentStep
from terminal.backends.kensium.options import KensiumOptions
from terminal.backends.kensium.payments import Payments
from terminal.core.card import unanswered
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.effects import AskPayment, Effect, Print
from terminal.core.events import (
    ButtonPressed,
    CoinInserted,
    DeviceChanged,
    Ended,
    Event,
    Health,
    JournalFailed,
    JournalRecovered,
    PaymentMoved,
    PrintEnded,
    TimePassed,
)
from terminal.core.facts import EntryKind, EntryState
from terminal.core.job import Job
from terminal.core.records import Entry
from terminal.core.recover import LeftOpen, recover
from terminal.core.rules import SyncRules
from terminal.core.terminal import Terminal, TerminalState
from terminal.core.ticket_state import Phase, TicketState
from terminal.core.tickets import Method, TicketSale
from terminal.daemon.happened import HAPPENED
from terminal.journal import Journal
from terminal.sync import Engine
from tests.core.making import Counter, Drawn, ticket_job
from tests.sync.model import ManualClock

RULES = SyncRules(first_retry_s=2, longest_retry_s=2, breaker_probe_s=2, pause_retry_s=2, timeout_s=5)
LOST = (Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.UNSENT, Outcome.BUSY, Outcome.DENIED)


@dataclass
class Payment:
    """What really happens to a card."""

    key: str
    amount: int
    type: str
    state: str = "waiting"
    captures: int = 0

    def moves(self, rng: Random) -> None:
        """The guest presents a card, or does not."""
        if self.state == "waiting":
            self.state = rng.choice(("waiting", "approved", "approved", "declined"))
            if self.state == "approved" and self.type == "SALE":
                self.capture()

    def capture(self) -> None:
        self.state = "captured"
        self.captures += 1

    def told(self, id_: str) -> PaymentStep:
        if self.state == "waiting":
            return PaymentStep(continuation=Continuation(id=id_, wait_milliseconds=500))
        if self.state == "declined":
            return PaymentStep(error=Failure(code="DECLINED"))
        status = "COMPLETED" if self.state == "captured" else "AUTHORIZED"
        return PaymentStep(payment=Paid(id=id_, status=status))


class CardServer:
    """The server that drives the card terminal; *trouble* is the share of calls that are not answered."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.trouble = 0.15
        self.payments: dict[str, Payment] = {}

    def change(self, write: Callable[[Any], Any], _kind: object, _needs: str, _until: float) -> Any:
        """Stand in for kensium.tenant.Tenant."""
        lost = self.rng.random() < self.trouble
        outcome = self.rng.choice(LOST)
        if lost and (outcome is not Outcome.UNKNOWN or self.rng.random() < 0.5):
            return Answer(outcome, "lost on the way")
        step: PaymentStep | Answer = write(self)()
        return Answer(Outcome.UNKNOWN, "its answer was lost") if lost else step

    # What Documents writes is what is done here.

    def payment_start(self, amount: int, kind: str, *, source_id: str, ref_no: str) -> Callable[[], Any]:
        def start() -> PaymentStep:
            assert source_id == "kiosk-1"
            assert ref_no not in {each.key for each in self.payments.values()}, "a payment was begun twice"
            id_ = str(len(self.payments) + 1)
            self.payments[id_] = Payment(ref_no, amount, kind)
            return self.payments[id_].told(id_)

        return start

    def payment_continue(self, id_: str) -> Callable[[], Any]:
        return lambda: self.payments[id_].told(id_)

    def payment_capture(self, id_: str) -> Callable[[], Any]:
        def capture() -> PaymentStep | Answer:
            payment = self.payments[id_]
            if payment.state != "approved":
                return Answer(Outcome.REFUSED, f"the payment is {payment.state}")
            payment.capture()
            return payment.told(id_)

        return capture


class Adapter:
    """Kensium's card terminal and nothing else of it."""

    kinds: ClassVar[frozenset[EntryKind]] = frozenset({EntryKind.PAYMENT})
    name = "terminal"

    def __init__(self, server: Any, how: str) -> None:
        options = msgspec.convert({"url": "https://pos.example.com", "card_payment": how}, KensiumOptions)
        self.payments = Payments(server, options, "kiosk-1")
        self.deliver, self.look = self.payments.deliver, self.payments.look

    def guarantee(self, _kind: EntryKind) -> Guarantee:
        return self.payments.guarantee

    def close(self) -> None:
        pass


class Gate:
    """Takes every sale."""

    kinds: ClassVar[frozenset[EntryKind]] = frozenset({EntryKind.SALE})
    name = "gate"

    def guarantee(self, _kind: EntryKind) -> Guarantee:
        return Guarantee(Promise.KEY)

    def deliver(self, _entry: Entry, _timeout_s: float) -> Answer:
        return Answer(Outcome.DELIVERED)

    def close(self) -> None:
        pass


class Life:
    """Everything, in one thread, step by step."""

    def __init__(self, folder: Path, seed: int, how: str) -> None:
        self.folder, self.rng = folder, Random(seed)
        self.job: Job = msgspec.structs.replace(
            ticket_job(pay=("coins", "card"), refund=("voucher",), change=("voucher",), card_s=20),
            payments="terminal",
        )
        self.clock, self.ids, self.codes = ManualClock(), Counter(), Drawn()
        self.server = CardServer(self.rng)
        self.adapter = Adapter(self.server, how)
        self.asked: list[AskPayment] = []
        self.printing: list[str] = []
        self.kept: list[Event] = []
        self.full = False
        self.kills = 0
        self.journal: Journal | None = None
        self.state: TerminalState
        self.start()

    def start(self) -> None:
        """Begin with what is in the journal, as the daemon does."""
        if self.journal is not None:
            self.journal.close()
        self.asked.clear()
        self.printing.clear()
        self.kept.clear()
        self.full = False
        now = self.clock.now()
        journal = self.journal = Journal.open(self.folder / "journal.db", b"k" * 32, boot=self.clock.boot)
        left = LeftOpen(
            journal.held(),
            journal.open_releases(),
            journal.open_sessions(),
            journal.waiting_prints(),
            journal.open_payouts(),
        )
        found = recover(self.job, left, now, self.ids)
        self.terminal = Terminal(self.job, self.ids, self.codes)
        first = self.terminal.start(now, (), found, journal.boxes())
        if found.facts or first.facts:
            journal.commit((*found.facts, *first.facts), now)
        self.engine = Engine(journal, {"terminal": self.adapter, "gate": Gate()}, self.clock, RULES)
        self.engine.load()
        self.workers = [self.engine.worker(name) for name in ("terminal", "gate")]
        self.state = first.state
        self._perform(first.effects)
        for name in ("slot", "paper"):
            self.happen(DeviceChanged(name, "any", Health.OK))

    @property
    def sale(self) -> TicketState:
        assert isinstance(self.state.job, TicketState)
        return self.state.job

    @property
    def books(self) -> Journal:
        assert self.journal is not None
        return self.journal

    def kill(self) -> None:
        """The process ends, or the power goes; later it starts anew."""
        self.kills += 1
        if self.rng.random() < 0.5:
            self.clock.reboot(synced=self.rng.random() < 0.7)
        self.clock.advance(self.rng.choice((1_000, 120_000)))
        self.start()

    def happen(self, event: Event) -> None:
        """Decide, commit, perform; sometimes it all ends after the commit."""
        made = self.terminal.handle(self.state, event, self.clock.now())
        if made.facts and self.full:
            self.kept += [event] if isinstance(event, HAPPENED) else []
            if not self.state.broken:
                self.happen(JournalFailed("The disk is full."))
            return
        if made.facts:
            self.books.commit(made.facts, self.clock.now())
            self.engine.notice(made.facts)
            if self.server.trouble and self.rng.random() < 0.008:
                self.kill()
                return
        self.state = made.state
        self._perform(made.effects)

    def _perform(self, effects: tuple[Effect, ...]) -> None:
        self.asked += [effect for effect in effects if isinstance(effect, AskPayment)]
        self.printing += [effect.job for effect in effects if isinstance(effect, Print)]

    # -- what may come next ----------------------------------------------------------------------------

    def step(self) -> None:
        """Something happens."""
        self.clock.advance(self.rng.choice((50, 300, 1_500)))
        if self.state.wake_ms is not None and self.clock.now().mono_ms >= self.state.wake_ms:
            self.happen(TimePassed())
        if self.rng.random() < 0.1:
            self.mend()
        moves = (self.guest, self.guest, self.answer, self.answer, self.cards, self.deliver)
        mishaps = (self.time, self.late_coin, self.sick, self.kill, self.disk)
        self.rng.choice(moves if self.rng.random() < 0.95 else mishaps)()

    def guest(self) -> None:
        match self.sale.phase:
            case Phase.PAYING:
                button = self.rng.choice(("card",) * 6 + ("coin", "cancel"))
                self.happen(CoinInserted("slot", 100) if button == "coin" else ButtonPressed("panel", button))
            case Phase.CARD:
                if self.rng.random() < 0.04:
                    self.happen(ButtonPressed("panel", "cancel"))
            case _:
                self.happen(ButtonPressed("panel", self.rng.choice(("4", "9", "confirm"))))

    def answer(self) -> None:
        """The server is asked what it was to be asked, and its answer arrives, unless all ends before."""
        if not self.asked:
            return
        asked = self.asked.pop(self.rng.randrange(len(self.asked)))
        if asked.reference:
            told = self.adapter.payments.proceed(asked.reference, asked.amount, 5)
        else:
            told = self.adapter.payments.start(asked.key, asked.amount, 5)
        if self.server.trouble and self.rng.random() < 0.02:
            self.kill()
            return
        binding = self.adapter.payments.takes_at_once
        reply = unanswered(told, asked.reference, binding=binding) if isinstance(told, Answer) else told
        self.happen(PaymentMoved(asked.key, reply))

    def cards(self) -> None:
        for payment in self.server.payments.values():
            payment.moves(self.rng)

    def deliver(self) -> None:
        for worker in self.workers:
            worker.turn()

    def time(self) -> None:
        if self.state.wake_ms is not None:
            self.clock.advance(max(0, self.state.wake_ms - self.clock.now().mono_ms))
            self.happen(TimePassed())

    def late_coin(self) -> None:
        self.happen(CoinInserted("slot", 100))

    def sick(self) -> None:
        self.happen(DeviceChanged("paper", "printer", Health.FAILED))

    def mend(self) -> None:
        """Somebody sees to the printer and to the disk."""
        self.happen(DeviceChanged("paper", "printer", Health.OK))
        if self.full:
            self.disk()

    def disk(self) -> None:
        """The disk is full; later it is not, and what was kept follows, as the loop does it."""
        self.full = not self.full
        if self.full or not self.state.broken:
            return
        kept, self.kept = self.kept, []
        for event in kept:
            self.happen(event)
        self.happen(JournalRecovered())

    def paper(self) -> None:
        while self.printing:
            self.happen(PrintEnded(self.printing.pop(), Ended.DONE))

    # -- the end ---------------------------------------------------------------------------------------

    def settle(self) -> None:
        """All trouble ends, and everything comes to its end."""
        self.server.trouble = 0
        self.mend()
        for _ in range(60):
            self.answer()
            self.paper()
            self.time()
            self.clock.advance(60_000)
            for _ in range(8):
                self.deliver()

    def check(self) -> None:
        """No card has paid twice, or for nothing that no person sees; what was sold is paid."""
        entries = {each.key: each for each in self.books.entries(limit=10_000)}
        assert self.books.verify() == []
        assert not [each for each in entries.values() if each.held]
        assert not [e for e in entries.values() if e.state in (EntryState.QUEUED, EntryState.SENDING)]
        sold = [
            (each.reference, each.amount)
            for entry in entries.values()
            if isinstance(entry.payload, TicketSale)
            for each in entry.payload.payments
            if each.method is Method.CARD
        ]
        assert len(set(sold)) == len(sold), "a payment pays two sales"
        for id_, payment in self.server.payments.items():
            entry = entries[payment.key]
            assert (payment.captures, entry.amount) in ((0, payment.amount), (1, payment.amount))
            paid = (id_, payment.amount) in sold
            if paid:
                assert payment.state == "captured", "tickets were given, and nothing was taken"
                assert entry.state is EntryState.DELIVERED
            elif payment.captures:
                refund = entries.get(f"{entry.key}-refund")
                asks = refund or entry
                assert asks.state in (EntryState.UNKNOWN, EntryState.PARKED), (
                    "taken for nothing, and nobody told"
                )
                assert payment.type == "SALE", "captured without a sale"
        assert {id_ for id_, _ in sold} <= set(self.server.payments)
