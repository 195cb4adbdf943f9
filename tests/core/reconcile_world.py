"""A terminal that delivers to a server without idempotency keys, loses replies, and settles them by looking."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

import msgspec

from terminal.core import delivery, reconcile, reconcile_times
from terminal.core.delivery import Again, Answer, Done, Guarantee, LookFirst, Outcome, Park, Promise
from terminal.core.reconcile import Booked, CannotTell, NotBooked, TooEarly
from terminal.core.reconcile_evidence import Evidence, Looking, Operation, OrderLine
from terminal.core.reconcile_times import Begun, Fate
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from tests.core.reconcile_server import AMOUNTS, BASKETS, BEHIND_MS, Scene, Server

SETTLING_MS = 60_000
TIMEOUT_MS = 10_000
_LOOKS = Guarantee(Promise.READ_BACK)
_ANSWERS = {
    "booked": Outcome.DELIVERED,
    "unsent": Outcome.UNSENT,
    "busy": Outcome.BUSY,
    "refused": Outcome.REFUSED,
}


@dataclass
class Entry:
    """What is to be booked once. *due*: a try of it may still take effect until then."""

    key: str
    account: str
    amount: int
    lines: tuple[OrderLine, ...]
    state: str = "queued"  # reading | sending | doubt | done | unknown | refused
    before: bytes | None = None
    first: Stamp | None = None
    sent: Stamp | None = None
    due: int = -1
    words: str = ""


class Run:
    """One terminal for some minutes; raises AssertionError as soon as it concludes something false."""

    def __init__(self, seed: int, scene: Scene) -> None:
        self.rng = rng = Random(seed)
        self.scene = scene
        self.server = Server(rng, scene, clock_off_ms=rng.choice((0, -600_000, 7_200_000)))
        self.ms = 0
        self.tally: Counter[str] = Counter()
        self._boot, self._started_ms, self._synced = 0, -30_000, rng.random() < 0.5
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._ordinal = 0
        accounts = ("till",) if scene.looking is Looking.ORDERS else ("card 1", "card 2")
        self.entries = [self._entry(n, accounts) for n in range(rng.randint(2, 5))]

    def play(self) -> Counter[str]:
        """Run until nothing is left to do; return what became of the replies that were lost."""
        rng = self.rng
        for account in {entry.account for entry in self.entries}:
            for _ in range(rng.choice((0, 1, 3, 8))):
                self._later(rng.randrange(400_000), self._others(account, rng.choice(AMOUNTS)))
        for entry in self.entries:
            if self.scene.looking is Looking.KEY and rng.random() < 0.05:
                self.server.keys[entry.key] = rng.choice(AMOUNTS)
            self._later(rng.randrange(60_000), self._mine(partial(self._begin, entry)))
        if rng.random() < 0.3:
            self._later(rng.randrange(120_000), self._power_cut)
        while self._heap:
            self.ms, _, act = heapq.heappop(self._heap)
            assert self.ms < 86_400_000, "it never comes to an end"
            act()
        for entry in self.entries:
            self._check_end(entry)
        return self.tally

    # -- sending ---------------------------------------------------------------------------------------

    def _begin(self, entry: Entry) -> None:
        others = [self._begun(it) for it in self.entries if it is not entry]
        begun = [it for it in others if it is not None]
        if not reconcile_times.may_begin(entry.account, begun, self._now(), SETTLING_MS):
            self._later(5_000, self._mine(lambda: self._begin(entry)))
            return
        entry.state = "reading"
        self._read(entry, None, lambda told: self._send(entry, told))

    def _begun(self, entry: Entry) -> Begun | None:
        match entry.state:
            case "reading" | "sending":
                return Begun(entry.account, Fate.UNDER_WAY)
            case "doubt":
                return Begun(entry.account, Fate.IN_DOUBT, entry.sent)
            case "unknown":
                return Begun(entry.account, Fate.LEFT, entry.sent)
            case _:
                return None

    def _send(self, entry: Entry, before: Evidence) -> None:
        rng, ms = self.rng, self.ms
        entry.state, entry.before = "sending", msgspec.json.encode(before)
        entry.first, entry.due = self._now(), -1
        fate = rng.choices(
            ("booked", "lost before", "lost after", "late", "unsent", "busy", "refused"),
            (30, 20, 25, 20, 4, 4, 2),
        )[0]
        if self.scene.looking is Looking.KEY and entry.key in self.server.keys and fate == "booked":
            fate = "refused"
        late_ms = TIMEOUT_MS + SETTLING_MS - BEHIND_MS - rng.randrange(rng.choice((1_000, 60_000)))
        takes = {"booked": 300, "lost after": 300, "late": late_ms}.get(fate)
        if takes is not None:
            entry.due = ms + takes
            self._later(
                takes,
                lambda: self.server.book(self.ms, entry.account, entry.key, entry.amount, entry.lines),
            )
        outcome = _ANSWERS.get(fate, Outcome.UNKNOWN)
        if outcome is Outcome.UNKNOWN and self.scene.shared and rng.random() < 0.5:
            amount = entry.amount * rng.choice((1, 1, -1))
            self._later(rng.randrange(2 * SETTLING_MS), self._others(entry.account, amount))
        wait_ms = TIMEOUT_MS if outcome is Outcome.UNKNOWN else 600
        self._later(wait_ms, self._mine(lambda: self._ended(entry, Answer(outcome))))

    def _ended(self, entry: Entry, answer: Answer) -> None:
        now = self._now()
        verdict = delivery.decide(
            _LOOKS, answer, first_attempted=entry.first, in_doubt=False, now=now, delay_ms=2_000
        )
        match verdict:
            case Done():
                entry.state = "done"
                account = self.server.account(entry.account)
                account.seen_ms = max(account.seen_ms, self.ms)
            case Again(delay_ms=wait_ms):
                entry.state = "queued"
                self._later(wait_ms, self._mine(lambda: self._begin(entry)))
            case LookFirst(delay_ms=wait_ms):
                entry.state, entry.sent = "doubt", now
                self.tally["lost"] += 1
                self._later(wait_ms, self._mine(lambda: self._look(entry)))
            case Park(unknown=unknown, words=words):
                assert not unknown
                entry.state, entry.words = "refused", words
            case _:
                raise AssertionError(verdict)

    # -- looking ---------------------------------------------------------------------------------------

    def _look(self, entry: Entry) -> None:
        obstacle = delivery.may_send(
            _LOOKS, first_attempted=entry.first, in_doubt=True, now=self._now(), timeout_ms=TIMEOUT_MS
        )
        assert isinstance(obstacle, LookFirst)
        if obstacle.delay_ms or self.rng.random() < 0.1:
            assert entry.sent is not None
            due = reconcile_times.next_look_ms(entry.sent, self._now(), SETTLING_MS)
            self._later(obstacle.delay_ms or due or 30_000, self._mine(lambda: self._look(entry)))
            return
        before = None if entry.before is None else msgspec.json.decode(entry.before, type=Evidence)
        self._read(entry, before, lambda told: self._judge(entry, before, told))

    def _judge(self, entry: Entry, before: Evidence | None, after: Evidence) -> None:
        assert entry.sent is not None
        scene = self.scene
        operation = Operation(
            scene.looking, entry.amount, entry.sent, scene.mark, alone=not scene.shared, lines=entry.lines
        )
        booked = self.server.effects[entry.key]
        match reconcile.decide(operation, before, after, self._now(), SETTLING_MS):
            case Booked():
                assert booked == 1, "taken for booked, and is not"
                entry.state = "done"
                self.tally["booked"] += 1
            case NotBooked():
                assert not booked, "taken for not booked, and is"
                assert entry.due < self.ms, "taken for not booked, and will be"
                entry.state, entry.before, entry.sent = "queued", None, None
                self.tally["not booked"] += 1
                self._begin(entry)
            case TooEarly(wait_ms=wait_ms):
                assert wait_ms >= 0
                self._later(wait_ms + self.rng.choice((0, 0, 700)), self._mine(lambda: self._look(entry)))
            case CannotTell(words=words):
                entry.state, entry.words = "unknown", words
                self.tally["parked"] += 1

    def _read(self, entry: Entry, before: Evidence | None, then: Callable[[Evidence], None]) -> None:
        """Read one thing after the other, in either order, slowly; hand over what was told."""
        rng, server = self.rng, self.server
        told = Evidence(self._now())
        looking = self.scene.looking
        known = before.listing.items[-1].number if before and before.listing and before.listing.items else None

        def level() -> None:
            nonlocal told
            account = server.account(entry.account)
            told = replace(told, balance=account.balance, points=account.points)

        def listed() -> None:
            nonlocal told
            if looking is Looking.HISTORY:
                told = replace(told, listing=server.history(self.ms, entry.account))
            elif looking is Looking.ORDERS:
                listing = server.orders_from(self.ms, entry.account, known)
                last = replace(listing, items=listing.items[-1:], cut=bool(listing.items))
                told = replace(told, listing=last if before is None else listing)
            elif looking is Looking.KEY:
                told = replace(told, key=server.key(entry.key))

        takes = rng.choice((100, 500, 15_000))
        first, second = rng.sample((level, listed), 2)
        first()
        if self.scene.steady:
            second()
        else:
            self._later(rng.choice((0, takes // 2)), self._mine(second))
        self._later(takes, self._mine(lambda: then(told)))

    # -- the world -------------------------------------------------------------------------------------

    def _entry(self, n: int, accounts: tuple[str, ...]) -> Entry:
        rng = self.rng
        if self.scene.looking is Looking.ORDERS:
            lines = rng.choice(BASKETS)
            return Entry(f"e{n}", "till", sum(line.total for line in lines), lines)
        amount = rng.choice(AMOUNTS)
        sign = -1 if self.scene.looking is not Looking.KEY and rng.random() < 0.3 else 1
        return Entry(f"e{n}", rng.choice(accounts), sign * amount, ())

    def _others(self, account: str, amount: int) -> Callable[[], None]:
        return lambda: self.server.others(self.ms, account, amount) if self.scene.shared else None

    def _power_cut(self) -> None:
        """Start the machine anew; what was being sent is in doubt from now on."""
        self._boot += 1
        self._synced = self.rng.random() < 0.5
        self._started_ms = self.ms + 5_000
        self._later(15_000, self._mine(self._load))

    def _load(self) -> None:
        for entry in self.entries:
            match entry.state:
                case "queued" | "reading":
                    entry.state = "queued"
                    self._begin(entry)
                case "sending":
                    self._ended(entry, Answer(Outcome.UNKNOWN, "the machine was started anew"))
                case "doubt":
                    self._look(entry)

    def _now(self) -> Stamp:
        wall_ms = 1_700_000_000_000 + self.ms if self._synced else self.ms
        return Stamp(wall_ms, self.ms - self._started_ms, f"boot {self._boot}", self._synced)

    def _mine(self, act: Callable[[], None]) -> Callable[[], None]:
        """Return *act* as the program of this boot does it: after a cut it never happens."""
        boot = self._boot
        return lambda: act() if boot == self._boot else None

    def _later(self, ms: int, act: Callable[[], None]) -> None:
        self._ordinal += 1
        heapq.heappush(self._heap, (self.ms + ms, self._ordinal, act))

    def _check_end(self, entry: Entry) -> None:
        booked = self.server.effects[entry.key]
        assert booked <= 1, "booked twice"
        match entry.state:
            case "done":
                assert booked == 1, "lost"
            case "refused":
                assert not booked, "left as surely not booked, and is"
            case "unknown":
                assert "Now (" in entry.words
            case state:
                raise AssertionError(f"left {state}")
