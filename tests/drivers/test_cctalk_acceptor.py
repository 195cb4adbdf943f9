"""ccTalk coin acceptors and bill validators: who they are, what they took, and what goes wrong with them."""

import msgspec
import pytest

from drivers.coins.cctalk import CctalkCoinOptions
from drivers.device import DeviceThread, Pace
from terminal.core.events import CoinInserted, CoinTrouble, CoinUnrecognised, Health, Place
from tests.drivers import cctalk_house
from tests.drivers.cctalk_house import amounts, healthy, troubles
from tests.support.waiting import wait_until

house = cctalk_house.house


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(DeviceThread, "pace", Pace(first_s=0.001, last_s=0.05))


# -- who it is -----------------------------------------------------------------------------------------


def test_it_says_who_it_is_and_what_it_takes(house):
    house.devices()
    _, inbox = house.coins()
    assert healthy(inbox) == "PEER of TST, serial number 4713, software 1.7; takes 10 20 50 100 200 cents"


def test_a_device_of_another_kind_is_named(house):
    house.devices("bill:2")
    _, inbox = house.coins()
    words = healthy(inbox, Health.FAILED)
    assert "no Coin Acceptor: it says that it is a 'Bill Validator'" in words
    assert "option address" in words


def test_nobody_at_the_address_and_somebody_at_another(house):
    house.devices("coin:11", "coin:5")
    _, inbox = house.coins()
    words = healthy(inbox, Health.MISSING, "answer")
    assert "device 2" in words
    assert "on this wire answer: 5, 11; check the option address" in words


def test_nobody_at_all(house):
    house.devices("coin:99")
    house.peer.do("wire", echo=False)
    _, inbox = house.coins()
    assert "nobody else answers on this wire; not even" in healthy(inbox, Health.MISSING)


def test_the_other_form_of_checksum_is_found_out(house):
    house.devices("bill:40:crc")
    _, inbox = house.bills(checksum="simple")
    assert "set checksum = 'crc'" in healthy(inbox, Health.MISSING)


def test_an_encrypted_validator_is_named_as_what_it_is(house):
    house.devices("bill:40:crc", encrypted=True)
    _, inbox = house.bills()
    assert "encrypted only" in healthy(inbox, Health.MISSING)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"fault": 3}, "its credit sensor does not work"), ({"status": 1}, "its return lever is pressed")],
)
def test_its_own_complaints_are_sentences_until_they_are_gone(house, settings, words):
    house.devices(**settings)
    driver, inbox = house.coins()
    assert words in healthy(inbox, Health.FAILED)
    driver.accept(10_000)
    assert not house.look()["mask"]
    house.peer.do("set", fault=0, status=0)
    healthy(inbox)
    house.insert(10)
    inbox.wait(lambda _: amounts(inbox) == [10])


def test_a_fault_that_a_reset_mends_is_mended_and_no_coin_is_lost(house):
    house.devices()
    driver, inbox = house.coins()
    healthy(inbox)
    driver.accept(10_000)
    house.insert(10)
    inbox.wait(lambda _: amounts(inbox) == [10])
    house.peer.do("set", fault_passes=True)
    house.insert(20)
    house.peer.do("set", fault=3)
    house.peer.do("event", pair=[0, 14])  # a trouble: it is asked to check itself
    healthy(inbox, Health.FAILED)
    healthy(inbox)
    assert house.look()["counter"] == 0
    assert amounts(inbox) == [10, 20]
    assert inbox.of(CoinUnrecognised) == []
    house.insert(50)
    inbox.wait(lambda _: amounts(inbox) == [10, 20, 50])


def test_what_it_need_not_know_it_need_not_answer(house):
    house.devices(unknown=[249, 248, 242, 241, 192, 232, 230, 209], master=False)
    driver, inbox = house.coins(sorter={"1": 2})
    assert healthy(inbox) == "PEER of TST; takes 10 20 50 100 200 cents"
    driver.accept(1000)
    house.insert(10)
    inbox.wait(lambda _: amounts(inbox) == [10])
    assert inbox.of(CoinInserted)[0].mark.startswith("cctalk - open 1 ")


# -- what coins are worth ------------------------------------------------------------------------------


def test_what_it_does_not_say_is_given_and_what_it_says_wrongly_too(house):
    house.devices(ids={"1": "EU010A", "2": "GB020A", "3": "TK001A", "4": "EU100A", "5": "......"})
    driver, inbox = house.coins(coins={"3": 250, "4": 0, "5": 20})
    assert "takes 10 20 250 cents" in healthy(inbox)
    driver.accept(10_000)
    wait_until(lambda: house.look()["mask"] == 0b10101)
    for position in (1, 3, 5):
        assert house.peer.do("insert", position=position)["taken"]
    inbox.wait(lambda _: amounts(inbox) == [10, 250, 20])


