"""What each fact does to an entry."""

import pytest

from terminal.core.catalogue import Product
from terminal.core.delivery import Outcome
from terminal.core.facts import (
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryParked,
    EntryState,
    PersonDecided,
    WalletSeen,
)
from terminal.core.value import replace
from terminal.journal.errors import DecisionRefused, NotQueued
from tests.journal.making import ESPRESSO, NOW, TOKEN, credit, debit, delivered, ended, lost, started, unclaimed

ABANDONED = EntryAbandoned("d1", "The machine could not give it out.")


def decided(action, key="d1", by="Ada", reason="looked it up"):
    return PersonDecided(key, action, by, reason)


def state(journal, key="d1"):
    return journal.entry(key).state


def test_an_added_entry_is_read_back_as_it_was_added(journal):
    tea = Product(7, "Tee „grün“", 120)
    added = EntryAdded(
        "k",
        EntryKind.DEBIT,
        "main",
        TOKEN,
        370,
        (ESPRESSO, tea),
        "Zwei",
        "tag",
        session="s",
        refers_to="r",
        held=True,
    )
    journal.commit([added], NOW)
    entry = journal.entry("k")
    assert {name: getattr(entry, name) for name in EntryAdded.__struct_fields__} == {
        name: getattr(added, name) for name in EntryAdded.__struct_fields__
    }
    assert [type(piece.id) for piece in entry.pieces] == [str, int]
    assert (entry.seq, entry.created, entry.first_attempted, entry.attempts) == (1, NOW, None, 0)
    assert entry == journal.entry_by_seq(1)
    assert journal.entry("other") is None
    assert journal.entry_by_seq(2) is None


def test_a_key_is_used_once_for_ever(journal):
    journal.commit([debit(), *delivered()], NOW)
    with pytest.raises(ValueError, match="contradict"):
        journal.commit([debit("d2"), debit("d1", amount=1)], NOW)
    assert journal.entry("d2") is None
    assert journal.entry("d1").amount == 250
    assert journal.verify() == []


def test_unclaimed_coins_are_never_queued(journal):
    with pytest.raises(ValueError, match="never sent"):
        journal.commit([replace(unclaimed(), state=EntryState.QUEUED)], NOW)


def test_a_fact_about_an_entry_that_is_not_there_is_a_mistake(journal):
    for fact in (started(), ended(), EntryFreed("d1"), ABANDONED, EntryParked("d1", EntryState.PARKED, "")):
        with pytest.raises(ValueError, match="not in the journal"):
            journal.commit([fact], NOW)


def test_an_entry_with_a_token_only_if_it_is_sent(journal):
    with pytest.raises(ValueError, match="contradict"):
        journal.commit([replace(debit(), token=None)], NOW)


def test_held_entries_wait_and_hold_back_their_lane(journal):
    journal.commit([debit("d1", held=True), debit("d2")], NOW)
    assert journal.next_in_lane(TOKEN) is None
    assert [entry.key for entry in journal.held()] == ["d1"]
    journal.commit([EntryFreed("d1")], NOW)
    assert journal.next_in_lane(TOKEN).key == "d1"
    assert journal.held() == []


def test_an_attempt_begins(journal):
    journal.commit([debit()], NOW)
    later = replace(NOW, mono_ms=6_000)
    journal.commit([started()], later)
    entry = journal.entry("d1")
    assert (entry.state, entry.attempts, entry.first_attempted) == (EntryState.SENDING, 1, later)
    assert [each.key for each in journal.sending()] == ["d1"]
    assert journal.next_in_lane(TOKEN) is None


@pytest.mark.parametrize(
    "before",
    [
        [started()],
        delivered(),
        lost(),
        [EntryParked("d1", EntryState.PARKED, "wait")],
        [decided("void")],
    ],
)
def test_only_what_is_queued_is_sent(journal, before):
    journal.commit([debit(), *before], NOW)
    attempts = journal.entry("d1").attempts
    with pytest.raises(NotQueued):
        journal.commit([started()], NOW)
    assert journal.entry("d1").attempts == attempts
    assert journal.verify() == []


def test_first_attempted_stays_that_of_the_first_try_in_doubt(journal):
    journal.commit([debit(), *lost(state=EntryState.QUEUED)], NOW)
    journal.commit([started()], replace(NOW, mono_ms=99_000))
    journal.commit([ended(outcome=Outcome.BUSY, state=EntryState.QUEUED)], NOW)
    entry = journal.entry("d1")
    assert (entry.first_attempted, entry.in_doubt, entry.attempts) == (NOW, True, 2)


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.DENIED, Outcome.BUSY, Outcome.UNSENT])
def test_a_try_that_surely_was_not_booked_leaves_no_trace_of_doubt(journal, outcome):
    after = EntryState.PARKED if outcome is Outcome.REFUSED else EntryState.QUEUED
    journal.commit([debit(), started(), ended(outcome=outcome, state=after, status=429, words="no")], NOW)
    entry = journal.entry("d1")
    assert (entry.state, entry.first_attempted, entry.in_doubt, entry.words) == (after, None, False, "no")


