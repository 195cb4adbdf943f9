"""`print again`: which entry is meant, who asks, and what comes of it."""

import json

import pytest

from terminal.core.events import Ended, Event, PrintAgainAsked
from terminal.core.facts import ReleaseIntended, ReleaseKind, ReleaseSettled
from terminal.core.paper import Document, Text
from terminal.core.state import Again
from terminal.daemon.printdesk import PrintDesk
from terminal.httpd import Server
from tests.cli.conftest import Place, at

PAPER = Document((Text("Thank you"),))


class Loop:
    """A terminal that answers *words* to every question."""

    def __init__(self, words: str = "") -> None:
        self.posted: list[PrintAgainAsked] = []
        self.words = words
        self.again: Again | None = None

    @property
    def state(self):
        return self

    def post(self, event: Event) -> None:
        assert isinstance(event, PrintAgainAsked)
        self.posted.append(event)

    def flush(self, _: float) -> bool:
        self.again = Again(self.posted[-1].ticket, self.words)
        return True


@pytest.fixture
def loop(place: Place) -> Loop:
    place.add("kiosk-1-0198c0de-7f31a4b2c9d0")
    place.add("kiosk-1-0198c0de-7f31a4b2c9d1", second=1)
    key = "kiosk-1-0198c0de-7f31a4b2c9d1"
    intent = ReleaseIntended(f"{key}/receipt", ReleaseKind.PRINT, key, "printer", "receipt", PAPER)
    place.journal.commit([intent, ReleaseSettled(f"{key}/receipt", Ended.DONE)], at(2))
    loop = Loop()
    place.server = Server(PrintDesk(place.journal, loop, lambda: "t1").routes(), place.socket)
    place.server.start()
    return loop


@pytest.mark.parametrize("which", ["2", "kiosk-1-0198c0de-7f31a4b2c9d1", "7f31a4b2c9d1"])
def test_an_entry_is_found_by_its_number_its_key_and_what_its_receipt_says(
    place: Place, loop: Loop, which: str
) -> None:
    done = place.run("print", "again", which, "--by", "the technician")
    assert done.exit_code == 0, done.output
    assert done.output.strip() == "Entry 2: receipt on its way to the printer, as a copy."
    key = "kiosk-1-0198c0de-7f31a4b2c9d1"
    assert loop.posted == [PrintAgainAsked("t1", key, "the technician", ((f"{key}/receipt", PAPER),))]


def test_for_programs(place: Place, loop: Loop) -> None:
    done = place.run("print", "again", "2", "--by", "the technician", "--json")
    assert json.loads(done.stdout)["papers"] == ["receipt"]
    assert loop.posted


@pytest.mark.parametrize("which", ["3", "1d1", "nothing", "", "c9d1", "9" * 30])
def test_an_entry_that_is_not_there_or_not_meant_alone_is_wrong_use(
    place: Place, loop: Loop, which: str
) -> None:
    done = place.run("print", "again", which, "--by", "the technician")
    assert done.exit_code == 2
    assert "There is no entry" in done.stderr
    assert loop.posted == []


def test_nobody_asks_without_a_name(place: Place, loop: Loop) -> None:
    assert place.run("print", "again", "2").exit_code == 2
    assert loop.posted == []


def test_a_refusal_is_said(place: Place, loop: Loop) -> None:
    loop.words = "Somebody is at the machine (choosing): try again when it is idle."
    done = place.run("print", "again", "2", "--by", "the technician")
    assert done.exit_code == 1
    assert done.stderr.strip() == loop.words
    nothing = place.run("print", "again", "1", "--by", "the technician")
    assert nothing.exit_code == 1
    assert "nothing was ever printed for entry 1" in nothing.stderr


def test_without_a_daemon_nothing_is_printed(place: Place) -> None:
    place.add("k1")
    done = place.run("print", "again", "1", "--by", "the technician")
    assert done.exit_code == 2
    assert "terminald does not run" in done.stderr
