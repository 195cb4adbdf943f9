"""The breaker and the back-off of the engine: when a server that is away is tried again."""

from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import EntryAdded, EntryKind, EntryState
from terminal.sync.ports import Ledger
from tests.sync.model import BUSY, DENY, UNREACHABLE, ManualClock, ModelServer, Run, rules


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
