"""What becomes of entries that were sent and not answered, or were under way when the terminal stopped."""

import pytest

from terminal.core.delivery import LOOK_AFTER_MS, Answer, Guarantee, Outcome
from terminal.core.facts import (
    AttemptStarted,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryState,
    PersonDecided,
)
from terminal.sync.ports import Ledger
from tests.sync.engine_making import KEY_DAY
from tests.sync.model import (
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
    ModelServer,
    Run,
)

# From the beginning of a try: that may take its whole time, and the server some more.
LOOK_MS = RULES.timeout_s * 1000 + LOOK_AFTER_MS


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
    assert f"journal resolve {entry.seq} --delivered" in entry.words
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


def test_a_payment_that_a_guest_began_before_the_delivery_was_there_is_not_what_the_last_run_left(
    journal: Ledger, server: ModelServer, clock: ManualClock
) -> None:
    server.promise = NONE
    begun = EntryAdded("p", EntryKind.PAYMENT, "main", None, 100, held=True)
    journal.commit([begun, AttemptStarted("p")], clock.now())
    run = Run(journal, server, clock=clock)
    run.work_out()
    assert run.state("p") is EntryState.SENDING
    run.tell(EntryFreed("p"))
    run = Run(journal, server, clock=clock)
    run.work_out()
    assert run.state("p") is EntryState.UNKNOWN
    assert server.requests == []


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
