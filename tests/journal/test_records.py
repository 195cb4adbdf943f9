"""A sale is recorded with who keeps books of it once its payment is booked and stands, and never before."""

import sqlite3
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.core.catalogue import Product
from terminal.core.delivery import Outcome
from terminal.core.facts import (
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryParked,
    EntryState,
    PersonDecided,
    SettingsTold,
)
from terminal.core.payload import Booked, Closed, Sold
from terminal.core.tickets import Line, Method, Payment
from terminal.core.value import replace
from terminal.journal import Journal
from terminal.journal.errors import DecisionRefused, NotQueued
from tests.core.report_samples import WHOLE
from tests.journal.making import ESPRESSO, KEY, NOW, TOKEN, debit, delivered, ended, lost, started

LATER = replace(NOW, wall_ms=NOW.wall_ms + 60_000, mono_ms=NOW.mono_ms + 60_000)
WATER = Product("water", "Water", 100, group="Cold", vat=700)
BOOKS = Booked("books")


def refund_of(key, **more):
    return EntryAdded(f"{key}-back", EntryKind.REFUND, "main", TOKEN, 250, refers_to=key, **more)


def record_of(journal, key="d1"):
    return journal.entry(f"{key}-record")


def test_what_was_paid_is_recorded_when_it_is_booked(journal):
    pieces = (ESPRESSO, WATER, ESPRESSO)
    wanted = replace(debit(amount=600, payload=BOOKS), pieces=pieces)
    journal.commit([wanted], NOW)
    assert record_of(journal) is None
    journal.commit(delivered(), LATER)
    record = record_of(journal)
    assert (record.kind, record.backend, record.token, record.amount) == (EntryKind.RECORD, "books", None, 0)
    assert (record.state, record.refers_to, record.description) == (EntryState.QUEUED, "d1", "Espresso")
    assert record.payload == Sold(
        (Line("espresso", "Espresso", 2, 250), Line("water", "Water", 1, 100, group="Cold", vat=700)),
        (Payment(Method.WALLET, 600, reference="d1"),),
        NOW,
    )
    assert journal.pending_lanes() == ["d1-record"]
    assert journal.verify() == []


def test_nobody_keeps_books_of_an_ordinary_debit(journal):
    journal.commit([debit(), *delivered()], NOW)
    assert record_of(journal) is None


def test_what_is_charged_first_is_recorded_when_it_was_given_out(journal):
    journal.commit([debit(held=True, payload=BOOKS), *delivered()], NOW)
    assert record_of(journal) is None
    journal.commit([EntryFreed("d1")], LATER)
    assert record_of(journal).payload.at == NOW
    assert journal.verify() == []


def test_what_was_not_given_out_is_refunded_and_not_recorded(journal):
    journal.commit([debit(held=True, payload=BOOKS), *delivered(), EntryAbandoned("d1", "jammed")], NOW)
    journal.commit(delivered("d1-refund"), LATER)
    assert record_of(journal) is None
    assert record_of(journal, "d1-refund") is None
    assert journal.verify() == []


def test_a_sale_that_was_recorded_is_recorded_as_taken_back(journal):
    journal.commit([debit(payload=BOOKS), *delivered(), refund_of("d1")], NOW)
    sold = record_of(journal).payload
    journal.commit(delivered("d1-back"), LATER)
    back = record_of(journal, "d1-back")
    paid = (Payment(Method.WALLET, 250, reference="d1-back"),)
    assert back.payload == replace(sold, back=True, at=LATER, payments=paid)
    assert (back.backend, back.refers_to) == ("books", "d1-back")
    assert journal.verify() == []


def test_what_nobody_knows_is_recorded_when_somebody_does(journal):
    journal.commit([debit(payload=BOOKS), *lost()], NOW)
    assert record_of(journal) is None
    journal.commit([PersonDecided("d1", "retry", "Ada", "not there"), *delivered()], LATER)
    assert record_of(journal) is not None


def test_a_void_debit_is_not_recorded(journal):
    journal.commit([debit(payload=BOOKS), *lost(), PersonDecided("d1", "void", "Ada", "written off")], NOW)
    assert record_of(journal) is None
    assert journal.verify() == []


@given(st.integers(0, 10_000), st.lists(st.integers(0, 3_000), max_size=4))
def test_whatever_the_pieces_cost_the_record_is_what_was_paid(tmp_path_factory, amount, prices):
    pieces = tuple(Product(number, f"Piece {number}", price) for number, price in enumerate(prices))
    with Journal.open(tmp_path_factory.mktemp("j") / "journal.db", KEY, boot="boot-1") as journal:
        journal.commit([replace(debit(amount=amount, payload=BOOKS), pieces=pieces), *delivered()], NOW)
        sold = record_of(journal).payload
    assert sold.total == amount == sum(each.amount for each in sold.payments)


