"""What happens to ccTalk acceptors: lost answers, resets, wires that break, several on one wire, storms."""

import random

import pytest

from drivers.coins import cctalk_polled
from drivers.coins.cctalk import CctalkAcceptor, CctalkCoinOptions
from drivers.device import DeviceMissing, DeviceThread, Pace
from terminal.core.events import (
    ButtonPressed,
    CoinInserted,
    CoinTrouble,
    CoinUnrecognised,
    DeviceMarked,
    Health,
)
from tests.drivers import cctalk_house
from tests.drivers.cctalk_house import POSITION, amounts, healthy, troubles
from tests.support.seed import SEED
from tests.support.waiting import wait_until

house = cctalk_house.house


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(DeviceThread, "pace", Pace(first_s=0.001, last_s=0.05))


def told(inbox):
    return inbox.of(CoinInserted, CoinUnrecognised, DeviceMarked)


# -- what happens to it --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "trouble", "words"),
    [
        (20, CoinTrouble.FRAUD, "a coin on a string"),
        (25, CoinTrouble.FRAUD, "a slug"),
        (17, CoinTrouble.FRAUD, "backwards"),
        (36, CoinTrouble.UNKNOWN, "swallowed"),
        (6, CoinTrouble.UNKNOWN, "did not reach the credit sensor"),
    ],
)
def test_fraud_and_coins_that_went_in_without_credit_are_told(house, code, trouble, words):
    house.devices()
    _, inbox = house.coins()
    healthy(inbox)
    house.peer.do("event", pair=(0, code))
    inbox.wait(lambda _: troubles(inbox) == [(trouble, 1)])
    found = inbox.of(CoinUnrecognised)[0]
    assert words in found.words
    assert found.mark.startswith("cctalk 4713 ")


def test_the_return_lever_is_a_button(house):
    house.devices()
    _, inbox = house.coins()
    healthy(inbox)
    house.peer.do("event", pair=(0, 254))
    inbox.wait(lambda _: inbox.of(ButtonPressed) == [ButtonPressed("slot", "cancel")])


def test_coins_that_came_back_are_marked_now_and_then_and_nothing_else(house):
    house.devices()
    _, inbox = house.coins()
    healthy(inbox)
    inbox.wait(lambda _: inbox.of(DeviceMarked)[-1:] == [DeviceMarked("slot", told(inbox)[-1].mark)])
    for code in (1, 2, 130, 3, 24, 1):
        house.peer.do("event", pair=(0, code))
        before = house.look()["asked"]["229"]
        wait_until(lambda n=before: house.look()["asked"]["229"] > n + 2)
    inbox.wait(lambda _: any(" 6 " in mark.mark or " 5 " in mark.mark for mark in inbox.of(DeviceMarked)), 60)
    assert amounts(inbox) == []
    assert troubles(inbox) == []
    assert len(inbox.of(DeviceMarked)) < 8


def test_a_sensor_that_is_blocked_makes_it_look_at_itself(house, monkeypatch):
    monkeypatch.setattr(cctalk_polled, "_TROUBLE_S", 0.2)
    monkeypatch.setattr(cctalk_polled, "_VERIFY_S", 0.1)
    house.devices()
    _, inbox = house.coins()
    healthy(inbox)
    house.peer.do("event", pair=(0, 14))
    healthy(inbox, Health.DEGRADED, "its credit sensor is blocked")
    healthy(inbox)
    house.peer.do("set", fault=3)
    house.peer.do("event", pair=(0, 14))
    healthy(inbox, Health.FAILED, "its credit sensor does not work")
    assert house.look()["mask"] == 0


def test_one_that_was_reset_is_set_up_anew_and_what_it_may_have_taken_is_said(house):
    house.devices()
    driver, inbox = house.coins(sorter={"5": 2})
    driver.accept(10_000)
    house.insert(100)
    inbox.wait(lambda _: amounts(inbox) == [100])
    house.peer.do("power", on=True)
    inbox.wait(lambda _: troubles(inbox) == [(CoinTrouble.LOST, 0)])
    house.insert(200)
    inbox.wait(lambda _: amounts(inbox) == [100, 200])
    assert [coin.counter for coin in inbox.of(CoinInserted)] == [1, 1]
    assert house.look()["paths"] == {"5": 2}


