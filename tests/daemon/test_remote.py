"""What servers have set for a terminal: obeyed, told, kept over restarts, and never in the way of a sale."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from terminal.core import cron
from terminal.core.closing_rules import ClosingRules
from terminal.core.cron import Cron
from terminal.core.delivery import Answer, Outcome
from terminal.core.report import Report
from terminal.core.till import Attached, Lack, TillSettings
from terminal.core.value import replace
from terminal.daemon import remote as module
from terminal.daemon.closing import RETRY_S, Closing
from terminal.daemon.remote import Note, Remote
from terminal.httpd import Problem
from tests.core.report_samples import EMPTY
from tests.daemon.test_closing import NIGHTLY, World, at
from tests.daemon.test_pings import Weather
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
        self.note = Note(folder / "journal.db.schedules")
        self.weather = Weather()
        self.devices: tuple[Attached, ...] = (PRINTER,)
        self.handed: list[tuple[Cron, ...]] = []
        self.last: Report | None = None
        self.remote: Remote | None = None

    def schedule(self, schedules: Sequence[Cron], held: Any) -> None:
        self.handed.append(tuple(schedules))
        held()

    def build(self, *servers: Server, obey: bool = True, **more: Any) -> Remote:
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
        if self.remote is not None:
            self.remote.stop()
            wait_until(
                lambda: not any(each.name.startswith("till ") for each in threading.enumerate()),
                what="the threads to end",
            )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.end()


def parsed(*texts: str) -> tuple[Cron, ...]:
    return tuple(cron.parse(text) for text in texts)


# -- closing the day -----------------------------------------------------------------------------------


def test_schedules_of_the_server_hold_from_when_they_are_read_and_so_do_later_ones(house: House) -> None:
    server = Server(replace(BOUND, schedules=("30 23 * * *",)))
    remote = house.begin(server)
    server.found = replace(BOUND, schedules=("0 22 * * *", "0 6 * * *"))
    house.again(server)
    house.again(server)
    server.found = replace(BOUND, schedules=None)
    house.again(server)
    wait_until(lambda: len(house.handed) == 3, what="the schedules")
    assert house.handed == [parsed("30 23 * * *"), parsed("0 22 * * *", "0 6 * * *"), LOCAL]
    assert remote.schedules == LOCAL
    assert remote.troubles == ()


def test_one_that_cannot_be_read_is_a_trouble_and_the_others_hold(house: House) -> None:
    server = Server(replace(BOUND, schedules=("@daily", "30 23 * * *")))
    remote = house.begin(server)
    assert house.handed == [parsed("30 23 * * *")]
    (words,) = remote.troubles
    assert words.startswith(
        "A schedule of the server for closing the day is not obeyed: found '@daily'; expected"
    )


def test_a_terminal_that_was_off_at_the_moment_closes_at_its_start_without_a_network(house: House) -> None:
    world = World(at("2026-05-01 12:00"), NEVER)
    world.closing.start()
    house.begin(Server(replace(BOUND, schedules=("30 23 * * *",))), closing=world.closing)
    wait_until(lambda: house.note.read() == {"main": ("30 23 * * *",)}, what="the note")
    world.closing.stop()
    house.end()
    assert world.made == []

    world.now = at("2026-05-02 08:00", boot="c")
    away = Server(Answer(Outcome.UNSENT, "no route"))
    remote = house.build(away)
    closing = Closing(NEVER, world, world, now=lambda: world.now, zone=UTC, schedules=remote.schedules)
    closing.start()
    remote.start(closing)
    wait_until(lambda: len(world.made) == 1 and away.asked, what="the closing that was missed")
    away.found = replace(BOUND, schedules=("30 23 * * *",))
    house.again(away)
    closing.stop()
    assert len(world.made) == 1, "what the server says again changes nothing"


def test_a_closing_that_is_due_is_lost_neither_by_a_change_nor_by_a_power_cut_then(house: House) -> None:
    house.note.write({"main": ("30 23 * * *",)})
    world = World(at("2026-05-01 12:00"))
    world.error = Problem(409, "Somebody is at the machine.")
    world.now = at("2026-05-01 23:31")
    never = Server(replace(BOUND, schedules=()))
    remote = house.build(never)
    closing = Closing(NIGHTLY, world, world, now=lambda: world.now, zone=UTC, schedules=remote.schedules)
    remote.start(closing)
    wait_until(lambda: never.reported, what="the change")
    assert closing.look() == RETRY_S
    assert house.note.read() == {"main": ("30 23 * * *",)}
    house.end()

    world.error, world.now = None, at("2026-05-02 08:00", boot="c")
    remote = house.build(never)
    closing = Closing(NIGHTLY, world, world, now=lambda: world.now, zone=UTC, schedules=remote.schedules)
    remote.start(closing)
    wait_until(lambda: len(never.reported) == 2, what="the change")
    closing.look()
    closing.look()
    assert len(world.made) == 1
    assert house.note.read() == {"main": ()}


def test_schedules_of_the_configuration_hold_where_that_is_wanted_whatever_was_noted(house: House) -> None:
    house.note.write({"main": ("30 23 * * *",)})
    remote = house.begin(Server(replace(BOUND, schedules=("@daily",))), obey=False)
    assert remote.schedules == LOCAL
    assert (house.handed, remote.troubles) == ([], ())


def test_the_first_server_that_says_something_is_obeyed(house: House) -> None:
    first, second = Server(BOUND, "a"), Server(replace(BOUND, schedules=("30 23 * * *",)), "b")
    remote = house.begin(first, second)
    assert remote.schedules == parsed("30 23 * * *")
    first.found = replace(BOUND, schedules=())
    house.again(first)
    wait_until(lambda: remote.schedules == (), what="the first one's")


def test_a_note_that_is_lost_or_damaged_is_no_reason_to_stop(house: House, tmp_path: Path) -> None:
    (tmp_path / "journal.db.schedules").write_text('{"main": 7')
    assert house.build(Server()).schedules == LOCAL


def test_a_note_that_cannot_be_written_is_a_trouble_and_the_schedules_hold(
    house: House, tmp_path: Path
) -> None:
    house.note = Note(tmp_path / "no such folder" / "note")
    remote = house.begin(Server(replace(BOUND, schedules=("30 23 * * *",))))
    (words,) = remote.troubles
    assert "cannot be noted" in words
    assert house.handed == [parsed("30 23 * * *")]


# -- what a technician is told -------------------------------------------------------------------------


def test_what_is_offered_missing_and_not_bound_are_notices_and_no_troubles(house: House) -> None:
    lacks = (Lack("", "no tills"), Lack("wallet", "no vouchers"), Lack("sales", "no orders"))
    server = Server(
        TillSettings(bound=False, offered="9.1", missing=lacks, notices=("not bound: terminalctl onslip bind",))
    )
    remote = house.begin(server)
    not_bound, tills, vouchers, offered = remote.notices
    assert not_bound == "Server 'main': not bound: terminalctl onslip bind"
    assert (tills, vouchers) == ("Server 'main': no tills", "Server 'main': no vouchers")
    assert offered.startswith("Server 'main': version 9.1 of the terminal is offered, and ")
    assert remote.troubles == ()


def test_a_server_that_counts_in_other_money_is_a_trouble(house: House) -> None:
    (words,) = house.begin(Server(replace(BOUND, currency="SEK"))).troubles
    assert words == "The server 'main' counts in SEK, this terminal in EUR: correct one of them."


def test_nothing_is_known_of_a_server_that_was_never_reached(house: House) -> None:
    remote = house.begin(Server(Answer(Outcome.DENIED, "401: who are you")))
    assert (remote.notices, remote.troubles) == ((), ())
    wait_until(lambda: house.weather.reports, what="the weather")
    assert house.weather.reports[0] == ("main", True, "401: who are you")


def test_what_was_read_stays_while_the_server_is_away(house: House) -> None:
    server = Server(replace(BOUND, offered="9.1", schedules=("30 23 * * *",)))
    remote = house.begin(server)
    before = remote.notices
    server.found = Answer(Outcome.UNSENT, "no route")
    asked = server.asked
    remote.reload()
    wait_until(lambda: server.asked > asked and ("main", False, "") in house.weather.reports, what="a failure")
    assert (remote.notices, remote.schedules) == (before, parsed("30 23 * * *"))


# -- what is attached ----------------------------------------------------------------------------------


def test_devices_are_reported_at_the_start_and_when_there_are_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.001)
    server = Server()
    house.begin(server)
    changed = (replace(PRINTER, version="2"),)
    house.devices = changed
    wait_until(lambda: server.reported[-1] == changed, what="the other devices")
    assert server.reported == [(PRINTER,), changed]
    assert server.asked == 2


def test_a_report_that_does_not_arrive_is_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETRY_S", (0.001, 0.001))
    server = Server()
    server.answer = Answer(Outcome.BUSY, "changed by others")
    remote = house.begin(server)
    wait_until(lambda: len(server.reported) > 2, what="more tries")
    assert remote.notices == ()
    server.answer = DONE
    house.again(server)


def test_a_report_that_is_refused_is_a_notice_and_not_repeated(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.001)
    server = Server()
    server.answer = Answer(Outcome.REFUSED, "functions: one at least")
    remote = house.begin(server)
    wait_until(lambda: remote.notices, what="the notice")
    assert remote.notices == ("Server 'main': functions: one at least",)
    house.again(server)
    assert len(server.reported) == 2


def test_what_the_last_report_counted_is_told_and_a_refusal_is_a_notice(house: House) -> None:
    server = Server()
    remote = house.begin(server)
    house.again(server)
    assert server.counts == [], "there is none yet"
    house.last = replace(EMPTY, number=3)
    server.counted_as = Answer(Outcome.DENIED, "another machine's till")
    house.again(server)
    wait_until(lambda: remote.notices, what="the notice")
    assert server.counts == [3]
    assert remote.notices == ("Server 'main': another machine's till",)
    assert not any(denied for _, _, denied in house.weather.reports), "it accepts the terminal all the same"
