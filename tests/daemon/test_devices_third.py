"""Drivers of third parties that hang or raise, and the watch over all devices."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

import drivers
from drivers.contract import Condition, DriverOptions
from drivers.device import DeviceThread
from drivers.pins import PinOptions
from terminal.core.events import Health
from terminal.daemon import devices as module
from terminal.daemon.devices import SILENT_MS, Devices
from terminal.settings import DeviceSettings
from tests.daemon import devices_making
from tests.daemon.devices_making import House
from tests.drivers.benches import BENCHES
from tests.support.waiting import wait_until

house = devices_making.house


# -- drivers of third parties --------------------------------------------------------------------------


class Foreign:
    """A driver that keeps to the contract and no further; *bad* are the calls that raise."""

    role = "reader"
    Options = DriverOptions
    bad: ClassVar[set[str]] = set()
    built: ClassVar[list["Foreign"]] = []

    def __init__(self, name: str, options: Any, emit: Callable[[Any], None]) -> None:
        self.name = name
        self.age_ms = 0
        self.calls: list[str] = []
        self._do("build")
        self.built.append(self)

    @property
    def condition(self) -> Condition:
        return Condition(Health.OK)

    def _do(self, what: str) -> None:
        self.calls.append(what)
        if what in self.bad:
            raise RuntimeError("a bug")

    def start(self) -> None:
        self._do("start")

    def stop(self) -> None:
        self._do("stop")

    def beat_age_ms(self) -> int:
        self._do("beat")
        return self.age_ms


@pytest.fixture
def foreign(house: House, monkeypatch: pytest.MonkeyPatch) -> type[Foreign]:
    class Own(Foreign):
        bad: ClassVar[set[str]] = set()
        built: ClassVar[list[Foreign]] = []

    found = drivers.find
    monkeypatch.setattr(drivers, "find", lambda role, name: Own if name == "foreign" else found(role, name))
    ours = drivers.find("coin_acceptor", "simulated").Options()
    house.devices = Devices(
        [
            DeviceSettings(name="theirs", role="reader", driver="foreign", options=DriverOptions()),
            DeviceSettings(name="slot", role="coin_acceptor", driver="simulated", options=ours),
        ],
        house.inbox.put,
        lambda: house.now_s,
    )
    house.devices.start()
    house.wait_ok("slot")
    return Own


@pytest.mark.parametrize("bad", ["", "stop"])
def test_one_that_can_only_be_stopped_is_replaced_too(house: House, foreign: type[Foreign], bad: str) -> None:
    foreign.bad.add(bad)
    foreign.built[0].age_ms = SILENT_MS + 1
    house.devices.look()
    assert house.devices["theirs"] is foreign.built[1]
    assert "stop" in foreign.built[0].calls
    assert "start" in foreign.built[1].calls
    foreign.bad.clear()


@pytest.mark.parametrize("bad", ["build", "start", "beat"])
def test_one_that_raises_keeps_nobody_from_being_watched(
    house: House, foreign: type[Foreign], bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    foreign.built[0].age_ms = SILENT_MS + 1
    old = house.hang("slot")
    foreign.bad.add(bad)
    house.devices.look()
    foreign.bad.clear()
    assert house.devices["slot"] is not old
    assert "please report this" in caplog.text


# -- the watch -----------------------------------------------------------------------------------------


def test_the_watch_is_kept_without_anybody_asking(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.01)
    devices = house.simulated()
    old = house.hang("front")
    wait_until(lambda: devices["front"] is not old, what="the new driver")
    house.wait_ok("front")


def test_each_role_that_gives_pins_away_gives_them_to_the_new_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line has one owner at a time: what the old one does not let go, the new one cannot have."""
    bench = BENCHES["simulated"](monkeypatch)
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "coin_acceptor": ("pulse", {"line": 17, "inhibit_line": 27, "unit": 10}),
        "buttons": ("gpio", {"buttons": {"a": 5}}),
        "indicator": ("gpio", {"lamp": 16, "buzzer": 26}),
        "release": ("relay", {"line": 22}),
    }
    settings = []
    for role, (driver, own) in kinds.items():
        options: PinOptions = drivers.find(role, driver).Options(**own, **bench.options)  # type: ignore[assignment]
        settings.append(DeviceSettings(name=role, role=role, driver=driver, options=options))
    devices = house.build(*settings)
    old: dict[str, DeviceThread] = {role: house.hang(role) for role in kinds}
    devices.look()
    for role in kinds:
        house.wait_ok(role)
        assert devices[role] is not old[role]
