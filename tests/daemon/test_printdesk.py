"""A person asks for a copy of what was printed: over the control socket of a running daemon."""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terminal.cli.client import Control
from terminal.cli.errors import Refused, WrongUse
from terminal.core.events import Ended
from terminal.core.facts import EntryAdded, EntryKind, EntryState, ReleaseIntended, ReleaseKind, ReleaseSettled
from terminal.core.paper import Document, Text
from terminal.daemon.watchdog import Notifier
from terminal.daemon.wiring import Daemon
from terminal.settings import load
from tests.support.waiting import wait_until

SIMULATED = Path(__file__).parents[2] / "config/simulated.toml"
PAPER = Document((Text("Thank you"),))


class House:
    """A simulated terminal that runs, with two entries on its books: a receipt was printed for the first."""

    def __init__(self, folder: Path) -> None:
        text = SIMULATED.read_text().replace('"var/', f'"{folder}/').replace("127.0.0.1:8091", "127.0.0.1:0")
        self.config = folder / "terminal.toml"
        self.config.write_text(text.replace("[control]", "keep = 0\n\n[control]"))
        self.socket = folder / "control.sock"
        self.start()
        intent = ReleaseIntended("k1/receipt", ReleaseKind.PRINT, "k1", "printer", "receipt", PAPER)
        self.commit(_entry("k1"), _entry("k2"), intent, ReleaseSettled("k1/receipt", Ended.DONE))

    def start(self) -> None:
        self.daemon = Daemon(load(self.config), Notifier())
        self.daemon.start()
        wait_until(lambda: self.daemon.status()["screen"]["notice"] == "ready", what="READY on the screen")
        wait_until(lambda: self.health() == "ok", what="the printer")

    def commit(self, *facts: Any) -> None:
        self.daemon._journal.commit(facts, self.daemon._clock.now(), urgent=True)

    def health(self) -> str:
        (printer,) = (each for each in self.daemon.status()["devices"] if each["role"] == "printer")
        return str(printer["health"])

    @property
    def printer(self) -> Any:
        return self.daemon._devices["printer"]

    def again(self, seq: int = 1, by: object = "the technician") -> Any:
        with Control(str(self.socket), 30) as control:
            return control.post(f"/v1/journal/{seq}/print", {"by": by})

    def told(self, seq: int = 1) -> list[tuple[str, str]]:
        story = self.daemon._journal.story(seq)
        return [(event.how, event.words) for event in story.events if event.what == "print"] if story else []


def _entry(key: str) -> EntryAdded:
    return EntryAdded(key, EntryKind.UNCLAIMED, "main", None, 100, state=EntryState.PARKED, words="for a test")


@pytest.fixture
def house() -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="prints-"))  # a socket's path must be short
    before = set(threading.enumerate())
    house = House(folder)
    yield house
    house.daemon.stop()
    wait_until(lambda: set(threading.enumerate()) <= before, what="all threads to end")
    shutil.rmtree(folder)


def test_a_copy_is_marked_and_on_the_books_with_a_name(house: House) -> None:
    assert house.again() == {"entry": 1, "key": "k1", "papers": ["receipt"]}
    wait_until(lambda: len(house.printer.papers) == 1, what="the copy")
    lines = [line.strip() for line in house.printer.papers[0] if line.strip()]
    assert lines == ["COPY 1", "Thank you", "COPY 1"]
    wait_until(lambda: house.told()[-1][0] == "done", what="its end on the books")
    assert house.told()[-2] == ("intended", "printer: receipt, copy 1, for the technician")
    house.again()
    wait_until(lambda: len(house.printer.papers) == 2, what="the next copy")
    assert house.printer.papers[1][0].strip() == "COPY 2"


def test_paper_that_tears_is_made_good_by_a_marked_copy_when_there_is_paper_again(house: House) -> None:
    house.printer.tear_next()
    house.again()
    wait_until(lambda: house.health() == "failed", what="the end of the paper")
    wait_until(lambda: house.told()[-1][0] == "unknown", what="its end on the books")
    house.printer.paper_in()
    wait_until(lambda: len(house.printer.papers) == 2, what="the copy")
    assert house.printer.papers[1][0].strip() == "COPY 2"
    wait_until(lambda: house.told()[-1][0] == "done", what="its end on the books")


def test_what_waited_is_printed_after_a_restart(house: House) -> None:
    intent = ReleaseIntended("k2/receipt", ReleaseKind.PRINT, "k2", "printer", "receipt", PAPER)
    house.commit(intent, ReleaseSettled("k2/receipt", Ended.FAILED, "no paper"))
    house.commit(ReleaseIntended("k2/ticket-1", ReleaseKind.PRINT, "k2", "printer", "ticket-1", PAPER))
    house.daemon.stop()
    house.start()
    wait_until(lambda: len(house.printer.papers) == 2, what="both papers")
    assert [paper[0].strip() for paper in house.printer.papers] == ["COPY 1", "Thank you"], "tickets first"
    wait_until(lambda: house.told(2)[-1][0] == "done", what="its end on the books")
    house.daemon.stop()
    house.start()
    assert house.daemon._journal.waiting_prints() == []


@pytest.mark.parametrize(
    ("seq", "by", "words"),
    [
        (3, "the technician", "there is no entry 3"),
        ("x", "the technician", "as number of an entry"),
        (10**20, "the technician", "as number of an entry"),
        (1, " ", "who asks"),
        (1, "two\nlines", "who asks"),
        (1, 5, "by"),
    ],
)
def test_what_makes_no_sense_is_wrong_use(house: House, seq: Any, by: object, words: str) -> None:
    with pytest.raises(WrongUse, match=words):
        house.again(seq, by)
    assert not house.printer.papers


def test_what_cannot_be_done_now_is_refused_with_a_sentence(house: House) -> None:
    with pytest.raises(Refused, match="nothing was ever printed for entry 2"):
        house.again(2)
    house.printer.paper_out()
    wait_until(lambda: house.health() == "failed", what="the end of the paper")
    with pytest.raises(Refused, match="Nothing can be printed"):
        house.again()
    house.printer.paper_in()
    wait_until(lambda: house.health() == "ok", what="paper")
    house.daemon._devices["reader"].hands["tap"]("04A1B2C3D4E5F6")  # type: ignore[attr-defined]
    wait_until(lambda: house.daemon.status()["screen"]["notice"] == "choose", what="a guest")
    with pytest.raises(Refused, match="Somebody is at the machine"):
        house.again()
    assert not house.printer.papers
