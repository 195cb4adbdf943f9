"""One server's breaker: stops the hammering while it is away, and lets one probe through. Time is passed in."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from terminal.core.delivery import Answer, Outcome

_IN_PROGRESS = 409


class State(Enum):
    """How a server is, as a technician reads it."""

    UNUSED = "unused"  # nothing was heard of it yet
    OK = "ok"
    AWAY = "away"  # it does not answer: one probe at a time
    PROBING = "probing"
    PAUSED = "paused"  # it does not accept this terminal: a person must look


class Breaker:
    """Counts failures in a row; open, it permits one probe, and the next only when that one's end was heard.

    All moments are milliseconds of one monotonic clock. Not safe for threads: its owner locks.

    Args:
        failures: After so many in a row the server is away.
        probe_ms: Wait before the next probe, from the number of failed probes (1: none yet).
        pause_ms: Wait before a server that denied this terminal is asked again.
    """

    def __init__(self, failures: int, probe_ms: Callable[[int], int], pause_ms: int) -> None:
        self._limit = failures
        self._probe_ms = probe_ms
        self._pause_ms = pause_ms
        self._state = State.UNUSED
        self._failures = 0
        self._probes = 0
        self._probing = False
        self._due = 0
        self._words = ""
        self._denied = ""  # a look-up was, in these words; deliveries may still be accepted

    @property
    def state(self) -> State:
        """How the server is."""
        if self._denied:
            return State.PAUSED
        return State.PROBING if self._probing and self._state is State.AWAY else self._state

    @property
    def words(self) -> str:
        """Why it is like that; empty if nothing is wrong."""
        return self._denied or self._words

    @property
    def closed(self) -> bool:
        """Whether anything may go out."""
        return self._state in (State.UNUSED, State.OK)

    def wait_ms(self, now: int) -> int | None:
        """Return how long nothing may go out: 0 if something may now, None while a probe is on its way."""
        if self.closed:
            return 0
        return None if self._probing else max(0, self._due - now)

    def permit(self, now: int) -> bool | None:
        """Return whether what is about to go out is the probe; None if nothing may go out."""
        if self.closed:
            return False
        if self.wait_ms(now) != 0:
            return None
        self._probing = True
        return True

    def cancel(self) -> None:
        """Take back the permission for a probe: there was nothing to send."""
        self._probing = False

    def glance(self, now: int) -> bool:
        """Return whether a look-up, which is nobody's entry, may go out; while away, one in each probe's time.

        Unlike a probe it need not be reported back. A server that denied deliveries may still be looked up.
        """
        if self._state is not State.AWAY:
            return True
        if self.wait_ms(now) != 0:
            return False
        self._due = now + self._probe_ms(self._probes)
        return True

    def heard(self, answer: Answer, now: int, *, probe: bool = False) -> bool:
        """Learn from an answer; return whether this closed the breaker."""
        if probe:
            self._probing = False
        if answer.outcome is Outcome.DENIED:
            self._state, self._failures, self._due = State.PAUSED, 0, now + self._pause_ms
            self._words = answer.words
            return False
        if answer.outcome in (Outcome.DELIVERED, Outcome.REFUSED) or _in_progress(answer):
            self._denied = ""
            return self._answers()
        self._fails(answer.words, now, answer.retry_after_ms or 0, probe=probe)
        return False

    def report(self, now: int, *, ok: bool, denied: str = "") -> bool:
        """Learn from a look-up; return whether this closed the breaker.

        It cannot end a pause of the deliveries. One that was *denied*, in these words (and *ok*: the server is
        there), shows as a pause and holds up no delivery: whether that is accepted its own answer tells. The
        next answer of any kind that is not denied ends it.
        """
        if ok:
            self._denied = denied
        if self._state is State.PAUSED:
            return False
        if ok:
            return self._answers()
        self._fails("the server did not answer a look-up", now, 0, probe=False)
        return False

    def wake(self) -> None:
        """Permit the next probe at once."""
        self._due = 0

    def _answers(self) -> bool:
        was_open = not self.closed
        self._state, self._failures, self._words = State.OK, 0, ""
        return was_open

    def _fails(self, words: str, now: int, retry_after_ms: int, *, probe: bool) -> None:
        self._failures += 1
        if self._state is State.PAUSED:
            self._due = max(self._due, now + self._pause_ms) if probe else self._due
        elif self._state is State.AWAY:
            # Others that were on their way when it opened say nothing new.
            if probe:
                self._probes += 1
                self._due = now + max(self._probe_ms(self._probes), retry_after_ms)
            self._words = words
        elif self._failures >= self._limit:
            self._state, self._probes = State.AWAY, 1
            self._due = now + max(self._probe_ms(1), retry_after_ms)
            self._words = words


def _in_progress(answer: Answer) -> bool:
    """Tell whether the server is there, and busy with this very entry only."""
    return answer.outcome is Outcome.BUSY and answer.status == _IN_PROGRESS
