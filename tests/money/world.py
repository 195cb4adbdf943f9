"""A terminal that takes coins and pays them back, and its world, in one thread; the same seed is the same.

Real are: the drivers of the coin acceptor, the bill validator and the hoppers, with their bus and frames; the
loop, the rules, the recovery, the performer and the journal; the peers, with frames of their own. Time is the
world's own. A kill is an exception that nobody catches, at any write, commit or event; whatever was in memory
is gone, and the next process begins with the journal's marks, as terminal.daemon.wiring does.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from drivers.cctalk import bus, line
from drivers.coins.cctalk import CctalkAcceptor, CctalkCoinOptions
from drivers.coins.cctalk_bill import CctalkBillOptions, CctalkBillValidator
from drivers.device import DeviceError
from drivers.payouts.cctalk_hopper import CctalkHopper, CctalkHopperOptions
from terminal.core.events import CoinInserted, CoinUnrecognised, DeviceEvent, DeviceMarked, Event, StopAsked
from terminal.core.job import Job
from terminal.core.recover import LeftOpen, recover
from terminal.core.rules import CashRules, TopupRules
from terminal.core.stamp import Stamp
from terminal.core.terminal import Terminal
from terminal.daemon.loop import Loop
from terminal.daemon.perform import Performer
from terminal.journal import Journal
from terminal.journal.errors import JournalUnwritable
from tests.money.around import Device, Devices, Nobody, Wallets, unseen
from tests.money.audit import Audit
from tests.money.clock import Clock
from tests.money.fate import Disk, Fate, Hung, Killed
from tests.money.ledger import Ledger
from tests.money.life import Life, stepped
from tests.money.peers import Acceptors, BillDevice, CoinDevice, HopperDevice, HopperPeer, any_hopper, lived
from tests.money.wire import Wire

KEY = b"every coin is somewhere"

EPOCH_MS = 1_800_000_000_000

COINS, BILLS = "coins", "bills"

PORT = "sim://wire"

HUNG_S = 30.0
"""How long a driver may hang until it is given up."""


DRIVERS = {
    CctalkAcceptor: stepped(CctalkAcceptor),
    CctalkBillValidator: stepped(CctalkBillValidator),
    CctalkHopper: stepped(CctalkHopper),
}


class Names:
    """Ids that are never given twice."""

    def __init__(self) -> None:
        self._last = 0

    def key(self) -> str:
        return f"kiosk-{self.id()}"

    def id(self) -> str:
        self._last += 1
        return f"{self._last:06d}"


class World:
    """One kiosk. The people and mishaps are tests.money.history's.

    Attributes:
        figures: What happened, how often.
    """

    def __init__(self, folder: Path, seed: int, patch: pytest.MonkeyPatch) -> None:
        self.rng = rng = Random(seed)
        self.figures: Counter[str] = Counter()
        self.clock = Clock()
        self.clock.install(patch)
        self.fate = Fate()
        self.audit = Audit()
        self.disk = Disk(self)
        self.wire = Wire(self.clock, rng, self._on_the_wire, echo=rng.random() < 0.8)
        patch.setattr(line, "open_link", lambda *_args, **_more: self.wire.open())
        patch.setattr(bus, "_BUSES", {})
        self.slaves: dict[str, CoinDevice | BillDevice] = {}
        self.hoppers: dict[str, HopperPeer] = {}
        self._acceptors(seed)
        self._hoppers()
        self._options = self._configured()
        self.job = self._job()
        self._folder = folder
        self._file = folder / "0" / "journal.db"
        self._file.parent.mkdir()
        self._names = Names()
        self._boots = 1
        self.lives: dict[str, Life] = {}
        self._last_mark: dict[str, str] = {}
        self._stepping: str = ""
        self._hang_in = 0
        self.up = False
        self.while_down: Callable[[], None] = _nothing
        self.journal: Journal
        self.loop: Loop
        self.start()

    # -- what there is -------------------------------------------------------------------------------------

    def _acceptors(self, seed: int) -> None:
        rng = self.rng
        goes_on = {"patience": rng.choice((1.0, 1.0, None)), "tells_inhibited": rng.random() < 0.5}
        names = [COINS] if rng.random() < 0.7 else [COINS, BILLS]
        for name in names:
            ledger = self.audit.ledgers[name] = Ledger(name)

            made: CoinDevice | BillDevice
            if name == COINS:
                made = CoinDevice(2, ledger.counts, **goes_on)
            else:
                made = BillDevice(40, ledger.counts, **goes_on, escrow=rng.random() < 0.6)
            made.settings["priority"] = rng.choice(([2, 90], [2, 99], [2, 50]))
            made.settings["master"] = rng.random() < 0.8
            lived(made, rng.choice((0, 1, 3, 249, 252, 254, 255)), rng)
            if made.memory["counter"] == 0:
                ledger.begins_anew()
            self.slaves[name] = made
        self.peer = Acceptors(self.wire, list(self.slaves.values()), seed)
        self.wire.stations.append(self.peer)

    def _hoppers(self) -> None:
        rng = self.rng
        for address, coin in ((3, 100), (4, 10))[: rng.choice((0, 1, 1, 2))]:
            name = f"hopper {coin}"

            def happened(what: str, coins: int, name: str = name, coin: int = coin) -> None:
                self.figures[f"hopper {what}"] += 1
                self.audit.pays(name, coin, what, coins)

            device = HopperDevice(7000 + address, happened)
            any_hopper(rng, device)
            hopper = HopperPeer(self.wire, device, address)
            self.hoppers[name] = hopper
            self.wire.stations.append(hopper)
            self.clock.movers.append(hopper)

    def _configured(self) -> dict[str, tuple[Any, Any]]:
        found: dict[str, tuple[Any, Any]] = {COINS: (CctalkAcceptor, CctalkCoinOptions(port=PORT))}
        if BILLS in self.slaves:
            found[BILLS] = CctalkBillValidator, CctalkBillOptions(port=PORT)
        for name, hopper in self.hoppers.items():
            coin = int(name.split()[1])
            options = CctalkHopperOptions(
                port=PORT, address=hopper.address, coin=coin, most_coins=self.rng.choice((3, 50)), back_s=10
            )
            found[name] = CctalkHopper, options
        return found

    def _job(self) -> Job:
        rng = self.rng
        topup = TopupRules(max_session=5_000, window_s=25, finish_s=4, show_s=1, deadline_ms=500)
        box = {COINS: rng.choice((15, 60))} if rng.random() < 0.5 else {}
        cash = CashRules(payouts=tuple(self.hoppers), payout_s=rng.choice((8, 40)), box_pieces=box)
        return Job(
            terminal="kiosk", kind="topup", currency="EUR", locale="de_DE", wallet="main",
            acceptors=tuple(self.slaves), topup=topup, cash=cash,
        )  # fmt: skip

    # -- the life of the process ---------------------------------------------------------------------------

    def start(self) -> None:
        """Start, as terminal.daemon does it; if it is killed meanwhile, start again."""
        while True:
            try:
                self._start()
            except (Killed, JournalUnwritable):
                self._gone()
                self.clock.sleep(2)
            else:
                return

    def _start(self) -> None:
        self.journal = Journal.open(self._file, KEY, boot=f"boot-{self._boots}")
        self.up = True
        self._make_safe()
        marks = self.journal.marks()
        self._last_mark = dict(marks)
        for name in self._options:
            self._build(name, marks.get(name, ""))
        now, journal = self.now(), self.journal
        left = LeftOpen(
            held=journal.held(),
            releases=journal.open_releases(),
            sessions=journal.open_sessions(),
            payouts=journal.open_payouts(),
            prints=journal.waiting_prints(),
        )
        found = recover(self.job, left, now, self._names)
        if found.facts:
            self.disk.commit(found.facts, now, urgent=True)
        terminal = Terminal(self.job, self._names)
        first = terminal.start(now, (), found, journal.boxes())
        performer = Performer(
            devices=Devices(self), acceptors={name: Device(self, name) for name in self.slaves},
            indicators={}, engine=Nobody(), lookups=Wallets(self), show=unseen, post=self.post,
        )  # fmt: skip
        self.loop = Loop(terminal, self.disk, self.now, performer, lambda _facts: None)
        self.loop.begin(first.state, first.effects)

    def _make_safe(self) -> None:
        if self.rng.random() < 0.5:
            for name in self.slaves:
                driver, options = self._options[name]
                try:
                    driver.make_safe(options)
                except DeviceError:
                    self.figures["not made safe"] += 1

    def _build(self, name: str, mark: str) -> None:
        driver, options = self._options[name]
        life = Life(DRIVERS[driver], name, options, lambda event: self._emitted(life, event), self.clock)
        if name in self.slaves:
            life.device.resume(mark)
            self.audit.ledgers[name].absences += 1
        self.lives[name] = life

    def _gone(self) -> None:
        """The process is gone; sometimes the whole machine is."""
        self.figures["kills"] += 1
        self.up, self.lives, self._stepping = False, {}, ""
        bus._BUSES.clear()
        self.wire.link = None
        self.disk.full = False
        self._hang_in = 0
        if self.rng.random() < 0.1:
            self._power_cut()
        else:
            self.journal.close()
        self.fate.__init__()  # type: ignore[misc]

    def _power_cut(self) -> None:
        """Take the files as they lie there."""
        self.figures["power cuts"] += 1
        fresh = self._folder / str(int(self._file.parent.name) + 1)
        shutil.copytree(self._file.parent, fresh, ignore=shutil.ignore_patterns("*-shm", "*.lock"))
        self.journal.close()
        shutil.rmtree(self._file.parent)
        self._file = fresh / self._file.name
        self._boots += 1

    def now(self) -> Stamp:
        """What the terminal's clocks say."""
        ms = int(self.clock.now * 1000)
        return Stamp(EPOCH_MS + ms, ms, f"boot-{self._boots}", synced=True)

    # -- what the drivers say ------------------------------------------------------------------------------

    def post(self, event: Event) -> None:
        """Tell the loop; people and servers talk to nobody while there is none."""
        if self.up and not self.fate.dead:
            self.loop.post(event)

    def _emitted(self, life: Life, event: DeviceEvent) -> None:
        name = life.device.name
        self.fate.point("emit")
        if self.lives.get(name) is not life:
            return  # its gate is closed
        if isinstance(event, CoinInserted | CoinUnrecognised | DeviceMarked) and event.mark:
            self._last_mark[name] = event.mark
        self.post(event)
        self.fate.point("emit")

    def _on_the_wire(self, kind: str) -> None:
        stepping = self._stepping
        paying = stepping in self.hoppers and self.lives[stepping].device._unsettled
        self.fate.point("paying" if paying else kind)
        if self._hang_in and stepping:
            self._hang_in -= 1
            if not self._hang_in:
                raise Hung

    def hang(self, after: int) -> None:
        """Let the driver that is at the wire after so many points hang there, and be given up."""
        self._hang_in = after

    def _replace(self, name: str) -> None:
        """A driver hung: a new one takes its place, as terminal.daemon.devices does it."""
        self.figures["drivers given up"] += 1
        self.lives[name].abandon()
        self._build(name, self._last_mark.get(name, ""))

    # -- turning -------------------------------------------------------------------------------------------

    def run(self, for_s: float) -> None:
        """Let the world turn."""
        until = self.clock.now + for_s
        while self.clock.now < until:
            try:
                self._turn(until)
            except Killed:
                self._gone()
                self.clock.sleep(self.rng.choice((0.4, 2.0, 2.0, 15.0)))
                self.while_down()
                self.while_down = _nothing
                self.start()
            except Hung:
                self.lives[self._stepping].hang(HUNG_S)

    def _turn(self, until: float) -> None:
        """Let the next one do what it has to do."""
        busy = not self.loop._inbox.empty()
        if busy and self.rng.random() < 0.8:
            self._decide()
            return
        due = {name: life.due() for name, life in self.lives.items()}
        patience_s = self.loop._patience_s()
        at = self.clock.now if busy else min(due.values())
        wake = 1e12 if patience_s is None else self.clock.now + patience_s
        at = min(at, wake, until)
        self.clock.to(at)
        if not self.loop._inbox.empty() or at == wake:
            self._decide()
            return
        ready = [name for name, life in self.lives.items() if life.due() <= self.clock.now]
        for name in ready[:1] if len(ready) == 1 else self.rng.sample(ready, len(ready)):
            self._stepping = name
            if self.lives[name].hangs:
                self._replace(name)
            else:
                self.lives[name].step()
            self._stepping = ""

    def _decide(self) -> None:
        self.loop._next()
        self.fate.point("step")

    def stop(self) -> None:
        """Stop as systemd asks for it, and start again."""
        self.figures["stops"] += 1

        def end() -> None:
            self.loop.post(StopAsked())
            until = self.clock.now + 8
            while self.clock.now < until:
                self._turn(until)
                state = self.loop.state
                if state is not None and state.stopping and not state.job.under_way:
                    break
            for name, life in self.lives.items():
                self._stepping = name
                if not life.hangs:
                    life.stop()
            while not self.loop._inbox.empty():
                self._decide()
            self.loop.end()
            self.loop._next()
            raise Killed

        try:
            end()
        except (Killed, Hung):
            self._gone()
            self.figures["kills"] -= 1
        self.clock.sleep(self.rng.choice((0.4, 3.0, 20.0)))
        self.start()


def _nothing() -> None:
    """Nothing happens."""
