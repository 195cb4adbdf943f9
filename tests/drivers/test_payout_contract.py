"""The contract of payouts, on the simulated hopper and on the real driver before hoppers of several sorts."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from drivers.device import Pace
from drivers.payouts import cctalk_hopper
from drivers.payouts.simulated import SimulatedPayout, SimulatedPayoutOptions
from tests.drivers.hopper_bench import HopperBench, bench_in
from tests.drivers.payout_bench import NAME, PayoutBench
from tests.drivers.payout_contract import PayoutContract


class Quick(SimulatedPayout):
    pace = Pace(first_s=0.001, last_s=0.01)


class SimulatedBench(PayoutBench):
    """The simulated hopper; its record is what fell."""

    stories = 60

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.record = folder / "record"
        self.record.touch()
        self.delay_ms = 0
        self.stock = 0
        self.unplugged = False

    def make(self, emit: Any) -> SimulatedPayout:
        options = SimulatedPayoutOptions(
            coin=self.coin,
            stock=self.stock,
            back_s=self.back_s,
            delay_ms=self.delay_ms,
            record=str(self.record),
        )
        device = Quick(NAME, options, emit)
        if self.unplugged:
            device.unplug()
        return device

    def fill(self, coins: int) -> None:
        self.device.hands["fill"](coins)

    def slow(self) -> None:
        self.device._options = SimulatedPayoutOptions(
            coin=self.coin, delay_ms=20, most_coins=50, record=str(self.record)
        )

    def lose(self) -> None:
        self.device.hands["unplug"]()

    def unplug_after(self, coins: int) -> None:
        self.device.hands["unplug_after"](coins)

    def cut_power_after(self, coins: int) -> None:
        self.device.hands["cut_power_after"](coins)

    def gone(self) -> bool:
        return not self.device._plugged and not self.device._remaining

    def end(self) -> None:
        self.unplugged, self.stock = not self.device._plugged, self.device.stock
        super().end()

    def bring_back(self) -> None:
        self.unplugged = False
        if self._device is not None:
            self.device.hands["plug"]()

    def _lines(self, what: str) -> list[str]:
        return [line for line in self.record.read_text().splitlines() if f'"what": "{what}"' in line]

    def fallen(self) -> int:
        return len(self._lines("payout")) * self.coin

    def orders(self) -> int:
        return len(self._lines("payout order"))

    def clear(self) -> None:
        pass


class TestSimulated(PayoutContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[PayoutBench]:
        with closing(SimulatedBench(tmp_path)) as bench:
            yield bench


@pytest.fixture
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cctalk_hopper, "POLL_S", 0.005)
    monkeypatch.setattr(cctalk_hopper, "LOOK_S", 0.2)


@pytest.mark.usefixtures("quick_polls")
class TestHopper(PayoutContract):
    """A hopper that counts all coins, on a line with an echo."""

    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[PayoutBench]:
        with bench_in(tmp_path, {}) as bench:
            yield bench


class ForgetfulBench(HopperBench):
    may_not_know = True


@pytest.mark.usefixtures("quick_polls")
class TestForgetfulHopper(PayoutContract):
    """It does not count all coins, but orders that it refuses, and says no to what it does not know."""

    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[PayoutBench]:
        settings = {"counts_all": False, "counts_refused": True, "answers_unknown": True, "echo": False}
        with bench_in(tmp_path, {**settings, "event_in_answer": False}, ForgetfulBench) as bench:
            yield bench
