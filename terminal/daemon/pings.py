"""Servers that want to hear now and then that this terminal is there: each told by a thread of its own.

A ping books nothing and nobody waits for it. Its answer shows whether the server is there: the sync engine,
which delivers, learns it at once.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Mapping
from typing import Any

from terminal.backends.protocol import PingedBackend
from terminal.core.delivery import Answer
from terminal.daemon.lookups import Weather, report
from terminal.sync.backoff import Backoff

_LOG = logging.getLogger(__name__)

PING_S = 20.0
"""How long a server may take to answer."""

LEAST_S, MOST_S = 10.0, 3_600.0
"""How often a server may want to hear, whatever it says."""

_FIRST_RETRY_S, _LAST_RETRY_S = 15, 300


class Pings:
    """Tells servers that this terminal is there.

    Args:
        backends: All of them, by name; those that have no ``ping`` want to hear nothing.
        weather: Is told whether a server answered.
    """

    def __init__(self, backends: Mapping[str, Any], weather: Weather) -> None:
        self._weather = weather
        self._stopping = threading.Event()
        # A thread that waits for a server must not keep the process alive.
        self._threads = [
            threading.Thread(target=self._keep_on, args=(backend,), name=f"ping {name}", daemon=True)
            for name, backend in backends.items()
            if hasattr(backend, "ping")
        ]

    def start(self) -> None:
        """Begin: each server hears it at once, and then as often as it wants."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; a ping under way is not waited for."""
        self._stopping.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=1)

    def _keep_on(self, backend: PingedBackend) -> None:
        backoff = Backoff(_FIRST_RETRY_S, _LAST_RETRY_S)
        failures = 0
        pause_s = 0.0
        while not self._stopping.wait(pause_s):
            try:
                found = backend.ping(PING_S)
                if found is None:
                    return
                good = self._judged(backend.name, found)
            except Exception:  # noqa: BLE001 - the boundary of a thread
                _LOG.exception("the ping of %s failed in a way that was not foreseen", backend.name)
                good = None
            failures = 0 if good is not None else failures + 1
            pause_s = good if good is not None else backoff.delay_ms(failures) / 1000

    def _judged(self, name: str, found: float | Answer) -> float | None:
        """Report what the server answered; return in how many seconds to ping again, None after a bad one."""
        if isinstance(found, Answer):
            report(self._weather, name, found)
            _LOG.info("%s was not told that this terminal is there: %s", name, found.words)
            return None
        self._weather.report(name, ok=True)
        return min(max(found, LEAST_S), MOST_S) if math.isfinite(found) else MOST_S
