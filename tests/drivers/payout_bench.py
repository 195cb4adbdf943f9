"""What holds a driver that pays money out, for its contract: it knows what physically fell."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from terminal.core.events import Ended, Health, PayoutCounted, PayoutEnded
from tests.support.waiting import Inbox, wait_until

NAME = "payout under test"

COINS = 3

WELL = (Health.OK, Health.DEGRADED)


class PayoutBench(ABC):
    """A device that pays out, what it emits, what falls, and the hands of whoever stands before it.

    Attributes:
        coin: What each of its coins is worth, in cents.
        stories: How many random stories it lives through.
        may_not_know: Whether a power cut may leave it without an answer (UNKNOWN).
    """

    coin: ClassVar[int] = 100
    stories: ClassVar[int] = 10
    may_not_know: ClassVar[bool] = False

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.back_s = 60
        self._device: Any = None
        self._numbers = itertools.count(1)

    # -- what each bench does its own way --------------------------------------------------------------------

    @abstractmethod
    def make(self, emit: Any) -> Any:
        """Return a driver for the device, named NAME, impatient (see Pace), waiting back_s, not started."""

    @abstractmethod
    def fill(self, coins: int) -> None:
        """Put so many coins into it; it has none at first."""

    @abstractmethod
    def slow(self) -> None:
        """Let it pay so slowly that a test can come between."""

    @abstractmethod
    def lose(self) -> None:
        """Unplug its cable."""

    @abstractmethod
    def unplug_after(self, coins: int) -> None:
        """Unplug its cable in the next payout after so many coins; it goes on paying."""

    @abstractmethod
    def cut_power_after(self, coins: int) -> None:
        """Cut its power in the next payout after so many coins."""

    @abstractmethod
    def gone(self) -> bool:
        """Return whether it is unplugged or without power."""

    @abstractmethod
    def bring_back(self) -> None:
        """Undo that."""

    @abstractmethod
    def fallen(self) -> int:
        """Return what physically fell so far, in cents."""

    @abstractmethod
    def orders(self) -> int:
        """Return how many payouts the device itself began so far."""

    @abstractmethod
    def clear(self) -> None:
        """Let go of everything but the driver; it has been stopped."""

    # -- what all share --------------------------------------------------------------------------------------

    @property
    def device(self) -> Any:
        """The driver as it is now."""
        if self._device is None:
            self._device = self.make(self.inbox.put)
        return self._device

    def start(self) -> None:
        """Start the driver and wait until it works."""
        self.device.start()
        self.working()

    def working(self) -> None:
        """Wait until it works."""
        wait_until(lambda: self.device.condition.health in WELL, timeout=60, what="a device that works")

    def missing(self) -> None:
        """Wait until it is known to be away."""
        wait_until(lambda: self.device.condition.health is Health.MISSING, timeout=60, what="a loss")

    def kill(self) -> None:
        """End the driver while it cannot reach its device: it knows nothing, and says nothing."""
        assert self.gone()
        before = len(self.inbox.of(PayoutEnded))
        self.end()
        assert len(self.inbox.of(PayoutEnded)) == before

    def end(self) -> None:
        """Stop the driver; the next one has the same device."""
        self.device.stop()
        self._device = None

    def close(self) -> None:
        """Stop the driver and let everything go."""
        if self._device is not None:
            self._device.stop()
        self.clear()

    def count(self, payout: str) -> str:
        """Have it count; return the mark."""
        self.device.count(payout)

        def answer(_: object) -> list[PayoutCounted | PayoutEnded]:
            return [each for each in self.inbox.of(PayoutCounted, PayoutEnded) if each.payout == payout]

        found = self.inbox.wait(answer, timeout=60, what="a mark")[0]
        assert isinstance(found, PayoutCounted), found
        assert len(found.mark) <= 200
        assert found.mark.isascii()
        assert found.mark.isprintable()
        return found.mark

    def ended(self, payout: str) -> PayoutEnded:
        """Wait for the answer; return it. There is but one."""

        def answers(_: object) -> list[PayoutEnded]:
            return [each for each in self.inbox.of(PayoutEnded) if each.payout == payout]

        found = self.inbox.wait(answers, timeout=60, what=f"the end of {payout}")
        assert len(found) == 1, found
        return found[0]

    def pay(self, coins: int, payout: str = "") -> PayoutEnded:
        """Count, pay so many coins, and return the answer."""
        payout = payout or f"payout-{next(self._numbers)}"
        mark = self.count(payout)
        self.device.pay_out(payout, coins * self.coin, mark)
        return self.ended(payout)

    def tell(self, payout: str, coins: int, mark: str) -> PayoutEnded:
        """Have a payout told, and return the answer."""
        self.device.tell_payout(payout, coins * self.coin, mark)
        return self.ended(payout)

    def agree(self, told: PayoutEnded, fell: int) -> None:
        """Hold what was told against the cents that fell."""
        match told.ended:
            case Ended.DONE:
                assert told.paid == fell > 0, told
            case Ended.FAILED:
                assert told.paid == fell == 0, told
            case Ended.UNKNOWN:
                assert told.paid <= fell, told
                assert self.may_not_know, told
        assert told.words or told.ended is Ended.DONE
