"""Every released journal opens, and two roads lead to one schema."""

import sqlite3
from pathlib import Path

import pytest

from terminal.core.facts import EntryState
from terminal.journal import Journal, migrate
from tests.journal.making import KEY, NOW, debit

RELEASED = sorted((Path(__file__).parent / "databases").glob("v*.sql"))
ACCEPTED = {"v1": 250, "v2": 250, "v3": 800, "v4": 800, "v5": 800}


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
