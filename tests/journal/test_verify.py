"""Somebody with the file and a database program, but without the key, is found out."""

import shutil
import sqlite3

import pytest

from terminal.core.events import Ended
from terminal.core.facts import (
    CashKind,
    CoinNotCredited,
    EntryAbandoned,
    EntryFreed,
    EntryState,
    PersonDecided,
    ReleaseIntended,
    ReleaseKind,
    ReleaseSettled,
    SessionClosed,
    SessionOpened,
    WalletSeen,
)
from terminal.journal import Journal, chain, verify_file
from tests.journal.making import KEY, NOW, coin, credit, debit, delivered, lost, taken, unclaimed

FACTS = [
    debit("d1", held=True),  # 1
    ReleaseIntended("d1/0", ReleaseKind.VEND, "d1", "relay"),  # 2
    ReleaseSettled("d1/0", Ended.DONE),  # 3
    EntryFreed("d1"),  # 4
    *delivered("d1"),  # 5, 6
    SessionOpened("s1", None),  # 7
    coin(200),  # 8
    credit("c1"),  # 9
    taken(CashKind.CREDITED, 200, key="c1"),  # 10
    SessionClosed("s1", "credited"),  # 11
    CoinNotCredited("acceptor", 11, "?"),  # 12
    debit("d2"),  # 13
    *delivered("d2"),  # 14, 15
    EntryAbandoned("d2", "nothing"),  # 16, refund 17
    SessionOpened("s2", None),  # 18
    coin(50, "s2"),  # 19
    unclaimed("u1", amount=50),  # 20
    taken(CashKind.UNCLAIMED, 50, "s2", "u1"),  # 21
    PersonDecided("u1", "void", "Ada", "kept"),  # 22, written off 23
    debit("d3"),  # 24
    *lost("d3"),  # 25, 26
    WalletSeen("t", 5),
]
LAST = 26


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    path = tmp_path_factory.mktemp("original") / "journal.db"
    with Journal.open(path, KEY, boot="b") as journal:
        journal.commit(FACTS, NOW)
        assert journal.verify() == []
    return path


@pytest.fixture
def copy(original, tmp_path):
    return shutil.copy(original, tmp_path / "copy.db")


def after(copy, *statements):
    db = sqlite3.connect(copy)
    with db:
        for statement in statements:
            assert db.execute(statement).rowcount != 0
    db.close()
    return verify_file(copy, KEY)


def rows_of(path):
    db = sqlite3.connect(path)
    found = {
        seq: table
        for table in chain.CONTENT
        for (seq,) in db.execute(f"SELECT seq FROM {table}")  # noqa: S608
    }
    db.close()
    return found


def test_an_untouched_journal_is_whole_and_tells_how_far_it_is(copy):
    told = []
    assert verify_file(copy, KEY, lambda done, total: told.append((done, total))) == []
    assert told[-1] == (LAST, LAST)


@pytest.mark.parametrize("seq", range(1, LAST + 1))
def test_every_edited_row_is_named(copy, seq):
    table = rows_of(copy)[seq]
    findings = after(copy, f"UPDATE {table} SET wall_ms = wall_ms + 1 WHERE seq = {seq}")  # noqa: S608 - ours
    assert findings == [
        f"{table} {seq}: the row was edited after it was written, or put in the place of another."
    ]


@pytest.mark.parametrize(
    ("table", "seq", "edit"),
    [
        ("entries", 13, "amount = 1"),
        ("entries", 13, "token = '04FFFFFF'"),
        ("entries", 13, "key = 'other'"),
        ("entries", 1, "added_held = 0"),
        ("attempts", 26, "outcome = 'busy'"),
        ("attempts", 14, "entry = 24"),
        ("decisions", 22, "by = 'nobody'"),
        ("releases", 3, "ended = 'failed'"),
        ("cash", 8, "amount = 100"),
        ("sessions", 7, "token = 'A'"),
        ("coin_faults", 12, "pulses = 1"),
        ("attempts", 26, "hash = zeroblob(16)"),
    ],
)
def test_every_column_of_a_fact_is_covered(copy, table, seq, edit):
    findings = after(copy, f"UPDATE {table} SET {edit} WHERE seq = {seq}")  # noqa: S608 - ours
    assert any(finding.startswith(f"{table} {seq}: the row was edited") for finding in findings)


def test_swapped_rows_are_found(copy):
    findings = after(
        copy,
        "UPDATE cash SET seq = 1000 WHERE seq = 8",
        "UPDATE cash SET seq = 8 WHERE seq = 19",
        "UPDATE cash SET seq = 19 WHERE seq = 1000",
    )
    assert any(finding.startswith("cash 8:") for finding in findings)
    assert any(finding.startswith("cash 19:") for finding in findings)


@pytest.mark.parametrize("seq", [5, 8, 12, 22])
def test_a_removed_row_leaves_a_gap(copy, seq):
    findings = after(copy, f"DELETE FROM {rows_of(copy)[seq]} WHERE seq = {seq}")  # noqa: S608 - ours
    assert f"Row number {seq} is missing: removed. The row after it cannot be verified." in findings


def test_removed_rows_at_the_beginning_and_at_the_end(copy):
    findings = after(
        copy, "DELETE FROM attempts WHERE seq >= 25", "UPDATE entries SET state = 'queued' WHERE seq = 24"
    )
    assert "Rows number 25 to 26 are missing: removed. The row after them cannot be verified." in findings
    findings = after(copy, "PRAGMA foreign_keys = OFF", "DELETE FROM entries WHERE seq = 1")
    assert "Row number 1 is missing: removed. The row after it cannot be verified." in findings
    assert any("attempts 5: it names a row of entries that is not there" in finding for finding in findings)


