"""What all simulated devices have: hands that unplug them and plug them in again.

A simulated device leads the life of a real one (:class:`drivers.device.DeviceThread`): unplugged, it is missed
three times before it is missing, refuses what is ordered meanwhile, and comes back by itself once it is plugged
in. Its hands are called from any thread and raise ValueError, with a sentence, for what a real one cannot do.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta

from drivers.contract import Condition, Emit
from drivers.device import DeviceFault, DeviceMissing, DeviceThread, words_of

RecordPath = Annotated[
    str,
    Meta(
        max_length=4096,
        pattern=r"^[^\x00]*$",
        description="File that gets one line of JSON for every coin, piece or document at the moment when it "
        "physically is there, so that a test can hold the books against it. Empty: none.",
        extra={"expected": "the path of a file, or an empty text"},
    ),
]
"""Type of the option `record`."""


class Record:
    """What the world saw of a device, in a file that several devices may share and a kill cannot undo.

    Every line is one write at the end of the file, made before the daemon hears of it: what stands there has
    happened, and what does not has not. So a device that cannot write its record does nothing at all.

    Args:
        device: Its name.
        path: The file; empty: nothing is recorded.
    """

    def __init__(self, device: str, path: str) -> None:
        self._device = device
        self._path = path

    def check(self) -> None:
        """Make the file, if there is none.

        Raises:
            DeviceFault: It cannot be written.
        """
        self._append(b"")

    def write(self, what: str, **more: object) -> None:
        """Note that *what* (coin, piece, document) is there now.

        Raises:
            DeviceFault: It cannot be written: then it is not there.
        """
        self._append(json.dumps({"what": what, "device": self._device, **more}).encode() + b"\n")

    def _append(self, line: bytes) -> None:
        if not self._path:
            return
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                written = os.write(file, line)
            finally:
                os.close(file)
        except OSError as error:
            raise DeviceFault(f"the record of {self._device} cannot be written: {words_of(error)}") from error
        if written != len(line):
            raise DeviceFault(f"the record of {self._device} cannot be written: {self._path} took half a line")


class SimulatedDevice(DeviceThread):
    """Base of the simulated drivers: a plug, and ``hands``."""

    def __init__(self, name: str, emit: Emit, record: str = "") -> None:
        super().__init__(name, emit)
        self._record = Record(name, record)
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
            self._record.check()
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
