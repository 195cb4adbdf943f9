"""What polling costs while nothing happens: each driver in a process of its own, before a peer in another one.

The floor beside those that are asked all the time: a loop that writes 5 bytes and reads 16 over the same kind
of line, at the same interval, and does nothing else.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.plan import Plan
from tests.bench.polled import ANSWER, QUESTION
from tests.bench.process import ran_ns, wakes
from tests.bench.report import Row, at_most
from tests.drivers.changer_bench import ChangerPeer
from tests.drivers.hopper_bench import ADDRESS, HopperPeer
from tests.drivers.machine_benches import Vmc
from tests.support.cctalk_process import CctalkProcess

ROOT = Path(__file__).parents[2]

RECOMMENDED_MS = 200
"""What the acceptor answers to header 249; its driver asks somewhat more often, see interval_s()."""

CCTALK_S = RECOMMENDED_MS * 9 / 10 / 1000
CHANGER_S = 0.125

MOST_RATIO = 6
_SETTLE_S = 3  # whoever has just been opened looks at more than it does later


@dataclass(frozen=True)
class Polled:
    """One device.

    Attributes:
        name: What it is.
        role: And its driver.
        options: Of the driver.
        most: Goal: percent of a core.
        interval_s: How often it is polled; 0: it is not, or only now and then.
    """

    name: str
    role: str
    driver: str
    options: dict[str, Any]
    most: float
    interval_s: float = 0.0


class Used:
    """What a process of ours uses, from one moment to another."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.polled", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            self.close()
            raise RuntimeError(f"{arguments} did not begin")
        self._proc = Path(f"/proc/{self._process.pid}")
        self.percent = self.woken = 0.0

    def begin(self) -> None:
        """From here."""
        self._from = ran_ns(self._proc), wakes(self._proc), time.monotonic()

    def end(self) -> None:
        """To here."""
        took_s = time.monotonic() - self._from[2]
        self.percent = (ran_ns(self._proc) - self._from[0]) / 1e7 / took_s
        self.woken = (wakes(self._proc) - self._from[1]) / took_s

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=60)
        if self._process.returncode:
            raise RuntimeError(f"{self._process.args} ended with {self._process.returncode}")


def polling(plan: Plan) -> list[Row]:
    """Measure all of them at the same time."""
    seconds = plan.times(20, 2)
    with plan.disk() as folder, ExitStack() as stack:
        polled = _peers(folder, stack)
        used = [_user(stack, each.role, each.driver, json.dumps(each.options)) for each in polled]
        floors = {
            each.name: _user(stack, "bare", stack.enter_context(answering()), str(each.interval_s))
            for each in polled
            if each.interval_s
        }
        time.sleep(plan.times(_SETTLE_S, 1))
        everybody = [*used, *floors.values()]
        for each in everybody:
            each.begin()
        time.sleep(seconds)
        for each in everybody:
            each.end()
    rows: list[Row] = []
    for device, took in zip(polled, used, strict=True):
        rows += _rows(device, took, floors.get(device.name), f"over {seconds} s")
    return rows


def _rows(device: Polled, took: Used, floor: Used | None, over: str) -> list[Row]:
    name = f"idle, {device.name}"
    every = f"asked every {device.interval_s * 1000:.0f} ms" if floor else ""
    told = f"a bare loop: {floor.percent:.3f} %, {floor.woken:.1f} /s" if floor else ""
    rows = [
        at_most(
            f"{name}, of a core", took.percent, device.most, "%", baseline=told, noise=f"{over} {every}".strip()
        ),
        Row(f"{name}, wake-ups", "", took.woken, "/s", None, told, over),
    ]
    if floor:
        ratio = took.percent / floor.percent
        rows.insert(1, at_most(f"{name} / a bare loop", ratio, MOST_RATIO, baseline=told, noise=over))
    return rows


def _user(stack: ExitStack, *arguments: str) -> Used:
    used = Used(*arguments)
    stack.callback(used.close)
    return used


def _peers(folder: Path, stack: ExitStack) -> list[Polled]:
    """Start the programs that play the devices."""
    places = {name: folder / name for name in ("cctalk", "changer", "hopper")}
    for place in places.values():
        place.mkdir()
    acceptor = CctalkProcess(places["cctalk"], "coin:2", priority=[2, RECOMMENDED_MS // 10])
    stack.callback(acceptor.kill)
    changer, hopper, machine = ChangerPeer(places["changer"]), HopperPeer(places["hopper"]), Vmc()
    for each in (changer, hopper, machine):
        stack.callback(each.close)
    lines = {"port": str(hopper.port), "coin": 100, "dispense": "serial", "address": ADDRESS}
    return [
        Polled("ccTalk acceptor", "coin_acceptor", "cctalk", {"port": acceptor.port}, 1.0, CCTALK_S),
        Polled("MDB changer", "coin_acceptor", "mdb", {"port": str(changer.link)}, 1.5, CHANGER_S),
        Polled("ccTalk hopper", "payout", "cctalk_hopper", lines, 0.1),
        Polled("MDB machine", "machine", "mdb", {"port": str(machine.link)}, 0.1),
    ]


@contextmanager
def answering() -> Iterator[str]:
    """Lend a line whose other end gives 16 bytes for every 5."""
    ours, theirs = os.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    end, ended = os.pipe()

    def serve() -> None:
        heard = 0
        while end not in (ready := select.select([ours, end], [], [])[0]):
            heard += len(os.read(ready[0], 4096))
            while heard >= QUESTION:
                heard -= QUESTION
                os.write(ours, bytes(ANSWER))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield os.ttyname(theirs)
    finally:
        os.write(ended, b".")
        thread.join()
        for each in (ours, theirs, end, ended):
            os.close(each)


MEASURES = {"polling": polling}
