"""A migration that is cut off: after a power cut, a kill or a failure there is the one schema or the other."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from terminal.journal import Journal, migrate
from terminal.journal.connect import connect_to_write
from terminal.journal.errors import JournalUnwritable
from tests.journal.making import KEY
from tests.journal.test_migrations import RELEASED, restore, schema

OLDER = RELEASED[:-1]
NEWS = {
    2: ("0003_tickets.sql", "SELECT payload FROM entries", "payload"),
    3: ("0004_reports.sql", "SELECT number FROM reports", "reports"),
    4: ("0005_records.sql", "SELECT settings FROM settings_told", "settings_told"),
    5: ("0006_evidence.sql", "SELECT told FROM attempts", "told"),
    6: (
        "0007_payments.sql",
        "SELECT seq FROM entries INDEXED BY entries_payments WHERE kind = 'payment'",
        "entries_payments",
    ),
}
"""What comes to each older schema first, a question that only the newer one can answer, and what it lacks."""
STEPS = {number: list(migrate.statements(migrate.read(name))) for number, (name, _, _) in NEWS.items()}
CUTS = [(number, step) for number, steps in STEPS.items() for step in range(len(steps) + 1)]
FRAME_HEAD = 24
LOG_HEAD = 32


def told(path):
    """The rows of every table of facts, as an older version reads them."""
    with closing(sqlite3.connect(path)) as db:
        tables = db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%migrations'"
        )
        return {name: db.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables}  # noqa: S608


def version_of(path):
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return migrate.version(db)


def opens_whole(path):
    with Journal.open(path, KEY, boot="b") as journal:
        assert journal.set_aside is None
        assert journal.verify() == []
    assert version_of(path) == migrate.LATEST


@pytest.mark.parametrize(("number", "step"), CUTS)
def test_a_failure_at_any_step_leaves_the_schema_as_it_was(path, monkeypatch, number, step):
    restore(OLDER[number - 1], path)
    _, question, lack = NEWS[number]
    before, rows = schema(path), told(path)
    cut = [*STEPS[number][:step], "INSERT INTO nowhere VALUES (1)", *STEPS[number][step:]]
    with closing(connect_to_write(path)) as db:
        with monkeypatch.context() as patch:
            patch.setattr(migrate, "statements", lambda _: iter(cut))
            with pytest.raises(sqlite3.OperationalError, match="nowhere"):
                migrate.migrate(db)
        assert schema(path) == before
        assert told(path) == rows
        # The connection itself believes in the old schema, too, and can do it after all.
        with pytest.raises(sqlite3.OperationalError, match=lack):
            db.execute(question)
        migrate.migrate(db)
        db.execute(question)
    opens_whole(path)


@pytest.mark.parametrize(("number", "step"), CUTS)
def test_a_kill_at_any_step_leaves_the_schema_as_it_was(path, number, step):
    restore(OLDER[number - 1], path)
    before, rows = schema(path), told(path)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "tests.journal.migrator", path, str(step)]
    killed = subprocess.run(command, check=False, env=environment, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert schema(path) == before
    assert told(path) == rows
    opens_whole(path)


@pytest.mark.parametrize("dump", OLDER, ids=lambda dump: dump.stem)
def test_a_power_cut_that_keeps_any_part_of_the_log_leaves_a_whole_journal(dump, tmp_path, path):
    restore(dump, path)
    begun = version_of(path)
    with closing(connect_to_write(path)) as db:
        migrate.migrate(db)
        page = db.execute("PRAGMA page_size").fetchone()[0]
        log = path.with_name(f"{path.name}-wal").read_bytes()
        file = path.read_bytes()
    frames = range(LOG_HEAD, len(log) + 1, FRAME_HEAD + page)
    cuts = sorted({0, 1, *frames, *(end - page // 2 for end in frames), len(log)})
    found = []
    for cut in cuts:
        copy = tmp_path / f"cut-{cut}.db"
        copy.write_bytes(file)
        copy.with_name(f"{copy.name}-wal").write_bytes(log[: max(0, cut)])
        shutil.copy(copy, seen := tmp_path / "seen.db")
        shutil.copy(f"{copy}-wal", f"{seen}-wal")
        found.append(version_of(seen))
        opens_whole(copy)
    assert found == sorted(found)
    assert set(found) == set(range(begun, migrate.LATEST + 1))


def test_a_million_entries_are_not_written_anew(path):
    """What is written does not grow with the journal."""
    with closing(connect_to_write(path)) as db:
        migrate.migrate(db, min(NEWS))
        db.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
            "INSERT INTO entries (seq, wall_ms, mono_ms, boot, synced, key, kind, backend, token, amount, "
            "pieces, description, tag, added_held, added_state, added_words, hash, state, held, words) "
            "SELECT i, 1, 1, 'b', 1, i, 'debit', 'main', 'A', 1, '[]', '', '', 0, 'queued', '', x'00', "
            "'delivered', 0, '' FROM n"
        )
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        migrate.migrate(db)
        assert path.with_name(f"{path.name}-wal").stat().st_size < 20_000 * len(NEWS)
        (sizes,) = db.execute("SELECT count(*) FROM entries WHERE payload IS NULL").fetchone()
        assert sizes == 20_000


def test_tables_that_somebody_altered_are_not_guessed_at(tmp_path, path):
    altered = tmp_path / "altered.sql"
    words = OLDER[1].read_text(encoding="utf-8")
    assert words.count("kind = 'refund' OR kind = 'unclaimed')") == 1
    altered.write_text(
        words.replace("kind = 'refund' OR kind = 'unclaimed')", "kind = 'refund' OR kind <> '')")
    )
    restore(altered, path)
    before = schema(path)
    with pytest.raises(JournalUnwritable, match="another program has altered them"):
        Journal.open(path, KEY, boot="b")
    assert schema(path) == before