def test_a_look_that_found_nothing_ends_the_doubt(journal):
    journal.commit([debit(), *lost(state=EntryState.QUEUED)], NOW)
    journal.commit([ended(outcome=Outcome.REFUSED, state=EntryState.QUEUED, words="looked")], NOW)
    entry = journal.entry("d1")
    assert (entry.state, entry.in_doubt, entry.first_attempted) == (EntryState.QUEUED, False, None)
    assert journal.verify() == []


def test_words_of_a_server_are_kept_but_bounded(journal):
    journal.commit(
        [debit(), started(), ended(outcome=Outcome.REFUSED, state=EntryState.PARKED, words="\ud800ä" * 5000)],
        NOW,
    )
    words = journal.entry("d1").words
    assert len(words) == 2000
    assert words.startswith("?ä?ä")


def test_a_delivered_state_needs_a_delivered_outcome(journal):
    journal.commit([debit(), started()], NOW)
    for outcome, after in (
        (Outcome.UNKNOWN, EntryState.DELIVERED),
        (Outcome.DELIVERED, EntryState.QUEUED),
        (Outcome.BUSY, EntryState.SENDING),
        (Outcome.REFUSED, EntryState.VOIDED),
    ):
        with pytest.raises(ValueError, match="leaves no entry"):
            journal.commit([ended(outcome=outcome, state=after)], NOW)


def test_the_balance_in_an_answer_is_remembered(journal):
    journal.commit([debit(), started(), ended(balance=725)], NOW)
    assert journal.wallet(TOKEN, NOW).balance == 725


def test_a_delivery_that_tells_no_balance_lowers_what_is_remembered(journal):
    journal.commit([WalletSeen(TOKEN, 1000), debit()], NOW)
    journal.commit([started(), ended(balance=None)], NOW)
    assert journal.wallet(TOKEN, NOW).balance == 750


# -- nothing was given ---------------------------------------------------------------------------------


def test_abandoned_before_any_try_is_void_at_once(journal):
    journal.commit([debit(held=True), ABANDONED], NOW)
    entry = journal.entry("d1")
    assert (entry.state, entry.held, entry.words) == (EntryState.VOIDED, False, ABANDONED.words)


def test_abandoned_after_delivery_is_refunded_in_the_same_commit(journal):
    journal.commit([debit(held=True), *delivered()], NOW)
    journal.commit([ABANDONED], NOW)
    refund = journal.entry("d1-refund")
    assert (refund.kind, refund.state, refund.amount) == (EntryKind.REFUND, EntryState.QUEUED, 250)
    assert (refund.token, refund.backend, refund.refers_to, refund.session) == (TOKEN, "main", "d1", None)
    journal.commit([ABANDONED], NOW)  # said twice, refunded once
    assert len(journal.entries()) == 2
    assert journal.verify() == []


@pytest.mark.parametrize(
    ("answer", "becomes", "refunded"),
    [
        (ended(), EntryState.DELIVERED, True),
        (ended(outcome=Outcome.BUSY, state=EntryState.QUEUED), EntryState.VOIDED, False),
        (ended(outcome=Outcome.REFUSED, state=EntryState.PARKED), EntryState.VOIDED, False),
        (ended(outcome=Outcome.UNKNOWN, state=EntryState.UNKNOWN), EntryState.UNKNOWN, False),
        (ended(outcome=Outcome.UNKNOWN, state=EntryState.QUEUED), EntryState.QUEUED, False),
    ],
)
def test_abandoned_while_it_is_sent(journal, answer, becomes, refunded):
    journal.commit([debit(held=True), started(), ABANDONED], NOW)
    assert (state(journal), journal.entry("d1").compensate) == (EntryState.SENDING, True)
    journal.commit([answer], NOW)
    assert state(journal) is becomes
    assert (journal.entry("d1-refund") is not None) is refunded
    assert ("Nothing was given" in journal.entry("d1").words) is (becomes is EntryState.UNKNOWN)
    again = journal.entry("d1") if becomes is EntryState.QUEUED else journal.entry("d1-refund")
    assert journal.next_in_lane(TOKEN) == again
    assert journal.verify() == []


