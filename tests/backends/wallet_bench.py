"""A server that holds wallets behind the same few handles, so that one contract can be held against all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Final, cast

from terminal.backends.protocol import Reconciles, WalletBackend
from terminal.core.catalogue import Product
from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import EntryKind
from terminal.core.reconcile import Conclusion, decide
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from terminal.sandbox import Fault
from tests.backends.making import ENOUGH_S, UID, credit, entry

PRICE = 25
TOP_UP = 200
BOOKING: Final = "POST"
READING: Final = "GET"
"""What the method of a fault stands for, however the server is asked: what books, and what reads a balance."""


def moment(ms: int) -> Stamp:
    """Return a moment, *ms* after all began, on one boot."""
    return Stamp(1_770_000_000_000 + ms, ms, "boot", synced=True)


class Bench(ABC):
    """A server with one wallet of START cents for UID, and an adapter that speaks with it.

    A further server: a class with these handles, and its name in ``wallet_benches.BENCHES``.

    Attributes:
        backend: The adapter. If it finds out by looking what became of a try, then nobody else uses the wallet.
        directions: What it books.
        refuses_overdraft: Whether the server itself does.
        tells_balance: Whether the answer to a booking does.
        no_for_good: By which statuses the server says no for good, whatever stands in the body.
        secret: What may stand nowhere.
        looks: What kinds of entries are told by looking, if their answer is lost.
    """

    START = 150
    backend: WalletBackend
    directions: tuple[EntryKind, ...] = (EntryKind.DEBIT, EntryKind.CREDIT, EntryKind.REFUND)
    refuses_overdraft = True
    tells_balance = True
    no_for_good: tuple[int, ...] = (400, 404, 412, 415, 422)
    secret: str
    looks: frozenset[EntryKind] = frozenset()

    @abstractmethod
    def booked(self) -> list[int]:
        """Return the signed cents of all that took effect, in order."""

    @abstractmethod
    def posts(self) -> int:
        """Return how many bookings were asked for."""

    @abstractmethod
    def misbehave(self, *faults: Fault, kind: EntryKind = EntryKind.DEBIT) -> None:
        """Let these happen from now on, instead of those before: with BOOKING to what books a *kind*."""

    @abstractmethod
    def away(self) -> None:
        """Let the server be a machine that is off."""

    @abstractmethod
    def back(self) -> None:
        """Switch it on."""

    @abstractmethod
    def lock_out(self) -> None:
        """Accept this terminal's secret no more."""

    @abstractmethod
    def close(self) -> None:
        """Stop both."""

    def shared(self) -> WalletBackend:
        """Return an adapter whose operator does not promise that nobody else uses the wallet; close it."""
        raise NotImplementedError

    def other(self, cents: int) -> None:
        """Let another customer change the wallet."""
        raise NotImplementedError

    # -- what is booked --------------------------------------------------------------------------------

    def order(self, kind: EntryKind = EntryKind.DEBIT, key: str = "k1", *, uid: str | None = UID) -> Entry:
        """Return an entry: a debit of PRICE, or TOP_UP the other way."""
        if kind is EntryKind.DEBIT:
            return entry(key, uid=uid, pieces=(self._piece(),))
        return credit(key, TOP_UP, kind)

    def dear(self) -> Entry:
        """Return a debit of more than there is."""
        return entry("dear", pieces=(), amount=100_000)

    @staticmethod
    def _piece() -> Product:
        return Product("espresso", "Espresso", PRICE)

    # -- what the engine does --------------------------------------------------------------------------

    def deliver(self, order: Entry, timeout_s: float = ENOUGH_S) -> Answer:
        """Read what is to be read before it, and send it."""
        ready = prepared(self.backend, order, timeout_s)
        if isinstance(ready, Entry):
            return self.backend.deliver(ready, timeout_s)
        told = ready.outcome in (Outcome.REFUSED, Outcome.DENIED)
        return ready if told else replace(ready, outcome=Outcome.UNSENT)


def prepared(backend: Any, order: Entry, timeout_s: float = ENOUGH_S) -> Entry | Answer:
    """Return *order* as it may be sent, with what was read before; or why that could not be read."""
    if not hasattr(backend, "evidence") or backend.account(order) is None:
        return order
    found = cast(Reconciles, backend).evidence(order, None, moment(0), timeout_s)
    return found if isinstance(found, Answer) else replace(order, before=found)


def looked(backend: Any, sent: Entry, ms: int) -> Conclusion:
    """Return what follows from a look, *ms* after *sent* was sent."""
    after = backend.evidence(sent, sent.before, moment(ms), ENOUGH_S)
    assert not isinstance(after, Answer), after
    return decide(backend.operation(sent, moment(0)), sent.before, after, moment(ms), backend.settling_ms)
