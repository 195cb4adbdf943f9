"""The engine with its threads: bounded, independent, asleep when idle, and stopped without loss."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import EntryAdded, EntryFreed, EntryKind, EntryState, Fact
from terminal.core.rules import SyncRules
from terminal.journal.store import Journal
from terminal.sync import Engine
from terminal.sync.ports import Ledger
from tests.support.waiting import wait_until
from tests.sync.model import (
    BOOK,
    KEY,
    LOSE_REPLY,
    NONE,
    UNREACHABLE,
    ManualClock,
    MemoryJournal,
    ModelServer,
    rules,
)
from tests.sync.reading_server import reading


class Daemon:
    """An engine that runs, and what the daemon does with it."""

    def __init__(
        self, journal: Ledger, *servers: ModelServer, clock: ManualClock, options: SyncRules | None = None
    ) -> None:
        self.journal = journal
        self.clock = clock
        self.engine = Engine(
            journal,
            {each.name: each for each in servers},
            clock,
            options or rules(),
            wait=clock.wait,
        )
        self.engine.start()

    def tell(self, *facts: Fact) -> None:
        self.journal.commit(facts, self.clock.now())
        self.engine.notice(facts)

    def add(self, key: str, token: str, backend: str = "main") -> None:
        self.tell(EntryAdded(key, EntryKind.DEBIT, backend, token, 150))

    def is_(self, key: str, state: EntryState) -> bool:
        entry = self.journal.entry(key)
        return entry is not None and entry.state is state


@pytest.fixture
def server(clock: ManualClock) -> Iterator[ModelServer]:
    made = ModelServer(clock=clock)
    yield made
    made.close()


def test_lanes_go_out_in_parallel_but_no_more_than_allowed(
    journal: Ledger, server: ModelServer, clock: ManualClock
) -> None:
    server.hangs = True
    daemon = Daemon(journal, server, clock=clock)
    for number in range(10):
        daemon.add(f"k{number}", f"T{number}")
    wait_until(lambda: len(server.inside) == 3, what="three at once")
    server.gate.set()
    wait_until(lambda: all(daemon.is_(f"k{n}", EntryState.DELIVERED) for n in range(10)), what="all")
    daemon.engine.stop()
    assert server.most == 3
    assert set(server.booked.values()) == {1}


def test_a_server_that_hangs_holds_up_nobody_else(
    journal: Ledger, server: ModelServer, clock: ManualClock
) -> None:
    server.hangs = True
    fine = ModelServer("fine", clock=clock)
    daemon = Daemon(journal, server, fine, clock=clock)
    for number in range(8):
        daemon.add(f"h{number}", f"H{number}")
    wait_until(lambda: len(server.inside) == 3, what="all threads of the server that hangs")
    for number in range(8):
        daemon.add(f"k{number}", f"T{number}", "fine")
    wait_until(lambda: all(daemon.is_(f"k{n}", EntryState.DELIVERED) for n in range(8)), what="the other's")
    server.gate.set()
    daemon.engine.stop()


def test_a_customer_is_served_while_a_drain_takes_every_thread(journal: Ledger, clock: ManualClock) -> None:
    class Slow(ModelServer):
        def deliver(self, entry: object, timeout_s: float) -> Answer:
            self.hangs = getattr(entry, "key", "") != "now"
            return super().deliver(entry, timeout_s)  # type: ignore[arg-type]

    server = Slow(clock=clock)
    daemon = Daemon(journal, server, clock=clock)
    for number in range(6):
        daemon.add(f"k{number}", f"T{number}")
    wait_until(lambda: len(server.inside) == 3, what="a drain that hangs")
    answers: list[Answer] = []
    daemon.tell(EntryAdded("now", EntryKind.DEBIT, "main", "T9", 150, held=True))
    daemon.engine.deliver_now("now", answers.append)
    wait_until(lambda: answers, what="the answer")
    assert answers[0].outcome is Outcome.DELIVERED
    server.gate.set()
    daemon.engine.stop()


def test_idle_threads_sleep_without_a_time_limit(
    journal: Ledger, server: ModelServer, clock: ManualClock
) -> None:
    daemon = Daemon(journal, server, clock=clock)
    daemon.add("k", "T1")
    wait_until(lambda: daemon.is_("k", EntryState.DELIVERED), what="the delivery")
    wait_until(
        lambda: len(clock.waits) == 4 and set(clock.waits.values()) == {None},
        what="four threads that wait for nothing but a bell",
    )
    daemon.engine.stop()


def test_a_thread_that_waits_for_the_next_try_is_woken_by_its_moment(
    journal: Ledger, server: ModelServer, clock: ManualClock
) -> None:
    server.script.extend([UNREACHABLE])
    daemon = Daemon(journal, server, clock=clock)
    daemon.add("k", "T1")
    wait_until(lambda: any(clock.waits.values()), what="a thread that waits for the moment")
    assert server.requests == ["k"]
    clock.advance(4_000)
    wait_until(lambda: daemon.is_("k", EntryState.DELIVERED), what="the second try")
    daemon.engine.stop()


def test_a_stop_waits_for_an_answer_and_keeps_it(
    journal: Ledger, server: ModelServer, clock: ManualClock
) -> None:
    server.hangs = True
    server.promise = NONE
    daemon = Daemon(journal, server, clock=clock, options=rules(stop_s=60))
    daemon.add("k", "T1")
    daemon.add("later", "T1")
    wait_until(lambda: server.inside, what="a try under way")
    stopping = threading.Thread(target=daemon.engine.stop)
    stopping.start()
    server.gate.set()
    stopping.join(30)
    assert not stopping.is_alive()
    assert daemon.is_("k", EntryState.DELIVERED)
    assert daemon.is_("later", EntryState.QUEUED)


@pytest.mark.parametrize(
    ("promise", "state"), [(KEY, EntryState.DELIVERED), (NONE, EntryState.UNKNOWN)], ids=str
)
def test_a_try_that_does_not_end_in_time_is_left_to_the_next_start(
    server: ModelServer, clock: ManualClock, promise: object, state: EntryState
) -> None:
    journal = MemoryJournal()
    server.hangs = True
    server.promise = promise  # type: ignore[assignment]
    daemon = Daemon(journal, server, clock=clock, options=rules(stop_s=0))
    daemon.add("k", "T1")
    wait_until(lambda: server.inside, what="a try under way")
    daemon.engine.stop()
    assert daemon.is_("k", EntryState.SENDING)
    after = ModelServer(promise=server.promise, clock=clock)
    again = Daemon(journal, after, clock=clock)
    wait_until(lambda: again.is_("k", state), what="the next start's decision")
    again.engine.stop()


def test_real_waits_wake_for_news(journal: Ledger, server: ModelServer, clock: ManualClock) -> None:
    engine = Engine(journal, {"main": server}, clock, rules())
    engine.start()
    fact = EntryAdded("k", EntryKind.DEBIT, "main", "T1", 150, held=True)
    journal.commit([fact], clock.now())
    engine.notice([fact])
    journal.commit([EntryFreed("k")], clock.now())
    engine.notice([EntryFreed("k")])
    wait_until(lambda: server.booked["k"], what="the delivery")
    engine.stop()
    entry = journal.entry("k")
    assert entry is not None
    assert entry.state is EntryState.DELIVERED


def test_many_tokens_many_threads_one_booking_each(tmp_path: Path, clock: ManualClock) -> None:
    journal = Journal.open(tmp_path / "journal.db", b"k" * 32, boot=clock.boot)
    server = ModelServer(clock=clock)
    server.script.extend(["book", "book and lose the reply", "busy", "unreachable"] * 20)
    daemon = Daemon(journal, server, clock=clock, options=rules(parallel=8))

    def sell(worker: int) -> None:
        for number in range(40):
            daemon.add(f"k{worker}-{number}", f"T{number % 7}")

    sellers = [threading.Thread(target=sell, args=(worker,)) for worker in range(4)]
    for each in sellers:
        each.start()
    for each in sellers:
        each.join()

    def all_there() -> bool:
        clock.advance(60_000)
        daemon.engine.sync_now()
        return journal.counts().get(EntryState.DELIVERED) == 160

    wait_until(all_there, timeout=120, what="160 deliveries")
    daemon.engine.stop()
    journal.close()
    assert len(server.booked) == 160
    assert set(server.booked.values()) == {1}


def test_threads_take_turns_on_an_account(journal: Ledger, clock: ManualClock) -> None:
    server = reading(clock, shared=frozenset(f"T{n}" for n in range(12)))
    server.script.extend([LOSE_REPLY, BOOK, BOOK])
    daemon = Daemon(journal, server, clock=clock)
    told: list[Answer] = []
    for number in range(12):
        daemon.add(f"k{number}", f"T{number}")
        daemon.engine.deliver_now(f"k{number}", told.append)

    def over() -> bool:
        clock.advance(500)
        daemon.engine.sync_now()
        return all(daemon.is_(f"k{n}", EntryState.DELIVERED) for n in range(12))

    wait_until(over, what="all")
    daemon.engine.stop()
    assert server.most == 1
    assert set(server.booked.values()) == {1}
