"""A server that knows a key only under its secret: what is in doubt is never repeated under another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from terminal.backends.pointofsale.adapter import PointOfSale
from terminal.backends.pointofsale.options import PointOfSaleOptions
from terminal.core.delivery import Guarantee, Outcome, Promise
from terminal.core.events import WalletAnswer
from terminal.core.facts import EntryAdded, EntryKind, EntryState
from terminal.core.value import replace
from terminal.sandbox import Fault, Sandbox
from tests.backends.kiosk import Kiosk
from tests.backends.making import ENOUGH_S, ESPRESSO, SECRET, UID, entry

Start = Callable[..., Sandbox]
NEW = "an0ther-Token"


class Terminal(Kiosk):
    """A journal and a server, and the terminal that is started and stopped between them."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.secret = SECRET
        self.idempotency = "header-24h"
        super().__init__(folder, "main", self.adapter)

    def adapter(self) -> PointOfSale:
        """Return an adapter that knows nothing."""
        self.backend = PointOfSale(
            "main",
            PointOfSaleOptions(url=self.sandbox.url, idempotency=self.idempotency),  # type: ignore[arg-type]
            terminal_id="coffee-1",
            credential=lambda: self.secret,
            tenure=self.journal.tenure("main", self.clock.now),
        )
        self.off.callback(self.backend.close)
        return self.backend

    def add(self, key: str) -> None:
        self.enter(EntryAdded(key, EntryKind.DEBIT, "main", UID, 25, (ESPRESSO,)))

    def lose(self, key: str) -> None:
        """Sell *key*: it is booked, and the answer is lost."""
        self.sandbox.faults.set(Fault(kind="drop", after=True, count=1))
        self.add(key)
        self.clock.advance(1_000)
        self.worker.turn()
        self.worker.turn()
        assert self.entry(key).in_doubt
        assert self.booked() == [key]

    def booked(self) -> list[str | None]:
        done = [each.booking for each in self.sandbox.ledger.transactions()]
        return [booking.key for booking in done if booking.terminal is not None]


@pytest.fixture
def terminal(tmp_path: Path, start: Start) -> Iterator[Terminal]:
    found = Terminal(tmp_path, start(keys="header-24h"))
    assert found.backend.balance(UID, ENOUGH_S).balance == 150, "it is in use before anything is sold"
    found.clock.advance(60_000)
    yield found
    found.off.close()


def test_a_restart_with_the_same_secret_is_covered(terminal: Terminal) -> None:
    terminal.lose("k")
    terminal.clock.advance(3_600_000)
    terminal.start()
    terminal.work()
    assert terminal.entry("k").state is EntryState.DELIVERED
    assert terminal.booked() == ["k"]


@pytest.mark.parametrize("boot", [False, True])
@pytest.mark.parametrize("look", [False, True])
def test_a_secret_that_was_replaced_while_the_terminal_was_off_repeats_nothing(
    terminal: Terminal, *, boot: bool, look: bool
) -> None:
    terminal.lose("k")
    terminal.secret = terminal.sandbox.roll(NEW)
    if boot:
        terminal.clock.reboot(synced=True)
    terminal.start()
    if look:
        assert terminal.backend.balance(UID, ENOUGH_S).balance == 125
    terminal.work()
    found = terminal.entry("k")
    assert found.state is EntryState.UNKNOWN
    assert "Look on the server for the key k" in found.words
    assert terminal.booked() == ["k"], "a repeat would have been booked a second time"
    terminal.add("next")
    terminal.work()
    assert terminal.entry("next").state is EntryState.DELIVERED


def test_a_secret_that_is_replaced_while_the_terminal_runs_repeats_nothing(terminal: Terminal) -> None:
    """A look-up is the first to hear of it; the entry would be what takes the new one up."""
    terminal.lose("k")
    terminal.secret = terminal.sandbox.roll(NEW)
    assert terminal.backend.balance(UID, ENOUGH_S).answer is WalletAnswer.DENIED
    terminal.work()
    assert terminal.entry("k").state is EntryState.UNKNOWN
    assert "the secret was replaced" in terminal.entry("k").words
    assert terminal.booked() == ["k"]


def test_what_was_never_in_doubt_goes_out_under_any_secret(terminal: Terminal) -> None:
    terminal.add("k")
    terminal.secret = terminal.sandbox.roll(NEW)
    terminal.start()
    terminal.work()
    assert terminal.entry("k").state is EntryState.DELIVERED


def test_a_new_secret_that_cannot_be_noted_is_not_used(terminal: Terminal) -> None:
    terminal.secret = terminal.sandbox.roll(NEW)
    terminal.start()
    (terminal.folder / "journal.db.since-main.new").mkdir()
    answer = terminal.backend.deliver(entry(), ENOUGH_S)
    assert answer.outcome is Outcome.UNSENT
    assert "cannot be noted" in answer.words
    assert NEW not in answer.words
    assert terminal.booked() == []


def test_nothing_is_remembered_where_nobody_asks(terminal: Terminal) -> None:
    (terminal.folder / "journal.db.since-main").unlink()
    terminal.idempotency = "key"
    terminal.start()
    assert terminal.backend.deliver(entry(), ENOUGH_S).outcome is Outcome.DELIVERED
    assert terminal.backend.guarantee(EntryKind.DEBIT) == Guarantee(Promise.KEY)
    assert not list(terminal.folder.glob("*.since-*"))


def test_without_a_memory_nothing_is_promised(terminal: Terminal) -> None:
    options = PointOfSaleOptions(url=terminal.sandbox.url, idempotency="header-24h")
    bare = PointOfSale("main", options, terminal_id="coffee-1", credential=lambda: SECRET)
    assert bare.guarantee(EntryKind.DEBIT) == Guarantee(Promise.NONE)


def test_the_window_is_no_longer_than_the_secret_is_in_use(terminal: Terminal) -> None:
    assert terminal.backend.guarantee(EntryKind.DEBIT).window_ms == 60_000
    terminal.clock.advance(10 * 86_400_000)
    day_less_a_margin_ms = terminal.backend.guarantee(EntryKind.DEBIT).window_ms
    assert day_less_a_margin_ms is not None
    assert 23 * 3_600_000 < day_less_a_margin_ms < 24 * 3_600_000
    tried = replace(entry(), in_doubt=True, first_attempted=terminal.clock.now())
    terminal.clock.advance(1_000)
    assert terminal.backend.deliver(tried, ENOUGH_S).outcome is Outcome.DELIVERED
