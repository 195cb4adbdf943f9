"""A whole daemon in this process, with a server and simulated devices."""

import http.client
import json
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terminal.core.effects import Notice
from terminal.core.terminal import TerminalState
from terminal.daemon.watchdog import Notifier
from terminal.daemon.wiring import Daemon
from terminal.journal import Journal, load_or_create_key
from tests.support.shipped import ShippedFile
from tests.support.waiting import wait_until

UID = "04A1B2C3D4E5F6"


class House(ShippedFile):
    """A simulated terminal, and every daemon of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__("simulated.toml", folder, var="var", listen="127.0.0.1:8091")
        self.change("delay_ms = 1_500", "delay_ms = 0")
        self.daemons: list[Daemon] = []
        self.notes: list[str] = []

    def make(self) -> Daemon:
        daemon = self.build(_Noting(self.notes))
        self.daemons.append(daemon)
        return daemon

    def start(self) -> Daemon:
        daemon = self.make()
        daemon.start()
        return daemon

    def stop(self, daemon: Daemon) -> None:
        self.daemons.remove(daemon)
        daemon.stop()

    def journal(self) -> Journal:
        return Journal.open(
            self.folder / "journal.db", load_or_create_key(self.folder / "journal.db.key"), boot="test"
        )

    def ask(self, path: str) -> tuple[int, Any]:
        return self._call("GET", path)

    def post(self, path: str) -> tuple[int, Any]:
        return self._call("POST", path)

    def _call(self, method: str, path: str) -> tuple[int, Any]:
        with socket.socket(socket.AF_UNIX) as connected:
            connected.settimeout(30)
            connected.connect(str(self.folder / "control.sock"))
            connection = http.client.HTTPConnection("terminald")
            connection.sock = connected
            connection.request(method, f"/v1/{path}")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())


class _Noting(Notifier):
    def __init__(self, notes: list[str]) -> None:
        super().__init__()
        self._notes = notes

    def ready(self, status: str = "") -> None:
        self._notes.append(f"ready {status}")


def _left() -> tuple[set[str], int]:
    """Return the names of the threads and the number of the sockets of this process."""
    sockets = 0
    for each in Path("/proc/self/fd").iterdir():
        try:
            sockets += each.readlink().name.startswith("socket:")
        except FileNotFoundError:  # the one that lists the folder
            continue
    return {thread.name for thread in threading.enumerate()}, sockets


@pytest.fixture
def house() -> Iterator[House]:
    """Whatever a test does: afterwards there are no threads and no sockets that were not there before."""
    before, sockets = _left()
    house = House(Path(tempfile.mkdtemp(prefix="daemon-")))  # a socket's path must be short
    yield house
    for daemon in house.daemons:
        daemon.stop()
    wait_until(lambda: _left()[0] <= before, what="all threads to end")
    assert _left()[1] <= sockets
    shutil.rmtree(house.folder)


def ready(daemon: Daemon) -> None:
    """Return when it can sell."""
    wait_until(lambda: daemon.status()["screen"]["notice"] == Notice.READY.value, what="READY on the screen")


def hand(daemon: Daemon, device: str, verb: str, *args: object) -> None:
    daemon._devices[device].hands[verb](*args)  # type: ignore[attr-defined]


def wait_for(daemon: Daemon, phase: str) -> None:
    def reached(state: TerminalState) -> bool:
        return state.job.phase_name == phase

    assert daemon._loop.wait_for(reached, 30), daemon.status()


def buy(daemon: Daemon) -> None:
    hand(daemon, "reader", "tap", UID)
    wait_for(daemon, "choosing")
    hand(daemon, "panel", "button", "espresso")
