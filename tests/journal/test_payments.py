"""Payments at a card terminal that a server drives, on the real journal: captured, lost, given back."""

import pytest

from terminal.core.delivery import Outcome
from terminal.core.facts import (
    AttemptEnded,
    AttemptStarted,
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryState,
    PersonDecided,
)
from terminal.journal.errors import DecisionRefused
from tests.journal.making import NOW
from tests.journal.ticketing import sold, ticket_sale


def payment(key="p1", amount=500, **more):
    return EntryAdded(key, EntryKind.PAYMENT, "terminal", None, amount, held=True, **more)


def begun(key="p1"):
    return (payment(key), AttemptStarted(key))


def authorised(key="p1", reference="77"):
    words = "authorised"
    ended = AttemptEnded(key, Outcome.BUSY, EntryState.QUEUED, words=words, reference=reference)
    return (ended, EntryFreed(key))


def over(key="p1", outcome=Outcome.UNKNOWN, reference=""):
    ended = AttemptEnded(key, outcome, EntryState.QUEUED, words="no answer", reference=reference)
    return (ended, EntryAbandoned(key, "No ticket was issued."))


def test_what_is_authorised_is_delivered_by_its_reference_and_not_before_its_sale(journal):
    journal.commit(begun(), NOW)
    assert journal.pending_lanes() == []
    assert [each.key for each in journal.held()] == ["p1"]
    journal.commit((*authorised(), *sold("t1", ticket_sale(card="77"))), NOW)
    entry = journal.next_in_lane("p1")
    assert (entry.reference, entry.state, entry.in_doubt, entry.held) == ("77", EntryState.QUEUED, False, False)
    done = AttemptEnded("p1", Outcome.DELIVERED, EntryState.DELIVERED, reference="77")
    journal.commit((AttemptStarted("p1"), done), NOW)
    assert journal.entry("p1-refund") is None
    assert journal.verify() == []


def test_what_was_refused_and_pays_nothing_is_void(journal):
    journal.commit((*begun(), *over(outcome=Outcome.REFUSED)), NOW)
    assert journal.entry("p1").state is EntryState.VOIDED
    assert journal.verify() == []


def test_what_is_in_doubt_and_pays_nothing_waits_for_a_look_and_is_void_then(journal):
    journal.commit((*begun(), *over(reference="77")), NOW)
    entry = journal.next_in_lane("p1")
    assert (entry.in_doubt, entry.compensate, entry.reference) == (True, True, "77")
    journal.commit([AttemptEnded("p1", Outcome.REFUSED, EntryState.QUEUED, words="looked")], NOW)
    assert journal.entry("p1").state is EntryState.VOIDED
    assert journal.entry("p1-refund") is None


@pytest.mark.parametrize("late", [False, True])
def test_what_was_taken_for_nothing_is_given_back_by_a_person_and_by_no_server(journal, late):
    journal.commit((*begun(), *over(reference="77")), NOW)
    if late:
        journal.commit([PersonDecided("p1", "void", "Ada", "looked")], NOW)
    journal.commit([AttemptEnded("p1", Outcome.DELIVERED, EntryState.DELIVERED, reference="77")], NOW)
    refund = journal.entry("p1-refund")
    assert (refund.state, refund.amount, refund.token, refund.refers_to) == (
        EntryState.PARKED,
        500,
        None,
        "p1",
    )
    assert "Give the money back" in refund.words
    with pytest.raises(DecisionRefused, match="No server gives back"):
        journal.commit([PersonDecided("p1-refund", "retry", "Ada", "please")], NOW)
    journal.commit([PersonDecided("p1-refund", "void", "Ada", "given back at the desk")], NOW)
    assert journal.verify() == []


def test_what_pays_for_nothing_is_never_sent_again_whoever_wants_it(journal):
    unknown = AttemptEnded("p1", Outcome.UNKNOWN, EntryState.UNKNOWN, words="no answer", reference="77")
    journal.commit((*begun(), unknown, EntryAbandoned("p1", "No ticket was issued.")), NOW)
    with pytest.raises(DecisionRefused, match="--write-off"):
        journal.commit([PersonDecided("p1", "retry", "Ada", "please")], NOW)
    assert journal.next_in_lane("p1") is None
    journal.commit([PersonDecided("p1", "delivered", "Ada", "on the card")], NOW)
    assert journal.entry("p1-refund").state is EntryState.PARKED
    assert journal.verify() == []


def test_a_capture_in_doubt_that_was_not_made_is_made_by_the_same_reference(journal):
    journal.commit((*begun(), *authorised(), *sold("t1", ticket_sale(card="77"))), NOW)
    lost = AttemptEnded("p1", Outcome.UNKNOWN, EntryState.QUEUED, words="no answer")
    journal.commit((AttemptStarted("p1"), lost), NOW)
    journal.commit([AttemptEnded("p1", Outcome.REFUSED, EntryState.QUEUED, words="looked")], NOW)
    entry = journal.next_in_lane("p1")
    assert (entry.reference, entry.in_doubt) == ("77", False)
    refused = AttemptEnded("p1", Outcome.REFUSED, EntryState.PARKED, words="not permitted")
    journal.commit((AttemptStarted("p1"), refused), NOW)
    journal.commit([PersonDecided("p1", "retry", "Ada", "permitted now")], NOW)
    assert journal.next_in_lane("p1").reference == "77"
    assert journal.verify() == []


def test_staff_find_a_payment_by_what_the_server_calls_it(journal):
    journal.commit((*begun(), *over(reference="77")), NOW)
    assert journal.card_used("77").key == "p1"
    assert journal.card_used("78") is None
    journal.commit((*begun("p2"), *authorised("p2", "78"), *sold("t1", ticket_sale(card="78"))), NOW)
    assert journal.card_used("78").key == "t1"


@pytest.mark.parametrize("wrong", [{"amount": 0}, {"token": "04A1B2C3D4E5F6"}])
def test_a_payment_that_cannot_be_is_refused(journal, wrong):
    made = {"token": None, "amount": 500, **wrong}
    with pytest.raises(ValueError, match="payment by card"):
        journal.commit([EntryAdded("p1", EntryKind.PAYMENT, "terminal", **made)], NOW)
