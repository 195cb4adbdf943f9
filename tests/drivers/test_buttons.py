"""Buttons: one body for the simulated ones and for buttons on lines of every kind."""

import threading

import msgspec
import pytest

from drivers.device import Pace
from drivers.panel.gpio_buttons import GpioButtons, GpioButtonsOptions
from drivers.panel.simulated import SimulatedButtons, SimulatedButtonsOptions
from terminal.core.events import ButtonPressed, DeviceChanged, Health
from tests.drivers.benches import BENCHES, MS
from tests.support.waiting import wait_until

LINES = {"espresso": 5, "cancel": "GPIO13"}
STUCK_S = 10


class SimulatedPanel:
    def __init__(self, inbox, monkeypatch):
        self.device = SimulatedButtons("front", SimulatedButtonsOptions(buttons=tuple(LINES)), inbox.put)

    def press(self, button):
        self.device.hands["button"](button)

    def lose(self):
        self.device.hands["unplug"]()

    def restore(self):
        self.device.hands["plug"]()


class GpioPanel:
    def __init__(self, inbox, monkeypatch, kind="simulated"):
        self.bench = BENCHES[kind](monkeypatch)
        self.bench.stop_clock()
        options = GpioButtonsOptions(buttons=LINES, stuck_s=STUCK_S, **self.bench.options)
        self.device = GpioButtons("front", options, inbox.put)

    def press(self, button):
        self.down(button)
        wait_until(lambda: not self.device._closing, what="a button that was taken")
        self.up(button)

    def down(self, button):
        self.bench.train(LINES[button], [(self.bench.now, False)])
        wait_until(lambda: self.device._closing, what="a contact that was seen")
        self.pass_time(50)

    def up(self, button):
        self.bench.train(LINES[button], [(self.bench.now, True)])
        self.pass_time(500)

    def pass_time(self, ms):
        self.bench.now += ms * MS
        self.device._interrupt()

    def settle(self):
        """Let the driver take all edges and the time: it does one of them after each order."""
        for _ in range(4):
            done = threading.Event()
            self.device._order(done.set, lambda _words: None)
            assert done.wait(30)

    def lose(self):
        self.bench.lines.pull()

    def restore(self):
        self.bench.lines.put_back()


PANELS = {
    "simulated": SimulatedPanel,
    **{
        f"gpio {kind}": lambda inbox, monkeypatch, kind=kind: GpioPanel(inbox, monkeypatch, kind)
        for kind in BENCHES
    },
}


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    for driver in (GpioButtons, SimulatedButtons):
        monkeypatch.setattr(driver, "pace", Pace(first_s=0.001, last_s=0.01))


def started(panel, inbox, running):
    running(panel.device)
    inbox.wait(lambda _: inbox.of(DeviceChanged))
    return panel


@pytest.fixture(params=PANELS)
def panel(request, inbox, monkeypatch, running):
    return started(PANELS[request.param](inbox, monkeypatch), inbox, running)


@pytest.fixture(params=BENCHES)
def gpio(request, inbox, monkeypatch, running):
    return started(GpioPanel(inbox, monkeypatch, request.param), inbox, running)


def wait_pressed(inbox, *buttons):
    inbox.wait(
        lambda _: [event.button for event in inbox.of(ButtonPressed)] == list(buttons), what=f"{buttons}"
    )


def test_each_press_is_told_once(panel, inbox):
    for button in ("espresso", "cancel", "espresso"):
        panel.press(button)
    wait_pressed(inbox, "espresso", "cancel", "espresso")
    assert inbox.of(ButtonPressed)[0] == ButtonPressed("front", "espresso")


@pytest.mark.parametrize("kind", ["simulated", "gpio simulated"])
def test_a_lost_panel_is_missing_and_comes_back(kind, inbox, monkeypatch, running):
    panel = started(PANELS[kind](inbox, monkeypatch), inbox, running)
    panel.lose()
    inbox.wait(lambda _: inbox.of(DeviceChanged)[-1].health is Health.MISSING)
    panel.restore()
    inbox.wait(lambda _: inbox.of(DeviceChanged)[-1].health is Health.OK)
    panel.press("cancel")
    wait_pressed(inbox, "cancel")


def test_a_simulated_panel_has_its_own_buttons_only(inbox, running, monkeypatch):
    panel = started(SimulatedPanel(inbox, monkeypatch), inbox, running)
    with pytest.raises(ValueError, match="espresso, cancel"):
        panel.press("latte")
    with pytest.raises(ValueError, match="no button"):
        panel.press("")
    panel.lose()
    with pytest.raises(ValueError, match="unplugged"):
        panel.press("cancel")
    assert inbox.of(ButtonPressed) == []


def test_a_panel_without_a_list_has_any_button(inbox, running):
    device = running(SimulatedButtons("front", SimulatedButtonsOptions(), inbox.put))
    inbox.wait(lambda _: inbox.of(DeviceChanged))
    device.hands["button"]("42")
    wait_pressed(inbox, "42")


def test_a_spike_is_no_press(gpio, inbox):
    gpio.bench.train(5, [(gpio.bench.now, False), (gpio.bench.now + 5 * MS, True)])
    gpio.pass_time(500)
    wait_until(lambda: not gpio.device._closing)
    gpio.press("cancel")
    wait_pressed(inbox, "cancel")


