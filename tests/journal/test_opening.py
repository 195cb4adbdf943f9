"""Opening: one daemon, a damaged file, another key, a newer version, and what a start may cost."""

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from terminal.core.facts import EntryParked, EntryState
from terminal.core.stamp import Stamp
from terminal.journal import Journal, JournalReader, boot, load_or_create_key, opening
from terminal.journal.connect import connect_to_write
from terminal.journal.errors import (
    JournalDamaged,
    JournalError,
    JournalInUse,
    JournalKeyWrong,
    JournalTooNew,
    JournalUnwritable,
)
from tests.journal.making import KEY, NOW, debit, delivered


def fill(path, count=200):
    with Journal.open(path, KEY, boot="b") as journal:
        journal.commit(
            [fact for number in range(count) for fact in (debit(f"k{number}"), *delivered(f"k{number}"))], NOW
        )
    return path


def test_files_are_for_the_owner_and_readable_for_the_group(path):
    old = os.umask(0o077)
    try:
        with Journal.open(path, KEY, boot="b") as journal:
            journal.commit([debit()], NOW)
            modes = {name.name: stat.S_IMODE(name.stat().st_mode) for name in path.parent.iterdir()}
    finally:
        os.umask(old)
    assert {modes[name] for name in ("journal.db", "journal.db-wal", "journal.db-shm")} == {0o640}
    assert not [name for name, mode in modes.items() if mode & 0o007]


def test_a_second_daemon_is_refused_and_told_which_one_is_there(journal, path):
    code = (
        "import sys; from pathlib import Path; from terminal.journal import Journal\n"
        "from terminal.journal.errors import JournalInUse\n"
        f"try: Journal.open(Path({str(path)!r}), {KEY!r}, boot='b')\n"
        "except JournalInUse as error: print(error); sys.exit(7)\n"
    )
    second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert second.returncode == 7, second.stderr
    assert f"process {os.getpid()})" in second.stdout
    journal.commit([debit()], NOW)
    journal.close()
    Journal.open(path, KEY, boot="b").close()


def test_a_refused_open_leaves_the_lock_free(path):
    fill(path)
    with pytest.raises(JournalKeyWrong):
        Journal.open(path, b"x" * 32, boot="b")
    with Journal.open(path, KEY, boot="b") as journal, pytest.raises(JournalInUse):
        Journal.open(path, KEY, boot=journal.path.name)


def test_another_key_is_refused_and_nothing_is_changed(path):
    fill(path)
    before = path.read_bytes()
    with pytest.raises(JournalKeyWrong, match="another key"):
        Journal.open(path, b"x" * 32, boot="b")
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="16 to 64"):
        Journal.open(path, b"short", boot="b")


def test_a_newer_journal_is_refused(path):
    fill(path)
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 999")
    db.close()
    with pytest.raises(JournalTooNew, match="schema 999"):
        Journal.open(path, KEY, boot="b")
    with pytest.raises(JournalTooNew, match="schema 999"):
        JournalReader(path)


def test_a_reader_of_an_older_schema_says_what_to_do(path):
    sqlite3.connect(path).close()
    path.write_bytes(b"")
    with pytest.raises(JournalError, match="start terminald once"):
        JournalReader(path)


