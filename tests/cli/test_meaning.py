"""What the state of a record means to the person who reads its story."""

import pytest

from terminal.cli.meaning import kind, meaning, remedy
from terminal.core.facts import EntryKind, EntryState
from terminal.core.payload import Booked, Closed, Sold
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


def test_who_settles_a_payment_by_hand_is_told_that_its_sale_is_not_recorded() -> None:
    unknown = replace(held(), held=False, state=EntryState.UNKNOWN, payload=Booked("books"))
    assert "enter the sale on books by hand" in remedy(unknown)
    for other in (
        replace(unknown, payload=None),
        replace(unknown, compensate=True),
        replace(unknown, state=EntryState.PARKED),
        replace(RECORD, state=EntryState.UNKNOWN),
    ):
        assert "by hand" not in remedy(other)
