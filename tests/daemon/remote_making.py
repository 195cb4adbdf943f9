"""Servers that have something set for a terminal, and the terminal that asks them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from terminal.core import cron
from terminal.core.closing_rules import ClosingRules
from terminal.core.cron import Cron
from terminal.core.delivery import Answer, Outcome
from terminal.core.report import Report
from terminal.core.till import Attached, TillSettings
from terminal.daemon import remote as module
from terminal.daemon.remote import Note, Remote
from terminal.journal import Journal
from tests.daemon.test_pings import Weather
from tests.journal.making import NOW
from tests.support.waiting import wait_until

BOUND = TillSettings(bound=True, name="Kiosk")
PRINTER = Attached("paper", "printer", "escpos", "/dev/usb/lp0", "kiosk-1/paper")
DONE = Answer(Outcome.DELIVERED)
NEVER = ClosingRules(printed=False)
LOCAL = (cron.parse("0 4 * * *"),)


class Server:
    """Has *settings* for the terminal, and answers what is reported with *answer*."""

    def __init__(self, settings: TillSettings | Answer = BOUND, name: str = "main") -> None:
        self.name = name
        self.found = settings
        self.answer = DONE
        self.asked = 0
        self.reported: list[tuple[Attached, ...]] = []
        self.counts: list[int] = []
        self.counted_as = DONE

    def settings(self, timeout_s: float) -> TillSettings | Answer:
        assert timeout_s == module.ASK_S
        self.asked += 1
        return self.found

    def attached(self, devices: Sequence[Attached], timeout_s: float) -> Answer:
        assert timeout_s == module.ASK_S
        self.reported.append(tuple(devices))
        return self.answer

    def counted(self, report: Report, timeout_s: float) -> Answer:
        assert timeout_s == module.ASK_S
        self.counts.append(report.number)
        return self.counted_as


class Deaf:
    """A server that has nothing set for anybody."""


class House:
    """Servers, and one terminal after the other that asks them."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal.open(folder / "journal.db", b"k" * 32, boot=NOW.boot)
        self.note = Note(self.journal, lambda: NOW)
        self.weather = Weather()
        self.devices: tuple[Attached, ...] = (PRINTER,)
        self.handed: list[tuple[Cron, ...]] = []
        self.last: Report | None = None
        self.remote: Remote | None = None

    def schedule(self, schedules: Sequence[Cron], held: Any) -> None:
        self.handed.append(tuple(schedules))
        held()

    def build(self, *servers: Server, obey: bool = True, **more: Any) -> Remote:
        """Make a terminal that was just switched on."""
        options: dict[str, Any] = {"roles": {"wallet": "main"}, "currency": "EUR", "local": LOCAL, **more}
        self.remote = Remote(
            {"deaf": Deaf(), **{each.name: each for each in servers}},
            weather=self.weather,
            attached=lambda: self.devices,
            last_report=lambda: self.last,
            obey=obey,
            note=self.note,
            **options,
        )
        return self.remote

    def begin(self, *servers: Server, closing: Any = None, **more: Any) -> Remote:
        """Start a terminal, and wait until it has asked and reported."""
        remote = self.build(*servers, **more)
        remote.start(closing or self)
        for server in servers:
            wait_until(partial(self._done, server), what="it to ask")
        return remote

    @staticmethod
    def _done(server: Server) -> bool:
        return bool(server.reported if isinstance(server.found, TillSettings) else server.asked)

    def again(self, server: Server) -> None:
        """Let it ask once more, and wait until it has taken the answer."""
        assert self.remote is not None
        before = len(server.reported)
        self.remote.reload()
        wait_until(lambda: len(server.reported) > before, what="it to ask again")

    def end(self) -> None:
        """Stop it, and see that nothing is left behind."""
        if self.remote is not None:
            self.remote.stop()
            wait_until(
                lambda: not any(each.name.startswith("till ") for each in threading.enumerate()),
                what="the threads to end",
            )


def houses(folder: Path) -> Iterator[House]:
    """Give a terminal, and stop it at the end."""
    house = House(folder)
    yield house
    house.end()
    house.journal.close()
