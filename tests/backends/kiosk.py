"""A journal and its engine with one backend: turned by hand, and started anew as after a power cut."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from terminal.backends.protocol import Backend
from terminal.core.facts import EntryAdded
from terminal.core.records import Entry
from terminal.core.rules import SyncRules
from terminal.journal import Journal
from terminal.sync import Engine
from tests.sync.model import ManualClock


class Kiosk:
    """Delivers what is added to it, when ``work`` is called; *connect* makes the adapter of each start.

    Args:
        folder: Where the journal is.
        name: What the backend is called.
        connect: Makes its adapter.
        waits_ms: How long passes before each ``work``.
    """

    def __init__(self, folder: Path, name: str, connect: Callable[[], Backend], waits_ms: int = 10_000) -> None:
        self.folder, self.name, self.connect, self.waits_ms = folder, name, connect, waits_ms
        self.clock = ManualClock()
        self.off = ExitStack()
        self.start()

    def start(self) -> None:
        self.off.close()
        self.journal = Journal.open(self.folder / "journal.db", b"k" * 32, boot=self.clock.boot)
        self.off.callback(self.journal.close)
        rules = SyncRules(first_retry_s=2, longest_retry_s=2, breaker_probe_s=2, timeout_s=30)
        self.engine = Engine(self.journal, {self.name: self.connect()}, self.clock, rules)
        self.engine.load()
        self.worker = self.engine.worker(self.name)

    def enter(self, fact: EntryAdded) -> Entry:
        """Write a new entry into the journal, and let the engine know."""
        self.journal.commit((fact,), self.clock.now())
        self.engine.notice((fact,))
        return self.entry(fact.key)

    def work(self, turns: int = 40) -> None:
        self.clock.advance(self.waits_ms)
        for _ in range(turns):
            self.worker.turn()

    def entry(self, key: str) -> Entry:
        found = self.journal.entry(key)
        assert found is not None
        return found
