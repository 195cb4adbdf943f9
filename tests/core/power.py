"""The power of a simulated terminal, which may go at any write, and the disk that it writes to."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

from terminal.core.facts import AttemptEnded, Fact
from terminal.core.stamp import Stamp
from terminal.journal.errors import JournalUnwritable

if TYPE_CHECKING:
    from tests.core.world import World


class PowerCut(BaseException):
    """The machine is dark at this very point."""


class Cuts:
    """Decides where the power goes: by chance at each point, or at the *at*-th point, once."""

    def __init__(self, rng: Random, chance: float, at: int | None = None) -> None:
        self._rng = rng
        self.chance = chance
        self.at = at
        self.points = 0
        self.count = 0

    def point(self) -> None:
        """Pass a point at which the power may go."""
        self.points += 1
        if self.points == self.at or self._rng.random() < self.chance:
            self.cut()

    def strikes(self, share: float) -> bool:
        """Whether the power will go where only a world that knows the future can arrange it."""
        return self.chance > 0 and self._rng.random() < share

    def cut(self) -> None:
        """Cut the power."""
        self.count += 1
        raise PowerCut


class Disk:
    """The journal as the terminal writes it: before and after each commit the power may go."""

    def __init__(self, world: World) -> None:
        self._world = world

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        world = self._world
        if world.full:
            raise JournalUnwritable("The disk is full.")
        world.cuts.point()
        world.journal.commit(facts, now, urgent=urgent, durable=durable)
        world.audit.hear(facts)
        for fact in facts:
            if isinstance(fact, AttemptEnded):
                world.peer(fact.key).answered(fact.key, fact.outcome)
        world.last_commit = tuple(facts)
        world.cuts.point()

    def probe(self, now: Stamp) -> None:
        self.commit((), now, urgent=True)
