"""What becomes of entries, turned step by step: no threads, no real time."""

import pytest

from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import (
    AttemptEnded,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryParked,
    EntryState,
    PersonDecided,
)
from terminal.sync.ports import Ledger
from tests.sync.engine_making import KEY_DAY, memory_run
from tests.sync.model import BUSY, DENY, KEY, LOSE_REPLY, NATURAL, NONE, REFUSE, ManualClock, ModelServer, Run

# -- lanes ---------------------------------------------------------------------------------------------


def test_a_token_is_served_in_order_and_every_entry_once(run: Run, server: ModelServer) -> None:
    for number in range(12):
        run.add(f"k{number}", f"T{number % 2}")
    run.work()
    assert server.order == {
        "T0": [f"k{number}" for number in range(0, 12, 2)],
        "T1": [f"k{number}" for number in range(1, 12, 2)],
    }
    assert set(server.booked.values()) == {1}
    assert sorted(run.settled) == sorted((f"k{number}", Outcome.DELIVERED) for number in range(12))


def test_what_was_queued_before_the_start_is_delivered(
    journal: Ledger, server: ModelServer, clock: ManualClock
) -> None:
    facts = [EntryAdded(f"k{n}", EntryKind.DEBIT, "main", f"T{n}", 100) for n in range(5)]
    journal.commit(facts, clock.now())
    Run(journal, server, clock=clock).work()
    assert sorted(server.booked) == [f"k{n}" for n in range(5)]


def test_a_refusal_in_the_middle_parks_that_entry_only(run: Run, server: ModelServer) -> None:
    server.script.extend([REFUSE])
    run.add("bad")
    run.add("good")
    run.add("other", "T2")
    run.work()
    assert run.state("bad") is EntryState.PARKED
    assert run.words("bad") == "no such product"
    assert run.state("good") is run.state("other") is EntryState.DELIVERED
    assert ("bad", Outcome.REFUSED) in run.settled


def test_an_entry_that_waits_holds_back_its_own_lane_only(run: Run, server: ModelServer) -> None:
    server.script.extend([BUSY])
    run.add("first", "T1")
    run.add("second", "T1")
    run.add("other", "T2")
    run.work()
    assert server.requests == ["first", "other"]
    run.clock.advance(4_000)
    run.work()
    assert server.order["T1"] == ["first", "second"]


def test_a_held_head_blocks_its_lane_until_it_is_freed(run: Run, server: ModelServer) -> None:
    run.add("held", held=True)
    run.add("later")
    run.work()
    assert server.requests == []
    run.tell(EntryFreed("held"))
    run.work()
    assert server.requests == ["held", "later"]


def test_a_held_head_that_is_parked_lets_the_lane_go_on(run: Run, server: ModelServer) -> None:
    run.add("held", held=True)
    run.add("later")
    run.work()
    run.tell(EntryParked("held", EntryState.PARKED, "nobody can tell whether it came out"))
    run.work()
    assert server.requests == ["later"]


def test_one_lane_of_two_servers_keeps_its_order(journal: Ledger, clock: ManualClock) -> None:
    one, two = ModelServer("main", clock=clock), ModelServer("second", clock=clock)
    run = Run(journal, one, two, clock=clock)
    for number in range(6):
        run.add(f"k{number}", "T1", ("main", "second")[number % 2])
    run.work()
    assert one.order["T1"] == ["k0", "k2", "k4"]
    assert two.order["T1"] == ["k1", "k3", "k5"]
    settled = [key for key, _ in run.settled]
    assert settled == sorted(settled)


def test_entries_for_a_server_that_nobody_configured_are_shown(run: Run, server: ModelServer) -> None:
    run.add("lost", "T1", "gone")
    run.add("fine", "T2")
    run.work()
    state = {each.name: each for each in run.engine.states()}["gone"]
    assert state.state == "paused"
    assert "[backends.gone]" in state.words
    assert state.waiting == 1
    assert run.state("lost") is EntryState.QUEUED
    assert run.state("fine") is EntryState.DELIVERED


# -- the journal ---------------------------------------------------------------------------------------


def test_a_drain_costs_one_sync_for_each_entry(server: ModelServer, clock: ManualClock) -> None:
    journal, run = memory_run(server, clock)
    server.promise = NONE
    for number in range(50):
        run.add(f"k{number}", f"T{number % 5}")
    before = journal.syncs
    run.work()
    assert len(server.booked) == 50
    assert journal.syncs - before <= 50 + len(run.workers)


def test_the_start_of_a_harmless_try_needs_no_sync_and_any_other_does(
    server: ModelServer, clock: ManualClock
) -> None:
    for promise, syncs in ((KEY, 0), (KEY_DAY, 1), (NATURAL, 1), (NONE, 1)):
        journal, run = memory_run(server, clock)
        server.promise = promise
        run.add("k")
        before = journal.syncs
        run.workers[0].turn()
        assert journal.syncs - before == syncs, promise
        run.workers[0].turn()
        assert journal.syncs - before == syncs + 1


def test_a_backlog_that_may_be_repeated_is_synced_at_its_end(server: ModelServer, clock: ManualClock) -> None:
    journal, run = memory_run(server, clock)
    for number in range(50):
        run.add(f"k{number}", f"T{number % 5}")
    before = journal.syncs
    run.work()
    assert len(server.booked) == 50
    assert journal.syncs - before <= len(run.workers)
    journal.power_cut()
    assert {run.state(f"k{number}") for number in range(50)} == {EntryState.DELIVERED}