def test_one_that_had_counted_nothing_is_seen_to_be_reset_by_what_it_forgot(house, monkeypatch):
    monkeypatch.setattr(cctalk_polled, "_VERIFY_S", 0.1)
    house.devices()
    driver, inbox = house.coins()
    driver.accept(10_000)
    wait_until(lambda: house.look()["takes"])
    house.peer.do("power", on=True)
    inbox.wait(lambda _: troubles(inbox) == [(CoinTrouble.LOST, 0)])
    house.insert(10)
    inbox.wait(lambda _: amounts(inbox) == [10])


def test_one_that_is_reset_while_it_is_shut_loses_nothing(house):
    house.devices()
    driver, inbox = house.coins()
    driver.accept(10_000)
    house.insert(10)
    inbox.wait(lambda _: amounts(inbox) == [10])
    driver.inhibit()
    inbox.wait(lambda _: " shut " in told(inbox)[-1].mark, 60)
    house.peer.do("power", on=True)
    driver.accept(10_000)
    house.insert(20)
    inbox.wait(lambda _: amounts(inbox) == [10, 20])
    assert troubles(inbox) == []


@pytest.mark.parametrize("mark_at", [0, 10, 252, 254, 255])
def test_more_than_five_while_nobody_listened_are_lost_and_five_are_found(house, mark_at):
    house.devices(patience=None)
    pairs = [[0, 7]] * 5 if mark_at else [[0, 0]] * 5
    house.peer.do("remember", counter=mark_at, pairs=pairs)
    raw = "".join(f"{first:02x}{second:02x}" for first, second in pairs)
    house.peer.do("remember", mask=31, open=1)
    for cents in (10, 20, 50, 100, 200, 10, 20):
        assert house.peer.do("insert", position=POSITION[cents])["taken"]
    _, inbox = house.coins(mark=f"cctalk 4713 open {mark_at} {raw}")
    healthy(inbox)
    first = told(inbox)[0]
    assert isinstance(first, CoinUnrecognised)
    assert (first.trouble, first.pulses) == (CoinTrouble.LOST, 2)
    assert "no books" in first.words
    assert amounts(inbox) == [50, 100, 200, 10, 20]
    assert inbox.of(CoinInserted)[-1].counter == house.look()["counter"]


def test_another_device_is_no_reason_to_credit_what_it_counted(house):
    house.devices(serial=99)
    house.peer.do("remember", counter=12, pairs=[[1, 1]] * 5)
    driver, inbox = house.coins(mark="cctalk 4713 shut 10 01010101010101010101")
    healthy(inbox)
    assert amounts(inbox) == []
    assert troubles(inbox) == []
    assert told(inbox)[0] == DeviceMarked("slot", "cctalk 99 shut 12 01010101010101010101")
    driver.accept(1000)
    house.insert(10)
    inbox.wait(lambda _: amounts(inbox) == [10])


def test_it_stops_by_itself_when_the_terminal_is_dead_and_make_safe_stops_those_that_do_not(house):
    house.devices(patience=None)
    driver, inbox = house.coins()
    driver.accept(10_000)
    healthy(inbox)
    wait_until(lambda: house.look()["takes"])
    driver.stop()
    house.peer.do("remember", mask=31, open=1)
    assert house.look()["takes"]
    CctalkAcceptor.make_safe(CctalkCoinOptions(port=house.peer.port))
    assert house.look()["takes"] == []
    assert (house.look()["mask"], house.look()["open"]) == (0, 0)
    house.peer.do("power", on=False)
    with pytest.raises(DeviceMissing, match="does not answer"):
        CctalkAcceptor.make_safe(CctalkCoinOptions(port=house.peer.port))
    with pytest.raises(DeviceMissing, match="there is no"):
        CctalkAcceptor.make_safe(CctalkCoinOptions(port=house.peer.port + "x"))


