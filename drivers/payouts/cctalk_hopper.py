"""A hopper that pays coins of one value out, over ccTalk.

    [[devices]]
    name = "euro hopper"
    role = "payout"
    driver = "cctalk_hopper"
    port = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
    address = 3             # several hoppers, and a coin acceptor, may share the line
    coin = 100              # cents

An order to dispense is sent once, and whether it arrived is read from the hopper's counters, never tried out. A
hopper that is lost while it pays goes on paying, or stops because its power is gone: when it is back, its
counters tell (hopper_counters.py says how, and when not). It is enabled (header 164) for a count, and disabled
after the payout that follows: a hopper that was reset in between is disabled, and pays nothing by mistake.

Not supported, because they are secrets of makers or of the machine's owner: encrypted cipher keys (Money
Controls and others, as delivered: switch the hopper to "serial number" or "no encryption"), and PINs.
"""

from __future__ import annotations

import contextlib
import time
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from drivers.cctalk.bus import Seat, seat_at
from drivers.contract import Condition, DriverOptions, Emit, Filling, Found
from drivers.device import DeviceError, DeviceFault
from drivers.link import lines_found
from drivers.payouts.hopper_counters import Counters, Status, Verdict, after, decide, read
from drivers.payouts.hopper_talk import HopperTalk
from drivers.payouts.orders import BackS, CountedPays, MostCoins
from drivers.payouts.unsettled import Payout, Unsettled
from terminal.core.events import Ended, Health, PayoutCounted

POLL_S = 0.1
"""How often a hopper that pays is asked how far it is (Flow 18-ccTalk, header 166: every 100 ms)."""

LOOK_S = 5.0
"""How often one that stands is asked how it is."""

WAKE_S = 0.5
"""What a hopper may take to work again after a reset; blocked exits show 333 ms after one (Flow, 7.3)."""

STEADY = 3
"""How often in a row its counters must be the same, before an answer that is not as ordered is believed."""

STOP_S = 5.0
"""How long a motor may take to stand after it was stopped."""

_CLEAN = 3
"""How often the last look before an order is tried, if the line is not clean."""


class CctalkHopperOptions(DriverOptions, frozen=True, kw_only=True):
    """Options of the driver `cctalk_hopper`."""

    port: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=256,
            description="Serial line of the ccTalk wire: /dev/serial/by-id/…, or a URL such as "
            "socket://HOST:PORT. Hoppers and acceptors may share it.",
        ),
    ]
    coin: Annotated[int, Meta(ge=1, le=1_000_000, description="What each of its coins is worth, in cents.")]
    address: Annotated[int, Meta(ge=2, le=255, description="Its address; hoppers have 3 to 10.")] = 3
    baud: Annotated[int, Meta(ge=300, le=115_200, description="Bits a second.")] = 9600
    dispense: Annotated[
        Literal["auto", "serial", "cipher"],
        Meta(
            description="How it is told to pay: with its serial number, with a cipher key (not encrypted), "
            "or whatever it answers to."
        ),
    ] = "auto"
    most_coins: MostCoins = 50
    limit_s: Annotated[
        int, Meta(ge=1, le=3600, description="Seconds after which a payout is stopped, wherever it is.")
    ] = 90
    back_s: BackS = 60


