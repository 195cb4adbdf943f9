"""What every check is given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

from terminal.doctor.system import System
from terminal.doctor.unit import Unit, unit
from terminal.doctor.who import Who, who
from terminal.settings import ConfigError, DeviceSettings, Settings

_TTY = re.compile(r"tty:([A-Za-z]+\d+)")


@dataclass(frozen=True)
class Case:
    """The machine, and the configuration or what is wrong with it.

    Attributes:
        settings: None where the configuration cannot be used: then what needs it is not checked.
    """

    system: System
    file: str
    settings: Settings | None = None
    error: ConfigError | None = field(default=None)

    @cached_property
    def unit(self) -> Unit:
        """The daemon's unit."""
        return unit(self.system)

    @cached_property
    def who(self) -> Who:
        """Who drives the devices."""
        return who(self.system, self.unit)

    @property
    def devices(self) -> tuple[DeviceSettings, ...]:
        """The configured devices."""
        return self.settings.devices if self.settings else ()

    def drivers(self) -> set[str]:
        """Return the names of the drivers that are configured."""
        return {device.driver for device in self.devices}


def texts(device: DeviceSettings) -> Iterator[str]:
    """Give the texts among the options of *device*."""
    for name in device.options.__struct_fields__:
        value = getattr(device.options, name)
        if isinstance(value, str):
            yield value


def files(device: DeviceSettings) -> list[str]:
    """Return the device files that the options name: ``/dev/…``, alone or in a URL, and ``tty:AMA0:…``."""
    found = [unquote("/dev/" + text.partition("/dev/")[2]) for text in texts(device) if "/dev/" in text]
    return found + [f"/dev/tty{match[1]}" for text in texts(device) if (match := _TTY.match(text))]
