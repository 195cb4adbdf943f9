"""The journal against a raw write and fdatasync, against its own size, and against another durable queue."""

from __future__ import annotations

import logging
import random
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from terminal.core.catalogue import Product
from terminal.core.delivery import Outcome
from terminal.core.facts import AttemptEnded, AttemptStarted, EntryAdded, EntryKind, EntryState
from terminal.journal import Journal, chain
from tests.bench.plan import BenchClock, Plan, Raw
from tests.bench.report import Row, at_least, at_most, blocks, quantile, ratio, spread

CLOCK = BenchClock()
KEY = bytes(range(32))
PRODUCT = Product("espresso", "Espresso", 120)
_STRETCH = 20
_A_YEAR = 50_000  # sales of a busy machine
SIZES = (10, 10_000, 1_000_000)


def debit(uid: str = "04A1B2C3D4E5F6") -> EntryAdded:
    """Return a sale of one piece, some 400 bytes as a row, under a key that nobody has."""
    key = f"bench-1-{random.getrandbits(128):032x}"
    return EntryAdded(key, EntryKind.DEBIT, "main", uid, 120, (PRODUCT,), "Espresso", "coffee")


@contextmanager
def opened(path: Path) -> Iterator[Journal]:
    """Open the journal at *path*."""
    with closing(Journal.open(path, KEY, boot="bench")) as journal:
        yield journal


def timed(do: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return how long *do* takes by *clock*, in seconds."""
    begun = clock()
    do()
    return clock() - begun


def in_turns(
    times: int, *doers: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> list[list[float]]:
    """Return how long each of *doers* takes by *clock*, *times* times.

    They take turns in stretches, not one by one: what a sync costs depends on what was written just before it,
    and in a file system that keeps a journal of its own, most of all on whether that was in another file.
    """
    found: list[list[float]] = [[] for _ in doers]
    for _ in range(max(1, times // _STRETCH)):
        for do, taken in zip(doers, found, strict=True):
            taken += [timed(do, clock) for _ in range(_STRETCH)]
    return found


# -- append --------------------------------------------------------------------------------------------


def append(plan: Plan) -> list[Row]:
    """Measure one entry, one commit."""
    times = plan.times(1000, 40)
    with (
        plan.place() as folder,
        opened(folder / "journal.db") as journal,
        closing(Raw(folder / "raw")) as raw,
        closing(_Plain(folder / "plain.db")) as plain,
    ):
        _commit(journal)
        before = plan.syncs.count
        for _ in range(times):
            _commit(journal)
        each = (plan.syncs.count - before) / times
        doers = (lambda: _commit(journal), raw.append, plain.append)
        cpu, raw_cpu, plain_cpu = in_turns(times, *doers, clock=time.thread_time)
        with plan.slow_disk():
            ours, theirs, _ = in_turns(times, *doers)
            paused, *_ = in_turns(times, *doers, clock=time.thread_time)
    cpus = f"raw {_us(raw_cpu):.0f} us, plain sqlite3 {_us(plain_cpu):.0f} us"
    base = f"raw write+fdatasync of 400 bytes: {statistics.median(theirs) * 1e3:.3f} ms"
    return [
        at_most(
            "append, p50 / raw, 1 ms a sync",
            ratio(ours, theirs),
            1.2,
            baseline=base,
            noise=spread(blocks(ours, theirs)),
        ),
        Row("append, syncs", "= 1", each, "", each == 1, "raw: 1", f"{times} commits"),
        at_most(
            "append, CPU",
            _us(cpu),
            120,
            "us",
            baseline=cpus,
            noise=f"p10-p90 {quantile(cpu, 0.1) * 1e6:.0f}-{quantile(cpu, 0.9) * 1e6:.0f} us; "
            f"{_us(paused):.0f} us where each waits 1 ms for its sync",
        ),
    ]


def _commit(journal: Journal) -> None:
    journal.commit((debit(),), CLOCK.now(), urgent=True)


def _us(seconds: list[float]) -> float:
    return statistics.median(seconds) * 1e6


class _Plain:
    """The same durability by plain sqlite3: one table, a key and a state, no chain."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        for setting in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0"):
            self._db.execute(f"PRAGMA {setting}")
        self._db.execute(
            "CREATE TABLE entries (seq INTEGER PRIMARY KEY, key TEXT UNIQUE, state TEXT, body TEXT)"
        )
        self._db.execute("CREATE INDEX waiting ON entries (state, seq)")

    def append(self) -> None:
        """Add one row of some 400 bytes."""
        row = (f"bench-1-{random.getrandbits(128):032x}", "queued", "x" * 350)
        self._db.execute("INSERT INTO entries (key, state, body) VALUES (?, ?, ?)", row)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


