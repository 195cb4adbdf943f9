"""What is shared about one server, and the small values that are handed over it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from terminal.core.delivery import Again, LookFirst
from terminal.core.value import Value
from terminal.sync.attempt import Result
from terminal.sync.breaker import Breaker, State
from terminal.sync.gate import Gate
from terminal.sync.lanes import Lanes


class Turn(Value, frozen=True):
    """Leave to send one entry of *lane*; *probe* as in Job, *epoch* as in Board.claim."""

    lane: str
    probe: bool
    epoch: int


class Call(Value, frozen=True):
    """An urgent entry; *probe* is None where nothing may be sent, and *words* say why."""

    key: str
    probe: bool | None
    words: str = ""


class View(Value, frozen=True):
    """How one server is; the attributes are those of engine.BackendState."""

    state: State
    words: str
    waiting: int
    next_try_in_ms: int | None


@dataclass(slots=True)
class Desk:
    """One server's side of the board.

    Attributes:
        bell: Rung when its lanes or its breaker changed.
        urgent_bell: Rung when *urgent* grew.
        urgent: Keys that go ahead of everything.
        left: What the last run left behind, to be recorded first.
        unsettled: How many of those are not recorded yet.
    """

    server: str
    breaker: Breaker
    bell: threading.Condition
    urgent_bell: threading.Condition
    urgent: deque[str] = field(default_factory=deque)
    left: deque[Result] = field(default_factory=deque)
    unsettled: int = 0

    def wait_ms(self, lanes: Lanes, gate: Gate, now: int) -> int | None:
        """Return how long until a lane's turn; None if no time brings it."""
        if self.left:
            return gate.wait_ms(now)
        lane_ms = lanes.wait_ms(self.server, now)
        breaker_ms = self.breaker.wait_ms(now)
        if self.unsettled or lane_ms is None or breaker_ms is None:
            return None
        return max(gate.wait_ms(now), lane_ms, breaker_ms)

    def lane_due(self, result: Result, now: int) -> tuple[int | None, bool]:
        """Return until when the lane waits, and whether that holds even if the server comes back before.

        None: while the server is away its breaker says when, and each lane gets its turn as the probe. An
        entry that the server chokes on must not keep the others from being tried.
        """
        match result.verdict:
            case LookFirst(delay_ms=delay_ms):
                return now + delay_ms, True
            case Again(delay_ms=delay_ms):
                told = result.answer.retry_after_ms is not None
                return (now + delay_ms if told or self.breaker.closed else None), told
            case _:
                return None, False
