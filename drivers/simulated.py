"""What all simulated devices have: hands that unplug them and plug them in again.

A simulated device leads the life of a real one (:class:`drivers.device.DeviceThread`): unplugged, it is missed
three times before it is missing, refuses what is ordered meanwhile, and comes back by itself once it is plugged
in. Its hands are called from any thread and raise ValueError, with a sentence, for what a real one cannot do.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from drivers.contract import Condition, Emit
from drivers.device import DeviceMissing, DeviceThread


class SimulatedDevice(DeviceThread):
    """Base of the simulated drivers: a plug, and ``hands``."""

    def __init__(self, name: str, emit: Emit) -> None:
        super().__init__(name, emit)
        self._hold = threading.RLock()  # guards what hands and the device's thread both touch
        self._plugged = True
        self._works = False
        self.hands: dict[str, Callable[..., Any]] = {"unplug": self.unplug, "plug": self.plug}

    def unplug(self) -> None:
        """Pull its plug."""
        with self._hold:
            if not self._plugged:
                raise ValueError(f"{self.name} is unplugged already")
            self._plugged = False
        self._order(self._check_plug, lambda _words: None)

    def plug(self) -> None:
        """Put its plug in again."""
        with self._hold:
            if self._plugged:
                raise ValueError(f"{self.name} is plugged in already")
            self._plugged = True
        self._hurry()

    def _check_plug(self) -> None:
        """Raise DeviceMissing where it is unplugged: what any access to it comes to."""
        if not self._plugged:
            raise DeviceMissing(f"{self.name} is unplugged")

    def _check_works(self) -> None:
        """Raise ValueError where nobody listens to the device, so that using it would do nothing."""
        if not self._plugged:
            raise ValueError(f"{self.name} is unplugged")
        if not self._works:
            raise ValueError(f"{self.name} is not in operation ({self.condition.health.value})")

    def _open(self) -> Condition | None:
        with self._hold:
            self._check_plug()
            self._works = True
        return None

    def _close(self) -> None:
        with self._hold:
            self._works = False


def whole(value: object, what: str, least: int = 1) -> int:
    """Return *value* as the whole number that it is.

    Raises:
        ValueError: It is none, or less than *least*.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{what} is {value!r}; expected a whole number from {least} on")
    return value
