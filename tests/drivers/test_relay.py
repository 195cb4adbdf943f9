"""The relay: confirmed or not, pulled from outside, on lines that break."""

import msgspec
import pytest

from drivers.device import DeviceFault
from drivers.releases.once import Once
from drivers.releases.relay import Relay, RelayOptions
from drivers.releases.simulated import SimulatedRelease
from terminal.core.catalogue import Product
from terminal.core.events import DeviceChanged, Ended, Health, ReleaseEnded
from tests.drivers.benches import BENCHES, WITH_WIDTHS
from tests.drivers.release_machines import COFFEE, CONFIRM, FAST, LONG_MS, RELAY, RelayMachine, ended
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(Relay, "pace", FAST)
    monkeypatch.setattr(SimulatedRelease, "pace", FAST)


# -- the relay -----------------------------------------------------------------------------------------


@pytest.fixture(params=BENCHES)
def relay(request, inbox, monkeypatch, running):
    def build(**options):
        machine = RelayMachine(inbox, monkeypatch, kind=request.param, **options)
        running(machine.device)
        inbox.wait(lambda _: inbox.of(DeviceChanged))
        return machine

    return build


@pytest.mark.parametrize("active_low", [False, True])
def test_the_relay_is_off_from_the_first_moment_and_after_the_stop(relay, inbox, active_low):
    machine = relay(active_low=active_low)
    assert machine.bench.history(RELAY) == [active_low]
    machine.device.release("r1", COFFEE)
    ended(inbox, "r1")
    assert machine.bench.history(RELAY) == [active_low, not active_low, active_low]
    machine.device.stop()
    assert not machine.pulled()


def test_each_product_may_have_its_relay(relay, inbox):
    machine = relay(line=None, lines={"coffee": 5, "7": "GPIO6"})
    machine.device.release("r1", COFFEE)
    machine.device.release("r2", Product(7, "Tea", 100))
    machine.device.release("r3", Product("water", "Water", 50))
    assert ended(inbox, "r3").ended is Ended.FAILED
    assert "water" in ended(inbox, "r3").words
    assert [event.ended for event in inbox.of(ReleaseEnded)] == [Ended.DONE, Ended.DONE, Ended.FAILED]
    assert machine.bench.history(5) == [False, True, False]
    assert machine.bench.history(6) == [False, True, False]


def test_the_relays_of_one_device_are_pulled_one_after_the_other(relay, inbox):
    """A machine prepares one piece at a time; whoever can do two at once is two devices."""
    machine = relay(line=None, lines={"coffee": 5, "tea": 6}, pulse_ms=20)
    bench = machine.bench
    both = []
    for line in (5, 6):
        machine.device._outputs[line] = Watching(
            machine.device._outputs[line], lambda: both.append((bench.high(5), bench.high(6)))
        )
    machine.device.release("r1", COFFEE)
    machine.device.release("r2", Product("tea", "Tea", 100))
    assert ended(inbox, "r2").ended is Ended.DONE
    assert both == [(True, False), (False, False), (False, True), (False, False)]


class Watching:
    """An output that tells when it was driven."""

    def __init__(self, output, tell):
        self._output, self._tell = output, tell

    def set(self, *, active):
        self._output.set(active=active)
        self._tell()

    def close(self):
        self._output.close()


def test_one_relay_for_most_products_and_another_for_one(relay, inbox):
    machine = relay(lines={"tea": "GPIO6"})
    machine.device.release("r1", COFFEE)
    machine.device.release("r2", Product("tea", "Tea", 100))
    machine.device.release("r3", Product("soup", "Soup", 100))
    assert ended(inbox, "r3").ended is Ended.DONE
    assert machine.given() == 2
    assert machine.bench.history(6) == [False, True, False]


@pytest.mark.parametrize("kind", BENCHES)
def test_two_relay_devices_on_one_chip_do_not_wait_for_each_other(kind, inbox, monkeypatch, running):
    first = RelayMachine(inbox, monkeypatch, kind=kind, slow=True)
    options = RelayOptions(line=23, pulse_ms=1, **first.bench.options)
    second = Relay("tower", options, inbox.put)
    running(first.device)
    running(second)
    inbox.wait(lambda _: len(inbox.of(DeviceChanged)) == 2)
    first.device.release("r1", COFFEE)
    wait_until(first.pulled)
    second.release("r2", COFFEE)
    assert ended(inbox, "r2").ended is Ended.DONE
    assert first.pulled()
    second.stop()
    assert first.pulled(), "the stop of one lets go its own lines only"
    first.device.stop()
    assert not first.pulled()
    assert first.bench.history(23)[:3] == [False, True, False]
    assert not first.bench.high(23)


def test_two_relay_devices_on_one_line_is_a_mistake_that_is_told(inbox, monkeypatch, running):
    first = RelayMachine(inbox, monkeypatch)
    running(first.device)
    inbox.wait(lambda _: inbox.of(DeviceChanged))
    second = running(Relay("tower", RelayOptions(line="GPIO22", **first.bench.options), inbox.put))
    inbox.wait(lambda _: len(inbox.of(DeviceChanged)) == 2)
    assert second.condition.health is Health.FAILED
    assert "in use already" in second.condition.words
    first.device.release("r1", COFFEE)
    assert ended(inbox, "r1").ended is Ended.DONE


# -- from outside --------------------------------------------------------------------------------------


