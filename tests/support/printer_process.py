"""A printer that is a process of its own: it outlives whoever prints on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.remote import Remote


class PrinterProcess(Remote):
    """The program of printer_peer.

    Attributes:
        port: The driver's option.
    """

    def __init__(self, folder: Path, kind: str = "serial") -> None:
        self._paper = folder / "paper"
        place = ["--tcp"] if kind == "tcp" else ["--serial", folder / "printer"]
        super().__init__("tests.support.printer_peer", *place, f"--paper={self._paper}")
        self.port: str = self.hello

    def set(self, **attributes: Any) -> None:
        """Change how it is."""
        self.ask({"set": attributes})

    def do(self, hand: str) -> None:
        """Do something to it."""
        self.ask({"do": hand})

    def get(self, name: str) -> Any:
        """Return one of its attributes; of what it received only how much."""
        return self.ask({"get": [name]})[name]

    @property
    def paper(self) -> bytes:
        """What it has worked off."""
        return self._paper.read_bytes() if self._paper.exists() else b""
