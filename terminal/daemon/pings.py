"""Servers that want to hear now and then that this terminal is there: each told by a thread of its own.

A ping books nothing and nobody waits for it. Its answer shows whether the server is there: the sync engine,
which delivers, learns it at once.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from terminal.backends.protocol import PingedBackend
from terminal.core.delivery import Answer
from terminal.daemon.lookups import Weather, report
from terminal.daemon.rounds import NEVER, Rounds

_LOG = logging.getLogger(__name__)

PING_S = 20.0
"""How long a server may take to answer."""

LEAST_S, MOST_S = 10.0, 3_600.0
"""How often a server may want to hear, whatever it says."""

_RETRY_S = (15.0, 300.0)


class Pings:
    """Tells servers that this terminal is there.

    Args:
        backends: All of them, by name; those that have no ``ping`` want to hear nothing.
        weather: Is told whether a server answered.
    """

    def __init__(self, backends: Mapping[str, Any], weather: Weather) -> None:
        self._weather = weather
        self._rounds = [
            Rounds(f"ping {name}", f"the ping of {name}", partial(self._ping, backend), retry_s=_RETRY_S)
            for name, backend in backends.items()
            if hasattr(backend, "ping")
        ]

    def start(self) -> None:
        """Begin: each server hears it at once, and then as often as it wants."""
        for each in self._rounds:
            each.start()

    def stop(self) -> None:
        """End; a ping under way is not waited for."""
        for each in self._rounds:
            each.stop()

    def _ping(self, backend: PingedBackend) -> float | Answer:
        """Ping once; return in how many seconds to ping again, an answer after a bad one."""
        found = backend.ping(PING_S)
        if found is None:
            return NEVER
        if isinstance(found, Answer):
            report(self._weather, backend.name, found)
            _LOG.info("%s was not told that this terminal is there: %s", backend.name, found.words)
            return found
        self._weather.report(backend.name, ok=True)
        return min(max(found, LEAST_S), MOST_S) if math.isfinite(found) else MOST_S
