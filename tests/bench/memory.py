"""Whether memory stays flat over many sales: the loop, the core, the journal and the engine in one process.

`python -m tests.bench.memory FOLDER SALES...` sells, and prints its resident memory at each of these counts.
The devices and the server are functions that answer at once, and the journal lies where nothing is synced, so
that a year's sales take minutes.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

from terminal.core.catalogue import Product
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.effects import Effect, ReadWallet, Release
from terminal.core.events import (
    DeviceChanged,
    Ended,
    Health,
    ReleaseEnded,
    TokenPresented,
    TokenRemoved,
    WalletAnswer,
    WalletRead,
    WalletRemembered,
)
from terminal.core.facts import EntryKind
from terminal.core.job import Job
from terminal.core.records import Entry
from terminal.core.rules import OfflineRules, ReadingRules, SyncRules, VendingRules
from terminal.core.terminal import Terminal
from terminal.daemon.loop import Loop
from terminal.journal import Journal
from terminal.sync import Engine
from tests.bench.plan import BenchClock, Plan
from tests.bench.report import Row, at_most

_TOKENS = 5_000
_PATIENCE_S = 60
_UPKEEP = 2_000  # sales
_CLOCK = BenchClock()


class _Server:
    """Books everything at once."""

    name = "main"

    def guarantee(self, kind: EntryKind) -> Guarantee:
        return Guarantee(Promise.KEY)

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        return Answer(Outcome.DELIVERED, status=201, balance=1880)

    def close(self) -> None:
        pass


class _Ids:
    def key(self) -> str:
        return f"bench-1-{random.getrandbits(128):032x}"

    def id(self) -> str:
        return f"{random.getrandbits(64):016x}"


class Shop:
    """Sells espressos, one after the other."""

    def __init__(self, folder: Path) -> None:
        job = Job(
            terminal="bench-1",
            kind="vending",
            currency="EUR",
            locale="en_GB",
            wallet="main",
            releases=("machine",),
            vending=VendingRules(one_product="espresso"),
            offline=OfflineRules(max_total=1_000_000_00, max_count=100_000),
            reading=ReadingRules(same_card_ms=0),
        )
        terminal = Terminal(job, _Ids())
        self.journal = Journal.open(folder / "journal.db", bytes(32), boot="bench")
        self._delivered = threading.Semaphore(0)
        self._engine = Engine(
            self.journal,
            {"main": _Server()},
            _CLOCK,
            SyncRules(parallel=1),
            on_settled=lambda _key, _answer: self._delivered.release(),
        )
        self._loop = Loop(terminal, self.journal, _CLOCK.now, self._perform, self._engine.notice)
        first = terminal.start(_CLOCK.now(), (Product("espresso", "Espresso", 120),), None, 0)
        self._loop.begin(first.state, first.effects)
        self._loop.post(DeviceChanged("machine", "release", Health.OK))
        self._thread = threading.Thread(target=self._loop.run)
        self._thread.start()
        self._engine.start()

    def sell(self, uid: str) -> None:
        """Sell one piece to *uid*; returns when the server has booked it."""
        self._loop.post(TokenPresented("reader", uid))
        if not self._delivered.acquire(timeout=_PATIENCE_S):
            raise RuntimeError("a sale was not delivered")
        self._loop.post(TokenRemoved("reader"))

    def close(self) -> None:
        """End."""
        self._loop.end()
        self._thread.join()
        self._engine.stop()
        self.journal.close()

    def _perform(self, effect: Effect) -> None:
        now = _CLOCK.now()
        match effect:
            case ReadWallet(token=token):
                known, exposed = self.journal.wallet(token, now), self.journal.exposure(token, now)
                self._loop.post(WalletRemembered(token, known, exposed))
                self._loop.post(WalletRead(token, WalletAnswer.KNOWN, 2000))
            case Release(release=release):
                self._loop.post(ReleaseEnded(release, Ended.DONE))
            case _:
                pass


def sell(folder: Path, counts: list[int]) -> None:
    """Print the resident memory in kB after each of *counts* sales."""
    shop = Shop(folder)
    try:
        for number in range(1, counts[-1] + 1):
            shop.sell(f"04{random.randrange(_TOKENS):012X}")
            if number % _UPKEEP == 0:
                shop.journal.maintain()
            if number in counts:
                print(_resident_kb(), flush=True)  # noqa: T201 - for its parent
    finally:
        shop.close()


def _resident_kb() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def memory(plan: Plan) -> list[Row]:
    """Measure the resident memory after some sales and after many more."""
    counts = [10_000, 1_000_000] if plan.full else [plan.times(5_000, 100), plan.times(20_000, 300)]
    with plan.place() as folder:
        command = [sys.executable, "-m", "tests.bench.memory", str(folder), *map(str, counts)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    few, many = (int(line) / 1000 for line in done.stdout.split())
    return [
        at_most(
            f"memory after {counts[1]:g} sales, beyond that after {counts[0]:g}",
            many - few,
            2,
            "MB",
            baseline=f"{few:.1f} MB after {counts[0]:g}",
            noise="" if plan.full else "--full: 1e6 beyond 1e4",
        )
    ]


if __name__ == "__main__":
    sell(Path(sys.argv[1]), [int(count) for count in sys.argv[2:]])
