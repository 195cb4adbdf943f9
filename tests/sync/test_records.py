"""Sales that one server books and another one records: on the real journal, which adds the records."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from terminal.core.delivery import Guarantee, Outcome, Promise
from terminal.core.facts import EntryAdded, EntryFreed, EntryKind, EntryState, Fact
from terminal.core.payload import Booked
from terminal.core.stamp import Stamp
from terminal.journal.store import Journal
from tests.sync.model import (
    DIE_AFTER,
    LOSE_REPLY,
    UNREACHABLE,
    Killed,
    LookingServer,
    ManualClock,
    ModelServer,
    Run,
)

BOOKS = Booked("books")


@pytest.fixture
def journal(tmp_path: Path, clock: ManualClock) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db", b"k" * 32, boot=clock.boot) as opened:
        yield opened


@pytest.fixture
def wallets(clock: ManualClock) -> ModelServer:
    return ModelServer("main", clock=clock)


@pytest.fixture
def books(clock: ManualClock) -> LookingServer:
    return LookingServer("books", promise=Guarantee(Promise.READ_BACK), clock=clock)


@pytest.fixture
def run(journal: Journal, wallets: ModelServer, books: LookingServer, clock: ManualClock) -> Run:
    return Run(journal, wallets, books, clock=clock)


def debit(key: str, lane: str = "T1", *, held: bool = False) -> EntryAdded:
    return EntryAdded(key, EntryKind.DEBIT, "main", lane, 250, held=held, payload=BOOKS)


def test_a_sale_is_recorded_when_it_is_booked(run: Run, wallets: ModelServer, books: LookingServer) -> None:
    run.tell(debit("d1"), debit("d2"), debit("d3", "T2"))
    run.work()
    assert wallets.booked == {"d1": 1, "d2": 1, "d3": 1}
    assert books.booked == {"d1-record": 1, "d2-record": 1, "d3-record": 1}


def test_books_that_are_away_hold_no_payment_back(run: Run, wallets: ModelServer, books: LookingServer) -> None:
    books.script.extend([UNREACHABLE] * 3)
    run.tell(debit("d1"), debit("d2"))
    run.work()
    assert wallets.order["T1"] == ["d1", "d2"]
    run.work_out()
    assert books.booked == {"d1-record": 1, "d2-record": 1}


def test_what_is_charged_before_it_is_given_out_is_recorded_after_it(
    run: Run, wallets: ModelServer, books: LookingServer
) -> None:
    run.tell(debit("d1", held=True))
    heard: list[Outcome] = []
    run.engine.deliver_now("d1", lambda answer: heard.append(answer.outcome))
    run.urgent[0].turn()
    run.urgent[0].turn()
    assert heard == [Outcome.DELIVERED]
    run.work()
    assert books.requests == []
    run.tell(EntryFreed("d1"))
    run.work()
    assert books.booked == {"d1-record": 1}


def test_what_was_given_back_is_recorded_too(run: Run, books: LookingServer) -> None:
    run.tell(debit("d1"))
    run.work()
    run.tell(EntryAdded("r1", EntryKind.REFUND, "main", "T1", 250, refers_to="d1"))
    run.work()
    assert books.booked == {"d1-record": 1, "r1-record": 1}


@pytest.mark.parametrize("weather", [LOSE_REPLY, DIE_AFTER])
def test_a_record_in_doubt_is_looked_for_and_never_made_twice(
    journal: Journal, run: Run, wallets: ModelServer, books: LookingServer, weather: str
) -> None:
    books.script.append(weather)
    run.tell(debit("d1"))
    with suppress(Killed):
        run.work()
    run.clock.advance(1_000)
    again = Run(journal, wallets, books, clock=run.clock)
    again.work_out()
    assert books.booked == {"d1-record": 1}
    assert again.state("d1-record") is EntryState.DELIVERED
    assert journal.verify() == []


class LosingPower(Journal):
    """A journal whose disk has, when the power goes after *left* commits, no more than was synced."""

    disk: Path
    left: int
    lost = 0

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        super().commit(facts, now, urgent=urgent, durable=durable)
        self.lost = 0 if durable else self.lost + 1
        if durable:
            for file in self.path.parent.glob("journal.db*"):
                if file.name in {"journal.db", "journal.db-wal"}:
                    shutil.copy(file, self.disk / file.name)
        self.left -= 1
        if not self.left:
            raise Killed


def test_power_that_goes_after_any_commit_loses_no_record_and_doubles_none(
    tmp_path: Path, clock: ManualClock
) -> None:
    most_lost = cuts = 0
    while True:
        cuts += 1
        before, after = tmp_path / f"{cuts}-before", tmp_path / f"{cuts}-after"
        before.mkdir()
        after.mkdir()
        wallets = ModelServer("main", clock=clock)
        books = LookingServer("books", promise=Guarantee(Promise.READ_BACK), clock=clock)
        with LosingPower.open(before / "journal.db", b"k" * 32, boot=clock.boot) as journal:
            assert isinstance(journal, LosingPower)
            journal.disk, journal.left = after, cuts
            whole = False
            with suppress(Killed):
                run = Run(journal, wallets, books, clock=clock)
                run.tell(*(debit(f"d{number}") for number in range(4)))
                run.work_out()
                whole = True
            most_lost = max(most_lost, journal.lost)
        with Journal.open(after / "journal.db", b"k" * 32, boot=clock.boot) as journal:
            clock.advance(1_000)
            again = Run(journal, wallets, books, clock=clock)
            again.work_out()
            assert wallets.booked == {f"d{number}": 1 for number in range(4)}
            assert books.booked == {f"d{number}-record": 1 for number in range(4)}
            assert journal.pending_lanes() == []
            assert journal.verify() == []
        if whole:
            break
    assert most_lost, "no commit was left to a later sync: this proves nothing"
