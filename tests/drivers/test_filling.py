"""What hoppers and tubes say they hold: counts where they count, words where they only have sensors."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drivers.contract import Filling, TellsFilling
from drivers.mdb.changer_frames import TubeStatus
from drivers.mdb.changer_tubes import contents
from drivers.payouts import cctalk_hopper
from drivers.payouts.simulated import SimulatedPayout, SimulatedPayoutOptions
from tests.drivers.changer_bench import ONE_EURO, ChangerPeer, quick
from tests.drivers.hopper_bench import HopperBench
from tests.support.waiting import Inbox, wait_until


def test_tubes_by_what_their_coins_are_worth() -> None:
    tubes = TubeStatus(full=0b1010, counts=(7, 0, 3, 60, 2, *[0] * 11))
    assert contents(tubes, {0: 50, 1: 20, 2: 5, 3: 10}) == (
        Filling(5, 3),
        Filling(10, 60, "its tube is full"),
        Filling(20, None, "its tube is defective"),
        Filling(50, 7),
    )


def test_a_changer_tells_what_its_tubes_hold_while_it_is_there(tmp_path: Path) -> None:
    with closing(ChangerPeer(tmp_path, **{**ONE_EURO, "tubes": [4]})) as peer:
        device = quick(peer, Inbox().put)
        assert isinstance(device, TellsFilling)
        assert device.filling() == ()
        device.start()
        wait_until(device.filling, what="a changer that is there")
        assert device.filling() == (Filling(100, 4),)
        device.accept(1_000)
        wait_until(lambda: peer.look("enabled"), what="coins to be taken")
        assert peer.do("coin", kind=0, route="tube")
        wait_until(lambda: device.filling() == (Filling(100, 5),), what="the coin in its tube")
        device.stop()
        assert device.filling() == ()


@pytest.fixture
def hopper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HopperBench]:
    monkeypatch.setattr(cctalk_hopper, "LOOK_S", 0.2)
    with closing(HopperBench(tmp_path)) as bench:
        yield bench


def test_a_hopper_with_sensors_says_that_it_is_nearly_empty_and_counts_nothing(hopper: HopperBench) -> None:
    hopper.start()
    assert isinstance(hopper.device, TellsFilling)
    assert hopper.device.filling() == ()
    hopper.peer.tell(set={"level": 0x11})
    wait_until(hopper.device.filling, what="a level")
    assert hopper.device.filling() == (Filling(100, None, "it is nearly empty: fill it"),)
    hopper.peer.tell(set={"level": 0x10})
    wait_until(lambda: hopper.device.filling() == (), what="nothing to say")


def test_the_simulated_one_counts() -> None:
    device = SimulatedPayout("hopper", SimulatedPayoutOptions(coin=50, stock=7), Inbox().put)
    device.hands["fill"](3)
    assert device.filling() == (Filling(50, 10),)
    device.unplug()
    assert device.filling() == ()
