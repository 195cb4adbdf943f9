"""A changer to test with: tests.support.changer_peer, its hands, and what it says it took and gave."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from drivers.coins.mdb import MdbChanger, MdbOptions
from drivers.contract import Emit
from drivers.device import Pace

NAME = "changer under test"
ONE_EURO = {"values": [20], "routing": 1, "tubes": [0], "box": [0], "capacity": 250}
"""A changer that has nothing but euros."""


class Quick(MdbChanger):
    """The same, less patient."""

    pace = Pace(first_s=0.001, last_s=0.02)
    silence_s = 0.15
    last_coin_s = 0.05


class ChangerPeer:
    """The program, and the files that outlive it."""

    def __init__(self, folder: Path, **kept: Any) -> None:
        self.state = folder / "changer.json"
        self.link = folder / "adapter"
        self.record = folder / "record"
        self.record.touch()
        if kept:
            self.state.write_text(json.dumps(kept))
        self._hold = threading.Lock()
        self.run()

    def run(self) -> None:
        """Start the program."""
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.support.changer_peer", self.state, self.link, self.record],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._answer() == "ready"

    def do(self, verb: str, **what: Any) -> Any:
        """Use a hand of the program; return its answer."""
        assert self._program.stdin is not None
        with self._hold:
            self._program.stdin.write(json.dumps({"do": verb, **what}).encode() + b"\n")
            self._program.stdin.flush()
            return self._answer()

    def look(self, what: str) -> Any:
        """Return one of the things that can be seen of it."""
        return self.do("look")[what]

    def _answer(self) -> Any:
        assert self._program.stdout is not None
        return json.loads(self._program.stdout.readline())

    def lines(self, what: str) -> list[dict[str, Any]]:
        """Return what happened physically, of one kind: coin, paid, order."""
        lines = map(json.loads, self.record.read_text().splitlines())
        return [line for line in lines if line["what"] == what]

    def cents(self, what: str) -> int:
        """Return what that is worth."""
        return sum(line["cents"] for line in self.lines(what))

    def close(self) -> None:
        """End the program."""
        self._program.communicate()


def quick(peer: ChangerPeer, emit: Emit, **options: Any) -> Quick:
    """Return an impatient driver for *peer*, not started."""
    options = {"port": str(peer.link), "poll_ms": 25, **options}
    return Quick(NAME, MdbOptions(**options), emit)
