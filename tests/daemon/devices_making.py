"""A house of devices that can be made to hang."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

import drivers
from drivers.device import Pace
from drivers.simulated import SimulatedDevice
from terminal.core.events import DeviceChanged, Health
from terminal.daemon import devices as module
from terminal.daemon.devices import SILENT_MS, Devices
from terminal.settings import DeviceSettings
from tests.support.waiting import Inbox, wait_until

ROLES = {"reader": "front", "coin_acceptor": "slot", "release": "machine", "buttons": "panel"}


class House:
    """Devices, a clock that stands, and what the loop would be told."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.now_s = 1000.0
        self.devices = Devices([], self.inbox.put)
        self.leave = threading.Event()

    def build(self, *settings: DeviceSettings) -> Devices:
        self.devices = Devices(settings, self.inbox.put, lambda: self.now_s)
        self.devices.start()
        self.inbox.wait(lambda _: len(self.healths()) >= len(settings))
        return self.devices

    def simulated(self) -> Devices:
        return self.build(
            *(
                DeviceSettings(
                    name=name, role=role, driver="simulated", options=drivers.find(role, "simulated").Options()
                )
                for role, name in ROLES.items()
            )
        )

    def healths(self) -> list[DeviceChanged]:
        return self.inbox.of(DeviceChanged)

    def hang(self, name: str, seconds: float = SILENT_MS / 1000 + 1) -> Any:
        """Let the driver of *name* hang since *seconds* ago; return the device."""
        device: Any = self.devices[name]
        hangs = threading.Event()

        def hang() -> None:
            hangs.set()
            self.leave.wait(120)

        device._order(hang, lambda _words: None)
        assert hangs.wait(30)
        device._beat_at -= seconds
        return device

    def state(self, name: str) -> tuple[Health, str]:
        (found,) = [each for each in self.devices.states() if each.name == name]
        return found.health, found.words

    def wait_ok(self, name: str) -> None:
        wait_until(lambda: self.devices[name].condition.health is Health.OK, what=f"{name} to be well")


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The watch is kept by hand: nothing is replaced but by look()."""
    monkeypatch.setattr(module, "LOOK_S", 3600)
    monkeypatch.setattr("drivers.device.WAKE_S", 0.05)
    monkeypatch.setattr(SimulatedDevice, "pace", Pace(first_s=0.001, last_s=0.01))
    before = {thread for thread in threading.enumerate() if thread.is_alive()}
    house = House()
    yield house
    house.leave.set()
    house.devices.stop()
    wait_until(lambda: set(threading.enumerate()) <= before, what="all threads to end")
