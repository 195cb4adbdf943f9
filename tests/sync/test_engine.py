"""What becomes of entries, turned step by step: no threads, no real time."""

from collections.abc import Sequence

import pytest

from terminal.core.delivery import LOOK_AFTER_MS, Answer, Guarantee, Outcome, Promise
from terminal.core.facts import (
    AttemptEnded,
    AttemptStarted,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryParked,
    EntryState,
    Fact,
    PersonDecided,
)
from terminal.journal.errors import JournalUnwritable
from terminal.sync.ports import Ledger
from tests.sync.model import (
    BUSY,
    DENY,
    HOUR_MS,
    KEY,
    LOSE_REPLY,
    LOSE_REQUEST,
    NATURAL,
    NONE,
    READ_BACK,
    REFUSE,
    RULES,
    UNREACHABLE,
    LookingServer,
    ManualClock,
    MemoryJournal,
    ModelServer,
    Run,
    rules,
)

# From the beginning of a try: that may take its whole time, and the server some more.
LOOK_MS = RULES.timeout_s * 1000 + LOOK_AFTER_MS
KEY_DAY = Guarantee(Promise.KEY, 24 * HOUR_MS)


@pytest.fixture
def server(clock: ManualClock) -> ModelServer:
    return ModelServer(clock=clock)


@pytest.fixture
def run(journal: Ledger, server: ModelServer, clock: ManualClock) -> Run:
    return Run(journal, server, clock=clock)


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


# -- what was sent and not answered --------------------------------------------------------------------


@pytest.mark.parametrize("promise", [KEY, KEY_DAY, NATURAL], ids=str)
def test_a_lost_reply_is_repeated_where_the_server_drops_repeats(
    run: Run, server: ModelServer, promise: Guarantee
) -> None:
    server.promise = promise
    server.script.extend([LOSE_REPLY, LOSE_REQUEST])
    run.add("k")
    run.work_out()
    assert len(server.requests) == 3
    assert server.booked["k"] == 1
    assert run.state("k") is EntryState.DELIVERED


def test_a_lost_reply_goes_to_a_person_where_a_repeat_would_book_twice(run: Run, server: ModelServer) -> None:
    server.promise = NONE
    server.script.extend([LOSE_REPLY])
    run.add("k")
    run.add("next")
    run.work_out()
    assert server.requests == ["k", "next"]
    assert run.state("k") is EntryState.UNKNOWN
    entry = run.journal.entry("k")
    assert entry is not None
    assert "no answer in 10 s" in entry.words
    assert f"journal retry {entry.seq}" in entry.words
    assert "k" in entry.words
    assert ("k", Outcome.UNKNOWN) in run.settled


def test_a_person_who_looked_can_have_it_sent_again(run: Run, server: ModelServer) -> None:
    server.promise = NONE
    server.script.extend([LOSE_REQUEST])
    run.add("k")
    run.work_out()
    run.tell(PersonDecided("k", "retry", "Ada", "not on the server"))
    run.work_out()
    assert run.state("k") is EntryState.DELIVERED
    assert server.booked["k"] == 1


@pytest.mark.parametrize(("request_", "requests"), [(LOSE_REPLY, 1), (LOSE_REQUEST, 2)])
def test_a_server_that_can_be_read_is_asked_before_anything_is_sent_again(
    journal: Ledger, clock: ManualClock, request_: str, requests: int
) -> None:
    server = LookingServer(promise=READ_BACK, clock=clock)
    server.script.extend([request_])
    run = Run(journal, server, clock=clock)
    run.add("k")
    run.add("next")
    run.work()
    run.clock.advance(LOOK_MS - 1)
    run.work()
    assert server.looks == []
    assert server.requests == ["k"]
    run.work_out()
    assert server.looks == ["k"]
    assert server.requests.count("k") == requests
    assert server.order["T1"] == ["k", "next"]
    assert run.state("k") is EntryState.DELIVERED


