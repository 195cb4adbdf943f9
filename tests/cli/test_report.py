"""`report`: what is asked of the daemon, what is read from the journal, and what a person sees."""

import json
from typing import Any

import pytest
from click import unstyle

from terminal.cli.report_page import page
from terminal.core.closing_rules import ClosingRules
from terminal.core.events import Event, ReportAsked
from terminal.core.facts import ReportMade
from terminal.core.report import ReportKind
from terminal.core.state import Reported
from terminal.core.trial import explained
from terminal.core.value import replace
from terminal.daemon.reportdesk import ReportDesk
from terminal.httpd import Server
from tests.cli.conftest import Place, at
from tests.core.making import topup_job
from tests.core.report_samples import EMPTY, WHOLE

SORTED = ClosingRules(groups={"espresso": "Coffee"}, vat={"Coffee": 1900})


class Loop:
    """A terminal that answers *words* to every question, and writes the Z reports down."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.posted: list[ReportAsked] = []
        self.words = ""
        self.reported: Reported | None = None

    @property
    def state(self) -> Any:
        return self

    def post(self, event: Event) -> None:
        assert isinstance(event, ReportAsked)
        self.posted.append(event)

    def flush(self, _: float) -> bool:
        asked = self.posted[-1]
        if asked.report.kind is ReportKind.Z and not self.words:
            self.place.journal.commit([ReportMade(asked.report)], at(90))
        self.reported = Reported(asked.ticket, self.words)
        return True


@pytest.fixture
def loop(place: Place) -> Loop:
    place.add("k1")
    place.add("k2", second=1)
    loop = Loop(place)
    desk = ReportDesk(place.journal, loop, SORTED, ("paper",), now=lambda: at(60), ticket=lambda: "t1")
    place.server = Server(desk.routes(), place.socket)
    place.server.start()
    return loop


def test_an_x_report_is_shown_and_closes_nothing(place: Place, loop: Loop) -> None:
    done = place.run("report", "x", "--by", "Ada")
    assert done.exit_code == 0, done.output
    assert "X report of simulated-1" in done.output
    assert "Nothing was closed." in done.output
    assert "printer" not in done.output
    assert ["sales", "(2)", "2.40", "EUR"] in [line.split() for line in done.output.splitlines()]
    assert ["Coffee", "19.00", "%", "2", "2.40", "EUR"] in [line.split() for line in done.output.splitlines()]
    (asked,) = loop.posted
    assert (asked.by, asked.printed, asked.report.kind) == ("Ada", False, ReportKind.X)
    assert place.journal.reports() == []


def test_a_reading_needs_no_name(place: Place, loop: Loop) -> None:
    done = place.run("report", "x")
    assert done.exit_code == 0, done.output
    assert ", by" not in done.output
    assert [asked.by for asked in loop.posted] == [""]


def test_a_z_report_closes_and_is_listed_and_shown_afterwards(place: Place, loop: Loop) -> None:
    done = place.run("report", "z", "--by", "Ada", "--yes", "--print")
    assert done.exit_code == 0, done.output
    assert "Z report 1 of simulated-1" in done.output
    assert "on its way to the printer" in done.output
    assert loop.posted[0].printed
    place.add("k3", second=95)
    assert place.run("report", "z", "--by", "Grace", "--yes").exit_code == 0
    assert place.server is not None
    place.server.stop()
    rows = [line.split() for line in place.run("report", "list").output.splitlines()[1:]]
    assert [(row[0], row[3], row[4], row[-1]) for row in rows] == [
        ("2", "1", "1.20", "Grace"),
        ("1", "2", "2.40", "Ada"),
    ]
    older = place.run("report", "list", "--before", "2", "--json")
    assert [each["number"] for each in json.loads(older.stdout)["reports"]] == [1]
    assert "Z report 2 of simulated-1" in place.run("report", "show", "2").output


def test_for_programs_every_field_is_there(place: Place, loop: Loop) -> None:
    made = json.loads(place.run("report", "z", "--by", "Ada", "--yes", "--json").stdout)
    shown = json.loads(place.run("report", "show", "1", "--json").stdout)
    assert made == shown
    assert (shown["currency"], shown["kind"]) == ("EUR", "z")
    assert (shown["total"], shown["grand"]["amount"]) == (240, 240)
    assert shown["returns"] == {"count": 0, "amount": 0}
    assert shown["cash"]["emptied"] == []
    assert loop.posted


def test_nobody_closes_the_day_by_mistake_or_without_a_name(place: Place, loop: Loop) -> None:
    unsure = place.run("report", "z", "--by", "Ada")
    assert unsure.exit_code == 2
    assert "--yes" in unsure.stderr
    assert place.run("report", "z", "--yes").exit_code == 2
    assert place.run("report", "x", "--print").exit_code == 2
    assert place.run("report", "x", "--by", " ").exit_code == 2
    assert loop.posted == []


def test_a_refusal_is_said(place: Place, loop: Loop) -> None:
    loop.words = "Somebody is at the machine (choosing): try again when it is idle."
    done = place.run("report", "z", "--by", "Ada", "--yes")
    assert done.exit_code == 1
    assert done.stderr.strip() == loop.words
    assert place.journal.reports() == []


def test_what_is_not_there_is_said(place: Place) -> None:
    assert "There is no Z report yet" in place.run("report", "list").output
    done = place.run("report", "show", "3")
    assert done.exit_code == 2
    assert "There is no Z report 3" in done.stderr
    away = place.run("report", "z", "--by", "Ada", "--yes")
    assert away.exit_code == 2
    assert "terminald does not run" in away.stderr


def test_the_paper_of_a_report_is_no_trial(place: Place) -> None:
    place.journal.commit([*explained(topup_job(), "k1", "Z report 17", "Ada")], at(1))
    place.journal.commit([*explained(topup_job(), "k2", "Trial of relay", "Ada")], at(2))
    listed = place.run("journal", "list").output
    assert [line.split()[1:] for line in listed.splitlines() if "trial" in line]
    assert "report" in listed
    assert "A report was printed" in place.run("journal", "show", "1").output
    assert "technician tried" in place.run("journal", "show", "3").output


def test_a_whole_report_as_a_person_reads_it() -> None:
    rows = [line.split() for line in unstyle("\n".join(page(WHOLE, "kiosk-1", "EUR"))).splitlines()]
    for row in (
        "sales (12) 31.50 EUR",
        "returns (1) -2.50 EUR",
        "top-ups (2) 25.00 EUR",
        "Coffee 19.00 % 9 23.80 EUR -0.50 EUR",
        "other unknown 2 5.20 EUR",
        "19.00 % 23.80 EUR 20.00 EUR 3.80 EUR",
        "wallet 8 21.50 EUR 1 -2.50 EUR",
        "rounding of cash (2) -0.20 EUR",
        "of it settled 1.50 EUR",
        "slot 20 1.00 EUR 20.00 EUR",
        "hopper 2 3.00 EUR 0.50 EUR (1 times)",
        "slot 7 9.00 EUR",
        "hopper 1.00 EUR it is nearly empty: fill it",
        "tubes 12 0.50 EUR 6.00 EUR",
        "offline (3) 7.50 EUR",
        "unknown (1) 2.50 EUR",
        "parked (2) 4.00 EUR",
        "total 319.00 EUR",
    ):
        assert row.split() in rows, row
    emptied = [row for row in rows if "Ada" in row or "Bob" in row]
    assert [row[-3:] for row in emptied] == [["-1.00", "EUR", "Ada"], ["not", "counted", "Bob"]]


def test_an_empty_report_is_short_and_names_of_others_do_not_steer_the_terminal() -> None:
    assert len(page(EMPTY, "kiosk-1", "EUR")) == 9
    rude = replace(EMPTY, by="\x1b[2J")
    assert "\x1b[2J" not in "\n".join(page(rude, "kiosk-1", "EUR"))