class CctalkHopper(CountedPays):
    """Pays coins out, and tells how many; see the module's text."""

    role: ClassVar[str] = "payout"
    Options: ClassVar[type[DriverOptions]] = CctalkHopperOptions

    def __init__(self, name: str, options: CctalkHopperOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._unsettled = Unsettled(name, emit, options.back_s)
        self._seat: Seat | None = None
        self._hopper: HopperTalk | None = None
        self._counting: int | None = None  # the number of the last hopper that was found to count all its coins
        self._watched = _Watch()
        self._look_at = 0.0
        self._level = ""

    def filling(self) -> tuple[Filling, ...]:
        """Return what its sensors say, if it has any; see drivers.contract.TellsFilling. It counts no coins."""
        return (Filling(self._options.coin, words=self._level),) if self._hopper and self._level else ()

    @staticmethod
    def scan() -> list[Found]:
        """Return every serial line: what hangs on a ccTalk wire cannot be told by looking."""
        return lines_found("payout", "cctalk_hopper", "ccTalk", "the hopper is wired to it", address=3)

    # -- its life --------------------------------------------------------------------------------------

    def _open(self) -> Condition:
        options = self._options
        with self._unsettled.opening():
            self._seat = seat_at(options.port, self._traffic, options.baud)
            cipher = None if options.dispense == "auto" else options.dispense == "cipher"
            self._hopper = HopperTalk(self._seat, options.address, cipher=cipher, counting=self._counting)
            self._counting = self._hopper.counting or self._counting
            condition = self._how_it_is(self._hopper)
        self._watched = _Watch()
        return condition

    def _serve(self) -> None:
        hopper, payout = self._hopper, self._unsettled.first
        if hopper is None:
            raise DeviceFault("served while closed")
        if payout is not None:
            self._watch(hopper, payout)
            return
        self._work(max(0.0, self._look_at - time.monotonic()))
        if not self._unsettled and time.monotonic() >= self._look_at:
            self._look(hopper)

    def _close(self) -> None:
        """Stop a payout that is under way if the terminal stops, and disable the hopper."""
        seat, hopper, payout = self._seat, self._hopper, self._unsettled.first
        self._seat = self._hopper = None
        if seat is None:
            return
        with seat, contextlib.suppress(DeviceError):
            if hopper is None:
                return
            if payout is not None and payout.live and self._stopping.is_set():
                self._stop(hopper, payout)
            if not self._unsettled:
                hopper.disable()

    def _look(self, hopper: HopperTalk) -> None:
        condition = self._how_it_is(hopper)
        self._report(condition.health, condition.words)

    def _how_it_is(self, hopper: HopperTalk) -> Condition:
        self._look_at = time.monotonic() + LOOK_S
        self._level = hopper.level()
        words = [*hopper.flags().words, *filter(None, [self._level])]
        if words:
            return Condition(Health.DEGRADED, f"{hopper.words}: {'; '.join(words)}")
        return Condition(Health.OK, hopper.words)

    # -- payouts ---------------------------------------------------------------------------------------

    def _count(self, payout: str) -> None:
        try:
            counters = self._ready()
        except DeviceError as error:
            self._failed(payout, error.words)
            if not isinstance(error, _Unready):
                raise
        else:
            self._emit(PayoutCounted(payout, counters.mark))

    def _ready(self) -> Counters:
        """Bring it to where it pays when it is told to; return its counters.

        Raises:
            _Unready: It does not pay, and says why.
        """
        hopper = self._own()
        if self._unsettled:
            raise _Unready(f"{self.name} has a payout whose end is not known yet")
        now, flags = hopper.status(), hopper.flags()
        if now.remaining:
            raise _Unready(f"{self.name} is paying already")
        if flags.blocked:
            # No payout waits for its end, so the event counter may begin anew.
            hopper.reset()
            self._pause(WAKE_S)
            flags = hopper.flags()
        hopper.enable()
        if flags.blocked or flags.pin or hopper.flags().disabled:
            pin = ["it wants a PIN, which this driver has not: switch that off"] if flags.pin else []
            words = "; ".join([*flags.words, *pin]) or "it cannot be enabled"
            raise _Unready(f"{self.name} does not pay: {words}")
        most = 1 if flags.single else self._options.most_coins
        return hopper.counters(hopper.status(), self._options.coin, most)

    def _pay(self, payout: str, amount: int, mark: str) -> None:
        hopper, before = self._own(), read(mark)
        try:
            words = self._objection(hopper, before, amount)
        except DeviceError as error:
            self._failed(payout, f"nothing was ordered: {error.words}")
            raise
        if words or before is None:
            self._failed(payout, words)
            return
        ordered = Payout(payout, before, before.coins_for(amount), live=True)
        self._unsettled.add(ordered)  # from here on nothing but its counters tells what it paid
        self._watched = _Watch()
        ordered.began = hopper.dispense(ordered.coins, before.event)

    def _objection(self, hopper: HopperTalk, before: Counters | None, amount: int) -> str:
        """Return why nothing may be ordered; empty: it may.

        No question is repeated here: an answer that came late could be taken for that of the next question.
        """
        if before is None:
            return f"what was noted before the payout is no mark of {self.name}"
        if self._unsettled:
            return f"{self.name} has a payout whose end is not known yet"
        if not before.coins_for(amount):
            return f"{self.name} pays coins of {before.coin} cents: there is none in {amount} cents"
        for left in reversed(range(_CLEAN)):
            try:
                now, flags = hopper.status(repeat=False), hopper.flags(repeat=False)
                counters = hopper.counters(now, self._options.coin, before.most, repeat=False)
                break
            except DeviceError:
                if not left:
                    raise
        if now.remaining or counters != before:
            return f"{self.name} has counted on since the payout was noted, or was reset: nothing was ordered"
        if flags.blocked or flags.disabled:
            return f"{self.name} does not pay: {'; '.join(flags.words) or 'it was disabled or reset'}"
        return f"{self.name} is being stopped" if self._stopping.is_set() else ""

    def _watch(self, hopper: HopperTalk, payout: Payout) -> None:
        """Look once how far it is; answer if it is through."""
        now = hopper.status()
        self._beat()
        self._note(payout, now)
        if now.remaining:
            self._bound(hopper, payout, now)
        else:
            counters = hopper.counters(now, payout.before.coin, payout.before.most)
            verdict = self._verdict(payout, counters)
            steady = self._watched.steady(counters)
            if steady >= STEADY or (verdict.ended is Ended.DONE and verdict.coins == payout.coins):
                self._settle(hopper, payout, verdict)
                return
        self._pause(POLL_S)

    def _note(self, payout: Payout, now: Status) -> None:
        """Keep what it says while it pays."""
        if now.remaining and now.event == after(payout.before.event):
            payout.began = True
            payout.seen = max(payout.seen, now.paid)

    def _bound(self, hopper: HopperTalk, payout: Payout, now: Status) -> None:
        """Stop a payout that takes too long, and give up on one that does not stop."""
        late_s = self._watched.age_s() - self._options.limit_s
        if late_s < 0:
            return
        if late_s > STOP_S:
            words = f"{self.name} does not stop: {now.remaining} coins are still to come"
            self._unsettled.answer(payout, Verdict(Ended.UNKNOWN, payout.seen, words))
            raise DeviceFault(words)
        hopper.stop()

    def _settle(self, hopper: HopperTalk, payout: Payout, verdict: Verdict) -> None:
        """Answer, and say what it says of itself, if that goes."""
        more: list[str] = []
        try:
            if verdict.words:
                more = hopper.flags().words
        finally:
            self._unsettled.answer(payout, verdict, *more)
            self._watched = _Watch()
        if not self._unsettled:
            with contextlib.suppress(DeviceError):  # it is harmless if it stays enabled
                hopper.disable()
        self._look_at = 0.0

    def _stop(self, hopper: HopperTalk, payout: Payout) -> None:
        """Stop a payout because the terminal stops; what it paid is told now, or else after the next start."""
        hopper.stop()
        until = time.monotonic() + STOP_S
        watch = _Watch()
        while time.monotonic() < until:
            now = hopper.status()
            self._note(payout, now)
            if not now.remaining:
                counters = hopper.counters(now, payout.before.coin, payout.before.most)
                if watch.steady(counters) >= STEADY:
                    self._settle(hopper, payout, self._verdict(payout, counters))
                    return
            time.sleep(POLL_S)

    def _verdict(self, payout: Payout, now: Counters) -> Verdict:
        return decide(payout.before, payout.coins, now, began=payout.began, seen=payout.seen)

    def _own(self) -> HopperTalk:
        if self._hopper is None:
            raise DeviceFault("served while closed")
        return self._hopper


class _Unready(DeviceFault):
    """It is there and well, and does not pay now."""


class _Watch:
    """How long one payout has been watched, and how often its counters were the same."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._last: Counters | None = None
        self._times = 0

    def age_s(self) -> float:
        return time.monotonic() - self._since

    def steady(self, counters: Counters) -> int:
        """Return how often in a row it was *counters*, this time counted."""
        self._times = self._times + 1 if counters == self._last else 1
        self._last = counters
        return self._times
