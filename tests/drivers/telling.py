"""Benches of readers that say what they see, and never that it went.

Time stands still while a token lies there. So no test of theirs depends on how late this machine is: a token
that lies there is never late to be seen again, and one that was taken away is gone as soon as the reader's own
patience has passed.
"""

import threading
import time
from abc import abstractmethod
from typing import ClassVar

from terminal.core.events import Health
from tests.drivers.reader_contract import ReaderBench

GONE_MS = 150
SETTLE_S = 0.3


class Clock:
    """A clock that can be held, and moved on."""

    def __init__(self) -> None:
        self._hold = threading.Lock()
        self._ahead = 0.0
        self._held: float | None = None

    def now(self) -> float:
        with self._hold:
            return self._held if self._held is not None else time.monotonic() + self._ahead

    def hold(self) -> None:
        with self._hold:
            if self._held is None:
                self._held = time.monotonic() + self._ahead

    def go_on(self) -> None:
        with self._hold:
            if self._held is not None:
                self._ahead = self._held - time.monotonic()
                self._held = None

    def skip(self, seconds: float) -> None:
        with self._hold:
            self._ahead += seconds
            if self._held is not None:
                self._held += seconds


class TellingBench(ReaderBench):
    """A reader of this kind; what it says to the driver is up to the subclass."""

    cards: ClassVar[tuple[str, str, str]]

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.lies = ""

    @abstractmethod
    def show(self) -> None:
        """Have the reader see what lies there now, as soon as it is plugged in; it may be nothing."""

    def put(self, uid: str) -> None:
        assert not self.lies
        if Health.OK in self.healths():
            self.clock.skip(SETTLE_S)  # the reader has settled since it was first opened: this is a hand
        self.clock.hold()
        self.lies = uid
        self.show()

    def take(self) -> None:
        self.lies = ""
        self.show()
        self.clock.go_on()
