"""Tickets are worth money: every one gets onto paper, in order, under the code that it has."""

from __future__ import annotations

import pytest

from terminal.core.decision import Wanted
from terminal.core.effects import Print
from terminal.core.events import Ended, Health
from terminal.core.paper import Barcode, Document, QrCode, Text
from terminal.core.printing import MOST, missing, name_of, pending, waiting_tickets
from terminal.core.receipt import as_copy
from terminal.core.ticket_paper import ticket_document
from terminal.core.tickets import Ticket
from tests.core.making import START
from tests.core.print_desk import Desk, kiosk, receipt

LARGE = 99


def barcode(number: int) -> str:
    return f"GJXS0LM6RYG37XJX{number:02d}"


def sold(count: int, key: str = "k") -> list[Wanted]:
    """What a sale wants on paper: its tickets and the receipt."""
    tickets = [
        ticket_document(
            ticket=Ticket(4, "Adult", barcode(number)),
            number=number,
            of=count,
            event_name="Sommerfest",
            product_name="Adult",
            price=300,
            terminal="kiosk-1",
            at=START,
            qr=f"S1.{barcode(number)}",
            currency="EUR",
            locale="en_GB",
        )
        for number in range(1, count + 1)
    ]
    wanted = [Wanted(f"{key}/ticket-{n:02d}", key, document) for n, document in enumerate(tickets, 1)]
    return [*wanted, Wanted(f"{key}/receipt", key, Document((Text("Receipt"),)))]


def codes(order: Print) -> tuple[str, str]:
    (bars,) = (line.data for line in order.document.lines if isinstance(line, Barcode))
    (qr,) = (line.data for line in order.document.lines if isinstance(line, QrCode))
    return bars, qr


def print_all(desk: Desk, ended: Ended = Ended.DONE) -> None:
    """Let printer after printer finish what it has, until nothing is under way."""
    while any(job.deadline_ms is not None for job in desk.queue.jobs):
        desk.ends(ended)
        desk.passes(0)


def test_a_sale_of_99_tickets_comes_onto_paper_in_order_and_every_try_is_on_the_books() -> None:
    desk = Desk(kiosk())
    for wanted in sold(LARGE):
        desk.want(wanted)
    assert waiting_tickets(desk.queue) == pending(desk.queue, "k/ticket") == LARGE
    assert pending(desk.queue, "k/") == LARGE + 1
    print_all(desk)
    assert [codes(order)[0] for order in desk.orders[:-1]] == [barcode(n) for n in range(1, LARGE + 1)]
    assert name_of(desk.orders[-1].job) == "k/receipt"
    assert desk.books.given_up == set()
    assert pending(desk.queue, "k/") == waiting_tickets(desk.queue) == 0
    done = [name_of(name) for name, row in desk.books.rows.items() if row.ended is Ended.DONE]
    assert sorted(done) == sorted([f"k/ticket-{n:02d}" for n in range(1, LARGE + 1)] + ["k/receipt"])


def test_receipts_that_nobody_can_print_do_not_drive_out_a_ticket_nor_tickets_a_receipt() -> None:
    desk = Desk(kiosk())
    desk.says("paper", Health.MISSING)
    for wanted in sold(LARGE):
        desk.want(wanted)
    assert desk.books.given_up == set()
    for number in range(MOST):
        desk.want(receipt(number))
    assert desk.books.given_up == {"k/receipt"}, "the oldest of those that nobody need have"
    assert waiting_tickets(desk.queue) == LARGE
    desk.restarts()
    assert waiting_tickets(desk.queue) == LARGE
    assert len(desk.queue.jobs) == LARGE + MOST


def test_a_restart_gives_up_receipts_that_are_too_many_and_no_ticket() -> None:
    desk = Desk(kiosk())
    desk.says("paper", Health.MISSING)
    for wanted in sold(LARGE):
        desk.want(wanted)
    for number in range(MOST):
        desk.want(receipt(number))
    # As it stood in the books of a version that let more wait.
    desk.books.given_up.clear()
    desk.books.rows["k/receipt"].closed = False
    desk.restarts()
    assert desk.books.given_up == {"k/receipt"}
    assert waiting_tickets(desk.queue) == LARGE