def test_a_look_that_tells_nothing_is_repeated(journal: Ledger, clock: ManualClock) -> None:
    server = LookingServer(promise=READ_BACK, clock=clock)
    server.script.extend([LOSE_REPLY])
    server.look_script.extend([Answer(Outcome.UNSENT, "no route"), Answer(Outcome.UNKNOWN, "time-out")])
    run = Run(journal, server, clock=clock)
    run.add("k")
    run.work()
    clock.advance(LOOK_MS)
    run.work()
    assert server.looks == ["k"]
    run.work_out()
    assert server.looks == ["k"] * 3
    assert server.requests == ["k"]
    assert run.state("k") is EntryState.DELIVERED


def test_a_promise_to_be_read_without_a_way_to_read_counts_as_none(journal: Ledger, clock: ManualClock) -> None:
    server = ModelServer(promise=READ_BACK, clock=clock)
    server.script.extend([LOSE_REPLY])
    run = Run(journal, server, clock=clock)
    run.add("k")
    run.work_out()
    assert server.requests == ["k"]
    assert run.state("k") is EntryState.UNKNOWN


def test_an_entry_in_doubt_is_parked_when_its_keys_window_closes(run: Run, server: ModelServer) -> None:
    server.promise = KEY_DAY
    server.script.extend([LOSE_REPLY])
    run.add("k")
    run.work()
    server.script.extend([UNREACHABLE] * 1000)
    run.work_out(hours=48)
    assert run.state("k") is EntryState.UNKNOWN
    assert "24 h" in run.words("k")
    assert server.booked["k"] == 1


def test_an_entry_that_is_parked_unsent_does_not_use_up_the_probe(run: Run, server: ModelServer) -> None:
    server.promise = KEY_DAY
    server.script.extend([LOSE_REPLY])
    run.add("k")
    run.work()
    for _ in range(3):
        run.engine.report("main", ok=False)
    run.add("next")
    run.clock.advance(24 * HOUR_MS)
    run.work()
    assert run.state("k") is EntryState.UNKNOWN
    assert run.state("next") is EntryState.DELIVERED


def test_an_entry_that_surely_never_arrived_has_no_window(run: Run, server: ModelServer) -> None:
    server.promise = NONE
    server.script.extend([UNREACHABLE] * 50)
    run.add("k")
    run.work_out(hours=72)
    assert run.state("k") is EntryState.DELIVERED
    assert server.booked["k"] == 1


def test_a_dialect_that_promises_less_is_obeyed_at_once(run: Run, server: ModelServer) -> None:
    server.script.extend([LOSE_REPLY])
    run.add("k")
    run.work()
    server.promise = NONE
    run.work_out()
    assert server.requests == ["k"]
    assert run.state("k") is EntryState.UNKNOWN


def test_a_repeat_that_a_server_with_keys_refuses_was_not_booked_before(run: Run, server: ModelServer) -> None:
    server.script.extend([LOSE_REQUEST, REFUSE])
    run.add("k")
    run.work()
    assert run.state("k") is EntryState.QUEUED
    run.work_out()
    assert run.state("k") is EntryState.PARKED


# -- after a restart -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("promise", "state", "requests"),
    [
        (KEY, EntryState.DELIVERED, ["k", "next"]),
        (KEY_DAY, EntryState.DELIVERED, ["k", "next"]),
        (NATURAL, EntryState.DELIVERED, ["k", "next"]),
        (NONE, EntryState.UNKNOWN, ["next"]),
    ],
    ids=str,
)
def test_what_was_being_sent_when_the_terminal_stopped(
    *,
    journal: Ledger,
    server: ModelServer,
    clock: ManualClock,
    promise: Guarantee,
    state: EntryState,
    requests: list[str],
) -> None:
    server.promise = promise
    for key in ("k", "next"):
        journal.commit([EntryAdded(key, EntryKind.DEBIT, "main", "T1", 100)], clock.now())
    journal.commit([AttemptStarted("k")], clock.now())
    run = Run(journal, server, clock=clock)
    run.work_out()
    assert run.state("k") is state
    assert server.requests == requests
    if state is EntryState.UNKNOWN:
        assert "stopped while this was being sent" in run.words("k")


