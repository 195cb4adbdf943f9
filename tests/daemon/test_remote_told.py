"""What technicians are told of what servers have set, and servers of a terminal's devices and counters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.core import cron
from terminal.core.delivery import Answer, Outcome
from terminal.core.till import Lack, TillSettings
from terminal.core.value import replace
from terminal.daemon import remote as module
from tests.core.report_samples import EMPTY
from tests.daemon.remote_making import BOUND, DONE, PRINTER, House, Server, houses
from tests.support.waiting import wait_until


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from houses(tmp_path)


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


def test_settings_that_could_not_be_asked_for_unforeseen_are_a_trouble(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()

    def fails(_: float) -> TillSettings:
        raise ZeroDivisionError

    monkeypatch.setattr(server, "settings", fails)
    remote = house.build(server)
    remote.start(house)
    wait_until(lambda: remote.troubles, what="the trouble")
    assert remote.troubles == (
        "The server 'main' could not be asked for its settings, for a reason not foreseen: please report this.",
    )


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
    assert (remote.notices, remote.schedules) == (before, (cron.parse("30 23 * * *"),))


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


def test_what_cash_is_rounded_to_is_told_once_and_known_after_a_restart(house: House) -> None:
    steps: list[int] = []
    server = Server(replace(BOUND, cash_step=100))
    remote = house.begin(server, roles={"sales": "main"}, round_to=steps.append)
    house.again(server)
    server.found = BOUND
    house.again(server)
    assert (steps, remote.cash_step) == ([100], 100)
    house.end()
    assert house.build(server, roles={"sales": "main"}).cash_step == 100
    assert house.build(server, roles={"sales": "other"}).cash_step == 0


def test_how_cash_is_rounded_is_for_the_server_of_the_sales_to_say(house: House) -> None:
    steps: list[int] = []
    remote = house.begin(Server(replace(BOUND, cash_step=100)), round_to=steps.append)
    assert (steps, remote.cash_step) == ([], 0)
