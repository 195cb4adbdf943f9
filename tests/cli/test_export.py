"""`journal export` and `journal books`: the journal for spreadsheets, and what it adds up to."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from terminal.cli import common, export
from terminal.core import facts
from terminal.core.delivery import Outcome
from terminal.core.facts import CashKind, EntryKind, EntryState
from terminal.journal import technician
from tests.cli.conftest import UID, Place, at

FIELDS = [
    "seq", "created", "clock_synchronised", "kind", "state", "amount_cents", "currency", "token", "backend",
    "pieces", "description", "tag", "key", "refers_to", "attempts", "first_attempted", "words", "code", "staff",
    "reference",
]  # fmt: skip
"""Somebody's spreadsheet relies on them."""


def exported(place: Place, *options: str) -> list[dict[str, Any]]:
    done = place.run("journal", "export", "--format", "json", *options)
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def put_coins(place: Place, session: str, second: int = 0) -> None:
    """Two euros that come in and are credited."""
    place.journal.commit(
        [
            facts.SessionOpened(session, UID),
            facts.CashMoved(session, CashKind.IN, 120, "slot", 1),
            facts.EntryAdded(f"key of {session}", EntryKind.CREDIT, "main", UID, 120, session=session),
            facts.CashMoved(session, CashKind.CREDITED, 120, key=f"key of {session}"),
            facts.SessionClosed(session, "credited"),
        ],
        at(second),
    )


def leave_coins(place: Place, session: str) -> None:
    """Coins that nobody claims."""
    place.journal.commit(
        [facts.SessionOpened(session, None), facts.CashMoved(session, CashKind.IN, 120, "slot", 2)], at(0)
    )
    place.add("u1", kind=EntryKind.UNCLAIMED, session=session, state=EntryState.PARKED)
    place.journal.commit(
        [
            facts.CashMoved(session, CashKind.UNCLAIMED, 120, key="u1"),
            facts.SessionClosed(session, "unclaimed"),
        ],
        at(0),
    )


# -- export --------------------------------------------------------------------------------------------


def test_it_holds_every_entry_oldest_first_and_no_uid(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(technician, "_PAGE", 3)
    for each in range(8):
        place.add(f"k{each}", second=each)
    done = place.run("journal", "export")
    assert done.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0]) == FIELDS
    assert [row["key"] for row in rows] == [f"k{each}" for each in range(8)]
    assert rows[0]["amount_cents"] == "120"
    assert rows[0]["currency"] == "EUR"
    assert rows[0]["pieces"] == "Espresso"
    assert rows[0]["created"] == "2026-05-01T12:00:00+00:00"
    assert UID not in done.output


@pytest.mark.parametrize("count", [0, 1, 3])
def test_for_programs_it_is_one_list(place: Place, count: int) -> None:
    for each in range(count):
        place.add(f"k{each}")
    told = exported(place)
    assert [list(entry) for entry in told] == [FIELDS] * count
    assert [entry["key"] for entry in told] == [f"k{each}" for each in range(count)]


@pytest.mark.parametrize("what", export.WHAT)
def test_everything_can_be_exported_and_an_empty_table_still_has_its_head(place: Place, what: str) -> None:
    head = place.run("journal", "export", "--what", what).stdout
    assert head.startswith("seq,")
    assert len(head.splitlines()) == 1
    put_coins(place, "s1")
    place.attempt("key of s1", Outcome.REFUSED, EntryState.PARKED, "no", 422)
    number = place.journal.entries()[0].seq
    place.journal.commit([facts.PersonDecided("key of s1", "void", "Ada", "x")], at(9))
    place.add("d1", held=True)
    place.journal.commit([facts.ReleaseIntended("r1", facts.ReleaseKind.VEND, "d1", "relay")], at(9))
    place.journal.commit([facts.CoinNotCredited("slot", 9, "too many pulses")], at(9))
    place.journal.commit([facts.PayoutIntended("p1", "hopper", 50, "7", key="d1")], at(9))
    place.journal.commit(
        [facts.BoxEmptied("slot", 1, 120, "Ada"), facts.SaleReported("snacks", "12", 150)], at(9)
    )
    done = place.run("journal", "export", "--what", what)
    lines = list(csv.DictReader(io.StringIO(done.stdout)))
    assert lines
    assert ",".join(lines[0]) == head.strip()
    assert UID not in done.stdout
    if what in ("attempts", "decisions"):
        assert {line["entry"] for line in lines} == {str(number)}


def test_what_can_be_asked_for_is_what_the_journal_tells() -> None:
    assert [what.replace("-", "_") for what in export.WHAT] == list(technician.TABLES)


