"""Who edits sales or their codes is found out, nobody's UID is told, and any sale survives to the byte."""

import shutil
import sqlite3
from contextlib import closing

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.core.facts import CashKind, CashMoved, EntryState, SessionOpened
from terminal.core.tickets import Line, Method, Payment, Purchase, Ticket, TicketSale
from terminal.journal import Journal, JournalReader, technician, verify_file
from terminal.journal.errors import JournalError
from tests.journal.making import KEY, NOW, TOKEN, coin, credit, lost
from tests.journal.ticketing import CODE, OTHER, STAFF, added, interaction, sold, ticket_sale

# -- verify --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spent", [0, 999, 1001])
def test_coins_that_are_not_what_the_sale_says_are_found(journal, spent):
    moved = [CashMoved("ts1", CashKind.SPENT, spent, key="t1")] if spent else []
    journal.commit([SessionOpened("ts1", None), coin(2000, "ts1"), added("t1", ticket_sale()), *moved], NOW)
    (finding,) = journal.verify()
    seq = journal.entry("t1").seq
    assert finding.startswith(f"entries {seq}: {spent} cents of coins were spent on this sale")
    assert "1000 cents of it were paid in cash and 0 kept" in finding


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    path = tmp_path_factory.mktemp("sold") / "journal.db"
    with Journal.open(path, KEY, boot="b") as journal:
        sales = (ticket_sale(card="A-1"), ticket_sale(OTHER, card="A-2"))
        journal.commit([*sold("t1", sales[0]), *sold("t2", sales[1], session="ts2"), interaction()], NOW)
        assert journal.verify() == []
    return path


# The number of the sale t1 is 3, that of t2 is 11.
EDITED = "the row was edited after it was written"


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        ("UPDATE entries SET payload = replace(payload, 'Adult', 'Child') WHERE key = 't1'", [EDITED]),
        (
            "UPDATE entries SET payload = replace(payload, 'XJX02', 'XJX03') WHERE key = 't1'",
            [EDITED, "1 of its 2 codes are not in tickets"],
        ),
        (
            "UPDATE entries SET payload = replace(payload, '\"unit\":500', '\"unit\":1') WHERE key = 't1'",
            [
                EDITED,
                "what it is made of cannot be",
                "purchases: it has 2 rows",
                "tickets: it has 4",
                "card_ref",
            ],
        ),
        ("UPDATE entries SET payload = '{}' WHERE key = 'i1'", [EDITED, "what it is made of cannot be"]),
        ("UPDATE entries SET amount = 5 WHERE key = 'i1'", [EDITED, "moves no money"]),
        ("DELETE FROM purchases WHERE code = 'GJXS0LM6RYG37'", ["1 of its 1 codes are not in purchases"]),
        (
            "DELETE FROM tickets WHERE entry = 3",
            ["2 of its 2 codes are not in tickets"],
        ),
        (
            "UPDATE tickets SET entry = 11 WHERE barcode = 'GJXS0LM6RYG37XJX01'",
            ["1 of its 2 codes are not in tickets, or as another entry's"],
        ),
        (
            "UPDATE purchases SET code = 'FREE' WHERE code = 'GJXS0LM6RYG37'",
            ["1 of its 1 codes are not in purchases"],
        ),
        (
            "INSERT INTO tickets (barcode, entry) VALUES ('FREE', 3)",
            ["tickets: it has 5 rows", "only 4"],
        ),
        ("INSERT INTO purchases (code, entry) VALUES ('FREE', 1)", ["purchases: it has 3 rows"]),
        (
            "DELETE FROM card_references WHERE reference = 'A-1'",
            ["1 of its 1 codes are not in card_references"],
        ),
        ("INSERT INTO card_references VALUES ('A-1', 1)", ["card_references: it has 3 rows"]),
    ],
)
def test_who_edits_a_sale_or_its_codes_without_the_key_is_found_out(original, tmp_path, edit, found):
    copy = shutil.copy(original, tmp_path / "copy.db")
    with closing(sqlite3.connect(copy)) as db, db:
        assert db.execute(edit).rowcount > 0
    findings = " ".join(verify_file(copy, KEY))
    assert [words for words in found if words not in findings] == []


