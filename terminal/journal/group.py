"""Group commit: callers that wait become one transaction, led by one of them.

No thread of its own: the first caller leads, those who come meanwhile wait, and the leader hands over to one of
them. An urgent caller is in the very next transaction, and the work of the others in it is bounded, so it waits
for one commit under way and for its own.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from terminal.core.facts import Fact
from terminal.core.stamp import Stamp

_MOST_FACTS = 32  # of callers that are not urgent, in one transaction


class Work:
    """One caller's facts. *error* says why they are not in the journal; None: they are."""

    __slots__ = ("done", "durable", "error", "facts", "gate", "now", "urgent")

    def __init__(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool, durable: bool) -> None:
        self.facts = facts
        self.now = now
        self.urgent = urgent
        self.durable = durable
        self.done = False
        self.error: Exception | None = RuntimeError("the commit was interrupted")
        self.gate = threading.Lock()
        self.gate.acquire()


class GroupCommit:
    """Brings callers together; *perform* does a batch and clears the error of each work that it has done."""

    def __init__(self, perform: Callable[[Sequence[Work]], None]) -> None:
        self._perform = perform
        self._guard = threading.Lock()
        self._leading = False
        self._urgent: deque[Work] = deque()
        self._others: deque[Work] = deque()

    def submit(self, work: Work) -> None:
        """Wait until *work* is in the journal; raise its error if it is not."""
        with self._guard:
            (self._urgent if work.urgent else self._others).append(work)
            follows = self._leading
            self._leading = True
        if follows:
            work.gate.acquire()  # opened when it is done, or when it is its turn to lead
        if not work.done:
            self._lead()
        if work.error is not None:
            raise work.error

    def _lead(self) -> None:
        """Do one batch, which the leader's own work is part of: it stands at the head of its queue."""
        batch: list[Work] = []
        try:
            with self._guard:
                batch = self._take()
            self._perform(batch)
        finally:
            for work in batch:
                work.done = True
            with self._guard:
                heir = next(iter(self._urgent or self._others), None)
                self._leading = heir is not None
            if heir is not None:
                heir.gate.release()
            for work in batch:
                work.gate.release()

    def _take(self) -> list[Work]:
        batch = list(self._urgent)
        self._urgent.clear()
        room = _MOST_FACTS
        while self._others and room > 0:
            work = self._others.popleft()
            room -= max(1, len(work.facts))
            batch.append(work)
        return batch
