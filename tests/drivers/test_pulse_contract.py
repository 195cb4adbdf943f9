"""The contract of acceptors, on those with pulse outputs: one line for all coins, and one for each."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from drivers.coins.pulse import PulseAcceptor, PulseOptions
from drivers.contract import Emit
from drivers.device import Pace
from tests.drivers.acceptor_contract import NAME, AcceptorBench, AcceptorContract, Cannot
from tests.drivers.benches import MS, SimulatedBench, pulses

INHIBIT = 27


class QuickAcceptor(PulseAcceptor):
    """The same, less patient."""

    pace = Pace(first_s=0.001, last_s=0.01)


class PulseBench(AcceptorBench):
    """One line, and one that forbids all: nothing can be asked of it, and it cannot choose."""

    coins = (10, 50, 200)
    counts = {10: 1, 50: 5, 200: 20}  # noqa: RUF012 - the wiring
    cannot = frozenset({Cannot.COUNT, Cannot.CHOOSE, Cannot.TAKE_WHILE_LOST, Cannot.GARBLE, Cannot.HEAR})
    active_high = False
    inhibit_high = True

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.lines = SimulatedBench(monkeypatch)
        self.lines.stop_clock()
        self.there = True

    def wiring(self) -> dict[str, object]:
        coins = {str(pulses): cents for cents, pulses in self.counts.items()}
        return {"line": 17, "inhibit_line": INHIBIT, "coins": coins}

    def make(self, emit: Emit) -> QuickAcceptor:
        options = {
            "active_low": not self.active_high,
            "bias": "pull-down" if self.active_high else "pull-up",
            "inhibit_level": "high" if self.inhibit_high else "low",
            **self.lines.options,
        }
        return QuickAcceptor(NAME, PulseOptions(**self.wiring(), **options), emit)

    def forbidden(self, cents: int) -> bool:
        return bool(self.lines.high(INHIBIT)) is self.inhibit_high

    def inhibited(self) -> bool:
        return all(self.forbidden(cents) for cents in self.coins)

    def insert(self, cents: int) -> bool:
        if not self.there or self.forbidden(cents):
            return False
        self.signal(17, self.counts[cents])
        return True

    def signal(self, line: int, count: int) -> None:
        levels, end = pulses(self.lines.now + MS, count, active_high=self.active_high)
        self.lines.train(line, levels)
        self.lines.now = end + 1_000 * MS
        self.device._interrupt()

    def noise(self) -> None:
        self.signal(17, 3)

    def lose(self) -> None:
        self.there = False
        self.lines.lines.pull()

    def bring_back(self) -> None:
        self.lines.lines.put_back()
        self.there = True

    def clear(self) -> None:
        pass


class UpsideDownBench(PulseBench):
    """A pulse is high, and low forbids."""

    active_high = True
    inhibit_high = False


class ParallelBench(PulseBench):
    """A line for each coin, and one that forbids each: so it can choose."""

    cannot = PulseBench.cannot - {Cannot.CHOOSE}
    of = {10: (17, 5), 50: (18, 6), 200: (19, 7)}  # noqa: RUF012 - the wiring

    def wiring(self) -> dict[str, object]:
        lines = {str(line): cents for cents, (line, _) in self.of.items()}
        return {
            "lines": lines,
            "inhibit_lines": {str(inhibit): cents for cents, (_, inhibit) in self.of.items()},
        }

    def forbidden(self, cents: int) -> bool:
        return bool(self.lines.high(self.of[cents][1])) is self.inhibit_high

    def insert(self, cents: int) -> bool:
        if not self.there or self.forbidden(cents):
            return False
        self.signal(self.of[cents][0], 1)
        return True


@pytest.mark.parametrize("kind", [PulseBench, UpsideDownBench, ParallelBench], scope="class")
class TestPulseAcceptor(AcceptorContract):
    @pytest.fixture
    def bench(self, kind: type[PulseBench], monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseBench]:
        with closing(kind(monkeypatch)) as bench:
            yield bench
