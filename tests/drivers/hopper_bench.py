"""A bench around the hopper's peer: the program is started, told what to do, killed, and held to its log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from drivers.device import Pace
from drivers.payouts.cctalk_hopper import CctalkHopper, CctalkHopperOptions
from tests.drivers.payout_bench import NAME, PayoutBench
from tests.support.remote import Remote

ADDRESS, SERIAL = 3, 0x0A1B2C
COIN = 100


class HopperPeer(Remote):
    """The program, as a test has it; it says the header of a frame that it was told to stop at.

    Its log outlives it.
    """

    def __init__(self, folder: Path) -> None:
        self.port, self.log = folder / "line", folder / "log"
        super().__init__("tests.support.hopper_peer", self.port, self.log, ADDRESS, SERIAL)

    def tell(self, **order: Any) -> dict[str, Any]:
        """Order it to do something; return how it is afterwards."""
        state: dict[str, Any] = self.ask(order)
        return state

    def lines(self, what: str) -> list[dict[str, Any]]:
        """Return what its log has of a kind."""
        lines = map(json.loads, self.log.read_text().splitlines())
        return [line for line in lines if line["what"] == what]


class QuickHopper(CctalkHopper):
    """The driver, in a hurry to have its device back."""

    pace = Pace(first_s=0.01, last_s=0.05)


class HopperBench(PayoutBench):
    """The driver and the peer."""

    coin = COIN

    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__()
        self.peer = HopperPeer(folder)
        self.peer.tell(set={"stock": 0})
        self.options: dict[str, Any] = {"coin": COIN, "dispense": "serial", **options}

    def make(self, emit: Any) -> CctalkHopper:
        options = CctalkHopperOptions(port=str(self.peer.port), back_s=self.back_s, **self.options)
        return QuickHopper(NAME, options, emit)

    def fill(self, coins: int) -> None:
        self.peer.tell(set={"stock": self.peer.tell()["stock"] + coins})

    def slow(self) -> None:
        self.peer.tell(set={"coin_ms": 100})

    def lose(self) -> None:
        self.peer.tell(do="unplug")

    def unplug_after(self, coins: int) -> None:
        self.peer.tell(arm={"unplug": coins})

    def cut_power_after(self, coins: int) -> None:
        self.peer.tell(arm={"cut": coins})

    def gone(self) -> bool:
        return not (self.peer.tell()["powered"] and self.peer.port.is_symlink())

    def bring_back(self) -> None:
        if not self.peer.port.is_symlink():
            self.peer.tell(do="plug")
        if not self.peer.tell()["powered"]:
            self.peer.tell(do="power")

    def fallen(self) -> int:
        return len(self.peer.lines("coin")) * COIN

    def orders(self) -> int:
        return len(self.peer.lines("dispense"))

    def clear(self) -> None:
        self.peer.close()


@contextmanager
def bench_in(
    folder: Path, settings: dict[str, Any], kind: type[HopperBench] = HopperBench
) -> Iterator[HopperBench]:
    """Give a bench whose peer has *settings*."""
    with closing(kind(folder)) as bench:
        bench.peer.tell(set=settings)
        yield bench
