"""What a technician reads of the journal's tables: all of it, in order, nothing that is secret."""

import sqlite3
import subprocess
import sys
import tracemalloc
from contextlib import closing

import pytest

from terminal.core.delivery import Outcome
from terminal.core.events import Ended
from terminal.core.facts import (
    BoxEmptied,
    CashKind,
    CoinNotCredited,
    EntryParked,
    EntryState,
    PayoutIntended,
    PersonDecided,
    ReleaseIntended,
    ReleaseKind,
    ReleaseSettled,
    SaleReported,
    SessionClosed,
    SessionOpened,
)
from terminal.core.value import replace
from terminal.journal import Journal, technician
from terminal.journal.errors import JournalDamaged, JournalError, JournalTooNew, JournalUnwritable
from tests.journal.making import (
    ESPRESSO,
    KEY,
    NOW,
    TOKEN,
    coin,
    credit,
    debit,
    delivered,
    ended,
    started,
    taken,
    unclaimed,
)

AT = "2027-01-15T08:00:00+00:00"
WHEN = {"at": AT, "clock_synchronised": True}


def read(path, what, since_ms=None):
    found = list(technician.rows(path, what, since_ms))
    assert technician.count(path, what, since_ms) == len(found)
    return found


def fill(journal):
    """One thing of every kind: a sale, coins that were credited, coins that were not, a strange signal."""
    journal.commit([debit(held=True), ReleaseIntended("r1", ReleaseKind.VEND, "d1", "relay", "Espresso")], NOW)
    journal.commit([ReleaseSettled("r1", Ended.UNKNOWN, "no answer")], NOW)
    journal.commit([started(), ended(outcome=Outcome.REFUSED, state=EntryState.PARKED, status=422)], NOW)
    journal.commit([PersonDecided("d1", "void", "Ada", "booked by hand")], NOW)
    journal.commit([SessionOpened("s1", None), coin(200, counter=7), SessionOpened("s1", TOKEN)], NOW)
    journal.commit([credit(session="s1"), taken(CashKind.CREDITED, 200, key="c1")], NOW)
    journal.commit(delivered("c1"), NOW)
    journal.commit([SessionClosed("s1", "credited"), CoinNotCredited("acceptor", 9, "too many pulses")], NOW)
    journal.commit([BoxEmptied("acceptor", 1, 200, "Ada"), SaleReported("machine", "12", 150)], NOW)
    journal.commit([unclaimed("t1", 0), PayoutIntended("p1", "hopper", 50, "7", key="t1")], NOW)


def test_entries(journal, path):
    fill(journal)
    sale, topup, _trial = read(path, "entries")
    assert sale == {
        "seq": 1,
        "created": AT,
        "clock_synchronised": True,
        "kind": "debit",
        "state": "voided",
        "amount_cents": 250,
        "token": "…E5F6",
        "backend": "main",
        "pieces": "Espresso",
        "description": "Espresso",
        "tag": "coffee",
        "key": "d1",
        "refers_to": None,
        "attempts": 1,
        "first_attempted": None,
        "words": "Voided by Ada: booked by hand",
        "reference": "",
        "code": None,
        "staff": "-",
    }
    assert (topup["kind"], topup["pieces"], topup["first_attempted"]) == ("credit", "", AT)


def test_several_pieces_are_named_one_by_one(journal, path):
    journal.commit([replace(debit(), pieces=(ESPRESSO, ESPRESSO))], NOW)
    assert read(path, "entries")[0]["pieces"] == "Espresso, Espresso"


def test_attempts_and_decisions_name_their_entry(journal, path):
    fill(journal)
    begun, refused, *_ = read(path, "attempts")
    assert begun["outcome"] == "started"
    assert refused == {
        "seq": begun["seq"] + 1,
        **WHEN,
        "entry": 1,
        "outcome": "refused",
        "state": "parked",
        "http_status": 422,
        "balance_cents": None,
        "words": "",
        "before": None,
        "reference": None,
    }
    (void,) = read(path, "decisions")
    assert (void["entry"], void["action"], void["by"], void["words"]) == (1, "void", "Ada", "booked by hand")


def test_what_the_terminal_decided_is_told_as_its_own(journal, path):
    journal.commit([debit(), EntryParked("d1", EntryState.UNKNOWN, "it was being sent")], NOW)
    (park,) = read(path, "decisions")
    assert (park["by"], park["action"], park["state"]) == ("terminal", "park", "unknown")


def test_releases_tell_what_was_intended_and_how_it_ended(journal, path):
    fill(journal)
    intended, settled = read(path, "releases")
    assert intended == {
        "seq": 2,
        **WHEN,
        "entry": 1,
        "release": "r1",
        "kind": "vend",
        "device": "relay",
        "detail": "Espresso",
        "event": "intended",
        "settled_by": settled["seq"],
        "words": "",
    }
    assert (settled["event"], settled["words"], settled["settled_by"]) == ("unknown", "no answer", None)


