"""A refund that the server refuses: a person reads the server's words, whose money it is, and what to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.core.delivery import owed
from terminal.core.facts import EntryAbandoned, EntryAdded, EntryKind, EntryState
from terminal.journal.store import Journal
from terminal.sync.ports import Ledger
from tests.sync.model import BOOK, REFUSE, ManualClock, ModelServer, Run


@pytest.fixture
def real(tmp_path: Path, clock: ManualClock) -> Iterator[Journal]:
    """The journal that adds refunds by itself."""
    opened = Journal.open(tmp_path / "journal.db", b"k" * 32, boot=clock.boot)
    yield opened
    opened.close()


def test_the_refund_of_what_was_not_given_out(real: Journal, clock: ManualClock) -> None:
    server = ModelServer(clock=clock)
    server.script.extend([BOOK, REFUSE])
    run = Run(real, server, clock=clock)
    run.add("k", held=True)
    run.engine.deliver_now("k", lambda _answer: None)
    run.work()
    run.tell(EntryAbandoned("k", "The machine could not give it out."))
    run.work()
    refund = real.entry("k-refund")
    assert refund is not None
    assert refund.state is EntryState.PARKED
    assert refund.words == f"no such product. {owed('k', refund.seq)}"


def test_the_words_of_others_are_the_servers_alone(journal: Ledger, clock: ManualClock) -> None:
    server = ModelServer(clock=clock)
    server.script.extend([REFUSE] * 3)
    run = Run(journal, server, clock=clock)
    for kind in (EntryKind.DEBIT, EntryKind.CREDIT):
        run.tell(EntryAdded(kind.value, kind, "main", "T1", 150))
    run.tell(EntryAdded("back", EntryKind.REFUND, "main", "T1", 150, refers_to="debit"))
    run.work()
    assert run.words("debit") == run.words("credit") == "no such product"
    assert run.words("back").startswith("no such product. This refund is owed to a customer")
    assert "for the debit debit:" in run.words("back")
