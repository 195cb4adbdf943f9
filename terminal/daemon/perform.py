"""Effects are carried out: each by the device or service it names. Nothing here blocks or decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from drivers.contract import CoinAcceptor, Device, Printer, ReleaseDevice
from terminal.core.delivery import Answer
from terminal.core.effects import (
    CloseSlot,
    DeliverNow,
    Effect,
    OpenSlot,
    PairToken,
    Print,
    ReadWallet,
    Release,
    Screen,
    Show,
)
from terminal.core.events import DeliveryEnded, Event


class Delivers(Protocol):
    """What performing needs of the sync engine."""

    def deliver_now(self, key: str, done: Callable[[Answer], None]) -> None:
        """Deliver one entry ahead of the queue."""


class Asks(Protocol):
    """What performing needs of the look-ups."""

    def read_wallet(self, token: str, deadline_ms: int) -> None:
        """Post WalletRemembered, then WalletRead."""

    def pair(self, token: str, code: str) -> None:
        """Post PairingEnded."""


class Performer:
    """Calls what each effect names.

    Args:
        acceptors, releases, printers: The devices of these roles, by name.
        engine: Delivers entries.
        lookups: Asks the server.
        show: Puts a screen where people see it.
        post: Puts an event into the loop's inbox.
    """

    def __init__(
        self,
        *,
        acceptors: Mapping[str, CoinAcceptor],
        releases: Mapping[str, ReleaseDevice],
        printers: Mapping[str, Printer],
        engine: Delivers,
        lookups: Asks,
        show: Callable[[Screen], None],
        post: Callable[[Event], None],
    ) -> None:
        self._acceptors = acceptors
        self._releases = releases
        self._printers = printers
        self._engine = engine
        self._lookups = lookups
        self._show = show
        self._post = post

    def __call__(self, effect: Effect) -> None:
        """Carry out *effect*."""
        match effect:
            case Show(screen=screen):
                self._show(screen)
            case OpenSlot(limit=limit):
                for acceptor in self._acceptors.values():
                    acceptor.accept(limit)
            case CloseSlot():
                for acceptor in self._acceptors.values():
                    acceptor.inhibit()
            case Release():
                self._releases[effect.device].release(effect.release, effect.product)
            case Print():
                self._printers[effect.device].print(effect.job, effect.document)
            case ReadWallet():
                self._lookups.read_wallet(effect.token, effect.deadline_ms)
            case DeliverNow(key=key):
                self._engine.deliver_now(key, lambda answer: self._post(_ended(key, answer)))
            case PairToken():
                self._lookups.pair(effect.token, effect.code)


def _ended(key: str, answer: Answer) -> DeliveryEnded:
    return DeliveryEnded(key, answer.outcome, answer.words, answer.balance)


def by_role(devices: Mapping[str, Device], role: str) -> dict[str, Any]:
    """Return the devices of one role, by name."""
    return {name: device for name, device in devices.items() if getattr(device, "role", None) == role}
