"""Whether the journal takes notes: what cannot be written down is not sent."""

from __future__ import annotations

from terminal.sync.backoff import Backoff

_FIRST_S = 1
_LONGEST_S = 60


class Gate:
    """Closed by a failed commit, and tried again with a back-off. Not safe for threads."""

    def __init__(self) -> None:
        self._backoff = Backoff(_FIRST_S, _LONGEST_S)
        self._failures = 0
        self._due = 0
        self.words = ""

    def wait_ms(self, now: int) -> int:
        """Return how long nothing may be begun; 0 if it may."""
        return max(0, self._due - now)

    def failed(self, words: str, now: int) -> None:
        """Close it: *words* say what a technician must do."""
        self._failures += 1
        self._due = now + self._backoff.delay_ms(self._failures)
        self.words = words

    def works(self) -> bool:
        """Open it; return whether it was closed."""
        recovered = self._failures > 0
        self._failures, self._due, self.words = 0, 0, ""
        return recovered

    def wake(self) -> None:
        """Let the next try be at once."""
        self._due = 0
