"""An MDB changer keeps to what every acceptor and everything that pays out keeps to."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import pytest

from drivers.coins.mdb import MdbOptions
from drivers.contract import Emit
from drivers.device import DeviceThread
from tests.drivers import acceptor_contract, payout_bench
from tests.drivers.acceptor_contract import AcceptorBench, AcceptorContract, Cannot
from tests.drivers.changer_bench import ONE_EURO, ChangerPeer, Quick
from tests.drivers.payout_bench import PayoutBench
from tests.drivers.payout_contract import PayoutContract

EURO = {5: 0, 10: 1, 20: 2, 50: 3, 100: 4, 200: 5}


class ChangerAcceptorBench(AcceptorBench):
    """A changer of euros, of level 3."""

    coins = (5, 50, 200)  # the last one has no tube
    # Its tubes tell what was lost, and their counts are its marks; but nothing is found again by them.
    cannot = frozenset({Cannot.COUNT, Cannot.TAKE_WHILE_LOST})

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.peer = ChangerPeer(folder)

    def make(self, emit: Emit) -> DeviceThread:
        return Quick(acceptor_contract.NAME, MdbOptions(port=str(self.peer.link), poll_ms=25), emit)

    def insert(self, cents: int) -> bool:
        return bool(self.peer.do("coin", kind=EURO[cents]))

    def inhibited(self) -> bool:
        return not self.peer.look("enabled")

    def lose(self) -> None:
        self.peer.do("unplug")

    def bring_back(self) -> None:
        self.peer.do("plug")

    def noise(self) -> None:
        self.peer.do("event", hex="23")

    def garble(self) -> None:
        self.peer.do(
            "trap", on="0B", what="nack", times=3
        )  # the adapter hears nonsense, and does not acknowledge

    def clear(self) -> None:
        self.peer.close()


class TestAcceptor(AcceptorContract):
    """It takes coins."""

    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[AcceptorBench]:
        with closing(ChangerAcceptorBench(tmp_path)) as bench:
            yield bench

    def test_its_marks_can_be_kept(self, slot: AcceptorBench) -> None:
        """They tell tubes: two coins into the cash box have the same one."""
        slot.open(10_000)
        slot.pay(*slot.coins)
        assert all(0 < len(mark) <= 200 and mark.isascii() and mark.isprintable() for mark in slot.marks())
        first, second, third = (coin.mark for coin in slot.told(acceptor_contract.CoinInserted))
        assert first != second == third


class ChangerPayoutBench(PayoutBench):
    """A changer that has nothing but euros."""

    level: ClassVar[int] = 3
    stories = 25

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.peer = ChangerPeer(folder, level=self.level, **ONE_EURO)
        self.armed = ""

    def make(self, emit: Any) -> Quick:
        options = MdbOptions(port=str(self.peer.link), poll_ms=25, back_s=self.back_s)
        return Quick(payout_bench.NAME, options, emit)

    def fill(self, coins: int) -> None:
        self.peer.do("fill", kind=0, count=coins)

    def slow(self) -> None:
        self.peer.do("set", pace=4)

    def lose(self) -> None:
        self.peer.do("unplug")

    def unplug_after(self, coins: int) -> None:
        """The answer to the order, or to the polls while so many coins came out, was the last one heard."""
        order = "0F02" if self.level > 2 else "0D"
        if coins:
            self.peer.do("trap", on="0B", what="unplug", skip=coins - 1, since=order)
        else:
            self.peer.do("trap", on=order, what="unplug")

    def cut_power_after(self, coins: int) -> None:
        self.peer.do("set", cut_after=coins)

    def gone(self) -> bool:
        seen = self.peer.do("look")
        return not (seen["powered"] and seen["plugged"])

    def bring_back(self) -> None:
        self.peer.do("plug")
        if not self.peer.look("powered"):
            self.peer.do("power", on=True)

    def fallen(self) -> int:
        return self.peer.cents("paid")

    def orders(self) -> int:
        return len(self.peer.lines("order"))

    def clear(self) -> None:
        self.peer.close()


class Level2Bench(ChangerPayoutBench):
    """One that is told each coin."""

    level = 2


class TestPayout(PayoutContract):
    """It pays out of its tubes."""

    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[PayoutBench]:
        with closing(ChangerPayoutBench(tmp_path)) as bench:
            yield bench


class TestPayoutOfLevel2(PayoutContract):
    """It pays out of its tubes, coin by coin."""

    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[PayoutBench]:
        with closing(Level2Bench(tmp_path)) as bench:
            yield bench
