"""Sales of tickets and tokens at the door on the books: whole or not at all, and no code twice."""

import sqlite3
from contextlib import closing

import msgspec
import pytest

from terminal.core.delivery import Outcome
from terminal.core.events import Ended
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAbandoned,
    EntryAdded,
    EntryKind,
    EntryState,
    PersonDecided,
    PrintGivenUp,
    SessionClosed,
    SessionOpened,
)
from terminal.core.tickets import Interaction, Ticket
from terminal.journal import Journal, ticket_reads
from terminal.journal.errors import DecisionRefused
from terminal.journal.rows import OnPaper
from tests.journal.making import KEY, NOW, TOKEN, coin, debit, ended, started, unclaimed
from tests.journal.ticketing import (
    CODE,
    OTHER,
    added,
    interaction,
    paper,
    printed,
    sold,
    ticket_sale,
)

ON_THE_BOOKS = "on the books already"


# -- what is written is what is read -------------------------------------------------------------------


def test_a_sale_comes_back_as_it_was(journal):
    sale = ticket_sale(tickets=3, card="A-1", kept=20, notes="for the choir")
    journal.commit(sold("t1", sale), NOW)
    entry = journal.entry("t1")
    assert (entry.kind, entry.token, entry.amount, entry.payload) == (EntryKind.SALE, None, 1500, sale)
    assert journal.entry_by_seq(entry.seq) == entry
    assert journal.verify() == []


def test_a_sale_has_a_lane_of_its_own_and_a_token_at_the_door_that_of_the_token(journal):
    journal.commit([*sold("t1"), interaction("i1"), debit("d1")], NOW)
    assert journal.pending_lanes() == ["t1", TOKEN]
    assert journal.next_in_lane("t1").payload == ticket_sale()
    door = journal.next_in_lane(TOKEN)
    assert (door.key, door.payload) == ("i1", Interaction("check-in", 85))


@pytest.mark.parametrize(
    "wrong",
    [
        EntryAdded("x", EntryKind.SALE, "tag", None, 1000),
        EntryAdded("x", EntryKind.SALE, "tag", None, 999, payload=ticket_sale()),
        EntryAdded("x", EntryKind.SALE, "tag", TOKEN, 1000, payload=ticket_sale()),
        EntryAdded("x", EntryKind.SALE, "tag", None, 0, payload=Interaction("join", 1)),
        EntryAdded("x", EntryKind.INTERACTION, "tag", TOKEN, 0),
        EntryAdded("x", EntryKind.INTERACTION, "tag", None, 0, payload=Interaction("join", 1)),
        EntryAdded("x", EntryKind.INTERACTION, "tag", TOKEN, 5, payload=Interaction("join", 1)),
        EntryAdded("x", EntryKind.INTERACTION, "tag", TOKEN, 1000, payload=ticket_sale()),
        debit("x", payload=ticket_sale()),
        unclaimed("x", payload=Interaction("join", 1)),
    ],
)
def test_what_does_not_fit_its_kind_is_not_written(journal, wrong):
    with pytest.raises(ValueError, match=r"sale|interaction|made of"):
        journal.commit([wrong], NOW)
    assert journal.entry("x") is None
    assert journal.verify() == []


@pytest.mark.parametrize("kind", ["credit", "refund", "unclaimed"])
def test_the_file_itself_refuses_what_does_not_fit(journal, path, kind):
    journal.commit(sold(), NOW)
    with closing(sqlite3.connect(path)) as db, pytest.raises(sqlite3.IntegrityError, match="payload"):
        db.execute("UPDATE entries SET kind = ?, token = 'x' WHERE kind = 'sale'", (kind,))
    with closing(sqlite3.connect(path)) as db, pytest.raises(sqlite3.IntegrityError, match="token"):
        db.execute("UPDATE entries SET kind = 'interaction'")


# -- no code is on the books twice ---------------------------------------------------------------------


def twin():
    """Another sale, of which one ticket has the barcode of one that was sold before."""
    sale = ticket_sale(OTHER)
    (line,) = sale.lines
    tickets = (line.tickets[0], Ticket(8, "Adult", f"{CODE}XJX02"))
    return msgspec.structs.replace(sale, lines=(msgspec.structs.replace(line, tickets=tickets),))