def test_a_look_after_a_restart_waits_as_well(journal: Ledger, clock: ManualClock) -> None:
    server = LookingServer(promise=READ_BACK, clock=clock)
    journal.commit([EntryAdded("k", EntryKind.DEBIT, "main", "T1", 100)], clock.now())
    journal.commit([AttemptStarted("k")], clock.now())
    run = Run(journal, server, clock=clock)
    run.work()
    run.engine.sync_now()
    run.work()
    assert server.looks == []
    run.work_out()
    assert server.looks == ["k"]
    assert server.booked["k"] == 1


def test_after_a_reboot_without_the_time_a_windows_entry_goes_to_a_person(
    journal: Ledger, server: ModelServer, clock: ManualClock
) -> None:
    server.promise = KEY_DAY
    journal.commit([EntryAdded("k", EntryKind.DEBIT, "main", "T1", 100)], clock.now())
    journal.commit([AttemptStarted("k")], clock.now())
    clock.reboot(synced=False)
    run = Run(journal, server, clock=clock)
    run.work_out()
    assert server.requests == []
    assert run.state("k") is EntryState.UNKNOWN
    assert "no clock" in run.words("k")


def test_entries_left_by_a_server_that_is_gone_go_to_a_person(
    journal: Ledger, server: ModelServer, clock: ManualClock
) -> None:
    journal.commit([EntryAdded("k", EntryKind.DEBIT, "gone", "T1", 100)], clock.now())
    journal.commit([AttemptStarted("k")], clock.now())
    run = Run(journal, server, clock=clock)
    run.work_out()
    assert run.state("k") is EntryState.UNKNOWN


def test_what_was_begun_and_not_yet_sent_when_the_engine_stops_surely_never_arrived(
    run: Run, server: ModelServer
) -> None:
    server.promise = NONE
    run.add("k")
    run.workers[0].turn()
    assert run.state("k") is EntryState.SENDING
    run.engine.stop()
    run.workers[0].run()
    assert server.requests == []
    entry = run.journal.entry("k")
    assert entry is not None
    assert entry.state is EntryState.QUEUED
    assert not entry.in_doubt


def test_what_was_being_sent_is_settled_before_its_lane_goes_on(
    journal: Ledger, server: ModelServer, clock: ManualClock
) -> None:
    for key in ("k", "next"):
        journal.commit([EntryAdded(key, EntryKind.DEBIT, "main", "T1", 100)], clock.now())
    journal.commit([AttemptStarted("k")], clock.now())
    run = Run(journal, server, clock=clock)
    one, two, _ = run.workers
    one.turn()  # takes what was left, and has not written it down yet
    two.turn()
    two.turn()
    assert server.requests == []
    run.work()
    assert server.order["T1"] == ["k", "next"]


# -- the breaker and the back-off ----------------------------------------------------------------------


def test_a_server_that_is_away_is_not_hammered_and_gets_all_at_once_when_it_is_back(
    run: Run, server: ModelServer
) -> None:
    for number in range(20):
        run.add(f"k{number}", f"T{number}")
    server.script.extend([UNREACHABLE] * 8)
    run.work()
    first = len(server.requests)
    assert 3 <= first <= 3 + run.workers.__len__()
    [state] = run.engine.states()
    assert state.state == "away"
    assert state.words == "no route to the server"
    assert state.waiting == 20
    assert state.next_try_in_ms is not None
    assert state.next_try_in_ms >= 30_000
    while server.script:
        run.clock.advance(run.engine.states()[0].next_try_in_ms or 0)
        before = len(server.requests)
        run.work()
        assert len(server.requests) == before + 1 or not server.script
    run.clock.advance(300_000)
    run.work()
    assert set(server.booked) == {f"k{number}" for number in range(20)}
    assert run.engine.states()[0].state == "ok"
    assert run.engine.states()[0].waiting == 0


