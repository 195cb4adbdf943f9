"""`status` and `devices`: for people, for programs, and by exit code."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from terminal.core.delivery import Outcome
from terminal.core.events import Health
from terminal.core.facts import EntryKind, EntryState
from terminal.daemon.status import BackendStatus, DeviceStatus
from terminal.httpd import Drop, Response, Route, Server
from tests.cli.conftest import Place

PRINTER = DeviceStatus("printer", "printer", "simulated", Health.FAILED, "It has no paper: put a roll in.")


def test_a_healthy_terminal_exits_with_0(daemon: Place) -> None:
    done = daemon.run("status")
    assert done.exit_code == 0, done.output
    assert "simulated-1: vending, ready" in done.output
    assert "Nothing needs a person." in done.output
    assert "reader  reader  simulated  ok" in done.output


def test_the_status_for_programs_has_the_promised_shape(daemon: Place) -> None:
    daemon.add("k1")
    done = daemon.run("status", "--json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert {"terminal", "job", "phase", "queue", "devices", "backends", "screen", "problems"} <= set(told)
    assert told["queue"] == {
        "queued": 1,
        "sending": 0,
        "unknown": 0,
        "parked": 0,
        "delivered": 0,
        "voided": 0,
        "oldest_age_s": 7200,
    }
    assert set(told["devices"][0]) == {"name", "role", "driver", "health", "words"}
    assert set(told["backends"][0]) == {"name", "type", "state", "words"}


def test_a_notice_is_told_and_is_nothing_that_needs_a_person(daemon: Place) -> None:
    daemon.notices.append("Server 'main': version 2 of the terminal is offered")
    done = daemon.run("status")
    assert done.exit_code == 0, done.output
    assert "- Server 'main': version 2 of the terminal is offered\nNothing needs a person." in done.output


def test_the_age_of_what_waits_is_told(daemon: Place) -> None:
    daemon.add("k1")
    assert "The oldest waits since 2 h." in daemon.run("status").output


def test_an_entry_in_doubt_needs_a_person(daemon: Place) -> None:
    daemon.add("k1")
    daemon.attempt("k1", Outcome.UNKNOWN, EntryState.UNKNOWN, "the connection broke")
    for arguments in (["status"], ["status", "--json"]):
        assert daemon.run(*arguments).exit_code == 1
    assert "! 1 entry is unknown" in daemon.run("status").output


def test_unclaimed_coins_need_a_person(daemon: Place) -> None:
    daemon.add("u1", kind=EntryKind.UNCLAIMED, state=EntryState.PARKED, words="nobody claimed them")
    assert daemon.run("status").exit_code == 1


def test_an_ill_device_needs_a_person(daemon: Place) -> None:
    daemon.devices.append(PRINTER)
    done = daemon.run("status")
    assert done.exit_code == 1
    assert "It has no paper" in done.output
    devices = daemon.run("devices")
    assert devices.exit_code == 1
    assert "printer  printer  simulated  failed" in devices.output
    assert daemon.run("devices", "--json").exit_code == 1


@pytest.mark.parametrize(("state", "code"), [("paused", 1), ("away", 0), ("ok", 0)])
def test_a_server_that_is_away_is_ordinary_but_one_that_refuses_us_is_not(
    daemon: Place, state: str, code: int
) -> None:
    daemon.backends[:] = [BackendStatus("main", "pointofsale", state, "401: token rolled")]
    assert daemon.run("status").exit_code == code


def test_devices_for_programs(daemon: Place) -> None:
    done = daemon.run("devices", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["devices"][0]["health"] == "ok"


# -- colours and width ---------------------------------------------------------------------------------


def test_colours_are_for_terminals_and_not_with_no_color(daemon: Place) -> None:
    assert "\x1b[" in daemon.run("status", color=True).output
    assert "\x1b[" not in daemon.run("status", color=True, env={"NO_COLOR": "1"}).output
    assert "\x1b[" not in daemon.run("status").output


def test_a_narrow_terminal_gets_narrow_lines(daemon: Place) -> None:
    daemon.devices.append(PRINTER)
    lines = daemon.run("devices", env={"COLUMNS": "24"}).output.splitlines()
    assert max(map(len, lines)) <= 24
    assert "  printer" in lines


# -- no daemon -----------------------------------------------------------------------------------------


def test_without_a_daemon_it_says_what_to_do(place: Place) -> None:
    done = place.run("status")
    assert done.exit_code == 2
    assert f"terminald does not run: nothing answers on {place.socket}" in done.stderr
    assert "systemctl start terminald" in done.stderr
    assert "Traceback" not in done.output


def test_a_socket_that_a_killed_daemon_left_is_no_daemon(place: Place) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place.socket))
    assert place.run("status").exit_code == 2


def test_who_may_not_use_the_socket_is_told_so(daemon: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests may run as root, whom nothing is forbidden: so the system's answer is put in its place."""

    def refuse(_: object, path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    done = daemon.run("status")
    assert done.exit_code == 2
    assert "You may not use" in done.stderr
    assert "sudo" in done.stderr


def _answering(place: Place, answer: object) -> Server:
    server = Server([Route("GET", "/v1/status", lambda _: answer)], place.socket)  # type: ignore[arg-type,return-value]  # any answer
    server.start()
    place.server = server
    return server


def test_a_daemon_that_breaks_off_is_a_sentence(place: Place) -> None:
    _answering(place, Drop())
    done = place.run("status")
    assert done.exit_code == 1
    assert "broke off" in done.stderr


def test_something_else_on_the_socket_is_a_sentence(place: Place) -> None:
    _answering(place, Response(200, b"<html>", {"Content-Type": "text/html"}))
    done = place.run("status")
    assert done.exit_code == 1
    assert "is no terminald" in done.stderr


def test_a_daemon_that_hangs_is_a_sentence(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terminal.cli.client.TIMEOUT_S", 0.05)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(place.socket))
        silent.listen()
        done = place.run("status")
    assert done.exit_code == 1
    assert "it hangs" in done.stderr


def test_the_command_line_is_light() -> None:
    code = (
        "import sys, terminal.cli; print([n for n in ('httpx', 'sqlite_utils', 'sqlite3') if n in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root, env=os.environ
    )
    assert done.stdout.strip() == "[]"
