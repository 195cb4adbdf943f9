"""A control socket with what stands behind it, for a test."""

import http.client
import json
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terminal.core.delivery import Outcome
from terminal.core.events import Event
from terminal.core.facts import EntryState, Fact
from terminal.daemon.control import Control
from terminal.httpd import Drop, Server
from terminal.journal.errors import JournalUnwritable
from terminal.journal.store import Journal
from tests.journal.making import NOW, debit, ended, started

DISK = "The disk failed while the journal was used: check the card."


class Desk:
    """A control socket over a real journal; everything around it is noted in *done*."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "c"
        self.journal = Journal.open(folder / "journal.db", b"k" * 32, boot=NOW.boot)
        self.done: list[Any] = []
        self.posted: list[Event] = []
        self.told: list[Fact] = []
        self.hands: dict[str, dict[str, Any]] = {
            "front": {"tap": self._tap, "unplug": lambda: self.done.append("front unplugged")},
            "slot": {"coin": self._coin, "unplug": lambda: self.done.append("slot unplugged")},
        }
        self.broken = False
        self.server: Server | None = None

    def start(self, *, real: bool = False) -> None:
        control = Control(
            status=self._status,
            screen=lambda: {"notice": "ready"},
            devices=lambda: [{"name": "front", "health": "ok"}],
            books=self.journal,
            now=lambda: NOW,
            post=self.posted.append,
            committed=self.told.extend,
            sync_now=lambda: self.done.append("sync"),
            reload=lambda: self.done.append("reload"),
            hands={} if real else self.hands,
            network=None if real else lambda up: self.done.append(("network", up)),
            trial=lambda _: Drop(),
            flush=lambda seconds: bool(self.done.append(("flush", seconds))) or True,
            settling_ms={"main": 60_000},
        )
        self.server = Server(control.routes(), self.path, mode=0o660)
        self.server.start()

    def _status(self) -> dict[str, Any]:
        if self.broken:
            raise JournalUnwritable(DISK)
        return {"terminal": "coffee-1", "queue": {"queued": 1}}

    def _tap(self, uid: str, twice: bool = False) -> None:  # noqa: FBT001, FBT002 - a hand, called by name
        if not uid:
            raise ValueError("a card has a UID")
        self.done.append(("tap", uid, twice))

    def _coin(self, cents: int) -> None:
        if cents == 13:
            raise TypeError("a mistake inside of the driver")
        self.done.append(("coin", cents))

    # -- asking ----------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: object = None, *, raw: bytes | None = None) -> tuple[int, Any]:
        """Ask it; return the status and what came back."""
        connection = _Unix(self.path)
        data = json.dumps(body).encode() if raw is None and body is not None else raw
        try:
            headers = {} if data is None else {"Content-Type": "application/json"}
            connection.request(method, f"/v1/{path}", data, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()

    def get(self, path: str) -> tuple[int, Any]:
        return self.ask("GET", path)

    def post(self, path: str, body: object = None) -> tuple[int, Any]:
        return self.ask("POST", path, body)

    def sim(self, verb: str, device: str = "", **args: object) -> tuple[int, Any]:
        return self.post(f"sim/{verb}", {"device": device, "args": args})


class _Unix(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("terminald", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(str(self._path))


@pytest.fixture
def unstarted() -> Iterator[Desk]:
    folder = Path(tempfile.mkdtemp(prefix="control-"))  # a socket's path must be short
    desk = Desk(folder)
    yield desk
    if desk.server is not None:
        desk.server.stop()
    desk.journal.close()
    shutil.rmtree(folder)


def refused(answer: tuple[int, Any], status: int) -> str:
    """Hold *answer* against the shape of every refusal, and return its sentence."""
    found, body = answer
    assert found == status, body
    assert set(body) == {"error"}
    assert isinstance(body["error"], str)
    assert body["error"]
    assert "Traceback" not in body["error"]
    return str(body["error"])


def park_one(desk: Desk) -> None:
    desk.journal.commit([debit(), started()], NOW)
    desk.journal.commit([ended(outcome=Outcome.REFUSED, state=EntryState.PARKED, words="no")], NOW)
