"""Payouts, cash boxes, marks of devices that count, what machines sold: on the books, and checked."""

import sqlite3

import pytest

from terminal.core.cashbox import Level
from terminal.core.events import CoinTrouble, Ended, Place
from terminal.core.facts import (
    BoxEmptied,
    CashKind,
    CashMoved,
    CoinNotCredited,
    DeviceCounted,
    PayoutIntended,
    PayoutSettled,
    ReleaseIntended,
    ReleaseKind,
    SaleReported,
    SessionClosed,
    SessionOpened,
)
from terminal.core.paper import Barcode, Columns, Document, QrCode, Rule, Text
from terminal.core.records import OpenPayout
from terminal.journal import technician
from tests.journal.making import NOW, coin, credit, unclaimed

HOPPER = "hopper"
PAYOUT = PayoutIntended("p1", HOPPER, 200, "7/0/0", session="s1")


def returned(amount):
    return CashMoved("s1", CashKind.RETURNED, amount, HOPPER)


def test_a_payout_leaves_the_session_when_it_is_settled(journal):
    journal.commit([SessionOpened("s1", None), coin(250), PAYOUT], NOW)
    assert journal.open_payouts() == [OpenPayout("p1", HOPPER, 200, "7/0/0", "s1", NOW)]
    assert journal.verify() == []
    journal.commit([PayoutSettled("p1", Ended.DONE, 150, "empty"), returned(150)], NOW)
    assert journal.open_payouts() == []
    books = journal.books()
    assert (books.accepted, books.returned, books.held, books.missing) == (250, 150, 100, 0)
    assert journal.verify() == []
    with pytest.raises(ValueError, match="not open"):
        journal.commit([PayoutSettled("p1", Ended.DONE, 150)], NOW)


def test_no_more_is_promised_than_a_session_holds(journal):
    journal.commit([SessionOpened("s1", None), coin(250), PAYOUT], NOW)
    with pytest.raises(ValueError, match="holds 250 cents"):
        journal.commit([PayoutIntended("p2", HOPPER, 51, "", session="s1")], NOW)
    journal.commit([PayoutIntended("p2", HOPPER, 50, "", session="s1")], NOW)
    with pytest.raises(ValueError, match="not open"):
        journal.commit([PayoutIntended("p3", HOPPER, 50, "", session="s2")], NOW)


@pytest.mark.parametrize(
    ("ended", "paid"), [(Ended.DONE, 201), (Ended.FAILED, 1), (Ended.UNKNOWN, -1), (Ended.UNKNOWN, 201)]
)
def test_a_payout_that_cannot_be_is_refused(journal, ended, paid):
    journal.commit([SessionOpened("s1", None), coin(250), PAYOUT], NOW)
    with pytest.raises(ValueError, match="contradict"):
        journal.commit([PayoutSettled("p1", ended, paid)], NOW)
    assert journal.open_payouts()


def test_a_payout_needs_a_session_or_an_entry_that_explains_it(journal):
    with pytest.raises(ValueError, match="contradict"):
        journal.commit([PayoutIntended("p1", HOPPER, 10, "")], NOW)
    journal.commit([unclaimed("t1", 0), PayoutIntended("p1", HOPPER, 10, "", key="t1")], NOW)
    journal.commit([PayoutSettled("p1", Ended.UNKNOWN)], NOW)
    assert journal.verify() == []


def test_money_that_left_without_a_payout_is_found(journal):
    journal.commit([SessionOpened("s1", None), coin(250), PAYOUT], NOW)
    journal.commit([PayoutSettled("p1", Ended.DONE, 150)], NOW)
    (finding,) = journal.verify()
    assert "payouts gave out" in finding


def test_the_cash_box_is_counted_and_emptied(journal):
    journal.commit([SessionOpened("s1", None), coin(200), coin(50)], NOW)
    journal.commit([CashMoved("s1", CashKind.IN, 20, "acceptor", place=Place.TUBE)], NOW)
    assert journal.boxes() == {"acceptor": Level(2, 250)}
    with pytest.raises(ValueError, match="does not hold 3 pieces"):
        journal.commit([BoxEmptied("acceptor", 3, 270, "the technician")], NOW)
    journal.commit([BoxEmptied("acceptor", 2, 250, "the technician", counted=240)], NOW)
    assert journal.boxes() == {"acceptor": Level()}
    journal.commit([coin(100), BoxEmptied("never used", 0, 0, "the technician")], NOW)
    assert journal.boxes() == {"acceptor": Level(1, 100)}
    assert journal.verify() == []
    assert journal.books().held == 370
    (first, second) = technician.rows(journal.path, "emptyings")
    assert (first["amount_cents"], first["counted_cents"], first["by"]) == (250, 240, "the technician")
    assert second["counted_cents"] is None