@pytest.mark.parametrize("kind", ["voucher", "ticket-07"])
def test_what_is_worth_money_waits_for_as_long_as_it_takes(kind: str) -> None:
    desk = Desk(kiosk(receipt_wait_s=0))
    desk.says("paper", Health.FAILED)
    (ticket, _) = sold(1)
    desk.want(Wanted(f"k/{kind}", "k", ticket.document))
    desk.passes(400 * 86_400_000)
    desk.restarts(86_400_000)
    desk.says("paper", Health.OK)
    desk.passes(0)
    assert desk.orders == [Print(f"k/{kind}/2", "paper", ticket.document)]


def test_paper_that_ends_between_two_tickets_prints_the_rest_as_originals() -> None:
    desk = Desk(kiosk())
    wanted = sold(3)
    for each in wanted:
        desk.want(each)
    desk.ends(Ended.DONE)
    desk.passes(0)
    desk.ends(Ended.FAILED, words="the paper is out")
    desk.says("paper", Health.FAILED)
    desk.passes(60_000)
    assert pending(desk.queue, "k/ticket") == 2
    desk.says("paper", Health.OK)
    desk.passes(0)
    print_all(desk)
    assert [order.document for order in desk.orders] == [
        wanted[0].document,
        wanted[1].document,
        wanted[1].document,
        wanted[2].document,
        wanted[3].document,
    ]


@pytest.mark.parametrize("how", ["torn", "silent", "killed"])
def test_a_ticket_that_may_be_torn_comes_again_first_as_a_copy_with_the_same_codes(how: str) -> None:
    desk = Desk(kiosk())
    wanted = sold(4)
    for each in wanted:
        desk.want(each)
    desk.ends(Ended.DONE)
    desk.passes(0)
    torn = desk.orders[-1]
    if how == "torn":
        desk.ends(Ended.UNKNOWN)
    elif how == "silent":
        desk.passes(120_000)
        desk.says("paper", Health.FAILED)
    else:
        desk.restarts()
    desk.says("paper", Health.OK)
    desk.passes(60_000)
    copy = desk.orders[2]
    assert copy.job == "k/ticket-02/3-copy-1"
    assert copy.document == as_copy(wanted[1].document, 1, "en_GB")
    assert codes(copy) == codes(torn) == (barcode(2), f"S1.{barcode(2)}")
    print_all(desk)
    rest = [each.document for each in wanted[2:]]
    assert [order.document for order in desk.orders[3:]] == rest, "the others are what they were, in order"


def test_after_a_power_cut_in_the_middle_of_99_each_missing_ticket_is_printed_once_in_order() -> None:
    desk = Desk(kiosk())
    for each in sold(LARGE):
        desk.want(each)
    for _ in range(40):
        desk.ends(Ended.DONE)
        desk.passes(0)
    desk.restarts(boot="b2")
    assert pending(desk.queue, "k/ticket") == LARGE - 40
    desk.says("paper", Health.OK)
    desk.passes(0)
    begun = len(desk.orders) - 1
    print_all(desk)
    after = desk.orders[begun:]
    assert [codes(order)[0] for order in after[:-1]] == [barcode(n) for n in range(41, LARGE + 1)]
    marked = [order.job for order in after if "-copy-" in order.job]
    assert marked == ["k/ticket-41/3-copy-1"]


def test_a_ticket_that_failed_before_the_power_cut_keeps_its_place() -> None:
    desk = Desk(kiosk())
    for each in sold(3):
        desk.want(each)
    desk.ends(Ended.DONE)
    desk.passes(0)
    desk.ends(Ended.FAILED)
    desk.restarts()
    desk.says("paper", Health.OK)
    desk.passes(0)
    print_all(desk)
    assert [name_of(order.job) for order in desk.orders[2:]] == ["k/ticket-02", "k/ticket-03", "k/receipt"]


def test_no_restart_counts_a_ticket_as_tried_that_only_waited_for_its_turn() -> None:
    desk = Desk(kiosk(tries=1))
    for each in sold(2):
        desk.want(each)
    desk.ends(Ended.DONE)
    desk.restarts()
    assert waiting_tickets(desk.queue) == 1
    desk.says("paper", Health.OK)
    desk.passes(0)
    print_all(desk)
    assert [name_of(order.job) for order in desk.orders] == ["k/ticket-01", "k/ticket-02"]


def test_what_is_missing_for_good_can_be_asked_for_the_screen() -> None:
    desk = Desk(kiosk(tries=1))
    for each in sold(2):
        desk.want(each)
    desk.ends(Ended.FAILED, words="jammed")
    assert (pending(desk.queue, "k/ticket"), missing(desk.queue, "k/ticket")) == (1, 1)
    assert (pending(desk.queue, "other/"), missing(desk.queue, "other/")) == (0, 0)