def test_an_entry_that_the_server_chokes_on_does_not_keep_it_away(journal: Ledger, clock: ManualClock) -> None:
    class Choking(ModelServer):
        def _do(self, do: str, entry: object) -> Answer:
            if getattr(entry, "key", "") == "poison":
                return Answer(Outcome.UNKNOWN, "500")
            return super()._do(do, entry)  # type: ignore[arg-type]

    server = Choking(clock=clock)
    run = Run(journal, server, clock=clock, rules=rules(breaker_failures=1))
    run.add("poison", "T0")
    for number in range(5):
        run.add(f"k{number}", f"T{number + 1}")
    for _ in range(6):
        run.work()
        clock.advance(300_000)
    assert set(server.booked) == {f"k{number}" for number in range(5)}
    assert run.state("poison") is EntryState.QUEUED


def test_while_a_server_is_away_the_probe_does_not_wait_for_a_lane(
    journal: Ledger, server: ModelServer, clock: ManualClock
) -> None:
    slow_lanes = rules(breaker_failures=1, first_retry_s=300, breaker_probe_s=5)
    run = Run(journal, server, clock=clock, rules=slow_lanes)
    server.script.extend([UNREACHABLE])
    run.add("k")
    run.work()
    waits = run.engine.states()[0].next_try_in_ms
    assert waits is not None
    assert 5_000 <= waits <= 10_000


def test_a_server_that_is_back_gets_what_was_waiting_before_it_went_away(
    journal: Ledger, server: ModelServer, clock: ManualClock
) -> None:
    run = Run(journal, server, clock=clock, rules=rules(first_retry_s=300))
    server.script.extend([UNREACHABLE])
    run.add("k")
    run.work()
    run.engine.report("main", ok=False)
    run.engine.report("main", ok=False)
    assert run.engine.states()[0].state == "away"
    run.engine.report("main", ok=True)
    run.work()
    assert run.state("k") is EntryState.DELIVERED


def test_a_probe_that_is_answered_brings_what_was_waiting_before_it_went_away(
    journal: Ledger, server: ModelServer, clock: ManualClock
) -> None:
    run = Run(journal, server, clock=clock, rules=rules(first_retry_s=300))
    server.script.extend([UNREACHABLE])
    run.add("old", "T1")
    run.work()
    run.engine.report("main", ok=False)
    run.engine.report("main", ok=False)
    run.add("probe", "T2")
    clock.advance(60_000)
    run.work()
    assert server.requests == ["old", "probe", "old"]


def test_repeats_wait_longer_and_longer(run: Run, server: ModelServer) -> None:
    server.script.extend([BUSY, BUSY])
    run.add("k")
    run.work()
    first = run.engine.states()[0].next_try_in_ms
    assert first is not None
    assert 2_000 <= first <= 4_000
    run.clock.advance(first)
    run.work()
    second = run.engine.states()[0].next_try_in_ms
    assert second is not None
    assert 2_000 <= second <= 8_000


def test_retry_after_is_honoured_even_if_the_server_is_back(run: Run, server: ModelServer) -> None:
    server.retry_after_ms = 120_000
    server.script.extend([BUSY])
    run.add("k")
    run.work()
    run.engine.report("main", ok=True)
    run.clock.advance(119_999)
    run.work()
    assert server.requests == ["k"]
    run.clock.advance(1)
    run.work()
    assert server.requests == ["k", "k"]


def test_a_person_need_not_wait(run: Run, server: ModelServer) -> None:
    server.script.extend([UNREACHABLE] * 3)
    run.add("k")
    while server.script:
        run.work()
        run.clock.advance(run.engine.states()[0].next_try_in_ms or 0)
    assert run.engine.states()[0].state == "away"
    run.clock.advance(-1)
    run.engine.sync_now()
    run.work()
    assert run.state("k") is EntryState.DELIVERED


