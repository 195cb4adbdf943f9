"""What a driver is: one role, a name, a health, and a way to say what happened.

A driver knows nothing of the terminal beyond the value types of ``terminal.core.events`` and
``terminal.core.paper``. It owns its threads; their only right towards the daemon is to call *emit*. No method
of a driver blocks on its device, and none raises for what the device does: that is health and events.
Each driver class names an ``Options`` struct (its configuration, validated before it is built) and imports
vendor libraries only when its device is opened, so that a missing library harms only its owner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import msgspec

from terminal.core.catalogue import Product
from terminal.core.events import DeviceEvent, Health
from terminal.core.paper import Document
from terminal.core.value import Value

Emit = Callable[[DeviceEvent], None]


class DriverOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of each driver's options. Every field: ``Annotated[type, msgspec.Meta(description=…, ge=…)]``."""


class Condition(Value, frozen=True):
    """A device's health with one sentence of last words for the technician."""

    health: Health
    words: str = ""


class Device(Protocol):
    """The life of any device."""

    name: str

    @property
    def condition(self) -> Condition:
        """How it is now."""

    def start(self) -> None:
        """Bring it to its safe state at once, then open it and keep it open, from threads of its own."""

    def stop(self) -> None:
        """Bring it to its safe state (inhibited, released), close it and end its threads."""

    def beat_age_ms(self) -> int:
        """Milliseconds since its thread last showed that it turns: a hung driver is found by this."""


class TokenReader(Device, Protocol):
    """Emits TokenPresented, TokenRemoved, TokenUnreadable."""


class CoinAcceptor(Device, Protocol):
    """Emits CoinInserted, CoinUnrecognised. Inhibited until told otherwise."""

    def accept(self, limit: int) -> None:
        """Take money up to *limit* cents; a later call replaces the limit."""

    def inhibit(self) -> None:
        """Take no money."""


class ReleaseDevice(Device, Protocol):
    """Gives out a piece; emits ReleaseEnded."""

    def release(self, release: str, product: Product) -> None:
        """Give out one piece of *product*, once."""


class Printer(Device, Protocol):
    """Prints; emits PrintEnded."""

    def print(self, job: str, document: Document) -> None:
        """Print *document*, once."""


class Buttons(Device, Protocol):
    """Emits ButtonPressed."""


class Hands(Protocol):
    """What a person can do to a simulated device; ``terminalctl sim`` calls these by name.

    A simulated driver has ``hands: dict[str, Callable[..., Any]]``: the verbs it understands (tap, untap, coin,
    button, unplug, plug, ...) with the functions that do them. They raise ValueError, with a sentence, for
    what the real device could not do.
    """

    hands: dict[str, Callable[..., Any]]


class DriverClass(Protocol):
    """The class of a driver, as the table of drivers gives it."""

    role: ClassVar[str]
    Options: ClassVar[type[DriverOptions]]

    def __call__(self, name: str, options: Any, emit: Emit) -> Device:
        """Build the device *name*; *options* is an instance of Options. Touches nothing before start()."""
