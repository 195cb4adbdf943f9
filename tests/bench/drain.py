"""The delivery: how fast a queue drains beside a bare httpx, and what a tap's commit waits for meanwhile."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx

from terminal.backends.pointofsale.adapter import PointOfSale
from terminal.backends.pointofsale.options import PointOfSaleOptions
from terminal.core.delivery import Answer
from terminal.core.facts import EntryAdded
from terminal.core.rules import SyncRules
from terminal.courtesy import RightOfWay
from terminal.journal import Journal
from terminal.sync import Engine
from tests.bench.journal import CLOCK, PRODUCT, debit, opened, timed
from tests.bench.plan import Plan, Raw
from tests.bench.report import Row, at_least, at_most, quantile, spread

LANES = 8
TOKENS = 64
_PATIENCE_S = 300


@contextmanager
def server() -> Iterator[str]:
    """Run the server of `tests.bench.server`; an address under it is its delay in milliseconds."""
    command = [sys.executable, "-m", "tests.bench.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise RuntimeError
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.communicate()


@dataclass
class Done:
    """Counts what was delivered."""

    wanted: int
    reached: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def one(self, _key: str, answer: Answer) -> None:
        """Take in an entry that left the queue."""
        if answer.status != 201:
            raise RuntimeError(f"not delivered: {answer}")
        with self.lock:
            self.wanted -= 1
        if self.wanted == 0:
            self.reached.set()

    def wait(self) -> None:
        """Return when all were."""
        if not self.reached.wait(_PATIENCE_S):
            raise RuntimeError(f"{self.wanted} entries were not delivered in {_PATIENCE_S} s")


@contextmanager
def engine(
    journal: Journal, url: str, lanes: int, done: Done, way: RightOfWay | None = None
) -> Iterator[Engine]:
    """Build an engine with the PointOfSale adapter, as the daemon does."""
    options = PointOfSaleOptions(url=url)
    backend = PointOfSale("main", options, terminal_id="bench-1", credential=lambda: "bench-secret")
    built = Engine(journal, {"main": backend}, CLOCK, SyncRules(parallel=lanes), on_settled=done.one, way=way)
    try:
        yield built
    finally:
        built.stop()
        backend.close()


def fill(journal: Journal, count: int) -> list[EntryAdded]:
    """Put *count* sales of some tokens into the queue."""
    facts = [debit(f"04{number % TOKENS:012X}") for number in range(count)]
    for at in range(0, count, 500):
        journal.commit(facts[at : at + 500], CLOCK.now(), durable=False)
    return facts


# -- drain ---------------------------------------------------------------------------------------------


class _Case(NamedTuple):
    delay_ms: int
    goal: float
    entries: int
    rounds: int


def drain(plan: Plan) -> list[Row]:
    """Measure entries in a second, in turns with the same requests by a bare client."""
    cases = (
        _Case(0, 0.8, plan.times(1500, 100), plan.times(4, 1)),
        _Case(50, 0.9, plan.times(400, 40), plan.times(3, 1)),
    )
    rows = []
    with server() as url:
        for case in cases:
            ours, theirs = [], []
            for _ in range(case.rounds):
                theirs.append(_bare(f"{url}/{case.delay_ms}", case.entries))
                ours.append(_drained(plan, f"{url}/{case.delay_ms}", case.entries))
            told = f"httpx {statistics.median(theirs):.0f}/s, the engine {statistics.median(ours):.0f}/s"
            ratios = [mine / bare for mine, bare in zip(ours, theirs, strict=True)]
            rows.append(
                at_least(
                    f"drain, {LANES} lanes, {case.delay_ms} ms round trip / bare httpx",
                    statistics.median(ratios),
                    case.goal,
                    baseline=told,
                    noise=spread(ratios),
                )
            )
    return rows


def _drained(plan: Plan, url: str, count: int) -> float:
    done = Done(count)
    with plan.place() as folder, opened(folder / "journal.db") as journal:
        fill(journal, count)
        with engine(journal, url, LANES, done) as built:
            return count / timed(lambda: (built.start(), done.wait()))


def _bare(url: str, count: int) -> float:
    """The same requests, from as many threads, over one client that keeps its connections."""
    bodies = iter([debit(f"04{number % TOKENS:012X}") for number in range(count)])
    lock = threading.Lock()
    failures: list[object] = []

    def send(client: httpx.Client) -> None:
        while True:
            with lock:
                fact = next(bodies, None)
            if fact is None:
                return
            body = {
                "description": fact.description,
                "idempotency_key": fact.key,
                "tag": fact.tag,
                "products": [PRODUCT.id],
            }
            address = f"{url}/pos/wallets/token/{fact.token}/transactions"
            headers = {"Authorization": "Bearer bench-secret", "X-Idempotency-Key": fact.key}
            answer = client.post(address, json=body, headers=headers)
            if answer.status_code != 201 or "data" not in answer.json():
                failures.append(answer)

    limits = httpx.Limits(max_connections=LANES, max_keepalive_connections=LANES)
    with httpx.Client(limits=limits, trust_env=False) as client:
        threads = [threading.Thread(target=send, args=(client,)) for _ in range(LANES)]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took_s = time.perf_counter() - begun
    if failures:
        raise RuntimeError(f"{len(failures)} requests failed: {failures[0]}")
    return count / took_s


# -- a tap meanwhile -----------------------------------------------------------------------------------

_SLEEPER = """
import sys, threading, time
taken, ended = [], threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set())).start()
while not ended.is_set():
    begun = time.perf_counter()
    time.sleep(0.001)
    taken.append(time.perf_counter() - begun)
print(sorted(taken)[len(taken) * 99 // 100])
"""


@contextmanager
def sleeper(late: list[float]) -> Iterator[None]:
    """Run a process that only sleeps 1 ms, over and over; add the p99 of that, which is the machine's own."""
    command = [sys.executable, "-c", _SLEEPER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield
        late.append(float(process.communicate()[0]))


def tap_beside_a_drain(plan: Plan) -> list[Row]:
    """Measure the urgent commits of taps, as the loop makes them, while the queue drains."""
    way = RightOfWay()
    count = plan.times(10_000, 300)
    done = Done(count)
    taps: list[float] = []
    syncs: list[float] = []
    late: list[float] = []
    with (
        sleeper(late),
        server() as url,
        plan.place() as folder,
        opened(folder / "journal.db") as journal,
        closing(Raw(folder / "raw")) as raw,
    ):
        fill(journal, count)
        with engine(journal, f"{url}/0", SyncRules().parallel, done, way) as built, plan.slow_disk():
            built.start()
            while not done.reached.wait(0.01):
                syncs.append(timed(raw.append))
                fact, now = (debit(),), CLOCK.now()

                def tap() -> None:
                    with way.ahead():
                        journal.commit(fact, now, urgent=True)  # noqa: B023 - called at once

                taps.append(timed(tap))
                if len(taps) * 0.02 > _PATIENCE_S:
                    raise RuntimeError("the queue does not drain")
    sync = statistics.median(syncs)
    return [
        at_most(
            f"commit of a tap while {count:g} entries drain, p99 / 1 sync",
            quantile(taps, 0.99) / sync,
            2,
            "syncs",
            baseline=f"raw sync meanwhile: p50 {sync * 1e3:.2f} ms, p99 {quantile(syncs, 0.99) * 1e3:.2f} ms; "
            f"a sleep of 1 ms in a process of its own: p99 {late[0] * 1e3:.2f} ms",
            noise=f"p50 {statistics.median(taps) / sync:.2f} syncs; {len(taps)} taps",
        )
    ]
