"""Acceptors with several lines: what is forbidden, what is in doubt, and what a technician is told."""

import msgspec
import pytest

from drivers.coins.inhibits import Inhibits
from drivers.coins.pulse import PulseAcceptor, PulseOptions
from drivers.coins.pulses import Table
from drivers.device import DeviceFault, Pace
from terminal.core.events import CoinTrouble, Health
from tests.drivers import parallel_slots
from tests.drivers.benches import BENCHES, MS, pulses
from tests.drivers.parallel_slots import coins, health, healthy, wait_coins
from tests.drivers.pulse_slots import INHIBIT, INHIBITS, LINES, PULSE, ParallelSlot, PulseSlot
from tests.drivers.test_parallel_doubts import doubts
from tests.support.waiting import wait_until

start = parallel_slots.start

GOOD = {"line": 17, "inhibit_line": 27, "coins": {"1": 10, "2": 20}}

PARALLEL = {"lines": {"GPIO17": 10, "18": 20}, "inhibit_line": 27}


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(PulseAcceptor, "pace", Pace(first_s=0.001, last_s=0.01))


# -- what is forbidden ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BENCHES)
@pytest.mark.parametrize("level", ["high", "low"])
@pytest.mark.parametrize("common", [27, None])
def test_only_coins_that_fit_the_room_are_allowed(start, inbox, kind, level, common):
    slot = start(kind=kind, limit=120, inhibit_level=level, inhibit_line=common)
    assert [cents for cents in LINES.values() if slot.forbidden(cents)] == [200]
    slot.coin(100)
    wait_until(lambda: slot.forbidden(50))
    assert [cents for cents in LINES.values() if slot.forbidden(cents)] == [50, 100, 200]
    slot.coin(20)
    wait_until(lambda: slot.inhibited)
    wait_coins(inbox, 100, 20)


@pytest.mark.parametrize("kind", BENCHES)
def test_every_inhibit_line_forbids_from_its_first_moment_on_and_at_the_end(start, kind):
    slot = start(kind=kind)
    lines = [INHIBIT, *(int(line.removeprefix("GPIO")) for line in INHIBITS)]
    assert [slot.bench.history(line) for line in lines] == [[True, False]] * 6
    slot.device.stop()
    assert all(slot.bench.high(line) for line in lines)


@pytest.mark.parametrize("level", ["high", "low"])
def test_coins_are_forbidden_from_outside_on_every_line(bench, level):
    options = {**PARALLEL, "inhibit_lines": {"5": 10, "GPIO6": 20}, "inhibit_level": level, **bench.options}
    PulseAcceptor.make_safe(PulseOptions(**options))
    assert [set(bench.history(line)) for line in (27, 5, 6)] == [{level == "high"}] * 3
    assert not bench.taken(17)


def test_an_inhibit_line_that_is_in_use_is_a_sentence_and_the_others_are_let_go(inbox, monkeypatch, running):
    slot = ParallelSlot(inbox, monkeypatch)
    theirs = slot.bench.open().output(26, active_low=False, active=False)
    running(slot.device)
    inbox.wait(lambda _: health(inbox) == [Health.FAILED])
    assert "line GPIO26" in slot.device.condition.words
    theirs.close()
    healthy(inbox)


def test_the_lines_that_forbid_change_before_those_that_allow(monkeypatch):
    bench = BENCHES["simulated"](monkeypatch)
    inhibits = Inhibits(bench.open(), {5: 10, 6: 20, 7: 50}, smallest=10, active_low=False)
    order = []
    give = bench.lines.give
    monkeypatch.setattr(bench.lines, "give", lambda line, *, high: (order.append(line), give(line, high=high)))
    inhibits.allow(20)
    inhibits.allow(10)
    assert order == [5, 6, 6]
    inhibits._needs = {5: 100, 6: 10, 7: 10}
    inhibits.allow(10)
    assert order[3:] == [5, 6, 7]
    inhibits.close()


def test_a_line_that_cannot_be_driven_does_not_keep_the_others_from_being_closed(monkeypatch):
    bench = BENCHES["gpiod"](monkeypatch)
    inhibits = Inhibits(bench.open(), {5: None, 6: None}, smallest=10, active_low=False)
    inhibits.allow(10)
    bench.break_output(6)
    with pytest.raises(OSError, match="Input/output"):
        inhibits.forbid()
    assert bench.high(5)


# -- forbidden for long --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BENCHES)
@pytest.mark.parametrize("made", [PulseSlot, ParallelSlot])
def test_what_comes_long_after_it_was_forbidden_is_no_coin(start, inbox, kind, made):
    slot = start(made, kind)
    slot.device.inhibit()
    wait_until(lambda: slot.inhibited)
    slot.pass_time(slot.bench.now, 3_000)
    slot.noise(1)
    wait_coins(inbox, 10)  # it was on its way
    slot.pass_time(slot.bench.now, 1_000)
    slot.noise(1)
    (doubt,) = doubts(inbox)
    assert "a coin of 10 cents, 5 s after that was forbidden" in doubt.words
    assert doubt.trouble is CoinTrouble.UNKNOWN
    assert coins(inbox) == [10]


def test_a_coin_that_alone_was_forbidden_for_long_is_none_either(start, inbox):
    slot = start(limit=120)
    slot.pass_time(slot.bench.now, 60_000)
    slot.noise(1, slot.line_of(200))
    assert "a coin of 200 cents" in doubts(inbox)[0].words
    slot.noise(1, slot.line_of(100))
    wait_coins(inbox, 100)


