"""The peers of the wire as devices in this process, each telling the auditor what physically happens in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.money.wire import Wire
from tests.support.cctalk_peer import GAP_S, Peer
from tests.support.cctalk_slaves import Bill, Coin, Slave
from tests.support.hopper_peer import Hopper, Line

NOWHERE = Path("/nonexistent/nowhere")
Counted = Callable[[int, tuple[int, int], int], None]
"""Told of each event: its number, what the device says that it is, and what it physically took, in cents."""


class CoinDevice(Coin):
    """A coin acceptor that tells what it took."""

    def __init__(self, address: int, counted: Counted, **settings: Any) -> None:
        self._counted = counted
        self._took = 0
        super().__init__(address, NOWHERE, **settings)

    def physically(self, position: int) -> None:
        self._took = self.types[position][1]

    def event(self, first: int, second: int) -> None:
        super().event(first, second)
        took, self._took = self._took, 0
        self._counted(self.memory["counter"], (first, second), took)


class BillDevice(Bill):
    """A bill validator that tells what it took."""

    def __init__(self, address: int, counted: Counted, **settings: Any) -> None:
        self._counted = counted
        self._took = 0
        super().__init__(address, NOWHERE, crc=True, **settings)

    def physically(self, position: int) -> None:
        self._took = self.types[position][1]

    def event(self, first: int, second: int) -> None:
        super().event(first, second)
        took, self._took = self._took, 0
        self._counted(self.memory["counter"], (first, second), took)


def lived(slave: CoinDevice | BillDevice, counter: int, rng: Random) -> None:
    """Give it a past: so many events, of which it knows the last ones."""
    slave.memory["counter"] = counter
    past = [[rng.choice(tuple(slave.types)), 1] if rng.random() < 0.5 else [0, 1] for _ in range(5)]
    slave.memory["pairs"] = [*past[:counter], *[[0, 0]] * (5 - counter)][:5]


class Acceptors(Peer):
    """The peer's own frames, on a wire of this process."""

    def __init__(self, wire: Wire, slaves: list[Slave], seed: int) -> None:
        self._wire = wire
        super().__init__(NOWHERE, NOWHERE, slaves, seed)
        self.faults["echo"] = False

    def plug(self) -> None:
        """Nothing is to be plugged in."""

    def write(self, raw: bytes) -> None:
        self._wire.answer(raw)

    def save(self) -> None:
        """It lives as long as the world."""


class HopperDevice(Hopper):
    """A hopper that tells of each order, coin and refusal."""

    def __init__(self, serial: int, happened: Callable[[str, int], None]) -> None:
        self._happened = happened
        super().__init__(NOWHERE, serial)

    def write(self, what: str, **more: Any) -> None:
        self._happened(what, more.get("coins", 0))


class HopperPeer(Line):
    """Its own frames, on a wire of this process.

    Args:
        wire: Where it hangs.
        hopper: The device.
        address: On the wire.
        unplug: Pulls the wire, where that is armed.
    """

    def __init__(self, wire: Wire, hopper: HopperDevice, address: int) -> None:
        self._wire = wire
        self._got_at = 0.0
        super().__init__(NOWHERE, hopper, address)
        hopper.echo = False

    def plug(self) -> None:
        """Nothing is to be plugged in."""

    def unplug(self) -> None:
        self._wire.pull()

    def say(self, what: object) -> None:
        """Nobody listens."""

    def put(self, raw: bytes) -> None:
        self._wire.answer(raw)

    def receive(self, chunk: bytes) -> None:
        now = self._wire.clock.now
        if now - self._got_at > GAP_S:
            self.raw = b""
        self._got_at = now
        super().receive(chunk)

    # -- it moves by itself --------------------------------------------------------------------------------

    def next_at(self) -> float:
        hopper = self.hopper
        return hopper.next_coin if hopper.powered and hopper.remaining else 1e12

    def turn(self) -> None:
        self.strike(self.hopper.turn())


def any_hopper(rng: Random, hopper: HopperDevice) -> None:
    """Make it one of the many kinds that manuals tell of."""
    hopper.coin_ms = rng.choice((60, 150, 400))
    hopper.counts_all = rng.random() < 0.7
    hopper.counts_refused = rng.random() < 0.5
    hopper.clears_unpaid = rng.random() < 0.5
    hopper.stop_resets = rng.random() < 0.5
    hopper.dispenses = rng.choice(("serial", "serial", "any key"))
    hopper.event_in_answer = rng.random() < 0.7
    hopper.late_counters = rng.choice((0, 0, 1))
    hopper.level = rng.choice((None, 0x10))
    hopper.event = rng.choice((0, 1, 2, 253, 254, 255))
    hopper.stock = rng.choice((2, 20, 1000))
