"""One world from its beginning to its end, and what came of it."""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from terminal.core.events import Ended
from tests.money.history import History
from tests.money.world import World

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in memory, as every Linux has it: a journal syncs a lot
_OFTEN = 10


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder in memory, where there is one."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        yield Path(name)


def live(seed: int, sessions: int) -> Counter[str]:
    """Live through so many sessions; return what happened, how often.

    Raises:
        UnprovenError: The books and the world do not fit together.
    """
    logging.disable(logging.CRITICAL)
    try:
        with folder() as path, pytest.MonkeyPatch.context() as patch:
            world = World(path, seed, patch)
            try:
                _live(world, sessions)
            finally:
                world.journal.close()
            return _figures(world)
    finally:
        logging.disable(logging.NOTSET)


def _live(world: World, sessions: int) -> None:
    history = History(world)
    for number in range(sessions):
        history.session()
        if number % _OFTEN == 0:
            world.audit.check(world.journal)
    history.settle()
    world.audit.check_all(world.journal)


def _figures(world: World) -> Counter[str]:
    figures, audit = world.figures, world.audit
    for ledger in audit.ledgers.values():
        figures["coins taken"] += len(ledger.taken)
        figures["coins on the books"] += len(ledger.booked)
        figures["LOST reports"] += len(ledger.reports)
        figures["LOST reports of what only might have been"] += ledger.needless
        figures["resets that no answer shows"] += ledger.unseen
    figures["coins under LOST"] = figures["coins taken"] - figures["coins on the books"]
    figures["payouts"] = len(audit.payouts)
    ends = Counter(each.settled.ended for each in audit.payouts.values() if each.settled)
    figures["unknown payouts"] = ends[Ended.UNKNOWN]
    for fault, count in world.wire.spoilt.items():
        figures[f"wire: {fault}"] += count
    return figures
