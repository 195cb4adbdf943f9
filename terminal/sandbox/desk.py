"""Where the requests for one API arrive: each is counted, and may meet a fault on its way in and out."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from operator import attrgetter

from terminal.httpd import Reply, Request, Response
from terminal.sandbox.faults import Faults


class Desk:
    """Counts what is asked for, and lets *faults* happen around it."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def count(self, name: str) -> None:
        """Note that something happened once more."""
        with self._lock:
            self._counts[name] += 1

    def counts(self) -> dict[str, int]:
        """Return how often each call was asked for, and whatever else was noted."""
        with self._lock:
            return dict(self._counts)

    def forget(self) -> None:
        """Count from zero."""
        with self._lock:
            self._counts.clear()

    def serve(
        self,
        name: str,
        answer: Callable[[Request], Reply],
        *,
        hold: Callable[[Request], AbstractContextManager[object]] = nullcontext,
        about: Callable[[Request], str] = attrgetter("path"),
    ) -> Callable[[Request], Reply]:
        """Return the handler that counts a request as *name* and lets *answer* answer it.

        Args:
            name: Of the call.
            answer: Turns what it refuses into an answer by itself.
            hold: What lasts from before the answer until the faults after it are over.
            about: Returns the path that a fault looks at; that of an API with one address says more than it.
        """

        def served(request: Request) -> Reply:
            self.count(name)
            path = about(request)
            fault = self._faults.before(request.method, path)
            if fault is not None:
                return fault
            with hold(request):
                reply = answer(request)
                if not isinstance(reply, Response):
                    return reply
                return self._faults.after(request.method, reply, path)

        return served
