"""What is next, what is out on trust, and what a technician asks."""

import subprocess
import sys

import pytest

from terminal.core.delivery import Outcome
from terminal.core.events import Exposure
from terminal.core.facts import EntryFreed, EntryKind, EntryParked, EntryState, PersonDecided
from terminal.core.value import replace
from terminal.journal import Journal, JournalReader
from terminal.journal.errors import JournalUnwritable
from tests.journal.making import KEY, NOW, TOKEN, credit, debit, delivered, ended, lost, started, unclaimed

OTHER = "04FFFFFFFFFFFF"


def test_lanes_go_out_in_order_and_do_not_hold_back_each_other(journal):
    journal.commit(
        [debit("a1"), debit("b1", token=OTHER, held=True), debit("a2"), debit("b2", token=OTHER)], NOW
    )
    assert journal.pending_lanes() == [TOKEN, OTHER]
    assert journal.next_in_lane(TOKEN).key == "a1"
    assert journal.next_in_lane(OTHER) is None
    journal.commit([*delivered("a1"), EntryFreed("b1")], NOW)
    assert journal.next_in_lane(TOKEN).key == "a2"
    assert journal.next_in_lane(OTHER).key == "b1"
    assert journal.pending_lanes() == [OTHER, TOKEN]
    journal.commit([started("a2"), ended("a2", Outcome.REFUSED, EntryState.PARKED)], NOW)
    assert journal.next_in_lane(TOKEN) is None
    assert journal.pending_lanes() == [OTHER]


def test_unclaimed_coins_have_no_lane(journal):
    journal.commit([unclaimed()], NOW)
    assert journal.pending_lanes() == []
    assert journal.next_in_lane("u1") is None


def test_exposure_counts_what_is_not_delivered(journal):
    later = replace(NOW, mono_ms=NOW.mono_ms + 60_000)
    assert journal.exposure(TOKEN, NOW) == Exposure()
    journal.commit([debit("done"), *delivered("done")], NOW)
    journal.commit([debit("queued", amount=1, held=True)], later)
    journal.commit([debit("sending", amount=10), started("sending")], later)
    journal.commit([debit("unknown", amount=100), *lost("unknown")], later)
    journal.commit([debit("parked", amount=1000), EntryParked("parked", EntryState.PARKED, "")], later)
    journal.commit([debit("void", amount=10_000), PersonDecided("void", "void", "Ada", "x")], later)
    journal.commit([debit("theirs", token=OTHER, amount=100_000)], later)
    journal.commit(
        [credit("c1", amount=7), credit("c2", amount=50), EntryParked("c2", EntryState.PARKED, "")], later
    )
    at = replace(later, mono_ms=later.mono_ms + 500)
    assert journal.exposure(TOKEN, at) == Exposure(
        token_debits=1111, token_credits=7, total=100_111, count=4, oldest_ms=500
    )
    assert journal.exposure("unseen", at).token_debits == 0
    assert journal.exposure(TOKEN, replace(at, boot="boot-2", synced=False)).oldest_ms is None


def test_counts_and_the_oldest(journal):
    assert journal.oldest_queued() is None
    later = replace(NOW, mono_ms=9_000)
    journal.commit([debit("a"), *delivered("a")], NOW)
    journal.commit([debit("b", token=OTHER), debit("c"), *lost("c")], later)
    journal.commit([debit("d"), PersonDecided("d", "void", "Ada", "x"), unclaimed()], later)
    assert journal.counts() == {
        EntryState.QUEUED: 1,
        EntryState.SENDING: 0,
        EntryState.UNKNOWN: 1,
        EntryState.PARKED: 1,
        EntryState.DELIVERED: 1,
        EntryState.VOIDED: 1,
    }
    assert journal.oldest_queued() == later


