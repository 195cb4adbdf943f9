"""The one loop: take an event, decide, commit the facts, then perform the effects: in that order (I1)."""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from terminal.core.effects import Effect
from terminal.core.events import Event, JournalFailed, JournalRecovered, TimePassed
from terminal.core.facts import Fact
from terminal.core.stamp import Stamp
from terminal.core.terminal import Terminal, TerminalState
from terminal.courtesy import RightOfWay
from terminal.daemon.happened import HAPPENED, TOLD
from terminal.journal.errors import JournalDamaged, JournalError, JournalUnwritable

_LOG = logging.getLogger(__name__)

RETRY_MS = 1_000
"""How long the loop waits before it tries to write again to a journal that could not be written."""

_MOST_KEPT = 1_000
"""Beyond this, what devices only report stands in the log only: memory is not endless."""


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
        way: Keeps the deliveries behind what the loop does.
    """

    def __init__(
        self,
        terminal: Terminal,
        journal: Writes,
        now: Callable[[], Stamp],
        perform: Callable[[Effect], None],
        committed: Callable[[Sequence[Fact]], None],
        *,
        way: RightOfWay | None = None,
    ) -> None:
        self._terminal = terminal
        self._journal = journal
        self._now = now
        self._perform = perform
        self._committed = committed
        self._way = way or RightOfWay()
        self._inbox: queue.SimpleQueue[Event | threading.Event | None] = queue.SimpleQueue()
        self._kept: deque[Event] = deque()
        self._under_way: Event | None = None
        self._retry_ms: int | None = None  # the journal cannot be used; tried again at this moment
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
        try:
            while self._next():
                pass
        finally:
            self._leave()

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

    def _next(self) -> bool:
        """Take one event and do all that follows; return whether there is more to do."""
        try:
            event = self._inbox.get(timeout=self._patience_s())
        except queue.Empty:
            event = TimePassed()
        if isinstance(event, threading.Event):
            event.set()
            return True
        self._busy_since_ms = self._now().mono_ms
        if event is None:
            if self._kept:
                self._write_kept()
            return False
        self._under_way = event
        with self._way.ahead():
            if self._retry_ms is not None and self._now().mono_ms >= self._retry_ms and self._write_kept():
                self._turn(JournalRecovered())
            if not self._turn(event):
                self._keep(event)
        self._busy_since_ms = self._under_way = None
        with self._settled:
            self._settled.notify_all()
        return True

    def _turn(self, event: Event) -> bool:
        """Decide, commit, perform; return False where nothing of it was done: its facts cannot be written."""
        if self.state is None:
            raise RuntimeError("the loop turns before begin()")
        now = self._now()
        decision = self._terminal.handle(self.state, event, now)
        if decision.facts and not self._write(decision.facts, now):
            return False
        self.state = decision.state
        for effect in decision.effects:
            try:
                self._perform(effect)
            except JournalError as error:
                # It wanted to read. The state has its own deadline for what does not come.
                self._fail(error)
        return True

    # -- a journal that cannot be used -----------------------------------------------------------------

    def _write(self, facts: Sequence[Fact], now: Stamp) -> bool:
        if self._retry_ms is not None:
            return False
        try:
            self._journal.commit(facts, now, urgent=True)
        except JournalUnwritable as error:
            self._fail(error)
            return False
        self._committed(facts)
        return True

    def _fail(self, error: JournalError) -> None:
        """Stop selling until the journal can be used again."""
        if isinstance(error, JournalDamaged):
            # Only a start can set the file aside; what could not be written is in the log.
            raise error
        first = self._retry_ms is None
        self._retry_ms = self._now().mono_ms + RETRY_MS
        if first:
            _LOG.critical("%s Nothing is sold and no money is taken until it can be used again.", error)
            self._turn(JournalFailed(str(error)))

    def _keep(self, event: Event) -> None:
        """Hold what must not be lost until the journal can be written, and say so: memory is not paper."""
        if not isinstance(event, HAPPENED):
            return
        if isinstance(event, TOLD) and len(self._kept) >= _MOST_KEPT:
            _LOG.critical("not written down, and no longer kept: %s", event)
            return
        self._kept.append(event)
        _LOG.critical("not written down yet, kept in memory: %s", event)

    def _write_kept(self) -> bool:
        """If the journal takes a write again, write what was kept, in order; return whether all of it is."""
        try:
            self._journal.probe(self._now())
        except JournalUnwritable as error:
            self._fail(error)
            return False
        self._retry_ms = None
        _LOG.warning("the journal can be written again; %d kept events follow", len(self._kept))
        while self._kept:
            if not self._turn(self._kept[0]):
                return False
            self._kept.popleft()
        return True

    def _leave(self) -> None:
        """Tell what nobody will write down any more: the log is the only paper that is left for it."""
        left: list[object] = [*self._kept, self._under_way]
        while not self._inbox.empty():
            left.append(self._inbox.get())
        for event in left:
            if isinstance(event, HAPPENED):
                _LOG.critical("look whether this is in the journal; book it by hand if it is not: %s", event)
        for acceptor, window in self.state.storms.items() if self.state else ():
            if window.counted:
                _LOG.critical(
                    "not in the journal: %d reports of %s, as %s", window.counted, acceptor, window.worst
                )

    def _patience_s(self) -> float | None:
        wake_ms = self.state.wake_ms if self.state else None
        if self._retry_ms is not None:
            # Until then nothing can be decided that has to be written.
            wake_ms = self._retry_ms
        if wake_ms is None:
            return None
        return max(0, wake_ms - self._now().mono_ms) / 1000
