"""Every test of the delivery runs on a journal in memory and on the real one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.journal.store import Journal
from terminal.sync.ports import Ledger
from tests.sync.model import ManualClock, MemoryJournal, ModelServer, Run


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["memory", "disk"])
def journal(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[Ledger]:
    if request.param == "memory":
        yield MemoryJournal()
        return
    real = Journal.open(tmp_path / "journal.db", b"k" * 32, boot=clock.boot)
    yield real
    real.close()


@pytest.fixture
def server(clock: ManualClock) -> ModelServer:
    return ModelServer(clock=clock)


@pytest.fixture
def run(journal: Ledger, server: ModelServer, clock: ManualClock) -> Run:
    return Run(journal, server, clock=clock)
