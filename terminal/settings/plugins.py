"""The drivers and adapters that a configuration may name, as the check sees them: a class with ``Options``.

Only the two tables of names are asked; a driver's or adapter's module loads no library of its hardware, so a
configuration can be checked on any machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import drivers
from terminal import backends

SIMULATED = "simulated"
"""Name of the simulated driver of each role."""


class Plugins(Protocol):
    """What there is to choose from."""

    def driver(self, role: str, driver: str) -> Any:
        """Return a driver's class, with its ``Options``; LookupError if there is none of that name."""

    def drivers(self) -> Sequence[tuple[str, str]]:
        """Return (role, driver) of each driver."""

    def backend(self, kind: str) -> Any:
        """Return an adapter's class, with its ``Options``; LookupError if there is none of that name."""

    def backends(self) -> Sequence[str]:
        """Return the type of each adapter."""


class Installed:
    """What is installed on this machine."""

    def driver(self, role: str, driver: str) -> Any:
        """Return a driver's class, with its ``Options``; LookupError if there is none of that name."""
        return drivers.find(role, driver)

    def drivers(self) -> list[tuple[str, str]]:
        """Return (role, driver) of each driver."""
        return drivers.names()

    def backend(self, kind: str) -> Any:
        """Return an adapter's class, with its ``Options``; LookupError if there is none of that name."""
        return backends.find(kind)

    def backends(self) -> list[str]:
        """Return the type of each adapter."""
        return sorted(backends.BACKENDS)
