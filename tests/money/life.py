"""A driver without its thread: the same life, a step at a time, with a kill wherever the world wants one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from drivers.contract import Condition
from drivers.device import DeviceError, DeviceThread
from terminal.core.events import DeviceEvent, Health
from tests.money.clock import Clock


class Rest(BaseException):
    """The driver has nothing to do for so many seconds; args[0], or None: until there is an order."""


class _Stepped(DeviceThread):
    """What a driver's thread would wait for is waited for by the world."""

    clock: Clock

    def _work(self, timeout_s: float | None = None) -> None:
        if timeout_s != 0 and not self._orders:
            raise Rest(timeout_s)
        super()._work(0)

    def _pause(self, seconds: float) -> bool:
        self.clock.sleep(seconds)
        return not self._stopping.is_set()


def stepped(driver: type[DeviceThread]) -> type[DeviceThread]:
    """Return *driver* with _Stepped in front of it."""
    return type(driver.__name__, (_Stepped, driver), {})


class Life:
    """The life of one driver object, as DeviceThread._live lives it; it ends when the object is dropped."""

    def __init__(
        self,
        driver: type[DeviceThread],
        name: str,
        options: Any,
        emit: Callable[[DeviceEvent], None],
        clock: Clock,
    ) -> None:
        self.device: Any = driver(name, options, emit)
        self.device.clock = clock
        self.device._running = True
        self.hangs = False
        self._clock = clock
        self._opened_at: float | None = None
        self._failures = 0
        self._due = clock.now

    @property
    def open(self) -> bool:
        """Whether its device is."""
        return self._opened_at is not None

    def due(self) -> float:
        """When it has something to do."""
        if self.hangs:
            return self._due
        return self._clock.now if self.device._orders or self.device._hurried else self._due

    def step(self) -> None:
        """Do the next thing."""
        try:
            if self._opened_at is None:
                if self._clock.now < self._due and not self.device._hurried:
                    self._refuse()
                    return
                self._open()
            else:
                self._due = self._clock.now
                self.device._serve()
        except Rest as rest:
            self._due = 1e12 if rest.args[0] is None else self._clock.now + rest.args[0]
        except (DeviceError, OSError) as error:
            self._lost(error)

    def hang(self, for_s: float) -> None:
        """Make no step any more; it is given up after *for_s*."""
        self.hangs, self._due = True, self._clock.now + for_s

    def abandon(self) -> None:
        """Let its device go, after it was given up: as DeviceThread.abandon does it."""
        self.device._stopping.set()
        self.device._running = False
        self.device._refuse_all("it does not answer and is started anew")
        self._let_go()

    def stop(self) -> None:
        """Stop it, as the daemon does when it ends cleanly."""
        self.device._stopping.set()
        self._let_go()
        self.device._running = False
        self.device._refuse_all("it is being stopped")

    def _open(self) -> None:
        device = self.device
        condition = device._open() or Condition(Health.OK)
        self._opened_at = self._due = self._clock.now
        device._hurried = False
        device._report(condition.health, condition.words)

    def _lost(self, error: Exception) -> None:
        device = self.device
        self._let_go()
        if self._opened_at is not None and self._clock.now - self._opened_at >= device.pace.settled_s:
            self._failures = 0
        self._opened_at = None
        self._failures += 1
        device._lost(error, self._failures)
        self._due = self._clock.now + device.pace.wait_s(self._failures)
        self._refuse()

    def _let_go(self) -> None:
        with contextlib.suppress(DeviceError, OSError):  # gone: as the thread takes it
            self.device._close()

    def _refuse(self) -> None:
        self.device._refuse_all(f"{self.device.name} is not ready")