def test_a_slot_that_opens_after_the_signal_began_makes_no_coin_of_it(start, inbox):
    slot = start(PulseSlot)
    slot.device.inhibit()
    wait_until(lambda: slot.inhibited)
    slot.pass_time(slot.bench.now, 60_000)
    levels, end = pulses(slot.bench.now + MS, 1)
    slot.bench.train(PULSE, levels)
    slot.device.accept(500)
    wait_until(lambda: not slot.inhibited)
    slot.pass_time(end)
    assert "60 s after" in doubts(inbox)[0].words
    assert coins(inbox) == []


def test_trust_can_be_given_for_ever(start, inbox):
    slot = start(PulseSlot, trust_inhibit_s=0)
    slot.device.inhibit()
    wait_until(lambda: slot.inhibited)
    slot.pass_time(slot.bench.now, 3_600_000)
    slot.noise(1)
    wait_coins(inbox, 10)


# -- bills ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BENCHES)
@pytest.mark.parametrize("gap_ms", [100, 300])
def test_a_bill_is_worth_its_pulses_and_may_be_slow(start, inbox, kind, gap_ms):
    options = {"unit": 500, "coins": {}, "end_ms": 1_000, "trust_inhibit_s": 20}
    slot = start(PulseSlot, kind, limit=100_000, **options)
    slot.device.inhibit()
    wait_until(lambda: slot.inhibited)
    slot.pass_time(slot.bench.now, 15_000)  # it was drawn in, and is on its way
    levels, end = pulses(slot.bench.now + MS, 20, 50, gap_ms)
    slot.bench.train(PULSE, levels)
    slot.pass_time(end, 2_000)
    wait_coins(inbox, 10_000)


# -- options -------------------------------------------------------------------------------------------


def test_values_follow_from_the_options():
    lines = {"GPIO17": 10, "18": {"1": 20, "3": 50}}
    options = msgspec.convert(
        {"lines": lines, "inhibit_line": "GPIO4", "inhibit_lines": {"5": 20}}, PulseOptions
    )
    assert options.tables == {"GPIO17": Table({1: 10}), 18: Table({1: 20, 3: 50})}
    assert options.forbids == {"GPIO4": None, 5: 20}
    options = msgspec.convert(GOOD, PulseOptions)
    assert options.tables == {17: Table({1: 10, 2: 20})}
    assert options.forbids == {27: None}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({**PARALLEL, "line": 19}, "exactly one of line"),
        ({"inhibit_line": 27, "unit": 10}, "exactly one of line"),
        ({**PARALLEL, "unit": 10}, "lines say by themselves"),
        ({**PARALLEL, "coins": {"1": 10}}, "lines say by themselves"),
        ({**PARALLEL, "lines": {"GPIO17": 0}}, "lines: GPIO17 = 0"),
        ({**PARALLEL, "lines": {"GPIO17": {}}}, "GPIO17 has no coins"),
        ({**PARALLEL, "lines": {"GPIO17": {"0": 10}}}, "lines: GPIO17: 0 = 10"),
        ({**PARALLEL, "lines": {"GPIO17": 10, "17": 20}}, "two lines"),
        ({**PARALLEL, "lines": {"": 10}}, "lines. is ''"),
        ({**PARALLEL, "inhibit_line": 18}, "two lines"),
        ({**PARALLEL, "inhibit_lines": {"GPIO27": 10}}, "two lines"),
        ({**PARALLEL, "inhibit_lines": {"17": 10}}, "two lines"),
        ({**PARALLEL, "inhibit_lines": {"5": 50}}, "no coin of 50 cents"),
        ({**PARALLEL, "inhibit_lines": {"5": 0}}, "more than 0"),
        ({"lines": {"17": 10, "18": 20, "19": 50}, "inhibit_lines": {"5": 20}}, "coins of 10, 50 cents"),
        ({"lines": {"17": 10}}, "neither inhibit_line nor inhibit_lines"),
        ({**GOOD, "coins": {}, "unit": 500, "inhibit_lines": {"5": 700}}, "no coin of 700 cents"),
        ({**PARALLEL, "end_ms": 160}, "end_ms is 160.*160"),
        ({**PARALLEL, "trust_inhibit_s": -1}, "trust_inhibit_s"),
    ],
)
def test_a_wrong_configuration_is_refused_with_a_sentence(options, words):
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(options, PulseOptions)


@pytest.mark.parametrize(
    "options",
    [
        {**PARALLEL, "inhibit_line": None, "inhibit_lines": {"5": 10, "6": 20}},
        {**GOOD, "inhibit_line": None, "inhibit_lines": {"5": 10, "6": 20}},
        {**GOOD, "coins": {}, "unit": 500, "inhibit_line": None, "inhibit_lines": {"5": 500, "6": 1000}},
        {**PARALLEL, "end_ms": 161},
        {**GOOD, "end_ms": 100},
    ],
)
def test_what_goes_together_is_taken(options):
    msgspec.convert(options, PulseOptions)


def test_a_name_that_the_chip_does_not_have_is_a_sentence(inbox, monkeypatch, running):
    slot = ParallelSlot(inbox, monkeypatch, lines={"SODA": 10}, inhibit_lines={})
    running(slot.device)
    inbox.wait(lambda _: health(inbox) == [Health.FAILED])
    assert "'SODA'" in slot.device.condition.words
    with pytest.raises(DeviceFault):
        slot.bench.open().edges(["SODA"], active_low=True, bias="none")
