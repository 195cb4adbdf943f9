"""Devices by name, and drivers that hang: started anew, while the others notice nothing."""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

import drivers
from drivers.contract import Condition, DriverOptions
from drivers.device import DeviceThread, Pace
from drivers.pins import PinOptions
from drivers.releases.relay import RelayOptions
from drivers.simulated import SimulatedDevice
from terminal.core.catalogue import Product
from terminal.core.events import (
    ButtonPressed,
    CoinInserted,
    DeviceChanged,
    Ended,
    Health,
    ReleaseEnded,
    TokenPresented,
    TokenRemoved,
)
from terminal.daemon import devices as module
from terminal.daemon.devices import MOST_ANEW, SILENT_MS, STUCK_MS, WINDOW_S, Devices
from terminal.settings import DeviceSettings
from tests.drivers.benches import BENCHES
from tests.support.waiting import Inbox, wait_until

COFFEE = Product("coffee", "Coffee", 120)
UID = "04A1B2C3D4E5F6"
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


# -- by name -------------------------------------------------------------------------------------------


def test_they_are_found_by_name_and_by_role(house: House) -> None:
    devices = house.simulated()
    assert list(devices) == list(ROLES.values())
    assert len(devices) == 4
    assert dict(devices.of_role("reader")) == {"front": devices["front"]}
    assert len(devices.of_role("printer")) == 0
    with pytest.raises(KeyError):
        devices.of_role("reader")["slot"]
    assert set(devices.hands()) == set(ROLES.values())
    assert "coin" in devices.hands()["slot"]


def test_all_is_well_where_nothing_hangs(house: House) -> None:
    devices = house.simulated()
    before = dict(devices)
    devices.look()
    assert dict(devices) == before
    assert devices.stuck() == []
    assert {each.health for each in devices.states()} == {Health.OK}


# -- a driver that hangs -------------------------------------------------------------------------------


