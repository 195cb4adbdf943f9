"""When the process is killed or a driver hangs, and the disk that it writes to until then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from terminal.core.facts import Fact, PayoutIntended
from terminal.core.stamp import Stamp
from terminal.journal.errors import JournalUnwritable

if TYPE_CHECKING:
    from tests.money.world import World


class Killed(BaseException):
    """The process is gone, at this very point."""


class Hung(BaseException):
    """A driver hangs at this very point, and is given up; args[0] is its life."""


class Fate:
    """When the process is killed: at the so-and-so-many-th point of a kind from now."""

    def __init__(self) -> None:
        self.kind, self.left = "", 0
        self.dead = False
        self.points: Counter[str] = Counter()

    def set(self, kind: str, left: int) -> None:
        self.kind, self.left = kind, left

    def point(self, kind: str) -> None:
        """Pass a point; whoever is dead does not get past one."""
        self.points[kind] += 1
        if not self.dead and kind == self.kind:
            self.left -= 1
            self.dead = self.left <= 0
        if self.dead:
            raise Killed


class Disk:
    """The journal as the loop writes it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.full = False

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        world = self._world
        world.fate.point("commit")
        if self.full:
            raise JournalUnwritable("The disk is full.")
        world.journal.commit(facts, now, urgent=urgent, durable=durable)
        world.audit.hear(facts)
        if any(isinstance(fact, PayoutIntended) for fact in facts):
            world.fate.point("intent")
        world.fate.point("commit")

    def probe(self, now: Stamp) -> None:
        self.commit((), now, urgent=True)
