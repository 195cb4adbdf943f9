"""A small server without idempotency keys: cards, points, named vouchers, orders; and what it tells of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from terminal.core.reconcile_evidence import Item, Key, Listing, Looking, OrderLine

OURS, BAR = "kiosk 7", "bar"
BEHIND_MS = 3_000
"""By how much a list may be behind what is booked."""

AMOUNTS = (100, 200, 200, 500)
BASKETS = (
    (OrderLine("tea", 1, 200),),
    (OrderLine("tea", 1, 200), OrderLine("cake", 2, 300)),
    (OrderLine("cake", 2, 300), OrderLine("tea", 1, 200)),
    (OrderLine("soup", 1, 500),),
)


@dataclass(frozen=True)
class Scene:
    """What a server tells and what an operator vouches for.

    Attributes:
        shared: Others book on the same accounts.
        tells: Who booked is told; else marks are empty.
        marked: We say that our mark is ours alone.
        cut: How many movements are listed at most.
        omits: Our kind of movement is not listed at all.
        changes: Our orders may be booked with another total.
        steady: All that is read is of one moment.
    """

    looking: Looking
    shared: bool = True
    tells: bool = True
    marked: bool = True
    cut: int | None = None
    omits: bool = False
    changes: bool = False
    steady: bool = False

    @property
    def mark(self) -> str:
        return OURS if self.marked else ""


@dataclass
class Account:
    """Each list grows with the moment at which its item was booked."""

    balance: int = 2_000
    points: int = 50
    moves: list[tuple[int, Item]] = field(default_factory=list)
    seen_ms: int = 0


@dataclass
class Server:
    """Books at once what it is told to, and counts by try what took effect."""

    rng: Random
    scene: Scene
    clock_off_ms: int
    accounts: dict[str, Account] = field(default_factory=dict)
    orders: list[tuple[int, Item]] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=Counter)
    number: int = 100

    def account(self, name: str) -> Account:
        return self.accounts.setdefault(name, Account())

    def book(self, ms: int, name: str, key: str, amount: int, lines: tuple[OrderLine, ...]) -> None:
        """Book what our terminal asked for."""
        account = self.account(name)
        match self.scene.looking:
            case Looking.KEY:
                if key in self.keys:
                    return
                self.keys[key] = amount
            case Looking.POINTS:
                account.points += amount
            case Looking.ORDERS:
                off = 50 if self.scene.changes and self.rng.random() < 0.3 else 0
                self._order(ms, amount - off, OURS, lines)
            case _:
                account.balance += amount
                if not self.scene.omits:
                    self._move(ms, account, amount, OURS)
        self.effects[key] += 1

    def others(self, ms: int, name: str, amount: int) -> None:
        """Let another till book on the same account."""
        account = self.account(name)
        account.points += amount
        account.balance += amount
        self._move(ms, account, amount, BAR)
        if self.scene.looking is Looking.ORDERS:
            mark = BAR if self.scene.marked else OURS
            lines = self.rng.choice(BASKETS)
            self._order(ms, sum(line.total for line in lines), mark, lines)

    def view(self, ms: int, name: str) -> int:
        """Return of which moment a list is that is read now: behind, but never back."""
        account = self.account(name)
        behind_ms = 0 if self.scene.steady else self.rng.choice((0, 0, BEHIND_MS))
        account.seen_ms = max(account.seen_ms, ms - behind_ms)
        return account.seen_ms

    def history(self, ms: int, name: str) -> Listing:
        view = self.view(ms, name)
        items = tuple(item for at, item in self.account(name).moves if at <= view)
        if self.scene.cut is None:
            return Listing(items)
        return Listing(items[-self.scene.cut :], cut=len(items) >= self.scene.cut)

    def orders_from(self, ms: int, name: str, number: int | None) -> Listing:
        """List the orders from *number* on; all where it is None."""
        view = self.view(ms, name)
        items = [item for at, item in self.orders if at <= view]
        return Listing(
            tuple(item for item in items if number is None or (item.number or 0) >= number),
            cut=number is not None,
        )

    def key(self, key: str) -> Key:
        return Key(key in self.keys, self.keys.get(key))

    def _move(self, ms: int, account: Account, amount: int, mark: str) -> None:
        account.moves.append((ms, Item(amount, self._printed(ms), mark if self.scene.tells else "")))

    def _order(self, ms: int, total: int, mark: str, lines: tuple[OrderLine, ...]) -> None:
        self.number += 1
        shuffled = tuple(self.rng.sample(lines, len(lines)))
        self.orders.append((ms, Item(total, self._printed(ms), mark, self.number, shuffled)))

    def _printed(self, ms: int) -> str:
        """Whole minutes of a clock that is wrong."""
        return f"{(ms + self.clock_off_ms) // 60_000 % 1_440:04d}"
