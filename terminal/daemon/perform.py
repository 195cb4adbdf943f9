"""Effects are carried out: each by the device or service it names. Nothing here blocks or decides."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from drivers.contract import CoinAcceptor, Device, Indicator, Machine, Printer, ReleaseDevice
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
from terminal.core.machine import AnswerRevalue, BeginSession, DenyVend, EndSession, MachineEffect
from terminal.daemon.signals import SIGNALS

_LOG = logging.getLogger(__name__)


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
        acceptors, releases, machines, printers, indicators: The devices of these roles, by name; looked up
            anew for each effect, because a driver that hangs is replaced.
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
        machines: Mapping[str, Machine],
        printers: Mapping[str, Printer],
        indicators: Mapping[str, Indicator],
        engine: Delivers,
        lookups: Asks,
        show: Callable[[Screen], None],
        post: Callable[[Event], None],
    ) -> None:
        self._acceptors = acceptors
        self._releases = releases
        self._machines = machines
        self._printers = printers
        self._indicators = indicators
        self._engine = engine
        self._lookups = lookups
        self._show = show
        self._post = post

    def __call__(self, effect: Effect) -> None:
        """Carry out *effect*."""
        match effect:
            case Show(screen=screen):
                self._show(screen)
                signal = SIGNALS[screen.notice]
                for indicator in self._indicators.values():
                    _order(indicator, partial(indicator.show, signal))
            case OpenSlot(limit=limit):
                for acceptor in self._acceptors.values():
                    _order(acceptor, partial(acceptor.accept, limit))
            case CloseSlot():
                for acceptor in self._acceptors.values():
                    _order(acceptor, acceptor.inhibit)
            case Release():
                giver = self._giver(effect.device)
                _order(giver, partial(giver.release, effect.release, effect.product))
            case BeginSession() | DenyVend() | EndSession() | AnswerRevalue():
                self._tell(self._machines[effect.machine], effect)
            case Print():
                printer = self._printers[effect.device]
                _order(printer, partial(printer.print, effect.job, effect.document))
            case ReadWallet():
                self._lookups.read_wallet(effect.token, effect.deadline_ms)
            case DeliverNow(key=key):
                self._engine.deliver_now(key, lambda answer: self._post(_ended(key, answer)))
            case PairToken():
                self._lookups.pair(effect.token, effect.code)

    def _giver(self, name: str) -> ReleaseDevice:
        return self._machines[name] if name in self._machines else self._releases[name]

    @staticmethod
    def _tell(machine: Machine, effect: MachineEffect) -> None:
        match effect:
            case BeginSession(funds=funds):
                _order(machine, partial(machine.begin, funds))
            case DenyVend():
                _order(machine, machine.deny)
            case EndSession():
                _order(machine, machine.end)
            case AnswerRevalue(granted=granted):
                _order(machine, partial(machine.revalue, granted))


def _order(device: Device, do: Callable[[], None]) -> None:
    """Call a driver, which may be somebody else's: what it raises, against its contract, stays its own.

    The others go on (I7), and an order that nobody answers becomes unknown when the time for it is over.
    """
    try:
        do()
    except Exception:  # noqa: BLE001 - the border of a plug-in: its mistake must not end the loop
        _LOG.exception("the driver of %r has failed with an order; please report this", device.name)


def _ended(key: str, answer: Answer) -> DeliveryEnded:
    return DeliveryEnded(key, answer.outcome, answer.words, answer.balance)
