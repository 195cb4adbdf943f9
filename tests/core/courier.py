"""The delivery, one step at a time and in one thread: the pure pieces of terminal.sync, and nothing else."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from terminal.core.delivery import Again, Answer, LookFirst, Outcome, Park, Pause, may_send
from terminal.core.events import DeliveryEnded
from terminal.core.facts import AttemptStarted, EntryState
from terminal.core.records import Entry
from terminal.sync.attempt import Job, Result, judge, judge_stopped, judge_unsendable, may_be_lost
from terminal.sync.ports import lane_of
from tests.core.outside import TIMEOUT_MS, Weather

if TYPE_CHECKING:
    from tests.core.world import World

PARALLEL = 3
FIRST_MS, LONGEST_MS = 2_000, 6 * 3_600_000


class Courier:
    """Delivers for one run of the daemon; a new run gets a new one. Moments are the world's true ones."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.wake_ms: int | None = world.ms
        self._due: dict[str, int] = {}
        self._busy: set[str] = set()
        self._claims: set[str] = set()
        self._tries: Counter[str] = Counter()
        self._asked: set[str] = set()
        self._paused_ms = 0

    def load(self) -> None:
        """Decide what becomes of entries that were being sent at the end of the last run."""
        world = self._world
        for entry in world.journal.sending():
            job = Job(entry, None, probe=False)
            self._record(judge_stopped(job, world.peer(entry.key).guarantee, world.now()))

    def notice(self) -> None:
        """Something was committed: there may be something to send."""
        self.wake_ms = self._world.ms

    def work(self) -> None:
        """Send what may be sent now."""
        world = self._world
        self.wake_ms = None
        if world.full:
            self._wake(world.ms + 1_000)
            return
        if self._paused_ms > world.ms:
            self._wake(self._paused_ms)
            return
        for lane in world.journal.pending_lanes():
            if lane in self._busy:
                continue
            if self._due.get(lane, 0) > world.ms:
                self._wake(self._due[lane])
            elif len(self._busy) < PARALLEL:
                self._serve(lane)

    def deliver_now(self, key: str) -> None:
        """Send an entry ahead of all others, for a customer who waits."""
        world = self._world
        entry = world.journal.entry(key)
        away = world.server.weather is Weather.AWAY and world.rng.random() < 0.5
        if entry is None or entry.state is not EntryState.QUEUED or self._obstacle(entry) or away or world.full:
            world.event(0, DeliveryEnded(key, Outcome.UNSENT, "the server is away"))
            return
        self._asked.add(key)
        self._send(Job(entry, None, probe=False))

    def _serve(self, lane: str) -> None:
        world = self._world
        entry = world.journal.next_in_lane(lane)
        if entry is None or entry.key in self._claims:
            return
        job = Job(entry, lane, probe=False)
        match self._obstacle(entry):
            case Park() as park:
                self._record(judge_unsendable(job, park))
                self.notice()
            case LookFirst(delay_ms=delay_ms) if delay_ms:
                self._put_off(lane, delay_ms)
            case LookFirst():
                self._look(Job(entry, lane, probe=False, look=True))
            case None:
                self._send(job)

    def _obstacle(self, entry: Entry) -> LookFirst | Park | None:
        return may_send(
            self._world.peer(entry.key).guarantee,
            first_attempted=entry.first_attempted,
            in_doubt=entry.in_doubt,
            now=self._world.now(),
            timeout_ms=TIMEOUT_MS,
        )

    def _send(self, job: Job) -> None:
        world = self._world
        entry, now = job.entry, world.now()
        server = world.peer(entry.key)
        lost = may_be_lost(entry, server.guarantee) and world.cuts.strikes(0.03)
        if not lost:
            world.disk.commit([AttemptStarted(entry.key)], now)
        answer, after_ms = server.receive(entry)
        if lost:
            # The power goes before anything else is written: the start of this try never reached the disk.
            world.cuts.cut()
        world.cuts.point()
        self._under_way(Job(entry, job.lane, probe=False, started=now), answer, after_ms)

    def _look(self, job: Job) -> None:
        self._under_way(job, self._world.peer(job.entry.key).look(job.entry.key), 200)

    def _under_way(self, job: Job, answer: Answer, after_ms: int) -> None:
        self._claims.add(job.entry.key)
        if job.lane is not None:
            self._busy.add(job.lane)
        self._world.soon(after_ms, lambda: self._ended(job, answer))

    def _ended(self, job: Job, answer: Answer) -> None:
        world = self._world
        if world.full:
            world.soon(1_000, lambda: self._ended(job, answer))
            return
        lane = lane_of(job.entry)
        self._tries[lane] += 1
        delay_ms = min(LONGEST_MS, FIRST_MS * 3 ** min(self._tries[lane], 12))
        result = judge(job, world.peer(job.entry.key).guarantee, answer, world.now(), delay_ms)
        self._record(result)
        self._claims.discard(job.entry.key)
        if job.lane is not None:
            self._busy.discard(job.lane)
        match result.verdict:
            case Again(delay_ms=wait_ms) | LookFirst(delay_ms=wait_ms):
                self._put_off(lane, wait_ms)
            case Pause(delay_ms=wait_ms):
                self._paused_ms = world.ms + wait_ms
                self._wake(self._paused_ms)
            case _:
                self._tries.pop(lane, None)
                self.notice()
        if job.entry.key in self._asked:
            self._asked.discard(job.entry.key)
            told = result.answer
            world.event(0, DeliveryEnded(job.entry.key, told.outcome, told.words, told.balance))

    def _record(self, result: Result) -> None:
        world = self._world
        if result.fact is not None:
            world.disk.commit([result.fact], world.now())

    def _put_off(self, lane: str, wait_ms: int) -> None:
        self._due[lane] = self._world.ms + wait_ms
        self._wake(self._due[lane])

    def _wake(self, at_ms: int) -> None:
        self.wake_ms = at_ms if self.wake_ms is None else min(self.wake_ms, at_ms)
