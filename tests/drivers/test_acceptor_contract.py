"""The contract of acceptors, on the simulated one; real ones run it beside their own tests."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from drivers.coins.simulated import SimulatedAcceptor, SimulatedAcceptorOptions
from drivers.contract import Emit
from drivers.device import Pace
from tests.drivers.acceptor_contract import NAME, AcceptorBench, AcceptorContract, Cannot


class QuickAcceptor(SimulatedAcceptor):
    """The same, less patient."""

    pace = Pace(first_s=0.001, last_s=0.01)


class SimulatedBench(AcceptorBench):
    """The simulated acceptor: its hands are those of the test."""

    # Its hands refuse a coin that nobody would hear of.
    cannot = frozenset({Cannot.TAKE_WHILE_LOST, Cannot.GARBLE, Cannot.HEAR, Cannot.COUNT, Cannot.CHOOSE})
    options = SimulatedAcceptorOptions(coins=AcceptorBench.coins)

    def make(self, emit: Emit) -> QuickAcceptor:
        return QuickAcceptor(NAME, self.options, emit)

    def insert(self, cents: int) -> bool:
        try:
            self.device.hands["coin"](cents)
        except ValueError:
            return False
        return True

    def inhibited(self) -> bool:
        return bool(self.device.inhibited)

    def noise(self) -> None:
        self.device.hands["unknown"](3)

    def lose(self) -> None:
        self.device.hands["unplug"]()

    def bring_back(self) -> None:
        self.device.hands["plug"]()

    def clear(self) -> None:
        pass


class CountingBench(SimulatedBench):
    """The simulated acceptor that counts, and chooses: its memory is a file."""

    cannot = frozenset({Cannot.TAKE_WHILE_LOST, Cannot.GARBLE, Cannot.HEAR})

    def __init__(self, memory: str) -> None:
        super().__init__()
        self.options = SimulatedAcceptorOptions(
            coins=AcceptorBench.coins, fits=True, counts=True, memory=memory
        )


class TestSimulatedAcceptor(AcceptorContract):
    @pytest.fixture
    def bench(self) -> Iterator[SimulatedBench]:
        with closing(SimulatedBench()) as bench:
            yield bench


class TestCountingAcceptor(AcceptorContract):
    @pytest.fixture
    def bench(self, tmp_path) -> Iterator[CountingBench]:
        with closing(CountingBench(str(tmp_path / "memory"))) as bench:
            yield bench
