"""A report is asked for: a Z only on an idle machine, an X whenever it disturbs nobody, each explained."""

import pytest

from terminal.core.effects import Print
from terminal.core.events import (
    ButtonPressed,
    Ended,
    Event,
    Health,
    JournalFailed,
    JournalRecovered,
    PairingAsked,
    PrintEnded,
    ReportAsked,
    StopAsked,
    TokenPresented,
    TrialAsked,
)
from terminal.core.facts import EntryAdded, EntryKind, PersonDecided, ReleaseIntended, ReportMade
from terminal.core.job import Job
from terminal.core.report import Report, ReportKind
from terminal.core.state import Reported
from terminal.core.value import replace
from tests.core.making import ESPRESSO, UID, Talk, effects, facts, ticket_job, topup_job, vending_job
from tests.core.report_samples import WHOLE


def z(ticket: str = "t1", report: Report = WHOLE, *, by: str = "Ada", printed: bool = False) -> ReportAsked:
    return ReportAsked(ticket, report, by, printed)


def x(ticket: str = "t1", *, printed: bool = False) -> ReportAsked:
    return z(ticket, replace(WHOLE, kind=ReportKind.X), printed=printed)


def talk_of(job: Job) -> Talk:
    return Talk(job, healthy=("relay", "slot", "paper"))


@pytest.mark.parametrize("job", [vending_job(), topup_job(), ticket_job()])
def test_a_z_report_is_made_by_name_and_known_by_its_number(job: Job) -> None:
    talk = talk_of(job)
    talk(z())
    assert talk.last.facts == (ReportMade(replace(WHOLE, by="Ada")),)
    assert talk.last.effects == ()
    assert talk.state.reported == Reported("t1")
    assert talk.state.closed == 17


def test_a_number_comes_once() -> None:
    talk = talk_of(vending_job())
    talk(z())
    talk(z("t2"))
    assert talk.last.facts == ()
    assert talk.state.reported == Reported("t2", "Z report 17 was made meanwhile: ask again.")
    talk(z("t3", replace(WHOLE, number=18, after=95)))
    assert [fact.report.number for fact in facts(talk.last, ReportMade)] == [18]


@pytest.mark.parametrize("asked", [z("t9"), z("t9", printed=True), x("t9", printed=True)])
@pytest.mark.parametrize(
    ("before", "words"),
    [
        (TokenPresented("reader", UID), "Somebody is at the machine (checking the wallet)"),
        (ButtonPressed("panel", "espresso"), "Somebody is at the machine (waiting for a token)"),
        (PairingAsked("123"), "Somebody is at the machine"),
        (JournalFailed("The disk is full."), "The disk is full."),
        (StopAsked(), "about to stop"),
        (TrialAsked("t1", "relay", "the technician", ESPRESSO), "Another trial is under way"),
    ],
)
def test_a_period_never_ends_and_no_paper_comes_while_the_machine_is_not_idle(
    before: Event, words: str, asked: ReportAsked
) -> None:
    talk = talk_of(vending_job())
    talk(before)
    talk(asked)
    assert (talk.last.facts, talk.last.effects) == ((), ())
    assert talk.state.reported is not None
    assert talk.state.reported.ticket == "t9"
    assert words in talk.state.reported.words
    assert talk.state.closed == 0


def test_an_x_report_that_is_not_printed_disturbs_nobody_and_leaves_nothing() -> None:
    talk = talk_of(vending_job())
    talk(TokenPresented("reader", UID))
    talk(x())
    assert (talk.last.facts, talk.last.effects) == ((), ())
    assert talk.state.reported == Reported("t1")
    talk(JournalFailed("The disk is full."))
    talk(x("t2"))
    assert talk.state.reported == Reported("t2", "The disk is full.")
    talk(JournalRecovered())
    talk(x("t3"))
    assert talk.state.reported == Reported("t3")


@pytest.mark.parametrize(("asked", "name"), [(z(printed=True), "Z report 17"), (x(printed=True), "X report")])
def test_paper_is_explained_by_an_entry_that_no_server_hears_of(asked: ReportAsked, name: str) -> None:
    talk = talk_of(topup_job(printers=("paper",), receipt=("Coffee Ltd.",)))
    made = talk(asked)
    (entry,) = facts(made, EntryAdded)
    (decided,) = facts(made, PersonDecided)
    assert (entry.kind, entry.amount, entry.description) == (EntryKind.UNCLAIMED, 0, name)
    assert (decided.key, decided.action, decided.by) == (entry.key, "void", "Ada")
    found = [*made.facts]
    if not effects(made, Print):
        found += talk.wait().facts
    (intent,) = (fact for fact in found if isinstance(fact, ReleaseIntended))
    assert (intent.release, intent.key, intent.detail) == (f"{entry.key}/report", entry.key, "report")
    assert intent.document is not None
    assert "Coffee Ltd." in repr(intent.document)
    assert len(facts(made, ReportMade)) == (asked.report.kind is ReportKind.Z)
    talk(PrintEnded(intent.release, Ended.DONE))
    assert talk.state.prints.jobs == ()


def test_the_schedule_has_a_name_on_the_books() -> None:
    talk = talk_of(topup_job(printers=("paper",)))
    talk(z(by="", printed=True))
    assert [fact.by for fact in facts(talk.last, PersonDecided)] == ["the schedule"]
    assert [fact.report.by for fact in facts(talk.last, ReportMade)] == [""]


def test_without_a_printer_the_day_is_closed_all_the_same() -> None:
    talk = talk_of(vending_job())
    talk(z(printed=True))
    assert talk.last.facts == (ReportMade(replace(WHOLE, by="Ada")),)


def test_a_printer_without_paper_does_not_keep_the_day_open_but_no_x_report_waits_for_it() -> None:
    talk = talk_of(topup_job(printers=("paper",)))
    talk.health("paper", Health.FAILED)
    talk(x(printed=True))
    assert talk.state.reported is not None
    assert "Nothing can be printed" in talk.state.reported.words
    assert talk.last.facts == ()
    talk(z("t2", printed=True))
    assert talk.state.reported == Reported("t2")
    assert facts(talk.last, ReportMade)
    (waits,) = talk.state.prints.jobs
    assert waits.wanted.name.endswith("/report")
