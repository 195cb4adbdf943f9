"""Backups while the terminal sells, and the upkeep in the background."""

import stat

import pytest

from terminal.core.facts import EntryState
from terminal.journal import Journal, JournalReader, verify_file
from terminal.journal.errors import JournalError
from tests.journal.making import KEY, NOW, debit


def test_a_backup_is_one_whole_file_of_one_moment(journal, path, tmp_path):
    journal.commit([debit(f"k{number}") for number in range(4_000)], NOW)
    copy = tmp_path / "copies" / "backup.db"
    copy.parent.mkdir()
    told = []

    def progress(done, total):
        journal.commit([debit(f"while {len(told)}")], NOW)
        told.append((done, total))

    journal.backup(copy, progress)
    assert len(told) > 1
    assert told[-1][0] == told[-1][1]
    assert [name.name for name in copy.parent.iterdir()] == ["backup.db"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o640
    assert verify_file(copy, KEY) == []
    with JournalReader(copy) as reader:
        assert reader.counts()[EntryState.QUEUED] == 4_000
    assert journal.counts()[EntryState.QUEUED] == 4_000 + len(told)
    with Journal.open(copy, KEY, boot="b") as restored:
        restored.commit([debit("new")], NOW)
        assert restored.verify() == []


def test_backups_rotate(journal, tmp_path):
    copy = tmp_path / "backup.db"
    for number in range(5):
        journal.commit([debit(f"k{number}")], NOW)
        journal.backup(copy, keep=3)
    kept = {}
    for name in tmp_path.glob("backup.db*"):
        with JournalReader(name) as reader:
            kept[name.name] = reader.counts()[EntryState.QUEUED]
    assert kept == {"backup.db": 5, "backup.db.1": 4, "backup.db.2": 3}
    with pytest.raises(ValueError, match="at least one"):
        journal.backup(copy, keep=0)


def test_a_backup_that_fails_leaves_the_older_ones(journal, tmp_path):
    journal.commit([debit()], NOW)
    copy = tmp_path / "backup.db"
    journal.backup(copy)
    before = copy.read_bytes()
    with pytest.raises(JournalError, match="The journal itself is well"):
        journal.backup(tmp_path / "nowhere" / "backup.db")
    (tmp_path / "backup.db.part").mkdir()
    with pytest.raises(JournalError, match="was not made"):
        journal.backup(copy)
    assert copy.read_bytes() == before
    assert not (tmp_path / "backup.db.1").exists()


def test_the_log_does_not_grow_when_it_is_looked_after(journal, path):
    wal = path.with_name("journal.db-wal")

    def sell(first):
        for number in range(first, first + 1_000):
            journal.commit([debit(f"k{number}")], NOW, durable=False)

    sell(0)
    journal.maintain()
    once = wal.stat().st_size
    for step in range(1, 4):
        sell(step * 1_000)
        journal.maintain()
    assert wal.stat().st_size < once * 2
    assert path.stat().st_size > 300_000


def test_a_log_that_nobody_looks_after_is_brought_in_by_a_commit(journal, path):
    journal.maintain()
    before = path.stat().st_size
    for batch in range(11):
        journal.commit([debit(f"{batch}-{number}") for number in range(2_000)], NOW, durable=False)
    assert path.stat().st_size > before + 1_000_000


def test_a_clean_stop_leaves_one_file_and_its_small_notes(path):
    with Journal.open(path, KEY, boot="b") as journal:
        journal.commit([debit()], NOW)
    assert sorted(name.name for name in path.parent.iterdir()) == [
        "journal.db",
        "journal.db.lock",
        "journal.db.report",
        "journal.db.seq",
    ]