def test_abandoned_and_queued_in_doubt_is_sent_again_where_that_is_safe_and_refunded(journal):
    journal.commit([debit(), *lost(state=EntryState.QUEUED), ABANDONED], NOW)
    assert (state(journal), journal.entry("d1").compensate) == (EntryState.QUEUED, True)
    journal.commit(delivered(), NOW)
    assert journal.entry("d1-refund").amount == 250
    assert journal.verify() == []


def test_abandoned_and_unknown_waits_for_a_person(journal):
    journal.commit([debit(), *lost(state=EntryState.UNKNOWN), ABANDONED], NOW)
    entry = journal.entry("d1")
    assert (entry.state, entry.compensate) == (EntryState.UNKNOWN, True)
    assert "Nothing was given" in entry.words
    assert journal.next_in_lane(TOKEN) is None
    journal.commit([decided("retry")], NOW)
    journal.commit(delivered(), NOW)
    assert journal.entry("d1-refund").amount == 250
    assert journal.verify() == []


def test_abandoned_when_refused_is_void(journal):
    journal.commit(
        [debit(), started(), ended(outcome=Outcome.REFUSED, state=EntryState.PARKED), ABANDONED], NOW
    )
    assert state(journal) is EntryState.VOIDED


def test_only_debits_are_abandoned(journal):
    journal.commit([credit()], NOW)
    with pytest.raises(ValueError, match="debit"):
        journal.commit([EntryAbandoned("c1", "")], NOW)


def test_a_voided_entry_that_was_booked_after_all_is_shown_as_booked(journal):
    journal.commit([debit(), *lost(state=EntryState.QUEUED), decided("void")], NOW)
    journal.commit([ended(outcome=Outcome.BUSY, state=EntryState.QUEUED)], NOW)
    assert state(journal) is EntryState.VOIDED
    journal.commit([ended()], NOW)
    assert state(journal) is EntryState.DELIVERED
    assert journal.verify() == []


# -- persons -------------------------------------------------------------------------------------------


def test_parking(journal):
    journal.commit([debit(held=True), EntryParked("d1", EntryState.PARKED, "Look.")], NOW)
    entry = journal.entry("d1")
    assert (entry.state, entry.words, entry.held, entry.in_doubt) == (EntryState.PARKED, "Look.", False, False)
    with pytest.raises(ValueError, match="parked or unknown"):
        journal.commit([EntryParked("d1", EntryState.VOIDED, "")], NOW)


def test_parking_what_is_being_sent_leaves_it_in_doubt(journal):
    journal.commit([debit(), started(), EntryParked("d1", EntryState.UNKNOWN, "The power went.")], NOW)
    assert journal.entry("d1").in_doubt


def test_parking_what_is_settled_changes_nothing(journal):
    journal.commit([debit(), *delivered(), EntryParked("d1", EntryState.UNKNOWN, "late")], NOW)
    assert state(journal) is EntryState.DELIVERED


@pytest.mark.parametrize("before", [lost(), [EntryParked("d1", EntryState.PARKED, "")], ()])
def test_retry_and_void(journal, before):
    journal.commit([debit(held=True), *before, decided("retry")], NOW)
    assert (state(journal), journal.entry("d1").held) == (EntryState.QUEUED, False)
    journal.commit([decided("void", by="the technician", reason="paid in cash")], NOW)
    assert (state(journal), journal.entry("d1").words) == (
        EntryState.VOIDED,
        "Voided by the technician: paid in cash",
    )
    assert journal.story(1).events[-1].what == "the technician"
    assert journal.verify() == []


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ([started()], "being sent"),
        (delivered(), "delivered"),
        ([decided("void")], "voided"),
    ],
)
@pytest.mark.parametrize("action", ["retry", "void"])
def test_what_is_settled_or_under_way_is_not_decided(journal, before, words, action):
    journal.commit([debit(), *before], NOW)
    found = journal.entry("d1")
    with pytest.raises(DecisionRefused, match=words):
        journal.commit([decided(action)], NOW)
    assert journal.entry("d1") == found


def test_a_decision_needs_an_entry_a_name_and_a_reason(journal):
    journal.commit([debit()], NOW)
    for fact in (decided("void", key="other"), decided("void", by=" "), decided("retry", reason="")):
        with pytest.raises(DecisionRefused):
            journal.commit([fact], NOW)
    with pytest.raises(ValueError, match="retry, void or delivered"):
        journal.commit([decided("deliver")], NOW)
    assert state(journal) is EntryState.QUEUED


def test_unclaimed_coins_are_not_sent(journal):
    journal.commit([unclaimed()], NOW)
    with pytest.raises(DecisionRefused, match="not sent"):
        journal.commit([decided("retry", key="u1")], NOW)
