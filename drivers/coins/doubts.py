"""Doubtful signals that pile up: one is nothing, several within a while need a person. Pure."""

from __future__ import annotations

from collections import deque

MANY = 3
WHILE_NS = 600_000_000_000


class Doubts:
    """Counts what was no coin; times in nanoseconds, of one clock."""

    def __init__(self) -> None:
        self._at: deque[int] = deque(maxlen=MANY)
        self._words = ""

    def add(self, t_ns: int, words: str) -> None:
        """Take one more, at *t_ns*, for the reason *words*."""
        self._forget(t_ns)
        self._at.append(t_ns)
        # Told once: an alarm that changes its words with every spike would be one event more for each.
        self._words = self._words or words

    def words(self, t_ns: int) -> str:
        """Return what is wrong at *t_ns*; empty: nothing, or no more."""
        self._forget(t_ns)
        if len(self._at) < MANY:
            return ""
        return (
            f"{MANY} or more signals within {WHILE_NS // 60_000_000_000} minutes were no coins (the first: "
            f"{self._words}): check its wiring, its supply and what it is taught"
        )

    def due(self) -> int | None:
        """Return when words() will have nothing to say any more; None: it had nothing to say."""
        return self._at[0] + WHILE_NS if len(self._at) == MANY else None

    def _forget(self, t_ns: int) -> None:
        while self._at and t_ns >= self._at[0] + WHILE_NS:
            self._at.popleft()
        if not self._at:
            self._words = ""
