"""An adapter of the small server without keys, whose calls take their time while the world goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar, Protocol

from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.reconcile_evidence import Evidence, Looking, Operation, OrderLine
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from tests.core.reconcile_server import BASKETS, BEHIND_MS, Scene, Server
from tests.sync.model import Killed

SETTLING_MS = 60_000
FATES = {
    "booked": (30, Outcome.DELIVERED),
    "lost before": (16, Outcome.UNKNOWN),
    "lost after": (20, Outcome.UNKNOWN),
    "late": (16, Outcome.UNKNOWN),
    "unsent": (4, Outcome.UNSENT),
    "busy": (3, Outcome.BUSY),
    "a proxy is busy": (3, Outcome.BUSY),
    "a proxy is busy and passed it on": (3, Outcome.BUSY),
    "denied": (1, Outcome.DENIED),
    "refused": (2, Outcome.REFUSED),
    "killed before": (2, Outcome.UNKNOWN),
    "killed after": (2, Outcome.UNKNOWN),
}
_TAKES_EFFECT = ("booked", "lost after", "a proxy is busy and passed it on", "killed after")
_NO_READ = (Outcome.UNKNOWN, Outcome.UNSENT, Outcome.BUSY, Outcome.DENIED, Outcome.REFUSED)


class Time(Protocol):
    """The world as an adapter sees it."""

    @property
    def ms(self) -> int: ...
    def spend(self, ms: int) -> None: ...
    def later(self, ms: int, act: Callable[[], None]) -> None: ...


@dataclass
class Adapter:
    """Speaks with *server* as *scene* has it. *handles*: what is prepared before a try names it.

    Attributes:
        due: By key, until when a try of it may still take effect.
        calm: Nothing goes wrong any more.
    """

    rng: Random
    scene: Scene
    server: Server
    time: Time
    handles: bool = False
    name: str = "main"
    settling_ms: int = SETTLING_MS
    kinds: ClassVar[frozenset[EntryKind]] = frozenset(EntryKind)
    due: dict[str, int] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    prepared: int = 0
    calm: bool = False

    def guarantee(self, kind: EntryKind) -> Guarantee:
        return Guarantee(Promise.NATURAL_KEY if self.handles else Promise.READ_BACK)

    def account(self, entry: Entry) -> str:
        return entry.key if self.scene.looking is Looking.KEY else entry.token or "till"

    def operation(self, entry: Entry, sent: Stamp) -> Operation:
        scene = self.scene
        return Operation(
            scene.looking, amount(entry), sent, scene.mark, alone=not scene.shared, lines=lines(entry, scene)
        )

    def close(self) -> None:
        pass

    # -- reading ---------------------------------------------------------------------------------------

    def evidence(self, entry: Entry, before: Evidence | None, at: Stamp, timeout_s: float) -> Evidence | Answer:
        """Read one thing after the other, in either order, slowly."""
        rng = self.rng
        if not self.calm and rng.random() < 0.08:
            self.time.spend(rng.choice((10, 9_000)))
            refused = before is None and rng.random() < 0.1
            return Answer(
                Outcome.REFUSED if refused else rng.choice(_NO_READ[:-1] if before is None else _NO_READ)
            )
        told = Evidence(at)
        first, second = rng.sample((self._level, self._listed), 2)
        told = first(entry, before, told)
        if not self.scene.steady:
            self.time.spend(rng.choice((0, 50, 4_000)))
        told = second(entry, before, told)
        self.time.spend(rng.choice((50, 400)))
        if self.handles and before is None:
            self.prepared += 1
            told = replace(told, handle=f"h{self.prepared}")
        return told

    def _level(self, entry: Entry, before: Evidence | None, told: Evidence) -> Evidence:
        account = self.server.account(self.account(entry))
        return replace(told, balance=account.balance, points=account.points)

    def _listed(self, entry: Entry, before: Evidence | None, told: Evidence) -> Evidence:
        name, ms = self.account(entry), self.time.ms
        match self.scene.looking:
            case Looking.HISTORY:
                return replace(told, listing=self.server.history(ms, name))
            case Looking.ORDERS if before is None:
                listing = self.server.orders_from(ms, name, None)
                last = replace(listing, items=listing.items[-1:], cut=bool(listing.items))
                return replace(told, listing=last)
            case Looking.ORDERS:
                items = before.listing.items if before.listing else ()
                number = items[-1].number if items else None
                return replace(told, listing=self.server.orders_from(ms, name, number))
            case Looking.KEY:
                return replace(told, key=self.server.key(entry.key))
            case _:
                return told

    # -- sending ---------------------------------------------------------------------------------------

    def deliver(self, entry: Entry, timeout_s: float) -> Answer:
        assert entry.before is not None, "sent without a read before it"
        rng = self.rng
        names = list(FATES)
        fate = "booked" if self.calm else rng.choices(names, [FATES[each][0] for each in names])[0]
        if self.scene.looking is Looking.KEY and entry.key in self.server.keys and fate == "booked":
            fate = "refused"
        if self.handles and entry.in_doubt and fate == "refused":
            fate = "booked"  # a repeat of what it knows, or will know
        outcome = FATES[fate][1]
        wait_ms = min(10_000, round(timeout_s * 1000)) if outcome is Outcome.UNKNOWN else 100
        takes_ms = {"late": wait_ms + SETTLING_MS - BEHIND_MS - 1 - rng.randrange(rng.choice((1_000, 55_000)))}
        if fate == "late" or fate in _TAKES_EFFECT:
            ms = takes_ms.get(fate, min(50, wait_ms))
            self.due[entry.key] = max(self.due.get(entry.key, 0), self.time.ms + ms)
            self.time.later(ms, lambda: self._book(entry))
        if fate.startswith("killed"):
            self.time.spend(rng.choice((0, 60, 5_000)))
            raise Killed
        self.time.spend(wait_ms)
        if fate == "booked":
            account = self.server.account(self.account(entry))
            account.seen_ms = max(account.seen_ms, self.time.ms)
        return Answer(outcome, fate, foreign=fate.startswith("a proxy"))

    def _book(self, entry: Entry) -> None:
        handle = entry.before.handle if entry.before else ""
        if handle and handle in self.used:
            return
        self.used.add(handle)
        self.server.book(self.time.ms, self.account(entry), entry.key, amount(entry), lines(entry, self.scene))


def amount(entry: Entry) -> int:
    return -entry.amount if entry.kind is EntryKind.DEBIT else entry.amount


def lines(entry: Entry, scene: Scene) -> tuple[OrderLine, ...]:
    """Orders are told by their number in BASKETS."""
    return BASKETS[int(entry.tag)] if scene.looking is Looking.ORDERS else ()
