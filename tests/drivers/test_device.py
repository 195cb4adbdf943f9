"""The life that all devices share."""

import logging
import threading
from typing import ClassVar

import pytest

from drivers.contract import Condition
from drivers.device import DeviceFault, DeviceMissing, DeviceThread, Pace, needs, words_of
from terminal.core.events import DeviceChanged, Health
from tests.support.waiting import wait_until

PACE = Pace(first_s=0.001, last_s=0.01)


class Gadget(DeviceThread):
    """Opens as *opens* says (an exception, a Condition, or None for well), then does what it is told."""

    role = "gadget"
    pace: ClassVar[Pace] = PACE

    def __init__(self, emit, opens=()):
        super().__init__("thing", emit)
        self.opens = list(opens)
        self.opened = 0
        self.closed = 0
        self.threads = set()

    def _open(self):
        self.opened += 1
        self.threads.add(threading.current_thread())
        answer = self.opens.pop(0) if self.opens else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _close(self):
        self.closed += 1

    def ask(self, do, refuse=lambda words: None):
        self._order(do, refuse)


def raiser(error):
    def do():
        raise error

    return do


def healths(inbox):
    return [change.health for change in inbox.of(DeviceChanged)]


def wait_health(inbox, *expected):
    inbox.wait(lambda _: healths(inbox) == list(expected), what=f"{expected}, not {healths(inbox)}")


def test_it_opens_and_says_so_once(inbox, running):
    gadget = running(Gadget(inbox.put))
    wait_health(inbox, Health.OK)
    assert inbox.of(DeviceChanged) == [DeviceChanged("thing", "gadget", Health.OK)]
    gadget.stop()
    assert (gadget.opened, gadget.closed) == (1, 1)
    assert healths(inbox) == [Health.OK]


def test_before_its_start_it_is_starting(inbox):
    gadget = Gadget(inbox.put)
    assert gadget.condition == Condition(Health.STARTING)
    assert gadget.beat_age_ms() == 0
    gadget.stop()


@pytest.mark.parametrize("misses", [1, 2])
def test_one_or_two_misses_are_nobodys_business(inbox, running, misses):
    gadget = running(Gadget(inbox.put, [None, *[DeviceMissing("no")] * (misses - 1)]))
    wait_health(inbox, Health.OK)
    gadget.ask(raiser(OSError(5, "Input/output error")))
    wait_until(lambda: gadget.opened == 1 + misses)
    done = threading.Event()
    wait_until(lambda: gadget.ask(done.set) or done.is_set())
    assert healths(inbox) == [Health.OK]


def test_the_third_miss_makes_it_missing_and_it_comes_back_by_itself(inbox, running, caplog):
    caplog.set_level(logging.INFO)
    gone = [DeviceMissing("no such port /dev/ttyS9")] * 7
    gadget = running(Gadget(inbox.put, [None, *gone, None]))
    wait_health(inbox, Health.OK)
    gadget.ask(raiser(DeviceMissing("unplugged")))
    wait_health(inbox, Health.OK, Health.MISSING, Health.OK)
    assert inbox.of(DeviceChanged)[1].words == "no such port /dev/ttyS9"
    lines = [record.getMessage() for record in caplog.records if "thing" in record.getMessage()]
    assert len(lines) == 3
    assert "missing" in lines[1]
    assert "/dev/ttyS9" in lines[1]
    assert gadget.opened == 9


def test_at_the_start_a_device_that_is_not_there_is_missing_after_three_tries(inbox, running):
    gadget = running(Gadget(inbox.put, [FileNotFoundError(2, "No such file", "/dev/x")] * 4))
    wait_health(inbox, Health.MISSING, Health.OK)
    assert inbox.of(DeviceChanged)[0].words == "/dev/x: No such file"
    assert gadget.closed == 4


def test_a_device_that_is_lost_as_soon_as_it_is_open_is_missing_all_the_same(inbox, running):
    class Flapping(Gadget):
        def _serve(self):
            raise DeviceMissing("gone again")

    running(Flapping(inbox.put))
    inbox.wait(lambda _: Health.MISSING in healths(inbox))


