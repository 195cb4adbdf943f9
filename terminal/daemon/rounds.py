"""What is done again and again on a thread of its own, whatever becomes of a single time."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from terminal.core.delivery import Answer
from terminal.sync.backoff import Backoff

_LOG = logging.getLogger(__name__)

NEVER = math.inf
"""Seconds until what is not done again."""


class Stop:
    """Says that the end has come, and wakes who waits for something else; see ``protocol.Stopping``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._come = False
        self._wakes: list[Callable[[], None]] = []

    def set(self) -> None:
        """Let the end come."""
        with self._lock:
            self._come = True
            for wake in self._wakes:
                wake()

    def is_set(self) -> bool:
        """Return whether the end has come."""
        return self._come

    @contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call *wake* when the end comes within the block, at once if it has come; it must not wait."""
        with self._lock:
            self._wakes.append(wake)
            if self._come:
                wake()
        try:
            yield
        finally:
            with self._lock:
                self._wakes.remove(wake)


class Rounds:
    """Does one thing again and again.

    Args:
        name: Of the thread.
        what: Is done, as a subject for the log.
        go: Does it; returns the seconds until the next time, or an answer that says why it did not work.
        retry_s: The first and the longest back-off where it did not work; what an answer asks for counts too.
        pause_s: Seconds before the first time.
        leave_s: How long a stop waits for one that is under way. A thread that waits for a server must not
            keep the process alive.
    """

    def __init__(
        self,
        name: str,
        what: str,
        go: Callable[[], float | Answer],
        *,
        retry_s: tuple[float, float],
        pause_s: float = 0.0,
        leave_s: float = 1.0,
    ) -> None:
        self._what = what
        self._go = go
        self._backoff = Backoff(*retry_s)
        self._pause_s = pause_s
        self._leave_s = leave_s
        self._failures = 0
        self._wanted = threading.Event()
        self._unforeseen = False
        self.stopping = Stop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def unforeseen(self) -> bool:
        """Whether it failed the last time in a way that nobody has thought of."""
        return self._unforeseen

    def start(self) -> None:
        """Begin, if it has not begun; not to be called by two threads at once."""
        if self._thread.ident is None and not self.stopping.is_set():
            self._thread.start()

    def stop(self) -> None:
        """End."""
        self.stopping.set()
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(self._leave_s)

    def hurry(self) -> None:
        """Do it now, or again as soon as what is under way is done: once, however often this is called."""
        self._wanted.set()

    def forgive(self) -> None:
        """Let what failed so far count no more: the next back-off is the first again."""
        self._failures = 0

    def _run(self) -> None:
        pause_s = self._pause_s
        while not self._rest(pause_s):
            pause_s = self._round()
            if pause_s == NEVER:
                return

    def _rest(self, seconds: float) -> bool:
        """Wait until the next time; return whether there is none."""
        if not self.stopping.is_set():
            self._wanted.wait(seconds)
            self._wanted.clear()
        return self.stopping.is_set()

    def _round(self) -> float:
        try:
            found = self._go()
            self._unforeseen = False
        except Exception:  # noqa: BLE001 - the boundary of a thread: the next time is tried all the same
            _LOG.exception("%s failed in a way that was not foreseen", self._what)
            self._unforeseen = True
            found = None
        if isinstance(found, float | int):
            self._failures = 0
            return found
        self._failures += 1
        asked_ms = found.retry_after_ms if found is not None else None
        return max(self._backoff.delay_ms(self._failures), asked_ms or 0) / 1000
