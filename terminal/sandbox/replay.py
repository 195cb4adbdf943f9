"""How the core of pretix treats ``X-Idempotency-Key``: a repeat gets the stored answer, for 24 hours.

A key counts only together with the secret that it came with, and while its twin is running a repeat is told so
with 409. (pretix, ``src/pretix/api/middleware.py``.)
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from terminal.httpd import Request, Response
from terminal.sandbox.booking import Refused
from terminal.sandbox.ledger import Ledger

WINDOW_MS = 86_400_000


class Replays:
    """The stored answers, and what is running now."""

    def __init__(self, ledger: Ledger, now_ms: Callable[[], int]) -> None:
        self._ledger = ledger
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._running: set[tuple[str, str]] = set()

    @contextmanager
    def running(self, request: Request) -> Iterator[None]:
        """Hold the request's key while it is served.

        Raises:
            Refused: 409, its twin is running.
        """
        known = _known_by(request)
        if known is None:
            yield
            return
        with self._lock:
            if known in self._running:
                raise Refused(409, "Concurrent request with idempotency key.")
            self._running.add(known)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(known)

    def answer(self, request: Request, handler: Callable[[Request], Response]) -> tuple[Response, bool]:
        """Return the answer, and whether it is a stored one. Effect and answer are committed together."""
        known = _known_by(request)
        if known is None:
            return handler(request), False
        with self._ledger.transaction():
            stored = self._ledger.stored_answer(*known, self._now_ms() - WINDOW_MS)
            if stored is not None:
                return Response(stored[0], stored[1], {"Content-Type": "application/json"}), True
            response = handler(request)
            if response.status < 500:  # noqa: PLR2004 - a failure is not kept: the next try may be better
                self._ledger.store_answer(*known, response.status, response.body, self._now_ms())
            return response, False


def _known_by(request: Request) -> tuple[str, str] | None:
    key = request.headers.get("x-idempotency-key", "")
    if request.method == "GET" or not key:
        return None
    return hashlib.sha256(request.headers.get("authorization", "").encode()).hexdigest(), key
