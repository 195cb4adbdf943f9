"""Full, read-only and failing disks: nothing is acknowledged that is not written, and it goes on afterwards."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from terminal.core.facts import EntryState
from terminal.journal import Journal, verify_file
from terminal.journal.errors import JournalUnwritable
from terminal.journal.group import Work
from tests.journal.making import KEY, NOW, debit, started


def run(module, *arguments):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", f"tests.journal.{module}", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_file_system_that_takes_no_more(path):
    ran = run("full_disk", path)
    assert ran.returncode == 0, ran.stderr
    assert "nothing is sold until" in ran.stdout
    assert verify_file(path, KEY) == []


@pytest.fixture
def full(journal):
    """A journal whose file may not grow: SQLite itself says that the disk is full."""
    journal.commit([debit("before")], NOW)
    (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
    journal._db.execute(f"PRAGMA max_page_count = {pages}")
    return journal


def test_a_full_disk_is_told_and_leaves_the_journal_as_it_was(full):
    keys, said = [], ""
    for number in range(100):
        try:
            full.commit([debit(f"k{number}"), started(f"k{number}")], NOW)
        except JournalUnwritable as error:
            said = str(error)
        else:
            keys.append(f"k{number}")
    assert "is full: free some space" in said
    assert len(keys) < 50
    assert [entry.key for entry in full.sending()] == keys
    assert full.verify() == []
    full._db.execute("PRAGMA max_page_count = 1000000")
    full.probe(NOW)
    full.commit([debit("after")], NOW)
    numbers = [entry.seq for entry in full.entries(limit=1000)]
    assert numbers == sorted(set(numbers), reverse=True)
    assert full.verify() == []


def test_a_full_disk_refuses_everybody_in_the_group(full):
    bulk = [debit(f"bulk {number}") for number in range(500)]
    batch = [Work(facts, NOW, urgent=False, durable=True) for facts in ([debit("a")], bulk, [debit("b")])]
    full._perform(batch)
    assert [type(work.error) for work in batch] == [JournalUnwritable] * 3
    assert len({id(work.error) for work in batch}) == 3
    assert full.counts()[EntryState.QUEUED] == 1
    assert full.verify() == []


def test_a_commit_that_fails_at_the_very_end(journal):
    """The statement COMMIT itself fails: a stand-in for a card that dies under the sync."""

    class Dying:
        def __init__(self, db):
            self.db = db

        def __getattr__(self, name):
            return getattr(self.db, name)

        def execute(self, sql, *values):
            if sql == "COMMIT":
                self.db.execute("ROLLBACK")
                raise sqlite3.OperationalError("disk I/O error")
            return self.db.execute(sql, *values)

    journal.commit([debit("before")], NOW)
    db = journal._db
    journal._db = Dying(db)
    with pytest.raises(JournalUnwritable, match="check the disk or the card"):
        journal.commit([debit("lost")], NOW)
    journal._db = db
    journal.commit([debit("after")], NOW)
    assert [entry.key for entry in journal.entries()] == ["after", "before"]
    assert journal.verify() == []


def test_a_disk_that_turns_read_only(journal):
    journal.commit([debit()], NOW)
    journal._db.execute("PRAGMA query_only = ON")
    with pytest.raises(JournalUnwritable, match="read-only"):
        journal.commit([debit("d2")], NOW)
    with pytest.raises(JournalUnwritable, match="read-only"):
        journal.probe(NOW)
    journal._db.execute("PRAGMA query_only = OFF")
    journal.probe(NOW)
    journal.commit([debit("d2")], NOW)
    assert journal.verify() == []


def test_a_program_that_keeps_the_file_locked(journal, path):
    journal._db.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalUnwritable, match="Another program"):
        journal.commit([debit()], NOW)
    other.execute("ROLLBACK")
    other.close()
    journal.commit([debit()], NOW)


def test_numbers_that_cannot_be_reserved_stop_the_commit(journal, path):
    path.with_name("journal.db.seq.new").mkdir()
    with pytest.raises(JournalUnwritable):
        journal.commit([debit(f"k{number}") for number in range(6_000)], NOW)
    assert journal.entries() == []
    path.with_name("journal.db.seq.new").rmdir()
    journal.commit([debit()], NOW)
    assert journal.verify() == []


WITHOUT_RIGHTS = """
import os, sys
from pathlib import Path
import sqlite_utils
from terminal.journal import Journal, JournalReader
from terminal.journal.errors import JournalError
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
path = Path(sys.argv[1])
try:
    if sys.argv[2] == "read":
        with JournalReader(path) as reader: print("read", len(reader.entries()))
    else:
        Journal.open(path, b"k" * 32, boot="b").close()
except JournalError as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def foreign():
    """A directory that the technician's group may read, and nobody but its owner may write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.getuid() == 0:
            os.chown(folder, 0, 65534)
        folder.chmod(0o2755)
        yield folder
        folder.chmod(0o755)


def as_technician(path, what):
    """Read or open the journal in a process that has no right to write it."""
    path.parent.chmod(0o2555)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", WITHOUT_RIGHTS, str(path), what]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    path.parent.chmod(0o2755)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_a_technician_reads_with_and_without_a_daemon(foreign):
    path = foreign / "journal.db"
    with Journal.open(path, KEY, boot="b") as journal:
        journal.commit([debit()], NOW)
        assert as_technician(path, "read") == "read 1"
    assert not path.with_name("journal.db-wal").exists()
    assert as_technician(path, "read") == "read 1"


def test_a_directory_that_cannot_be_written(foreign):
    said = as_technician(foreign / "journal.db", "open")
    assert said.startswith("JournalUnwritable")
    assert "cannot be written" in said


def test_a_file_that_cannot_be_written(foreign):
    path = foreign / "journal.db"
    Journal.open(path, KEY, boot="b").close()
    path.chmod(0o440)
    for suffix in (".lock", ".seq"):
        path.with_name(path.name + suffix).chmod(0o666)
    said = as_technician(path, "open")
    assert said.startswith("JournalUnwritable")
