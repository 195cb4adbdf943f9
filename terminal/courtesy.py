"""Who computes first: the machine that somebody stands at, then one of those who deliver.

Python lets one thread compute at a time, and whose turn it is falls as it may: a queue that drains to a quick
server takes the processor from a tap again after each statement of its commit. So the threads of the delivery
take turns by themselves, give theirs back while they wait, and begin none while the loop is at work. It is
no lock but manners: nothing goes wrong where somebody has none.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

_LONGEST_S = 0.05
"""How long a turn is waited for, and then taken all the same: a loop that is never idle must not stop the
delivery, nor an adapter that waits for its server without giving its turn back the delivery to the others."""

_here = threading.local()


class RightOfWay:
    """One turn for all threads that deliver, and a loop that goes before it."""

    def __init__(self) -> None:
        self._free = threading.Condition(threading.Lock())
        self._taken = 0
        self._ahead = 0

    @contextmanager
    def ahead(self) -> Iterator[None]:
        """Be at work for somebody at the machine: no turn begins, but one that waits too long."""
        with self._free:
            self._ahead += 1
        try:
            yield
        finally:
            with self._free:
                self._ahead -= 1
                self._free.notify()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Have the turn, mostly as the only one; not to be nested. See ``waiting``."""
        self._take()
        _here.way = self
        try:
            yield
        finally:
            _here.way = None
            self._give()

    @contextmanager
    def _without(self) -> Iterator[None]:
        self._give()
        try:
            yield
        finally:
            self._take()

    def _take(self) -> None:
        with self._free:
            if self._taken or self._ahead:
                self._free.wait_for(lambda: not (self._taken or self._ahead), _LONGEST_S)
            self._taken += 1

    def _give(self) -> None:
        with self._free:
            self._taken -= 1
            self._free.notify()


def waiting() -> AbstractContextManager[None]:
    """Let others have this thread's turn within the block, if it has one: it waits there for something."""
    way: RightOfWay | None = getattr(_here, "way", None)
    return nullcontext() if way is None else way._without()  # noqa: SLF001 - one thing in two halves
