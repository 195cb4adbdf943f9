"""What gives out a piece: one body for the simulated machine and the relay on lines of every kind."""

import pytest

from drivers.releases.relay import Relay
from drivers.releases.simulated import SimulatedRelease, SimulatedReleaseOptions
from terminal.core.events import DeviceChanged, Ended, Health, ReleaseEnded
from tests.drivers.benches import BENCHES
from tests.drivers.release_machines import COFFEE, FAST, LONG_MS, RelayMachine, ended
from tests.support.waiting import wait_until


class SimulatedMachine:
    """The simulated machine."""

    def __init__(self, inbox, monkeypatch, *, slow=False):
        self.device = SimulatedRelease(
            "coffee", SimulatedReleaseOptions(delay_ms=LONG_MS if slow else 0), inbox.put
        )

    def given(self):
        return self.device.count

    def begun(self):
        return not self.device._orders and self.device.beat_age_ms() == 0

    def lose(self):
        self.device.hands["unplug"]()

    def restore(self):
        self.device.hands["plug"]()


MACHINES = {
    "simulated": SimulatedMachine,
    **{
        f"relay {kind}": lambda inbox, monkeypatch, kind=kind, **more: RelayMachine(
            inbox, monkeypatch, kind=kind, **more
        )
        for kind in BENCHES
    },
    "relay, active low": lambda inbox, monkeypatch, **more: RelayMachine(
        inbox, monkeypatch, active_low=True, **more
    ),
}

LOSABLE = ["simulated", "relay simulated"]


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(Relay, "pace", FAST)
    monkeypatch.setattr(SimulatedRelease, "pace", FAST)


@pytest.fixture(params=MACHINES)
def make(request, inbox, monkeypatch, running):
    def build(**more):
        machine = MACHINES[request.param](inbox, monkeypatch, **more)
        running(machine.device)
        inbox.wait(lambda _: inbox.of(DeviceChanged))
        return machine

    return build


def test_a_release_is_done_once_and_told(make, inbox):
    machine = make()
    machine.device.release("r1", COFFEE)
    assert ended(inbox, "r1") == ReleaseEnded("r1", Ended.DONE)
    assert machine.given() == 1


def test_releases_are_done_one_after_the_other(make, inbox):
    machine = make()
    for number in range(5):
        machine.device.release(f"r{number}", COFFEE)
    assert ended(inbox, "r4").ended is Ended.DONE
    assert [event.release for event in inbox.of(ReleaseEnded)] == [f"r{number}" for number in range(5)]
    assert machine.given() == 5


def test_the_same_release_is_never_done_twice(make, inbox):
    machine = make()
    machine.device.release("r1", COFFEE)
    with pytest.raises(ValueError, match="r1"):
        machine.device.release("r1", COFFEE)
    machine.device.release("r2", COFFEE)
    assert ended(inbox, "r2").ended is Ended.DONE
    assert machine.given() == 2
    assert len(inbox.of(ReleaseEnded)) == 2


def test_a_release_that_stop_cuts_off_is_unknown(make, inbox):
    machine = make(slow=True)
    machine.device.release("r1", COFFEE)
    wait_until(machine.begun)
    machine.device.release("r2", COFFEE)
    machine.device.stop()
    assert ended(inbox, "r1").ended is Ended.UNKNOWN
    assert ended(inbox, "r2").ended is Ended.FAILED
    assert machine.given() <= 1


def test_a_release_after_the_stop_fails(make, inbox):
    machine = make()
    machine.device.stop()
    machine.device.release("r1", COFFEE)
    assert ended(inbox, "r1").ended is Ended.FAILED
    assert machine.given() == 0


@pytest.mark.parametrize("kind", LOSABLE)
def test_a_missing_machine_fails_at_once_and_works_when_it_is_back(kind, inbox, monkeypatch, running):
    machine = MACHINES[kind](inbox, monkeypatch)
    running(machine.device)
    inbox.wait(lambda _: inbox.of(DeviceChanged))
    machine.lose()
    machine.device.release("r1", COFFEE)
    assert ended(inbox, "r1").ended is Ended.FAILED
    inbox.wait(lambda _: inbox.of(DeviceChanged)[-1].health is Health.MISSING)
    machine.device.release("r2", COFFEE)
    assert ended(inbox, "r2").ended is Ended.FAILED
    assert machine.given() == 0
    machine.restore()
    inbox.wait(lambda _: inbox.of(DeviceChanged)[-1].health is Health.OK)
    machine.device.release("r3", COFFEE)
    assert ended(inbox, "r3").ended is Ended.DONE
    assert machine.given() == 1


# -- the simulated one ---------------------------------------------------------------------------------


@pytest.fixture
def simulated(inbox, running):
    device = running(SimulatedRelease("coffee", SimulatedReleaseOptions(), inbox.put))
    inbox.wait(lambda _: inbox.of(DeviceChanged))
    return device


def test_hands_can_let_the_next_release_fail(simulated, inbox):
    simulated.hands["fail_next"]("no cup")
    simulated.release("r1", COFFEE)
    simulated.release("r2", COFFEE)
    assert ended(inbox, "r1") == ReleaseEnded("r1", Ended.FAILED, "no cup")
    assert ended(inbox, "r2").ended is Ended.DONE
    assert list(simulated.given) == [("r2", COFFEE)]


def test_hands_can_let_the_next_release_never_answer(simulated, inbox):
    simulated.hands["silent_next"]()
    simulated.release("r1", COFFEE)
    simulated.release("r2", COFFEE)
    assert ended(inbox, "r2").ended is Ended.DONE
    assert [event.release for event in inbox.of(ReleaseEnded)] == ["r2"]
    assert [release for release, _ in simulated.given] == ["r1", "r2"]


def test_a_machine_unplugged_while_it_gives_out_is_unknown(inbox, running):
    device = running(SimulatedRelease("coffee", SimulatedReleaseOptions(delay_ms=20), inbox.put))
    inbox.wait(lambda _: inbox.of(DeviceChanged))
    real = device._pause

    def pause(seconds):
        device.hands["unplug"]()
        return real(seconds)

    device._pause = pause
    device.release("r1", COFFEE)
    answer = ended(inbox, "r1")
    assert answer.ended is Ended.UNKNOWN
    assert "unplugged" in answer.words
    assert device.count == 0
