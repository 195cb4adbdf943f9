"""`journal resolve`: what a person decides of what waits for one, in one word and in its short forms."""

import json

import pytest

from terminal.core.delivery import Outcome
from terminal.core.facts import AttemptEnded, AttemptStarted, EntryAdded, EntryKind, EntryState
from terminal.core.reconcile_evidence import Evidence
from tests.cli.conftest import UID, Place, at

ME = ("--by", "the technician", "--reason", "looked on the server", "--yes")


def lost(place: Place, *, second: int = -60) -> str:
    """Add an entry whose answer was lost; return its number. The daemon's clock stands at 60."""
    place.add("k1", second=second)
    before = Evidence(at(second), balance=1250, handle="hold-7")
    place.journal.commit([AttemptStarted("k1", before)], at(second))
    end = AttemptEnded("k1", Outcome.UNKNOWN, EntryState.UNKNOWN, words="It cannot be told. Before … Now …")
    place.journal.commit([end], at(second))
    return number(place, "k1")


def number(place: Place, key: str) -> str:
    entry = place.journal.entry(key)
    assert entry is not None
    return str(entry.seq)


def state(place: Place, key: str = "k1") -> EntryState:
    entry = place.journal.entry(key)
    assert entry is not None
    return entry.state


@pytest.mark.parametrize(
    ("way", "becomes", "words"),
    [
        ("--delivered", EntryState.DELIVERED, "Found booked by the technician: looked on the server"),
        ("--resend", EntryState.QUEUED, "Retry by the technician: looked on the server"),
        ("--write-off", EntryState.VOIDED, "Voided by the technician: looked on the server"),
    ],
)
def test_what_waits_is_settled_by_a_named_person(
    daemon: Place, way: str, becomes: EntryState, words: str
) -> None:
    entry = lost(daemon)
    done = daemon.run("journal", "resolve", entry, way, *ME)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"Entry {entry} is {becomes.value} now.\n"
    assert state(daemon) is becomes
    assert words in daemon.run("journal", "show", entry).output


def test_the_story_shows_what_was_told_and_the_commands_to_choose_from(place: Place) -> None:
    entry = lost(place)
    told = place.run("journal", "show", entry).output
    assert "before it the server told: balance 12.50, about hold-7" in " ".join(told.split())
    assert "It cannot be told. Before … Now …" in told
    for way in ("delivered", "resend", "write-off"):
        assert f"terminalctl journal resolve {entry} --{way}\n" in told
    assert UID not in told
    shown = json.loads(place.run("journal", "show", entry, "--json").stdout)["entry"]
    assert (shown["before"]["balance"], shown["sent"]["wall_ms"]) == (1250, at(-60).wall_ms)
    (listed,) = json.loads(place.run("journal", "list", "--json").stdout)
    assert "before" not in listed


def test_what_the_server_calls_it_is_shown(place: Place) -> None:
    place.add("k1")
    place.journal.commit([AttemptStarted("k1")], at(1))
    place.journal.commit([AttemptEnded("k1", Outcome.DELIVERED, EntryState.DELIVERED, reference="B-17")], at(2))
    told = place.run("journal", "show", number(place, "k1")).output
    assert "reference   B-17" in told
    assert "called B-17 there" in told


@pytest.mark.parametrize("way", [("resolve", "--resend"), ("retry",)])
def test_what_the_server_may_still_book_is_not_sent_again_yet(daemon: Place, way: tuple[str, ...]) -> None:
    entry = lost(daemon, second=43)  # 17 s ago; the server needs 60
    command, *options = way
    done = daemon.run("journal", command, entry, *options, *ME)
    assert done.exit_code == 1
    assert f"the server main may still book what was sent last of entry {entry}" in done.stderr
    assert "again in 43 s" in done.stderr
    assert state(daemon) is EntryState.UNKNOWN
    assert daemon.run("journal", "resolve", entry, "--delivered", *ME).exit_code == 0, "that is seen at once"


@pytest.mark.parametrize("ways", [(), ("--delivered", "--resend"), ("--delivered", "--resend", "--write-off")])
def test_one_way_is_chosen(daemon: Place, ways: tuple[str, ...]) -> None:
    entry = lost(daemon)
    done = daemon.run("journal", "resolve", entry, *ways, *ME)
    assert done.exit_code == 2
    assert "--delivered, --resend or --write-off" in done.stderr
    assert state(daemon) is EntryState.UNKNOWN


def test_what_is_surely_not_booked_cannot_be_said_to_be(daemon: Place) -> None:
    daemon.add("k1")
    daemon.attempt("k1", Outcome.REFUSED, EntryState.PARKED, "no such product", 422)
    done = daemon.run("journal", "resolve", number(daemon, "k1"), "--delivered", *ME)
    assert done.exit_code == 1
    assert "the server has not booked it" in done.stderr
    assert state(daemon) is EntryState.PARKED


def test_a_refund_is_told_to_wait_for_its_debit(daemon: Place) -> None:
    debit = lost(daemon)
    refund = EntryAdded(
        "r", EntryKind.REFUND, "main", UID, 120, refers_to="k1", state=EntryState.PARKED, words="?"
    )
    daemon.journal.commit([refund], at(0))
    done = daemon.run("journal", "resolve", number(daemon, "r"), "--resend", *ME)
    assert done.exit_code == 1
    assert f"settle entry {debit} first" in " ".join(done.stderr.split())
    assert daemon.run("journal", "resolve", debit, "--delivered", *ME).exit_code == 0
    assert daemon.run("journal", "resolve", number(daemon, "r"), "--resend", *ME).exit_code == 0
    assert state(daemon, "r") is EntryState.QUEUED


def test_it_is_told_to_programs(daemon: Place) -> None:
    done = daemon.run("journal", "resolve", lost(daemon), "--delivered", *ME, "--json")
    assert json.loads(done.stdout)["entry"]["state"] == "delivered"


def test_a_person_is_asked_whether_it_is_booked(daemon: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terminal.cli.common.interactive", lambda: True)
    entry = lost(daemon)
    asked = daemon.run("journal", "resolve", entry, "--delivered", input="the technician\nseen\nn\n")
    assert asked.exit_code == 1
    assert "Has the server booked it, by its own books?" in asked.output
    assert "1.20 EUR" in asked.stderr
    assert state(daemon) is EntryState.UNKNOWN
    done = daemon.run("journal", "resolve", entry, "--delivered", input="the technician\nseen\ny\n")
    assert done.exit_code == 0, done.output
    assert state(daemon) is EntryState.DELIVERED


@pytest.mark.parametrize(("short", "way"), [("retry", "resend"), ("void", "write-off")])
def test_the_short_forms_say_what_they_are_short_for(place: Place, short: str, way: str) -> None:
    assert f"Short for `resolve NUMBER --{way}`." in place.run("journal", short, "--help").output
    assert "Settle entry NUMBER, which waits" in place.run("journal", "resolve", "--help").output