def test_a_fault_is_told_at_once(inbox, running):
    running(Gadget(inbox.put, [DeviceFault("the drawer is jammed")]))
    wait_health(inbox, Health.FAILED, Health.OK)
    assert inbox.of(DeviceChanged)[0].words == "the drawer is jammed"


def test_a_mistake_in_a_driver_never_ends_its_thread(inbox, running, caplog):
    caplog.set_level(logging.DEBUG)
    gadget = running(Gadget(inbox.put, [KeyError("secret 04A1B2C3"), None, ZeroDivisionError()]))
    wait_health(inbox, Health.FAILED, Health.OK)
    words = inbox.of(DeviceChanged)[0].words
    assert "KeyError" in words
    assert "04A1B2C3" not in words
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert errors[0].exc_info is None
    assert any(record.exc_info for record in caplog.records if record.levelno == logging.DEBUG)
    gadget.ask(raiser(RuntimeError("again")))
    wait_until(lambda: gadget.opened == 4)
    assert len(gadget.threads) == 1


def test_a_missing_library_says_what_to_install(inbox, running):
    class Vendor(Gadget):
        def _open(self):
            with needs("gpiod"):
                import no_such_vendor_library  # noqa: F401, PLC0415 - that it is missing is the point

    running(Vendor(inbox.put))
    wait_health(inbox, Health.FAILED)
    words = inbox.of(DeviceChanged)[0].words
    assert "no_such_vendor_library" in words
    assert "pip install 'terminald[gpiod]'" in words


def test_a_device_may_open_with_something_to_say(inbox, running):
    gadget = running(Gadget(inbox.put, [Condition(Health.DEGRADED, "paper low")]))
    wait_health(inbox, Health.DEGRADED)
    gadget.ask(lambda: gadget._report(Health.DEGRADED, "paper low"))
    gadget.ask(lambda: gadget._report(Health.DEGRADED, "paper very low"))
    gadget.ask(lambda: gadget._report(Health.OK))
    wait_health(inbox, Health.DEGRADED, Health.DEGRADED, Health.OK)
    assert gadget.condition == Condition(Health.OK)


def test_orders_run_in_their_order_in_the_devices_thread(inbox, running):
    gadget = running(Gadget(inbox.put))
    seen = []
    done = threading.Event()
    for number in range(100):
        gadget.ask(lambda number=number: seen.append((number, threading.current_thread())))
    gadget.ask(done.set)
    assert done.wait(30)
    assert [number for number, _ in seen] == list(range(100))
    assert {thread for _, thread in seen} == gadget.threads


def test_an_order_for_a_lost_device_is_refused_at_once(inbox, running):
    class Slow(Gadget):
        pace = Pace(first_s=3600, last_s=3600, misses=1)

    gadget = running(Slow(inbox.put, [DeviceMissing("unplugged"), None]))
    wait_health(inbox, Health.MISSING)
    refused = []
    wait_until(lambda: gadget.ask(lambda: refused.append("done"), refused.append) or refused)
    assert set(refused) == {"thing is not ready: unplugged"}
    gadget._hurry()
    wait_health(inbox, Health.MISSING, Health.OK)


def test_an_order_before_the_start_or_after_the_stop_is_refused(inbox):
    gadget = Gadget(inbox.put)
    refused = []
    gadget.ask(lambda: None, refused.append)
    gadget.start()
    gadget.stop()
    gadget.ask(lambda: None, refused.append)
    assert refused == ["thing is not running"] * 2


def test_stop_refuses_what_waits_and_ends_at_once_in_a_long_wait(inbox):
    class Slow(Gadget):
        pace = Pace(first_s=3600, last_s=3600)

    gadget = Slow(inbox.put)
    gadget.start()
    wait_health(inbox, Health.OK)
    begun, refused, paused = threading.Event(), [], []

    def long():
        begun.set()
        paused.append(gadget._pause(3600))

    gadget.ask(long)
    assert begun.wait(30)
    gadget.ask(lambda: refused.append("done"), refused.append)
    gadget.stop()
    assert paused == [False]
    assert refused == ["thing is being stopped"]
    assert not any(thread.is_alive() for thread in gadget.threads)