@pytest.mark.parametrize("state", [None, *EntryState])
def test_entries_newest_first_and_page_by_page(journal, state):
    for number in range(4):
        for kind in ("q", "s", "u", "p", "d", "v"):
            journal.commit([debit(f"{kind}{number}")], NOW)
        journal.commit([started(f"s{number}"), *lost(f"u{number}"), *delivered(f"d{number}")], NOW)
        journal.commit([EntryParked(f"p{number}", EntryState.PARKED, "")], NOW)
        journal.commit([PersonDecided(f"v{number}", "void", "Ada", "x")], NOW)
    every = [entry for entry in journal.entries(limit=100) if state in (None, entry.state)]
    assert [entry.seq for entry in every] == sorted((entry.seq for entry in every), reverse=True)
    assert len(every) == (24 if state is None else 4)
    pages, before = [], None
    while page := journal.entries(state, limit=3, before=before):
        assert len(page) <= 3
        pages += page
        before = page[-1].seq
    assert pages == every


def test_a_story_tells_all_in_order(journal):
    journal.commit([debit()], NOW)
    journal.commit(
        [started(), ended(outcome=Outcome.BUSY, state=EntryState.QUEUED, status=503, words="later")],
        replace(NOW, mono_ms=6_000),
    )
    journal.commit(delivered(), NOW)
    story = journal.story(1)
    assert story.entry == journal.entry("d1")
    assert [(event.what, event.how, event.words) for event in story.events] == [
        ("added", "queued", ""),
        ("attempt", "started", ""),
        ("attempt", "busy (HTTP 503)", "later"),
        ("attempt", "started", ""),
        ("attempt", "delivered", ""),
    ]
    assert story.events[1].at.mono_ms == 6_000
    assert journal.story(2) is None


def test_a_reader_beside_the_daemon_sees_what_is_committed_and_writes_nothing(journal, path):
    journal.commit([debit()], NOW)
    with JournalReader(path) as reader:
        assert reader.entry("d1").kind is EntryKind.DEBIT
        journal.commit([debit("d2")], NOW)
        assert reader.counts()[EntryState.QUEUED] == 2
        with pytest.raises(JournalUnwritable, match="read-only"), reader._reading() as db:
            db.execute("DELETE FROM entries")


def test_a_reader_without_a_daemon(path, journal):
    journal.commit([debit()], NOW)
    journal.close()
    with JournalReader(path) as reader:
        assert reader.entry("d1") is not None


def test_a_reader_of_nothing_says_so(path):
    with pytest.raises(JournalUnwritable, match="cannot be opened"):
        JournalReader(path)
    assert not path.exists()


def test_connections_do_not_pile_up(journal):
    borrowed = [journal._reading() for _ in range(10)]
    connections = [each.__enter__() for each in borrowed]
    assert len(set(map(id, connections))) == 10
    for each in borrowed:
        each.__exit__(None, None, None)
    assert len(journal._idle) <= 4


def test_a_start_with_nothing_to_migrate_loads_no_sqlite_utils(path):
    Journal.open(path, KEY, boot="b").close()
    code = (
        "import sys; from pathlib import Path; from terminal.journal import Journal; "
        f"Journal.open(Path({str(path)!r}), {KEY!r}, boot='b').close(); "
        "sys.exit('sqlite_utils' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_long_questions_stay_in_small_indexes(journal):
    """The plans, rather than times: nothing on the way of a tap or of the sync walks through the history."""
    plans = []
    with journal._reading() as db:
        db.set_trace_callback(plans.append)
    journal.next_in_lane(TOKEN)
    journal.pending_lanes()
    journal.sending()
    journal.doubtful("main")
    journal.held()
    journal.exposure(TOKEN, NOW)
    journal.wallet(TOKEN, NOW)
    journal.open_releases()
    journal.open_sessions()
    journal.oldest_queued()
    journal.entries(EntryState.PARKED)
    journal.entries(EntryState.VOIDED)
    with journal._reading() as db:
        db.set_trace_callback(None)
        for statement in [each for each in plans if each.lstrip().startswith("SELECT")]:
            for *_, step in db.execute(f"EXPLAIN QUERY PLAN {statement}"):
                walks = step.startswith("SCAN") and "INDEX" not in step
                assert not walks, f"{step}: {statement}"
    assert len(plans) >= 12
