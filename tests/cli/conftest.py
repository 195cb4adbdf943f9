"""A daemon's control socket over a real journal, without the daemon."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from terminal.cli import cli
from terminal.core import facts
from terminal.core.catalogue import Product
from terminal.core.delivery import Outcome
from terminal.core.effects import Notice, Screen
from terminal.core.events import Event, Health
from terminal.core.facts import EntryKind, EntryState
from terminal.core.stamp import Stamp
from terminal.daemon.control import Control
from terminal.daemon.status import BackendStatus, DeviceStatus, Snapshot, status
from terminal.httpd import Drop, Server
from terminal.journal.keyfile import load_or_create_key
from terminal.journal.store import Journal

SIMULATED = Path(__file__).parents[2] / "config/simulated.toml"
UID = "04A1B2C3D4E5F6"
NOON = 1_777_636_800_000  # 1 May 2026, 12:00 UTC


def at(second: int, *, synced: bool = True) -> Stamp:
    return Stamp(NOON + second * 1000, 1_000 + second * 1000, "boot", synced)


@dataclass
class Place:
    """A folder with a configuration, a journal and perhaps a daemon's socket."""

    folder: Path
    config: Path
    journal: Journal
    devices: list[DeviceStatus] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    backends: list[BackendStatus] = field(default_factory=list)
    posted: list[Event] = field(default_factory=list)
    done: list[tuple[Any, ...]] = field(default_factory=list)
    server: Server | None = None
    hands: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def socket(self) -> Path:
        return self.folder / "control.sock"

    def run(self, *args: str, **options: Any) -> Result:
        """Run terminalctl with this configuration."""
        return CliRunner(env={"TERMINAL_CONFIG": str(self.config), "COLUMNS": "120"}).invoke(
            cli, args, **options
        )

    def add(self, key: str, *, kind: EntryKind = EntryKind.DEBIT, second: int = 0, **more: Any) -> None:
        pieces = (Product("espresso", "Espresso", 120),) if kind is EntryKind.DEBIT else ()
        token = None if kind is EntryKind.UNCLAIMED else UID
        entry = facts.EntryAdded(key, kind, "main", token, 120, pieces, "Espresso", **more)
        self.journal.commit([entry], at(second))

    def attempt(
        self, key: str, outcome: Outcome, state: EntryState, words: str = "", status: int | None = None
    ) -> None:
        self.journal.commit([facts.AttemptStarted(key)], at(5))
        self.journal.commit([facts.AttemptEnded(key, outcome, state, status, words)], at(6))

    def snapshot(self) -> dict[str, Any]:
        return status(
            Snapshot(
                terminal="simulated-1",
                job="vending",
                version="1",
                phase="ready",
                now=at(7_200),
                screen=Screen(Notice.READY),
                counts=self.journal.counts(),
                oldest=self.journal.oldest_queued(),
                devices=self.devices,
                backends=self.backends,
                notices=self.notices,
            )
        )

    def start(self) -> None:
        """Let the control socket answer."""
        control = Control(
            status=self.snapshot,
            screen=lambda: self.snapshot()["screen"],
            devices=lambda: self.snapshot()["devices"],
            books=self.journal,
            now=lambda: at(60),
            post=self.posted.append,
            committed=lambda _: None,
            sync_now=lambda: self.done.append(("sync",)),
            reload=lambda: self.done.append(("reload",)),
            hands={
                "reader": {"tap": self._tap, "untap": lambda: self.done.append(("untap",))},
                "slot": {"coin": self._coin},
                **self.hands,
            },
            network=lambda up: self.done.append(("network", up)),
            trial=lambda _: Drop(),
            flush=lambda _: True,
            settling_ms={"main": 60_000},
        )
        self.server = Server(control.routes(), self.socket)
        self.server.start()

    def _tap(self, uid: str, *, copy: bool = False) -> None:
        self.done.append(("tap", uid, "copy") if copy else ("tap", uid))

    def _coin(self, cents: int) -> None:
        raise ValueError(f"a coin of {cents} cents falls through: the slot is closed")


@pytest.fixture
def place() -> Iterator[Place]:
    # Not tmp_path: a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="ctl-"))
    config = folder / "terminal.toml"
    config.write_text(SIMULATED.read_text().replace('"var/', f'"{folder}/'))
    key = load_or_create_key(folder / "journal.db.key")
    journal = Journal.open(folder / "journal.db", key, boot="boot")
    found = Place(folder, config, journal)
    found.devices = [DeviceStatus("reader", "reader", "simulated", Health.OK, "")]
    found.backends = [BackendStatus("main", "pointofsale", "ok", "")]
    try:
        yield found
    finally:
        if found.server is not None:
            found.server.stop()
        journal.close()
        shutil.rmtree(folder)


@pytest.fixture
def daemon(place: Place) -> Place:
    place.start()
    return place
