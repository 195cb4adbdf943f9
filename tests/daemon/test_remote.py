"""What servers have set for a terminal is obeyed: when the day is closed, kept over restarts and changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from terminal.core import cron
from terminal.core.cron import Cron
from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import SettingsTold
from terminal.core.value import replace
from terminal.daemon.closing import RETRY_S, Closing
from terminal.daemon.remote import Noted
from terminal.httpd import Problem
from terminal.journal.errors import JournalUnwritable
from tests.daemon.remote_making import BOUND, LOCAL, NEVER, House, Server, houses
from tests.daemon.test_closing import NIGHTLY, World, at
from tests.journal.making import NOW
from tests.support.waiting import wait_until


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from houses(tmp_path)


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
    wait_until(lambda: house.note.read("main").schedules == ("30 23 * * *",), what="the note")
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
    house.note.change("main", schedules=("30 23 * * *",))
    world = World(at("2026-05-01 12:00"))
    world.error = Problem(409, "Somebody is at the machine.")
    world.now = at("2026-05-01 23:31")
    never = Server(replace(BOUND, schedules=()))
    remote = house.build(never)
    closing = Closing(NIGHTLY, world, world, now=lambda: world.now, zone=UTC, schedules=remote.schedules)
    remote.start(closing)
    wait_until(lambda: never.reported, what="the change")
    assert closing.look() == RETRY_S
    assert house.note.read("main").schedules == ("30 23 * * *",)
    house.end()

    world.error, world.now = None, at("2026-05-02 08:00", boot="c")
    remote = house.build(never)
    closing = Closing(NIGHTLY, world, world, now=lambda: world.now, zone=UTC, schedules=remote.schedules)
    remote.start(closing)
    wait_until(lambda: len(never.reported) == 2, what="the change")
    closing.look()
    closing.look()
    assert len(world.made) == 1
    assert house.note.read("main").schedules == ()


def test_schedules_of_the_configuration_hold_where_that_is_wanted_whatever_was_noted(house: House) -> None:
    house.note.change("main", schedules=("30 23 * * *",))
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


def test_a_note_that_is_damaged_is_no_reason_to_stop(house: House) -> None:
    house.journal.commit((SettingsTold("main", '{"schedules": 7'),), NOW)
    assert house.build(Server()).schedules == LOCAL


def test_a_note_that_cannot_be_written_is_a_trouble_and_the_schedules_hold(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **_more: object) -> None:
        raise JournalUnwritable("The disk is full.")

    monkeypatch.setattr(house.journal, "commit", full)
    remote = house.begin(Server(replace(BOUND, schedules=("30 23 * * *",))))
    (words,) = remote.troubles
    assert "cannot be noted" in words
    assert "The disk is full." in words
    assert house.handed == [parsed("30 23 * * *")]


def test_what_could_not_be_noted_is_noted_when_the_disk_is_well_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although the server says nothing else than before, and whatever else was noted meanwhile."""

    def full(*_: object, **_more: object) -> None:
        raise JournalUnwritable("The disk is full.")

    server = Server(replace(BOUND, schedules=("30 23 * * *",), cash_step=100))
    with monkeypatch.context() as bad:
        bad.setattr(house.journal, "commit", full)
        remote = house.begin(server, roles={"sales": "main"})
        assert "cannot be noted" in "".join(remote.troubles)
    server.found = replace(BOUND, schedules=("30 23 * * *",), cash_step=50)
    house.again(server)
    assert remote.troubles == ()
    assert house.note.read("main") == Noted(("30 23 * * *",), 50)
    assert house.handed == [parsed("30 23 * * *")]


def test_what_is_noted_already_is_not_written_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.note.change("main", cash_step=50)

    def written(*_: object, **_more: object) -> None:
        pytest.fail("it was written again")

    monkeypatch.setattr(house.journal, "commit", written)
    house.note.change("main", cash_step=50)
    assert house.note.read("main") == Noted(None, 50)
