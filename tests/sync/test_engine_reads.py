"""Servers without keys: read before a try and after a lost reply, one at a time on each account."""

from __future__ import annotations

import pytest

from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import AttemptStarted, EntryAdded, EntryKind, EntryState, PersonDecided
from terminal.sync.ports import Ledger
from terminal.sync.reading import BUSY as HINDERED
from tests.sync.engine_making import KEY_DAY, memory_run
from tests.sync.model import (
    BOOK,
    BOOK_LATE,
    BUSY,
    LOSE_REPLY,
    LOSE_REQUEST,
    NATURAL,
    NONE,
    RULES,
    ManualClock,
    ModelServer,
    Run,
)
from tests.sync.reading_server import SETTLING_MS, ReadingServer, reading

FIRST_LOOK_MS = SETTLING_MS // 8


@pytest.fixture
def server(clock: ManualClock) -> ReadingServer:
    return reading(clock)


def charge(run: Run, key: str, lane: str = "T1") -> list[Answer]:
    """Let a customer wait for the answer."""
    told: list[Answer] = []
    run.add(key, lane)
    run.engine.deliver_now(key, told.append)
    return told


# -- before a try --------------------------------------------------------------------------------------


def test_what_is_read_is_kept_before_anything_is_sent(server: ReadingServer, clock: ManualClock) -> None:
    journal, run = memory_run(server, clock)
    run.add("k")
    before = journal.syncs
    run.workers[0].turn()
    assert (server.reads, server.requests) == ([("k", False)], [])
    assert journal.syncs == before + 1
    started = journal.log[-1]
    assert isinstance(started, AttemptStarted)
    assert started.before is not None
    assert started.before.balance == 5_000
    run.work()
    assert server.sent_with == [started.before]
    assert run.state("k") is EntryState.DELIVERED


def test_no_start_that_follows_a_read_shares_a_commit_with_an_end(
    server: ReadingServer, clock: ManualClock
) -> None:
    journal, run = memory_run(server, clock)
    commits: list[list[str]] = []
    journal.on_commit = lambda facts: commits.append([type(each).__name__ for each in facts])
    for n in range(4):
        run.tell(EntryAdded(f"free{n}", EntryKind.DEBIT, "main", f"F{n}", 0))
        run.add(f"k{n}", "T1")
        run.add(f"other{n}", f"T{n + 2}")
    run.work()
    assert set(server.booked.values()) == {1}
    starts = [each for each in commits if "AttemptStarted" in each]
    assert starts.count(["AttemptStarted"]) >= 8
    assert ["AttemptEnded", "AttemptStarted"] in starts, "where nothing is read, they do"
    assert journal.refused == 0
    before = {fact.key for fact in journal.log if isinstance(fact, AttemptStarted) and fact.before is not None}
    assert before == {f"k{n}" for n in range(4)} | {f"other{n}" for n in range(4)}


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.UNSENT, Outcome.BUSY, None])
def test_what_could_not_be_read_was_not_sent(run: Run, server: ReadingServer, outcome: Outcome | None) -> None:
    server.read_script.append(RuntimeError("a mistake") if outcome is None else Answer(outcome, "no"))
    run.add("k")
    run.work()
    entry = run.journal.entry("k")
    assert entry is not None
    assert (entry.state, entry.in_doubt, entry.attempts) == (EntryState.QUEUED, False, 0)
    assert server.requests == []
    run.work_out()
    assert run.state("k") is EntryState.DELIVERED
    assert server.requests == ["k"]


def test_a_server_that_lets_nobody_read_pauses_and_parks_nothing(run: Run, server: ReadingServer) -> None:
    server.read_script.append(Answer(Outcome.DENIED, "token revoked"))
    told = charge(run, "k")
    run.work()
    assert run.engine.states()[0].state == "paused"
    assert [each.outcome for each in told] == [Outcome.DENIED]
    run.work_out()
    assert run.state("k") is EntryState.DELIVERED


def test_what_the_server_will_never_book_is_parked_as_surely_not_booked(
    run: Run, server: ReadingServer
) -> None:
    server.read_script.append(Answer(Outcome.REFUSED, "no such card"))
    told = charge(run, "k")
    run.add("next")
    run.work()
    assert run.state("k") is EntryState.PARKED
    assert run.words("k") == "no such card"
    assert [each.outcome for each in told] == [Outcome.REFUSED]
    assert server.requests == ["next"]


def test_reading_and_sending_share_the_time(run: Run, server: ReadingServer) -> None:
    server.read_ms = 4_000
    run.add("k")
    run.work()
    assert server.given_s == [RULES.timeout_s - 4]
    server.read_ms = RULES.timeout_s * 1000
    told = charge(run, "late", "T2")
    run.work()
    assert [each.outcome for each in told] == [Outcome.UNSENT]
    assert "no time was left" in told[0].words
    assert server.requests == ["k"]