def test_the_peer_keeps_what_it_counted_through_its_own_restart(house):
    house.devices()
    driver, inbox = house.coins()
    driver.accept(10_000)
    house.insert(10)
    inbox.wait(lambda _: amounts(inbox) == [10])
    house.peer.kill()
    house.peer.start()
    healthy(inbox)
    house.insert(20)
    inbox.wait(lambda _: amounts(inbox) == [10, 20])


@pytest.mark.parametrize(
    ("priority", "poll_ms", "expected"),
    [
        ([2, 20], 0, 0.18), ([1, 60], 0, 0.054), ([3, 2], 0, 0.9), ([0, 0], 0, 0.18), ([255, 0], 0, 0.18),
        ([2, 20], 300, 0.3), ([1, 1], 0, 0.05),
    ],
)  # fmt: skip
def test_it_is_asked_as_often_as_it_wants(house, priority, poll_ms, expected):
    house.devices(priority=priority)
    driver, inbox = house.coins(poll_ms=poll_ms)
    healthy(inbox)
    assert driver._interval_s == pytest.approx(expected)


# -- several on one wire, and storms -------------------------------------------------------------------


def test_two_acceptors_and_a_validator_share_one_wire(house):
    house.devices("coin:2", "coin:11", "bill:40:crc")
    made = [house.coins(), house.coins(address=11), house.bills()]
    for driver, inbox in made:
        healthy(inbox)
        driver.accept(10_000)
    for at, position in ((2, 1), (11, 2)):
        wait_until(lambda at=at, position=position: position in house.look(at)["takes"])
        assert house.peer.do("insert", at=at, position=position)["taken"]
    wait_until(lambda: 3 in house.look(40)["takes"])
    house.peer.do("insert", at=40, position=3)
    for (_, inbox), expected in zip(made, ([10], [20], [2000]), strict=True):
        inbox.wait(lambda _, inbox=inbox, expected=expected: amounts(inbox) == expected, 60)
    made[0][0].stop()
    assert house.peer.do("insert", at=2, position=1) == {"taken": False}
    wait_until(lambda: 2 in house.look(11)["takes"])
    assert house.peer.do("insert", at=11, position=2)["taken"]
    made[1][1].wait(lambda _: amounts(made[1][1]) == [20, 20], 60)


def crash(driver):
    """End a driver as SIGKILL does: nothing more is said to the device."""
    driver._close = lambda: driver._seat and driver._seat.close()
    driver.stop()


def test_every_coin_is_on_the_books_once_or_in_a_report_through_kills_resets_wraps_and_noise(house):
    chance = random.Random(SEED)
    house.devices()
    house.peer.do("remember", counter=230, pairs=[[1, 1]] * 5)
    books, mark = [], ""
    for turn in range(25):
        driver, inbox = house.coins(mark=mark)
        healthy(inbox)
        driver.accept(100_000)
        for _ in range(chance.randrange(6)):
            deed = chance.choice(["coin", "coin", "coin", "error", "reset", "garble", "drop", "delay"])
            if deed == "coin":
                wait_until(lambda: house.look()["takes"], timeout=60)
                house.peer.do("insert", position=chance.randrange(1, 6))
            elif deed == "error":
                house.peer.do("event", pair=(0, chance.choice([1, 2, 130])))
            elif deed == "reset" and chance.random() < 0.3:
                house.peer.do("power", on=True)
            elif deed in ("garble", "drop"):
                house.peer.do("wire", **{deed: 2})
        crash(driver)
        done = told(inbox)
        if turn:
            done = done[: chance.randrange(len(done) + 1)]
        books += [each for each in done if not isinstance(each, DeviceMarked)]
        mark = done[-1].mark if done else mark
    _, inbox = house.coins(mark=mark)
    healthy(inbox)
    books += [each for each in told(inbox) if not isinstance(each, DeviceMarked)]
    coins = [each.amount for each in books if isinstance(each, CoinInserted)]
    losses = [each for each in books if isinstance(each, CoinUnrecognised) and each.trouble is CoinTrouble.LOST]
    taken = house.peer.record()
    missing = list(taken)
    for cents in coins:
        missing.remove(cents)  # never more than were taken
    assert not missing or losses
