"""Reports on the control socket of a running daemon, and by its schedule."""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from terminal.cli.client import Control
from terminal.cli.errors import Refused, WrongUse
from terminal.core.catalogue import Product
from terminal.core.facts import EntryAdded, EntryKind, ReportMade
from terminal.core.report import ReportKind
from terminal.core.value import replace
from terminal.daemon.clock import local_zone
from terminal.daemon.watchdog import Notifier
from terminal.daemon.wiring import Daemon
from terminal.httpd import Problem
from terminal.journal.keyfile import load_or_create_key
from terminal.journal.store import Journal
from terminal.settings import load
from tests.support.waiting import wait_until

SIMULATED = Path(__file__).parents[2] / "config/simulated.toml"
CLOSING = """
[closing]
groups = { espresso = "Coffee" }
vat = { Coffee = 1900 }
"""
ESPRESSO = Product("espresso", "Espresso", 119)


class House:
    """A simulated terminal that runs."""

    def __init__(self, folder: Path, closing: str = CLOSING) -> None:
        text = SIMULATED.read_text().replace('"var/', f'"{folder}/').replace("127.0.0.1:8091", "127.0.0.1:0")
        self.config = folder / "terminal.toml"
        self.config.write_text(text.replace("[control]", f"keep = 0\n{closing}\n[control]"))
        self.socket = folder / "control.sock"
        self.start()

    def start(self) -> None:
        self.daemon = Daemon(load(self.config), Notifier())
        self.daemon.start()
        wait_until(lambda: self.daemon.status()["screen"]["notice"] == "ready", what="READY on the screen")
        wait_until(lambda: self.health() == "ok", what="the printer")

    def health(self) -> str:
        (printer,) = (each for each in self.daemon.status()["devices"] if each["role"] == "printer")
        return str(printer["health"])

    @property
    def printer(self) -> Any:
        return self.daemon._devices["printer"]

    def sell(self, key: str) -> None:
        debit = EntryAdded(key, EntryKind.DEBIT, "main", "04A1B2C3D4E5F6", 119, (ESPRESSO,), "Espresso")
        self.daemon._journal.commit([debit], self.daemon._clock.now(), urgent=True)

    def guest(self) -> None:
        self.daemon._devices["reader"].hands["tap"]("04A1B2C3D4E5F6")  # type: ignore[attr-defined]
        wait_until(lambda: self.daemon.status()["screen"]["notice"] == "choose", what="a guest")

    def post(self, kind: str, by: object = "Ada", **more: object) -> Any:
        with Control(str(self.socket), 30) as control:
            return control.post(f"/v1/reports/{kind}", {"by": by, **more})["report"]

    def get(self, path: str = "") -> Any:
        with Control(str(self.socket), 30) as control:
            return control.get(f"/v1/reports{path}")


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="report-"))  # a socket's path must be short
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def house(folder: Path) -> Iterator[House]:
    before = set(threading.enumerate())
    house = House(folder)
    yield house
    house.daemon.stop()
    wait_until(lambda: set(threading.enumerate()) <= before, what="all threads to end")


def test_an_x_report_reads_and_a_z_report_closes_and_numbers_go_on_after_a_restart(house: House) -> None:
    house.sell("k1")
    for _ in range(2):
        read = house.post("x")
        assert (read["kind"], read["number"], read["total"], read["by"]) == ("x", 1, 119, "Ada")
        (group,) = read["groups"]
        assert group == {"group": "Coffee", "vat": 1900, "pieces": 1, "gross": 119, "discount": 0}
    first = house.post("z")
    assert (first["kind"], first["number"], first["total"]) == ("z", 1, 119)
    house.daemon.stop()
    house.start()
    house.sell("k2")
    house.sell("k3")
    second = house.post("z", "Grace")
    assert (second["number"], second["total"], second["after"]) == (2, 238, first["upto"])
    assert second["grand"]["amount"] == 357
    assert [each["number"] for each in house.get()["reports"]] == [2, 1]
    assert [each["by"] for each in house.get("?limit=1")["reports"]] == ["Grace"]
    assert [each["number"] for each in house.get("?before=2")["reports"]] == [1]
    assert house.get("/2")["report"] == second