_MOVES = (
    started(),
    ended(),
    ended(outcome=Outcome.UNKNOWN, state=EntryState.UNKNOWN),
    ended(outcome=Outcome.UNKNOWN, state=EntryState.QUEUED),
    ended(outcome=Outcome.REFUSED, state=EntryState.PARKED),
    ended(outcome=Outcome.REFUSED, state=EntryState.QUEUED),
    EntryFreed("d1"),
    EntryAbandoned("d1", "jammed"),
    EntryParked("d1", EntryState.PARKED, "who knows"),
    PersonDecided("d1", "retry", "Ada", "looked"),
    PersonDecided("d1", "void", "Ada", "looked"),
    started("d1-refund"),
    ended("d1-refund"),
    refund_of("d1"),
    started("d1-back"),
    ended("d1-back"),
    PersonDecided("d1-back", "void", "Ada", "looked"),
    started("d1-record"),
    ended("d1-record"),
    PersonDecided("d1-record", "void", "Ada", "entered by hand"),
)


@given(st.booleans(), st.lists(st.sampled_from(_MOVES), max_size=14))
def test_in_whatever_order_a_record_follows_its_payment_and_is_there_once(tmp_path_factory, held, moves):
    path = tmp_path_factory.mktemp("j") / "journal.db"
    with Journal.open(path, KEY, boot="boot-1") as journal:
        journal.commit([debit(held=held, payload=BOOKS)], NOW)
        for move in moves:
            before = record_of(journal)
            with suppress(ValueError, DecisionRefused, NotQueued):
                journal.commit([move], NOW)
            paid, sold = journal.entry("d1"), record_of(journal)
            stands = paid.state is EntryState.DELIVERED and not paid.held and not paid.compensate
            assert before is not None or (sold is not None) == stands
            given_back = [each for each in journal.entries() if each.kind is EntryKind.REFUND]
            for refund in given_back:
                assert record_of(journal, refund.key) is None or refund.state is EntryState.DELIVERED
            if sold is None:
                assert all(record_of(journal, refund.key) is None for refund in given_back)
        assert journal.verify() == []


def test_a_record_that_is_missing_is_found(journal, path):
    journal.commit([debit(payload=BOOKS), *delivered()], NOW)
    assert journal.verify() == []
    journal.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE entries SET key = 'other' WHERE kind = 'record'")
    db.close()
    with Journal.open(path, KEY, boot="boot-1") as opened:
        assert any("the record of its sale is missing" in sentence for sentence in opened.verify())


@pytest.mark.parametrize("kind", ["debit", "record"])
def test_what_was_altered_into_nothing_readable_ends_no_check_of_the_others(journal, path, kind):
    journal.commit([debit(payload=BOOKS), *delivered(), debit("d2", payload=BOOKS), *delivered("d2")], NOW)
    (seq,) = [each.seq for each in journal.entries() if each.kind is EntryKind(kind) and "d1" in each.key]
    journal.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE entries SET payload = '{' WHERE seq = ?", (seq,))
        db.execute("UPDATE entries SET key = 'other' WHERE key = 'd2-record'")
    db.close()
    with Journal.open(path, KEY, boot="boot-1") as opened:
        found = opened.verify()
    assert any(sentence.startswith(f"entries {seq}: what it is made of cannot be.") for sentence in found)
    assert sum("the record of its sale is missing" in sentence for sentence in found) == 1
    assert not any("The disk failed" in sentence for sentence in found)


@pytest.mark.parametrize(
    "wrong",
    [
        EntryAdded("x", EntryKind.RECORD, "books", None, 0),
        EntryAdded("x", EntryKind.RECORD, "books", None, 0, payload=Closed(WHOLE)),
        EntryAdded("x", EntryKind.RECORD, "books", None, 250, payload=Sold((), (), NOW)),
        EntryAdded("x", EntryKind.RECORD, "books", TOKEN, 0, payload=Sold((), (), NOW)),
        EntryAdded("x", EntryKind.REPORT, "books", None, 0, payload=Sold((), (), NOW)),
        EntryAdded("x", EntryKind.REPORT, "books", None, 0),
        EntryAdded("x", EntryKind.CREDIT, "main", TOKEN, 5, payload=BOOKS),
        debit("x", payload=Sold((), (), NOW)),
    ],
)
def test_an_entry_is_made_of_what_its_kind_wants(journal, wrong):
    with pytest.raises(ValueError, match=r"entry of the kind|moves no money"):
        journal.commit([wrong], NOW)
    assert journal.entry("x") is None


def test_records_and_reports_move_no_money(journal):
    before = journal.books()
    report = EntryAdded("z1", EntryKind.REPORT, "books", None, 0, payload=Closed(WHOLE))
    sold = Sold((Line("", "Espresso", 1, 250),), (Payment(Method.WALLET, 250),), NOW)
    journal.commit([report, EntryAdded("r1", EntryKind.RECORD, "books", None, 0, payload=sold)], NOW)
    assert journal.books() == before
    assert journal.entry("z1").payload == Closed(WHOLE)
    journal.commit([started("z1"), ended("z1", Outcome.REFUSED, EntryState.PARKED, words="no")], NOW)
    assert journal.verify() == []


def test_what_a_server_told_of_settings_is_remembered(journal):
    assert journal.settings_told("books") is None
    journal.commit([SettingsTold("books", "old"), SettingsTold("main", "other")], NOW)
    journal.commit([SettingsTold("books", "new")], LATER)
    assert journal.settings_told("books") == "new"
