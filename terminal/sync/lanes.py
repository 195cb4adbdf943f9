"""Which lane may send next: pure bookkeeping in memory, time passed in.

A lane is one token's entries, in order. At any moment a lane that is known is in exactly one place: *ready*
(its server's queue, first in first out), *busy* (somebody sends for it), or *waiting* for a moment. A lane
that has nothing to send is forgotten, so that memory does not grow with the number of tokens ever seen.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Waiting:
    """A lane that waits until *due*; *fixed* if only that moment, or a person, ends the wait."""

    due: int
    fixed: bool


@dataclass(slots=True)
class _Queue:
    """The lanes of one server."""

    ready: deque[str] = field(default_factory=deque)
    waiting: dict[str, _Waiting] = field(default_factory=dict)
    # (due, lane); what is not in *waiting* with this due any more is passed over.
    heap: list[tuple[int, str]] = field(default_factory=list)
    busy: dict[str, bool] = field(default_factory=dict)  # lane -> whether it got something new meanwhile


class Lanes:
    """All lanes of all servers. Moments are milliseconds of one monotonic clock. Not safe for threads."""

    def __init__(self) -> None:
        self._queues: defaultdict[str, _Queue] = defaultdict(_Queue)
        self._home: dict[str, str] = {}
        self._tries: dict[str, int] = {}

    def add(self, lane: str, server: str, due: int | None = None) -> None:
        """Note that *lane* may have something to send: now, or at *due*. A lane that waits goes on waiting."""
        home = self._home.get(lane)
        if home is not None:
            busy = self._queues[home].busy
            if lane in busy:
                busy[lane] = True
            return
        self._home[lane] = server
        self._place(lane, due, fixed=False)

    def take(self, server: str, now: int) -> str | None:
        """Return the lane whose turn it is, busy from now on; None if none is ready."""
        queue = self._queues[server]
        while (due := self._next_due(queue)) is not None and due <= now:
            lane = heapq.heappop(queue.heap)[1]
            del queue.waiting[lane]
            queue.ready.append(lane)
        if not queue.ready:
            return None
        lane = queue.ready.popleft()
        queue.busy[lane] = False
        return lane

    def more(self, lane: str) -> None:
        """Put a busy lane at the end of the queue: its entry was settled, the next may go."""
        self._tries.pop(lane, None)
        self._release(lane)
        self._place(lane, None, fixed=False)

    def keep(self, lane: str) -> None:
        """Go on with a busy lane: its entry was settled, and the next is already on its way."""
        self._tries.pop(lane, None)

    def first(self, lane: str) -> None:
        """Put a busy lane at the head of the queue: nothing was sent."""
        self._queues[self._home[lane]].ready.appendleft(lane)
        self._release(lane)

    def retry(self, lane: str, due: int | None, *, fixed: bool = False) -> None:
        """Let a busy lane wait until *due*; None: it takes its turn, and somebody else sees to the time."""
        self._release(lane)
        self._place(lane, due, fixed=fixed)

    def rest(self, lane: str) -> None:
        """Forget a busy lane, which has nothing to send, unless it got something new while it was busy."""
        if self._release(lane):
            self._place(lane, None, fixed=False)
        else:
            self._tries.pop(lane, None)
            del self._home[lane]

    def move(self, lane: str, server: str) -> None:
        """Hand a busy lane over: what it has to send next is for another server."""
        self._release(lane)
        self._home[lane] = server
        self._place(lane, None, fixed=False)

    def failed(self, lane: str) -> int:
        """Count one more failure of what *lane* sends; return how many in a row."""
        self._tries[lane] = self._tries.get(lane, 0) + 1
        return self._tries[lane]

    def wake(self, server: str, *, everything: bool = False) -> None:
        """Make the lanes that wait ready, in the order of their time; *everything*: fixed waits as well."""
        queue = self._queues[server]
        woken = [(each.due, lane) for lane, each in queue.waiting.items() if everything or not each.fixed]
        for _, lane in sorted(woken):
            del queue.waiting[lane]
            queue.ready.append(lane)

    def hurry(self, lane: str) -> None:
        """End the wait of a lane."""
        queue = self._queues[self._home[lane]]
        if queue.waiting.pop(lane, None) is not None:
            queue.ready.append(lane)

    def knows(self, lane: str) -> bool:
        """Return whether *lane* is on the books here."""
        return lane in self._home

    def wait_ms(self, server: str, now: int) -> int | None:
        """Return how long until a lane is ready: 0 if one is, None if none will be by itself."""
        queue = self._queues[server]
        if queue.ready:
            return 0
        due = self._next_due(queue)
        return None if due is None else max(0, due - now)

    def count(self, server: str) -> int:
        """Return how many lanes have something to send."""
        queue = self._queues[server]
        return len(queue.ready) + len(queue.waiting) + len(queue.busy)

    def servers(self) -> list[str]:
        """Return the servers that any lane waits for."""
        return [server for server in list(self._queues) if self.count(server)]

    def _place(self, lane: str, due: int | None, *, fixed: bool) -> None:
        queue = self._queues[self._home[lane]]
        if due is None:
            queue.ready.append(lane)
        else:
            queue.waiting[lane] = _Waiting(due, fixed)
            heapq.heappush(queue.heap, (due, lane))

    def _release(self, lane: str) -> bool:
        return self._queues[self._home[lane]].busy.pop(lane)

    @staticmethod
    def _next_due(queue: _Queue) -> int | None:
        while queue.heap:
            due, lane = queue.heap[0]
            waiting = queue.waiting.get(lane)
            if waiting is not None and waiting.due == due:
                return due
            heapq.heappop(queue.heap)
        return None
