"""A world in which the delivery can be tried: a clock with hands, a journal in memory, servers that count.

Nothing here waits for real time: the clock is set, and ``Run.work`` turns the workers until nothing more can be
done at that moment.
"""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from terminal.core import facts as f
from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.facts import EntryKind, EntryState, Fact
from terminal.core.reconcile_evidence import Evidence
from terminal.core.records import Entry
from terminal.core.rules import SyncRules
from terminal.core.stamp import Stamp
from terminal.journal import standing
from terminal.journal.errors import JournalUnwritable
from terminal.journal.standing import Standing
from terminal.sync import Engine
from terminal.sync.ports import Ledger

_evidence = msgspec.json.Decoder(Evidence)
KEY, NATURAL, READ_BACK, NONE = (Guarantee(promise) for promise in Promise)
HOUR_MS = 3_600_000


class Killed(BaseException):
    """The process is gone at this very point."""


class ManualClock:
    """A clock with hands. ``wait`` stands in for Condition.wait: it wakes often, hands tell it the time."""

    def __init__(self) -> None:
        self.true_ms = 1_000_000
        self._booted_ms = 0
        self.boot = "a"
        self.synced = True
        self.waits: dict[str, float | None] = {}

    def now(self) -> Stamp:
        mono_ms = self.true_ms - self._booted_ms
        wall_ms = 1_700_000_000_000 + self.true_ms if self.synced else mono_ms
        return Stamp(wall_ms, mono_ms, self.boot, self.synced)

    def advance(self, ms: int) -> None:
        self.true_ms += ms

    def reboot(self, *, synced: bool) -> None:
        self._booted_ms = self.true_ms
        self.boot += "+"
        self.synced = synced

    def wait(self, condition: threading.Condition, timeout_s: float | None) -> None:
        self.waits[threading.current_thread().name] = timeout_s
        condition.wait(0.02)


