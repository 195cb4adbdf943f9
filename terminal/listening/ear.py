"""A queue from a device to one listener. Bounded: a slow listener loses lines, and the device never waits."""

from __future__ import annotations

import os
import threading
import time
from collections import deque

from drivers.contract import Traffic
from terminal.core.events import DeviceEvent
from terminal.core.value import replace
from terminal.listening import lines
from terminal.listening.lines import Line

MOST = 1_000
"""Lines that wait for a listener."""


class Ear:
    """Takes what one device says.

    Args:
        role: The device's role.
        raw: Whether traffic is wanted, not only events.
        full_uids: Whether full UIDs are wanted.
    """

    def __init__(self, role: str, *, raw: bool, full_uids: bool) -> None:
        self.raw = raw
        self._role = role
        self._full_uids = full_uids
        self._lock = threading.Lock()
        self._lines: deque[Line] = deque()
        self._lost = 0
        self._began = time.monotonic()
        self._signal: int | None = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """Return a descriptor that is readable while lines wait; poll it."""
        if self._signal is None:
            raise ValueError("this ear is closed")
        return self._signal

    # -- for the device's threads: never block, never raise --------------------------------------------

    def event(self, happened: DeviceEvent) -> None:
        """Take an event."""
        self.put(lines.event(happened, full_uids=self._full_uids))

    def traffic(self, heard: Traffic) -> None:
        """Take what went over the wire."""
        self.put(lines.traffic(heard, self._role, full_uids=self._full_uids))

    def put(self, line: Line) -> None:
        """Take a line."""
        at_s = self._at_s()
        with self._lock:
            if self._signal is None:
                return
            if len(self._lines) >= MOST:
                self._lost += 1
                return
            self._lines.append(replace(line, at_s=at_s))
            os.eventfd_write(self._signal, 1)

    # -- for the listener ------------------------------------------------------------------------------

    def take(self) -> list[Line]:
        """Return the lines that wait; says so where lines were lost. Never blocks."""
        with self._lock:
            if self._signal is None:
                return []
            if self._lines:
                os.eventfd_read(self._signal)
            taken, lost = list(self._lines), self._lost
            self._lines.clear()
            self._lost = 0
        if lost:
            taken.append(replace(lines.note(f"{lost} lines came too fast and are lost"), at_s=taken[-1].at_s))
        return taken

    def last(self, words: str) -> Line:
        """Return the line that ends the listening."""
        return Line("end", words, at_s=self._at_s())

    def _at_s(self) -> float:
        return round(time.monotonic() - self._began, 3)

    def close(self) -> None:
        """Take nothing any more."""
        with self._lock:
            if self._signal is not None:
                os.close(self._signal)
                self._signal = None
