"""The simulated vending machine: its hands, and what they refuse. The rest is the machine contract."""

import json

import pytest

from drivers.machines.simulated import SimulatedMachine, SimulatedMachineOptions
from terminal.core.catalogue import Product
from terminal.core.events import Ended, Health, ReleaseEnded
from terminal.core.machine import MachineEnabled, VendRequested

TEA = Product("tea", "Tea", 120)


@pytest.fixture
def make(inbox, running, tmp_path):
    def build(**options):
        options = {"record": str(tmp_path / "record"), **options}
        device = running(SimulatedMachine("m", SimulatedMachineOptions(**options), inbox.put))
        inbox.wait(lambda _: inbox.of(MachineEnabled))
        inbox.wait(lambda _: device.condition.health is Health.OK)
        return device

    return build


def ended(inbox, release):
    return inbox.wait(lambda _: [each for each in inbox.of(ReleaseEnded) if each.release == release])[0]


def test_every_piece_is_on_record_before_it_is_told(make, inbox, tmp_path):
    device = make()
    device.hands["choose"](7, 120)
    device.release("r1", TEA)
    assert ended(inbox, "r1").ended is Ended.DONE
    (line,) = (tmp_path / "record").read_text().splitlines()
    assert json.loads(line) == {"what": "piece", "device": "m", "release": "r1", "product": "tea", "item": "7"}
    assert list(device.given) == [("r1", "7")]


def test_a_record_that_cannot_be_written_gives_out_nothing(make, inbox, tmp_path):
    device = make()
    device.hands["choose"](7, 120)
    (tmp_path / "record").unlink()
    (tmp_path / "record").mkdir()
    device.release("r1", TEA)
    assert ended(inbox, "r1").ended is Ended.FAILED
    assert device.count == 0


def test_the_next_piece_may_fail_or_come_in_silence(make, inbox):
    device = make()
    device.hands["fail_next"]()
    device.hands["choose"](1, 120)
    device.release("r1", TEA)
    assert ended(inbox, "r1").ended is Ended.FAILED
    device.hands["silent_next"]()
    device.hands["choose"](2, 120)
    device.release("r2", TEA)
    device.release("r3", TEA)
    assert ended(inbox, "r3").ended is Ended.FAILED  # the orders before it were carried out
    assert [each.release for each in inbox.of(ReleaseEnded)] == ["r1", "r3"]
    assert device.count == 1
    device.hands["choose"](3, 120)
    assert ended(inbox, "r2").ended is Ended.UNKNOWN
    device.release("r4", TEA)
    assert ended(inbox, "r4").ended is Ended.DONE


@pytest.mark.parametrize("verb", ["cancel", "succeed", "fail", "end_session"])
def test_what_nothing_waits_for_is_refused(make, verb):
    with pytest.raises(ValueError, match="m has no"):
        make().hands[verb]()


def test_hands_refuse_what_a_machine_would_not_do(make, inbox):
    device = make(selection_first=False)
    with pytest.raises(ValueError, match="does not take a choice now"):
        device.hands["choose"](1, 120)
    with pytest.raises(ValueError, match="no session to credit"):
        device.hands["revalue"](100)
    device.hands["disable"]()
    inbox.wait(lambda _: inbox.of(MachineEnabled)[-1] == MachineEnabled("m", False))
    device.hands["unplug"]()
    for verb, args in {
        "choose": (1, 2),
        "reset": (),
        "enable": (),
        "cash_sale": (1, 2),
        "give_away": (),
    }.items():
        with pytest.raises(ValueError, match="unplugged"):
            device.hands[verb](*args)


@pytest.mark.parametrize("price", [-1, 1.5, True, "120"])
def test_a_price_is_a_whole_number(make, inbox, price):
    device = make()
    with pytest.raises(ValueError, match="a price is"):
        device.hands["choose"](1, price)
    assert inbox.of(VendRequested) == []
    device.hands["choose"](1, 120)
    with pytest.raises(ValueError, match="busy"):
        device.hands["choose"](2, 120)
    with pytest.raises(ValueError, match="does not report"):
        device.hands["cash_sale"](2, 120)