@pytest.mark.parametrize("second", [ticket_sale(), twin()], ids=["purchase code", "barcode"])
def test_no_code_is_sold_twice_and_nothing_of_such_a_sale_is_left(journal, second):
    journal.commit(sold("t1"), NOW)
    before, head = journal.books(), journal._head
    with pytest.raises(ValueError, match=ON_THE_BOOKS) as raised:
        journal.commit(sold("t2", second, session="ts2"), NOW)
    assert CODE not in str(raised.value)
    assert (journal.books(), journal._read_head()) == (before, head)
    assert (journal.open_sessions(), journal.entry("t2"), journal.sale(f"{OTHER}XJX01")) == ([], None, None)
    journal.commit(sold("t2", ticket_sale(OTHER), session="ts2"), NOW)
    assert journal.verify() == []


def test_a_sale_that_is_refused_harms_nobody_who_is_written_with_it(journal):
    from terminal.journal.group import Work  # noqa: PLC0415 - the batch itself

    batch = [
        Work(facts, NOW, urgent=False, durable=True)
        for facts in ([debit("d1")], sold("t1"), sold("t2", session="ts2"), [debit("d2")])
    ]
    journal._perform(batch)
    assert [type(work.error) for work in batch] == [type(None), type(None), ValueError, type(None)]
    assert [entry.key for entry in journal.entries()] == ["d2", "t1", "d1"]
    assert journal.verify() == []


def test_a_code_stays_known_after_a_restart_and_once_its_sale_is_settled(journal, path):
    journal.commit([*sold("t1"), started("t1"), ended("t1")], NOW)
    journal.close()
    with Journal.open(path, KEY, boot="boot-2") as again:
        assert again.knows_code(CODE)
        assert not again.knows_code(OTHER)
        with pytest.raises(ValueError, match=ON_THE_BOOKS):
            again.commit(sold("t2", session="ts2"), NOW)


# -- looked up -----------------------------------------------------------------------------------------


def test_a_sale_is_found_by_each_of_its_codes_and_by_no_other(journal):
    journal.commit([*sold("t1"), *sold("t2", ticket_sale(OTHER), session="ts2")], NOW)
    for code, key in ((CODE, "t1"), (OTHER, "t2")):
        for text in (code, f"{code}XJX01", f"{code}XJX02", f"{code}0000"):
            assert journal.sale(text).key == key
    for text in ("", "0000", CODE[:-1], f"{CODE}XJX03", f"{CODE}0001", f"{CODE}000", f"{CODE}00000", TOKEN):
        assert journal.sale(text) is None


def test_a_barcode_that_looks_like_an_item_code_is_a_barcode(journal):
    sale = ticket_sale(OTHER)
    (line,) = sale.lines
    tickets = (Ticket(8, "Adult", f"{CODE}0000"), line.tickets[1])
    odd = msgspec.structs.replace(sale, lines=(msgspec.structs.replace(line, tickets=tickets),))
    journal.commit([*sold("t1"), *sold("t2", odd, session="ts2")], NOW)
    assert journal.sale(f"{CODE}0000").key == "t2"


def test_the_reference_of_a_card_terminal_tells_the_newest_sale_that_used_it(journal):
    journal.commit(sold("t1", ticket_sale(card="A-1")), NOW)
    assert journal.card_used("A-1").key == "t1"
    journal.commit(sold("t2", ticket_sale(OTHER, card="A-1"), session="ts2"), NOW)
    assert journal.card_used("A-1").key == "t2"
    assert journal.card_used("A-2") is None
    assert journal.verify() == []


def test_no_question_about_a_code_reads_more_than_a_few_pages(journal, path):
    with closing(sqlite3.connect(path)) as db:
        asked = []
        db.set_trace_callback(asked.append)
        reader = ticket_reads.TicketReads.__new__(ticket_reads.TicketReads)
        reader.__dict__.update(journal.__dict__, _idle=[db])
        journal.commit(sold("t1", ticket_sale(card="A-1")), NOW)
        reader.knows_code(CODE)
        reader.sale(f"{OTHER}0001")
        reader.sale(f"{CODE}XJX01")
        reader.card_used("A-1")
        db.set_trace_callback(None)
        assert len(asked) == 6
        for question in asked:
            plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {question}")]
            assert not [step for step in plan if step.startswith("SCAN")], plan


