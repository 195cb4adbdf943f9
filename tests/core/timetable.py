"""Time in a simulated world: what will happen when, and what the terminal's clocks say meanwhile."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from terminal.core.stamp import Stamp
from tests.core.outside import DAY_MS

EPOCH_MS = 1_800_000_000_000
MINUTE_MS, HOUR_MS = 60_000, 3_600_000


@dataclass(order=True)
class _Plan:
    """Something that will happen. What is *inside* the terminal dies with its power."""

    at_ms: int
    number: int
    do: Callable[[], None]
    inside: bool


class Plans:
    """What will happen, in order of time; of two things at the same time the one that was planned first."""

    def __init__(self) -> None:
        self._plans: list[_Plan] = []
        self._planned = 0

    def add(self, at_ms: int, do: Callable[[], None], *, inside: bool) -> None:
        self._planned += 1
        heapq.heappush(self._plans, _Plan(at_ms, self._planned, do, inside))

    @property
    def next_ms(self) -> int | None:
        """When the next thing happens; None if nothing is planned."""
        return self._plans[0].at_ms if self._plans else None

    def do_next(self) -> None:
        heapq.heappop(self._plans).do()

    def drop_inside(self) -> None:
        """Forget what the terminal would have done: its power is gone."""
        self._plans = [plan for plan in self._plans if not plan.inside]
        heapq.heapify(self._plans)


class Clocks:
    """What the terminal's clocks say; after a boot without a network nobody knows the time.

    Attributes:
        boot: The name of the boot.
        synced: Whether a network has told the time since.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._boots = 0
        self.new_boot(0, EPOCH_MS)

    def new_boot(self, ms: int, saved_ms: int) -> None:
        """Begin anew at *ms* of the world; the wall clock was last saved as *saved_ms*."""
        self._boots += 1
        self.boot = f"boot-{self._boots}"
        self._booted_ms = ms - self._rng.randrange(5_000, 60_000)
        self.synced = self._rng.random() < 0.3
        # Without the time: 1970, or as if no time had passed since the clock was saved, or nonsense.
        self._wrong_ms = self._rng.choice((-ms, saved_ms - ms, EPOCH_MS + 400 * DAY_MS))

    def now(self, ms: int) -> Stamp:
        wall_ms = EPOCH_MS + ms if self.synced else self._wrong_ms + ms
        return Stamp(wall_ms, ms - self._booted_ms, self.boot, self.synced)
