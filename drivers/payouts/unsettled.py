"""Payouts whose end is not told yet: each is answered once, by what its device's counters say."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from drivers.contract import Emit
from drivers.errors import DeviceError
from drivers.payouts.hopper_counters import Counters, Verdict, read
from terminal.core.events import Ended, PayoutEnded


@dataclass
class Payout:
    """One payout.

    Attributes:
        payout: Its id.
        before: The counters of its mark.
        coins: How many were ordered, >= 1.
        live: Whether this driver ordered it of the device; else it is only to tell how it ended.
        began: Whether the device said that it pays; None: nobody heard.
        seen: Coins that the device said, meanwhile, to have paid of it.
    """

    payout: str
    before: Counters
    coins: int
    live: bool
    began: bool | None = None
    seen: int = 0


class Unsettled:
    """The payouts of one device that wait for their answer, in order.

    Args:
        name: Of the device.
        emit: Takes the answers.
        back_s: How long a device that was lost while it paid is waited for, in seconds.
    """

    def __init__(self, name: str, emit: Emit, back_s: float) -> None:
        self._name = name
        self._emit = emit
        self._back_s = back_s
        self._waiting: list[Payout] = []
        self._hold = threading.Lock()  # guards _waiting: orders are refused by other threads, too
        self._lost_at: float | None = None

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def first(self) -> Payout | None:
        """The one that is to be answered next."""
        with self._hold:
            return self._waiting[0] if self._waiting else None

    def add(self, payout: Payout) -> None:
        """Take a payout that was ordered of the device just now, or is about to be."""
        with self._hold:
            self._waiting.append(payout)

    def ask(self, payout: str, amount: int, mark: str) -> None:
        """Take one that is to be told; what its mark cannot be about is answered at once."""
        before = read(mark)
        if before is None:
            words = f"what was noted before the payout is no mark of {self._name}"
            self._emit(PayoutEnded(payout, Ended.UNKNOWN, 0, words))
            return
        coins = before.coins_for(amount)
        if not coins:
            words = f"{self._name} pays coins of {before.coin} cents: none was ordered for {amount}"
            self._emit(PayoutEnded(payout, Ended.FAILED, 0, words))
            return
        with self._hold:
            if all(each.payout != payout for each in self._waiting):  # else its end is told anyway
                self._waiting.append(Payout(payout, before, coins, live=False))

    def answer(self, payout: Payout, verdict: Verdict, *more: str) -> None:
        """Tell how it ended; *more*: what the device says of itself."""
        with self._hold:
            self._waiting.remove(payout)
        words = "; ".join([verdict.words, *more]) if verdict.words else ""
        paid = verdict.coins * payout.before.coin
        self._emit(PayoutEnded(payout.payout, verdict.ended, paid, words))

    def drop(self, payout: Payout) -> None:
        """Forget it without an answer."""
        with self._hold:
            self._waiting.remove(payout)

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Hold while the device is opened: by a DeviceError it is not there, and else it is.

        What was ordered of one that is not there is UNKNOWN once that has lasted too long.
        """
        try:
            yield
        except DeviceError:
            self._missed()
            raise
        self._lost_at = None

    def _missed(self) -> None:
        now = time.monotonic()
        self._lost_at = now if self._lost_at is None else self._lost_at
        if now - self._lost_at < self._back_s:
            return
        with self._hold:
            live = [each for each in self._waiting if each.live]
        for each in live:
            words = f"{self._name} was lost while it paid, and was not back within {self._back_s:g} s"
            self.answer(each, Verdict(Ended.UNKNOWN, each.seen, words))
