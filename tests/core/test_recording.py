"""Who keeps books of a sale is named by its debit; a Z report is told where a server takes it."""

from terminal.core.delivery import Outcome
from terminal.core.events import DeliveryEnded, Ended, ReportAsked
from terminal.core.facts import EntryAdded, EntryKind, EntryState, ReportMade
from terminal.core.payload import Booked, Closed
from terminal.core.recover import LeftOpen, recover
from terminal.core.value import replace
from tests.core.coffee import ended
from tests.core.making import Counter, Talk, vending_job
from tests.core.report_samples import WHOLE
from tests.core.test_recover import NOW, held, vend
from tests.core.test_reporting import facts, talk_of, z

JOB = replace(vending_job(authorize="charge", confirm=True, max_pieces=3), office="books", registrar="books")


def bought(*pieces: str) -> Talk:
    talk = Talk(JOB)
    talk.tap()
    talk.wallet(10_000)
    for piece in (*pieces, "confirm"):
        talk.press(piece)
    return talk


def test_a_sale_says_who_keeps_books_of_it() -> None:
    (debit,) = facts(bought("espresso").last, EntryAdded)
    assert (debit.kind, debit.payload) == (EntryKind.DEBIT, Booked("books"))


def test_without_such_a_server_nobody_does() -> None:
    talk = Talk(replace(JOB, office=""))
    talk.tap()
    talk.wallet(10_000)
    talk.press("espresso")
    talk.press("confirm")
    (debit,) = facts(talk.last, EntryAdded)
    assert debit.payload is None


def test_what_came_out_of_a_sale_is_recorded_with_them_and_its_refund_is_no_sale() -> None:
    talk = bought("espresso", "7")
    talk(DeliveryEnded("k1", Outcome.DELIVERED))
    talk(ended(0, Ended.DONE))
    made = talk(ended(1, Ended.FAILED))
    (part,) = facts(made, EntryAdded)
    assert (part.kind, part.payload) == (EntryKind.DEBIT, Booked("books"))
    talk = bought("espresso")
    talk(DeliveryEnded("k1", Outcome.DELIVERED))
    (refund,) = facts(talk(ended(0, Ended.UNKNOWN)), EntryAdded)
    assert (refund.kind, refund.payload) == (EntryKind.REFUND, None)


def test_after_a_restart_they_are_still_named() -> None:
    left = LeftOpen(held=[replace(held(3), payload=Booked("books"))], releases=[vend(1)])
    added = [fact for fact in recover(JOB, left, NOW, Counter()).facts if isinstance(fact, EntryAdded)]
    assert [(fact.state, fact.payload) for fact in added] == [
        (EntryState.QUEUED, Booked("books")),
        (EntryState.PARKED, Booked("books")),
    ]


def test_a_z_report_is_told_to_who_takes_it_and_an_x_report_to_nobody() -> None:
    talk = talk_of(JOB)
    made = talk(z())
    (report,) = facts(made, ReportMade)
    (entry,) = facts(made, EntryAdded)
    assert (entry.kind, entry.backend, entry.token, entry.amount) == (EntryKind.REPORT, "books", None, 0)
    assert (entry.description, entry.payload) == (f"Z report {WHOLE.number}", Closed(report.report))
    asked: ReportAsked = replace(z("t2"), report=replace(WHOLE, kind=type(WHOLE.kind).X))
    assert talk(asked).facts == ()


def test_where_nobody_takes_it_it_stays_here() -> None:
    made = talk_of(replace(JOB, registrar=""))(z())
    assert facts(made, EntryAdded) == []