def test_a_report_on_paper_is_on_the_books_and_no_sale_of_the_next_period(house: House) -> None:
    house.post("z", printed=True)
    wait_until(lambda: len(house.printer.papers) == 1, what="the paper")
    assert "Z report no. 1" in "\n".join(house.printer.papers[0])
    after = house.post("x")
    assert (after["sales"]["count"], after["unknown"]["count"], after["parked"]["count"]) == (0, 0, 0)
    (entry,) = house.daemon._journal.entries()
    assert (entry.description, entry.amount) == ("Z report 1", 0)


def test_a_guest_is_never_closed_upon(house: House) -> None:
    house.guest()
    with pytest.raises(Refused, match="Somebody is at the machine"):
        house.post("z")
    with pytest.raises(Refused, match="Somebody is at the machine"):
        house.post("x", printed=True)
    assert house.post("x")["number"] == 1
    assert house.get()["reports"] == []


def test_who_only_reads_need_not_say_who_he_is(house: House) -> None:
    house.sell("k1")
    read = house.post("x", "")
    assert (read["by"], read["total"]) == ("", 119)
    for kind, more in (("z", {}), ("x", {"printed": True})):
        with pytest.raises(WrongUse, match="who asks"):
            house.post(kind, "", **more)
    assert house.get()["reports"] == []
    assert not house.printer.papers


def test_persons_and_the_schedule_at_once_get_a_number_each(house: House) -> None:
    def close(by: str) -> None:
        made.append(house.daemon._reports.make(ReportKind.Z, by, printed=False).number)

    made: list[int] = []
    threads = [threading.Thread(target=close, args=(name,)) for name in ("Ada", "Grace", "", "Kim")]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert sorted(made) == [1, 2, 3, 4]
    assert [each["number"] for each in house.get()["reports"]] == [4, 3, 2, 1]


def test_a_report_whose_number_was_taken_meanwhile_is_made_anew_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports, journal = house.daemon._reports, house.daemon._journal
    stale = journal.made_report(ReportKind.Z, "Kim", house.daemon._clock.now(), lambda *_: ("", None))
    reports.make(ReportKind.Z, "Ada", printed=False)
    fresh = journal.made_report
    tries = [stale]
    monkeypatch.setattr(journal, "made_report", lambda *asked: tries.pop() if tries else fresh(*asked))
    assert reports.make(ReportKind.Z, "Grace", printed=False).number == 2
    monkeypatch.setattr(journal, "made_report", lambda *_: stale)
    with pytest.raises(Problem, match="Z report 1 was made meanwhile"):
        reports.make(ReportKind.Z, "Grace", printed=False)


@pytest.mark.parametrize(
    ("asked", "words"),
    [({"by": " "}, "who asks"), ({"by": 5}, "by"), ({"by": "Ada", "number": 7}, "number")],
)
def test_what_makes_no_sense_is_wrong_use(house: House, asked: dict[str, Any], words: str) -> None:
    with Control(str(house.socket), 30) as control, pytest.raises(WrongUse, match=words):
        control.post("/v1/reports/z", asked)
    for path in ("/1", "/0", "/x", "?limit=0", "?before=x"):
        with pytest.raises(WrongUse):
            house.get(path)
    assert house.get()["reports"] == []


def test_a_closing_that_was_missed_is_made_good_at_the_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("terminal.daemon.clock._KernelClock.synced", lambda _: True)
    house = House(folder)
    house.daemon.stop()
    yesterday = replace(house.daemon._clock.now(), boot="another")
    yesterday = replace(yesterday, wall_ms=yesterday.wall_ms - 86_400_000)
    journal = Journal.open(folder / "journal.db", load_or_create_key(folder / "journal.db.key"), boot="another")
    last = journal.made_report(ReportKind.Z, "Ada", yesterday, lambda *_: ("", None))
    journal.commit([ReportMade(last)], yesterday)
    journal.close()
    # The hour that will come last is none of the test's.
    hour = (datetime.now(UTC).astimezone(local_zone()) - timedelta(hours=2)).hour
    text = house.config.read_text().replace("[closing]", f'[closing]\nschedules = ["0 {hour} * * *"]')
    house.config.write_text(text)
    house.start()
    try:
        wait_until(lambda: len(house.get()["reports"]) == 2, what="the closing that was missed")
        found = house.get("/2")["report"]
        assert (found["by"], found["opened"]["wall_ms"]) == ("", yesterday.wall_ms)
        wait_until(lambda: house.printer.papers, what="its paper")
        assert house.daemon._closing.troubles == ()
    finally:
        house.daemon.stop()
