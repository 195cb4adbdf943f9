"""The test's end of a ccTalk peer: starts the program, and tells it what to do."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.seed import SEED
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]


class CctalkProcess:
    """A peer with *devices* (``coin:2``, ``bill:40:crc``), whose files are in *folder*."""

    def __init__(self, folder: Path, *devices: str, **settings: Any) -> None:
        self.folder = folder
        self.port = str(folder / "wire")
        given = {"link": self.port, "control": folder / "control", "state": folder / "state"}
        given |= {"record": folder / "record", "seed": SEED, "set": json.dumps(settings)}
        self._arguments = [sys.executable, "-m", "tests.support.cctalk_peer"]
        for name, value in [*given.items(), *(("device", each) for each in devices)]:
            self._arguments += [f"--{name}", str(value)]
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self.start()

    def start(self) -> None:
        """Start it; what it remembered is in its file."""
        (self.folder / "control").unlink(missing_ok=True)
        self._process = subprocess.Popen(self._arguments, cwd=ROOT)
        self._control = wait_until(self._connect, timeout=60, what="the peer's control socket")

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def do(self, do: str, **more: Any) -> dict[str, Any]:
        """Have it do something; see the peer."""
        assert self._control is not None
        self._control.sendall(json.dumps({"do": do, **more}).encode() + b"\n")
        raw = b""
        while not raw.endswith(b"\n"):
            part = self._control.recv(65536)
            assert part, "the peer is gone"
            raw += part
        answer: dict[str, Any] = json.loads(raw)
        return answer

    def record(self) -> list[int]:
        """Return what is physically in the machine, in cents, in order."""
        path = self.folder / "record"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line)["cents"] for line in lines]

    def _connect(self) -> socket.socket | None:
        control = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError):
            control.connect(str(self.folder / "control"))
            control.settimeout(60)
            return control
        control.close()
        return None
