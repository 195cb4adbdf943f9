"""Time that passes only where somebody waits: the drivers, the peers and the world share one clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pytest

from drivers import device
from drivers.cctalk import bus, line
from drivers.coins import cctalk_books, cctalk_polled
from drivers.payouts import cctalk_hopper, unsettled
from tests.support import cctalk_peer, cctalk_slaves, hopper_peer

READ_THE_TIME = (
    device, bus, line, cctalk_books, cctalk_polled, cctalk_hopper, unsettled, cctalk_peer,
    cctalk_slaves, hopper_peer,
)  # fmt: skip
"""Every module between a coin and an event that asks what time it is, or sleeps."""


class Turns(Protocol):
    """Something that moves by itself."""

    def next_at(self) -> float:
        """When it moves next."""

    def turn(self) -> None:
        """Move."""


@dataclass(order=True)
class _Plan:
    at: float
    number: int
    do: Callable[[], None]


class Clock:
    """What modules know as ``time``, and whatever happens outside of the terminal meanwhile.

    Attributes:
        now: Seconds.
        movers: What moves by itself as time passes.
        lag: Seconds that peers have slept before an answer; their wire delays it by so much.
    """

    def __init__(self) -> None:
        self.now = 1_000.0
        self.movers: list[Turns] = []
        self.lag = 0.0
        self._plans: list[_Plan] = []
        self._planned = 0

    def plan(self, after_s: float, do: Callable[[], None]) -> None:
        """Let something happen outside of the terminal."""
        self._planned += 1
        heapq.heappush(self._plans, _Plan(self.now + after_s, self._planned, do))

    def next_at(self) -> float:
        """When something happens next."""
        first = self._plans[0].at if self._plans else 1e12
        return min([first, *(each.next_at() for each in self.movers)])

    def to(self, at: float) -> None:
        """Let time pass until *at*, and everything happen that happens until then, in its order."""
        while (first := self.next_at()) <= at:
            self.now = max(self.now, first)
            if self._plans and self._plans[0].at <= first:
                heapq.heappop(self._plans).do()
            else:
                for each in self.movers:
                    each.turn()
        self.now = max(self.now, at)

    # -- as the module time --------------------------------------------------------------------------------

    def monotonic(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.to(self.now + seconds)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Become the time of everybody concerned."""
        for module in READ_THE_TIME:
            patch.setattr(module, "time", self)
        for module in (cctalk_peer, cctalk_slaves, hopper_peer):
            patch.setattr(module, "time", _PeerTime(self))


class _PeerTime:
    """The time of a peer: while it sleeps, others go on."""

    def __init__(self, clock: Clock) -> None:
        self.monotonic = clock.monotonic
        self._clock = clock

    def sleep(self, seconds: float) -> None:
        """Answer so much later."""
        self._clock.lag += seconds
