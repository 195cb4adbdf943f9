"""How soon a coin that has fallen is on the books: in a whole simulated machine, beside one raw sync."""

from __future__ import annotations

import logging
import queue
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from terminal.core.facts import CashMoved, Fact
from terminal.daemon.watchdog import Notifier
from terminal.daemon.wiring import Daemon
from terminal.journal import JournalReader
from terminal.settings import load
from tests.bench.plan import Plan, Raw
from tests.bench.report import Row, at_most, quantile
from tests.support.machine import READER, Machine, SandboxProcess
from tests.support.waiting import wait_until

CENTS = 5
SLOT = {"name": "slot", "role": "coin_acceptor", "driver": "simulated", "counts": True}
_PATIENCE_S = 30
_WARM = 5


class Kiosk:
    """A simulated coin receptor in this process, with a hand at its slot and an eye on its commits."""

    def __init__(self, daemon: Daemon) -> None:
        self._slot = daemon._devices["slot"]
        self._written: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._notice = daemon._loop._committed
        daemon._loop._committed = self._committed

    def wait_open(self) -> None:
        """Return when it takes coins."""
        wait_until(lambda: not self._slot.inhibited, what="an open slot")  # type: ignore[attr-defined]

    def coin(self) -> int:
        """Insert a coin; return how many nanoseconds later it was durably on the books."""
        begun_ns = time.monotonic_ns()
        self._slot.hands["coin"](CENTS)  # type: ignore[attr-defined]
        return self._written.get(timeout=_PATIENCE_S) - begun_ns

    def _committed(self, facts: Sequence[Fact]) -> None:
        now_ns = time.monotonic_ns()
        if any(isinstance(fact, CashMoved) for fact in facts):
            self._written.put(now_ns)
        self._notice(facts)


@contextmanager
def kiosk(folder: Path, sandbox: SandboxProcess) -> Iterator[Kiosk]:
    """Run a machine that takes coins before any token."""
    logging.getLogger().setLevel(logging.CRITICAL)
    topup = {"max_session": 100_000_00, "coins_first": True}
    machine = Machine(
        folder, sandbox.url, sandbox.token_file, [READER, SLOT], job="topup", sections={"topup": topup}
    )
    daemon = Daemon(load(machine.config), Notifier())
    daemon.start()
    try:
        made = Kiosk(daemon)
        made.wait_open()
        yield made
    finally:
        daemon.stop()


def coin_to_journal(plan: Plan) -> list[Row]:
    """Measure coins that fall one by one, beside the sync that each of them needs."""
    taken: list[float] = []
    syncs: list[float] = []
    with (
        plan.place() as folder,
        closing(Raw(folder / "raw")) as raw,
        SandboxProcess(folder) as sandbox,
    ):
        with kiosk(folder, sandbox) as machine, plan.slow_disk():
            for _ in range(plan.times(1_000, 20) + _WARM):
                begun = time.perf_counter()
                raw.append()
                syncs.append((time.perf_counter() - begun) * 1e3)
                taken.append(machine.coin() / 1e6)
        with closing(JournalReader(folder / "journal.db")) as journal:
            accepted = journal.books().accepted
    if accepted != len(taken) * CENTS:
        raise RuntimeError(f"{accepted} cents are on the books, {len(taken)} coins of {CENTS} fell")
    del taken[:_WARM], syncs[:_WARM]
    sync = statistics.median(syncs)
    told = f"raw write+fdatasync: p50 {sync:.2f} ms, p99 {quantile(syncs, 0.99):.2f} ms"
    return [
        at_most(
            "coin to journal, beyond 1 sync, p50",
            statistics.median(taken) - sync,
            2,
            "ms",
            baseline=told,
            noise=f"all in: p10-p90 {quantile(taken, 0.1):.2f}-{quantile(taken, 0.9):.2f} ms",
        ),
        at_most(
            "coin to journal, beyond 1 sync, p99",
            quantile(taken, 0.99) - sync,
            5,
            "ms",
            baseline=told,
            noise=f"worst {max(taken):.2f} ms; {len(taken)} coins",
        ),
    ]