def test_whoever_asks_for_a_sync_gets_everything_looked_up(
    run: Run, server: ModelServer, journal: Ledger
) -> None:
    journal.commit([EntryAdded("k", EntryKind.DEBIT, "main", "T1", 100)], run.clock.now())
    run.work()
    assert server.requests == []
    run.engine.sync_now()
    run.work()
    assert server.requests == ["k"]


def test_denied_pauses_the_server_and_parks_nothing(run: Run, server: ModelServer) -> None:
    server.script.extend([DENY] * 3)
    run.add("a", "T1")
    run.add("b", "T2")
    run.work()
    [state] = run.engine.states()
    assert state.state == "paused"
    assert state.words == "token revoked"
    assert run.state("a") is run.state("b") is EntryState.QUEUED
    asked = len(server.requests)
    run.clock.advance(299_999)
    run.work()
    assert len(server.requests) == asked
    run.clock.advance(1)
    run.work()
    server.script.clear()
    run.engine.sync_now()
    run.work()
    assert run.state("a") is run.state("b") is EntryState.DELIVERED
    assert run.engine.states()[0].state == "ok"


def test_look_ups_skip_a_server_that_is_away_and_bring_it_back(run: Run, server: ModelServer) -> None:
    assert run.engine.available("main")
    for _ in range(3):
        run.engine.report("main", ok=False)
    assert not run.engine.available("main")
    run.add("k")
    run.work()
    assert server.requests == []
    run.engine.report("main", ok=True)
    assert run.engine.available("main")
    run.work()
    assert server.requests == ["k"]


def test_nobody_knows_of_a_server_until_it_was_heard(run: Run) -> None:
    assert [each.state for each in run.engine.states()] == ["unused"]


# -- ahead of everything -------------------------------------------------------------------------------


def test_what_a_customer_waits_for_is_sent_at_once_though_it_is_held(run: Run, server: ModelServer) -> None:
    server.balance = 850
    run.add("old")
    run.add("now", held=True)
    answers: list[Answer] = []
    run.engine.deliver_now("now", answers.append)
    run.urgent[0].turn()
    run.urgent[0].turn()
    assert [(each.outcome, each.balance) for each in answers] == [(Outcome.DELIVERED, 850)]
    assert server.requests == ["now"]
    run.work()
    assert server.requests == ["now", "old"]


def test_an_entry_is_never_sent_twice_at_once(run: Run, server: ModelServer) -> None:
    run.add("k")
    run.workers[0].turn()
    answers: list[Answer] = []
    run.engine.deliver_now("k", answers.append)
    run.urgent[0].turn()
    assert answers == []
    run.workers[0].turn()
    assert [each.outcome for each in answers] == [Outcome.DELIVERED]
    run.work()
    assert server.requests == ["k"]


def test_a_lane_leaves_an_urgent_entry_alone_and_comes_back_to_it(
    server: ModelServer, clock: ManualClock
) -> None:
    journal, run = memory_run(server, clock)
    server.script.extend([LOSE_REPLY])
    answers: list[Answer] = []
    run.add("k")
    run.engine.deliver_now("k", answers.append)
    run.urgent[0].turn()
    for worker in run.workers:
        worker.turn()
    assert journal.refused == 0
    run.urgent[0].turn()
    assert [each.outcome for each in answers] == [Outcome.UNKNOWN]
    run.work_out()
    assert server.requests == ["k", "k"]
    assert run.state("k") is EntryState.DELIVERED


