"""A simulated machine as it is shipped, in this process: its servers embedded, its devices simulated."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from terminal.cli.client import Control
from terminal.daemon.watchdog import Notifier
from terminal.daemon.wiring import Daemon
from terminal.settings import load
from tests.support.waiting import wait_until

CONFIG = Path(__file__).parents[2] / "config"


class ShippedFile:
    """A configuration that is shipped, moved into a folder; ``change`` replaces pieces of its text.

    Args:
        name: Of the file.
        folder: Where everything stands.
        var: The folder that the file names.
        listen: The address of the embedded server in the file.
    """

    def __init__(self, name: str, folder: Path, *, var: str, listen: str) -> None:
        self.folder = folder
        self._text = (CONFIG / name).read_text()
        self.change(f'"{var}/', f'"{folder}/')
        self.change(f'"{listen}"', '"127.0.0.1:0"')
        self.change("[control]", "keep = 0\n\n[control]")

    def change(self, old: str, new: str) -> None:
        assert old in self._text
        self._text = self._text.replace(old, new)

    def build(self, notifier: Notifier | None = None) -> Daemon:
        config = self.folder / "terminal.toml"
        config.write_text(self._text)
        return Daemon(load(config), notifier or Notifier())


class Shipped(ShippedFile):
    """A machine of such a configuration."""

    daemon: Daemon | None = None

    def start(self) -> Daemon:
        self.daemon = self.build()
        self.daemon.start()
        wait_until(lambda: self.status()["screen"]["notice"] == "ready", what="READY on the screen")
        wait_until(lambda: all(each["health"] == "ok" for each in self.status()["devices"]), what="devices")
        return self.daemon

    def stop(self) -> None:
        daemon, self.daemon = self.daemon, None
        if daemon is not None:
            daemon.stop()

    def status(self) -> Any:
        assert self.daemon is not None
        return self.daemon.status()

    def hand(self, device: str, verb: str, *args: object) -> None:
        assert self.daemon is not None
        self.daemon._devices[device].hands[verb](*args)  # type: ignore[attr-defined]

    def post(self, path: str, body: dict[str, Any]) -> Any:
        with Control(str(self.folder / "control.sock"), 30) as control:
            return control.post(path, body)

    def wait(self, phase: str) -> None:
        wait_until(lambda: self.status()["phase"] == phase, what=phase)


@contextmanager
def shipped(name: str, *, var: str, listen: str) -> Iterator[Shipped]:
    """Give such a machine; at the end it is stopped, and nothing of it is left."""
    folder = Path(tempfile.mkdtemp(prefix="shipped-"))  # a socket's path must be short
    before = set(threading.enumerate())
    machine = Shipped(name, folder, var=var, listen=listen)
    try:
        yield machine
    finally:
        machine.stop()
    wait_until(lambda: set(threading.enumerate()) <= before, what="all threads to end")
    shutil.rmtree(folder)
