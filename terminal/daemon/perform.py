"""Effects are carried out: each by the device or service it names. Nothing here blocks or decides."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from drivers.contract import CoinAcceptor, Device, Indicator, Machine
from terminal.core.delivery import Answer
from terminal.core.effects import (
    AskPayment,
    CloseSlot,
    CountPayout,
    DeliverNow,
    Effect,
    OpenSlot,
    PairToken,
    PayOut,
    Print,
    ReadWallet,
    Release,
    Screen,
    Show,
    TellPayout,
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

    def pay(self, asked: AskPayment) -> None:
        """Post PaymentMoved."""


class Performer:
    """Calls what each effect names.

    Args:
        devices: All of them, by name; looked up anew for each effect, because a driver that hangs is replaced.
        acceptors, indicators: Those of these roles.
        engine: Delivers entries.
        lookups: Asks the server.
        show: Puts a screen where people see it.
        post: Puts an event into the loop's inbox.
    """

    def __init__(
        self,
        *,
        devices: Mapping[str, Any],
        acceptors: Mapping[str, CoinAcceptor],
        indicators: Mapping[str, Indicator],
        engine: Delivers,
        lookups: Asks,
        show: Callable[[Screen], None],
        post: Callable[[Event], None],
    ) -> None:
        self._devices = devices
        self._acceptors = acceptors
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
            case OpenSlot(limit=limit, closed=closed):
                for name, acceptor in self._acceptors.items():
                    _order(acceptor, acceptor.inhibit if name in closed else partial(acceptor.accept, limit))
            case CloseSlot():
                for acceptor in self._acceptors.values():
                    _order(acceptor, acceptor.inhibit)
            case ReadWallet():
                self._lookups.read_wallet(effect.token, effect.deadline_ms)
            case DeliverNow(key=key):
                self._engine.deliver_now(key, lambda answer: self._post(_ended(key, answer)))
            case PairToken():
                self._lookups.pair(effect.token, effect.code)
            case AskPayment():
                self._lookups.pay(effect)
            case BeginSession() | DenyVend() | EndSession() | AnswerRevalue():
                _tell(self._devices[effect.machine], effect)
            case _:
                device = self._devices[effect.device]
                _order(device, partial(_give, device, effect))


def _give(device: Any, effect: Release | Print | CountPayout | PayOut | TellPayout) -> None:
    """Order something that comes out of a device."""
    match effect:
        case Release():
            device.release(effect.release, effect.product)
        case Print():
            device.print(effect.job, effect.document)
        case CountPayout():
            device.count(effect.payout)
        case PayOut():
            device.pay_out(effect.payout, effect.amount, effect.mark)
        case TellPayout():
            device.tell_payout(effect.payout, effect.amount, effect.mark)


def _tell(machine: Machine, effect: MachineEffect) -> None:
    """Tell a vending machine something."""
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
