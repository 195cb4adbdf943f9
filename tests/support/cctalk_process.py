"""The test's end of a ccTalk peer: starts the program, and tells it what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.remote import Remote
from tests.support.seed import SEED


class CctalkProcess(Remote):
    """A peer with *devices* (``coin:2``, ``bill:40:crc``), whose files are in *folder*.

    Killed and started again, it has what it remembered in its file.
    """

    def __init__(self, folder: Path, *devices: str, **settings: Any) -> None:
        self.folder = folder
        self.port = str(folder / "wire")
        given = {"link": self.port, "state": folder / "state", "record": folder / "record"}
        given |= {"seed": SEED, "set": json.dumps(settings)}
        named = [*given.items(), *(("device", each) for each in devices)]
        super().__init__("tests.support.cctalk_peer", *(f"--{name}={value}" for name, value in named))

    def do(self, do: str, **more: Any) -> dict[str, Any]:
        """Have it do something; see the peer."""
        answer: dict[str, Any] = self.ask({"do": do, **more})
        return answer

    def record(self) -> list[int]:
        """Return what is physically in the machine, in cents, in order."""
        path = self.folder / "record"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line)["cents"] for line in lines]
