"""The one loop: take an event, decide, commit the facts, then perform the effects: in that order (I1)."""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from terminal.core.effects import Effect
from terminal.core.events import (
    CoinInserted,
    CoinUnrecognised,
    Event,
    JournalFailed,
    JournalRecovered,
    PrintEnded,
    ReleaseEnded,
    TimePassed,
)
from terminal.core.facts import Fact
from terminal.core.stamp import Stamp
from terminal.core.terminal import Terminal, TerminalState
from terminal.journal.errors import JournalDamaged, JournalUnwritable

_LOG = logging.getLogger(__name__)

RETRY_MS = 1_000
"""How long the loop waits before it tries to write again to a journal that could not be written."""

_KEPT = (CoinInserted, CoinUnrecognised, ReleaseEnded, PrintEnded)
"""What has happened in the world and must reach the journal however late. Anything else may be done again."""


class Writes(Protocol):
    """What the loop needs of the journal."""

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        """Write *facts* down, durably, or raise JournalUnwritable."""

    def probe(self, now: Stamp) -> None:
        """Write something that says nothing, durably, or raise JournalUnwritable."""


class Loop:
    """Owns the terminal's state. Only its own thread decides; everybody else posts events.

    Args:
        terminal: The rules.
        journal: Where facts go first.
        now: Reads the clock.
        perform: Carries out effects; does not block.
        committed: Is told what was committed.
    """

    def __init__(
        self,
        terminal: Terminal,
        journal: Writes,
        now: Callable[[], Stamp],
        perform: Callable[[Effect], None],
        committed: Callable[[Sequence[Fact]], None],
    ) -> None:
        self._terminal = terminal
        self._journal = journal
        self._now = now
        self._perform = perform
        self._committed = committed
        self._inbox: queue.SimpleQueue[Event | threading.Event | None] = queue.SimpleQueue()
        self._kept: deque[Event] = deque()
        self._retry_ms: int | None = None  # the journal cannot be written; tried again at this moment
        self._busy_since_ms: int | None = None
        self._settled = threading.Condition()
        self.state: TerminalState | None = None

    def post(self, event: Event) -> None:
        """Put an event into the inbox. Any thread; never blocks."""
        self._inbox.put(event)

    def begin(self, state: TerminalState, effects: Sequence[Effect]) -> None:
        """Take the first state and perform its effects; its facts were committed already."""
        self.state = state
        for effect in effects:
            self._perform(effect)

    def run(self) -> None:
        """Turn until end() is called. What nobody foresaw ends the process, and systemd starts it anew."""
        while True:
            try:
                event = self._inbox.get(timeout=self._patience_s())
            except queue.Empty:
                event = TimePassed()
            if event is None:
                return
            if isinstance(event, threading.Event):
                event.set()
                continue
            self._busy_since_ms = self._now().mono_ms
            if self._retry_ms is not None and self._now().mono_ms >= self._retry_ms:
                self._try_again()
            self._turn(event)
            self._busy_since_ms = None
            with self._settled:
                self._settled.notify_all()

    def end(self) -> None:
        """Let run() return after what is in the inbox now."""
        self._inbox.put(None)

    def wait_for(self, predicate: Callable[[TerminalState], bool], timeout_s: float) -> bool:
        """Block until the state satisfies *predicate*; return whether it did in time."""
        with self._settled:
            return self._settled.wait_for(
                lambda: self.state is not None and predicate(self.state), timeout=timeout_s
            )

    def flush(self, timeout_s: float) -> bool:
        """Block until everything posted before has been decided and written; return whether it was in time."""
        reached = threading.Event()
        self._inbox.put(reached)
        return reached.wait(timeout_s)

    def stuck_ms(self) -> int:
        """Return for how long the event under way has been going on; 0 between events."""
        since_ms = self._busy_since_ms
        return 0 if since_ms is None else self._now().mono_ms - since_ms

    # -- one event -------------------------------------------------------------------------------------

    def _turn(self, event: Event) -> None:
        if self.state is None:
            raise RuntimeError("the loop turns before begin()")
        now = self._now()
        decision = self._terminal.handle(self.state, event, now)
        if decision.facts and not self._write(event, decision.facts, now):
            return
        self.state = decision.state
        for effect in decision.effects:
            self._perform(effect)

    def _write(self, event: Event, facts: Sequence[Fact], now: Stamp) -> bool:
        if self._retry_ms is not None:
            self._keep(event)
            return False
        try:
            self._journal.commit(facts, now, urgent=True)
        except JournalDamaged:
            # Only a start can set the file aside; what could not be written is in the log.
            self._keep(event)
            raise
        except JournalUnwritable as error:
            self._retry_ms = now.mono_ms + RETRY_MS
            _LOG.critical("%s Nothing is sold and no money is taken until it can be written again.", error)
            self._keep(event)
            self._turn(JournalFailed(str(error)))
            return False
        self._committed(facts)
        return True

    def _keep(self, event: Event) -> None:
        """Hold what must not be lost until the journal can be written, and say so: memory is not paper."""
        if isinstance(event, _KEPT):
            self._kept.append(event)
            _LOG.critical("not written down yet, kept in memory: %s", event)

    def _try_again(self) -> None:
        """If the journal takes a write again, write what was kept and go on as before."""
        now = self._now()
        try:
            self._journal.probe(now)
        except JournalUnwritable:
            self._retry_ms = now.mono_ms + RETRY_MS
            return
        self._retry_ms = None
        kept, self._kept = self._kept, deque()
        _LOG.warning("the journal can be written again; %d kept events follow", len(kept))
        for event in (*kept, JournalRecovered()):
            self._turn(event)

    def _patience_s(self) -> float | None:
        wake_ms = self.state.wake_ms if self.state else None
        if self._retry_ms is not None:
            # Until then nothing can be decided that has to be written.
            wake_ms = self._retry_ms
        if wake_ms is None:
            return None
        return max(0, wake_ms - self._now().mono_ms) / 1000
