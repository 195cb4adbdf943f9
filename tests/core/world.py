"""A terminal and its whole world in one thread: people, server, weather, clocks; the power goes at any write.

The core, its recovery, the loop and the journal are the real ones; the delivery is made of the real pieces. The
same seed is the same history. Time is the world's own: a year takes seconds.
"""

from __future__ import annotations

import heapq
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from terminal.core.delivery import Guarantee, Promise
from terminal.core.effects import (
    CloseSlot,
    CountPayout,
    DeliverNow,
    Effect,
    Notice,
    OpenSlot,
    PairToken,
    PayOut,
    Print,
    ReadWallet,
    Release,
    Show,
    TellPayout,
)
from terminal.core.events import (
    ButtonPressed,
    CatalogueRead,
    CoinInserted,
    CoinUnrecognised,
    DeviceChanged,
    Event,
    Health,
    PairingEnded,
    Place,
    PrintEnded,
    ReleaseEnded,
    StopAsked,
    TimePassed,
    TokenPresented,
    TokenRemoved,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import AttemptEnded, CatalogueSeen, Fact, WalletSeen
from terminal.core.job import Job
from terminal.core.machine import AnswerRevalue, BeginSession, DenyVend, EndSession
from terminal.core.recover import LeftOpen, recover
from terminal.core.stamp import Stamp
from terminal.core.terminal import Terminal
from terminal.core.tickets import Codes
from terminal.core.value import replace
from terminal.daemon.loop import Loop
from terminal.journal import Journal
from terminal.journal.errors import JournalUnwritable
from terminal.tickets.codes import make
from tests.core.audit import Audit
from tests.core.courier import Courier
from tests.core.gate import Bookkeeper, Gate
from tests.core.hoppers import Hopper
from tests.core.outside import DAY_MS, PRODUCTS, Machine, Server, Weather
from tests.core.people import Technician, guest
from tests.core.seller import Seller
from tests.core.ticket_audit import TicketAudit

KEY = b"a year in a kiosk, simulated"
EPOCH_MS = 1_800_000_000_000
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
HOPPERS = (50, 5)
"""What the coins of the hoppers are worth, the first one's first."""

GUARANTEES = {
    "key": Guarantee(Promise.KEY),
    "key 24 h": Guarantee(Promise.KEY, DAY_MS),
    "read-back": Guarantee(Promise.READ_BACK),
    "none": Guarantee(Promise.NONE),
}


class PowerCut(BaseException):
    """The machine is dark at this very point."""


class Cuts:
    """Decides where the power goes: by chance at each point, or at the *at*-th point, once."""

    def __init__(self, rng: Random, chance: float, at: int | None = None) -> None:
        self._rng = rng
        self.chance = chance
        self.at = at
        self.points = 0
        self.count = 0

    def point(self) -> None:
        """Pass a point at which the power may go."""
        self.points += 1
        if self.points == self.at or self._rng.random() < self.chance:
            self.cut()

    def strikes(self, share: float) -> bool:
        """Whether the power will go where only a world that knows the future can arrange it."""
        return self.chance > 0 and self._rng.random() < share

    def cut(self) -> None:
        """Cut the power."""
        self.count += 1
        raise PowerCut


class Names:
    """Ids that are never given twice, over all restarts."""

    def __init__(self) -> None:
        self._last = 0

    def key(self) -> str:
        return f"kiosk-1-{self.id()}"

    def id(self) -> str:
        self._last += 1
        return f"{self._last:08d}"


class Disk:
    """The journal as the terminal writes it: before and after each commit the power may go."""

    def __init__(self, world: World) -> None:
        self._world = world

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        world = self._world
        if world.full:
            raise JournalUnwritable("The disk is full.")
        world.cuts.point()
        world.journal.commit(facts, now, urgent=urgent, durable=durable)
        world.audit.hear(facts)
        for fact in facts:
            if isinstance(fact, AttemptEnded):
                world.peer(fact.key).answered(fact.key, fact.outcome)
        world.last_commit = tuple(facts)
        world.cuts.point()

    def probe(self, now: Stamp) -> None:
        self.commit((), now, urgent=True)


@dataclass(order=True)
class _Plan:
    """Something that will happen. What is *inside* the terminal dies with its power."""

    at_ms: int
    number: int
    do: Callable[[], None]
    inside: bool


class World:
    """One kiosk in its world.

    Attributes:
        ms: Milliseconds since the beginning, as only the world knows them.
        full: Whether the disk takes nothing.
        lit: Whether the terminal has power.
        hoppers, sellers: What pays money out, and vending machines that ask for payment, by name.
        customers: How many came.
    """

    def __init__(  # noqa: PLR0917 - one world
        self,
        path: Path,
        job: Job,
        guarantee: Guarantee,
        seed: int,
        cut_chance: float,
        cut_at: int | None = None,
    ) -> None:
        self.job = self._whole_job = job
        self.products = PRODUCTS
        self.rng = Random(seed)
        self.ms = 0
        self.full = False
        self.lit = True
        self.customers = 0
        self.sold = 0
        self.last_commit: tuple[Fact, ...] = ()
        self.cards = 0
        self.audit = TicketAudit(job) if job.kind == "tickets" else Audit(job)
        self.cuts = Cuts(self.rng, cut_chance, cut_at)
        self.machine = Machine(self.rng)
        self.hoppers = {
            name: Hopper(self, name, coin) for name, coin in zip(job.cash.payouts, HOPPERS, strict=False)
        }
        self.sellers = {name: Seller(self, name) for name in job.machines}
        self.server = Server(self.rng, guarantee, lambda: self.ms, self.outside)
        self.gate = Gate(self.rng, lambda: self.ms, self.outside)
        self.books = Bookkeeper(self.rng, lambda: self.ms, self.outside, self.server)
        self.technician = Technician(self)
        self.disk = Disk(self)
        self._directory = path
        self._file = self._directory / "0" / "journal.db"
        self._file.parent.mkdir()
        self._names = Names()
        self._plans: list[_Plan] = []
        self._planned = 0
        self._customer: Iterator[int] | None = None
        self._boots = 0
        self._new_boot(EPOCH_MS)
        self.journal: Journal
        self.loop: Loop
        self.courier: Courier
        self._run_up()

    # -- time ------------------------------------------------------------------------------------------

    def now(self) -> Stamp:
        """What the terminal's clocks say."""
        wall_ms = EPOCH_MS + self.ms if self._synced else self._wrong_ms + self.ms
        return Stamp(wall_ms, self.ms - self._booted_ms, self._boot, self._synced)

    def soon(self, after_ms: int, do: Callable[[], None]) -> None:
        """Plan something inside the terminal: forgotten when its power goes."""
        self._plan(after_ms, do, inside=True)

    def event(self, after_ms: int, event: Event) -> None:
        """Plan an event for the terminal."""
        self.soon(after_ms, lambda: self.happen(event))

    def outside(self, after_ms: int, do: Callable[[], None]) -> None:
        """Plan something around the terminal, which goes on without its power."""
        self._plan(after_ms, do, inside=False)

    def _plan(self, after_ms: int, do: Callable[[], None], *, inside: bool) -> None:
        self._planned += 1
        heapq.heappush(self._plans, _Plan(self.ms + after_ms, self._planned, do, inside))

    def run(self, for_ms: int) -> None:
        """Let the world turn."""
        end_ms = self.ms + for_ms
        while True:
            try:
                at_ms, do = self._next()
                if at_ms > end_ms:
                    self.ms = max(self.ms, end_ms)
                    return
                self.ms = max(self.ms, at_ms)
                do()
            except PowerCut:
                self._dark()

    def _next(self) -> tuple[int, Callable[[], None]]:
        found: list[tuple[int, Callable[[], None]]] = []
        if self._plans:
            found.append((self._plans[0].at_ms, lambda: heapq.heappop(self._plans).do()))
        patience_s = self.loop._patience_s()
        if patience_s is not None:
            found.append((self.ms + round(patience_s * 1000), lambda: self.happen(TimePassed())))
        if self.courier.wake_ms is not None:
            found.append((self.courier.wake_ms, self.courier.work))
        if not found:
            return (1 << 62, lambda: None)
        return min(found, key=lambda each: each[0])

    # -- the life of the daemon ------------------------------------------------------------------------

    def _run_up(self) -> None:
        """Start, and start again if the power goes meanwhile; as terminal.daemon.wiring does it."""
        while True:
            try:
                self._start()
            except PowerCut:
                self._leave_the_disk()
            else:
                return

    def _start(self) -> None:
        self.journal = Journal.open(self._file, KEY, boot=self._boot)
        self.machine.slots.clear()  # the drivers close them before anything else
        now = self.now()
        left = LeftOpen(
            held=self.journal.held(),
            releases=self.journal.open_releases(),
            sessions=self.journal.open_sessions(),
            payouts=self.journal.open_payouts(),
            prints=self.journal.waiting_prints(),
        )
        found = recover(self.job, left, now, self._names)
        terminal = Terminal(self.job, self._names, self._codes())
        first = terminal.start(now, self.journal.catalogue("main"), found, self.journal.boxes())
        self.audit.starting = True
        try:
            if found.facts or first.facts:
                self.disk.commit((*found.facts, *first.facts), now, urgent=True)
        finally:
            self.audit.starting = False
        self.audit.check_start(self)
        self.courier = Courier(self)
        self.loop = Loop(terminal, self.disk, self.now, self._perform, lambda _facts: self.courier.notice())
        self.loop.begin(first.state, first.effects)
        self.courier.load()
        for role in (*self.job.acceptors, *self.job.releases, *self.job.printers):
            self.event(self.rng.randrange(10, 2_000), DeviceChanged(role, "any", Health.OK))
        for name in self.job.cash.payouts:
            if self.hoppers[name].there:
                self.event(self.rng.randrange(10, 2_000), DeviceChanged(name, "any", Health.OK))
        for seller in self.sellers.values():
            self.soon(self.rng.randrange(10, 2_000), seller.open)
        self.soon(self.rng.randrange(100, 5_000), self._read_catalogue)

    def _codes(self) -> Codes:
        """What makes codes: the real thing, against this journal."""
        rng, journal = self.rng, self.journal
        return make(
            self.job.codes, chance=rng.randbytes, known=journal.knows_code, wall_ms=lambda: self.now().wall_ms
        )

    def peer(self, key: str) -> Server:
        """The server that an entry goes to."""
        if key.endswith("-record"):
            return self.books
        entry = self.audit.entries.get(key)  # a refund that the journal made is not among them
        return self.gate if entry and self.job.office and entry.backend == self.job.office else self.server

    @property
    def booked(self) -> set[str]:
        """Keys of all that any server has booked."""
        return {*self.server.booked, *self.gate.booked, *self.books.booked}

    def _dark(self) -> None:
        """The power has gone, or the process was killed: what was inside is gone, and the disk is as it is."""
        self.lit = False
        self._leave_the_disk()
        self._plans = [plan for plan in self._plans if not plan.inside]
        heapq.heapify(self._plans)
        self.full = False
        self._customer = None
        for hopper in self.hoppers.values():
            hopper.driver_ends()
        for seller in self.sellers.values():
            seller.reader_dies()
        self._configure()
        if self.rng.random() < 0.3:
            self._pass(self.rng.randrange(1_000, MINUTE_MS))  # systemd starts it anew; the machine stayed up
        else:
            saved_ms = self.now().wall_ms
            self._pass(self.rng.choice((2 * MINUTE_MS, HOUR_MS, 10 * HOUR_MS, 3 * DAY_MS)))
            self._new_boot(saved_ms)
        self.lit = True
        self._run_up()

    def _configure(self) -> None:
        """Take a hopper out of the configuration now and then: whoever is not there cannot be asked."""
        cash = self._whole_job.cash
        if self.hoppers:
            left = tuple(name for name in cash.payouts if self.rng.random() < 0.85)
            self.job = replace(self._whole_job, cash=replace(cash, payouts=left))

    def _pass(self, for_ms: int) -> None:
        """Let time pass in which the terminal is off; the rest of the world goes on."""
        end_ms = self.ms + for_ms
        while self._plans and self._plans[0].at_ms <= end_ms:
            plan = heapq.heappop(self._plans)
            self.ms = max(self.ms, plan.at_ms)
            plan.do()
        self.ms = end_ms

    def _leave_the_disk(self) -> None:
        """Take the files as they lie there; nothing is tidied up, as nothing is when the power goes."""
        old = self._file.parent
        fresh = self._directory / str(int(old.name) + 1)
        ignored = shutil.ignore_patterns("*-shm", "*.lock")
        shutil.copytree(old, fresh, ignore=ignored)
        self.journal.close()
        shutil.rmtree(old)
        self._file = fresh / self._file.name

    def _new_boot(self, saved_ms: int) -> None:
        self._boots += 1
        self._boot = f"boot-{self._boots}"
        self._booted_ms = self.ms - self.rng.randrange(5_000, 60_000)
        self._synced = self.rng.random() < 0.3
        # Without the time: 1970, or as if no time had passed since the clock was saved, or nonsense.
        self._wrong_ms = self.rng.choice((-self.ms, saved_ms - self.ms, EPOCH_MS + 400 * DAY_MS))

    def stop(self) -> None:
        """Stop as systemd asks for it, and start again."""
        try:
            self.happen(StopAsked())
            end_ms = self.ms + 8_000
            while self.loop.state is not None and self.loop.state.job.under_way and self.ms < end_ms:
                self.ms, do = max(self.ms, self._next()[0]), self._next()[1]
                do()
        except PowerCut:
            pass
        self._dark()

    def _read_catalogue(self) -> None:
        if self.server.weather in (Weather.FAIR, Weather.SLOW, Weather.REFUSING):
            self._synced = True  # there is a network, so there is the time
            self.happen(CatalogueRead(self.products, fresh=True))
            self._remember(CatalogueSeen("main", self.products))
        else:
            self.soon(30 * MINUTE_MS, self._read_catalogue)

    def _remember(self, fact: Fact) -> None:
        if not self.full:
            self.disk.commit((fact,), self.now(), durable=False)

    # -- the loop --------------------------------------------------------------------------------------

    def happen(self, event: Event) -> None:
        """Let the loop decide one event, to the end of its effects; then the power may go."""
        self.loop.post(event)
        self.loop._next()
        self.cuts.point()

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Show(screen=screen):
                if screen.notice is Notice.CREDITED:
                    assert self.last_commit, "shown as credited, and nothing is written"
            case ReadWallet(token=token):
                self._read_wallet(token)
            case DeliverNow(key=key):
                assert key in self.audit.entries, "sent before it was written down"
                self.soon(1, lambda: self.courier.deliver_now(key))
            case PairToken(token=token):
                self.event(300, PairingEnded(token, paired=True))
            case BeginSession() | DenyVend() | EndSession() | AnswerRevalue():
                self.sellers[effect.machine].tell(effect)
            case OpenSlot() | CloseSlot() | CountPayout() | PayOut() | TellPayout():
                self._perform_cash(effect)
            case Release() | Print():
                self._give_out(effect)

    def _perform_cash(self, effect: OpenSlot | CloseSlot | CountPayout | PayOut | TellPayout) -> None:
        match effect:
            case OpenSlot(limit=limit, closed=closed):
                self.machine.slots = {name: limit for name in self.job.acceptors if name not in closed}
                self.audit.check_open(self.machine.slots)
            case CloseSlot():
                self.machine.slots.clear()
            case CountPayout(device=device):
                self.hoppers[device].count(effect)
            case PayOut(device=device):
                self.audit.payout_ordered(effect)
                self.hoppers[device].pay_out(effect)
            case TellPayout(device=device):
                self.hoppers[device].tell_payout(effect)

    def _give_out(self, effect: Release | Print) -> None:
        match effect:
            case Release(release=name, device=device) if device in self.sellers:
                assert name in self.audit.intended, "approved before it was written down"
                self.sold += 1
                self.sellers[device].release(effect)
            case Release(release=name):
                assert name in self.audit.intended, "given out before it was written down"
                self.sold += 1
                ended, after_ms = self.machine.release(name)
                if ended is not None:
                    self.event(after_ms, ReleaseEnded(name, ended, "the machine's words"))
            case Print(job=name, document=document):
                assert name in self.audit.intended, "printed before it was written down"
                ended, after_ms = self.machine.print(name)
                if self.machine.printed[name]:
                    self.audit.see_paper(name, document)
                if ended is not None:
                    self.event(after_ms, PrintEnded(name, ended, "the printer's words"))

    def _read_wallet(self, token: str) -> None:
        now = self.now()
        cached, exposure = self.journal.wallet(token, now), self.journal.exposure(token, now)
        self.event(0, WalletRemembered(token, cached, exposure))
        answer, after_ms = self.server.read(token)
        self.soon(after_ms, lambda: self._wallet_read(answer))

    def _wallet_read(self, answer: WalletRead) -> None:
        self.happen(answer)
        if answer.answer is WalletAnswer.KNOWN and answer.balance is not None:
            self._remember(WalletSeen(answer.token, answer.balance))

    # -- what people do --------------------------------------------------------------------------------

    def tap(self, uid: str) -> None:
        self.happen(TokenPresented("reader", uid))

    def untap(self) -> None:
        self.happen(TokenRemoved("reader"))

    def press(self, button: str) -> None:
        self.happen(ButtonPressed("panel", button))

    def strange_coin(self) -> None:
        self.happen(CoinUnrecognised("slot", 3, "no coin has 3 pulses"))

    def insert(self, amount: int, acceptor: str = "slot") -> None:
        """Insert a coin, if the slot takes it."""
        if amount <= self.machine.slots.get(acceptor, 0):
            assert not self.audit.box_full(acceptor), f"the box of {acceptor} is full, and it took a coin"
            self.machine.slots[acceptor] -= amount
            self.force_coin(amount, acceptor)

    def force_coin(self, amount: int, acceptor: str = "slot") -> None:
        """A coin goes in, whatever the slot was told: it was on its way, or somebody helped it."""
        before = self.audit.coins
        place = Place.TUBE if acceptor == "changer" and self.rng.random() < 0.5 else Place.BOX
        self.happen(CoinInserted(acceptor, amount, place=place))
        if not self.full:
            assert self.audit.coins == before + amount, "a coin was not written down"

    def serve(self) -> None:
        """Let one customer come and go."""
        self.customers += 1
        self._customer = guest(self)
        self.soon(0, self._go_on)
        self.run(20_000)

    def _go_on(self) -> None:
        pause_ms = next(self._customer, None) if self._customer is not None else None
        if pause_ms is not None:
            self.soon(pause_ms, self._go_on)

    # -- a year ----------------------------------------------------------------------------------------

    def live(self, days: int, customers: int) -> None:
        """Let so many customers come in so many days, in bursts; the auditor looks again and again."""
        pause_ms = days * DAY_MS // customers
        for number in range(customers):
            self.serve()
            self._mishap()
            # Most come one after the other; then for a long time nobody.
            busy = self.rng.random() < 0.9
            self.run(self.rng.randrange(1_000, MINUTE_MS) if busy else self.rng.randrange(0, 20 * pause_ms))
            if number % 50 == 0:
                self.audit.check(self)
                self.journal.maintain()

    def _mishap(self) -> None:
        rng = self.rng
        if rng.random() < 0.15:
            calm = 0.4
            self.server.weather = Weather.FAIR if rng.random() < calm else rng.choice(list(Weather))
            self.gate.weather = Weather.LOSSY if rng.random() < 0.5 else self.server.weather
            self.books.weather = self.gate.weather
        if rng.random() < 0.05:
            self.technician_comes()
        if rng.random() < 0.03:
            self._unplug()
        if rng.random() < 0.01:
            self.full = True
            self.outside(rng.randrange(1_000, HOUR_MS), self._room_again)
        if rng.random() < 0.01:
            self.stop()
        for hopper in self.hoppers.values():
            if rng.random() < 0.03 and hopper.name in self.job.cash.payouts:
                self.soon(rng.randrange(5_000), hopper.renew)
        for seller in self.sellers.values():
            self._whims(seller)
        if rng.random() < 0.02:
            self.server.balances[rng.choice(list(self.server.balances))] += 2_000

    def _whims(self, seller: Seller) -> None:
        """What machines do that nobody asked for."""
        rng = self.rng
        if rng.random() < 0.04:
            self.soon(rng.randrange(10_000), seller.reset)
        if rng.random() < 0.03:
            self.soon(rng.randrange(10_000), lambda: seller.enable(wants=False))
            self.outside(rng.randrange(10_000, HOUR_MS), lambda: seller.enable(wants=True))
        if rng.random() < 0.1:
            product = rng.choice(self.products)
            self.soon(rng.randrange(10_000), lambda: seller.sell_for_cash(str(product.id), product.price))

    def technician_comes(self, share: float = 0.8) -> None:
        """Let the technician look at what waits; the power may go in between."""
        try:
            self.technician.visit(share)
        except PowerCut:
            self._dark()

    def _unplug(self) -> None:
        devices = (*self.job.acceptors, *self.job.releases, *self.job.printers, *self.hoppers, *self.sellers)
        if devices:
            name = self.rng.choice(devices)
            other = self.hoppers.get(name) or self.sellers.get(name)
            if other:
                self.soon(self.rng.randrange(5_000), other.unplug)
                self.outside(self.rng.randrange(6_000, HOUR_MS), other.plug)
                return
            self.event(self.rng.randrange(5_000), DeviceChanged(name, "any", Health.MISSING, "unplugged"))
            self.event(self.rng.randrange(6_000, HOUR_MS), DeviceChanged(name, "any", Health.OK))

    def _room_again(self) -> None:
        self.full = False

    def settle(self) -> None:
        """End all trouble, let everything be delivered, and let the technician decide the rest."""
        self.cuts.chance, self.cuts.at = 0.0, None
        self.server.weather = self.gate.weather = self.books.weather = Weather.FAIR
        self.full = False
        for device in (*self.hoppers.values(), *self.sellers.values()):
            if not device.there:
                device.plug()
        self.stop()
        for _ in range(12):
            self.run(8 * HOUR_MS)
            self.technician_comes(share=1.0)

    def close(self) -> None:
        """End the world."""
        self.journal.close()
