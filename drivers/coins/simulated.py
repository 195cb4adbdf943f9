"""A simulated coin acceptor. Hands: coin, unknown, unplug, plug.

As with a real one, what is inserted while it is inhibited falls through, it knows only its own coins, and it
cannot be told which of them to take: the last one may be worth more than the room that was left.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from drivers.contract import DriverOptions, Emit
from drivers.errors import DeviceFault
from drivers.simulated import RecordPath, SimulatedDevice, whole
from terminal.core.events import CoinInserted, CoinUnrecognised


class SimulatedAcceptorOptions(DriverOptions, frozen=True, kw_only=True):
    """Options of the simulated acceptor."""

    coins: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=1_000_000)], ...],
        Meta(min_length=1, description="Coins and bills that it knows, in cents."),
    ] = (5, 10, 20, 50, 100, 200)
    record: RecordPath = ""


class SimulatedAcceptor(SimulatedDevice):
    """An acceptor with a slot."""

    role: ClassVar[str] = "coin_acceptor"
    Options: ClassVar[type[DriverOptions]] = SimulatedAcceptorOptions

    def __init__(self, name: str, options: SimulatedAcceptorOptions, emit: Emit) -> None:
        super().__init__(name, emit, options.record)
        self._options = options
        self._room = 0
        self.hands |= {"coin": self.coin, "unknown": self.unknown}

    @property
    def inhibited(self) -> bool:
        """Whether a coin would fall through now."""
        with self._hold:
            return not (self._works and self._plugged) or self._room < min(self._options.coins)

    def accept(self, limit: int) -> None:
        """Take money up to *limit* cents; a later call replaces the limit. Kept while the device is away."""
        with self._hold:
            self._room = limit

    def inhibit(self) -> None:
        """Take no money."""
        self.accept(0)

    def coin(self, cents: int) -> None:
        """Insert a coin."""
        with self._hold:
            self._check_works()
            if whole(cents, "a coin") not in self._options.coins:
                known = ", ".join(map(str, self._options.coins))
                raise ValueError(
                    f"{self.name} knows no coin of {cents} cents: it falls through; known: {known}"
                )
            if self.inhibited:
                raise ValueError(f"{self.name} is inhibited: the coin falls through")
            try:
                self._record.write("coin", amount=cents)
            except DeviceFault as error:
                raise ValueError(f"{error.words}: the coin falls through") from error
            self._room -= cents
            self._emit(CoinInserted(self.name, cents))

    def unknown(self, pulses: int = 1) -> None:
        """Let it signal something that is no coin: noise comes at any time."""
        with self._hold:
            self._check_works()
            whole(pulses, "the number of pulses", 0)
            self._emit(CoinUnrecognised(self.name, pulses, f"no coin of this acceptor has {pulses} pulses"))

    def _close(self) -> None:
        with self._hold:
            super()._close()
            if self._stopping.is_set():
                self._room = 0
