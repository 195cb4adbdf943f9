"""Two machines want one till: one gets it, the other is told; and no key is ever lost, whatever breaks."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from terminal.cli import cli
from terminal.sandbox.faults import Fault
from tests.cli.onslip.conftest import Office
from tests.sandbox.realm import ID, SECRET, Realm

PROGRAM = [sys.executable, "-c", "from terminal.cli import main; main()"]
DEVICES = ("10000000abcdef01", "20000000abcdef02")


class Machine:
    """A machine with a folder of its own."""

    def __init__(self, office: Office, name: str, device: str) -> None:
        self.office, self.device = office, device
        self.file = office.folder / name / "onslip.key"
        self.file.parent.mkdir()
        office.write(ID, SECRET, self.file)
        self.exit_code = -1

    def args(self) -> list[str]:
        asked = ["--device-id", self.device, "--yes", "--json"]
        return ["onslip", "bind", "7", *asked, *self.office.options(self.file)]

    def run(self, barrier: threading.Barrier | None = None) -> None:
        """Bind, at the same moment as the other."""
        if barrier is not None:
            barrier.wait(30)
        try:
            cli.main(self.args(), standalone_mode=True)
        except SystemExit as end:
            self.exit_code = int(str(end.code))

    def kept(self) -> set[str]:
        """Every key that it has on disk."""
        return {json.loads(each.read_text())["key"] for each in self.file.parent.iterdir()}

    @property
    def has_it(self) -> bool:
        """Whether what the daemon signs with is a key of its own."""
        return bool(json.loads(self.file.read_text())["key_id"] != ID)


def two(office: Office, name: str = "m", devices: tuple[str, str] = DEVICES) -> list[Machine]:
    return [Machine(office, f"{name}{number}", device) for number, device in enumerate(devices)]


def meet(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody change the till before both have read it for the last time."""
    both = threading.Barrier(2)
    changing = threading.local()
    usual = realm.onslip.faults.before

    def before(method: str, path: str = "") -> Any:
        if method == "PATCH" and not getattr(changing, "met", False):
            changing.met = True
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait(20)
        return usual(method, path)

    monkeypatch.setattr(realm.onslip.faults, "before", before)


@pytest.mark.parametrize("devices", [DEVICES, (DEVICES[0], DEVICES[0])], ids=["two ids", "a copied card"])
def test_two_processes_race_for_one_till(
    office: Office, monkeypatch: pytest.MonkeyPatch, devices: tuple[str, str]
) -> None:
    meet(office.realm, monkeypatch)
    office.realm.clock.ms = time.time_ns() // 1_000_000
    machines = two(office, devices=devices)
    started = [
        subprocess.Popen([*PROGRAM, *machine.args()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for machine in machines
    ]
    said = [process.communicate(timeout=120) for process in started]
    codes = [process.returncode for process in started]
    assert sorted(codes) == [0, 1], said
    winner, loser = codes.index(0), codes.index(1)
    key = office.till()["device-key"]
    assert machines[winner].kept() == {key, office.kept()["key"]}
    assert machines[loser].kept() == {office.kept()["key"]}, "nothing is left of a key that opens nothing"
    same = "another machine that has the same device id"
    told = same if devices[0] == devices[1] else f"is bound to the device '{devices[winner]}' already"
    assert told in said[loser][1]
    assert "Traceback" not in said[loser][1]
    assert office.changes() == 1


MISHAPS = (
    Fault(kind="drop", after=True, method="PATCH", probability=0.5),
    Fault(kind="drop", method="PATCH", probability=0.4),
    Fault(kind="half", method="PATCH", probability=0.4),
    Fault(kind="garbage", after=True, method="PATCH", probability=0.4),
    Fault(kind="status", after=True, method="PATCH", status=502, probability=0.5),
    Fault(kind="status", method="PATCH", status=503, probability=0.4),
    Fault(kind="drop", method="GET", path="tills/7", probability=0.3),
    Fault(kind="status", method="GET", status=500, probability=0.3),
    Fault(kind="half", method="GET", probability=0.3),
)


@pytest.mark.parametrize("seed", range(16))
def test_whatever_breaks_one_wins_and_its_key_is_on_disk(office: Office, seed: int) -> None:
    lot = random.Random(seed)
    devices = DEVICES if lot.random() < 0.7 else (DEVICES[0], DEVICES[0])
    machines = two(office, devices=devices)
    faults = office.realm.onslip.faults
    for _ in range(3):
        faults.set(*lot.sample(MISHAPS, lot.randint(1, 4)), seed=seed)
        race([machine for machine in machines if not machine.has_it])
        key = office.till().get("device-key")
        owners = [machine for machine in machines if key in machine.kept()]
        assert len(owners) == (key is not None), "the key of a bound till is on one disk"
        assert all(machine in owners for machine in machines if machine.has_it)
        assert office.changes() <= 1
    faults.clear()
    race([machine for machine in machines if not machine.has_it])
    assert [machine.has_it for machine in machines].count(True) == 1
    assert sorted(machine.exit_code for machine in machines) == [0, 1]
    assert office.changes() == 1


def race(machines: list[Machine]) -> None:
    barrier = threading.Barrier(len(machines))
    threads = [threading.Thread(target=machine.run, args=(barrier,)) for machine in machines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
