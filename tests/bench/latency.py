"""A customer's time in a whole simulated machine: tap to relay, tap to answer; what a sale costs the disk."""

from __future__ import annotations

import logging
import os
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from drivers.pins.simulated import SimulatedEdges, SimulatedPins, chip_of
from terminal.core.effects import Notice, Screen
from terminal.core.sale import Phase
from terminal.daemon.watchdog import Notifier
from terminal.daemon.wiring import Daemon
from terminal.settings import load
from tests.bench.plan import Plan, Raw
from tests.bench.report import Row, at_most, quantile, spread
from tests.support.machine import READER, Machine, SandboxProcess
from tests.support.waiting import wait_until

UID = "04A1B2C3D4E5F6"
DEADLINE_MS = 300
_PATIENCE_S = 30
_CHIP, _RELAY, _CONTACT = "bench", 22, 23
RELAY = {
    "name": "machine",
    "role": "release",
    "driver": "relay",
    "pins": "simulated",
    "chip": _CHIP,
    "line": _RELAY,
    "pulse_ms": 5,
}
_WITHOUT_LIMITS = {
    "max_per_token": 1_000_000,
    "max_total": 10_000_000,
    "max_count": 10_000,
    "unknown_tokens": True,
}


class TimedDaemon(Daemon):
    """A daemon that notes when it first shows something other than "checking"."""

    answered_ns = 0

    def _show(self, screen: Screen) -> None:
        super()._show(screen)
        if screen.notice is not Notice.CHECKING:
            self.answered_ns = self.answered_ns or time.monotonic_ns()

    @property
    def notice(self) -> Notice:
        """What is shown."""
        return self._screen.notice


class Coffee:
    """A simulated machine in this process, with a hand on its reader and an eye on its relay."""

    def __init__(self, daemon: TimedDaemon, contact: SimulatedEdges) -> None:
        self.daemon = daemon
        self._contact = contact
        self._reader = daemon._devices["reader"].hands  # type: ignore[attr-defined]

    def tap(self, uid: str) -> int:
        """Tap; return when."""
        self.daemon.answered_ns = 0
        now = time.monotonic_ns()
        self._reader["tap"](uid)
        return now

    def relay_closed_ns(self) -> int:
        """Return when the relay closed."""
        while edges := self._contact.wait(_PATIENCE_S):
            for edge in edges:
                if edge.active:
                    return edge.t_ns
        raise RuntimeError(f"the relay was not pulled in {_PATIENCE_S} s; the screen: {self.daemon.notice}")

    def untap(self) -> None:
        """Take the card away when the sale is over."""
        self.wait(Phase.SHOWING, Phase.READY)
        self._reader["untap"]()

    def wait(self, *phases: Phase) -> None:
        """Return when it is in one of these."""
        if not self.daemon._loop.wait_for(lambda state: state.job.phase in phases, _PATIENCE_S):
            raise RuntimeError(f"the machine did not come to {phases}")

    def queue(self) -> Mapping[str, int]:
        """Return how many entries stand where."""
        counts: dict[str, int] = self.daemon.status()["queue"]
        return counts


@contextmanager
def coffee(folder: Path, sandbox: SandboxProcess, **sections: Mapping[str, object]) -> Iterator[Coffee]:
    """Run a machine whose only product is an espresso, from a tap."""
    logging.getLogger().setLevel(logging.CRITICAL)
    vending = {"one_product": "espresso", "deadline_ms": DEADLINE_MS}
    tables = {"vending": vending, "offline": _WITHOUT_LIMITS, "reading": {"same_card_ms": 0}, **sections}
    machine = Machine(folder, sandbox.url, sandbox.token_file, [READER, RELAY], sections=tables)
    daemon = TimedDaemon(load(machine.config), Notifier())
    chip = chip_of(_CHIP)
    with closing(SimulatedPins(chip).edges([_CONTACT], active_low=False, bias="pull-down")) as contact:
        chip.wire(_RELAY, _CONTACT)
        daemon.start()
        try:
            wait_until(lambda: daemon.notice is Notice.READY, what="products")
            yield Coffee(daemon, contact)
        finally:
            daemon.stop()