def test_cash_and_sessions_meet_in_the_number_of_the_session(journal, path):
    fill(journal)
    opened, claimed, closed = read(path, "sessions")
    assert [each["event"] for each in (opened, claimed, closed)] == ["opened", "claimed", "closed"]
    assert {each["session"] for each in (opened, claimed, closed)} == {opened["seq"]}
    assert (opened["token"], claimed["token"]) == ("-", "…E5F6")
    assert (opened["closed_by"], closed["reason"]) == (closed["seq"], "credited")
    came, went = read(path, "cash")
    assert came == {
        "seq": came["seq"],
        **WHEN,
        "session": opened["seq"],
        "kind": "in",
        "amount_cents": 200,
        "device": "acceptor",
        "counter": 7,
        "entry": None,
        "place": "box",
    }
    topup = read(path, "entries")[1]
    assert (went["amount_cents"], went["entry"], went["session"]) == (-200, topup["seq"], opened["seq"])


def test_signals_that_were_no_coin(journal, path):
    fill(journal)
    (fault,) = read(path, "coin_faults")
    assert (fault["device"], fault["pulses"], fault["words"]) == ("acceptor", 9, "too many pulses")


@pytest.mark.parametrize("what", technician.TABLES)
def test_no_row_holds_a_uid_or_what_is_the_programs_own(journal, path, what):
    fill(journal)
    found = read(path, what)
    assert found
    for row in found:
        assert list(row) == list(technician.TABLES[what])
        assert not {"hash", "lane", "boot", "mono_ms", "wall_ms"} & set(row)
        assert all(isinstance(value, int | str | None) for value in row.values())
        assert TOKEN not in str(row)
        assert NOW.boot not in row.values()


@pytest.mark.parametrize("what", technician.TABLES)
def test_an_empty_table_gives_nothing(journal, path, what):
    assert read(path, what) == []


def test_a_clock_that_was_not_right_is_marked(journal, path):
    journal.commit([debit()], replace(NOW, wall_ms=5_000, synced=False))
    (row,) = read(path, "entries")
    assert (row["created"], row["clock_synchronised"]) == ("1970-01-01T00:00:05+00:00", False)


def test_since_is_a_moment_of_the_wall_clock(journal, path):
    for number in range(4):
        journal.commit([debit(f"d{number}")], replace(NOW, wall_ms=NOW.wall_ms + number))
    assert [row["key"] for row in read(path, "entries", NOW.wall_ms + 2)] == ["d2", "d3"]
    assert len(read(path, "entries", 0)) == 4


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 7])
def test_pages_are_joined_without_a_seam(journal, path, monkeypatch, rows):
    monkeypatch.setattr(technician, "_PAGE", 3)
    journal.commit([debit(f"d{number}") for number in range(rows)], NOW)
    assert [row["key"] for row in read(path, "entries")] == [f"d{number}" for number in range(rows)]


def test_a_reader_that_pauses_holds_up_neither_writer_nor_checkpoint(journal, path, monkeypatch):
    monkeypatch.setattr(technician, "_PAGE", 2)
    journal.commit([debit(f"d{number}") for number in range(3)], NOW)
    rows = technician.rows(path, "entries")
    first = next(rows)
    journal.commit([debit("later")], NOW)
    with closing(sqlite3.connect(path)) as db:
        busy, frames, moved = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert (busy, frames, moved) == (0, 0, 0)
    assert [row["key"] for row in (first, *rows)] == ["d0", "d1", "d2", "later"]


def test_many_rows_do_not_need_much_memory(journal, path):
    journal.commit([debit(f"d{number}") for number in range(5_000)], NOW)
    list(technician.rows(path, "coin_faults"))  # what is imported late is not what is measured
    tracemalloc.start()
    try:
        assert sum(1 for _ in technician.rows(path, "entries")) == 5_000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2_000_000  # all of them at a time take more than 5 MB


def test_without_a_daemon(journal, path):
    fill(journal)
    journal.close()
    assert len(read(path, "entries")) == 3


def test_nothing_is_written(journal, path):
    fill(journal)
    journal.close()
    before = path.read_bytes()
    path.chmod(0o400)
    for what in technician.TABLES:
        read(path, what)
    assert path.read_bytes() == before


def test_what_cannot_be_read_is_a_sentence(tmp_path, journal, path):
    with pytest.raises(JournalUnwritable, match="cannot be opened"):
        technician.count(tmp_path / "none.db", "cash")
    ruin = tmp_path / "ruin.db"
    ruin.write_bytes(b"no database" * 1000)
    with pytest.raises(JournalDamaged, match="is damaged"):
        list(technician.rows(ruin, "cash"))
    journal.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 999")
    with pytest.raises(JournalTooNew, match="newer version"):
        technician.count(path, "cash")


def test_a_page_that_is_damaged_in_the_middle_is_a_sentence(journal, path):
    journal.commit([debit(f"d{number}", token=f"{number:014}") for number in range(2_000)], NOW)
    journal.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 1024 * 1024
    content[middle : middle + 64 * 1024] = b"\xff" * 64 * 1024
    path.write_bytes(content)
    with pytest.raises(JournalError, match="is damaged"):
        list(technician.rows(path, "entries"))


def test_the_daemon_starts_without_it(path):
    Journal.open(path, KEY, boot="b").close()
    code = "import sys, terminal.daemon.wiring; sys.exit('terminal.journal.technician' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_books_miss_nothing_until_somebody_edits_them(journal, path):
    fill(journal)
    journal.commit([SessionOpened("s2", None), coin(100, "s2")], NOW)
    journal.commit([unclaimed(amount=100, session="s2"), taken(CashKind.UNCLAIMED, 100, "s2", "u1")], NOW)
    assert journal.books().missing == 0
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE entries SET amount = 30 WHERE key = 'u1'")
    assert journal.books().missing == 70