def test_stop_ends_the_wait_before_a_new_try(inbox):
    class Slow(Gadget):
        pace = Pace(first_s=3600, last_s=3600, misses=1)

    gadget = Slow(inbox.put, [DeviceMissing("gone")])
    gadget.start()
    wait_health(inbox, Health.MISSING)
    gadget.stop()
    assert not any(thread.is_alive() for thread in gadget.threads)


def test_it_lives_once(inbox, running):
    gadget = running(Gadget(inbox.put))
    with pytest.raises(RuntimeError):
        gadget.start()


def test_a_driver_that_hangs_is_found_and_one_that_waits_is_not(inbox, running):
    gadget = running(Gadget(inbox.put))
    wait_health(inbox, Health.OK)
    wait_until(lambda: gadget._rests)
    assert gadget.beat_age_ms() == 0
    free, begun = threading.Event(), threading.Event()

    def hang():
        begun.set()
        free.wait(60)

    gadget.ask(hang)
    assert begun.wait(30)
    gadget._beat_at -= 5
    assert gadget.beat_age_ms() >= 5000
    free.set()
    wait_until(lambda: gadget.beat_age_ms() == 0)


class Hung(Gadget):
    """One whose thread can be let hang."""

    def __init__(self, emit):
        super().__init__(emit)
        self.free = threading.Event()

    def hang(self):
        begun = threading.Event()
        self.ask(lambda: (begun.set(), self.free.wait(60)))
        assert begun.wait(30)


@pytest.fixture
def hung(inbox, monkeypatch):
    monkeypatch.setattr("drivers.device.WAKE_S", 0.05)
    gadget = Hung(inbox.put)
    gadget.start()
    wait_health(inbox, Health.OK)
    gadget.hang()
    yield gadget
    gadget.free.set()
    wait_until(lambda: not gadget._thread.is_alive(), what="its end")


def test_one_that_is_abandoned_is_closed_from_outside_and_begins_nothing_more(hung):
    done, refused = [], []
    hung.ask(lambda: done.append("waited"), refused.append)
    hung.abandon()
    assert refused == ["thing does not answer and is started anew"]
    assert hung.closed == 1
    hung.ask(lambda: done.append("later"), refused.append)
    assert refused[1:] == ["thing is not running"]
    hung.free.set()
    wait_until(lambda: not hung._thread.is_alive(), what="its end, by itself")
    assert done == []
    assert hung.opened == 1


def test_one_that_wakes_up_when_it_is_abandoned_closes_itself(hung):
    hung._interrupt = hung.free.set
    hung.abandon()
    wait_until(lambda: not hung._thread.is_alive())
    assert hung.closed == 1


def test_a_device_that_does_not_let_itself_be_closed_is_abandoned_all_the_same(hung):
    def close():
        raise OSError(5, "Input/output error")

    hung._close = close
    hung.abandon()
    assert not hung._running


def test_an_emit_that_fails_does_not_end_the_thread(running):
    told = []

    def emit(event):
        told.append(event)
        if len(told) < 3:
            raise RuntimeError("the inbox is full")

    gadget = running(Gadget(emit, [DeviceFault("jam")]))
    wait_until(lambda: gadget.condition.health is Health.OK and gadget._rests)
    assert len(gadget.threads) == 1


def test_the_wait_grows_and_ends_growing():
    pace = Pace(first_s=0.2, last_s=5.0)
    assert [pace.wait_s(n) for n in (1, 2, 3, 4, 5, 6, 10_000)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (DeviceFault("it burns"), "it burns"),
        (OSError(5, "Input/output error"), "Input/output error"),
        (OSError(2, "No such file", "/dev/x"), "/dev/x: No such file"),
        (OSError("odd"), "odd"),
        (ValueError(), "ValueError"),
    ],
)
def test_errors_as_words(error, words):
    assert words_of(error) == words
