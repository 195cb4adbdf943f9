"""A changer to test with: tests.support.changer_peer, its hands, and what it says it took and gave."""

import json
from pathlib import Path
from typing import Any

from drivers.coins.mdb import MdbChanger, MdbOptions
from drivers.contract import Emit
from drivers.device import Pace
from tests.support.remote import Remote

NAME = "changer under test"
ONE_EURO = {"values": [20], "routing": 1, "tubes": [0], "box": [0], "capacity": 250}
"""A changer that has nothing but euros."""


class Quick(MdbChanger):
    """The same, less patient."""

    pace = Pace(first_s=0.001, last_s=0.02)
    silence_s = 0.15
    last_coin_s = 0.05


class ChangerPeer(Remote):
    """The program, and the files that outlive it."""

    def __init__(self, folder: Path, **kept: Any) -> None:
        self.state = folder / "changer.json"
        self.link = folder / "adapter"
        self.record = folder / "record"
        self.record.touch()
        if kept:
            self.state.write_text(json.dumps(kept))
        super().__init__("tests.support.changer_peer", self.state, self.link, self.record)

    def do(self, verb: str, **what: Any) -> Any:
        """Use a hand of the program; return its answer."""
        return self.ask({"do": verb, **what})

    def look(self, what: str) -> Any:
        """Return one of the things that can be seen of it."""
        return self.do("look")[what]

    def lines(self, what: str) -> list[dict[str, Any]]:
        """Return what happened physically, of one kind: coin, paid, order."""
        lines = map(json.loads, self.record.read_text().splitlines())
        return [line for line in lines if line["what"] == what]

    def cents(self, what: str) -> int:
        """Return what that is worth."""
        return sum(line["cents"] for line in self.lines(what))


def quick(peer: ChangerPeer, emit: Emit, **options: Any) -> Quick:
    """Return an impatient driver for *peer*, not started."""
    options = {"port": str(peer.link), "poll_ms": 25, **options}
    return Quick(NAME, MdbOptions(**options), emit)
