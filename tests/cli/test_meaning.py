"""What the state of a record means to the person who reads its story."""

import re

import pytest

from terminal.cli.meaning import kind, meaning, remedy
from terminal.core.facts import EntryKind, EntryState
from terminal.core.payload import Closed, Sold
from terminal.core.reconcile_evidence import Evidence
from terminal.core.records import Entry
from terminal.core.value import replace
from tests.core.report_samples import WHOLE
from tests.core.test_recover import held

RECORD = replace(held(), kind=EntryKind.RECORD, token=None, amount=0, pieces=(), held=False, key="d-record")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (EntryState.DELIVERED, "The server has it in its books. No money moves by it."),
        (EntryState.UNKNOWN, "nobody here can tell. No money moves by it."),
        (EntryState.PARKED, "surely does not have it in its books"),
        (EntryState.QUEUED, "It waits to be delivered."),
    ],
)
def test_a_record_is_in_the_books_or_not(state: EntryState, words: str) -> None:
    assert words in meaning(replace(RECORD, state=state))


def test_what_it_is_and_what_to_look_for() -> None:
    assert kind(RECORD) == "a sale, for the server that keeps books of it"
    assert kind(replace(RECORD, kind=EntryKind.REPORT, payload=Closed(WHOLE))) == "a Z report, for the server"
    assert "d-record" in remedy(replace(RECORD, state=EntryState.UNKNOWN))


def test_a_return_is_not_called_a_sale() -> None:
    back = Sold((), (), RECORD.created, back=True)
    assert (
        kind(replace(RECORD, payload=back))
        == "a sale that is taken back, for the server that keeps books of it"
    )
    assert kind(replace(RECORD, payload=replace(back, back=False))) == kind(RECORD)


def commands(entry: Entry) -> list[str]:
    return re.findall(r"terminalctl journal resolve 1 --(\S+)$", remedy(entry), re.MULTILINE)


def test_what_nobody_can_tell_has_three_ways_out() -> None:
    unknown = replace(held(), held=False, state=EntryState.UNKNOWN, in_doubt=True)
    assert commands(unknown) == ["delivered", "resend", "write-off"]
    assert remedy(unknown).startswith("Look on the server for the key d. ")
    told = replace(unknown, before=Evidence(unknown.created, balance=5))
    assert remedy(told).startswith("Compare what the server told before the try with its own books. ")
    assert commands(told) == commands(unknown)


def test_what_nobody_got_is_not_sent_again() -> None:
    unknown = replace(held(), held=False, state=EntryState.UNKNOWN, in_doubt=True, compensate=True)
    assert commands(unknown) == ["delivered", "write-off"]
    assert "it is booked, and refunded by itself then" in remedy(unknown)


PAYMENT = replace(
    held(), kind=EntryKind.PAYMENT, token=None, pieces=(), held=False, key="p", reference="77", in_doubt=True
)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (EntryState.QUEUED, "the money is taken by its delivery"),
        (EntryState.UNKNOWN, "may or may not have taken the money"),
        (EntryState.PARKED, "does not take the money"),
        (EntryState.DELIVERED, "was taken from the card"),
        (EntryState.VOIDED, "settled without the server"),
    ],
)
def test_a_payment_by_card_tells_who_has_what(state: EntryState, words: str) -> None:
    assert kind(PAYMENT) == "a payment at the card terminal"
    assert words in meaning(replace(PAYMENT, state=state))


def test_what_a_card_paid_for_nothing_is_looked_up_by_its_name_and_given_back_by_hand() -> None:
    lost = replace(PAYMENT, state=EntryState.UNKNOWN, compensate=True)
    assert "Nothing was given out for it." in meaning(lost)
    assert remedy(lost).startswith("Look on the server for the payment 77, of the key p. ")
    assert "given back by hand" in remedy(lost)
    assert commands(lost) == ["delivered", "write-off"]
    owed = replace(PAYMENT, kind=EntryKind.REFUND, state=EntryState.PARKED)
    assert remedy(owed).startswith("Give the money back at the card terminal")
    assert "resend" not in remedy(owed)


def test_a_payment_that_is_under_way_says_so() -> None:
    assert "has not come to an end" in meaning(replace(PAYMENT, held=True, state=EntryState.SENDING))
