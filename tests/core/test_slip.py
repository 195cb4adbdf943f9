"""Receipts of top-ups: always, when asked for, or never; copies; printers without which no money is taken."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.printers.plain import lines
from terminal.core.coins import Purse
from terminal.core.decision import Decision
from terminal.core.effects import Notice, OpenSlot, Print, Show
from terminal.core.events import (
    Ended,
    Event,
    Health,
    JournalFailed,
    PrintAgainAsked,
    PrintEnded,
    StopAsked,
    TimePassed,
)
from terminal.core.facts import EntryAdded, ReleaseIntended, ReleaseKind, ReleaseSettled
from terminal.core.paper import Document, Text
from terminal.core.printing import Queue
from terminal.core.receipt import as_copy
from terminal.core.records import OpenRelease, WaitingPrint
from terminal.core.recover import LeftOpen, recover
from terminal.core.rules import PrintingRules
from terminal.core.terminal import TerminalState
from tests.core.making import OTHER, START, Talk, effects, facts, topup_job

HEALTHY = ("slot", "paper")
PAPER = Document((Text("Thank you"),))


def credited(*coins: int, balance: int = 500, **rules: Any) -> Talk:
    talk = Talk(topup_job(printers=("paper",), **rules), healthy=HEALTHY)
    talk.tap()
    talk.wallet(balance)
    for amount in coins or (200,):
        talk.coin(amount)
    talk.press("confirm")
    return talk


def orders(made: Decision[TerminalState]) -> list[str]:
    return [order.job for order in effects(made, Print)]


def paper(made: Decision[TerminalState]) -> str:
    (order,) = effects(made, Print)
    return "\n".join(lines(order.document, 32))


def test_it_lists_the_coins_and_the_balance_that_will_be() -> None:
    said = paper(credited(50, 200, 50).last)
    assert "2 x 0.50 EUR            1.00 EUR" in said
    assert "Inserted                3.00 EUR" in said
    assert "Balance then            8.00 EUR" in said
    assert "as the server is reached" in said


def test_coins_from_before_a_restart_are_not_listed_by_halves() -> None:
    talk = Talk(topup_job(printers=("paper",)), purse=Purse("s", None, 100), healthy=HEALTHY)
    talk.tap()
    talk.wallet(0)
    talk.coin(50)
    said = paper(talk.press("confirm"))
    assert "Credited                1.50 EUR" in said
    assert "Inserted" not in said


def test_when_asked_for() -> None:
    talk = credited(receipt_mode="ask", show_s=4)
    assert orders(talk.last) == []
    assert facts(talk.last, ReleaseIntended) == []
    assert talk.shown.offers == ("receipt",)
    woken_ms = talk.state.wake_ms
    made = talk.press("receipt")
    assert orders(made) == ["k1/receipt"]
    assert [intent.key for intent in facts(made, ReleaseIntended)] == ["k1"]
    assert talk.state.wake_ms == talk.now.mono_ms + 4_000 != woken_ms
    assert (talk.notice, talk.shown.offers) == (Notice.CREDITED, ("receipt",))


def test_then_copies_up_to_three() -> None:
    talk = credited()
    assert (orders(talk.last), talk.shown.offers) == (["k1/receipt"], ("receipt",))
    (original,) = effects(talk.last, Print)
    talk(PrintEnded("k1/receipt", Ended.DONE))
    for number in (1, 2, 3):
        (order,) = effects(talk.press("receipt"), Print)
        assert order.job == f"k1/receipt/{number + 1}-copy-{number}"
        assert order.document == as_copy(original.document, number, "en_GB")
        talk(PrintEnded(order.job, Ended.DONE))
    assert talk.shown.offers == ()
    assert talk.press("receipt") == Decision(talk.state)


def test_no_copy_while_the_receipt_is_on_its_way() -> None:
    talk = credited()
    assert facts(talk.press("receipt"), ReleaseIntended) == []


def test_never() -> None:
    talk = credited(receipt_mode="never")
    assert (orders(talk.last), talk.shown.offers) == ([], ())
    assert orders(talk.press("receipt")) == []


def test_nothing_is_offered_that_cannot_be_printed() -> None:
    talk = Talk(topup_job(printers=("paper",), receipt_mode="ask"), healthy=("slot",))
    talk.tap()
    talk.wallet(0)
    talk.coin(100)
    talk.press("confirm")
    assert talk.shown.offers == ()
    assert talk.press("receipt").facts == ()


def test_the_next_guest_gets_no_receipt_of_the_one_before() -> None:
    talk = credited(receipt_mode="ask")
    talk.tap(OTHER)
    assert orders(talk.press("receipt")) == []
    talk.wallet(0, uid=OTHER)
    talk.press("confirm")
    assert talk.notice is Notice.CANCELLED
    assert orders(talk.press("receipt")) == []
    assert talk.shown.offers == ()


def test_another_button_means_nothing_there() -> None:
    talk = credited(receipt_mode="ask")
    assert talk.press("confirm") == Decision(talk.state)


# -- a printer without which no money is taken ---------------------------------------------------------


def test_the_slot_stays_closed_while_no_printer_works() -> None:
    talk = Talk(topup_job(printers=("paper",), receipt_required=True), healthy=("slot",))
    assert talk.notice is Notice.OUT_OF_ORDER
    assert "printed" in talk.shown.words
    assert effects(talk.health("paper", Health.DEGRADED), OpenSlot)
    assert effects(talk.health("paper", Health.FAILED), OpenSlot) == []
    assert talk.notice is Notice.OUT_OF_ORDER


def test_it_closes_in_the_middle_of_a_session_and_what_is_in_is_credited() -> None:
    talk = Talk(topup_job(printers=("paper",), receipt_required=True), healthy=HEALTHY)
    talk.tap()
    talk.wallet(0)
    talk.coin(100)
    assert effects(talk.health("paper", Health.MISSING), OpenSlot) == []
    made = talk.press("confirm")
    assert [entry.amount for entry in facts(made, EntryAdded)] == [100]


# -- the queue within the terminal ---------------------------------------------------------------------


def test_a_failed_receipt_is_printed_when_the_paper_is_changed() -> None:
    talk = credited()
    talk(PrintEnded("k1/receipt", Ended.FAILED, "no paper"))
    talk.health("paper", Health.FAILED)
    made = talk.health("paper", Health.OK)
    assert made.facts == (), "what is lost with an event that cannot be written must not hang on it"
    assert talk.state.wake_ms is not None
    assert talk.state.wake_ms <= talk.now.mono_ms
    assert orders(talk(TimePassed(), after_ms=0)) == ["k1/receipt/2"]


def test_nothing_is_ordered_while_nothing_can_be_written_down() -> None:
    talk = credited()
    talk(PrintEnded("k1/receipt", Ended.FAILED, "no paper"))
    talk(JournalFailed("The disk is full."))
    talk.health("paper", Health.FAILED)
    talk.health("paper", Health.OK)
    assert talk.state.printing_ms is None


def test_a_restart_finds_what_was_under_way_and_what_waited() -> None:
    job = topup_job(printers=("paper",), printing=PrintingRules(tries=3))
    opened = OpenRelease("k1/receipt", ReleaseKind.PRINT, "k1", "paper", "receipt", START, PAPER)
    waiting = WaitingPrint("k2/receipt", "k2", PAPER, Ended.FAILED, START)
    spent = WaitingPrint("k3/receipt/3", "k3", PAPER, Ended.FAILED, START)
    found = recover(job, LeftOpen(releases=[opened], prints=[waiting, spent]), START, Talk(job).ids)
    assert [type(fact).__name__ for fact in found.facts] == ["ReleaseSettled", "PrintGivenUp"]
    talk = Talk(job, found=found, healthy=HEALTHY)
    assert orders(talk(TimePassed())) == ["k2/receipt/2"]
    talk(PrintEnded("k2/receipt/2", Ended.DONE))
    assert orders(talk(TimePassed())) == ["k1/receipt/2-copy-1"]


# -- once more, for a technician -----------------------------------------------------------------------

AGAIN = PrintAgainAsked("t1", "k7", "the technician", (("k7/receipt/2", PAPER), ("k7/ticket-1", PAPER)))


def test_a_person_gets_marked_copies_of_what_is_on_the_books() -> None:
    talk = Talk(topup_job(printers=("paper",)), healthy=HEALTHY)
    made = talk(AGAIN)
    assert effects(made, Print) == [Print("k7/receipt/3-copy-1", "paper", as_copy(PAPER, 1, "en_GB"))]
    first, second = facts(made, ReleaseIntended)
    assert first.detail == "receipt, copy 1, for the technician"
    assert (second.release, second.key) == ("k7/ticket-1/2-copy-1", "k7")
    assert [settled.release for settled in facts(made, ReleaseSettled)] == ["k7/ticket-1/2-copy-1"]
    assert talk.state.again is not None
    assert (talk.state.again.ticket, talk.state.again.words) == ("t1", "")
    talk(PrintEnded("k7/receipt/3-copy-1", Ended.DONE))
    assert orders(talk(TimePassed())) == ["k7/ticket-1/3-copy-1"]


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (JournalFailed("The disk is full."), "The disk is full."),
        (StopAsked(), "about to stop"),
        (AGAIN, "already"),
        (None, "Nothing can be printed"),
    ],
)
def test_it_is_refused_with_a_sentence(before: Event | None, words: str) -> None:
    talk = Talk(topup_job(printers=("paper",)), healthy=HEALTHY if before else ("slot",))
    if before is not None:
        talk(before)
    made = talk(PrintAgainAsked("t2", AGAIN.key, AGAIN.by, AGAIN.papers))
    assert (made.facts, made.effects) == ((), ())
    assert talk.state.again is not None
    assert talk.state.again.ticket == "t2"
    assert words in talk.state.again.words


def test_it_is_refused_while_somebody_is_at_the_machine() -> None:
    talk = credited()
    made = talk(AGAIN)
    assert (made.facts, effects(made, Show)) == ((), [])
    assert talk.state.again is not None
    assert "Somebody is at the machine" in talk.state.again.words


def test_the_printers_of_the_configuration_are_known_from_the_start() -> None:
    assert Talk(topup_job(printers=("a", "b"))).state.prints == Queue(("a", "b"))