# -- flat ----------------------------------------------------------------------------------------------


def flat(plan: Plan) -> list[Row]:
    """Measure what an append and a look for what is next cost after a long history."""
    sizes = SIZES[:2] if plan.quick else SIZES
    appends: dict[int, list[float]] = {size: [] for size in sizes}
    nexts: dict[int, list[float]] = {size: [] for size in sizes}
    lane = "04FFFFFFFFFFFF"
    with plan.place() as folder:
        for size in sizes:
            with_history(folder / f"{size}.db", size)
        journals = {size: Journal.open(folder / f"{size}.db", KEY, boot="bench") for size in sizes}
        try:
            for journal in journals.values():
                journal.commit((debit(lane),), CLOCK.now(), urgent=True)
            for turn in range(plan.times(1200, 30)):
                fact, now = (debit(f"{turn:014X}"),), CLOCK.now()
                for size, journal in journals.items():
                    appends[size].append(timed(lambda: journal.commit(fact, now, urgent=True)))  # noqa: B023 - called at once
                    nexts[size].append(timed(lambda: journal.next_in_lane(lane)))  # noqa: B023 - called at once
        finally:
            for journal in journals.values():
                journal.close()
    rows = []
    for what, found in (("append", appends), ("next to send", nexts)):
        few, many = found[sizes[0]], found[sizes[-1]]
        told = ", ".join(f"{size:g}: {statistics.median(found[size]) * 1e6:.0f} us" for size in sizes)
        measure = f"{what}, {sizes[-1]:g} entries / {sizes[0]}"
        rows.append(at_most(measure, ratio(many, few), 1.2, baseline=told, noise=spread(blocks(many, few))))
    return rows


def with_history(path: Path, size: int) -> None:
    """Make a journal with *size* delivered entries.

    They are written by one statement: a million commits would take longer than everything else here. Their
    hashes are random, which costs an append the same.
    """
    with opened(path) as journal:
        journal.commit((debit(),), CLOCK.now())
    with closing(sqlite3.connect(path)) as db, db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(entries)")]
        fresh = {
            "seq": "n + 1",
            "key": "'bench-1-' || hex(randomblob(16))",
            "token": "printf('04%012X', n % 5000)",
            "hash": "randomblob(16)",
            "state": "'delivered'",
            "added_held": "0",
            "held": "0",
        }
        db.execute(
            f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {size}) "  # noqa: S608 - our own words
            f"INSERT INTO entries ({', '.join(columns)}) "
            f"SELECT {', '.join(fresh.get(name, 'e.' + name) for name in columns)} FROM c, "
            "(SELECT * FROM entries LIMIT 1) AS e"
        )
        db.execute("UPDATE entries SET state = 'delivered'")
        (last,) = db.execute("SELECT max(seq) FROM entries").fetchone()
        head = chain.sealed(KEY, chain.Head(last, bytes(16)))
        db.execute("UPDATE meta SET value = ? WHERE name = 'head'", (head,))


# -- next and acknowledge ------------------------------------------------------------------------------