def test_a_press_that_bounces_is_one(gpio, inbox):
    now = gpio.bench.now
    bounces = [(now + t * MS, t % 2 == 1) for t in range(7)]
    gpio.bench.train(5, bounces)
    gpio.pass_time(60)
    wait_pressed(inbox, "espresso")
    gpio.bench.train(
        5, [(gpio.bench.now + t * MS, t % 2 == 0) for t in range(6)] + [(gpio.bench.now + 6 * MS, True)]
    )
    gpio.pass_time(500)
    gpio.press("cancel")
    wait_pressed(inbox, "espresso", "cancel")


def test_what_follows_at_once_is_the_same_press(gpio, inbox):
    gpio.down("espresso")
    wait_pressed(inbox, "espresso")
    now = gpio.bench.now
    gpio.bench.train(5, [(now + MS, True), (now + 30 * MS, False)])
    gpio.pass_time(60)
    gpio.settle()
    gpio.up("espresso")
    gpio.press("cancel")
    wait_pressed(inbox, "espresso", "cancel")
    gpio.press("espresso")
    wait_pressed(inbox, "espresso", "cancel", "espresso")


def test_a_button_held_down_is_one_press(gpio, inbox):
    gpio.down("espresso")
    wait_pressed(inbox, "espresso")
    gpio.pass_time(60_000)
    gpio.up("espresso")
    gpio.press("cancel")
    wait_pressed(inbox, "espresso", "cancel")


def conditions(inbox):
    return [(each.health, each.words) for each in inbox.of(DeviceChanged)]


def test_a_button_that_is_stuck_is_told_and_the_others_go_on(gpio, inbox):
    gpio.down("espresso")
    wait_pressed(inbox, "espresso")
    gpio.pass_time(1000 * STUCK_S - 100)
    gpio.settle()
    assert len(conditions(inbox)) == 1, "a slow finger"
    gpio.pass_time(100)
    inbox.wait(lambda _: len(conditions(inbox)) == 2)
    health, words = conditions(inbox)[1]
    assert health is Health.DEGRADED
    assert words.startswith("button 'espresso' is pressed for more than 10 s: stuck")
    gpio.press("cancel")
    wait_pressed(inbox, "espresso", "cancel")
    gpio.up("espresso")
    inbox.wait(lambda _: conditions(inbox)[-1] == (Health.OK, ""))
    gpio.press("espresso")
    wait_pressed(inbox, "espresso", "cancel", "espresso")


def test_a_contact_that_bounces_and_then_sticks_is_stuck(gpio, inbox):
    gpio.down("espresso")
    wait_pressed(inbox, "espresso")
    now = gpio.bench.now
    gpio.bench.train(5, [(now + MS, True), (now + 2 * MS, False)])
    gpio.pass_time(1000 * STUCK_S)
    inbox.wait(lambda _: conditions(inbox)[-1][0] is Health.DEGRADED)


@pytest.mark.parametrize("kind", BENCHES)
def test_buttons_that_are_stuck_from_the_start_press_nothing(kind, inbox, monkeypatch, running):
    panel = GpioPanel(inbox, monkeypatch, kind)
    panel.bench.drive(5, high=False)
    panel.bench.drive(13, high=False)
    started(panel, inbox, running)
    panel.pass_time(1000 * STUCK_S)
    inbox.wait(lambda _: conditions(inbox)[-1][0] is Health.DEGRADED)
    assert conditions(inbox)[-1][1].startswith("buttons 'espresso', 'cancel' are pressed for more than")
    assert inbox.of(ButtonPressed) == []


@pytest.mark.parametrize("kind", BENCHES)
def test_several_panels_on_one_chip_each_tell_their_own(kind, inbox, monkeypatch, running):
    first = GpioPanel(inbox, monkeypatch, kind)
    options = GpioButtonsOptions(buttons={"espresso": 6}, **first.bench.options)
    second = running(GpioButtons("back", options, inbox.put))
    started(first, inbox, running)
    inbox.wait(lambda _: len(inbox.of(DeviceChanged)) == 2)
    first.press("espresso")
    inbox.wait(lambda _: inbox.of(ButtonPressed) == [ButtonPressed("front", "espresso")])
    first.bench.train(6, [(first.bench.now, False)])
    wait_until(lambda: second._closing, what="a contact that was seen")
    first.bench.now += 50 * MS
    second._interrupt()
    inbox.wait(
        lambda _: (
            inbox.of(ButtonPressed) == [ButtonPressed("front", "espresso"), ButtonPressed("back", "espresso")]
        )
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"buttons": {}}, "length"),
        ({"buttons": {"a": 5, "b": 5}}, "same line"),
        ({"buttons": {"a": -5}}, "buttons.a is"),
        ({"buttons": {"a": 5}, "hold_ms": 0}, "hold_ms"),
        ({"buttons": {"a": 5}, "stuck_s": 0}, "stuck_s"),
    ],
)
def test_a_wrong_configuration_is_refused_with_a_sentence(options, words):
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(options, GpioButtonsOptions)
