"""The MDB changer on a real pseudo-terminal, before a program that plays adapter and changer."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from drivers.coins.mdb import MdbChanger
from terminal.core.events import (
    ButtonPressed,
    CoinInserted,
    CoinTrouble,
    CoinUnrecognised,
    DeviceChanged,
    DeviceMarked,
    Ended,
    Health,
    PayoutCounted,
    PayoutEnded,
    Place,
)
from tests.drivers.changer_bench import NAME, ONE_EURO, ChangerPeer, Quick, quick
from tests.support.seed import SEED
from tests.support.waiting import Inbox, wait_until


class Stand:
    """A changer, the driver for it as it is now, and what that tells."""

    def __init__(self, folder: Path, **kept: Any) -> None:
        self.peer = ChangerPeer(folder, **kept)
        self.options: dict[str, Any] = {}
        self.inbox = Inbox()
        self.device: Quick = quick(self.peer, self.inbox.put)

    def start(self, mark: str = "", **options: Any) -> Stand:
        """Start a new driver, and wait until it works."""
        self.inbox = Inbox()
        self.device = quick(self.peer, self.inbox.put, **(options or self.options))
        self.device.resume(mark)
        self.device.start()
        self.expect_health(Health.OK)
        return self

    def restart(self, mark: str = "") -> None:
        self.device.stop()
        self.start(mark)

    def close(self) -> None:
        self.device.stop()
        self.peer.close()

    def open(self, limit: int) -> None:
        self.device.accept(limit)
        wait_until(lambda: self.peer.look("enabled"), what="coins to be taken")

    def shut(self) -> None:
        self.device.inhibit()
        wait_until(lambda: not self.peer.look("enabled"), what="coins not to be taken")

    def coin(self, kind: int, route: str | None = None) -> bool:
        return bool(self.peer.do("coin", kind=kind, route=route))

    def at_rest(self) -> None:
        """Wait until the driver has polled some times more."""
        asked = self.peer.look("asked")
        wait_until(lambda: self.peer.look("asked") >= asked + 6, what="polls")

    def expect_health(self, health: Health, words: str = "") -> str:
        def is_so() -> bool:
            changes = self.inbox.of(DeviceChanged)
            return bool(changes) and changes[-1].health is health and words in changes[-1].words

        wait_until(is_so, timeout=60, what=f"{health}, {words!r}, not {self.inbox.of(DeviceChanged)[-1:]}")
        return self.inbox.of(DeviceChanged)[-1].words

    def coins(self) -> list[int]:
        return [coin.amount for coin in self.inbox.of(CoinInserted)]

    def expect(self, *cents: int) -> None:
        wait_until(lambda: len(self.coins()) >= len(cents), what=f"{cents}")
        assert self.coins() == list(cents)

    def troubles(self, trouble: CoinTrouble) -> list[CoinUnrecognised]:
        return [each for each in self.inbox.of(CoinUnrecognised) if each.trouble is trouble]

    def expect_trouble(self, trouble: CoinTrouble, count: int = 1) -> list[CoinUnrecognised]:
        wait_until(lambda: len(self.troubles(trouble)) >= count, timeout=60, what=f"{trouble}")
        assert len(self.troubles(trouble)) == count
        return self.troubles(trouble)

    def count(self, payout: str) -> str:
        self.device.count(payout)
        counted = wait_until(lambda: [it for it in self.inbox.of(PayoutCounted) if it.payout == payout])
        return counted[0].mark

    def ended(self, payout: str) -> PayoutEnded:
        return wait_until(
            lambda: [it for it in self.inbox.of(PayoutEnded) if it.payout == payout], timeout=60, what=payout
        )[0]

    def pay(self, payout: str, amount: int) -> PayoutEnded:
        self.device.pay_out(payout, amount, self.count(payout))
        return self.ended(payout)


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    with closing(Stand(tmp_path)) as stand:
        yield stand


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., Stand]]:
    stands: list[Stand] = []

    def make(**kept: Any) -> Stand:
        stands.append(Stand(tmp_path, **kept))
        return stands[-1]

    yield make
    for stand in stands:
        stand.close()


# -- opening -----------------------------------------------------------------------------------------------


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


# -- coins -------------------------------------------------------------------------------------------------


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


# -- what was lost -----------------------------------------------------------------------------------------


def test_coins_that_it_took_while_the_adapter_was_away_are_told_when_it_is_back(stand: Stand) -> None:
    stand.start()
    stand.open(10_000)
    stand.peer.do("unplug")
    assert stand.coin(3)
    assert stand.coin(5)
    stand.expect_health(Health.MISSING)
    stand.peer.do("plug")
    stand.expect_health(Health.OK)
    stand.expect(50, 200)
    assert "may not have been told" in stand.expect_trouble(CoinTrouble.LOST)[0].words  # nobody can know


@pytest.mark.parametrize("what", ["lose", "garble", "late"])
@pytest.mark.parametrize("kind", [3, 5])
def test_a_coin_whose_answer_is_lost_is_reported_and_never_credited(stand: Stand, kind: int, what: str) -> None:
    stand.start()
    stand.open(10_000)
    stand.peer.do("trap", on="0B", what="silence", when="before", times=2)
    assert stand.coin(kind)
    stand.peer.do("trap", on="0B", what=what)
    wait_until(lambda: not stand.peer.look("traps"), what="the trap")
    told = stand.expect_trouble(CoinTrouble.LOST, 2 if kind == 3 else 1)
    assert ("1 of 0.50" in told[-1].words) == (kind == 3)  # its tube has it; the cash box is silent
    stand.open(10_000)
    assert stand.coin(4)
    stand.expect(100)


def test_what_only_the_adapter_could_not_hear_is_told_again(stand: Stand) -> None:
    stand.start()
    stand.open(10_000)
    stand.peer.do("trap", on="0B", what="nack", times=3)
    assert stand.coin(3)
    assert stand.coin(5)
    stand.expect(50, 200)
    assert stand.inbox.of(CoinUnrecognised) == []


@pytest.mark.parametrize("is_open", [False, True])
def test_a_changer_that_resets_itself_is_set_up_again(stand: Stand, *, is_open: bool) -> None:
    stand.start()
    if is_open:
        stand.open(10_000)
    stand.peer.do("power", on=False)
    stand.peer.do("power", on=True)
    if not is_open:
        stand.open(10_000)
    wait_until(lambda: stand.coin(3), what="it to take coins again")
    stand.expect(50)
    stand.at_rest()
    assert len(stand.troubles(CoinTrouble.LOST)) == is_open


def test_a_daemon_that_was_killed_while_coins_were_taken_reports_it(stand: Stand) -> None:
    stand.start()
    stand.open(10_000)
    marks = stand.inbox.of(DeviceMarked)
    assert coin_told(stand, 3)
    stand.restart(marks[-1].mark)  # killed before the coin was on the books
    told = stand.expect_trouble(CoinTrouble.LOST, 2)
    assert "1 of 0.50" in told[1].words
    assert stand.coins() == []
    stand.restart(stand.inbox.events[-1].mark if hasattr(stand.inbox.events[-1], "mark") else told[1].mark)
    stand.at_rest()
    assert stand.inbox.of(CoinUnrecognised) == []


def coin_told(stand: Stand, kind: int) -> bool:
    before = len(stand.coins())
    took = stand.coin(kind)
    if took:
        wait_until(lambda: len(stand.coins()) > before, what="the coin")
    return took


def test_every_coin_that_it_took_is_told_once_or_in_a_report(stand: Stand) -> None:
    dice = random.Random(SEED)
    stand.start()
    mark = stand.inbox.of(DeviceMarked)[-1].mark
    for session in range(120):
        before = len(stand.peer.lines("coin"))
        seen = len(stand.inbox.events)
        stand.open(10_000)
        opened = next(
            at for at, it in enumerate(stand.inbox.events) if at >= seen and isinstance(it, DeviceMarked)
        )
        fate = dice.choice(["well", "well", "lose", "nack", "unplug", "blink", "killed", "killed"])
        if fate in ("lose", "nack"):
            stand.peer.do("trap", on="0B", what=fate, skip=dice.randrange(4))
        for _ in range(dice.randint(0, 4)):
            stand.coin(dice.randrange(6))
        if fate in ("unplug", "blink"):
            stand.peer.do("trap", on="0B", what=fate)
        if fate != "well":
            wait_until(lambda: not stand.peer.look("traps"), what=fate)
        stand.peer.do("plug")
        wait_until(
            lambda: stand.device.condition.health is Health.OK and not stand.peer.look("untold"), timeout=60
        )
        if fate == "killed":
            stand.device.stop()
            events = stand.inbox.events
            done = events[: dice.randint(opened + 1, len(events))]
            mark = [it.mark for it in done if hasattr(it, "mark")][-1]
            told = [it for it in done[seen:] if isinstance(it, CoinInserted)]
            stand.start(mark)
            stand.at_rest()
            rest = stand.inbox.events
        else:
            stand.shut()
            wait_until(
                lambda: [it.mark for it in stand.inbox.events if hasattr(it, "mark")][-1].endswith("shut")
            )
            told = [it for it in stand.inbox.events[seen:] if isinstance(it, CoinInserted)]
            rest = stand.inbox.events[seen:]
        if fate == "killed":
            told += [it for it in rest if isinstance(it, CoinInserted)]
        took = Counter(line["cents"] for line in stand.peer.lines("coin")[before:])
        missing = took - Counter(coin.amount for coin in told)
        invented = Counter(coin.amount for coin in told) - took
        reports = [it for it in rest if isinstance(it, CoinUnrecognised) and it.trouble is CoinTrouble.LOST]
        assert not invented, (session, fate, SEED)
        assert bool(reports) or not missing, (session, fate, missing, SEED)
        if fate in ("well", "nack"):
            assert not missing
            assert not reports, (session, fate, reports, SEED)
        if any(kind in missing for kind in (5, 10, 20, 50)) and fate != "blink":
            assert sum(report.pulses for report in reports) >= 1


# -- payouts -----------------------------------------------------------------------------------------------


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
