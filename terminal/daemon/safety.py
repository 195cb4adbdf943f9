"""Outputs that do harm while nobody drives them, brought to their safe level: slots closed, relays released.

Before anything else at a start, and by ``terminald --make-safe`` when the process has ended: what ended by
SIGKILL, for want of memory or by the watchdog has left its outputs as they were, where the way to the pins lets
them stay. Needs neither journal nor server, and loads no more than the drivers that it is for.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

import drivers
from terminal.settings import DeviceSettings

_PATIENCE_S = 2.0


def make_safe(devices: Sequence[DeviceSettings]) -> tuple[list[str], list[str]]:
    """Bring every device's outputs to their safe level, each on its own.

    Returns:
        The names of those that have such outputs and are safe now, and one sentence for each that may not be.
    """
    safe: list[str] = []
    failed: list[str] = []
    for each in devices:
        try:
            driver = drivers.find(each.role, each.driver)
            if (make := getattr(driver, "make_safe", None)) is not None:
                make(each.options)
                safe.append(each.name)
        except Exception as error:  # noqa: BLE001 - the border of a plug-in: the other devices are made safe
            failed.append(f"{each.name} ({each.role}) could not be brought to its safe state: {_words(error)}")
    return safe, failed


def runs_already(socket_path: str) -> bool:
    """Return whether a terminald answers at its control socket: its outputs are its own business.

    With RPi.GPIO nothing else would keep a second process from dropping a relay in the middle of a release.
    """
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(_PATIENCE_S)
        try:
            asking.connect(socket_path)
        except TimeoutError:
            return True  # somebody listens and is slow
        except OSError:
            return False
    return True


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__