def test_without_any_value_it_cannot_work(house):
    house.devices(ids={"1": "GB010A"})
    _, inbox = house.coins()
    words = healthy(inbox, Health.FAILED)
    assert "give coins = { 1 = … }" in words
    assert "1 = GB010A, 2 = ......" in words


def test_a_coin_without_a_value_is_reported_and_not_credited(house):
    house.devices(ids={"1": "EU010A", "2": "GB020A"})
    driver, inbox = house.coins()
    driver.accept(1000)
    healthy(inbox)
    house.peer.do("event", pair=(2, 1))
    inbox.wait(lambda _: troubles(inbox) == [(CoinTrouble.UNKNOWN, 1)])
    assert "position 2 (GB020A), which has no value here" in inbox.of(CoinUnrecognised)[0].words
    assert amounts(inbox) == []


def test_the_sorter_is_set_and_says_where_coins_went(house):
    house.devices()
    driver, inbox = house.coins(sorter={"5": 2, "4": 3}, tube_paths=[2])
    driver.accept(10_000)
    for cents in (200, 100, 10):
        house.insert(cents)
        inbox.wait(lambda _, cents=cents: cents in amounts(inbox))
    assert [coin.place for coin in inbox.of(CoinInserted)] == [Place.TUBE, Place.BOX, Place.BOX]
    assert house.look()["paths"] == {"5": 2, "4": 3}


# -- bills ---------------------------------------------------------------------------------------------


def routed(house, position):
    wait_until(lambda: position in house.look()["takes"], what="the validator to open")
    assert house.peer.do("insert", position=position)["taken"] is None
    return wait_until(lambda: [it for it in [house.look()["outcome"]] if it is not None])[0]


def test_a_bill_is_money_when_it_is_stacked_and_given_back_when_it_does_not_fit_any_more(house):
    house.devices("bill:40:crc")
    driver, inbox = house.bills()
    assert "takes 500 1000 2000 cents" in healthy(inbox)
    driver.accept(3000)
    assert routed(house, 2) is True
    inbox.wait(lambda _: amounts(inbox) == [1000])
    assert inbox.of(CoinInserted)[0].counter == 2
    assert routed(house, 3) is True
    inbox.wait(lambda _: amounts(inbox) == [1000, 2000])
    # It was on its way in while the room went: the validator holds it, and the terminal wants it no more.
    driver.accept(500)
    wait_until(lambda: house.look()["takes"] == [1])
    house.peer.do("remember", mask=7)
    assert routed(house, 2) is False
    assert routed(house, 1) is True
    inbox.wait(lambda _: amounts(inbox) == [1000, 2000, 500])
    assert house.peer.record() == [1000, 2000, 500]


def test_a_bill_that_is_held_when_the_terminal_comes_is_given_back(house):
    house.devices("bill:40:crc", patience=None)
    house.peer.do("remember", mask=7, open=1, mode=3)
    assert house.peer.do("insert", position=2)["taken"] is None
    _, inbox = house.bills(mark="cctalk 4751 open 0")
    wait_until(lambda: house.look()["outcome"] is False)
    healthy(inbox)
    assert amounts(inbox) == []


def test_one_without_an_escrow_takes_what_is_not_inhibited(house):
    house.devices("bill:40:crc", escrow=False)
    driver, inbox = house.bills()
    driver.accept(1000)
    wait_until(lambda: house.look()["takes"] == [1, 2])
    assert house.peer.do("insert", position=2)["taken"] is True
    inbox.wait(lambda _: amounts(inbox) == [1000])
    wait_until(lambda: house.look()["takes"] == [])


@pytest.mark.parametrize(
    ("code", "trouble"), [(8, CoinTrouble.FRAUD), (18, CoinTrouble.FRAUD), (21, CoinTrouble.UNKNOWN)]
)
def test_fraud_with_bills_is_told(house, code, trouble):
    house.devices("bill:40:crc")
    _, inbox = house.bills()
    healthy(inbox)
    house.peer.do("event", pair=(0, code))
    inbox.wait(lambda _: troubles(inbox) == [(trouble, 1)])


def test_a_full_stacker_is_told(house):
    house.devices("bill:40:crc")
    _, inbox = house.bills()
    healthy(inbox)
    house.peer.do("event", pair=(0, 14))
    healthy(inbox, Health.DEGRADED, "its stacker is full")


# -- options -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"coins": {"17": 10}}, "'17' is no position"),
        ({"coins": {"x": 10}}, "'x' is no position"),
        ({"sorter": {"0": 2}}, "sorter: '0' is no position"),
        ({"poll_ms": 20}, "poll_ms is 20"),
        ({"poll_ms": 950}, "poll_ms"),
        ({"address": 1}, "address"),
        ({"country": "eur"}, "country"),
        ({"coins": {"1": -1}}, "coins"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, words):
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert({"port": "/dev/x", **options}, CctalkCoinOptions)
