"""What a server told before a try, what it calls what it booked, and what a person found booked."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from terminal.core.delivery import Outcome
from terminal.core.facts import (
    AttemptEnded,
    AttemptStarted,
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryParked,
    EntryState,
    PersonDecided,
    WalletSeen,
)
from terminal.core.payload import Booked
from terminal.core.reconcile_evidence import Evidence, Item, Listing
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from terminal.journal import Journal, migrate, technician, verify_file
from terminal.journal.errors import DecisionRefused, JournalError, NotQueued
from tests.journal.making import KEY, NOW, TOKEN, credit, debit, delivered, ended, lost, started

BEFORE = Evidence(NOW, balance=1250, listing=Listing((Item(-250, "2027-01-15", "bar", 7),), cut=True))
QUEUED, UNKNOWN, PARKED = EntryState.QUEUED, EntryState.UNKNOWN, EntryState.PARKED
FOUND = PersonDecided("d1", "delivered", "Ada", "it stands in the list")
RETRY, VOID = (PersonDecided("d1", action, "Ada", "looked") for action in ("retry", "void"))
NOTHING = EntryAbandoned("d1", "Nothing came out.")


def later(seconds):
    return Stamp(NOW.wall_ms + 1000 * seconds, NOW.mono_ms + 1000 * seconds, NOW.boot, synced=True)


def write(journal, *facts):
    """Commit each fact a second after the one before, the first one at once."""
    for second, fact in enumerate(facts):
        journal.commit([fact], later(second))
    return journal.entry("d1")


# -- evidence and names --------------------------------------------------------------------------------


def test_what_was_told_before_the_try_that_is_in_doubt_is_kept(journal):
    other = replace(BEFORE, balance=10, handle="hold-2")
    assert write(journal, debit()).before is None
    assert write(journal, AttemptStarted("d1", BEFORE)).before == BEFORE
    journal.commit([ended("d1", Outcome.UNSENT, QUEUED)], NOW)
    assert journal.entry("d1").before is None, "nothing left: it is asked again"
    journal.commit([AttemptStarted("d1", other), ended("d1", Outcome.UNKNOWN, QUEUED)], NOW)
    assert journal.entry("d1").before == other
    journal.commit([started(), ended("d1", Outcome.BUSY, QUEUED)], NOW)
    assert journal.entry("d1").before == other, "that of the first try in doubt, not of the repeat"
    journal.commit([ended("d1", Outcome.REFUSED, QUEUED)], NOW)
    assert journal.entry("d1").before is None, "looked: not booked"
    assert journal.verify() == []


def test_what_the_server_calls_it_is_kept_and_told_of_what_refers_to_it(journal):
    journal.commit([debit(payload=Booked("books")), started(), ended(reference="B-1")], NOW)
    assert journal.entry("d1").reference == "B-1"
    assert journal.entry("d1-record").reference == "B-1"
    journal.commit([started("d1-record"), ended("d1-record", reference="R-7")], NOW)
    assert journal.entry("d1-record").reference == "R-7"
    journal.commit([NOTHING], NOW)
    assert journal.entry("d1-refund").reference == "B-1"
    journal.commit([debit("d2", refers_to="d1"), credit("c1", refers_to="nowhere")], NOW)
    assert (journal.entry("d2").reference, journal.entry("c1").reference) == ("", "")
    orphan = EntryAdded("r", EntryKind.REFUND, "main", TOKEN, 250, refers_to="nowhere")
    journal.commit([orphan], NOW)
    assert journal.entry("r").reference == ""
    assert journal.verify() == []


def test_a_name_of_what_is_surely_not_booked_is_forgotten(journal):
    journal.commit([debit(), started(), ended("d1", Outcome.UNKNOWN, QUEUED, reference="H-1")], NOW)
    assert journal.entry("d1").reference == "H-1"
    journal.commit([ended("d1", Outcome.REFUSED, QUEUED)], NOW)
    assert journal.entry("d1").reference == ""
    journal.commit([started(), ended("d1", Outcome.UNKNOWN, UNKNOWN, reference="H-2"), RETRY], NOW)
    assert journal.entry("d1").reference == ""
    journal.commit([started(), ended("d1", reference="x" * 5000)], NOW)
    assert len(journal.entry("d1").reference) == 2000
    assert journal.verify() == []


def test_when_bytes_may_last_have_left(journal):
    assert write(journal, debit(), *lost("d1", QUEUED)).sent == later(2)
    assert write(journal, started(), ended("d1", Outcome.UNSENT, QUEUED)).sent == later(2), "surely not then"
    journal.commit([started()], later(5))
    assert journal.entry("d1").sent == later(2)
    journal.commit([ended("d1", Outcome.BUSY, QUEUED)], later(6))
    assert journal.entry("d1").sent == later(6)
    journal.commit([EntryParked("d1", UNKNOWN, "nobody can tell")], later(7))
    assert journal.entry("d1").sent == later(6), "nothing was sent: it was looked for"
    journal.commit([RETRY], later(8))
    assert journal.entry("d1").sent is None
    journal.commit([started()], later(9))
    journal.commit([EntryParked("d1", UNKNOWN, "stopped")], later(10))
    assert journal.entry("d1").sent == later(10), "what was under way until then"
    journal.commit([ended("d1")], later(11))
    assert journal.entry("d1").sent is None
    assert journal.verify() == []


def test_what_a_server_may_have_booked_is_found_by_its_name(journal):
    facts = [
        debit("settled", "A"),
        *lost("settled"),
        debit("never", "B"),
        debit("d1", "C"),
        *lost("d1", QUEUED),
    ]
    facts += [debit("unknown", "D"), *lost("unknown"), debit("under way", "E"), started("under way")]
    facts += [debit("parked", "F"), started("parked"), ended("parked", Outcome.REFUSED, PARKED)]
    facts += [replace(debit("elsewhere", "G"), backend="other"), *lost("elsewhere")]
    facts += [debit("given up", "H"), *lost("given up", QUEUED), replace(VOID, key="given up")]
    facts += [debit("never sent", "I"), replace(VOID, key="never sent")]
    journal.commit([*facts, ended("settled")], NOW)
    assert [entry.key for entry in journal.doubtful("main")] == ["d1", "unknown", "under way", "given up"]
    assert journal.entry("given up").sent == NOW, "it may still be booked"
    assert [entry.key for entry in journal.doubtful("other")] == ["elsewhere"]
    assert journal.doubtful("nobody") == []


def test_reading_an_entry_walks_through_nothing(journal):
    asked = []
    with journal._reading() as db:
        db.set_trace_callback(asked.append)
    journal.doubtful("main")
    journal.entry("d1")
    with journal._reading() as db:
        db.set_trace_callback(None)
        questions = [each for each in asked if each.lstrip().startswith("SELECT")]
        steps = [step for each in questions for *_, step in db.execute(f"EXPLAIN QUERY PLAN {each}")]
    assert any("entries_in_doubt (backend=? AND state=?)" in step for step in steps), steps
    assert [step for step in steps if step.startswith("SCAN") and "entries_open" not in step] == []


# -- a technician reads it -----------------------------------------------------------------------------


def test_the_story_and_the_export_tell_it_in_words(journal, path):
    told = replace(BEFORE, points=3, handle="hold-9")
    journal.commit([debit(), AttemptStarted("d1", told), ended("d1", words="thank you", reference="B-1")], NOW)
    begun, done = journal.story(1).events[1:]
    words = "balance 12.50, 3 points, 1 items listed, older ones left out, about hold-9"
    assert begun.words == f"before it the server told: {words}"
    assert done.words == "thank you; called B-1 there"
    first, second = technician.rows(path, "attempts")
    assert (first["before"], first["reference"]) == (words, None)
    assert (second["before"], second["reference"]) == (None, "B-1")
    assert next(iter(technician.rows(path, "entries")))["reference"] == "B-1"


@pytest.mark.parametrize(
    "told",
    ["'no JSON'", "'{}'", """'{"at":{"wall_ms":1,"mono_ms":1,"boot":"b","synced":true},"points":"x"}'"""],
)
def test_what_was_altered_is_a_sentence_and_is_found(journal, path, told):
    journal.commit([debit(), AttemptStarted("d1", BEFORE)], NOW)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE attempts SET told = {told}")  # noqa: S608 - ours
    ways = (
        lambda: journal.entry("d1"),
        lambda: journal.story(1),
        lambda: list(technician.rows(path, "attempts")),
    )
    for read in ways:
        with pytest.raises(JournalError, match="was altered"):
            read()
    assert any(finding.startswith("attempts 2: the row was edited") for finding in verify_file(path, KEY))


@pytest.mark.parametrize(
    ("edit", "finding"),
    [
        ("attempts SET told = NULL WHERE seq = 2", "attempts 2: the row was edited"),
        ("attempts SET told = 'B-2' WHERE seq = 3", "attempts 3: the row was edited"),
        ("attempts SET told = NULL WHERE seq = 3", "attempts 3: the row was edited"),
        ("entries SET sent = 2", "entries 1: sent is 2, but follows as 3."),
        ("entries SET sent = NULL", "entries 1: sent is None, but follows as 3."),
        ("entries SET reference = ''", "entries 1: reference is '', but follows as 'B-1'."),
    ],
)
def test_no_edit_of_it_is_overlooked(journal, path, edit, finding):
    end = ended("d1", Outcome.UNKNOWN, UNKNOWN, reference="B-1")
    journal.commit([debit(), AttemptStarted("d1", BEFORE), end], NOW)
    assert journal.verify() == []
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE {edit}")
    assert any(each.startswith(finding) for each in verify_file(path, KEY))


# -- a person found it booked --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    [lost(), lost("d1", QUEUED), (*lost("d1", QUEUED), started(), ended("d1", Outcome.REFUSED, PARKED))],
    ids=["unknown", "queued", "parked"],
)
def test_what_is_in_doubt_can_be_found_booked(journal, before):
    entry = write(journal, WalletSeen(TOKEN, 1000), debit(payload=Booked("books")), *before, FOUND)
    assert (entry.state, entry.in_doubt, entry.sent) == (EntryState.DELIVERED, False, None)
    assert entry.words == "Found booked by Ada: it stands in the list"
    assert journal.entry("d1-record").state is QUEUED, "as for any delivery"
    assert journal.wallet(TOKEN, NOW).balance == 750
    assert journal.books().debits[EntryState.DELIVERED] == 250
    event = journal.story(entry.seq).events[-1]
    assert (event.what, event.how, event.words) == ("Ada", "delivered", "it stands in the list")
    assert journal.verify() == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_debit_for_which_nothing_was_given_is_refunded_when_it_is_found_booked(journal, when):
    facts = (NOTHING, FOUND) if when == "before" else (FOUND, NOTHING)
    entry = write(journal, debit(payload=Booked("books")), *lost(), *facts)
    assert entry.state is EntryState.DELIVERED
    assert journal.entry("d1-refund").state is QUEUED
    assert (journal.entry("d1-record") is None) == (when == "before")
    assert journal.verify() == []


def test_what_waits_for_its_release_goes_on_waiting_for_it(journal):
    entry = write(journal, debit(held=True, payload=Booked("books")), *lost("d1", QUEUED), FOUND)
    assert (entry.state, entry.held) == (EntryState.DELIVERED, True)
    assert journal.entry("d1-record") is None
    journal.commit([EntryFreed("d1")], NOW)
    assert journal.entry("d1-record").state is QUEUED
    assert journal.verify() == []


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ((), "queued, and no try of it is without an answer"),
        ((started(), ended("d1", Outcome.REFUSED, PARKED)), "parked, and no try of it is without an answer"),
        ((started(),), "being sent at this moment"),
        (delivered(), "nothing left to decide"),
        ((*lost(), VOID), "nothing left to decide"),
    ],
)
def test_what_is_not_in_doubt_is_not_found_booked(journal, before, words):
    write(journal, debit(), *before)
    with pytest.raises(DecisionRefused, match=words):
        journal.commit([FOUND], NOW)
    assert journal.verify() == []


# -- first things first --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("debits", "may"),
    [
        ((), False),
        ((started(),), False),
        (lost("d1", QUEUED), False),
        (lost(), False),
        ((started(), ended("d1", Outcome.REFUSED, PARKED)), False),
        (delivered(), True),
        ((*lost(), FOUND), True),
        ((*lost(), VOID), True),
    ],
)
def test_a_refund_waits_for_its_debit(journal, debits, may):
    refund = EntryAdded("r", EntryKind.REFUND, "main", TOKEN, 250, refers_to="d1", state=PARKED, words="?")
    write(journal, debit(), *debits, refund)
    retry = PersonDecided("r", "retry", "Ada", "it did not come out")
    if may:
        journal.commit([retry], NOW)
        assert journal.entry("r").state is QUEUED
    else:
        with pytest.raises(DecisionRefused, match="settle entry 1 first"):
            journal.commit([retry], NOW)
        assert journal.entry("r").state is PARKED
        journal.commit([PersonDecided("r", "void", "Ada", "it came out")], NOW)
    assert journal.verify() == []


# -- everything that can happen ------------------------------------------------------------------------

outcomes = st.sampled_from(Outcome)
states = st.sampled_from([QUEUED, UNKNOWN, PARKED])
FACTS = st.one_of(
    st.builds(AttemptStarted, st.just("d1"), st.sampled_from([None, BEFORE])),
    st.builds(AttemptStarted, st.just("d1"), st.sampled_from([None, BEFORE])),
    st.builds(
        lambda outcome, state, reference: AttemptEnded(
            "d1",
            outcome,
            EntryState.DELIVERED if outcome is Outcome.DELIVERED else state,
            reference=reference,
        ),
        outcomes,
        states,
        st.sampled_from(["", "B-1"]),
    ),
    st.builds(EntryParked, st.just("d1"), st.sampled_from([UNKNOWN, PARKED]), st.just("?")),
    st.sampled_from([FOUND, RETRY, VOID, NOTHING, EntryFreed("d1")]),
)
# Tries that end unknown come most often: everything here is about them.
HISTORIES = st.lists(st.one_of(st.just(lost("d1", QUEUED)), FACTS.map(lambda fact: (fact,))), max_size=9)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=st.lists(HISTORIES, min_size=4, max_size=12))
def test_whatever_happens_follows_and_an_older_journal_comes_to_the_same(tmp_path_factory, histories):
    path = tmp_path_factory.mktemp("any") / "journal.db"
    with Journal.open(path, KEY, boot="b") as journal:
        for number, history in enumerate(histories):
            key = f"d{number}"
            journal.commit([debit(key, held=number % 3 == 0, payload=Booked("books"))], NOW, durable=False)
            for fact in (replace(each, key=key) for each in (fact for facts in history for fact in facts)):
                decide(journal, fact)
        assert journal.verify() == []
    with closing(sqlite3.connect(path)) as db:
        # As a journal of schema 5 has it: nobody has noted when bytes last left.
        kept = db.execute("SELECT seq, sent FROM entries ORDER BY seq").fetchall()
        db.execute("UPDATE entries SET sent = NULL")
        db.execute([*migrate.statements(migrate.read("0006_evidence.sql"))][-1])
        assert db.execute("SELECT seq, sent FROM entries ORDER BY seq").fetchall() == kept


def decide(journal, fact):
    """Commit *fact*; a person's decision is done, or refused in words and changes nothing."""
    before = journal.entry(fact.key)
    person = isinstance(fact, PersonDecided)
    try:
        journal.commit([fact], NOW, durable=False)
    except DecisionRefused:
        assert person
        assert journal.entry(fact.key) == before
        settled = before.state in (EntryState.DELIVERED, EntryState.VOIDED, EntryState.SENDING)
        assert settled or (fact.action == "delivered" and not before.in_doubt)
        return
    except NotQueued:
        assert isinstance(fact, AttemptStarted)
        return
    after = journal.entry(fact.key)
    if person:
        result = {"delivered": EntryState.DELIVERED, "retry": QUEUED, "void": EntryState.VOIDED}[fact.action]
        assert after.state is result
        kept = fact.action == "void" or (before.state is QUEUED and fact.action == "retry")
        assert after.sent == (before.sent if kept else None)