def acknowledge(plan: Plan) -> list[Row]:
    """Measure the step of a delivery: take the next, acknowledge the last."""
    logging.getLogger("persistqueue").setLevel(logging.ERROR)
    from persistqueue import SQLiteAckQueue  # noqa: PLC0415 - it sets up logging when it is imported

    times = plan.times(500, 20)
    history = 1_000 if plan.quick else _A_YEAR
    with plan.place() as folder:
        with_history(folder / "old.db", history)
        _peer_with_history(folder / "old", history)
        with (
            opened(folder / "journal.db") as journal,
            opened(folder / "old.db") as old_journal,
            closing(Raw(folder / "raw")) as raw,
            closing(SQLiteAckQueue(str(folder / "peer"), auto_commit=True)) as peer,
            closing(SQLiteAckQueue(str(folder / "old"), auto_commit=True)) as old_peer,
        ):
            for number in range(times + 3):
                fact = debit(f"{number:014X}")
                for each in (journal, old_journal):
                    each.commit((fact,), CLOCK.now(), durable=False)
                for queue in (peer, old_peer):
                    queue.put({"key": fact.key, "pieces": "x" * 300})
            step, old_step = _Step(journal), _Step(old_journal)
            before = plan.syncs.count
            peer.ack(peer.get())
            syncs = plan.syncs.count - before
            with plan.slow_disk():
                ours, raws, peers = in_turns(times, step.on, raw.append, lambda: peer.ack(peer.get()))
                old_ours, old_peers = in_turns(times, old_step.on, lambda: old_peer.ack(old_peer.get()))
    new = f"{ratio(peers, ours):.2f} x where both are empty"
    theirs = f"{statistics.median(old_peers) * 1e3:.3f} ms, {syncs} syncs"
    return [
        at_most(
            "next + acknowledge, p50 / raw, 1 ms a sync",
            ratio(ours, raws),
            1.3,
            baseline=f"raw write+fdatasync: {statistics.median(raws) * 1e3:.3f} ms",
            noise=spread(blocks(ours, raws)),
        ),
        at_least(
            f"next + acknowledge, how much faster, after {history:g} sales",
            ratio(old_peers, old_ours),
            3,
            "x",
            baseline=f"persist-queue SQLiteAckQueue: {theirs}",
            noise=f"{spread(blocks(old_peers, old_ours))}; {new}",
        ),
    ]


def _peer_with_history(path: Path, size: int) -> None:
    """Make the other queue with *size* acknowledged items, which it keeps too until it is told otherwise."""
    from persistqueue import SQLiteAckQueue  # noqa: PLC0415 - as above
    from persistqueue.sqlackqueue import AckStatus  # noqa: PLC0415 - as above

    with closing(SQLiteAckQueue(str(path), auto_commit=True)) as peer:
        peer.put({"key": "", "pieces": "x" * 300})
        peer.ack(peer.get())
    with closing(sqlite3.connect(path / "data.db")) as db, db:
        db.execute(
            f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {size - 1}) "  # noqa: S608 - our own words
            "INSERT INTO ack_queue_default (data, timestamp, status) "
            f"SELECT data, timestamp, {int(AckStatus.acked)} FROM c, (SELECT * FROM ack_queue_default LIMIT 1)"
        )


class _Step:
    """As the engine goes on: the end of one try and the start of the next are one commit."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lanes = iter(journal.pending_lanes())
        self._key = self._next()
        journal.commit((AttemptStarted(self._key),), CLOCK.now())

    def on(self) -> None:
        """Take the next entry, acknowledge what was sent, and begin with it."""
        key = self._next()
        ended = AttemptEnded(self._key, Outcome.DELIVERED, EntryState.DELIVERED, 201)
        self._journal.commit((ended, AttemptStarted(key)), CLOCK.now())
        self._key = key

    def _next(self) -> str:
        entry = self._journal.next_in_lane(next(self._lanes))
        if entry is None:
            raise RuntimeError("a lane has nothing queued")
        return entry.key
