"""Benches of the machine contract: the simulated machine, and the MDB driver before machines of their own."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from drivers.device import Pace
from drivers.machines.mdb import MdbMachine, MdbMachineOptions
from drivers.machines.simulated import SimulatedMachine, SimulatedMachineOptions
from drivers.mdb.cashless import State
from terminal.core.events import DeviceChanged
from tests.drivers.machine_bench import NAME, Cannot, MachineBench
from tests.support.remote import Remote

FAST = Pace(first_s=0.01, last_s=0.05)


class FastMdb(MdbMachine):
    pace = FAST


class FastSimulated(SimulatedMachine):
    pace = FAST


class SimulatedBench(MachineBench):
    """The simulated machine."""

    def make(self, emit):
        self._folder = tempfile.TemporaryDirectory()
        self._record = Path(self._folder.name) / "record"
        self.machine = FastSimulated(NAME, SimulatedMachineOptions(record=str(self._record)), emit)
        return self.machine

    def hand(self, verb, **more):
        if verb == "silent":
            self.machine._silent = True
            verb = "succeed"
        self.machine.hands[verb](**more)

    def by_hand(self, *, yes=True):
        self.machine._options = SimulatedMachineOptions(gives_out=not yes, record=str(self._record))

    def given(self):
        lines = self._record.read_text().splitlines() if self._record.exists() else []
        assert len(lines) == self.device.count
        return len(lines)

    def lose(self):
        self.device.hands["unplug"]()

    def bring_back(self):
        self.device.hands["plug"]()

    def revalues(self):
        return list(self.machine.granted)

    def approved(self):
        return self.machine._vend is not None and self.machine._approved

    def in_session(self):
        return self.machine._machine.state is State.IDLE

    def ready(self):
        return self.machine._machine.state is State.ENABLED

    def clear(self):
        if self._device is not None:
            self._folder.cleanup()


class Vmc(Remote):
    """A machine that is a program of its own; see tests.support.vmc_peer."""

    def __init__(self, *args):
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self.link, self.record = folder / "adapter", folder / "given"
        super().__init__("tests.support.vmc_peer", "--link", self.link, "--given", self.record, *args)

    def __call__(self, verb, **more):
        """Have it do something; ValueError, where a machine would not."""
        return self.ask({"do": verb, **more})

    def given(self):
        lines = self.record.read_text().splitlines() if self.record.exists() else []
        return [json.loads(line) for line in lines]

    def close(self):
        super().close()
        self._folder.cleanup()


class MdbBench(MachineBench):
    """The MDB driver, on a machine behind the text of a Qibixx adapter."""

    cannot = frozenset({Cannot.TELL_CASH_SALES})
    args = ()
    options = {}  # noqa: RUF012 - a constant
    wire = {}  # noqa: RUF012 - a constant
    machine = {}  # noqa: RUF012 - a constant

    def __init__(self):
        super().__init__()
        self.vmc = Vmc(*self.args)
        self.vmc("wire", **self.wire)
        self.vmc("machine", **self.machine)

    def make(self, emit):
        return FastMdb(
            NAME, MdbMachineOptions(**{"port": str(self.vmc.link), "check_s": 0.5, **self.options}), emit
        )

    def hand(self, verb, **more):
        self.vmc(verb, **more)

    def by_hand(self, *, yes=True):
        self.vmc("machine", gives_out=not yes)

    def given(self):
        return len(self.vmc.given())

    def lose(self):
        self.vmc("wire", unplug=1)

    def bring_back(self):
        self.vmc("machine", on=False, state="INACTIVE") if not self.args else None
        self.vmc("wire", plug=1)

    def revalues(self):
        return [tuple(each) for each in self.vmc("state")["revalues"]]

    def approved(self):
        state = self.vmc("state")
        return state["state"] == "VEND" and state["approved"]

    def in_session(self):
        return self._state("IDLE", State.IDLE)

    def ready(self):
        return self._state("ENABLED", State.ENABLED)

    def _state(self, there, here):
        state = self.vmc("state")
        return state["state"] == there and not state["busy"] and self.device._machine.state is here

    def clear(self):
        violations = self.vmc("state")["violations"]
        self.vmc.close()
        assert self.allowed(violations), violations

    def allowed(self, violations):
        return violations == []

    def words(self):
        return self.inbox.of(DeviceChanged)[-1].words


class CentsBench(MdbBench):
    """An adapter that writes amounts in cents, ends its lines by CR, and says noise between them."""

    options = {"amounts": "cents", "second": True}  # noqa: RUF012 - a constant
    wire = {"end": "\r", "noise": 2}  # noqa: RUF012 - a constant
    machine = {"form": "cents"}  # noqa: RUF012 - a constant


class RawBench(MdbBench):
    """The MDB driver on the blocks of the bus."""

    cannot = frozenset()
    args = ("--raw",)
    options = {"adapter": "raw", "revalue_limit": 5000}  # noqa: RUF012 - a constant

    def hand(self, verb, **more):
        self._unsettled |= verb == "give_away"
        super().hand(verb, **more)

    def allowed(self, violations):
        """A piece without an approval is out of sequence, and nothing else is."""
        return self._unsettled or violations == []

    _unsettled = False
