"""The contract of acceptors, on ccTalk devices: real code against a program that plays the device."""

from collections.abc import Iterator
from contextlib import closing
from typing import ClassVar

import pytest

from drivers.coins.cctalk import CctalkAcceptor, CctalkCoinOptions
from drivers.coins.cctalk_bill import CctalkBillOptions, CctalkBillValidator
from drivers.contract import Emit
from drivers.device import DeviceThread, Pace
from tests.drivers.acceptor_contract import NAME, AcceptorBench, AcceptorContract, Cannot
from tests.support.cctalk_process import CctalkProcess
from tests.support.waiting import wait_until

FAST = Pace(first_s=0.001, last_s=0.05)


class QuickCoins(CctalkAcceptor):
    """The same, less patient."""

    pace = FAST


class QuickBills(CctalkBillValidator):
    """The same, less patient."""

    pace = FAST


class CoinBench(AcceptorBench):
    """A coin acceptor; one that does not stop by itself when it is not polled, as some do not."""

    positions: ClassVar[dict[int, int]] = {10: 1, 50: 3, 200: 5}
    devices = ("coin:2",)

    def __init__(self, folder, **settings) -> None:
        super().__init__()
        self.peer = CctalkProcess(folder, *self.devices, **{"patience": None, **settings})

    def make(self, emit: Emit) -> DeviceThread:
        return QuickCoins(NAME, CctalkCoinOptions(port=self.peer.port, poll_ms=50), emit)

    def insert(self, cents: int) -> bool:
        return bool(self.peer.do("insert", position=self.positions[cents])["taken"])

    def inhibited(self) -> bool:
        return not self.peer.do("look")["takes"]

    def noise(self) -> None:
        for code in (1, 20, 36, 254):
            self.peer.do("event", pair=(0, code))

    def garble(self) -> None:
        self.peer.do("wire", garble=1, half=1)

    def lose(self) -> None:
        self.peer.do("unplug")

    def bring_back(self) -> None:
        self.peer.do("plug")

    def clear(self) -> None:
        self.peer.kill()


class NoEchoBench(CoinBench):
    """The same, behind an adapter that keeps the echo from the host."""

    def __init__(self, folder, **settings) -> None:
        super().__init__(folder, **settings)
        self.peer.do("wire", echo=False)


class BillBench(CoinBench):
    """A bill validator with an escrow, in the CRC form."""

    coins = (500, 1000, 2000)
    positions: ClassVar[dict[int, int]] = {500: 1, 1000: 2, 2000: 3}
    remembers = 2  # each bill is two events: held, stacked
    devices = ("bill:40:crc",)
    # Nobody answers for the bill in its escrow while it is lost: it is given back.
    cannot = frozenset({Cannot.TAKE_WHILE_LOST})

    def make(self, emit: Emit) -> DeviceThread:
        return QuickBills(NAME, CctalkBillOptions(port=self.peer.port, poll_ms=50), emit)

    def insert(self, cents: int) -> bool:
        first = self.peer.do("insert", position=self.positions[cents])["taken"]
        if first is not None:
            return bool(first)
        wait_until(
            lambda: self.peer.do("look")["outcome"] is not None, timeout=60, what="the bill to be routed"
        )
        return bool(self.peer.do("look")["outcome"])

    def noise(self) -> None:
        for code in (2, 8, 21):
            self.peer.do("event", pair=(0, code))


class TestCoinAcceptor(AcceptorContract):
    @pytest.fixture
    def bench(self, tmp_path) -> Iterator[CoinBench]:
        with closing(CoinBench(tmp_path)) as bench:
            yield bench


class TestWithoutEcho(AcceptorContract):
    @pytest.fixture
    def bench(self, tmp_path) -> Iterator[NoEchoBench]:
        with closing(NoEchoBench(tmp_path)) as bench:
            yield bench


class TestBillValidator(AcceptorContract):
    @pytest.fixture
    def bench(self, tmp_path) -> Iterator[BillBench]:
        with closing(BillBench(tmp_path)) as bench:
            yield bench
