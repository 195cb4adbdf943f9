"""Every released journal opens, and two roads lead to one schema."""

import sqlite3
from pathlib import Path

import pytest

from terminal.core.delivery import Outcome
from terminal.core.events import Ended
from terminal.core.facts import (
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryState,
    PersonDecided,
    ReleaseSettled,
)
from terminal.core.payload import Booked, Closed
from terminal.journal import Journal, migrate
from tests.core.report_samples import WHOLE
from tests.journal.closing import at, closed
from tests.journal.making import KEY, NOW, debit, delivered, ended

RELEASED = sorted((Path(__file__).parent / "databases").glob("v*.sql"))
ACCEPTED = {"v1": 250, "v2": 250, "v3": 800, "v4": 800, "v5": 800, "v6": 800, "v7": 800}


def schema(path):
    db = sqlite3.connect(path)
    found = set(db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))
    version = db.execute("PRAGMA user_version").fetchone()
    notes = [name for (name,) in db.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]
    db.close()
    return found, version, notes


def restore(dump, path):
    db = sqlite3.connect(path)
    db.executescript(dump.read_text(encoding="utf-8"))
    db.close()


def test_every_schema_has_a_released_journal():
    assert [dump.stem for dump in RELEASED] == [f"v{number}" for number in range(1, migrate.LATEST + 1)]
    assert len(list((Path(migrate.__file__).parent / "migrations").glob("*.sql"))) == migrate.LATEST


@pytest.mark.parametrize("dump", RELEASED, ids=lambda dump: dump.stem)
def test_a_released_journal_opens_and_goes_on(dump, path, tmp_path):
    restore(dump, path)
    with Journal.open(path, KEY, boot="b") as journal:
        assert journal.set_aside is None
        assert journal.verify() == []
        last = journal.entries(limit=1)[0]
        assert {state for state, count in journal.counts().items() if count} == set(EntryState)
        assert journal.books().accepted == ACCEPTED[dump.stem]
        journal.commit([debit("new")], NOW)
        assert journal.entry("new").seq > last.seq
        assert journal.verify() == []
    fresh = tmp_path / "fresh.db"
    Journal.open(fresh, KEY, boot="b").close()
    assert schema(path) == schema(fresh)


@pytest.mark.parametrize("dump", RELEASED, ids=lambda dump: dump.stem)
def test_what_was_open_in_a_released_journal_is_settled_and_what_is_sold_then_is_recorded(dump, path):
    restore(dump, path)
    with Journal.open(path, KEY, boot="b") as journal:
        for release in journal.open_releases():
            journal.commit([ReleaseSettled(release.release, Ended.UNKNOWN, "restarted")], NOW)
        for entry in journal.sending():
            journal.commit([ended(entry.key, Outcome.UNKNOWN, EntryState.UNKNOWN)], NOW)
        journal.commit([EntryFreed(entry.key) for entry in journal.held()], NOW)
        report = EntryAdded("z", EntryKind.REPORT, "books", None, 0, payload=Closed(WHOLE))
        journal.commit([debit("new", payload=Booked("books")), *delivered("new"), report], NOW)
        for entry in [*journal.entries(EntryState.UNKNOWN), *journal.entries(EntryState.PARKED)]:
            by_hand = entry.kind in (EntryKind.UNCLAIMED, EntryKind.REFUND) and entry.token is None
            action = "void" if by_hand else "retry"
            journal.commit([PersonDecided(entry.key, action, "Ada", "looked")], NOW)
        while lanes := journal.pending_lanes():
            for lane in lanes:
                journal.commit(delivered(journal.next_in_lane(lane).key), NOW)
        for entry in journal.entries(EntryState.PARKED):  # what a card has paid for nothing
            assert (entry.kind, entry.token) == (EntryKind.REFUND, None)
            journal.commit([PersonDecided(entry.key, "void", "Ada", "given back")], NOW)
        assert {state for state, count in journal.counts().items() if count} == {
            EntryState.DELIVERED,
            EntryState.VOIDED,
        }
        assert journal.entry("new-record").state is EntryState.DELIVERED
        before = journal.last_report()
        assert closed(journal, at(60)).number == (before.number if before else 0) + 1
        assert journal.verify() == []


def test_steps_one_by_one_lead_to_the_same_schema(path, tmp_path):
    Journal.open(path, KEY, boot="b").close()
    stepwise = tmp_path / "stepwise.db"
    for number in range(1, migrate.LATEST + 1):
        db = sqlite3.connect(stepwise, isolation_level=None)
        migrate.migrate(db, number)
        assert migrate.version(db) == number
        migrate.migrate(db, number)
        db.close()
    assert schema(stepwise) == schema(path)


def test_a_step_and_its_note_are_one_transaction(path, monkeypatch):
    whole = migrate.read("0001_initial.sql")
    monkeypatch.setattr(migrate, "read", lambda _: whole + "CREATE TABLE meta (twice);\n")
    db = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrate.migrate(db)
    assert migrate.version(db) == 0
    assert db.execute("SELECT name FROM sqlite_schema WHERE name = 'entries'").fetchall() == []
    assert db.execute("SELECT name FROM _sqlite_migrations").fetchall() == []
    db.close()
    monkeypatch.undo()
    with Journal.open(path, KEY, boot="b") as journal:
        journal.commit([debit()], NOW)
        assert journal.verify() == []
