"""Sales that one server books and another one records: on the real journal, which adds the records."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from terminal.core.delivery import Guarantee, Outcome, Promise
from terminal.core.facts import EntryAdded, EntryFreed, EntryKind, EntryState
from terminal.core.payload import Booked
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
