"""Lamps and buzzers: rhythms that mean something, on one lamp or on several, on lines of every kind."""

import json
from itertools import combinations, groupby

import msgspec
import pytest

from drivers.contract import Condition, Signal
from drivers.device import Pace
from drivers.panel.gpio_indicator import GpioIndicator, GpioIndicatorOptions
from drivers.panel.patterns import PATTERNS, Pattern, Rhythm
from drivers.panel.simulated import SimulatedIndicator, SimulatedIndicatorOptions
from terminal.core.events import DeviceChanged, Health
from tests.drivers.benches import BENCHES, MS
from tests.support.waiting import wait_until

LAMP, BUZZER = 16, 26
LASTING = [signal for signal in Signal if PATTERNS[signal].lasting]
ONCE = [signal for signal in Signal if not PATTERNS[signal].lasting]


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    for driver in (GpioIndicator, SimulatedIndicator):
        monkeypatch.setattr(driver, "pace", Pace(first_s=0.001, last_s=0.01))


# -- rhythms -------------------------------------------------------------------------------------------


def course(rhythm, until_ms=20_000):
    """Return when it changes, by asking each time for the moment of the next change."""
    changes, ms = [], 0
    while ms < until_ms:
        on, wait_ms = rhythm.at(ms)
        if not changes or changes[-1][1] is not on:
            changes.append((ms, on))
        if wait_ms is None:
            break
        assert wait_ms > 0, "who waits for this would never get on"
        ms += wait_ms
    return changes


@pytest.mark.parametrize(
    ("rhythm", "changes"),
    [
        (Rhythm(), [(0, False)]),
        (Rhythm((10,)), [(0, True)]),
        (Rhythm((10,), times=1), [(0, True), (10, False)]),
        (Rhythm((10, 5), times=2), [(0, True), (10, False), (15, True), (25, False)]),
        (Rhythm((10, 5), times=1, after_ms=7), [(0, False), (7, True), (17, False)]),
        (Rhythm((10, 5, 3, 2), after_ms=1), [(0, False), (1, True), (11, False), (16, True), (19, False)]),
    ],
)
def test_a_rhythm_goes_as_it_is_written(rhythm, changes):
    assert course(rhythm)[: len(changes)] == changes
    if rhythm.times is not None:
        assert course(rhythm) == changes


@pytest.mark.parametrize("signal", Signal)
def test_the_way_there_and_each_moment_tell_the_same(signal):
    """Whoever sleeps until the next change misses none."""
    for rhythm in (PATTERNS[signal].lamp, PATTERNS[signal].buzzer):
        by_moment = [
            (next(each)[0], on)
            for on, each in groupby(((ms, rhythm.at(ms)[0]) for ms in range(20_000)), key=lambda each: each[1])
        ]
        assert course(rhythm) == by_moment


def test_every_signal_has_a_pattern():
    assert set(PATTERNS) == set(Signal)
    assert set(LASTING) == {Signal.READY, Signal.BUSY, Signal.CALL_STAFF}


@pytest.mark.parametrize(("one", "other"), list(combinations(Signal, 2)))
def test_one_lamp_of_any_colour_tells_them_apart_within_two_seconds(one, other):
    def seen(signal):
        return [PATTERNS[signal].lamp.at(ms)[0] for ms in range(0, 2_200, 10)]

    differ_ms = 10 * sum(a is not b for a, b in zip(seen(one), seen(other), strict=True))
    assert differ_ms >= 200


@pytest.mark.parametrize(
    ("one", "other"), list(combinations([each for each in Signal if PATTERNS[each].buzzer.steps], 2))
)
def test_what_sounds_sounds_different(one, other):
    assert course(PATTERNS[one].buzzer) != course(PATTERNS[other].buzzer)


@pytest.mark.parametrize("signal", Signal)
def test_the_buzzer_is_never_on_for_ever(signal):
    assert course(PATTERNS[signal].buzzer)[-1][1] is False


def test_what_is_over_at_once_calls_nobody_by_sound():
    """At a start the machine has not answered yet, and is out of order for a moment."""
    assert all(not PATTERNS[Signal.CALL_STAFF].buzzer.at(ms)[0] for ms in range(0, 2_000, 50))


@pytest.mark.parametrize("signal", ONCE)
def test_what_happened_once_goes_out(signal):
    assert course(PATTERNS[signal].lamp)[-1][1] is False


# -- on lines ------------------------------------------------------------------------------------------


