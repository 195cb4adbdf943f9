"""The devices of this terminal, as it tells a server that wants to know what is attached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drivers.contract import Device, TellsVersion
from terminal.core.events import Health
from terminal.core.till import Attached
from terminal.daemon.devices import Devices
from terminal.settings import DeviceSettings

_PLACES = ("port", "path", "device", "reader", "chip")
"""Options of drivers that say where a device is."""

_WITHIN = ("address", "line", "lines")
"""Options that tell devices at the same place from each other."""

_THERE = frozenset({Health.OK, Health.DEGRADED})


class Attachments:
    """Tells which devices there are: all that are configured; which of them were there since the start.

    Args:
        terminal: The terminal's id: no other terminal has it, so no other device has the ids made of it.
        settings: What is configured.
        devices: What drives them.
    """

    def __init__(self, terminal: str, settings: Sequence[DeviceSettings], devices: Devices) -> None:
        self._terminal = terminal
        self._settings = settings
        self._devices = devices
        self._seen: set[str] = set()

    def __call__(self) -> tuple[Attached, ...]:
        """Return them as they are now. From one thread, or from some that do not mind which comes first."""
        self._seen |= {each.name for each in self._devices.states() if each.health in _THERE}
        return tuple(
            Attached(
                name=each.name,
                role=each.role,
                driver=each.driver,
                address=address(each.options),
                id=f"{self._terminal}/{each.name}",
                version=_version(self._devices[each.name]),
                seen=each.name in self._seen,
            )
            for each in self._settings
        )


def _version(device: Device) -> str:
    return device.version if isinstance(device, TellsVersion) else ""


def address(options: Any) -> str:
    """Return where a device is, by its driver's options; empty where they do not tell it."""
    places = [value for name in _PLACES if isinstance(value := getattr(options, name, ""), str) and value]
    within = [(name, getattr(options, name, None)) for name in _WITHIN]
    told = [f"{name} {_plain(value)}" for name, value in within if value not in (None, "", {}, ())]
    return ", ".join([*places, *told])


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{name}={each}" for name, each in value.items())
    return " ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