def test_a_mark_is_committed_with_its_coin(journal):
    journal.commit([DeviceCounted("acceptor", "4")], NOW)
    assert journal.marks() == {"acceptor": "4"}
    with pytest.raises(ValueError, match="not open"):
        journal.commit([DeviceCounted("acceptor", "5"), coin(100)], NOW)
    assert journal.marks() == {"acceptor": "4"}
    journal.commit([SessionOpened("s1", None), coin(100), DeviceCounted("acceptor", "5")], NOW)
    assert journal.marks() == {"acceptor": "5"}
    assert journal.boxes() == {"acceptor": Level(1, 100)}
    assert journal.verify() == []


def test_reports_are_kept_with_what_they_are(journal):
    journal.commit([CoinNotCredited("acceptor", 3, "3 events are lost", CoinTrouble.LOST)], NOW)
    journal.commit([CoinNotCredited("acceptor", 1, "no coin")], NOW)
    journal.commit([SaleReported("machine", "12", 150)], NOW)
    assert [row["trouble"] for row in technician.rows(journal.path, "coin_faults")] == ["lost", "unknown"]
    (sale,) = technician.rows(journal.path, "sales_reported")
    assert (sale["device"], sale["item"], sale["amount_cents"]) == ("machine", "12", 150)
    assert journal.verify() == []


def test_a_document_is_kept_whole(journal):
    paper = Document((Text("Größe", bold=True), Columns("a", "b"), Rule(), Barcode("X"), QrCode("Y")))
    journal.commit([credit()], NOW)
    journal.commit([ReleaseIntended("c1/receipt", ReleaseKind.PRINT, "c1", "p", "receipt", paper)], NOW)
    (release,) = journal.open_releases()
    assert release.document == paper


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE cash SET place = 'tube' WHERE kind = 'in'", "cash"),
        ("UPDATE cash SET place = NULL WHERE place = 'tube'", "cash"),
        ("UPDATE coin_faults SET trouble = NULL", "coin_faults"),
        ("UPDATE payouts SET mark = 'x' WHERE ended IS NULL", "payouts"),
        ("UPDATE emptyings SET counted = 1", "emptyings"),
        ("UPDATE sales_reported SET amount = 1", "sales_reported"),
        ("UPDATE releases SET document = NULL WHERE document IS NOT NULL", "releases"),
    ],
)
def test_an_edit_is_found(journal, change, table):
    journal.commit([SessionOpened("s1", None), coin(250), credit()], NOW)
    journal.commit([CashMoved("s1", CashKind.IN, 20, "acceptor", place=Place.TUBE), PAYOUT], NOW)
    journal.commit([PayoutSettled("p1", Ended.DONE, 200), returned(200)], NOW)
    journal.commit([CoinNotCredited("acceptor", 3, "", CoinTrouble.LOST), SaleReported("m", "1", 150)], NOW)
    journal.commit([BoxEmptied("acceptor", 1, 250, "the technician", counted=250)], NOW)
    paper = Document((Rule(),))
    journal.commit([ReleaseIntended("c1/receipt", ReleaseKind.PRINT, "c1", "p", "receipt", paper)], NOW)
    assert journal.verify() == []
    with sqlite3.connect(journal.path) as db:
        assert db.execute(change).rowcount
    db.close()
    assert any(finding.startswith(f"{table} ") and "edited" in finding for finding in journal.verify())


def test_a_wrong_level_of_a_cash_box_is_found(journal):
    journal.commit([SessionOpened("s1", None), coin(250)], NOW)
    with sqlite3.connect(journal.path) as db:
        db.execute("UPDATE acceptors SET pieces = 0")
    db.close()
    (finding,) = journal.verify()
    assert "acceptors acceptor" in finding
    with sqlite3.connect(journal.path) as db:
        db.execute("DELETE FROM acceptors")
    db.close()
    (finding,) = journal.verify()
    assert "does not know" in finding


def test_a_session_that_was_paid_back_is_closed(journal):
    journal.commit([SessionOpened("s1", None), coin(200), PAYOUT], NOW)
    facts = [PayoutSettled("p1", Ended.DONE, 200), returned(200), SessionClosed("s1", "returned")]
    journal.commit(facts, NOW)
    assert journal.open_sessions() == []
    assert journal.verify() == []