class MemoryJournal:
    """The engine's part of the journal; states follow the facts by the journal's own rules.

    Attributes:
        broken: Raise JournalUnwritable from every commit.
        on_commit: Called with the facts before each commit; it may raise.
        after_commit: Called after each commit; it may raise.
        syncs: How many commits were durable.
        refused: How many were to begin a try that must not begin.
        log: All facts, in order.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._added: dict[str, tuple[f.EntryAdded, int, Stamp]] = {}
        self._at: dict[str, Standing] = {}
        self._stamps: dict[int, Stamp] = {}
        self._told: dict[int, bytes] = {}
        self._disk = (dict(self._added), dict(self._at))
        self.broken = False
        self.unreadable = False
        self.on_commit: Callable[[Sequence[Fact]], None] = lambda _facts: None
        self.after_commit: Callable[[], None] = lambda: None
        self.syncs = 0
        self.refused = 0
        self.log: list[Fact] = []

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        with self._lock:
            if self.broken:
                raise JournalUnwritable("The disk is full.")
            self.on_commit(facts)
            added, at, stamps = dict(self._added), dict(self._at), dict(self._stamps)
            for fact in facts:
                self._write(fact, now, added, at, stamps)
            self._added, self._at, self._stamps = added, at, stamps
            self.log += facts
            if durable:
                self.syncs += 1
                self._disk = (dict(added), dict(at))
            self.after_commit()

    def _write(
        self,
        fact: Fact,
        now: Stamp,
        added: dict[str, tuple[f.EntryAdded, int, Stamp]],
        at: dict[str, Standing],
        stamps: dict[int, Stamp],
    ) -> None:
        seq = len(stamps) + 1
        stamps[seq] = now
        match fact:
            case f.EntryAdded():
                added[fact.key] = (fact, seq, now)
                at[fact.key] = Standing(fact.kind, fact.state, fact.held, fact.words)
            case f.EntryFreed():
                at[fact.key] = standing.freed(at[fact.key])
            case f.EntryParked():
                at[fact.key] = standing.parked(at[fact.key], seq, fact.state, fact.words)
            case f.PersonDecided():
                at[fact.key] = standing.decided(at[fact.key], fact.action, fact.by, fact.reason)
            case f.AttemptStarted():
                self.refused += at[fact.key].state is not EntryState.QUEUED
                at[fact.key] = standing.started(at[fact.key], seq)
                if fact.before is not None:
                    self._told[seq] = msgspec.json.encode(fact.before)
            case f.AttemptEnded():
                at[fact.key] = standing.ended(
                    at[fact.key], seq, fact.outcome, fact.state, fact.words, fact.reference
                )
            case _:
                raise AssertionError(fact)

    def power_cut(self) -> None:
        """Lose what was not durable."""
        self._added, self._at = (dict(each) for each in self._disk)

    def entry(self, key: str) -> Entry | None:
        with self._lock:
            if self.unreadable:
                raise JournalUnwritable("The disk failed.")
            return self._entry(key) if key in self._added else None

    def _entry(self, key: str) -> Entry:
        fact, seq, created = self._added[key]
        at = self._at[key]
        return Entry(
            seq=seq,
            key=key,
            kind=fact.kind,
            backend=fact.backend,
            token=fact.token,
            amount=fact.amount,
            pieces=fact.pieces,
            description=fact.description,
            tag=fact.tag,
            session=fact.session,
            refers_to=fact.refers_to,
            held=at.held,
            state=at.state,
            words=at.words,
            created=created,
            first_attempted=None if at.first_attempt is None else self._stamps[at.first_attempt],
            in_doubt=at.in_doubt,
            attempts=at.attempts,
            compensate=at.compensate,
            before=_evidence.decode(self._told[at.first_attempt]) if at.first_attempt in self._told else None,
            sent=None if at.sent is None else self._stamps[at.sent],
            reference=at.reference,
        )

    def all(self) -> list[Entry]:
        with self._lock:
            return [self._entry(key) for key in self._added]

    def pending_lanes(self) -> list[str]:
        queued = (each for each in self.all() if each.state is EntryState.QUEUED)
        return list(dict.fromkeys(each.token or each.key for each in queued))

    def next_in_lane(self, lane: str) -> Entry | None:
        if self.unreadable:
            raise JournalUnwritable("The disk failed.")
        with self._lock:
            for key, (fact, _, _) in self._added.items():
                if (fact.token or key) == lane and self._at[key].state is EntryState.QUEUED:
                    return None if self._at[key].held else self._entry(key)
        return None

    def sending(self) -> list[Entry]:
        return [each for each in self.all() if each.state is EntryState.SENDING]

    def doubtful(self, backend: str) -> list[Entry]:
        with self._lock:
            return [
                self._entry(key)
                for key, at in self._at.items()
                if at.state in (EntryState.SENDING, EntryState.UNKNOWN)
                or (at.state in (EntryState.QUEUED, EntryState.VOIDED) and at.in_doubt)
                if self._added[key][0].backend == backend
            ]


# What a server does with one request.
BOOK = "book"
LOSE_REPLY = "book and lose the reply"
BOOK_LATE = "lose the reply, and book 20 s later"
LOSE_REQUEST = "lose the request, after it left"
UNREACHABLE = "unreachable"
BUSY = "busy"
DENY = "deny"
REFUSE = "refuse"
DIE_BEFORE = "the terminal dies before the server books"
DIE_AFTER = "the terminal dies after the server has booked"


@dataclass
class ModelServer:
    """A server that books, keeps its promise and no more, and counts what really took effect.

    *script* says what it does with the next requests; then it books.
    """

    name: str = "main"
    promise: Guarantee = KEY
    clock: ManualClock = field(default_factory=ManualClock)
    script: deque[str] = field(default_factory=deque)
    booked: Counter[str] = field(default_factory=Counter)
    order: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    requests: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    retry_after_ms: int | None = None
    balance: int | None = None
    first_seen: dict[str, int] = field(default_factory=dict)
    late: list[tuple[int, Entry]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    hangs: bool = False
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    inside: set[str] = field(default_factory=set)

    def guarantee(self, kind: EntryKind) -> Guarantee:
        return self.promise

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        with self.lock:
            assert entry.key not in self.inside, "two sends of one entry at once"
            self.inside.add(entry.key)
            self.most = max(self.most, len(self.inside))
            self.requests.append(entry.key)
            do = self.script.popleft() if self.script else BOOK
        self.catch_up()
        try:
            if self.hangs:
                assert self.gate.wait(30)
            with self.lock:
                return self._do(do, entry)
        finally:
            with self.lock:
                self.inside.discard(entry.key)

    def _do(self, do: str, entry: Entry) -> Answer:
        match do:
            case "book":
                return self._book(entry)
            case "book and lose the reply":
                self._book(entry)
                return Answer(Outcome.UNKNOWN, "no answer in 10 s")
            case "lose the reply, and book 20 s later":
                self.late.append((self.clock.true_ms + 20_000, entry))
                return Answer(Outcome.UNKNOWN, "no answer in 10 s")
            case "lose the request, after it left":
                return Answer(Outcome.UNKNOWN, "the connection was reset")
            case "unreachable":
                return Answer(Outcome.UNSENT, "no route to the server")
            case "busy":
                return Answer(Outcome.BUSY, "too many", 429, retry_after_ms=self.retry_after_ms)
            case "deny":
                return Answer(Outcome.DENIED, "token revoked", 401)
            case "refuse" if self._drops_repeats() and any(late.key == entry.key for _, late in self.late):
                return Answer(Outcome.BUSY, "in progress", 409)
            case "refuse" if (
                self._drops_repeats() and self.booked[entry.key] and self._knows(entry.key, self.clock.true_ms)
            ):
                return Answer(Outcome.DELIVERED, "was processed before", 202)
            case "refuse":
                return Answer(Outcome.REFUSED, "no such product", 400)
            case "the terminal dies before the server books":
                raise Killed
            case _:
                self._book(entry)
                raise Killed

    def _book(self, entry: Entry, at: int | None = None) -> Answer:
        key, now = entry.key, self.clock.true_ms if at is None else at
        if self.booked[key] and self._knows(key, now):
            if self._drops_repeats():
                return Answer(Outcome.DELIVERED, "was processed before", 202)
        else:
            self.first_seen[key] = now
        self.booked[key] += 1
        self.order[entry.token or key].append(key)
        return Answer(Outcome.DELIVERED, status=201, balance=self.balance)

    def _drops_repeats(self) -> bool:
        return self.promise.promise in (Promise.KEY, Promise.NATURAL_KEY)

    def _knows(self, key: str, now: int) -> bool:
        window = self.promise.window_ms
        return window is None or now - self.first_seen[key] < window

    def catch_up(self) -> None:
        """Book what is late."""
        due = [(at, entry) for at, entry in self.late if at <= self.clock.true_ms]
        self.late = [(at, entry) for at, entry in self.late if at > self.clock.true_ms]
        for at, entry in due:
            self._book(entry, at)

    def close(self) -> None:
        self.gate.set()


@dataclass
class LookingServer(ModelServer):
    """A server that can be asked whether it has booked an entry. *look_script* answers first."""

    look_script: deque[Answer] = field(default_factory=deque)

    def look(self, entry: Entry, timeout_s: float) -> Answer:
        self.looks.append(entry.key)
        self.catch_up()
        if self.look_script:
            return self.look_script.popleft()
        return Answer(Outcome.DELIVERED if self.booked[entry.key] else Outcome.REFUSED)


RULES = SyncRules(
    parallel=3, first_retry_s=2, longest_retry_s=300, breaker_failures=3, breaker_probe_s=30, stop_s=5
)


class Run:
    """One run of the terminal's delivery, turned by hand: without threads, without real time."""

    def __init__(
        self,
        journal: Ledger,
        *servers: ModelServer,
        clock: ManualClock,
        rules: SyncRules = RULES,
    ) -> None:
        self.clock = clock
        self.journal = journal
        self.settled: list[tuple[str, Outcome]] = []
        self.engine = Engine(
            journal,
            {each.name: each for each in servers},
            clock,
            rules,
            on_settled=lambda key, answer: self.settled.append((key, answer.outcome)),
            wait=clock.wait,
        )
        self.workers = [self.engine.worker(each.name) for each in servers for _ in range(rules.parallel)]
        self.urgent = [self.engine.worker(each.name, urgent=True) for each in servers]
        self.engine.load()

    def add(self, key: str, lane: str = "T1", backend: str = "main", *, held: bool = False) -> None:
        """What the daemon does: commit, then tell the engine."""
        fact = f.EntryAdded(key, EntryKind.DEBIT, backend, lane, 150, held=held)
        self.tell(fact)

    def tell(self, *facts: Fact) -> None:
        self.journal.commit(facts, self.clock.now())
        self.engine.notice(facts)

    def work(self) -> None:
        """Turn the workers until nothing can be done at this moment."""
        for _ in range(10_000):
            before = [each._task for each in self.workers + self.urgent]
            for each in self.workers + self.urgent:
                each.turn()
            after = [each._task for each in self.workers + self.urgent]
            if before == after and not any(state.next_try_in_ms == 0 for state in self.engine.states()):
                return
        raise AssertionError("the engine does not come to rest")

    def work_out(self, hours: int = 24) -> None:
        """Work and let time pass until nothing waits for a moment any more."""
        end = self.clock.now().mono_ms + hours * HOUR_MS
        while self.clock.now().mono_ms < end:
            self.work()
            waits = [each.next_try_in_ms for each in self.engine.states() if each.next_try_in_ms]
            if not waits:
                return
            self.clock.advance(min(waits))
        raise AssertionError("the engine does not come to an end")

    def state(self, key: str) -> EntryState:
        entry = self.journal.entry(key)
        assert entry is not None
        return entry.state

    def words(self, key: str) -> str:
        entry = self.journal.entry(key)
        assert entry is not None
        return entry.words


def rules(**changes: int) -> SyncRules:
    """The rules of these tests with *changes*."""
    return msgspec.structs.replace(RULES, **changes)
