"""Acceptors with several lines: what is in doubt, and what a technician is told."""

import pytest

from drivers.coins.doubts import MANY, WHILE_NS, Doubts
from drivers.coins.pulse import PulseAcceptor
from drivers.device import Pace
from terminal.core.events import CoinTrouble, CoinUnrecognised, DeviceChanged, Health
from tests.drivers import parallel_slots
from tests.drivers.benches import BENCHES, MS, WITH_WIDTHS, pulses
from tests.drivers.parallel_slots import coins, health, healthy, wait_coins
from tests.drivers.pulse_slots import ParallelSlot, PulseSlot
from tests.support.waiting import wait_until

start = parallel_slots.start


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(PulseAcceptor, "pace", Pace(first_s=0.001, last_s=0.01))


def doubts(inbox, count=1):
    inbox.wait(lambda _: len(inbox.of(CoinUnrecognised)) >= count, what="a doubt")
    return inbox.of(CoinUnrecognised)


def pass_until(slot, predicate):
    """Let seconds pass until it is so."""

    def later():
        slot.pass_time(slot.bench.now)
        return predicate()

    wait_until(later)


# -- doubts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BENCHES)
def test_a_jammed_line_closes_the_slot_and_is_named(start, inbox, kind):
    slot = start(kind=kind)
    slot.become(22, active=True)
    pass_until(slot, lambda: health(inbox) == [Health.FAILED])
    assert "its pulse line GPIO22 stays active" in slot.device.condition.words
    assert "wiring" in slot.device.condition.words
    wait_until(lambda: slot.inhibited)
    slot.become(22, active=False)
    pass_until(slot, lambda: health(inbox) == [Health.OK])
    wait_until(lambda: slot.open_for(10_000))
    assert doubts(inbox)[0].words.startswith("line GPIO22: ")
    assert coins(inbox) == []


@pytest.mark.parametrize("kind", BENCHES)
def test_a_line_that_is_jammed_when_it_starts_keeps_the_slot_closed(kind, inbox, monkeypatch, running):
    slot = ParallelSlot(inbox, monkeypatch, kind)
    slot.bench.train(22, [(slot.bench.now, False)])
    running(slot.device)
    healthy(inbox)
    pass_until(slot, lambda: health(inbox) == [Health.FAILED])
    slot.device.accept(500)
    assert slot.inhibited
    assert "GPIO22" in slot.device.condition.words


def test_nobody_waits_for_a_jammed_line_when_it_is_stopped(start, inbox):
    slot = start()
    slot.become(22, active=True)
    pass_until(slot, lambda: health(inbox) == [Health.FAILED])
    slot.device.stop()
    assert not slot.device._thread.is_alive()
    assert [doubt.words for doubt in doubts(inbox)] == ["line GPIO22: the acceptor was lost meanwhile"]


@pytest.mark.parametrize("kind", WITH_WIDTHS)
def test_two_lines_at_once_are_no_money(start, inbox, kind):
    slot = start(kind=kind)
    levels, end = pulses(slot.bench.now + MS, 1, 100)
    slot.bench.train(17, levels)
    slot.bench.train(22, levels)
    slot.pass_time(end)
    words = [doubt.words for doubt in doubts(inbox, 2)]
    assert all("GPIO17 and GPIO22 were active at the same moment" in each for each in words)
    assert coins(inbox) == []
    slot.coin(20)
    wait_coins(inbox, 20)


@pytest.mark.parametrize("kind", WITH_WIDTHS)
def test_an_edge_lost_on_one_line_leaves_the_others_alone(start, inbox, kind):
    slot = start(kind=kind)
    slot.bench.lose(22, 1)
    slot.noise(1, 22)
    slot.noise(1, 17)
    wait_coins(inbox, 10)
    lost = doubts(inbox)
    assert {doubt.trouble for doubt in lost} == {CoinTrouble.LOST}
    assert lost[0].words.startswith("line GPIO22: ")
    slot.noise(1, 22)
    wait_coins(inbox, 10, 50)


@pytest.mark.parametrize("kind", WITH_WIDTHS)
def test_a_coin_that_nobody_saw_is_reported_as_lost(start, inbox, kind):
    slot = start(kind=kind)
    slot.bench.lose(22, 2)
    slot.noise(1, 22)
    slot.noise(1, 17)
    wait_coins(inbox, 10)
    slot.pass_time(slot.bench.now)
    (lost,) = doubts(inbox)
    assert (lost.trouble, lost.pulses) == (CoinTrouble.LOST, 2)
    assert "nobody knows on which line" in lost.words


def test_one_line_that_never_rests_does_not_keep_the_others_from_being_told(start, inbox):
    slot = start()
    slot.coin(10)
    wait_coins(inbox, 10)
    levels, end = pulses(slot.bench.now + MS, 1, 100)
    slot.bench.train(17, levels)
    spikes = [(end + number * MS, number % 2 == 1) for number in range(1_000)]
    slot.bench.train(18, spikes)
    wait_coins(inbox, 10, 10)
    slot.pass_time(slot.bench.now)
    doubts(inbox)


# -- several doubts ------------------------------------------------------------------------------------


def test_several_doubts_within_a_while_are_an_alarm_that_goes_by_itself(start, inbox):
    slot = start(PulseSlot)
    for _ in range(MANY - 1):
        slot.noise(3)
    doubts(inbox, MANY - 1)
    assert health(inbox) == [Health.OK]
    slot.noise(7)
    inbox.wait(lambda _: health(inbox) == [Health.DEGRADED])
    words = slot.device.condition.words
    assert "within 10 minutes" in words
    assert "no coin of this acceptor has 3 pulses" in words
    assert not slot.inhibited
    changes = len(inbox.of(DeviceChanged))
    slot.coin(50)
    wait_coins(inbox, 50)
    assert len(inbox.of(DeviceChanged)) == changes
    slot.pass_time(slot.bench.now, 600_000)
    healthy(inbox)


def test_doubts_that_go_on_are_one_alarm():
    told = Doubts()
    assert told.due() is None
    for number in range(20):
        told.add(number * WHILE_NS // 10, f"spike {number}")
        assert bool(told.words(number * WHILE_NS // 10)) is (number >= MANY - 1)
    words = told.words(19 * WHILE_NS // 10)
    assert "the first: spike 0" in words
    assert told.words(told.due() - 1) == words
    end = told.due()
    assert told.words(end) == ""
    assert told.due() is None
    told.add(40 * WHILE_NS // 10, "another")
    assert told.due() is None
    assert told.words(40 * WHILE_NS // 10) == ""


# -- a technician --------------------------------------------------------------------------------------


def test_a_technician_hears_pulses_and_what_they_are_worth(start, inbox):
    slot = start(PulseSlot)
    heard = []
    slot.device.listener = heard.append
    slot.coin(20)
    slot.noise(12)
    doubts(inbox)
    assert [(each.way, each.meaning) for each in heard] == [
        ("<", "17: 2 pulses of 50, 50 ms: 20 cents"),
        (
            "<",
            "17: 12 pulses of 50, 50, 50, 50, 50, 50, 50, 50, ... ms: no coin of this acceptor has 12 pulses",
        ),
    ]


def test_without_widths_none_is_told(start, inbox):
    slot = start(PulseSlot, "rpi")
    heard = []
    slot.device.listener = heard.append
    slot.coin(20)
    wait_coins(inbox, 20)
    assert [each.meaning for each in heard] == ["17: 2 pulses: 20 cents"]