class Panel:
    def __init__(self, inbox, monkeypatch, kind, **options):
        self.bench = BENCHES[kind](monkeypatch)
        self.bench.stop_clock()
        given = {"lamp": LAMP, "buzzer": BUZZER, **options}
        self.device = GpioIndicator("lamps", GpioIndicatorOptions(**given, **self.bench.options), inbox.put)

    def begin(self, signal):
        """Show *signal*, and return when its rhythm has begun."""
        self.device.show(signal)
        wait_until(lambda: self.device._signal is signal and self.device._since_ns == self.bench.now)

    def seen(self, ms, line=LAMP):
        """Return whether *line* is high *ms* from now on, which is now then."""
        self.bench.now += ms * MS
        self.device._order(lambda: None, lambda _words: None)  # wakes it, as the time would
        expected = self.wanted(line)
        wait_until(lambda: self.bench.high(line) is expected, what=f"line {line} to be {expected}")
        return expected

    def wanted(self, line):
        pattern = PATTERNS[self.device._signal]
        ms = (self.bench.now - self.device._since_ns) // MS
        return (pattern.buzzer if line == BUZZER else pattern.lamp).at(ms)[0]


@pytest.fixture(params=BENCHES)
def panel(request, inbox, monkeypatch, running):
    def build(**options):
        panel = Panel(inbox, monkeypatch, request.param, **options)
        running(panel.device)
        inbox.wait(lambda _: inbox.of(DeviceChanged))
        return panel

    return build


def test_all_is_off_from_the_first_moment_and_after_the_stop(panel):
    it = panel(active_low=True, lamps={"busy": 5})
    assert [it.bench.history(line) for line in (LAMP, 5, BUZZER)] == [[True], [True], [False]]
    it.begin(Signal.READY)
    wait_until(lambda: not it.bench.high(LAMP))
    it.device.stop()
    assert [it.bench.high(line) for line in (LAMP, 5, BUZZER)] == [True, True, False]


def test_a_lamp_blinks_by_itself(inbox, monkeypatch, running):
    """With the real clock: nobody wakes it."""
    bench = BENCHES["simulated"](monkeypatch)
    monkeypatch.setitem(PATTERNS, Signal.BUSY, Pattern(Rhythm((5, 5))))
    options = GpioIndicatorOptions(lamp=LAMP, **bench.options)
    device = running(GpioIndicator("lamps", options, inbox.put))
    device.show(Signal.BUSY)
    wait_until(lambda: len(bench.history(LAMP)) > 20, what="ten flashes")
    levels = bench.history(LAMP)
    assert levels == [number % 2 == 1 for number in range(len(levels))], "on and off by turns"


def test_a_lamp_follows_its_rhythm(panel):
    it = panel()
    it.begin(Signal.BUSY)
    assert [it.seen(ms) for ms in (0, 499, 2, 498, 2)] == [True, True, False, False, True]


def test_the_buzzer_has_its_own(panel):
    it = panel()
    it.begin(Signal.REFUSED)
    assert it.seen(0, BUZZER)
    assert it.seen(790, BUZZER)
    assert not it.seen(20, BUZZER)
    assert not it.seen(60_000, LAMP)


def test_each_signal_may_have_its_lamp(panel):
    it = panel(lamps={"ready": 5, "refused": 6, "call_staff": 6})
    it.begin(Signal.READY)
    wait_until(lambda: it.bench.high(5))
    it.begin(Signal.REFUSED)
    wait_until(lambda: it.bench.high(6))
    assert not it.bench.high(5)
    it.begin(Signal.ACCEPTED)
    wait_until(lambda: it.bench.high(LAMP))
    assert not it.bench.high(6)


def test_a_signal_without_a_lamp_leaves_them_dark(panel):
    it = panel(lamp=None, buzzer=None, lamps={"ready": 5})
    it.begin(Signal.READY)
    wait_until(lambda: it.bench.high(5))
    it.begin(Signal.BUSY)
    wait_until(lambda: not it.bench.high(5))


def test_what_lasts_goes_on_when_it_is_told_again(panel):
    """Out of order is shown again at every change of a device: the staff is called once."""
    it = panel()
    it.begin(Signal.CALL_STAFF)
    assert it.seen(2_100, BUZZER)
    it.device.show(Signal.CALL_STAFF)
    assert not it.seen(500, BUZZER)
    assert not it.seen(60_000, BUZZER)
    assert it.bench.history(BUZZER) == [False, True, False]


