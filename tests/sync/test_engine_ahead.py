"""What goes ahead of everything: an entry that a customer waits for."""

from collections.abc import Sequence

from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import AttemptStarted, EntryFreed, EntryState, Fact
from terminal.journal.errors import JournalUnwritable
from tests.sync.engine_making import memory_run
from tests.sync.model import (
    BUSY,
    LOSE_REPLY,
    READ_BACK,
    LookingServer,
    ManualClock,
    MemoryJournal,
    ModelServer,
    Run,
)


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