@pytest.mark.parametrize("payload", ["{", '{"type":"sale"}', '{"type":"interaction","what":7,"device":1}'])
def test_what_cannot_be_read_is_a_sentence_and_exported_without_it(original, tmp_path, payload):
    copy = shutil.copy(original, tmp_path / "copy.db")
    with closing(sqlite3.connect(copy)) as db, db:
        db.execute("UPDATE entries SET payload = ? WHERE key = 't1'", (payload,))
    with JournalReader(copy) as reader:
        with pytest.raises(JournalError, match=r"was altered.*journal verify"):
            reader.entry("t1")
        assert reader.entry("t2").payload == ticket_sale(OTHER, card="A-2")
    codes = {row["key"]: row["code"] for row in technician.rows(copy, "entries")}
    assert codes == {"t1": None, "t2": OTHER, "i1": None}


def test_the_codes_in_findings_are_not_told(original, tmp_path):
    copy = shutil.copy(original, tmp_path / "copy.db")
    with closing(sqlite3.connect(copy)) as db, db:
        db.execute("DELETE FROM tickets")
        db.execute("UPDATE entries SET payload = replace(payload, '\"quantity\":2', '\"quantity\":9')")
    findings = verify_file(copy, KEY)
    assert findings
    assert not [finding for finding in findings if CODE in finding or STAFF in finding or TOKEN in finding]


# -- nobody's UID --------------------------------------------------------------------------------------


def test_no_uid_and_no_barcode_is_in_any_row_for_a_technician(journal, path):
    journal.commit([*sold("t1"), interaction("i1"), *lost("i1", EntryState.PARKED)], NOW)
    rows = {what: list(technician.rows(path, what)) for what in technician.TABLES}
    assert STAFF not in str(rows)
    assert TOKEN not in str(rows)
    assert f"{CODE}X" not in str(rows)
    told = {row["key"]: (row["code"], row["staff"], row["token"]) for row in rows["entries"]}
    assert told == {"t1": (CODE, "…0102", "-"), "i1": (None, "-", "…E5F6")}


# -- any sale ------------------------------------------------------------------------------------------

_names = st.text(max_size=12)
_ids = st.one_of(st.integers(min_value=-(2**63), max_value=2**63 - 1), _names)
_cents = st.integers(min_value=0, max_value=10**9)


@st.composite
def sales(draw):
    """Any sale that adds up."""
    code = draw(st.text("0123456789BCDFGHJKLMNPQRSTVWXYZ", min_size=1, max_size=20))
    barcodes = iter(range(10_000))
    lines = []
    for _ in range(draw(st.integers(0, 4))):
        quantity, unit = draw(st.integers(1, 99)), draw(_cents)
        tickets = tuple(
            Ticket(draw(_ids), draw(_names), f"{code}{draw(st.text('XJ', max_size=3))}{next(barcodes):05}")
            for _ in range(draw(st.integers(0, 4)))
        )
        discount = draw(st.integers(0, quantity * unit))
        lines.append(Line(draw(_ids), draw(_names), quantity, unit, discount, tickets))
    left, payments = sum(line.total for line in lines), []
    for method in draw(st.permutations(Method)):
        amount = draw(st.integers(0, left)) if len(payments) < 2 else left
        change = draw(_cents) if method is Method.CASH else 0
        payments.append(Payment(method, amount, change, draw(_names)))
        left -= amount
    return TicketSale(
        Purchase(code, draw(_names), draw(_names)),
        draw(_ids),
        tuple(lines),
        tuple(payments),
        notes=draw(_names),
        staff=draw(_names),
        kept=draw(_cents),
    )


@settings(max_examples=80, deadline=None)
@given(sale=sales())
def test_any_sale_survives_the_journal_to_the_byte(tmp_path_factory, sale):
    path = tmp_path_factory.mktemp("any") / "journal.db"
    cash = sum(each.amount for each in sale.payments if each.method is Method.CASH) + sale.kept
    money = (
        [SessionOpened("s", None), coin(cash, "s"), CashMoved("s", CashKind.SPENT, cash, key="t")]
        if cash
        else []
    )
    with Journal.open(path, KEY, boot="b") as journal:
        journal.commit([added("t", sale), credit("c"), *money], NOW)
        assert journal.verify() == []
    with Journal.open(path, KEY, boot="b") as journal:
        entry = journal.entry("t")
        assert entry.payload == sale
        assert msgspec.json.encode(entry.payload) == msgspec.json.encode(sale)
        assert journal.sale(sale.purchase.code) == entry
        assert all(journal.sale(barcode) == entry for barcode in sale.barcodes)