def test_money_that_leaves_a_session_is_negative_in_cents_of_the_currency(place: Place) -> None:
    put_coins(place, "s1")
    came, went = exported(place, "--what", "cash")
    assert (came["amount_cents"], came["currency"], came["kind"]) == (120, "EUR", "in")
    assert (went["amount_cents"], went["currency"], went["kind"]) == (-120, "EUR", "credited")
    (number,) = {row["session"] for row in exported(place, "--what", "sessions")}
    assert came["session"] == went["session"] == number


@pytest.mark.parametrize("what", ["entries", "cash"])
def test_it_can_begin_later(place: Place, what: str) -> None:
    put_coins(place, "s1")
    put_coins(place, "s2", second=100)
    every = exported(place, "--what", what)
    assert exported(place, "--what", what, "--since", "2026-05-01T12:01:40") == every[len(every) // 2 :]


def test_no_spreadsheet_takes_a_servers_words_for_a_formula(place: Place) -> None:
    place.add("k1")
    place.attempt("k1", Outcome.REFUSED, EntryState.PARKED, '=HYPERLINK("http://x")')
    for what in ("entries", "attempts"):
        *_, row = csv.DictReader(io.StringIO(place.run("journal", "export", "--what", what).stdout))
        assert row["words"].startswith("'=HYPERLINK")


def test_long_work_shows_how_far_it_is(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in range(3):
        put_coins(place, f"s{each}")
    bars: list[Any] = []
    make = common.progress

    def watched(total: int, label: str) -> Any:
        bars.append(make(total, label))
        return bars[-1]

    monkeypatch.setattr(common, "progress", watched)
    assert len(exported(place, "--what", "cash", "--since", "2026-05-01")) == 6
    assert [(bar.length, bar.pos, bar.finished) for bar in bars] == [(6, 6, True)]


def test_a_journal_that_cannot_be_read_is_a_sentence_and_no_half_file(place: Place) -> None:
    file = place.folder / "other.db"
    file.write_bytes(b"no database" * 1000)
    place.config.write_text(place.config.read_text().replace("journal.db", "other.db"))
    done = place.run("journal", "export", "--what", "cash")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "damaged" in done.stderr
    file.unlink()
    done = place.run("journal", "export", "--what", "cash")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "is not there, or you may not read it" in done.stderr


def test_what_is_not_there_is_wrong_use(place: Place) -> None:
    done = place.run("journal", "export", "--what", "wallets")
    assert done.exit_code == 2
    assert "coin-faults" in done.stderr


# -- books ---------------------------------------------------------------------------------------------


def test_the_books_tell_where_every_coin_is(place: Place) -> None:
    put_coins(place, "s1")
    leave_coins(place, "s2")
    place.add("d1")
    done = place.run("journal", "books")
    assert done.exit_code == 0, done.output
    lines = {tuple(line.split()[:2]) for line in done.output.splitlines()}
    assert {("accepted", "2.40"), ("credited", "1.20"), ("held", "1.20"), ("spent", "0.00")} <= lines
    assert "add up" in done.output
    queued = next(line for line in done.output.splitlines() if line.startswith("queued"))
    assert queued.split() == ["queued", "1.20", "EUR", "1.20", "EUR"]


def test_the_books_for_programs(place: Place) -> None:
    leave_coins(place, "s1")
    place.add("d1")
    place.attempt("d1", Outcome.UNKNOWN, EntryState.UNKNOWN)
    told = json.loads(place.run("journal", "books", "--json").stdout)
    assert told.pop("debits") == {
        state.value: 120 if state is EntryState.UNKNOWN else 0 for state in EntryState
    }
    assert told.pop("credits") == told.pop("sales") == {state.value: 0 for state in EntryState}
    assert told == {
        "currency": "EUR",
        "accepted": 120,
        "credited": 0,
        "spent": 0,
        "returned": 0,
        "held": 120,
        "written_off": 0,
        "missing": 0,
    }


@pytest.mark.parametrize(
    ("amount", "missing", "words"), [(100, 20, "0.20 EUR was accepted and"), (150, -30, "0.30 EUR came from")]
)
def test_books_that_do_not_add_up_need_a_person(place: Place, amount: int, missing: int, words: str) -> None:
    leave_coins(place, "s1")
    with closing(sqlite3.connect(place.folder / "journal.db")) as db, db:
        db.execute("UPDATE entries SET amount = ?", (amount,))
    done = place.run("journal", "books")
    assert done.exit_code == 1
    assert words in done.output
    assert "journal verify" in done.output
    done = place.run("journal", "books", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["missing"] == missing