RUIN = {
    "no database": lambda path: path.write_bytes(b"this is no database, it is a shopping list" * 100),
    "head overwritten": lambda path: overwrite(path, 0, b"\0" * 100),
    "pages overwritten": lambda path: overwrite(path, 4096, os.urandom(40_000)),
    "cut off": lambda path: os.truncate(path, path.stat().st_size // 2),
}


def overwrite(path, offset, content):
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


@pytest.mark.parametrize("ruin", RUIN)
def test_a_damaged_journal_is_set_aside_and_the_sequence_goes_on(path, ruin):
    fill(path)
    RUIN[ruin](path)
    content = path.read_bytes()
    with Journal.open(path, KEY, boot="b") as journal:
        aside = path.with_name("journal.db.damaged-1")
        assert aside.read_bytes() == content
        assert str(aside) in journal.set_aside
        assert journal.counts()[EntryState.DELIVERED] == 0
        journal.commit([debit()], NOW)
        assert journal.entry("d1").seq > 600
        assert f"number {journal.entry('d1').seq}" in journal.set_aside
        assert journal.verify() == []
    with Journal.open(path, KEY, boot="b") as journal:
        assert journal.set_aside is None


def test_damage_twice_without_the_note_of_numbers_reuses_none(path):
    numbers = []
    for _ in range(3):
        with Journal.open(path, KEY, boot="b") as journal:
            journal.commit([debit(), debit("d2")], NOW)
            numbers += [entry.seq for entry in reversed(journal.entries())]
        path.with_name("journal.db.seq").write_text("garbled")
        RUIN["no database"](path)
    assert numbers == sorted(set(numbers))
    assert sorted(name.name for name in path.parent.glob("*.damaged-*")) == [
        "journal.db.damaged-1",
        "journal.db.damaged-2",
    ]


def test_numbers_are_reserved_before_they_are_used(path):
    with Journal.open(path, KEY, boot="b") as journal:
        for batch in range(3):
            journal.commit([debit(f"{batch}-{number}") for number in range(5_000)], NOW)
            assert boot.reserved(path) >= journal.entries(limit=1)[0].seq
        journal.maintain()
        assert boot.reserved(path) >= 15_000 + boot.RESERVE // 2


def test_the_damaged_file_is_never_a_healthy_one(path):
    fill(path)
    for _ in range(3):
        with Journal.open(path, KEY, boot="b") as journal:
            assert journal.set_aside is None
            assert journal.counts()[EntryState.DELIVERED] == 200


def test_a_large_file_after_a_clean_stop_is_checked_in_the_background(path, monkeypatch):
    monkeypatch.setattr(boot, "_SMALL", 1)
    fill(path)
    overwrite(path, path.stat().st_size // 2, b"\xff" * 3000)
    with Journal.open(path, KEY, boot="b") as journal:
        assert journal.set_aside is None
        with pytest.raises(JournalDamaged, match="is damaged"):
            journal.maintain()


def test_a_large_file_after_a_crash_is_checked_at_once(path, monkeypatch):
    monkeypatch.setattr(boot, "_SMALL", 1)
    fill(path)
    overwrite(path, path.stat().st_size // 2, b"\xff" * 3000)
    path.with_name("journal.db-wal").write_bytes(b"left behind")
    with Journal.open(path, KEY, boot="b") as journal:
        assert "set aside" in journal.set_aside


# -- damage that is met while the journal is used ------------------------------------------------------


def large(path, monkeypatch):
    """A journal that a start after a clean stop trusts, with damage in the middle."""
    monkeypatch.setattr(boot, "_SMALL", 1)
    fill(path, 2_000)
    overwrite(path, path.stat().st_size // 2, b"\xff" * 64 * 1024)
    return path


def maintains(journal):
    journal.maintain()


def reads(journal):
    for number in range(2_000):
        journal.entry(f"k{number}")


def writes(journal):
    for number in range(2_000):
        journal.commit([EntryParked(f"k{number}", EntryState.PARKED, "x")], NOW)


def backs_up(journal):
    journal.backup(journal.path.with_name("copy.db"))


@pytest.mark.parametrize("meet", [maintains, reads, writes, backs_up])
def test_damage_that_was_met_is_set_aside_by_the_start_after_a_clean_stop(path, monkeypatch, meet):
    large(path, monkeypatch)
    with Journal.open(path, KEY, boot="b") as journal:
        assert journal.set_aside is None
        with pytest.raises(JournalDamaged, match=r"is damaged .* Restart terminald"):
            meet(journal)
    assert not path.with_name("journal.db-wal").exists(), "the stop was clean"
    with Journal.open(path, KEY, boot="b") as journal:
        assert "set aside as" in journal.set_aside
        assert "Restart" not in journal.set_aside, "that is done"
        assert path.with_name("journal.db.damaged-1").exists()
        journal.commit([debit()], NOW)
        assert journal.entry("d1").seq > 6_000
    with Journal.open(path, KEY, boot="b") as journal:
        assert journal.set_aside is None
        assert journal.entry("d1") is not None
    assert not path.with_name("journal.db.check").exists()


def test_a_journal_that_turns_out_to_be_whole_stays_and_is_trusted_again(path, monkeypatch):
    """A bad contact of the card, not a bad page: the damage was in what was read, and is gone."""
    large(path, monkeypatch)
    ruined = path.read_bytes()
    path.unlink()
    whole = fill(path, 2_000).read_bytes()
    path.write_bytes(ruined)
    with Journal.open(path, KEY, boot="b") as journal, pytest.raises(JournalDamaged):
        journal.maintain()
    path.write_bytes(whole)
    assert boot.checked_now(path)
    with Journal.open(path, KEY, boot="b") as journal:
        assert journal.set_aside is None
        assert journal.counts()[EntryState.DELIVERED] == 2_000
    assert not boot.checked_now(path)


@pytest.mark.parametrize("steps", range(6))
def test_a_power_cut_at_any_step_of_setting_aside_leaves_no_damaged_file_in_use(path, monkeypatch, steps):
    large(path, monkeypatch)
    path.with_name("journal.db-wal").write_bytes(b"left behind")
    left_open = []  # closing one would tidy up, as no power cut does
    with monkeypatch.context() as patch:
        cut_after(patch, steps)
        patch.setattr(
            opening, "connect_to_write", lambda name: left_open.append(connect_to_write(name)) or left_open[-1]
        )
        with pytest.raises(PowerCutError):
            Journal.open(path, KEY, boot="b")
    with Journal.open(path, KEY, boot="b") as journal:
        assert journal.verify() == []
        journal.commit([debit()], NOW)
        assert journal.entry("d1").seq > 6_000
    with Journal.open(path, KEY, boot="b") as journal:
        assert journal.entry("d1") is not None
    (aside,) = path.parent.glob("journal.db.damaged-?")
    assert b"\xff" * 64 * 1024 in aside.read_bytes()
    for db in left_open:
        db.close()


class PowerCutError(BaseException):
    """Nothing after it happens: no ``except Exception`` catches it."""


def cut_after(monkeypatch, steps):
    """End the process, as it were, at the step of that number of those that change names in the directory."""
    left = [steps]

    def limited(change):
        def step(*args, **options):
            if left[0] == 0:
                raise PowerCutError
            left[0] -= 1
            return change(*args, **options)

        return step

    for name in ("rename", "unlink"):
        monkeypatch.setattr(Path, name, limited(getattr(Path, name)))
    monkeypatch.setattr(opening, "create", limited(opening.create))


def test_a_disk_that_refuses_the_note_is_in_the_log_and_the_damage_is_told_all_the_same(
    path, monkeypatch, caplog
):
    large(path, monkeypatch)
    with Journal.open(path, KEY, boot="b") as journal:
        path.with_name("journal.db.check.new").mkdir()
        with pytest.raises(JournalDamaged):
            journal.maintain()
    assert "that cannot be noted (Is a directory)" in caplog.text


def test_a_boot_in_1970_harms_nothing(path):
    with Journal.open(path, KEY, boot="b1") as journal:
        journal.commit([debit("a")], NOW)
    with Journal.open(path, KEY, boot="b2") as journal:
        at = Stamp(wall_ms=17, mono_ms=3, boot="b2", synced=False)
        journal.commit([debit("b")], at)
        assert [entry.key for entry in journal.entries()] == ["b", "a"]
        assert journal.next_in_lane(debit().token).key == "a"
        assert journal.exposure(debit().token, at).oldest_ms is None
        assert journal.oldest_queued() == NOW
        assert journal.verify() == []


def test_no_directory(tmp_path):
    with pytest.raises(JournalUnwritable, match="does not exist"):
        Journal.open(tmp_path / "nowhere" / "journal.db", KEY, boot="b")


# -- the key -------------------------------------------------------------------------------------------


def test_a_key_is_made_once(tmp_path):
    path = tmp_path / "key"
    key = load_or_create_key(path)
    assert len(key) == 32
    assert load_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [name.name for name in tmp_path.iterdir()] == ["key"]
    assert load_or_create_key(tmp_path / "other") != key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_may_touch_is_refused(tmp_path, mode):
    path = tmp_path / "key"
    load_or_create_key(path)
    path.chmod(mode)
    with pytest.raises(JournalError, match="0600"):
        load_or_create_key(path)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_what_is_no_key_is_refused(tmp_path, content):
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(JournalError, match="no key"):
        load_or_create_key(path)


def test_a_key_that_cannot_be_made(tmp_path):
    with pytest.raises(JournalError, match="cannot be made"):
        load_or_create_key(tmp_path / "nowhere" / "key")
