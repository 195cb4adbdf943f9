"""The daemon as a process: its start, its memory, and what it does while nothing happens."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.latency import RELAY, UID
from tests.bench.plan import Plan
from tests.bench.report import Row, at_most, spread
from tests.support.machine import READER, Machine, SandboxProcess

IMPORTS = (
    "import terminal.daemon.main, terminal.daemon.wiring, terminal.settings, "
    "terminal.backends.pointofsale.adapter, "
    "drivers.readers.simulated, drivers.releases.relay"
)
_WATCHDOG_S = 30  # as in systemd/terminald.service


def start(plan: Plan) -> list[Row]:
    """Measure from the exec to READY=1, headless, with one reader and one relay."""
    ready: list[float] = []
    bare: list[float] = []
    with plan.disk() as folder, SandboxProcess(folder) as sandbox:
        machine = _headless(folder, sandbox)
        machine.start()  # the first start makes the journal
        machine.stop()
        for _ in range(plan.times(9, 2)):
            bare.append(_cpu_ms("pass")[0] / 1e3)
            begun = time.perf_counter()
            machine.start()
            ready.append(time.perf_counter() - begun)
            machine.stop()
    imports: list[float] = []
    nothing: list[float] = []
    _cpu_ms(IMPORTS)
    for _ in range(plan.times(15, 2)):
        nothing.append(_cpu_ms("pass")[1])
        imports.append(_cpu_ms(IMPORTS)[1])
    return [
        at_most(
            "start to READY, one reader, one relay",
            statistics.median(ready),
            0.6,
            "s",
            baseline=f"an empty Python program: {statistics.median(bare):.3f} s",
            noise=spread(ready, "s"),
        ),
        at_most(
            "imports of the daemon, CPU, beyond an empty Python program",
            statistics.median(imports) - statistics.median(nothing),
            200,
            "ms",
            baseline=f"an empty Python program: {statistics.median(nothing):.0f} ms",
            noise=spread(imports, "ms"),
        ),
    ]


def _cpu_ms(program: str) -> tuple[float, float]:
    """Return the milliseconds that *program* lasts, and those of the processor that it takes."""
    begun = time.perf_counter()
    pid = subprocess.Popen([sys.executable, "-c", program])
    _, status, usage = os.wait4(pid.pid, 0)
    pid.returncode = status
    if status:
        raise RuntimeError(f"{program!r} failed")
    return (time.perf_counter() - begun) * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3


def idle(plan: Plan) -> list[Row]:
    """Measure a daemon that has sold something and now waits: its memory, its processor time, its wake-ups."""
    seconds = plan.times(30, 3)
    with plan.disk() as folder, SandboxProcess(folder, "--wallet", f"{UID}=1000") as sandbox:
        machine = _headless(folder, sandbox)
        with machine:
            machine.wait("products", screen__notice="ready")
            machine.do("tap", "reader", uid=UID)
            machine.wait("a sale", queue__delivered=1, phase="ready")
            if machine.process is None:
                raise RuntimeError
            process = Path(f"/proc/{machine.process.pid}")
            time.sleep(1)  # the control server's last answer
            woken, ran, begun = wakes(process), ran_ns(process), time.monotonic()
            time.sleep(seconds)
            woken, ran, took_s = wakes(process) - woken, ran_ns(process) - ran, time.monotonic() - begun
            memory = _status(process, "VmRSS") / 1000
            private = _status(process, "RssAnon") / 1000
            threads = _status(process, "Threads")
    over = f"over {took_s:.0f} s, {threads} threads"
    return [
        at_most(
            "resident memory, headless, after a sale", memory, 45, "MB", noise=f"{private:.1f} MB of it private"
        ),
        at_most("idle, of a core", ran / 1e7 / took_s, 0.1, "%", noise=over),
        at_most("idle, wake-ups", woken / took_s, 2, "/s", noise=over),
    ]


def _headless(folder: Path, sandbox: SandboxProcess) -> Machine:
    sections = {"vending": {"one_product": "espresso", "show_s": 1}}
    environment = {"WATCHDOG_USEC": str(_WATCHDOG_S * 1_000_000)}
    return Machine(
        folder, sandbox.url, sandbox.token_file, [READER, RELAY], sections=sections, environment=environment
    )


def _status(process: Path, name: str) -> int:
    lines = (process / "status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])


def wakes(process: Path) -> int:
    """Return how often any of its threads went to sleep of its own will."""
    return sum(
        int(line.split()[1])
        for thread in (process / "task").iterdir()
        for line in (thread / "status").read_text().splitlines()
        if line.startswith("voluntary_ctxt_switches")
    )


def ran_ns(process: Path) -> int:
    """Return how long its threads have run (proc(5), schedstat)."""
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in (process / "task").iterdir())