# -- paper ---------------------------------------------------------------------------------------------


def test_how_far_each_document_is(journal):
    journal.commit(sold("t1", ticket_sale(tickets=3)), NOW)
    seq = journal.entry("t1").seq
    tickets = [f"t1/ticket-{number}" for number in (1, 2, 3)]
    assert {each.name: each.state for each in journal.paper(seq)} == dict.fromkeys(
        [*tickets, "t1/receipt"], OnPaper.PRINTING
    )
    journal.commit([printed(tickets[0]), printed(tickets[1], Ended.UNKNOWN, "torn?")], NOW)
    journal.commit([printed(tickets[2], Ended.FAILED, "paper out"), PrintGivenUp(tickets[2], "enough")], NOW)
    found = {each.name: (each.state, each.copy, each.printed, each.words) for each in journal.paper(seq)}
    assert found == {
        tickets[0]: (OnPaper.DONE, 0, 1, ""),
        tickets[1]: (OnPaper.WAITING, 0, 0, "torn?"),
        tickets[2]: (OnPaper.GIVEN_UP, 0, 0, "enough"),
        "t1/receipt": (OnPaper.PRINTING, 0, 0, ""),
    }
    (intent,) = (each for each in paper("t1", ticket_sale(tickets=3)) if each.release == tickets[1])
    copy = msgspec.structs.replace(intent, release=f"{tickets[1]}/2-copy-1", repeats=tickets[1])
    journal.commit([copy, printed(copy.release)], NOW)
    (second,) = (each for each in journal.paper(seq) if each.name == tickets[1])
    assert (second.state, second.copy, second.printed) == (OnPaper.DONE, 1, 1)


# -- where a sale stands -------------------------------------------------------------------------------


def test_a_sale_is_never_abandoned(journal):
    journal.commit(sold("t1"), NOW)
    with pytest.raises(ValueError, match="Only a debit or a payment can be abandoned"):
        journal.commit([EntryAbandoned("t1", "no paper")], NOW)
    assert journal.entry("t1").state is EntryState.QUEUED


@pytest.mark.parametrize("state", [EntryState.PARKED, EntryState.UNKNOWN])
def test_a_person_voids_a_sale_only_where_it_waits_for_one(journal, state):
    void = PersonDecided("t1", "void", "Ada", "entered by hand")
    journal.commit(sold("t1"), NOW)
    with pytest.raises(DecisionRefused, match="still on its way"):
        journal.commit([void], NOW)
    outcome = Outcome.REFUSED if state is EntryState.PARKED else Outcome.UNKNOWN
    journal.commit([started("t1"), ended("t1", outcome, state)], NOW)
    books = journal.books()
    journal.commit([void], NOW)
    assert journal.entry("t1").state is EntryState.VOIDED
    # The guest has the tickets and the operator the coins: that does not change.
    after = journal.books()
    assert (after.accepted, after.spent, after.missing) == (books.accepted, books.spent, 0)
    assert (after.sales[EntryState.VOIDED], after.sales[state]) == (1000, 0)
    assert journal.verify() == []


def test_a_sale_is_nothing_that_was_given_on_trust(journal):
    journal.commit([debit("d1", amount=300), *sold("t1"), interaction("i1")], NOW)
    exposure = journal.exposure(TOKEN, NOW)
    assert (exposure.token_debits, exposure.total, exposure.count) == (300, 300, 1)


def test_coins_of_a_sale_are_spent_on_it_and_its_change_is_not(journal):
    sale = ticket_sale(tickets=1, kept=30)
    change = (
        CashMoved("ts1", CashKind.SPENT, 530, key="t1"),
        CashMoved("ts1", CashKind.RETURNED, 470, "hopper"),
        SessionClosed("ts1", "spent"),
    )
    journal.commit([SessionOpened("ts1", None), coin(1000, "ts1"), added("t1", sale), *change], NOW)
    books = journal.books()
    assert (books.accepted, books.spent, books.returned, books.held, books.missing) == (1000, 530, 470, 0, 0)
    assert books.sales[EntryState.QUEUED] == 500
    assert sum(books.debits.values()) == sum(books.credits.values()) == 0
    assert journal.verify() == []
