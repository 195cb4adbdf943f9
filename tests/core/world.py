"""A terminal and its whole world in one thread: people, server, weather, clocks; the power goes at any write.

The core, its recovery, the loop and the journal are the real ones; the delivery is made of the real pieces. The
same seed is the same history. Time is the world's own: a year takes seconds.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from terminal.core.delivery import Guarantee, Promise
from terminal.core.events import (
    ButtonPressed,
    CatalogueRead,
    CoinInserted,
    CoinUnrecognised,
    DeviceChanged,
    Event,
    Health,
    Place,
    StopAsked,
    TimePassed,
    TokenPresented,
    TokenRemoved,
)
from terminal.core.facts import CatalogueSeen, Fact
from terminal.core.job import Job
from terminal.core.recover import LeftOpen, recover
from terminal.core.stamp import Stamp
from terminal.core.terminal import Terminal
from terminal.core.tickets import Codes
from terminal.core.value import replace
from terminal.daemon.loop import Loop
from terminal.journal import Journal
from terminal.tickets.codes import make
from tests.core.audit import Audit
from tests.core.courier import Courier
from tests.core.gate import Bookkeeper, Gate
from tests.core.hands import Hands
from tests.core.hoppers import Hopper
from tests.core.mishaps import Mishaps
from tests.core.outside import DAY_MS, PRODUCTS, Machine, Server, Weather
from tests.core.people import Technician, guest
from tests.core.power import Cuts, Disk, PowerCut
from tests.core.seller import Seller
from tests.core.ticket_audit import TicketAudit
from tests.core.timetable import HOUR_MS, MINUTE_MS, Clocks, Plans

KEY = b"a year in a kiosk, simulated"
HOPPERS = (50, 5)
"""What the coins of the hoppers are worth, the first one's first."""

GUARANTEES = {
    "key": Guarantee(Promise.KEY),
    "key 24 h": Guarantee(Promise.KEY, DAY_MS),
    "read-back": Guarantee(Promise.READ_BACK),
    "none": Guarantee(Promise.NONE),
}


class Names:
    """Ids that are never given twice, over all restarts."""

    def __init__(self) -> None:
        self._last = 0

    def key(self) -> str:
        return f"kiosk-1-{self.id()}"

    def id(self) -> str:
        self._last += 1
        return f"{self._last:08d}"


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
        self._plans = Plans()
        self._customer: Iterator[int] | None = None
        self._clocks = Clocks(self.rng)
        self._mishaps = Mishaps(self)
        self.journal: Journal
        self.loop: Loop
        self.courier: Courier
        self._run_up()

    # -- time ------------------------------------------------------------------------------------------

    def now(self) -> Stamp:
        """What the terminal's clocks say."""
        return self._clocks.now(self.ms)

    def soon(self, after_ms: int, do: Callable[[], None]) -> None:
        """Plan something inside the terminal: forgotten when its power goes."""
        self._plans.add(self.ms + after_ms, do, inside=True)

    def event(self, after_ms: int, event: Event) -> None:
        """Plan an event for the terminal."""
        self.soon(after_ms, lambda: self.happen(event))

    def outside(self, after_ms: int, do: Callable[[], None]) -> None:
        """Plan something around the terminal, which goes on without its power."""
        self._plans.add(self.ms + after_ms, do, inside=False)

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
        if self._plans.next_ms is not None:
            found.append((self._plans.next_ms, self._plans.do_next))
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
        self.journal = Journal.open(self._file, KEY, boot=self._clocks.boot)
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
        perform = Hands(self).perform
        self.loop = Loop(terminal, self.disk, self.now, perform, lambda _facts: self.courier.notice())
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
        self._plans.drop_inside()
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
            self._clocks.new_boot(self.ms, saved_ms)
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
        while (at_ms := self._plans.next_ms) is not None and at_ms <= end_ms:
            self.ms = max(self.ms, at_ms)
            self._plans.do_next()
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
            self._clocks.synced = True  # there is a network, so there is the time
            self.happen(CatalogueRead(self.products, fresh=True))
            self.remember(CatalogueSeen("main", self.products))
        else:
            self.soon(30 * MINUTE_MS, self._read_catalogue)

    def remember(self, fact: Fact) -> None:
        """Have something written down that nobody waits for."""
        if not self.full:
            self.disk.commit((fact,), self.now(), durable=False)

    # -- the loop --------------------------------------------------------------------------------------

    def happen(self, event: Event) -> None:
        """Let the loop decide one event, to the end of its effects; then the power may go."""
        self.loop.post(event)
        self.loop._next()
        self.cuts.point()

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
            self._mishaps.happen()
            # Most come one after the other; then for a long time nobody.
            busy = self.rng.random() < 0.9
            self.run(self.rng.randrange(1_000, MINUTE_MS) if busy else self.rng.randrange(0, 20 * pause_ms))
            if number % 50 == 0:
                self.audit.check(self)
                self.journal.maintain()

    def technician_comes(self, share: float = 0.8) -> None:
        """Let the technician look at what waits; the power may go in between."""
        try:
            self.technician.visit(share)
        except PowerCut:
            self._dark()

    def settle(self) -> None:
        """End all trouble, let everything be delivered, and let the technician decide the rest."""
        self.cuts.chance, self.cuts.at = 0.0, None
        self.server.weather = self.gate.weather = self.books.weather = Weather.FAIR
        self.full = False
        devices: list[Hopper | Seller] = [*self.hoppers.values(), *self.sellers.values()]
        for device in devices:
            if not device.there:
                device.plug()
        self.stop()
        for _ in range(12):
            self.run(8 * HOUR_MS)
            self.technician_comes(share=1.0)

    def close(self) -> None:
        """End the world."""
        self.journal.close()
