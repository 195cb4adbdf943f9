"""The MDB changer on a real pseudo-terminal, before a program that plays adapter and changer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from terminal.core.events import (
    ButtonPressed,
    CoinInserted,
    CoinTrouble,
    CoinUnrecognised,
    DeviceMarked,
    Health,
    Place,
)
from tests.drivers import changer_stand
from tests.drivers.changer_bench import NAME, quick
from tests.drivers.changer_stand import Stand
from tests.support.waiting import Inbox, wait_until

build = changer_stand.build


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with closing(Stand(tmp_path)) as stand:
        yield stand


# -- opening -------------------------------------------------------------------------------------------


def test_it_says_what_it_is_and_takes_nothing_before_it_is_told_to(stand: Stand) -> None:
    stand.start()
    words = stand.expect_health(Health.OK)
    assert "CHANGER 3000, level 3, currency 1978, coins 0.05, 0.10, 0.20, 0.50, 1.00, 2.00" in words
    assert (stand.peer.look("enabled"), stand.peer.look("by_hand")) == (0, 0)
    assert not stand.coin(3)


@pytest.mark.parametrize("country", ["1978", ""])
def test_the_right_currency_or_any_is_taken(stand: Stand, country: str) -> None:
    stand.start(country=country)


def test_another_currency_is_a_fault_in_words(stand: Stand) -> None:
    stand.device = quick(stand.peer, stand.inbox.put, country="1840")
    stand.device.start()
    assert "made for the currency 1978, the configuration says 1840" in stand.expect_health(Health.FAILED)
    assert not stand.coin(3)


def test_a_value_that_is_no_whole_number_of_cents_is_a_fault(build: Callable[..., Stand]) -> None:
    stand = build(decimals=3)
    stand.device.start()
    assert "no whole number of cents" in stand.expect_health(Health.FAILED)


def test_an_adapter_without_a_changer_says_so(stand: Stand) -> None:
    stand.peer.do("power", on=False)
    stand.device.start()
    assert "no coin changer answers on the MDB bus" in stand.expect_health(Health.MISSING)
    stand.peer.do("power", on=True)
    stand.expect_health(Health.OK)


OPENING = ["09", "0F00", "0C", "0B", "0F04", "0F03", "08", "0F01", "0A"]


@pytest.mark.parametrize("what", ["lose", "nack", "silence", "power", "blink", "unplug", "garble", "late"])
@pytest.mark.parametrize("at", OPENING)
def test_whatever_happens_while_it_is_opened_it_is_opened_in_the_end(stand: Stand, at: str, what: str) -> None:
    # One that was in use, so that it is reset; the power of one that was cut comes back later.
    stand.start()
    stand.device.stop()
    stand.peer.do("trap", on=at, what=what, when="before" if what == "silence" else "after")
    stand.inbox = Inbox()
    stand.device = quick(stand.peer, stand.inbox.put)
    stand.device.start()
    wait_until(lambda: not stand.peer.look("traps"), what="the trap")
    stand.peer.do("plug")
    if what == "power":
        stand.peer.do("power", on=True)
    wait_until(lambda: stand.device.condition.health is Health.OK, timeout=60, what="a changer")
    stand.open(10_000)
    assert stand.coin(3)
    stand.expect(50)


def test_noise_of_the_adapter_is_no_answer(stand: Stand) -> None:
    stand.peer.do("noise", on=True)
    stand.start()
    stand.open(100)
    assert stand.coin(2)
    stand.expect(20)


# -- coins ---------------------------------------------------------------------------------------------


def test_only_coins_that_still_fit_are_taken(stand: Stand) -> None:
    stand.start()
    stand.open(100)
    assert stand.peer.look("enabled") == 0b01_1111
    assert stand.coin(3)
    wait_until(lambda: stand.peer.look("enabled") == 0b00_1111, what="the euro not to fit")
    assert not stand.coin(4)
    assert stand.coin(3)
    wait_until(lambda: not stand.peer.look("enabled"), what="it to be full")
    stand.expect(50, 50)


def test_a_coin_is_told_with_its_place(stand: Stand) -> None:
    stand.start()
    stand.open(1_000)
    assert stand.coin(3)
    assert stand.coin(5)  # has no tube
    assert not stand.coin(1, "reject")
    stand.expect(50, 200)
    stand.at_rest()
    assert [coin.place for coin in stand.inbox.of(CoinInserted)] == [Place.TUBE, Place.BOX]
    assert stand.inbox.of(CoinUnrecognised) == []


@pytest.mark.parametrize(
    ("raw", "trouble", "count"),
    [
        ("23", CoinTrouble.FRAUD, 3),
        ("0D", CoinTrouble.FRAUD, 1),
        ("03", CoinTrouble.UNKNOWN, 1),
        ("6000", CoinTrouble.UNKNOWN, 1),  # routed to where nothing is
        ("4F00", CoinTrouble.UNKNOWN, 1),  # a type without a value
    ],
)
def test_what_is_no_credit_is_told_as_what_it_is(
    stand: Stand, raw: str, trouble: CoinTrouble, count: int
) -> None:
    stand.start()
    stand.peer.do("event", hex=raw)
    (told,) = stand.expect_trouble(trouble)
    assert told.pulses == count
    assert told.words
    assert stand.coins() == []


def test_the_return_lever_is_a_button(stand: Stand) -> None:
    stand.peer.do("event", hex="01")  # before anybody listened: nobody's wish any more
    stand.start()
    assert stand.inbox.of(ButtonPressed) == []
    stand.peer.do("event", hex="01")
    wait_until(lambda: stand.inbox.of(ButtonPressed), what="the lever")
    assert stand.inbox.of(ButtonPressed) == [ButtonPressed(NAME, "cancel")]


@pytest.mark.parametrize(
    ("code", "health", "words"),
    [
        ("04", Health.DEGRADED, "sensor of a tube"),
        ("06", Health.FAILED, "acceptor is unplugged"),
        ("07", Health.DEGRADED, "tube is jammed"),
        ("08", Health.FAILED, "program memory"),
        ("09", Health.DEGRADED, "sorter"),
        ("0C", Health.FAILED, "stuck in its acceptor"),
    ],
)
def test_what_is_wrong_is_said_in_words_until_the_changer_says_that_it_is_well(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, code: str, health: Health, words: str
) -> None:
    monkeypatch.setattr("drivers.coins.mdb._CHECK_S", 0.3)
    stand.start()
    stand.peer.do("set", status="1400")
    stand.peer.do("event", hex=code)
    stand.expect_health(health, words)
    assert "its dispenser has a fault" in stand.expect_health(health, "dispenser")
    stand.peer.do("set", status="0300")
    stand.expect_health(Health.OK)


def test_a_coin_shows_that_the_acceptor_is_back(stand: Stand) -> None:
    stand.start()
    stand.open(1_000)
    stand.peer.do("event", hex="06")
    stand.expect_health(Health.FAILED)
    assert stand.coin(3)
    stand.expect_health(Health.OK)


def test_coins_let_out_by_hand_are_no_loss(stand: Stand) -> None:
    stand.start()
    mark = stand.inbox.of(DeviceMarked)[-1].mark
    stand.peer.do("fill", kind=0, count=-2)
    stand.peer.do("event", hex="A012")
    wait_until(lambda: stand.inbox.of(DeviceMarked)[-1].mark != mark, what="a new mark")
    stand.restart(stand.inbox.of(DeviceMarked)[-1].mark)
    stand.at_rest()
    assert stand.inbox.of(CoinUnrecognised) == []


def test_a_coin_that_falls_when_it_is_stopped_is_told(stand: Stand) -> None:
    stand.start()
    stand.open(1_000)
    assert stand.coin(3)
    stand.device.stop()
    stand.expect(50)
    assert stand.inbox.of(DeviceMarked)[-1].mark.endswith("shut")
    stand.start(stand.inbox.of(DeviceMarked)[-1].mark)
    assert stand.inbox.of(CoinUnrecognised) == []
