"""A simulated hopper. Hands: fill, empty, jam, clear, silent_next, unplug_after, cut_power_after and others.

It has the counters of a real one, and tells by them what a real one could tell. Unplugged while it pays, it
goes on paying; without power it stops where it is. With a `record` its counters stand there, too, and outlive
the process, as those of a real hopper do; without one, every process has another hopper.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit, Filling
from drivers.errors import DeviceError, DeviceMissing
from drivers.payouts.hopper_counters import Counters, Verdict, after, decide, read
from drivers.payouts.orders import BackS, CountedPays, MostCoins
from drivers.payouts.unsettled import Payout, Unsettled
from drivers.simulated import RecordPath, SimulatedDevice, whole
from terminal.core.events import PayoutCounted

_NO_SIGN = re.compile(r"[^!-~]")


class SimulatedPayoutOptions(DriverOptions, frozen=True, kw_only=True):
    """Options of the simulated hopper."""

    coin: Annotated[int, Meta(ge=1, le=1_000_000, description="What each of its coins is worth, in cents.")] = (
        100
    )
    stock: Annotated[int, Meta(ge=0, le=1_000_000, description="How many coins are in it at first.")] = 100
    most_coins: MostCoins = 50
    delay_ms: Annotated[
        int, Meta(ge=0, le=60_000, description="How long a coin takes to come out, in milliseconds.")
    ] = 0
    back_s: BackS = 60
    record: RecordPath = ""


class SimulatedPayout(SimulatedDevice, CountedPays):
    """A hopper with a stock of coins.

    Attributes:
        stock: Coins in it now.
        given: Coins that it ever paid out in this process.
    """

    role: ClassVar[str] = "payout"
    Options: ClassVar[type[DriverOptions]] = SimulatedPayoutOptions

    def __init__(self, name: str, options: SimulatedPayoutOptions, emit: Emit) -> None:
        super().__init__(name, emit, options.record)
        self._options = options
        self._unsettled = Unsettled(name, emit, options.back_s)
        self._jammed = self._silent = self._remembers = False
        # Whose counters these are: without a record nobody could know them again.
        self._own = name if options.record else f"{name}@{time.monotonic_ns()}"
        self._armed: dict[str, int] = {}
        self._event = self._paid = self._unpaid = self._remaining = self._dispensed = 0
        self.stock = options.stock
        self.given = 0
        self.hands |= {
            "fill": self.fill,
            "empty": self.empty,
            "jam": self.jam,
            "clear": self.clear,
            "silent_next": self.silent_next,
            "unplug_after": self.unplug_after,
            "cut_power_after": self.cut_power_after,
            "cut_power": self.cut_power,
        }

    def filling(self) -> tuple[Filling, ...]:
        """Return how many coins it has; see drivers.contract.TellsFilling."""
        return (Filling(self._options.coin, self.stock),) if self._plugged else ()

    # -- hands -----------------------------------------------------------------------------------------

    def fill(self, coins: int) -> None:
        """Put coins into it."""
        with self._hold:
            self.stock += whole(coins, "the number of coins")

    def empty(self) -> None:
        """Take all coins out of it."""
        with self._hold:
            self.stock = 0

    def jam(self) -> None:
        """Let its coins stick."""
        with self._hold:
            self._jammed = True

    def clear(self) -> None:
        """Clear a jam."""
        with self._hold:
            if not self._jammed:
                raise ValueError(f"{self.name} is not jammed")
            self._jammed = False

    def silent_next(self) -> None:
        """Let the next payout pay and never answer."""
        with self._hold:
            self._silent = True

    def unplug_after(self, coins: int) -> None:
        """Pull its plug during the next payout, when so many coins are out; it goes on paying."""
        with self._hold:
            self._armed["unplug"] = whole(coins, "the number of coins", 0)

    def cut_power_after(self, coins: int) -> None:
        """Cut its power during the next payout, when so many coins are out; plug brings it back."""
        with self._hold:
            self._armed["cut"] = whole(coins, "the number of coins", 0)

    def cut_power(self) -> None:
        """Cut its power: it stops where it is; plug brings it back."""
        with self._hold:
            self.unplug()
            self._cut()

    # -- its life --------------------------------------------------------------------------------------

    def _open(self) -> Condition | None:
        with self._unsettled.opening():
            condition = super()._open()
            with self._hold:
                if not self._remembers:
                    self._remember()
                    self._remembers = True
            return condition

    def _serve(self) -> None:
        while (payout := self._unsettled.first) is not None:
            self._check_plug()
            self._settle(payout)
        self._work()

    def _remember(self) -> None:
        """Read the counters back from the record: those of this device stand in its last line there."""
        path = Path(self._options.record)
        if not self._options.record or not path.exists():
            return
        for line in path.read_text().splitlines():
            found = json.loads(line)
            if found.get("device") == self.name and "counters" in found:
                event, paid, unpaid, remaining, dispensed = found["counters"]
                self._event, self._paid, self._unpaid, self._dispensed = event, paid, unpaid, dispensed
                if remaining:  # it ended with the process, as by a power cut
                    self._event, self._unpaid = 0, remaining

    def _counters(self) -> Counters:
        options, counted = self._options, (self._event, self._paid, self._unpaid, self._dispensed)
        return Counters(_NO_SIGN.sub("_", self._own)[-40:], options.coin, options.most_coins, *counted)

    # -- payouts ---------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _or_failed(self, payout: str) -> Iterator[None]:
        """Answer FAILED where the device cannot be reached before anything was ordered of it."""
        try:
            self._check_plug()
            yield
        except DeviceMissing as error:
            self._failed(payout, error.words)
            raise

    def _count(self, payout: str) -> None:
        with self._or_failed(payout), self._hold:
            mark = self._counters().mark
        self._emit(PayoutCounted(payout, mark))

    def _pay(self, payout: str, amount: int, mark: str) -> None:
        with self._or_failed(payout), self._hold:
            before, now = read(mark), self._counters()
        if before is None or now != before:
            self._failed(payout, f"{self.name} has counted on since the payout was noted: nothing was ordered")
        elif not (coins := before.coins_for(amount)):
            self._failed(
                payout, f"{self.name} pays coins of {before.coin} cents: there is none in {amount} cents"
            )
        else:
            ordered = Payout(payout, before, coins, live=True, began=True)
            self._unsettled.add(ordered)
            self._run(ordered)

    def _run(self, payout: Payout) -> None:
        """Pay coin by coin, whoever still listens, until there is an end to it; then answer."""
        with self._hold:
            silent, self._silent = self._silent, False
            self._event, self._paid = after(self._event), 0
            self._unpaid, self._remaining = 0, payout.coins
        try:
            self._write("payout order", payout, coins=payout.coins)
            self._strike()
            while self._remaining:
                if self._options.delay_ms and self._plugged and not self._pause(self._options.delay_ms / 1000):
                    break
                self._coin(payout)
        finally:
            self._end()
            if silent:
                self._unsettled.drop(payout)
        self._check_plug()
        if not silent:
            self._settle(payout)

    def _coin(self, payout: Payout) -> None:
        """Let one coin fall, if there is one and it has power."""
        with self._hold:
            if not self._remaining:
                return
            if self._jammed or not self.stock:
                self._end()
                return
            after_it = (self._paid + 1, self._remaining - 1, self._dispensed + 1)
            before_it = (self._paid, self._remaining, self._dispensed)
            self._paid, self._remaining, self._dispensed = after_it
            try:
                self._write("payout", payout, amount=payout.before.coin)
            except DeviceError:
                self._paid, self._remaining, self._dispensed = before_it  # it did not fall
                raise
            self.stock -= 1
            self.given += 1
            self._strike()

    def _strike(self) -> None:
        """Do what is armed for so many coins; the caller holds the lock, or nothing else runs yet."""
        for what in [what for what, coins in self._armed.items() if coins == self._paid]:
            del self._armed[what]
            self._plugged = False
            if what == "cut":
                self._cut()

    def _cut(self) -> None:
        self._end()
        self._event = 0

    def _end(self) -> None:
        """Stop the motor."""
        with self._hold:
            if self._remaining:
                self._unpaid, self._remaining = self._remaining, 0

    def _settle(self, payout: Payout) -> None:
        with self._hold:
            now = self._counters()
        verdict: Verdict = decide(payout.before, payout.coins, now, began=payout.began)
        more = [f"{self.name} is jammed" if self._jammed else f"{self.name} is empty"] if self._unpaid else []
        self._unsettled.answer(payout, verdict, *more)

    def _write(self, what: str, payout: Payout, **more: object) -> None:
        counters = [self._event, self._paid, self._unpaid, self._remaining, self._dispensed]
        self._record.write(what, payout=payout.payout, **more, counters=counters)
