"""What is printed gets onto paper once, or again with a mark, or is given up on the books."""

from __future__ import annotations

import pytest

from terminal.core import printing
from terminal.core.effects import Print
from terminal.core.events import Ended, Health
from terminal.core.facts import ReleaseIntended, ReleaseKind, ReleaseSettled
from terminal.core.print_queue import REMEMBERED
from terminal.core.printing import MOST, GivenUp
from terminal.core.receipt import as_copy
from terminal.core.value import replace
from tests.core.making import topup_job
from tests.core.print_desk import PAPER, Desk, kiosk, receipt, ticket

# -- one document --------------------------------------------------------------------------------------


def test_it_is_intended_with_its_document_then_ordered_then_settled() -> None:
    desk = Desk(kiosk())
    assert desk.want(receipt()) == (
        ReleaseIntended("k1/receipt", ReleaseKind.PRINT, "k1", "paper", "receipt", PAPER),
    )
    assert desk.orders == [Print("k1/receipt", "paper", PAPER)]
    assert desk.ends(Ended.DONE, words="cut") == (ReleaseSettled("k1/receipt", Ended.DONE, "cut"),)
    assert desk.queue.jobs == ()
    assert desk.wake_ms() is None


def test_what_nobody_ordered_or_was_answered_before_is_no_fact() -> None:
    desk = Desk(kiosk())
    desk.want(receipt())
    assert desk.ends(Ended.DONE, "k0/receipt") == ()
    assert len(desk.ends(Ended.FAILED)) == 1
    assert desk.ends(Ended.DONE) == ()


def test_what_failed_is_printed_as_the_original_when_the_printer_is_well() -> None:
    desk = Desk(kiosk())
    desk.want(receipt())
    desk.ends(Ended.FAILED, words="no paper")
    desk.says("paper", Health.FAILED)
    desk.passes(600_000)
    assert len(desk.orders) == 1
    desk.says("paper", Health.DEGRADED)
    desk.passes(0)
    assert desk.last == ("k1/receipt/2", "paper", True)
    intent = desk.books.rows["k1/receipt/2"].fact
    assert (intent.repeats, intent.key, intent.document) == ("k1/receipt", "k1", PAPER)


def test_another_printer_takes_over() -> None:
    desk = Desk(kiosk("old", "new"), "old")
    desk.want(receipt())
    desk.ends(Ended.FAILED)
    desk.says("old", Health.MISSING)
    desk.says("new", Health.OK)
    desk.passes(0)
    assert desk.last == ("k1/receipt/2", "new", True)


@pytest.mark.parametrize("silent", [False, True])
def test_what_may_be_on_paper_is_printed_again_as_a_copy_that_says_so(*, silent: bool) -> None:
    desk = Desk(kiosk(print_s=60, tries=9))
    desk.want(receipt())
    if silent:
        desk.passes(59_999)
        assert desk.queue.jobs[0].deadline_ms is not None
        desk.passes(1)
    else:
        desk.ends(Ended.UNKNOWN)
    assert desk.books.rows["k1/receipt"].ended is Ended.UNKNOWN
    desk.passes(60_000 if not silent else 30_000)
    assert desk.orders[1] == Print("k1/receipt/2-copy-1", "paper", as_copy(PAPER, 1, "en_GB"))
    assert desk.books.rows["k1/receipt/2-copy-1"].fact.detail == "receipt, copy 1"
    desk.ends(Ended.FAILED)
    desk.says("paper", Health.FAILED)
    desk.says("paper", Health.OK)
    desk.passes(0)
    assert desk.orders[2].document == as_copy(PAPER, 1, "en_GB")
    desk.ends(Ended.UNKNOWN)
    desk.says("paper", Health.FAILED)
    desk.says("paper", Health.OK)
    desk.passes(0)
    assert desk.orders[3] == Print("k1/receipt/4-copy-2", "paper", as_copy(PAPER, 2, "en_GB"))
    desk.ends(Ended.DONE)
    desk.passes(3_600_000)
    assert len(desk.orders) == 4


def test_nobody_waits_for_a_receipt_for_ever_but_for_a_ticket() -> None:
    desk = Desk(kiosk(receipt_wait_s=300))
    desk.want(receipt())
    desk.ends(Ended.FAILED)
    desk.want(ticket(2))
    desk.says("paper", Health.FAILED)
    desk.passes(299_999)
    assert desk.books.given_up == set()
    desk.passes(1)
    assert desk.books.given_up == {"k1/receipt"}
    desk.passes(90 * 86_400_000)
    desk.says("paper", Health.OK)
    desk.passes(0)
    assert desk.last == ("k2/ticket-1/2", "paper", True)


def test_a_receipt_that_never_waits_is_printed_now_or_not_at_all() -> None:
    desk = Desk(kiosk(receipt_wait_s=0))
    desk.want(receipt())
    desk.want(receipt(2))
    desk.ends(Ended.DONE)
    desk.passes(0)
    assert desk.last == ("k2/receipt/2", "paper", True), "it had to wait for its turn only"
    desk.ends(Ended.FAILED)
    desk.passes(0)
    assert desk.books.given_up == {"k2/receipt/2"}
    desk.says("paper", Health.FAILED)
    assert desk.want(receipt(3)) == ()
    desk.says("paper", Health.OK)
    desk.passes(1_000_000)
    assert len(desk.orders) == 2


def test_without_a_printer_there_is_nothing_to_write_down() -> None:
    desk = Desk(topup_job())
    assert desk.want(receipt()) == ()


def test_what_no_printer_could_take_is_on_the_books_as_failed() -> None:
    desk = Desk(kiosk())
    desk.says("paper", Health.MISSING)
    desk.want(receipt())
    assert desk.orders == []
    assert desk.books.rows["k1/receipt"].ended is Ended.FAILED
    desk.says("paper", Health.OK)
    desk.passes(0)
    assert desk.last == ("k1/receipt/2", "paper", True)


