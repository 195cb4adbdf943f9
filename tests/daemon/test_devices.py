"""Devices by name, and drivers that hang: started anew, while the others notice nothing."""

import logging
import threading
from typing import Any

import pytest

from drivers.releases.relay import RelayOptions
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
from terminal.daemon.devices import MOST_ANEW, SILENT_MS, STUCK_MS, WINDOW_S
from terminal.settings import DeviceSettings
from tests.daemon import devices_making
from tests.daemon.devices_making import ROLES, House
from tests.drivers.benches import BENCHES
from tests.support.waiting import wait_until

house = devices_making.house

COFFEE = Product("coffee", "Coffee", 120)

UID = "04A1B2C3D4E5F6"


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
