"""The contract of readers, on the simulated one; real ones run it beside their own tests."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from drivers.contract import Emit
from drivers.device import Pace
from drivers.readers.simulated import SimulatedReader, SimulatedReaderOptions
from tests.drivers.reader_contract import NAME, Cannot, ReaderBench, ReaderContract


class QuickReader(SimulatedReader):
    """The same, less patient."""

    pace = Pace(first_s=0.001, last_s=0.01)


class SimulatedReaderBench(ReaderBench):
    """The simulated reader: its hands are those of the test."""

    # As a hand is needed: a tap on a reader that nobody listens to is refused.
    cannot = frozenset({Cannot.LIE_FIRST, Cannot.PUT_WHILE_LOST, Cannot.HEAR})

    def make(self, emit: Emit) -> QuickReader:
        return QuickReader(NAME, SimulatedReaderOptions(), emit)

    def hand(self, verb: str, *arguments: str) -> None:
        assert isinstance(self.device, QuickReader)
        self.device.hands[verb](*arguments)

    def put(self, uid: str) -> None:
        self.hand("tap", uid)

    def take(self) -> None:
        self.hand("untap")

    def dwell(self) -> None:
        pass  # it never looks twice

    def lose(self) -> None:
        self.hand("unplug")

    def bring_back(self) -> None:
        self.hand("plug")

    def clear(self) -> None:
        pass


class TestSimulatedReader(ReaderContract):
    @pytest.fixture
    def bench(self) -> Iterator[SimulatedReaderBench]:
        with closing(SimulatedReaderBench()) as bench:
            yield bench