@pytest.mark.parametrize("active_low", [False, True])
def test_relays_are_released_from_outside(bench, active_low):
    options = RelayOptions(line=RELAY, lines={"a": 5, "b": RELAY}, active_low=active_low, **bench.options)
    Relay.make_safe(options)
    assert [bench.history(line)[-1] for line in (RELAY, 5)] == [active_low, active_low]
    assert not any(active_low is not level for line in (RELAY, 5) for level in bench.history(line))
    assert not bench.taken(RELAY)
    Relay.make_safe(options)  # and once more: nobody holds the lines


@pytest.mark.parametrize("kind", WITH_WIDTHS)
def test_a_line_that_somebody_has_keeps_no_other_relay_pulled(kind, monkeypatch):
    bench = BENCHES[kind](monkeypatch)
    held = bench.open().output(RELAY, active_low=False, active=True)
    with pytest.raises(DeviceFault, match="in use"):
        Relay.make_safe(RelayOptions(line=RELAY, lines={"a": 5}, active_low=True, **bench.options))
    assert bench.history(5)[-1] is True
    held.close()


def test_a_line_0_is_a_line(relay, inbox):
    machine = relay(line=0)
    machine.device.release("r1", COFFEE)
    assert ended(inbox, "r1").ended is Ended.DONE
    assert machine.bench.history(0) == [False, True, False]


def test_a_confirmed_release_is_done(relay, inbox):
    machine = relay(
        confirm_line=CONFIRM, confirm_active_low=False, confirm_bias="pull-down", confirm_ms=LONG_MS
    )
    machine.bench.wire(RELAY, CONFIRM)
    machine.device.release("r1", COFFEE)
    assert ended(inbox, "r1") == ReleaseEnded("r1", Ended.DONE)
    assert machine.given() == 1


def test_a_release_that_is_not_confirmed_in_time_is_unknown(relay, inbox):
    machine = relay(confirm_line=CONFIRM, confirm_ms=5)
    machine.device.release("r1", COFFEE)
    assert ended(inbox, "r1").ended is Ended.UNKNOWN
    assert "did not confirm" in ended(inbox, "r1").words
    assert machine.device.condition.health is Health.DEGRADED
    assert machine.given() == 1


def test_what_the_contact_did_before_confirms_nothing(relay, inbox):
    machine = relay(confirm_line=CONFIRM, confirm_ms=5)
    machine.bench.drive(CONFIRM, high=False)
    machine.bench.drive(CONFIRM, high=True)
    machine.device.release("r1", COFFEE)
    assert ended(inbox, "r1").ended is Ended.UNKNOWN


def test_a_contact_that_is_closed_before_fails_the_release_unpulled(relay, inbox):
    machine = relay(confirm_line=CONFIRM, confirm_ms=5)
    machine.bench.drive(CONFIRM, high=False)
    machine.device.release("r1", COFFEE)
    assert ended(inbox, "r1").ended is Ended.FAILED
    assert machine.given() == 0
    assert machine.device.condition.health is Health.DEGRADED


def test_stop_ends_the_wait_for_a_confirmation_as_unknown(relay, inbox):
    machine = relay(confirm_line=CONFIRM, confirm_ms=LONG_MS)
    machine.device.release("r1", COFFEE)
    wait_until(lambda: machine.given() == 1 and not machine.pulled())
    machine.device.stop()
    assert ended(inbox, "r1").ended is Ended.UNKNOWN


def test_a_line_that_cannot_be_driven_fails_the_release_unpulled(relay, inbox):
    machine = relay()
    machine.bench.break_output(RELAY)
    machine.device.release("r1", COFFEE)
    answer = ended(inbox, "r1")
    assert answer.ended is Ended.FAILED
    assert "before the relay was pulled" in answer.words
    assert machine.given() == 0


def test_a_line_that_breaks_while_the_relay_is_pulled_is_unknown(relay, inbox):
    machine = relay()
    real = machine.device._pause

    def pause(seconds):
        machine.bench.break_output(RELAY)
        return real(seconds)

    machine.device._pause = pause
    machine.device.release("r1", COFFEE)
    answer = ended(inbox, "r1")
    assert answer.ended is Ended.UNKNOWN
    assert "while the relay was pulled" in answer.words


def test_a_short_pulse_is_finished_when_the_terminal_stops(relay, inbox):
    machine = relay(pulse_ms=300)
    machine.device.release("r1", COFFEE)
    wait_until(machine.pulled)
    machine.device.stop()
    assert ended(inbox, "r1").ended is Ended.DONE
    assert not machine.pulled()


def test_an_answer_is_given_even_when_the_driver_itself_is_wrong(relay, inbox):
    machine = relay()

    def finish(*_args):
        raise ZeroDivisionError

    machine.device._finish = finish
    machine.device.release("r1", COFFEE)
    assert ended(inbox, "r1").ended is Ended.UNKNOWN
    inbox.wait(lambda _: inbox.of(DeviceChanged)[-1].health is Health.OK and len(inbox.of(DeviceChanged)) == 3)
    assert not machine.pulled()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "needs a line"),
        ({"line": 5, "confirm_line": 5}, "two lines"),
        ({"lines": {"a": 5}, "confirm_line": 5}, "two lines"),
        ({"line": -1}, "line is"),
        ({"lines": {"a": ""}}, "lines.a is"),
        ({"line": 5, "pulse_ms": 0}, "pulse_ms"),
        ({"line": 5, "pulse": 10}, "pulse"),
    ],
)
def test_a_wrong_configuration_is_refused_with_a_sentence(options, words):
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(options, RelayOptions)


def test_the_memory_of_releases_has_an_end():
    once = Once()
    for number in range(3000):
        once.take(str(number))
    with pytest.raises(ValueError, match="2500"):
        once.take("2500")
    assert len(once._seen) == 1000