def test_what_happens_once_more_is_told_once_more(panel):
    it = panel()
    it.begin(Signal.REFUSED)
    assert not it.seen(10_000)
    it.begin(Signal.REFUSED)
    assert it.seen(0)


def test_a_panel_that_comes_back_shows_what_is_said_now(inbox, monkeypatch, running):
    it = Panel(inbox, monkeypatch, "simulated")
    running(it.device)
    inbox.wait(lambda _: inbox.of(DeviceChanged))
    it.begin(Signal.READY)
    it.bench.lines.pull()
    it.device.show(Signal.REFUSED)  # it sounds, so that a line is driven at once
    inbox.wait(lambda _: inbox.of(DeviceChanged)[-1].health is Health.MISSING)
    it.device.show(Signal.CALL_STAFF)
    it.bench.lines.put_back()
    inbox.wait(lambda _: inbox.of(DeviceChanged)[-1].health is Health.OK)
    wait_until(lambda: it.device._signal is Signal.CALL_STAFF and it.bench.high(LAMP))


def test_a_line_that_fails_once_is_taken_anew(inbox, monkeypatch, running):
    it = Panel(inbox, monkeypatch, "gpiod")
    running(it.device)
    inbox.wait(lambda _: inbox.of(DeviceChanged))
    it.bench.break_output(LAMP)
    it.device.show(Signal.READY)
    wait_until(lambda: it.bench.high(LAMP))
    assert it.device.condition.health is Health.OK, "one miss is nobody's business"


@pytest.mark.parametrize("kind", ["simulated", "rpi"])
def test_lines_that_cannot_be_driven_are_told(inbox, monkeypatch, running, kind):
    it = Panel(inbox, monkeypatch, kind)
    running(it.device)
    inbox.wait(lambda _: inbox.of(DeviceChanged))
    it.bench.break_output(LAMP)
    it.device.show(Signal.READY)
    inbox.wait(lambda _: any(each.health is not Health.OK for each in inbox.of(DeviceChanged)))


def test_lamps_and_buzzer_are_put_out_from_outside(bench):
    options = GpioIndicatorOptions(
        lamp=LAMP, lamps={"busy": 5}, active_low=True, buzzer=BUZZER, **bench.options
    )
    GpioIndicator.make_safe(options)
    assert [set(bench.history(line)) for line in (LAMP, 5, BUZZER)] == [{True}, {True}, {False}]
    assert not bench.taken(LAMP)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "needs one of them"),
        ({"lamp": -1}, "lamp is"),
        ({"lamps": {"ready": ""}}, "lamps.ready is"),
        ({"lamps": {"redy": 5}}, "redy"),
        ({"lamp": 5, "buzzer": 5}, "two lines"),
        ({"lamps": {"busy": 5}, "buzzer": 5}, "two lines"),
    ],
)
def test_a_wrong_configuration_is_refused_with_a_sentence(options, words):
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(options, GpioIndicatorOptions)


# -- the simulated one ---------------------------------------------------------------------------------


def test_the_simulated_one_tells_what_it_shows(inbox, running, tmp_path):
    record = tmp_path / "record"
    options = SimulatedIndicatorOptions(record=str(record))
    device = running(SimulatedIndicator("lamps", options, inbox.put))
    inbox.wait(lambda _: inbox.of(DeviceChanged))
    for signal in Signal:
        device.show(signal)
    wait_until(lambda: list(device.shown) == list(Signal))
    assert device.condition == Condition(Health.OK, "shows: call staff")
    assert [json.loads(line)["signal"] for line in record.read_text().splitlines()] == [
        signal.value for signal in Signal
    ]
    assert inbox.of(DeviceChanged) == [DeviceChanged("lamps", "indicator", Health.OK)], "no news for the core"


def test_an_unplugged_one_is_missing_and_shows_the_last_signal_when_it_is_back(inbox, running):
    device = running(SimulatedIndicator("lamps", SimulatedIndicatorOptions(), inbox.put))
    inbox.wait(lambda _: inbox.of(DeviceChanged))
    device.hands["unplug"]()
    inbox.wait(lambda _: inbox.of(DeviceChanged)[-1].health is Health.MISSING)
    device.show(Signal.READY)
    device.show(Signal.BUSY)
    assert device.condition.health is Health.MISSING
    device.hands["plug"]()
    inbox.wait(lambda _: inbox.of(DeviceChanged)[-1].health is Health.OK)
    wait_until(lambda: device.shown and device.shown[-1] is Signal.BUSY)