def test_nothing_is_read_for_what_changes_nothing(run: Run, server: ReadingServer) -> None:
    run.tell(EntryAdded("free", EntryKind.DEBIT, "main", "T1", 0))
    run.work()
    assert (server.reads, server.sent_with) == ([], [None])


# -- one at a time -------------------------------------------------------------------------------------


def test_of_two_cards_of_one_account_one_waits_until_the_other_is_found(
    run: Run, server: ReadingServer, clock: ManualClock
) -> None:
    server.shared = frozenset({"T1", "T2"})
    server.script.extend([LOSE_REPLY])
    run.add("k", "T1")
    run.work()
    run.add("other", "T2")
    run.add("third", "T3")
    run.work()
    assert server.requests == ["k", "third"]
    clock.advance(FIRST_LOOK_MS)
    run.work()  # it is found, and who waited goes at once
    assert server.requests == ["k", "third", "other"]
    assert {run.state(key) for key in ("k", "other", "third")} == {EntryState.DELIVERED}


def test_an_account_of_many_lanes_starves_none(run: Run, server: ReadingServer) -> None:
    server.shared = frozenset(f"T{n}" for n in range(30))
    server.script.extend([BUSY, BOOK] * 4)
    for n in range(30):
        run.add(f"k{n}", f"T{n}")
    run.work()
    run.clock.advance(10_000)
    run.work()
    assert set(server.booked) == {f"k{n}" for n in range(30)}
    assert server.most == 1


def test_a_customer_who_waits_is_told_that_the_account_is_busy(run: Run, server: ReadingServer) -> None:
    server.script.extend([LOSE_REPLY])
    run.add("k")
    run.work()
    told = charge(run, "ahead")
    other = charge(run, "other", "T2")
    run.work()
    assert told == [Answer(Outcome.UNSENT, HINDERED)]
    assert [each.outcome for each in other] == [Outcome.DELIVERED]
    run.work_out()
    assert server.order["T1"] == ["k", "ahead"]


def test_what_was_sent_ahead_is_found_before_what_waits_in_its_lane(run: Run, server: ReadingServer) -> None:
    server.read_script.append(Answer(Outcome.UNSENT, "no route"))
    run.add("first")
    run.work()
    server.script.extend([LOSE_REPLY])
    run.engine.deliver_now("first", lambda _answer: None)
    told = charge(run, "ahead")
    run.urgent[0].turn()
    run.work()
    run.work_out()
    assert [each.outcome for each in told] in ([Outcome.UNSENT], [Outcome.UNKNOWN])
    assert server.booked == {"first": 1, "ahead": 1}
    assert {run.state(key) for key in ("first", "ahead")} == {EntryState.DELIVERED}


def test_who_waits_for_an_account_does_not_use_up_the_probe(run: Run, server: ReadingServer) -> None:
    server.shared = frozenset({"T1", "T2"})
    server.script.extend([LOSE_REPLY])
    run.add("k", "T1")
    run.work()
    run.add("other", "T2")
    run.work()
    for _ in range(3):
        run.engine.report("main", ok=False)
    run.work_out()
    assert {run.state(key) for key in ("k", "other")} == {EntryState.DELIVERED}


# -- looks ---------------------------------------------------------------------------------------------


def test_what_is_booked_is_found_as_soon_as_it_shows(run: Run, server: ReadingServer) -> None:
    server.script.extend([LOSE_REPLY])
    run.add("k")
    run.add("next")
    run.work()
    run.clock.advance(FIRST_LOOK_MS - 1)
    run.work()
    assert server.reads == [("k", False)]
    run.clock.advance(1)
    run.work()
    assert server.reads == [("k", False), ("k", True), ("next", False)]
    assert run.words("k") == "looked: it is booked"
    assert server.booked == {"k": 1, "next": 1}