# -- no endless loops ----------------------------------------------------------------------------------


def test_a_printer_that_fails_at_once_rests_longer_each_time_until_the_tries_are_over() -> None:
    desk = Desk(kiosk(tries=4), "paper")
    desk.want(ticket())
    begun_ms, waits = desk.now.mono_ms, []
    while desk.queue.jobs and len(waits) < 10:
        waits.append(desk.now.mono_ms - begun_ms)
        desk.ends(Ended.FAILED)
        due_ms = desk.wake_ms()
        desk.passes(0 if due_ms is None else due_ms - desk.now.mono_ms)
    assert waits == [0, 10_000, 30_000, 70_000]
    assert len(desk.orders) == 4
    assert desk.books.given_up == {"k1/ticket-1/4"}


def test_a_document_that_cannot_be_printed_holds_up_the_others_only_for_a_while() -> None:
    desk = Desk(kiosk(tries=2))
    desk.want(receipt(1))
    desk.want(receipt(2))
    for _ in range(2):
        assert desk.last[0].startswith("k1/")
        desk.ends(Ended.FAILED, words="this barcode cannot be printed")
        desk.passes(60_000)
    assert desk.last == ("k2/receipt/2", "paper", True)


def test_a_new_document_does_not_wake_a_printer_that_rests() -> None:
    desk = Desk(kiosk(tries=1))
    desk.want(receipt(1))
    desk.ends(Ended.FAILED)
    desk.want(receipt(2))
    assert len(desk.orders) == 1
    desk.passes(10_000)
    assert desk.last == ("k2/receipt/2", "paper", True)


def test_what_came_to_an_end_is_remembered_only_so_far() -> None:
    desk = Desk(kiosk())
    for number in range(REMEMBERED + 1):
        desk.want(receipt(number))
        desk.ends(Ended.DONE)
    assert len(desk.queue.past) == REMEMBERED


def test_one_at_a_time_on_each_printer_and_in_order() -> None:
    desk = Desk(kiosk("left", "right"))
    for number in range(1, 6):
        desk.want(receipt(number))
    assert [(order.job, order.device) for order in desk.orders] == [
        ("k1/receipt", "left"),
        ("k2/receipt", "right"),
    ]
    desk.ends(Ended.DONE, "k2/receipt")
    desk.passes(0)
    assert desk.last == ("k3/receipt/2", "right", True)
    desk.ends(Ended.DONE, "k1/receipt")
    desk.passes(0)
    assert desk.last == ("k4/receipt/2", "left", True)


def test_the_oldest_that_waits_is_given_up_where_too_many_do() -> None:
    desk = Desk(kiosk())
    desk.says("paper", Health.MISSING)
    for number in range(MOST + 3):
        desk.want(receipt(number))
    assert desk.books.given_up == {f"k{number}/receipt" for number in range(3)}
    assert len(desk.queue.jobs) == MOST


def test_what_was_given_up_is_told_until_it_is_printed_after_all() -> None:
    desk = Desk(kiosk(tries=1))
    desk.want(ticket())
    desk.ends(Ended.FAILED, words="jammed")
    at_ms = desk.now.mono_ms
    assert desk.queue.given_up == (GivenUp("k1/ticket-1", "It was tried 1 times.", at_ms),)
    desk.passes(60_000)
    desk.want(printing.copy_of("k1/ticket-1", "k1", PAPER, "Ann"))
    assert len(desk.queue.given_up) == 1, "it is not on paper yet"
    desk.ends(Ended.DONE)
    assert desk.queue.given_up == ()


def test_what_a_restart_gives_up_is_told_too() -> None:
    desk = Desk(kiosk(tries=1))
    desk.want(ticket())
    desk.restarts()
    assert desk.queue.given_up == (GivenUp("k1/ticket-1", "It was tried 1 times.", desk.now.mono_ms),)


def test_nothing_new_begins_while_the_terminal_stops() -> None:
    desk = Desk(kiosk("left", "right"), "left")
    desk.want(receipt())
    desk.want(receipt(2))
    desk.stopping = True
    desk.says("right", Health.OK)
    desk.passes(10_000_000)
    assert len(desk.orders) == 1
    assert [each.release for each in desk.books.waiting()] == ["k1/receipt", "k2/receipt"]


# -- copies that somebody asks for ---------------------------------------------------------------------


def test_a_copy_on_request_is_marked_and_numbered() -> None:
    desk = Desk(kiosk())
    desk.want(receipt())
    desk.ends(Ended.DONE)
    for number in (1, 2):
        desk.want(replace(receipt(), after="k1/receipt"))
        assert desk.orders[-1].document == as_copy(PAPER, number, "en_GB")
        assert desk.orders[-1].job == f"k1/receipt/{number + 1}-copy-{number}"
        desk.ends(Ended.DONE)


def test_a_copy_from_the_books_goes_on_counting_and_names_who_asked() -> None:
    desk = Desk(kiosk())
    desk.want(printing.copy_of("k1/receipt/4-copy-2", "k1", PAPER, "the technician"))
    assert desk.orders == [Print("k1/receipt/5-copy-3", "paper", as_copy(PAPER, 3, "en_GB"))]
    assert desk.books.rows["k1/receipt/5-copy-3"].fact.detail == "receipt, copy 3, for the technician"


def test_no_copy_of_what_is_on_its_way() -> None:
    desk = Desk(kiosk())
    desk.want(receipt())
    assert desk.want(replace(receipt(), after="k1/receipt")) == ()
    desk.ends(Ended.FAILED)
    assert desk.want(replace(receipt(), after="k1/receipt")) == ()
