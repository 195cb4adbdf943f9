"""`journal …`: what a technician reads and decides."""

import json
import sqlite3
from contextlib import closing

import pytest

from terminal.cli import common
from terminal.core.catalogue import Product
from terminal.core.delivery import Outcome
from terminal.core.events import Ended, TrialAsked
from terminal.core.facts import EntryAdded, EntryKind, EntryState, ReleaseSettled
from terminal.core.job import Job
from terminal.core.trial import begin
from tests.cli.conftest import Place, at

DECIDED = ("--by", "the technician", "--reason", "looked on the server")


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let somebody sit at the keyboard."""
    monkeypatch.setattr(common, "interactive", lambda: True)


def parked(place: Place) -> None:
    place.add("k1")
    place.attempt("k1", Outcome.REFUSED, EntryState.PARKED, "no such product", 422)


def number(place: Place, key: str = "k1") -> str:
    entry = place.journal.entry(key)
    assert entry is not None
    return str(entry.seq)


# -- reading -------------------------------------------------------------------------------------------


def test_entries_are_listed_newest_first(place: Place) -> None:
    place.add("k1")
    place.add("k2", kind=EntryKind.CREDIT, second=60)
    lines = place.run("journal", "list").output.splitlines()
    assert lines[0].split() == ["NO", "WHEN", "KIND", "AMOUNT", "TOKEN", "STATE", "TRIES", "WORDS"]
    assert " credit " in lines[1]
    assert " debit " in lines[2]
    assert "1.20 EUR" in lines[2]
    assert "…E5F6" in lines[2]


def test_the_list_can_be_narrowed(place: Place) -> None:
    parked(place)
    place.add("k2")
    listed = json.loads(place.run("journal", "list", "--state", "parked", "--json").stdout)
    assert [entry["key"] for entry in listed] == ["k1"]
    assert len(json.loads(place.run("journal", "list", "--limit", "1", "--json").stdout)) == 1
    assert "No entry is voided." in place.run("journal", "list", "--state", "voided").output


def test_an_empty_journal_says_so(place: Place) -> None:
    assert "holds no entry yet" in place.run("journal", "list").output


def test_a_moment_that_no_clock_vouches_for_is_marked(place: Place) -> None:
    place.add("k1")
    assert "?" not in place.run("journal", "list").output
    place.journal.commit([], at(0))
    place.add("k2", second=-NOON_S)
    assert "1970-01-01" in json.loads(place.run("journal", "list", "--json").stdout)[0]["created_utc"]


NOON_S = 1_777_636_800


def test_the_story_of_an_entry_tells_what_it_means_and_what_to_do(place: Place) -> None:
    parked(place)
    told = place.run("journal", "show", number(place)).output
    for words in ("a purchase, 1.20 EUR, token …E5F6, parked", "key         k1", "no such product", "422"):
        assert words in told
    assert "has surely not booked it" in told
    assert f"terminalctl journal resolve {number(place)} --resend" in told
    assert f"terminalctl journal resolve {number(place)} --write-off" in told


def test_a_refund_that_the_server_refused_is_money_that_somebody_is_owed(place: Place) -> None:
    place.journal.commit([EntryAdded("r", EntryKind.REFUND, "main", "04A1", 120, refers_to="k1")], at(0))
    place.attempt("r", Outcome.REFUSED, EntryState.PARKED, "no such wallet", 404)
    told = place.run("journal", "show", number(place, "r")).output
    assert "It is owed to the customer." in told
    command = f"terminalctl journal resolve {number(place, 'r')} --write-off"
    assert f"give the money back by hand and settle it: {command}" in told


def test_the_story_for_programs(place: Place) -> None:
    parked(place)
    told = json.loads(place.run("journal", "show", number(place), "--json").stdout)
    assert told["entry"]["state"] == "parked"
    assert told["entry"]["token"] == "…E5F6"
    assert told["events"]
    assert told["meaning"]
    assert told["remedy"]


def test_an_entry_that_is_not_there_is_wrong_use(daemon: Place) -> None:
    for arguments in (["show", "99"], ["void", "99", *DECIDED, "--yes"], ["retry", "99", *DECIDED, "--yes"]):
        done = daemon.run("journal", *arguments)
        assert done.exit_code == 2, arguments
        assert "o entry 99" in done.stderr


def test_no_journal_is_a_sentence(place: Place) -> None:
    place.config.write_text(place.config.read_text().replace("journal.db", "none.db"))
    done = place.run("journal", "list")
    assert done.exit_code == 2
    assert "is not there, or you may not read it" in done.stderr


def test_a_damaged_journal_is_a_sentence(place: Place) -> None:
    file = place.folder / "other.db"
    file.write_bytes(b"no database" * 1000)
    place.config.write_text(place.config.read_text().replace("journal.db", "other.db"))
    done = place.run("journal", "list")
    assert done.exit_code == 1
    assert "Traceback" not in done.output
    assert "damaged" in done.stderr


# -- deciding ------------------------------------------------------------------------------------------


def test_void_settles_an_entry_by_a_named_person(daemon: Place) -> None:
    parked(daemon)
    done = daemon.run("journal", "void", number(daemon), *DECIDED, "--yes")
    assert done.exit_code == 0, done.output
    assert f"Entry {number(daemon)} is voided now." in done.output
    entry = daemon.journal.entry("k1")
    assert entry is not None
    assert entry.state is EntryState.VOIDED
    assert "the technician: looked on the server" in entry.words


def test_retry_sends_it_again(daemon: Place) -> None:
    parked(daemon)
    done = daemon.run("journal", "retry", number(daemon), *DECIDED, "--yes", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["entry"]["state"] == "queued"


def test_a_person_is_asked_for_name_and_reason_and_whether_they_are_sure(daemon: Place, person: None) -> None:
    parked(daemon)
    done = daemon.run("journal", "void", number(daemon), input="the technician\nbroken\ny\n")
    assert done.exit_code == 0, done.output
    assert "1.20 EUR" in done.stderr
    assert "This cannot be undone." in done.stderr
    entry = daemon.journal.entry("k1")
    assert entry is not None
    assert "the technician: broken" in entry.words


def test_whoever_is_not_sure_changes_nothing(daemon: Place, person: None) -> None:
    parked(daemon)
    done = daemon.run("journal", "void", number(daemon), *DECIDED, input="n\n")
    assert done.exit_code == 1
    entry = daemon.journal.entry("k1")
    assert entry is not None
    assert entry.state is EntryState.PARKED


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--by is missing"),
        (("--by", "the technician"), "--reason is missing"),
        (("--by", " ", "--reason", "x"), "--by must not be empty"),
        (DECIDED, "add --yes"),
    ],
)
def test_a_program_must_say_everything(daemon: Place, arguments: tuple[str, ...], words: str) -> None:
    parked(daemon)
    done = daemon.run("journal", "void", number(daemon), *arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    entry = daemon.journal.entry("k1")
    assert entry is not None
    assert entry.state is EntryState.PARKED


def test_what_the_state_forbids_is_refused_in_a_sentence(daemon: Place) -> None:
    daemon.add("k1")
    daemon.attempt("k1", Outcome.DELIVERED, EntryState.DELIVERED)
    done = daemon.run("journal", "void", number(daemon), *DECIDED, "--yes")
    assert done.exit_code == 1
    assert "nothing left to decide" in done.stderr


def test_deciding_needs_the_daemon(place: Place) -> None:
    parked(place)
    done = place.run("journal", "retry", number(place), *DECIDED, "--yes")
    assert done.exit_code == 2
    assert "terminald does not run" in done.stderr


# -- verify --------------------------------------------------------------------------------------------


def test_a_whole_journal_is_whole(place: Place) -> None:
    parked(place)
    done = place.run("journal", "verify")
    assert done.exit_code == 0, done.output
    assert "is whole" in done.output


def test_an_edited_row_is_found(place: Place) -> None:
    parked(place)
    with closing(sqlite3.connect(place.folder / "journal.db")) as db, db:
        db.execute("UPDATE entries SET amount = 1")
    done = place.run("journal", "verify")
    assert done.exit_code == 1
    assert "! entries " in done.output
    told = json.loads(place.run("journal", "verify", "--json").stdout)
    assert told["whole"] is False
    assert told["findings"]


def test_without_the_key_nothing_is_verified_and_none_is_made(place: Place) -> None:
    (place.folder / "journal.db.key").unlink()
    done = place.run("journal", "verify")
    assert done.exit_code == 2
    assert "use sudo" in done.stderr
    assert not (place.folder / "journal.db.key").exists()


def test_a_trial_is_no_money_that_nobody_claimed(place: Place) -> None:
    asked = TrialAsked("t", "relay", "the technician", Product("e", "Espresso", 120))
    job = Job(terminal="t", kind="vending", currency="EUR", locale="en_GB", wallet="main")
    made = begin(job, asked, "k1", 0, None)
    place.journal.commit(made.facts, at(0))
    place.journal.commit([ReleaseSettled(made.state.release, Ended.DONE)], at(1))
    done = place.run("journal", "show", "1")
    assert "Entry 1: a technician's trial" in done.output
    assert "Nobody pays for it" in done.output
    assert "the technician" in done.output
    assert "Give the money" not in done.output
    assert " trial " in place.run("journal", "list").output