def test_a_removed_tail_with_the_head_put_back_is_found(copy):
    db = sqlite3.connect(copy)
    (digest,) = db.execute("SELECT hash FROM attempts WHERE seq = 25").fetchone()
    (head,) = db.execute("SELECT value FROM meta WHERE name = 'head'").fetchone()
    db.close()
    forged = f"25 {digest.hex()} {head.split()[2]}"
    put_back = f"UPDATE meta SET value = '{forged}' WHERE name = 'head'"  # noqa: S608 - ours
    findings = after(copy, "DELETE FROM attempts WHERE seq = 26", put_back)
    assert "meta: the head of the chain (number 25) was edited; rows may be missing at the end." in findings


def test_a_missing_head_is_found(copy):
    assert after(copy, "DELETE FROM meta WHERE name = 'head'") == [
        "meta: the head of the chain is missing; rows may be missing at the end."
    ]


INSERT = (
    "INSERT INTO coin_faults SELECT ?, wall_ms, mono_ms, boot, synced, device, pulses, words, hash, "
    "trouble FROM coin_faults WHERE seq = 12"
)


def test_inserted_rows_are_found(copy):
    insert = INSERT.replace("?", "{}")
    findings = after(copy, insert.format(27), insert.format(9), insert.format(0))
    assert "coin_faults 27: the row is outside the chain: it was inserted, or the head was edited." in findings
    assert "coin_faults 0: the row is outside the chain: it was inserted, or the head was edited." in findings
    assert any(finding.startswith("The number 9 stands in ") for finding in findings)


def test_another_key_is_told_as_such(copy):
    assert verify_file(copy, b"x" * 32) == [
        "The key does not belong to this journal, so its rows cannot be verified: use its own key."
    ]


@pytest.mark.parametrize(
    ("edit", "finding"),
    [
        (
            "entries SET state = 'delivered' WHERE seq = 24",
            "entries 24: state is delivered, but follows as unknown.",
        ),
        (
            "entries SET state = 'queued' WHERE seq = 13",
            "entries 13: state is queued, but follows as delivered.",
        ),
        ("entries SET in_doubt = 0 WHERE seq = 24", "entries 24: in_doubt is False, but follows as True."),
        ("entries SET held = 1 WHERE seq = 1", "entries 1: held is True, but follows as False."),
        ("entries SET attempts = 0 WHERE seq = 1", "entries 1: attempts is 0, but follows as 1."),
        (
            "entries SET first_attempt = NULL WHERE seq = 1",
            "entries 1: first_attempt is None, but follows as 5.",
        ),
        ("entries SET compensate = 0 WHERE seq = 13", "entries 13: compensate is False, but follows as True."),
        ("releases SET settled = NULL WHERE seq = 2", "releases 3: it settles a release that is not marked as"),
        (
            "releases SET settled = 9 WHERE seq = 2",
            "releases 2: it is marked as settled, but no row settles it.",
        ),
        ("sessions SET closed = NULL WHERE seq = 7", "sessions 11: it closes a session that is not marked as"),
        (
            "sessions SET closed = 3 WHERE seq = 18",
            "sessions 18: it is marked as closed, but no row closes it.",
        ),
    ],
)
def test_what_follows_from_facts_is_derived_again(copy, edit, finding):
    findings = after(copy, f"UPDATE {edit}")
    assert [each for each in findings if each.startswith(finding)]


def test_missing_money_is_found(copy):
    findings = after(copy, "DELETE FROM cash WHERE seq = 8")
    assert any(each.startswith("sessions 7: the coin session is closed") for each in findings)
    findings = after(copy, "DELETE FROM cash WHERE seq IN (10, 23)")
    assert any(each.startswith("entries 20: these unclaimed coins") for each in findings)
    assert any(each.startswith("The books do not balance: 50 cents were accepted, but 0") for each in findings)


def test_a_credit_for_more_than_its_coins_is_found(copy):
    findings = after(copy, "UPDATE entries SET amount = 900 WHERE key = 'c1'")
    assert "entries 9: the coins moved for it are not its amount." in findings


def test_a_missing_refund_is_found(copy):
    findings = after(copy, "DELETE FROM entries WHERE key = 'd2-refund'")
    assert any("its refund is missing" in each for each in findings)


def test_a_ruined_journal_is_told_shortly(copy):
    db = sqlite3.connect(copy)
    with db:
        db.executemany(INSERT, [(seq,) for seq in range(1000, 2000)])
    db.close()
    findings = verify_file(copy, KEY)
    assert len(findings) == 201
    assert findings[-1].startswith("There may be more")


def test_verification_beside_a_daemon_that_goes_on(path):
    with Journal.open(path, KEY, boot="b") as journal:
        journal.commit(FACTS, NOW)
        told = []

        def progress(done, total):
            journal.commit([debit(f"while {len(told)}")], NOW)
            told.append((done, total))

        assert verify_file(path, KEY, progress) == []
        assert told
        assert journal.counts()[EntryState.QUEUED] == 2 + len(told)
        assert journal.verify() == []


def test_the_sentences_show_no_token(copy):
    findings = after(copy, "UPDATE entries SET token = '04FFFFFFFF', amount = 9, state = 'parked', held = 1")
    assert len(findings) > 5
    assert "04" not in "".join(findings)
