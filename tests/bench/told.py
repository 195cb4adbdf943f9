"""When a reader told what, taken down in the place of the daemon."""

from __future__ import annotations

import threading
import time

from terminal.core.events import DeviceEvent, TokenPresented, TokenRemoved

_PATIENCE_S = 30


class Told:
    """When the reader told what, in the place of the daemon."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._at_ns: list[tuple[type[DeviceEvent], int]] = []

    def __call__(self, event: DeviceEvent) -> None:
        """Note *event*."""
        now = time.monotonic_ns()
        if isinstance(event, TokenPresented | TokenRemoved):
            with self._changed:
                self._at_ns.append((type(event), now))
                self._changed.notify_all()

    def next(self, kind: type[DeviceEvent]) -> int:
        """Return when the next event came, which must be of *kind*."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._at_ns, _PATIENCE_S):
                raise RuntimeError(f"no {kind.__name__} in {_PATIENCE_S} s")
            told, at_ns = self._at_ns.pop(0)
        if told is not kind:
            raise RuntimeError(f"{told.__name__} instead of {kind.__name__}")
        return at_ns