def tap_to_relay(plan: Plan) -> list[Row]:
    """Measure sales while the server is away, beside the sync that each of them needs."""
    taken: list[float] = []
    syncs: list[float] = []
    warm = 5
    with (
        plan.place() as folder,
        closing(Raw(folder / "raw")) as raw,
        SandboxProcess(folder) as sandbox,
        coffee(folder, sandbox) as machine,
    ):
        sandbox.stop()
        with plan.slow_disk():
            for number in range(plan.times(300, 10) + warm):
                syncs.append(_timed_ms(raw))
                tapped_ns = machine.tap(f"04{number:012X}")
                taken.append((machine.relay_closed_ns() - tapped_ns) / 1e6)
                machine.untap()
    del taken[:warm], syncs[:warm]  # until the breaker knows that the server is away
    sync = statistics.median(syncs)
    told = f"raw write+fdatasync: p50 {sync:.2f} ms, p99 {quantile(syncs, 0.99):.2f} ms"
    return [
        at_most(
            "tap to relay, server away, beyond 1 sync, p50",
            statistics.median(taken) - sync,
            2,
            "ms",
            baseline=told,
            noise=f"all in: p10-p90 {quantile(taken, 0.1):.2f}-{quantile(taken, 0.9):.2f} ms",
        ),
        at_most(
            "tap to relay, server away, beyond 1 sync, p99",
            quantile(taken, 0.99) - sync,
            5,
            "ms",
            baseline=told,
            noise=f"worst {max(taken):.2f} ms; {len(taken)} taps",
        ),
    ]


def _timed_ms(raw: Raw) -> float:
    begun = time.perf_counter()
    raw.append()
    return (time.perf_counter() - begun) * 1e3


def hanging_server(plan: Plan) -> list[Row]:
    """Measure how long a customer waits for a server that takes the question and never answers."""
    late: list[float] = []
    patient = {"breaker_failures": 100}
    with (
        plan.place() as folder,
        SandboxProcess(folder) as sandbox,
        coffee(folder, sandbox, sync=patient) as machine,
    ):
        sandbox.faults({"kind": "hang"})
        for number in range(plan.times(15, 3)):
            tapped_ns = machine.tap(f"04{number:012X}")
            answered_ns = wait_until(lambda: machine.daemon.answered_ns, what="an answer")
            late.append((answered_ns - tapped_ns) / 1e6 - DEADLINE_MS)
            machine.relay_closed_ns()
            machine.untap()
    if min(late) < -DEADLINE_MS / 2:
        raise RuntimeError("a tap was answered before the deadline: the server did not hang")
    return [
        at_most(
            f"tap to answer, server hangs, beyond the deadline of {DEADLINE_MS} ms, worst",
            max(late),
            50,
            "ms",
            noise=spread(late, "ms"),
        )
    ]


def cost_of_a_sale(plan: Plan) -> list[Row]:
    """Count syncs and bytes of sales that are delivered one by one, with the checkpoint at the end."""
    sales = plan.times(100, 5)
    with plan.disk() as folder, SandboxProcess(folder, "--wallet", f"{UID}=100000000") as sandbox:
        with coffee(folder, sandbox) as machine:
            _sell(machine, 3)
            syncs, written = plan.syncs.count, _written()
            _sell(machine, sales)
            each = (plan.syncs.count - syncs) / sales
        # The daemon has stopped: what stood in the log is in the file.
        written = _written() - written
    return [
        at_most("syncs per sale", each, 3, noise=f"{sales} sales, delivered one by one"),
        at_most(
            "written to disk per sale",
            written / sales / 1000,
            40,
            "kB",
            baseline="pages of 4 KiB that the kernel writes (/proc/self/io), the last checkpoint included",
        ),
    ]


def _sell(machine: Coffee, sales: int) -> None:
    delivered = machine.queue()["delivered"]
    for number in range(1, sales + 1):
        machine.tap(UID)
        machine.relay_closed_ns()
        machine.untap()
        wait_until(lambda: machine.queue()["delivered"] == delivered + number, what="a delivery")  # noqa: B023 - called at once


def _written() -> int:
    os.sync()
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["write_bytes"])