def test_between_claim_and_commit_nobody_else_takes_an_urgent_entry(
    server: ModelServer, clock: ManualClock
) -> None:
    journal, run = memory_run(server, clock)
    for key in ("a", "now"):
        run.add(key)
    idle, drain, _ = run.workers
    drain.turn()  # has begun "a"

    def meanwhile(facts: Sequence[Fact]) -> None:
        if AttemptStarted("now") in facts:
            journal.on_commit = lambda _facts: None
            drain.turn()  # sends "a", and looks for the next one of its lane
            idle.turn()

    journal.on_commit = meanwhile
    run.engine.deliver_now("now", lambda _answer: None)
    run.urgent[0].turn()
    run.work()
    assert journal.refused == 0
    assert sorted(server.requests) == ["a", "now"]
    run.add("later")
    run.work()
    assert server.requests[2:] == ["later"]


def test_a_lane_that_stood_back_for_an_urgent_entry_comes_back_if_that_was_not_sent(
    server: ModelServer, clock: ManualClock
) -> None:
    journal, run = memory_run(server, clock)
    run.add("k")

    def meanwhile(facts: Sequence[Fact]) -> None:
        journal.on_commit = lambda _facts: None
        run.workers[0].turn()
        raise JournalUnwritable("The disk is full.")

    journal.on_commit = meanwhile
    answers: list[Answer] = []
    run.engine.deliver_now("k", answers.append)
    run.urgent[0].turn()
    assert [each.outcome for each in answers] == [Outcome.UNSENT]
    run.work_out()
    assert run.state("k") is EntryState.DELIVERED


def test_after_an_urgent_try_its_lane_waits_as_after_any_other(run: Run, server: ModelServer) -> None:
    server.script.extend([BUSY])
    run.add("k", held=True)
    run.engine.deliver_now("k", lambda _answer: None)
    run.work()
    run.tell(EntryFreed("k"))
    run.work()
    assert server.requests == ["k"]
    run.clock.advance(4_000)
    run.work()
    assert server.requests == ["k", "k"]


def test_what_was_read_before_an_urgent_try_is_read_again(clock: ManualClock) -> None:
    class Late(MemoryJournal):
        """The urgent try begins and ends between the read of a lane and the claim."""

        between = staticmethod(lambda: None)

        def next_in_lane(self, lane: str) -> object:  # type: ignore[override]
            found = super().next_in_lane(lane)
            between, self.between = self.between, staticmethod(lambda: None)  # type: ignore[method-assign]
            between()
            return found

    server = LookingServer(promise=READ_BACK, clock=clock)
    server.script.extend([LOSE_REPLY])
    journal = Late()
    run = Run(journal, server, clock=clock)
    run.add("k")
    answers: list[Answer] = []

    def urgent() -> None:
        run.engine.deliver_now("k", answers.append)
        run.urgent[0].turn()
        run.urgent[0].turn()

    journal.between = urgent  # type: ignore[method-assign, assignment]
    run.work_out()
    assert [each.outcome for each in answers] == [Outcome.UNKNOWN]
    assert server.looks == server.requests == ["k"]
    assert run.state("k") is EntryState.DELIVERED


def test_while_the_server_is_away_the_customer_does_not_wait(run: Run, server: ModelServer) -> None:
    for _ in range(3):
        run.engine.report("main", ok=False)
    run.add("k", held=True)
    answers: list[Answer] = []
    run.engine.deliver_now("k", answers.append)
    run.work()
    assert [each.outcome for each in answers] == [Outcome.UNSENT]
    assert server.requests == []
    entry = run.journal.entry("k")
    assert entry is not None
    assert entry.first_attempted is None


def test_an_urgent_entry_that_is_settled_already_is_not_sent(run: Run, server: ModelServer) -> None:
    run.add("k")
    run.work()
    answers: list[Answer] = []
    for key in ("k", "unheard of"):
        run.engine.deliver_now(key, answers.append)
    run.work()
    assert sorted(each.outcome.value for each in answers) == ["delivered", "unsent"]
    assert server.requests == ["k"]


# -- the journal ---------------------------------------------------------------------------------------


def memory_run(server: ModelServer, clock: ManualClock) -> tuple[MemoryJournal, Run]:
    journal = MemoryJournal()
    return journal, Run(journal, server, clock=clock)


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
