"""The ccTalk hopper before its peer: what is said on the wire, and what happens when the wire does not work."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from drivers import link as lines
from drivers.contract import Traffic
from drivers.payouts import cctalk_hopper
from drivers.payouts.cctalk_hopper import CctalkHopper, CctalkHopperOptions
from terminal.core.events import Ended, Health
from tests.drivers.hopper_bench import COIN, HopperBench
from tests.support.seed import SEED
from tests.support.waiting import wait_until

STATUS, COUNT, FLAGS, ENABLE, DISPENSE, STOP, RESET = 166, 168, 163, 164, 167, 172, 1


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cctalk_hopper, "POLL_S", 0.005)
    monkeypatch.setattr(cctalk_hopper, "LOOK_S", 0.2)
    monkeypatch.setattr(cctalk_hopper, "WAKE_S", 0.01)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[HopperBench]:
    with closing(HopperBench(tmp_path)) as bench:
        bench.fill(50)
        yield bench


def words_of(bench: HopperBench, words: str, health: Health) -> None:
    """Wait until it is in this health, and says so."""
    wait_until(
        lambda: bench.device.condition.health is health and words in bench.device.condition.words,
        timeout=60,
        what=words,
    )


# -- who it is -----------------------------------------------------------------------------------------


def test_it_says_who_it_is(bench: HopperBench) -> None:
    bench.start()
    words_of(bench, "Peer HOP-1, serial number 662316", Health.OK)


def test_what_is_no_hopper_is_not_used(bench: HopperBench) -> None:
    bench.peer.tell(set={"category": "Coin Acceptor"})
    bench.device.start()
    words_of(bench, "'Coin Acceptor' and no hopper", Health.FAILED)
    bench.peer.tell(set={"category": "Payout_"})
    words_of(bench, "", Health.OK)


def test_nobody_at_its_address_is_missing(bench: HopperBench) -> None:
    bench.options["address"] = 9
    bench.device.start()
    words_of(bench, "does not answer", Health.MISSING)


def test_a_level_that_sinks_is_told(bench: HopperBench) -> None:
    bench.start()
    bench.peer.tell(set={"level": 0x11})
    words_of(bench, "nearly empty", Health.DEGRADED)
    assert bench.pay(1).paid == COIN
    bench.peer.tell(set={"level": 0x10})
    words_of(bench, "", Health.OK)


def test_one_that_ran_empty_is_told_until_it_pays_again(bench: HopperBench) -> None:
    bench.peer.tell(set={"stock": 1})
    bench.start()
    told = bench.pay(2)
    assert told.paid == COIN
    assert "ran empty or is jammed" in told.words
    words_of(bench, "ran empty or is jammed", Health.DEGRADED)
    bench.fill(5)
    assert bench.pay(2).paid == 2 * COIN
    words_of(bench, "", Health.OK)


def test_a_technician_can_listen(bench: HopperBench) -> None:
    heard: list[Traffic] = []
    bench.device.listener = heard.append
    bench.start()
    bench.pay(1)
    sent = [traffic.raw for traffic in heard if traffic.way == ">"]
    assert bytes([3, 4, 1, DISPENSE, 0x2C, 0x1B, 0x0A, 1]) in [raw[:-1] for raw in sent]
    assert any(traffic.way == "<" and traffic.meaning for traffic in heard)


def test_every_serial_line_may_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "adapters", lambda: ["/dev/serial/by-id/usb-x"])
    (found,) = CctalkHopper.scan()
    assert (
        msgspec.convert({**found.options, "coin": 100}, CctalkHopperOptions).port == "/dev/serial/by-id/usb-x"
    )


# -- how it is told to pay -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hopper", "driver"),
    [
        ("serial", "serial"),
        ("serial", "auto"),
        ("any key", "cipher"),
        ("any key", "auto"),
        ("the key", "cipher"),
        ("the key", "auto"),
    ],
)
def test_it_is_told_in_the_way_that_it_wants(bench: HopperBench, hopper: str, driver: str) -> None:
    bench.peer.tell(set={"dispenses": hopper})
    bench.options["dispense"] = driver
    bench.start()
    for coins in (1, 2):
        assert bench.pay(coins).paid == coins * COIN
    assert bench.fallen() == 3 * COIN


@pytest.mark.parametrize(("hopper", "driver"), [("serial", "cipher"), ("the key", "serial")])
def test_told_in_another_way_it_refuses_and_that_is_said(bench: HopperBench, hopper: str, driver: str) -> None:
    bench.peer.tell(set={"dispenses": hopper, "counts_refused": True})
    bench.options["dispense"] = driver
    bench.start()
    told = bench.pay(2)
    assert (told.ended, told.paid) == (Ended.FAILED, 0)
    assert told.words
    assert bench.fallen() == 0


@pytest.mark.parametrize("size", [1, 2, 3])
def test_its_flags_have_one_to_three_bytes(bench: HopperBench, size: int) -> None:
    bench.peer.tell(set={"flags_bytes": size})
    bench.start()
    assert bench.pay(2).paid == 2 * COIN


def test_it_is_enabled_only_for_a_payout(bench: HopperBench) -> None:
    bench.start()
    assert not bench.peer.tell()["enabled"]
    mark = bench.count("payout")
    assert bench.peer.tell()["enabled"]
    bench.device.pay_out("payout", COIN, mark)
    bench.ended("payout")
    wait_until(lambda: not bench.peer.tell()["enabled"], what="a hopper that is disabled")
    bench.count("never ordered")
    bench.device.stop()
    assert not bench.peer.tell()["enabled"]


def test_one_coin_at_a_time_where_it_pays_no_more(bench: HopperBench) -> None:
    bench.peer.tell(set={"second_flags": 0x02})
    bench.start()
    assert bench.pay(3).paid == COIN
    assert bench.fallen() == COIN


def test_no_more_coins_than_configured_at_a_time(bench: HopperBench) -> None:
    bench.options["most_coins"] = 4
    bench.start()
    assert bench.pay(7).paid == 4 * COIN
    assert bench.fallen() == 4 * COIN


# -- what stands in its way ----------------------------------------------------------------------------


@pytest.mark.parametrize("flag", [0x01, 0x08, 0x10, 0x20])
def test_a_flag_that_blocks_it_is_cleared_by_a_reset_before_it_counts(bench: HopperBench, flag: int) -> None:
    bench.peer.tell(set={"flags": flag})
    bench.start()
    assert bench.pay(2).paid == 2 * COIN
    assert RESET in bench.peer.tell()["heard"]


def test_what_blocks_it_for_good_is_said(bench: HopperBench) -> None:
    bench.peer.tell(set={"second_flags": 0x01})
    bench.start()
    bench.device.count("blocked")
    told = bench.ended("blocked")
    assert (told.ended, told.paid) == (Ended.FAILED, 0)
    assert "saw light from elsewhere" in told.words
    words_of(bench, "saw light from elsewhere", Health.DEGRADED)


def test_one_that_wants_a_pin_is_said_to(bench: HopperBench) -> None:
    bench.peer.tell(set={"second_flags": 0x80})
    bench.start()
    bench.device.count("pin")
    assert "PIN" in bench.ended("pin").words


def test_blocked_between_count_and_order_it_is_not_even_told(bench: HopperBench) -> None:
    bench.start()
    mark = bench.count("payout")
    bench.peer.tell(set={"flags": 0x08})
    bench.device.pay_out("payout", COIN, mark)
    told = bench.ended("payout")
    assert told.ended is Ended.FAILED
    assert "blocked" in told.words
    assert DISPENSE not in bench.peer.tell()["heard"]


def test_reset_between_count_and_order_it_is_not_told(bench: HopperBench) -> None:
    bench.start()  # its event counter is 0, so the reset shows only in that it is disabled
    mark = bench.count("payout")
    bench.peer.tell(do="power")
    bench.device.pay_out("payout", COIN, mark)
    told = bench.ended("payout")
    assert told.ended is Ended.FAILED
    assert "reset" in told.words
    assert DISPENSE not in bench.peer.tell()["heard"]


@pytest.mark.parametrize("resets", [False, True])
def test_a_payout_that_takes_too_long_is_stopped_and_told(bench: HopperBench, *, resets: bool) -> None:
    bench.peer.tell(set={"coin_ms": 300, "stop_resets": resets})
    bench.options["limit_s"] = 1
    bench.start()
    told = bench.pay(20)
    assert told.ended is Ended.DONE
    assert told.paid == bench.fallen() < 20 * COIN
    assert STOP in bench.peer.tell()["heard"]


def test_another_hopper_in_its_place_tells_nothing(bench: HopperBench) -> None:
    bench.start()
    assert bench.pay(1).paid == COIN
    mark = bench.count("payout").replace("hopper 662316", "hopper 662317")
    told = bench.tell("payout", 1, mark)
    assert (told.ended, told.paid) == (Ended.UNKNOWN, 0)
    assert "replaced" in told.words


# -- the wire ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["drop", "ignore", "garble", "spoil", "delay"])
@pytest.mark.parametrize("counts_all", [True, False])
def test_a_lost_order_or_answer_is_never_repeated_and_told_right(
    bench: HopperBench, fault: str, *, counts_all: bool
) -> None:
    bench.peer.tell(set={"counts_all": counts_all})
    bench.start()
    assert bench.pay(1).paid == COIN
    assert bench.pay(2).paid == 2 * COIN
    bench.peer.tell(fault=fault, header=DISPENSE, s=0.4)
    told = bench.pay(3)
    expected = 0 if fault == "ignore" else 3 * COIN
    assert bench.fallen() == 3 * COIN + expected
    assert (told.ended, told.paid) == (Ended.DONE if expected else Ended.FAILED, expected)
    assert bench.peer.tell()["heard"].count(DISPENSE) == 3


def test_an_old_answer_is_not_taken_for_that_to_the_order(bench: HopperBench) -> None:
    bench.start()
    assert bench.pay(1).paid == COIN
    bench.peer.tell(fault="stale", header=DISPENSE)
    told = bench.pay(2)
    assert (told.ended, told.paid) == (Ended.FAILED, 0)
    assert bench.fallen() == COIN


@pytest.mark.parametrize("late", [1, 2])
def test_counters_that_come_late_are_not_taken_for_an_end(bench: HopperBench, late: int) -> None:
    bench.start()
    assert bench.pay(1).paid == COIN
    bench.peer.tell(set={"late_counters": late})
    bench.peer.tell(fault="drop", header=DISPENSE)
    told = bench.pay(3)
    assert (told.ended, told.paid) == (Ended.DONE, 3 * COIN)


@pytest.mark.parametrize("fault", ["refuse", "busy"])
def test_a_refused_order_is_failed(bench: HopperBench, fault: str) -> None:
    bench.start()
    bench.peer.tell(fault=fault, header=DISPENSE)
    told = bench.pay(2)
    assert (told.ended, told.paid) == (Ended.FAILED, 0)
    assert bench.peer.tell()["heard"].count(DISPENSE) == 1
    assert bench.pay(2).paid == 2 * COIN


@pytest.mark.parametrize("noise", ["ff", "0101", "01040300", "0100030000"])
def test_noise_before_each_answer_pays_nothing_by_mistake(bench: HopperBench, noise: str) -> None:
    bench.start()
    mark = bench.count("payout")
    bench.peer.tell(set={"noise": noise})
    bench.device.pay_out("payout", 2 * COIN, mark)
    told = bench.ended("payout")
    assert (told.ended, told.paid) == (Ended.FAILED, 0)
    assert told.words
    bench.peer.tell(set={"noise": ""})
    bench.working()
    assert bench.fallen() == 0
    wait_until(lambda: _pays(bench), timeout=60, what="a payout after the noise")


def _pays(bench: HopperBench) -> bool:
    """Try a payout; it may be refused while the line is found again."""
    payout = f"try-{next(bench._numbers)}"
    bench.device.count(payout)
    bench.inbox.wait(lambda events: any(getattr(each, "payout", "") == payout for each in events), timeout=60)
    marks = [
        each.mark
        for each in bench.inbox.events
        if getattr(each, "payout", "") == payout and hasattr(each, "mark")
    ]
    if not marks:
        return False
    bench.device.pay_out(payout, COIN, marks[0])
    return bench.ended(payout).paid == COIN


def test_random_faults_never_lead_to_a_second_payout_or_a_wrong_answer(bench: HopperBench) -> None:
    dice = random.Random(SEED)
    bench.fill(100)
    bench.start()
    for number in range(12):
        payout, coins = f"payout-{number}", dice.randint(1, 3)
        bench.working()
        wait_until(lambda: _pays(bench), timeout=60, what="a line that works")
        mark, fallen, orders = bench.count(payout), bench.fallen(), bench.orders()
        faults = [
            {
                "fault": dice.choice(["drop", "ignore", "garble", "spoil", "delay", "busy"]),
                "header": dice.choice([STATUS, COUNT, FLAGS, DISPENSE]),
                "times": dice.choice([1, 1, 2, 4]),
                "s": dice.choice([0.1, 0.3, 0.6]),
            }
            for _ in range(dice.randint(1, 2))
        ]
        for fault in faults:
            bench.peer.tell(**fault)
        bench.device.pay_out(payout, coins * COIN, mark)
        told = bench.ended(payout)
        story = f"payout {number} of seed {SEED}: {faults}: {told}"
        fell = bench.fallen() - fallen
        assert bench.orders() - orders <= 1, story
        assert fell in (0, coins * COIN), story
        assert (told.ended, told.paid) == (Ended.DONE if fell else Ended.FAILED, fell), story


# -- options -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [{"coin": 0}, {"address": 1}, {"most_coins": 256}, {"dispense": "both"}, {"port": ""}, {"limit_s": 0}],
)
def test_wrong_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"port": "/dev/x", "coin": 100, **wrong}, CctalkHopperOptions)