def test_what_a_power_cut_takes_of_a_backlog_is_sent_again_under_its_key(
    server: ModelServer, clock: ManualClock
) -> None:
    journal, run = memory_run(server, clock)
    for number in range(6):
        run.add(f"k{number}")
    for _ in range(4):
        run.workers[0].turn()
    assert server.requests == ["k0", "k1", "k2"]
    journal.power_cut()
    run = Run(journal, server, clock=clock)
    run.work()
    assert server.requests[3:] == [f"k{number}" for number in range(6)]
    assert set(server.booked.values()) == {1}
    assert run.state("k5") is EntryState.DELIVERED


def test_a_doubt_is_never_left_to_a_later_sync(server: ModelServer, clock: ManualClock) -> None:
    journal, run = memory_run(server, clock)
    server.script.append(LOSE_REPLY)
    run.add("k", "T1")
    run.add("other", "T2")
    for _ in range(2):
        run.workers[0].turn()
    journal.power_cut()
    entry = journal.entry("k")
    assert entry is not None
    assert entry.in_doubt


def test_the_start_of_a_try_of_which_nothing_was_given_yet_always_survives(
    server: ModelServer, clock: ManualClock
) -> None:
    journal, run = memory_run(server, clock)
    run.add("k", held=True)
    run.engine.deliver_now("k", lambda _answer: None)
    run.urgent[0].turn()
    journal.power_cut()
    # Whoever abandons it now must see that the server may have booked it.
    assert run.state("k") is EntryState.SENDING


def test_nothing_is_sent_that_cannot_be_written_down(server: ModelServer, clock: ManualClock) -> None:
    journal, run = memory_run(server, clock)
    for number in range(5):
        run.add(f"k{number}", f"T{number}")
    journal.broken = True
    run.work()
    assert server.requests == []
    assert run.engine.states()[0].words == "The disk is full."
    answers: list[Answer] = []
    run.engine.deliver_now("k3", answers.append)
    run.work()
    assert [each.outcome for each in answers] == [Outcome.UNSENT]
    journal.broken = False
    run.work_out()
    assert len(server.booked) == 5
    assert run.engine.states()[0].words == ""


def test_an_answer_survives_a_journal_that_fails(server: ModelServer, clock: ManualClock) -> None:
    journal, run = memory_run(server, clock)
    server.promise = NONE
    run.add("k", "T1")
    run.add("later", "T1")
    run.add("other", "T2")
    run.workers[0].turn()
    journal.broken = True
    run.work()
    assert server.requests == ["k"]
    assert run.settled == []
    for _ in range(3):
        clock.advance(60_000)
        run.work()
    assert server.requests == ["k"]
    journal.broken = False
    run.work_out()
    assert server.requests[0] == "k"
    assert sorted(server.requests) == ["k", "later", "other"]
    assert run.state("k") is EntryState.DELIVERED


def test_the_only_answer_in_hand_shows_that_the_journal_works_again(
    server: ModelServer, clock: ManualClock
) -> None:
    journal, run = memory_run(server, clock)
    run.add("k")
    run.workers[0].turn()
    journal.broken = True
    run.work()
    assert run.engine.states()[0].words == "The disk is full."
    journal.broken = False
    run.work()
    assert run.state("k") is EntryState.DELIVERED
    assert run.engine.states()[0].words == ""


def test_what_was_not_noticed_while_the_journal_could_not_be_read_is_found(
    server: ModelServer, clock: ManualClock
) -> None:
    journal, run = memory_run(server, clock)
    run.add("k", held=True)
    run.work()
    journal.commit([EntryFreed("k")], clock.now())
    journal.unreadable = True
    run.engine.notice([EntryFreed("k")])
    journal.unreadable = False
    run.add("other", "T2")
    run.work_out()
    assert run.state("k") is EntryState.DELIVERED


def test_an_entry_that_a_person_voids_at_the_last_moment_is_not_sent(
    server: ModelServer, clock: ManualClock
) -> None:
    journal, run = memory_run(server, clock)
    run.add("a", "T1")
    run.add("b", "T1")
    run.add("c", "T1")
    run.workers[0].turn()

    def void(facts: object) -> None:
        if any(isinstance(fact, AttemptEnded) for fact in facts):  # type: ignore[attr-defined]
            journal.on_commit = lambda _facts: None
            journal.commit([PersonDecided("b", "void", "Ada", "wrong")], clock.now())

    journal.on_commit = void
    run.work_out()
    assert run.state("b") is EntryState.VOIDED
    assert server.order["T1"] == ["a", "c"]


# -- other people's mistakes ---------------------------------------------------------------------------


def test_an_adapter_that_raises_leaves_the_outcome_unknown(
    journal: Ledger, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(ModelServer):
        def _do(self, do: str, entry: object) -> Answer:
            if self.requests == ["k"]:
                raise LookupError
            return super()._do(do, entry)  # type: ignore[arg-type]

    server = Broken(promise=NONE, clock=clock)
    run = Run(journal, server, clock=clock)
    run.add("k")
    run.add("next")
    run.work_out()
    assert run.state("k") is EntryState.UNKNOWN
    assert run.state("next") is EntryState.DELIVERED
    assert "LookupError" in run.words("k")


def test_a_callback_that_raises_harms_nobody(
    journal: Ledger, server: ModelServer, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    run = Run(journal, server, clock=clock)

    def told(answer: Answer) -> None:
        raise LookupError

    run.add("k", held=True)
    run.engine.deliver_now("k", told)
    run.add("other", "T2")
    run.work_out()
    assert run.state("k") is run.state("other") is EntryState.DELIVERED
    assert "nobody took in" in caplog.text


def test_nothing_secret_is_logged(run: Run, server: ModelServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    server.promise = NONE
    server.script.extend([LOSE_REPLY, REFUSE, DENY])
    for key in ("a", "b", "c"):
        run.add(key, "04A1B2C3D4E5F6")
    run.work()
    assert caplog.records
    assert "04A1B2C3D4E5F6" not in caplog.text
