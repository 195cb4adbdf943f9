"""Servers that tell what changes: each is listened to on a thread of its own, and what changed is read again.

This only makes changes known sooner. Everything is read now and then all the same, so a server that tells
nothing, or does not want to, is no fault; whether it is away is for those to find out who ask it something.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from terminal.backends.protocol import FollowedBackend
from terminal.core.delivery import Answer, Outcome
from terminal.daemon.rounds import NEVER, Rounds

_LOG = logging.getLogger(__name__)

QUIET_S = 0.5
"""Who changes a price, changes ten: so long nothing more must come before all of it is read again."""

LONGEST_S = 5.0
"""But no change waits longer than this."""

STEADY_S = 60.0
"""Seconds after which a connection was a good one: what failed before it counts no more."""

UNWANTED_S = 900.0
"""Seconds until a server is asked again that does not want to be listened to: a key may get permissions."""

_RETRY_S = (2, 300)
_IDLE_S = 3600.0
_NOT_TOLD = "it does not tell what changes, which is then seen only now and then"


class Burst:
    """Names that come together are taken together. Pure: moments are seconds, and come in.

    Args:
        quiet_s: For so long nothing more must have come.
        longest_s: So long after the first of them they are due, whatever comes.
    """

    def __init__(self, quiet_s: float, longest_s: float) -> None:
        self._quiet_s = quiet_s
        self._longest_s = longest_s
        self._names: frozenset[str] = frozenset()
        self._first_s = 0.0
        self._last_s = 0.0

    def add(self, names: frozenset[str], now_s: float) -> None:
        """Let *names* have come."""
        if not self._names:
            self._first_s = now_s
        self._last_s = now_s
        self._names |= names

    def left_s(self, now_s: float) -> float | None:
        """Return in how many seconds they are due; None: there are none."""
        if not self._names:
            return None
        due_s = min(self._last_s + self._quiet_s, self._first_s + self._longest_s)
        return max(0.0, due_s - now_s)

    def take(self) -> frozenset[str]:
        """Return all of them, and begin anew."""
        names, self._names = self._names, frozenset()
        return names


class Following:
    """Listens to the servers that tell what changes.

    Args:
        backends: All of them, by name; those that have no ``follow`` tell nothing.
        reloads: What is done where one of these names has changed; it must not wait.
    """

    def __init__(
        self, backends: Mapping[str, Any], reloads: Mapping[frozenset[str], Callable[[], None]]
    ) -> None:
        self._reloads = reloads
        self._lock = threading.Lock()
        self._burst = Burst(QUIET_S, LONGEST_S)
        self._ears = {
            name: _Ear(name, backend, self._gather)
            for name, backend in backends.items()
            if hasattr(backend, "follow")
        }
        self._teller = Rounds("changes", "reading what has changed", self._tell, retry_s=_RETRY_S)

    def start(self) -> None:
        """Begin."""
        if self._ears:
            self._teller.start()
        for ear in self._ears.values():
            ear.rounds.start()

    def stop(self) -> None:
        """End, at once."""
        for ear in self._ears.values():
            ear.rounds.stop()
        self._teller.stop()

    @property
    def notices(self) -> tuple[str, ...]:
        """One sentence for each server that tells nothing to this terminal."""
        return tuple(f"Server {name!r}: {ear.words}" for name, ear in self._ears.items() if ear.words)

    def _gather(self, names: frozenset[str]) -> None:
        with self._lock:
            self._burst.add(names, monotonic())
        self._teller.hurry()

    def _tell(self) -> float:
        with self._lock:
            left_s = self._burst.left_s(monotonic())
            if left_s is None or left_s > 0:
                return left_s or _IDLE_S
            names = self._burst.take()
        for about, reload in self._reloads.items():
            if about & names:
                reload()
        return _IDLE_S


class _Ear:
    """Listens to one server, again and again."""

    def __init__(self, name: str, backend: FollowedBackend, gather: Callable[[frozenset[str]], None]) -> None:
        self._name = name
        self._backend = backend
        self._gather = gather
        self._since_s: float | None = None
        self._logged = ""
        self.words = ""
        self.rounds = Rounds(f"follow {name}", f"listening to {name}", self._listen, retry_s=_RETRY_S)

    def _heard(self, names: frozenset[str]) -> None:
        if self._since_s is None:
            self._since_s = monotonic()
            self.words = ""
        self._gather(names)

    def _listen(self) -> float | Answer:
        self._since_s = None
        answer = self._backend.follow(self._heard, self.rounds.stopping)
        if answer is None or self.rounds.stopping.is_set():
            return NEVER
        if self._was_steady():
            self.rounds.forgive()
            self._logged = ""
        unwanted = answer.outcome in (Outcome.DENIED, Outcome.REFUSED)
        self.words = f"{_NOT_TOLD}: {answer.words}" if unwanted else ""
        words = self.words or f"its events are not heard for now: {answer.words}"
        if words != self._logged:
            _LOG.info("%s: %s", self._name, words)
        self._logged = words
        return UNWANTED_S if unwanted else answer

    def _was_steady(self) -> bool:
        return self._since_s is not None and monotonic() - self._since_s >= STEADY_S
