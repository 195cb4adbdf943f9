"""A printer that is a process of its own: it outlives whoever prints on it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Self


class PrinterProcess:
    """The program of printer_peer, and its control socket.

    Attributes:
        port: The driver's option.
    """

    def __init__(self, folder: Path, kind: str = "serial") -> None:
        self._paper, self._control = folder / "paper", folder / "printer.sock"
        place = ["--tcp"] if kind == "tcp" else ["--serial", str(folder / "printer")]
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.support.printer_peer",
                *place,
                f"--paper={self._paper}",
                f"--control={self._control}",
            ],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port: str = json.loads(self._process.stdout.readline())["port"]
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(60)
        self._socket.connect(str(self._control))
        self._lines = self._socket.makefile("rw")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it."""
        self._lines.close()
        self._socket.close()
        self._process.communicate()

    def set(self, **attributes: Any) -> None:
        """Change how it is."""
        self._say({"set": attributes})

    def do(self, hand: str) -> None:
        """Do something to it."""
        self._say({"do": hand})

    def get(self, name: str) -> Any:
        """Return one of its attributes; of what it received only how much."""
        return self._say({"get": [name]})[name]

    @property
    def paper(self) -> bytes:
        """What it has worked off."""
        return self._paper.read_bytes() if self._paper.exists() else b""

    def _say(self, order: dict[str, Any]) -> dict[str, Any]:
        self._lines.write(json.dumps(order) + "\n")
        self._lines.flush()
        answer: dict[str, Any] = json.loads(self._lines.readline())
        assert answer["ok"], answer
        return answer
