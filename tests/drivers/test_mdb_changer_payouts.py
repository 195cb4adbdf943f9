"""What the MDB changer pays out, on a real pseudo-terminal."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drivers.coins.mdb import MdbChanger
from terminal.core.events import CoinUnrecognised, DeviceMarked, Ended, Health, PayoutEnded
from tests.drivers import changer_stand
from tests.drivers.changer_bench import ONE_EURO
from tests.drivers.changer_stand import Stand, coin_told
from tests.support.seed import SEED
from tests.support.waiting import wait_until

build = changer_stand.build


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with closing(Stand(tmp_path)) as stand:
        yield stand


@pytest.mark.parametrize("level", [2, 3])
def test_a_payout_takes_the_coins_that_fit(build: Callable[..., Stand], level: int) -> None:
    stand = build(level=level).start()
    assert stand.pay("a", 185) == PayoutEnded("a", Ended.DONE, 185)
    assert stand.pay("b", 4).ended is Ended.FAILED
    told = stand.pay("c", 3_000)  # more than one PAYOUT can order
    assert (told.ended, told.paid) == (Ended.DONE, stand.peer.cents("paid") - 185)
    rest = sum(
        count * value for count, value in zip(stand.peer.look("tubes"), (5, 10, 20, 50, 100), strict=False)
    )
    assert told.paid == 3_000 or rest == 0
    assert bool(told.words) == (told.paid < 3_000)
    assert stand.inbox.of(CoinUnrecognised) == []


def test_a_changer_that_chooses_badly_pays_less_and_says_so(build: Callable[..., Stand]) -> None:
    stand = build(tubes=[0, 0, 3, 1, 0, 0]).start()  # it begins with the 50, and cannot go on
    told = stand.pay("a", 60)
    assert (told.ended, told.paid, stand.peer.cents("paid")) == (Ended.DONE, 50, 50)
    assert "no more coins that fit" in told.words


@pytest.mark.parametrize("level", [2, 3])
def test_a_jam_ends_a_payout_and_the_next_one_shows_that_it_is_over(
    build: Callable[..., Stand], level: int
) -> None:
    stand = build(level=level, **ONE_EURO | {"tubes": [10]}).start()
    mark = stand.count("a")
    stand.peer.do("set", pace=2)
    stand.device.pay_out("a", 500, mark)
    wait_until(lambda: stand.peer.lines("paid"), what="a coin")
    stand.peer.do("set", stuck=True)
    told = stand.ended("a")
    assert told.ended is Ended.DONE
    assert told.paid == stand.peer.cents("paid") < 500
    stand.expect_health(Health.DEGRADED, "tube is jammed")
    assert stand.pay("b", 100).paid == 100
    stand.expect_health(Health.OK)


def test_coins_may_come_in_while_it_pays(build: Callable[..., Stand]) -> None:
    stand = build().start()
    stand.open(10_000)
    mark = stand.count("a")
    stand.peer.do("set", pace=4)
    stand.device.pay_out("a", 400, mark)
    wait_until(lambda: stand.peer.lines("paid"), what="a coin")
    assert coin_told(stand, 5)
    assert coin_told(stand, 2)
    assert stand.ended("a").paid == 400
    assert stand.inbox.of(CoinUnrecognised) == []


def test_a_coin_between_the_counting_and_the_order_stops_the_payout(stand: Stand) -> None:
    stand.start()
    stand.open(10_000)
    mark = stand.count("a")
    assert mark.endswith("open")
    assert coin_told(stand, 3)
    stand.device.pay_out("a", 100, mark)
    told = stand.ended("a")
    assert (told.ended, told.paid) == (Ended.FAILED, 0)
    assert stand.peer.lines("paid") == []


def test_it_counts_only_when_the_last_coin_has_fallen(stand: Stand) -> None:
    stand.start()
    stand.open(10_000)
    assert stand.coin(3)
    stand.device.inhibit()
    assert stand.count("a").endswith("shut")
    assert stand.coins() == [50]


def test_one_payout_at_a_time(stand: Stand) -> None:
    stand.start()
    mark = stand.count("a")
    stand.peer.do("set", held=True)
    stand.device.pay_out("a", 100, mark)
    stand.device.pay_out("b", 100, mark)
    assert stand.ended("b").ended is Ended.FAILED
    stand.peer.do("set", held=False)
    assert stand.ended("a").paid == 100
    assert stand.peer.cents("paid") == 100


def test_a_payout_that_never_ends_is_a_fault_and_settled_later(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MdbChanger, "payout_s", 0.5)
    stand.start()
    mark = stand.count("a")
    stand.peer.do("set", held=True)
    stand.device.pay_out("a", 100, mark)
    assert "has been paying out" in stand.expect_health(Health.FAILED)
    stand.peer.do("set", held=False)
    assert stand.ended("a") == PayoutEnded("a", Ended.DONE, 100)
    assert stand.peer.cents("paid") == 100


@pytest.mark.parametrize("what", ["lose", "nack", "silence", "power", "blink", "unplug", "garble", "late"])
@pytest.mark.parametrize(
    ("level", "at"),
    [(3, "0F02"), (3, "0F04"), (3, "0F03"), (3, "0B"), (3, "0A"), (2, "0D"), (2, "0B"), (2, "0A")],
)
def test_whatever_happens_to_a_payout_it_is_paid_once_and_told_right(
    build: Callable[..., Stand], level: int, at: str, what: str
) -> None:
    stand = build(level=level).start()
    mark = stand.count("a")
    order = "" if at in ("0F02", "0D") else "0F02" if level == 3 else "0D"
    stand.peer.do(
        "trap", on=at, what=what, when="before" if what == "silence" else "after", since=order, skip=bool(order)
    )
    stand.device.pay_out("a", 375, mark)
    wait_until(
        lambda: not stand.peer.look("traps") or stand.inbox.of(PayoutEnded),
        timeout=60,
        what="the trap or the end",
    )
    stand.peer.do("plug")
    if not stand.peer.look("powered"):
        stand.peer.do("power", on=True)
    told, fell = stand.ended("a"), stand.peer.cents("paid")
    assert told.ended in (Ended.DONE, Ended.FAILED), told
    assert told.paid == fell <= 375
    assert len(stand.peer.lines("order")) <= (1 if level == 3 else 5)


@pytest.mark.parametrize("level", [2, 3])
def test_random_payouts_are_paid_once_and_told_right_over_kills_and_power_cuts(
    build: Callable[..., Stand], level: int
) -> None:
    dice = random.Random(SEED)
    stand = build(level=level).start()
    for number in range(40):
        stand.peer.do("keep", tubes=[20, 20, 20, 20, 20, 0])
        before, amount, name = stand.peer.cents("paid"), 5 * dice.randint(1, 150), f"p{number}"
        mark = stand.count(name)
        fate = dice.choice(["well", "cut", "killed", "cut, killed"])
        if fate.startswith("cut"):
            stand.peer.do("set", cut_after=dice.randint(0, 3))
        if fate == "killed":
            stand.peer.do("trap", on="0B", what="unplug", skip=dice.randint(0, 3))
        stand.device.pay_out(name, amount, mark)
        if fate == "killed":
            wait_until(lambda: not stand.peer.look("plugged"), what=fate)
        if fate.startswith("cut"):
            wait_until(
                lambda name=name: (
                    not stand.peer.look("powered")
                    or [it for it in stand.inbox.of(PayoutEnded) if it.payout == name]
                ),
                what=fate,
            )
        if fate.endswith("killed"):
            stand.device.stop()
        ended = [it for it in stand.inbox.of(PayoutEnded) if it.payout == name]
        stand.peer.do("plug")
        stand.peer.do("set", cut_after=None)
        if not stand.peer.look("powered"):
            stand.peer.do("power", on=True)
        if fate.endswith("killed"):
            stand.start(mark)
            if ended:
                stand.inbox.put(ended[0])
            else:
                stand.device.tell_payout(name, amount, mark)
        told, fell = stand.ended(name), stand.peer.cents("paid") - before
        assert told.ended is not Ended.UNKNOWN, (told, fate, SEED)
        assert told.paid == fell <= amount, (told, fell, fate, SEED)
        wait_until(lambda: stand.device.condition.health in (Health.OK, Health.DEGRADED), timeout=60)


def test_where_coins_came_in_after_the_mark_it_is_unknown_what_was_paid(build: Callable[..., Stand]) -> None:
    stand = build(level=2).start()
    stand.open(10_000)
    mark = stand.count("a")
    stand.device.pay_out("a", 50, mark)
    assert stand.ended("a").paid == 50
    assert coin_told(stand, 3)  # into the same tube: its count is what it was
    stand.device.stop()
    stand.start(stand.inbox.of(DeviceMarked)[-1].mark)
    stand.device.tell_payout("a", 50, mark)
    told = stand.ended("a")
    assert told.ended is Ended.UNKNOWN
    assert told.paid == 0
    assert told.words
    assert stand.peer.cents("paid") == 50


def test_a_full_tube_cannot_tell_but_the_changer_can(build: Callable[..., Stand]) -> None:
    stand = build(tubes=[20, 20, 20, 60, 20, 0]).start()
    mark = stand.count("a")
    stand.peer.do("trap", on="0F04", what="unplug")
    stand.device.pay_out("a", 50, mark)
    wait_until(lambda: not stand.peer.look("plugged"), what="the plug to be out")
    stand.device.stop()
    stand.peer.do("plug")
    stand.start(mark)
    stand.device.tell_payout("a", 50, mark)
    assert stand.ended("a") == PayoutEnded("a", Ended.DONE, 50)
    stand.device.tell_payout("never", 50, mark)  # what it says of its last payout is no other one's
    assert stand.ended("never").ended is Ended.UNKNOWN


def test_a_changer_that_never_says_that_a_payout_is_over_is_asked_what_it_paid(
    build: Callable[..., Stand],
) -> None:
    stand = build(keeps_saying=True).start()
    assert stand.pay("a", 185) == PayoutEnded("a", Ended.DONE, 185)
    stand.restart()
    assert stand.pay("b", 50).paid == 50