def test_it_is_started_anew_and_the_status_tells_for_an_hour(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    devices = house.simulated()
    old = house.hang("slot")
    assert house.state("slot")[0] is Health.FAILED
    assert house.state("slot")[1].startswith("its driver has not answered for 3")
    devices.look()
    house.wait_ok("slot")
    assert devices["slot"] is not old
    assert type(devices["slot"]) is type(old)
    words = house.state("slot")[1]
    assert words.startswith("its driver did not answer for 3")
    assert words.endswith(" s and was started anew")
    assert house.state("slot")[0] is Health.DEGRADED, "it works, and a person should look"
    told = [each for each in house.healths() if each.name == "slot"]
    assert [each.health for each in told] == [Health.OK, Health.FAILED, Health.OK]
    assert told[1].words == words
    assert [each.levelno for each in caplog.records if words in each.getMessage()] == [logging.ERROR]
    house.now_s += WINDOW_S
    assert house.state("slot") == (Health.OK, "")


def test_nothing_else_stops(house: House) -> None:
    """I7: the others are the same objects, and are heard before, while and after one is replaced."""
    devices = house.simulated()
    others = {name: device for name, device in devices.items() if name != "slot"}
    house.hang("slot")
    devices.hands()["front"]["tap"](UID)
    devices.look()
    devices.hands()["panel"]["button"]("espresso")
    devices.of_role("release")["machine"].release("r1", COFFEE)
    house.inbox.wait(lambda _: house.inbox.of(ReleaseEnded))
    assert {name: devices[name] for name in others} == others
    assert [each.uid for each in house.inbox.of(TokenPresented)] == [UID]
    assert house.inbox.of(ButtonPressed) == [ButtonPressed("panel", "espresso")]
    assert {each.name for each in house.healths() if each.health is not Health.OK} == {"slot"}


def test_orders_reach_the_new_one(house: House) -> None:
    devices = house.simulated()
    acceptors, hands = devices.of_role("coin_acceptor"), devices.hands()
    house.hang("slot")
    devices.look()
    house.wait_ok("slot")
    with pytest.raises(ValueError, match="inhibited"):
        hands["slot"]["coin"](100)  # a new one takes nothing before it is told to
    acceptors["slot"].accept(500)
    hands["slot"]["coin"](100)
    assert house.inbox.of(CoinInserted) == [CoinInserted("slot", 100)]


def test_what_was_not_begun_is_refused_and_what_was_begun_is_never_answered(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """FAILED is proven: it was never begun. What was begun is for the core's own deadline: UNKNOWN."""
    devices = house.simulated()
    old: Any = devices["machine"]
    begun, give_out = threading.Event(), old._run

    def hang(release: str, product: Product, *, silent: bool) -> None:
        begun.set()
        house.leave.wait(120)
        give_out(release, product, silent=silent)

    old._run = hang
    old.release("begun", COFFEE)
    assert begun.wait(30)
    old.release("waits", COFFEE)
    old._beat_at -= SILENT_MS / 1000 + 1
    devices.look()
    house.wait_ok("machine")
    assert [(each.release, each.ended) for each in house.inbox.of(ReleaseEnded)] == [("waits", Ended.FAILED)]
    devices.of_role("release")["machine"].release("next", COFFEE)
    house.inbox.wait(lambda _: len(house.inbox.of(ReleaseEnded)) == 2)
    house.leave.set()  # the old one goes on after all, and answers: nobody believes it any more
    wait_until(lambda: not old._thread.is_alive(), what="the old thread to end")
    assert [each.release for each in house.inbox.of(ReleaseEnded)] == ["waits", "next"]
    late = [each.getMessage() for each in caplog.records if each.levelno == logging.CRITICAL]
    assert len(late) == 1, "but a person can read it"
    assert "begun" in late[0]
    assert devices["machine"].count == 1  # type: ignore[attr-defined]


def test_a_card_that_lay_on_a_reader_that_hung_is_not_taken_for_lying_there_still(house: House) -> None:
    devices = house.simulated()
    devices.hands()["front"]["tap"](UID)
    house.hang("front")
    devices.look()
    house.wait_ok("front")
    of_card = house.inbox.of(TokenPresented, TokenRemoved)
    assert of_card[1:] == [TokenRemoved("front")]


def test_an_old_reader_is_not_heard_any_more(house: House) -> None:
    devices = house.simulated()
    old = house.hang("front")
    devices.look()
    house.wait_ok("front")
    old._emit(TokenPresented("front", UID))
    assert house.inbox.of(TokenPresented) == []


@pytest.mark.parametrize("kind", BENCHES)
def test_a_relay_whose_driver_hangs_while_it_is_pulled_is_released(
    house: House, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    bench = BENCHES[kind](monkeypatch)
    options = RelayOptions(line=22, pulse_ms=1, **bench.options)
    devices = house.build(DeviceSettings(name="machine", role="release", driver="relay", options=options))
    old: Any = devices["machine"]

    def hang(_seconds: float) -> bool:
        house.leave.wait(120)
        return True

    monkeypatch.setattr(old, "_pause", hang)
    old.release("r1", COFFEE)
    wait_until(lambda: bench.high(22))
    old._beat_at -= SILENT_MS / 1000 + 1
    devices.look()
    assert not bench.high(22)
    house.wait_ok("machine")
    devices.of_role("release")["machine"].release("r2", COFFEE)
    house.inbox.wait(lambda _: house.inbox.of(ReleaseEnded))
    house.leave.set()
    wait_until(lambda: not old._thread.is_alive())
    assert house.inbox.of(ReleaseEnded) == [ReleaseEnded("r2", Ended.DONE)]
    assert not bench.high(22)


# -- when it does not help -----------------------------------------------------------------------------


def test_after_some_times_the_watchdog_decides(house: House, caplog: pytest.LogCaptureFixture) -> None:
    devices = house.simulated()
    for _ in range(MOST_ANEW):
        house.hang("slot")
        devices.look()
        house.wait_ok("slot")
        house.now_s += 60
        assert devices.stuck() == []
    last = house.hang("slot")
    for _ in range(3):
        devices.look()
    assert devices["slot"] is last
    assert devices.stuck() == [], "it is given the time that every driver is given"
    said = [each.words for each in house.healths() if "started anew 3 times within an hour" in each.words]
    assert len(said) == 1
    assert [each.levelno for each in caplog.records].count(logging.CRITICAL) == 1
    last._beat_at -= (STUCK_MS - SILENT_MS) / 1000
    assert devices.stuck() == ["the driver of 'slot' does not answer"]
    assert house.state("slot")[0] is Health.FAILED


def test_one_that_was_given_up_and_goes_on_after_all_is_told(house: House) -> None:
    devices = house.simulated()
    for _ in range(MOST_ANEW):
        house.hang("slot")
        devices.look()
        house.wait_ok("slot")
    last = house.hang("slot")
    devices.look()
    assert house.healths()[-1].health is Health.FAILED
    house.leave.set()
    wait_until(lambda: last.beat_age_ms() == 0)
    devices.look()
    assert house.healths()[-1] == DeviceChanged("slot", "coin_acceptor", Health.OK)


def test_after_an_hour_it_is_tried_again(house: House) -> None:
    devices = house.simulated()
    for _ in range(MOST_ANEW):
        house.hang("slot")
        devices.look()
        house.wait_ok("slot")
    last = house.hang("slot")
    devices.look()
    assert devices["slot"] is last
    house.now_s += WINDOW_S
    devices.look()
    assert devices["slot"] is not last


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