def test_what_is_not_booked_is_believed_only_when_all_has_settled(run: Run, server: ReadingServer) -> None:
    server.script.extend([LOSE_REQUEST])
    run.add("k")
    run.work()
    for _ in range(3):
        run.clock.advance(SETTLING_MS // 4)
        run.engine.sync_now()
        run.work()
    assert server.requests == ["k"]
    assert run.engine.states()[0].state == "ok"
    run.clock.advance(SETTLING_MS // 4)
    run.work()
    assert server.requests == ["k", "k"]
    assert len([look for _, look in server.reads if not look]) == 2, "read anew before it is sent again"
    assert server.booked == {"k": 1}


def test_what_is_booked_late_is_not_booked_twice(run: Run, server: ReadingServer) -> None:
    server.script.extend([BOOK_LATE])
    run.add("k")
    run.work_out()
    assert server.booked == {"k": 1}
    assert run.state("k") is EntryState.DELIVERED


@pytest.mark.parametrize("outcome", [Outcome.UNSENT, Outcome.UNKNOWN, Outcome.BUSY, Outcome.DENIED])
def test_looks_that_cannot_be_made_are_repeated_and_end_nothing(
    run: Run, server: ReadingServer, outcome: Outcome
) -> None:
    server.script.extend([LOSE_REPLY])
    run.add("k")
    run.work()
    server.read_script.extend([Answer(outcome, "no")] * 20)
    for _ in range(20):
        run.clock.advance(300_000)
        run.work()
    assert run.state("k") is not EntryState.UNKNOWN
    run.work_out()
    assert run.state("k") is EntryState.DELIVERED
    assert server.requests == ["k"]


def test_what_nobody_can_tell_goes_to_a_person_with_both_sides(run: Run, server: ReadingServer) -> None:
    server.alone = False
    server.script.extend([LOSE_REPLY])
    run.add("k")
    run.work_out()
    assert run.state("k") is EntryState.UNKNOWN
    words = run.words("k")
    assert "balance 50.00" in words
    assert "balance 48.50" in words
    assert "journal resolve 1 --delivered" in words
    assert ("k", Outcome.UNKNOWN) in run.settled
    run.tell(PersonDecided("k", "delivered", "Ada", "it is there"))
    run.add("next")
    run.work()
    assert run.state("next") is EntryState.DELIVERED


def test_who_gives_up_what_is_in_doubt_does_not_let_the_next_begin_too_soon(
    run: Run, server: ReadingServer
) -> None:
    server.script.extend([BOOK_LATE])
    run.add("k")
    run.add("next")
    run.work()
    run.tell(PersonDecided("k", "void", "Ada", "nobody waits for it"))
    run.work()
    assert server.requests == ["k"]
    run.work_out()
    assert server.requests == ["k", "next"]
    assert server.booked == {"k": 1, "next": 1}


# -- after a restart -----------------------------------------------------------------------------------


def test_what_was_kept_of_a_read_outlives_the_terminal(
    journal: Ledger, server: ReadingServer, clock: ManualClock
) -> None:
    run = Run(journal, server, clock=clock)
    run.add("k")
    run.workers[0].turn()
    again = Run(journal, server, clock=clock)
    again.work_out()
    assert server.reads[0] == ("k", False)
    assert server.reads[1] == ("k", True)
    assert server.booked == {"k": 1}


def test_what_an_older_program_sent_goes_to_a_person_when_all_has_settled(
    journal: Ledger, server: ReadingServer, clock: ManualClock
) -> None:
    journal.commit([EntryAdded("k", EntryKind.DEBIT, "main", "T1", 150)], clock.now())
    journal.commit([AttemptStarted("k")], clock.now())
    run = Run(journal, server, clock=clock)
    run.work()
    clock.advance(SETTLING_MS - 1)
    run.work()
    assert run.state("k") is EntryState.QUEUED
    run.work_out()
    assert run.state("k") is EntryState.UNKNOWN
    assert "was not kept" in run.words("k")
    assert "balance 50.00" in run.words("k")
    assert server.requests == []


# -- what is prepared ----------------------------------------------------------------------------------


@pytest.mark.parametrize("promise", [NATURAL, KEY_DAY], ids=str)
def test_a_repeat_is_sent_with_what_was_prepared_for_the_first_try(
    run: Run, server: ReadingServer, promise: object
) -> None:
    server.promise, server.handles = promise, True  # type: ignore[assignment]
    server.script.extend([LOSE_REPLY, LOSE_REQUEST])
    run.add("k")
    run.work_out()
    assert [each.handle for each in server.sent_with if each] == ["h1"] * 3
    assert server.reads == [("k", False)]
    assert run.state("k") is EntryState.DELIVERED


# -- what a busy server proves -------------------------------------------------------------------------


@pytest.mark.parametrize("foreign", [False, True])
def test_busy_proves_nothing_where_something_else_may_say_it(clock: ManualClock, *, foreign: bool) -> None:
    class Proxied(ModelServer):
        def _do(self, do: str, entry: object) -> Answer:
            return Answer(Outcome.BUSY, "503", 503, foreign=foreign)

    server = Proxied(promise=NONE, clock=clock)
    _, run = memory_run(server, clock)
    told = charge(run, "k")
    run.work()
    assert run.state("k") is (EntryState.UNKNOWN if foreign else EntryState.QUEUED)
    assert [each.outcome for each in told] == [Outcome.UNKNOWN if foreign else Outcome.BUSY]
