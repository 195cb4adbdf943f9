"""A server without keys whose balances nobody else changes, and which can be told to read badly."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from terminal.core.delivery import Answer
from terminal.core.reconcile_evidence import Evidence, Looking, Operation
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from tests.sync.model import READ_BACK, ModelServer

SETTLING_MS = 40_000


@dataclass
class ReadingServer(ModelServer):
    """Its accounts are tokens, but what stands in *shared* is one account.

    Attributes:
        read_script: What the next reads answer instead, or raise.
        reads: Of which entries was read, and whether it was a look.
        read_ms: How long a read takes.
        handles: Something is prepared for each try, and deliveries are told apart by it.
        given_s: How much time each delivery was given.
        alone: Nobody else books.
    """

    settling_ms: int = SETTLING_MS
    read_script: deque[Answer | Exception] = field(default_factory=deque)
    reads: list[tuple[str, bool]] = field(default_factory=list)
    read_ms: int = 0
    handles: bool = False
    sent_with: list[Evidence | None] = field(default_factory=list)
    given_s: list[float] = field(default_factory=list)
    shared: frozenset[str] = frozenset()
    alone: bool = True

    def account(self, entry: Entry) -> str | None:
        if not entry.amount:
            return None
        return "shared" if entry.token in self.shared else entry.token

    def operation(self, entry: Entry, sent: Stamp) -> Operation:
        return Operation(Looking.BALANCE, -entry.amount, sent, alone=self.alone)

    def evidence(self, entry: Entry, before: Evidence | None, at: Stamp, timeout_s: float) -> Evidence | Answer:
        self.reads.append((entry.key, before is not None))
        self.catch_up()
        self.clock.advance(self.read_ms)
        if self.read_script:
            told = self.read_script.popleft()
            if isinstance(told, Exception):
                raise told
            return told
        gone = 150 * sum(self.booked[key] for key in self.spent_on(self.account(entry)))
        handle = f"h{len(self.reads)}" if self.handles and before is None else ""
        return Evidence(at, balance=5_000 - gone, handle=handle)

    def spent_on(self, account: str | None) -> list[str]:
        tokens = self.shared if account == "shared" else {account}
        return [key for token in tokens for key in set(self.order[token or ""])]

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        self.sent_with.append(entry.before)
        self.given_s.append(timeout_s)
        return super().deliver(entry, timeout_s)


def reading(clock: object, **more: object) -> ReadingServer:
    """Return one that can be looked at and promises nothing else."""
    return ReadingServer(promise=READ_BACK, clock=clock, **more)  # type: ignore[arg-type]
