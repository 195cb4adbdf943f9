"""What holds the driver of a vending machine, for its contract: it knows what was physically given."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import Any, ClassVar

from drivers.contract import Emit
from drivers.device import DeviceThread
from terminal.core.catalogue import Product
from terminal.core.events import DeviceChanged, Health, ReleaseEnded
from terminal.core.machine import (
    CashSold,
    MachineEnabled,
    RevalueRequested,
    SessionEnded,
    VendCancelled,
    VendRequested,
)
from tests.support.waiting import Inbox, wait_until

NAME = "machine under test"

PRICE = 150

MACHINE_EVENTS = (MachineEnabled, VendRequested, VendCancelled, SessionEnded, RevalueRequested, CashSold)


class Cannot(Enum):
    """What a bench may declare that it, or its driver, cannot do."""

    TELL_CASH_SALES = "the way to the machine does not tell sales for cash"


class MachineBench(ABC):
    """A machine under test, what it emits, and the hands of whoever stands before it."""

    cannot: ClassVar[frozenset[Cannot]] = frozenset()

    def __init__(self) -> None:
        self.inbox = Inbox()
        self._device: Any = None
        self._numbers = itertools.count(1)

    # -- what each bench does its own way --------------------------------------------------------------------

    @abstractmethod
    def make(self, emit: Emit) -> DeviceThread:
        """Return the driver, named NAME, impatient (see Pace), not started."""

    @abstractmethod
    def hand(self, verb: str, **more: Any) -> None:
        """Do what a guest or a machine does: choose, cancel, succeed, fail, silent, reset, enable, disable, ...

        Raises:
            ValueError: It would not do that now.
        """

    @abstractmethod
    def by_hand(self, *, yes: bool = True) -> None:
        """Whether approved pieces come out by hand only (succeed, fail, silent); else by themselves."""

    @abstractmethod
    def given(self) -> int:
        """How many pieces physically came out."""

    @abstractmethod
    def lose(self) -> None:
        """Unplug it, or end what stands between."""

    @abstractmethod
    def bring_back(self) -> None:
        """Undo lose()."""

    @abstractmethod
    def revalues(self) -> list[tuple[int, bool]]:
        """The revalues that the machine had an answer to."""

    @abstractmethod
    def approved(self) -> bool:
        """Whether the machine has an approval, and has not given out."""

    @abstractmethod
    def clear(self) -> None:
        """Let go of everything but the driver, which has been stopped."""

    # -- what all share --------------------------------------------------------------------------------------

    @property
    def device(self) -> Any:
        """The driver."""
        if self._device is None:
            self._device = self.make(self.inbox.put)
        return self._device

    def start(self) -> None:
        """Start it and wait until the machine wants to sell."""
        self.device.start()
        self.expect(MachineEnabled(NAME, True))

    def close(self) -> None:
        """Stop it and let everything go."""
        if self._device is not None:
            self._device.stop()
        self.clear()

    def events(self, *kinds: type) -> list[Any]:
        """Return what was told, health left out."""
        return self.inbox.of(*(kinds or (*MACHINE_EVENTS, ReleaseEnded)))

    def expect(self, event: object, times: int = 1) -> None:
        """Wait until *event* was told so often."""
        self.inbox.wait(lambda told: told.count(event) >= times, timeout=60, what=repr(event))

    def choose(self, price: int = PRICE, item: int = 5) -> None:
        """Choose, and wait until the terminal is asked."""
        asked = VendRequested(NAME, str(item), price)
        before = self.inbox.events.count(asked)
        self.hand("choose", item=item, price=price)
        self.expect(asked, before + 1)

    def release(self, price: int = PRICE) -> str:
        """Approve; return the release."""
        release = f"r{next(self._numbers)}"
        self.device.release(release, Product("piece", "A piece", price))
        return release

    def ended(self, release: str) -> ReleaseEnded:
        """Wait for the answer to *release*; there is one only."""

        def answers(_: object) -> list[ReleaseEnded]:
            return [event for event in self.inbox.of(ReleaseEnded) if event.release == release]

        self.inbox.wait(answers, timeout=60, what=release)
        (answer,) = answers(None)
        return answer

    def begin(self, funds: int | None = 1000) -> None:
        """Begin a session, and wait until the machine has it: it takes a revalue or a choice then."""
        self.device.begin(funds)
        self.until(self.in_session, "a session at the machine")

    def until(self, done: Callable[[], bool], what: str) -> None:
        """Wait."""
        wait_until(done, timeout=60, what=what)

    @abstractmethod
    def in_session(self) -> bool:
        """Whether the machine is in a session and waits for a choice."""

    def health(self, health: Health) -> str:
        """Wait until the device is so; return its words."""

        def is_so(_: object) -> bool:
            changes = self.inbox.of(DeviceChanged)
            return bool(changes) and changes[-1].health is health

        self.inbox.wait(is_so, timeout=60, what=repr(health))
        return self.inbox.of(DeviceChanged)[-1].words

    def free(self) -> None:
        """Wait until the machine is as at first: enabled, without a session."""
        self.until(self.ready, "a machine that waits for guests")

    @abstractmethod
    def ready(self) -> bool:
        """Whether it is enabled, without a session, and its driver knows."""
