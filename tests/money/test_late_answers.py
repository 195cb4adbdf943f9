"""An answer that comes late answers nothing else: whichever it is, each coin is told for what it is."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from drivers.cctalk import bus, line
from drivers.coins.cctalk import CctalkAcceptor, CctalkCoinOptions
from terminal.core.events import CoinInserted, CoinTrouble, CoinUnrecognised, DeviceEvent, DeviceMarked
from tests.money.clock import Clock
from tests.money.life import Life, stepped
from tests.money.peers import Acceptors, CoinDevice, lived
from tests.money.wire import Wire

DRIVER = stepped(CctalkAcceptor)
QUESTIONS = 90
"""More than the driver puts until it is open."""


class OneLate(Wire):
    """A wire on which the answer to one question comes late."""

    late, late_s, asked = -1, 0.0, 0

    def send(self, raw: bytes) -> None:
        self.asked += 1
        super().send(raw)

    def answer(self, raw: bytes) -> None:
        if self.asked == self.late:
            self.clock.lag += self.late_s
        super().answer(raw)


class Bench:
    """One coin acceptor, its driver, and a wire."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.clock = Clock()
        self.clock.install(patch)
        self.wire = OneLate(self.clock, Random(1), lambda _kind: self.point(), echo=True)
        self.told: list[DeviceEvent] = []
        self.points = -1
        self.coins = CoinDevice(2, lambda *_: None, master=True)
        lived(self.coins, 7, Random(1))
        self.wire.stations.append(Acceptors(self.wire, [self.coins], 1))
        patch.setattr(line, "open_link", lambda *_args, **_more: self.wire.open())
        patch.setattr(bus, "_BUSES", {})
        self.begin("")

    def begin(self, mark: str) -> None:
        self.life = Life(DRIVER, "coins", CctalkCoinOptions(port="sim://late"), self.told.append, self.clock)
        self.life.device.resume(mark)

    def point(self) -> None:
        """Stop the driver at the point that was chosen."""
        self.points -= 1
        if self.points == 0:
            self.life.device._stopping.set()
            raise Stopped

    def run(self, for_s: float) -> None:
        until = self.clock.now + for_s
        while self.clock.now < until:
            self.clock.to(min(until, max(self.clock.now, self.life.due())))
            self.life.step()

    @property
    def mark(self) -> str:
        marks = [
            each.mark for each in self.told if isinstance(each, CoinInserted | CoinUnrecognised | DeviceMarked)
        ]
        return marks[-1]


class Stopped(BaseException):
    """The driver is to stop, in the middle of something."""


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    return Bench(monkeypatch)


@pytest.mark.parametrize("late_s", [0.27, 0.45, 0.7])
def test_one_late_answer_changes_no_coin(late_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    for late in range(1, QUESTIONS):
        bench = Bench(monkeypatch)
        bench.wire.late, bench.wire.late_s = late, late_s
        bench.life.device.accept(10_000)
        bench.run(12)
        for position, (_, cents) in bench.coins.types.items():
            assert bench.coins.insert(position)["taken"], f"answer {late}"
            bench.run(0.5)
            last = bench.told[-1]
            assert isinstance(last, CoinInserted), f"answer {late}: {last}"
            assert last.amount == cents, f"answer {late} was late"
        assert [each for each in bench.told if isinstance(each, CoinUnrecognised)] == []


def test_who_is_stopped_while_it_opens_tells_no_coin_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    for points in range(1, 3 * QUESTIONS, 2):
        bench = Bench(monkeypatch)
        bench.life.device.accept(10_000)
        bench.run(2)
        mark = bench.mark
        bench.coins.insert(4)
        bench.begin(mark)
        bench.points = points
        try:
            bench.run(3)
        except Stopped:
            bench.points = -1
            bench.life.abandon()
        bench.begin(bench.mark)
        bench.run(3)
        assert [each.amount for each in bench.told if isinstance(each, CoinInserted)] == [100], f"at {points}"
        assert [each for each in bench.told if isinstance(each, CoinUnrecognised)] == []


def test_a_reset_right_after_the_first_coin_is_told_though_the_inhibits_are_set_anew(bench: Bench) -> None:
    bench.coins.switch_on()
    bench.life.device.accept(10_000)
    bench.run(2)
    assert bench.coins.insert(4)["taken"]
    bench.coins.switch_on()
    bench.life.device.accept(5)
    bench.run(1)
    bench.life.device.accept(10_000)
    bench.run(10)
    told = [each for each in bench.told if isinstance(each, CoinInserted | CoinUnrecognised)]
    assert [getattr(each, "trouble", None) for each in told] == [CoinTrouble.LOST]
