"""`devices try`: through the running daemon, and without one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from terminal.cli import common
from terminal.cli.devices import local
from terminal.httpd import Problem, Request, Response, Route, Server, Takeover
from terminal.settings import load
from tests.cli.conftest import UID, Place

LAMPS = '\n[[devices]]\nname = "lamps"\nrole = "indicator"\ndriver = "simulated"\n'
TERMINALCTL = str(Path(sys.executable).parent / "terminalctl")


class Daemon:
    """Answers `try` with given lines, and keeps what it was asked."""

    def __init__(self, place: Place, *lines: Mapping[str, object], ends: bool = True) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.lines = [{**EMPTY, **line} for line in lines] + ([{**EMPTY, "kind": "end"}] if ends else [])
        place.server = Server([Route("POST", "/v1/devices/{name}/try", self._try)], place.socket)
        place.server.start()

    def _try(self, request: Request) -> Takeover:
        self.asked.append((request.params["name"], request.json()))
        body = "".join(json.dumps(line) + "\n" for line in self.lines).encode()
        return Takeover(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + body))


EMPTY = {"kind": "note", "words": "", "event": "", "values": {}, "way": "", "raw": "", "at_s": 0.0}
HOW = {"words": "reader is ok", "values": {"health": "ok"}}
ORDERED = {"words": "pulse ordered", "values": {"key": "k1", "act": "pulse"}}
TOKEN = {"kind": "event", "event": "TokenPresented", "words": "token …E5F6", "at_s": 1.25}
FRAME = {"kind": "traffic", "way": ">", "raw": "00 00 FF", "words": "InListPassiveTarget"}


def ended(how: str, release: str = "k1/0") -> dict[str, object]:
    values = {"release": release, "ended": how}
    return {"kind": "event", "event": "ReleaseEnded", "words": f"release {how}", "values": values}


@pytest.fixture
def lamps(place: Place) -> Place:
    place.config.write_text(place.config.read_text() + LAMPS)
    return place


# -- through the daemon --------------------------------------------------------------------------------


def test_what_the_device_says_is_shown(place: Place) -> None:
    daemon = Daemon(place, HOW, TOKEN, FRAME)
    done = place.run("devices", "try", "reader", "--raw", "--seconds", "5")
    assert done.exit_code == 0, done.output
    assert "1.250  token …E5F6" in done.output
    assert "> 00 00 FF  InListPassiveTarget" in done.output
    ((name, asked),) = daemon.asked
    assert name == "reader"
    assert asked == {"seconds": 5, "raw": True, "full_uids": False, "act": "", "what": "", "by": ""}


def test_for_programs_each_line_is_json(place: Place) -> None:
    Daemon(place, HOW, TOKEN)
    done = place.run("devices", "try", "reader", "--json", "--show-uid")
    assert [json.loads(line)["kind"] for line in done.stdout.splitlines()] == ["note", "event", "end"]


def test_words_of_a_device_do_not_steer_the_terminal(place: Place) -> None:
    Daemon(place, {"words": "evil\x1b[2J"})
    assert "\x1b[2J" not in place.run("devices", "try", "reader").output


@pytest.mark.parametrize(("how", "code"), [("done", 0), ("failed", 1), ("unknown", 1)])
def test_a_pulse_ends_with_its_answer(place: Place, how: str, code: int) -> None:
    daemon = Daemon(place, HOW, ORDERED, ended("done", "somebody/0"), ended(how), TOKEN)
    done = place.run("devices", "try", "machine", "--pulse", "espresso", "--by", "the technician", "--yes")
    assert done.exit_code == code, done.output
    assert "token" not in done.output
    asked = daemon.asked[0][1]
    assert (asked["act"], asked["what"], asked["by"]) == ("pulse", "espresso", "the technician")


def test_an_answer_may_come_before_the_words_that_it_was_ordered(place: Place) -> None:
    Daemon(place, HOW, ended("done"), ORDERED, TOKEN)
    done = place.run("devices", "try", "machine", "--pulse", "--by", "the technician", "--yes")
    assert done.exit_code == 0
    assert "token" not in done.output


def test_a_pulse_without_a_product(place: Place) -> None:
    daemon = Daemon(place, HOW, ORDERED, ended("done"))
    assert place.run("devices", "try", "machine", "--pulse", "--by", "the technician", "--yes").exit_code == 0
    assert daemon.asked[0][1]["what"] == ""


def test_a_pulse_that_nobody_answers_needs_a_person(place: Place) -> None:
    Daemon(place, HOW, ORDERED)
    assert place.run("devices", "try", "machine", "--pulse", "--by", "the technician", "--yes").exit_code == 1


def test_it_is_asked_first(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = Daemon(place, HOW)
    pulse = ("devices", "try", "machine", "--pulse", "--by", "the technician")
    assert place.run(*pulse).exit_code == 2
    monkeypatch.setattr(common, "interactive", lambda: True)
    done = place.run(*pulse, input="n\n")
    assert done.exit_code == 1
    assert "nobody pays for it" in done.stderr
    assert daemon.asked == []


def test_a_name_is_asked_for(place: Place) -> None:
    done = place.run("devices", "try", "machine", "--pulse", "--yes")
    assert done.exit_code == 2
    assert "--by" in done.stderr


def test_a_device_that_does_not_work_needs_a_person(place: Place) -> None:
    Daemon(place, {**HOW, "values": {"health": "missing"}})
    assert place.run("devices", "try", "reader").exit_code == 1


def test_a_daemon_that_ends_in_between_is_a_sentence(place: Place) -> None:
    Daemon(place, HOW, ends=False)
    done = place.run("devices", "try", "reader")
    assert done.exit_code == 1
    assert "terminald has ended" in done.stderr


def test_a_refusal_of_the_daemon_is_a_sentence(place: Place) -> None:
    def refuse(_: Request) -> Response:
        raise Problem(409, "Somebody is at the machine (choosing): try again when it is idle.")

    place.server = Server([Route("POST", "/v1/devices/{name}/try", refuse)], place.socket)
    place.server.start()
    done = place.run("devices", "try", "machine", "--pulse", "--by", "the technician", "--yes")
    assert done.exit_code == 1
    assert done.stderr.strip() == "Somebody is at the machine (choosing): try again when it is idle."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing",), "There is no device 'nothing' in the configuration; there are: reader, machine"),
        (("reader", "--pulse", "--yes"), "'reader' is a reader"),
        (("machine", "--print", "--yes"), "'machine' is a release"),
        (("machine", "--print", "--pulse"), "at a time"),
        (("reader", "--seconds", "0"), "0"),
    ],
)
def test_what_makes_no_sense_never_reaches_the_device(
    place: Place, arguments: tuple[str, ...], words: str
) -> None:
    daemon = Daemon(place, HOW)
    done = place.run("devices", "try", *arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert daemon.asked == []


# -- without a daemon ----------------------------------------------------------------------------------


@pytest.fixture
def alone(lamps: Place) -> Place:
    """Nobody has the journal: in the other tests this process holds it as a daemon would."""
    lamps.journal.close()
    return lamps


def test_it_drives_the_device_itself(alone: Place) -> None:
    done = alone.run("devices", "try", "reader", "--seconds", "0.2")
    assert done.exit_code == 0, done.output
    assert "this program drives the device itself" in done.output


def test_what_the_device_says_is_heard(alone: Place) -> None:
    settings = load(alone.config)
    (reader,) = (device for device in settings.devices if device.name == "reader")
    asked = {"seconds": 60, "raw": True, "full_uids": False, "act": "", "what": "", "by": ""}
    lines = local.listen(settings, reader, asked)
    assert isinstance(lines, Iterator)
    assert "drives the device itself" in next(lines)["words"]
    device: Any = lines.gi_frame.f_locals["device"]  # type: ignore[attr-defined] # it is a generator
    assert next(lines)["words"] == "health ok"
    device.hands["tap"](UID)
    assert next(lines)["words"] == "token …E5F6"
    device._traffic(">", b"\x01", "a question")
    assert next(lines)["words"] == "a question (1 byte)"
    lines.close()  # type: ignore[attr-defined] # it is a generator
    assert not device._thread.is_alive()


def test_a_page_is_printed_without_a_daemon(alone: Place) -> None:
    done = alone.run("devices", "try", "printer", "--print", "--by", "the technician", "--yes")
    assert done.exit_code == 0, done.output
    assert "print done" in done.output


def test_a_signal_is_shown_without_a_daemon(alone: Place) -> None:
    done = alone.run("devices", "try", "lamps", "--signal", "call staff", "--yes", "--seconds", "0.2")
    assert done.exit_code == 0, done.output
    assert "shows 'call staff'" in done.output


def test_a_pulse_needs_the_daemon_which_alone_writes_it_down(alone: Place) -> None:
    done = alone.run("devices", "try", "machine", "--pulse", "--by", "the technician", "--yes")
    assert done.exit_code == 1
    assert "only terminald writes the journal" in done.stderr


def test_a_daemon_that_does_not_answer_keeps_its_devices(lamps: Place) -> None:
    done = lamps.run("devices", "try", "reader", "--seconds", "0.2")
    assert done.exit_code == 1
    assert "A terminald runs" in done.stderr


def test_ctrl_c_ends_it_cleanly(alone: Place) -> None:
    # What is started in the background of a shell is deaf to SIGINT, and so would be whom it starts.
    hears = ["env", "--default-signal=INT"]
    with subprocess.Popen(
        [*hears, TERMINALCTL, "--config", str(alone.config), "devices", "try", "reader"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while "health ok" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()
        assert "Traceback" not in process.stderr.read()


# -- money ---------------------------------------------------------------------------------------------

MONEY = "".join(
    f'\n[[devices]]\nname = "{name}"\nrole = "{role}"\ndriver = "simulated"\n'
    for name, role in (("hopper", "payout"),)
)


@pytest.fixture
def till(place: Place) -> Place:
    place.config.write_text(place.config.read_text() + MONEY)
    return place


def paid(cents: int, how: str = "done") -> dict[str, object]:
    values = {"payout": "k1/payout", "ended": how, "paid": cents}
    return {"kind": "event", "event": "PayoutEnded", "words": f"payout {how}", "values": values}


@pytest.mark.parametrize(("answer", "code"), [(paid(50), 0), (paid(0), 1), (paid(0, "unknown"), 1)])
def test_a_hopper_pays_and_the_exit_code_tells(till: Place, answer: dict[str, object], code: int) -> None:
    daemon = Daemon(till, HOW, ORDERED, answer, ends=False)
    done = till.run("devices", "try", "hopper", "--pay", "0,50", "--by", "the technician", "--yes")
    assert done.exit_code == code, done.output
    ((name, asked),) = daemon.asked
    assert (name, asked["act"], asked["what"], asked["by"]) == ("hopper", "pay", "50", "the technician")


def test_an_acceptor_takes_coins_while_somebody_watches(till: Place) -> None:
    coin = {"kind": "event", "event": "CoinInserted", "words": "money: 50 cents"}
    daemon = Daemon(till, HOW, coin)
    done = till.run("devices", "try", "slot", "--accept", "5", "--by", "the technician", "--yes")
    assert done.exit_code == 0, done.output
    assert "money: 50 cents" in done.output
    ((_, asked),) = daemon.asked
    assert (asked["act"], asked["what"]) == ("accept", "500")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("hopper", "--pay", "a lot"), "is no amount"),
        (("hopper", "--pay", "0"), "more than nothing"),
        (("hopper", "--accept", "5"), 'role = "coin_acceptor"'),
        (("reader", "--pay", "5"), 'role = "payout"'),
        (("hopper", "--pay", "5", "--print"), "at a time"),
        (("hopper", "--pay", "5"), "--by is missing"),
        (("hopper", "--pay", "5", "--by", "me"), "add --yes"),
    ],
)
def test_money_is_not_moved_by_a_slip(till: Place, arguments: tuple[str, ...], words: str) -> None:
    done = till.run("devices", "try", *arguments)
    assert done.exit_code == 2
    assert words in done.output


def test_without_a_daemon_no_money_moves(alone: Place) -> None:
    alone.config.write_text(alone.config.read_text() + MONEY)
    done = alone.run("devices", "try", "hopper", "--pay", "5", "--by", "me", "--yes")
    assert done.exit_code == 1
    assert "only terminald writes the journal" in done.output
