"""Journal, engine and OnlinePOS server: each sale is an order once, over faults, power cuts and restarts."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from terminal.backends.onlinepos.adapter import OnlinePosServer
from terminal.backends.onlinepos.client import OnlinePos
from terminal.core.facts import EntryAdded, EntryKind, EntryState
from terminal.core.payload import Payload, Sold
from terminal.core.tickets import Line
from terminal.sandbox import Fault
from tests.backends.kiosk import Kiosk
from tests.backends.onlinepos_books_making import ORDERS, coffee, made, tickets
from tests.backends.onlinepos_wallet_making import moment, server
from tests.sandbox.shop import Shop
from tests.sync.model import Killed

Open = Callable[..., "Till"]
_BASE = 10_00


class Till(Kiosk):
    """A kiosk whose sales an OnlinePOS server gets; each costs something else, so that one knows them again."""

    def __init__(self, folder: Path, shop: Shop, connect: Callable[[], OnlinePosServer]) -> None:
        self.shop = shop
        self.keys: dict[str, int] = {}
        super().__init__(folder, "books", connect, waits_ms=40_000)

    def sell(self, number: int) -> None:
        price = _BASE + number
        line = Line(2, "Mælk", 1, price)
        payload: Payload = tickets(line, code=f"K{number}") if number % 2 else coffee(line)
        record = isinstance(payload, Sold)
        kind = EntryKind.RECORD if record else EntryKind.SALE
        refers_to, amount = (f"d-{number}", 0) if record else (None, price)
        key = f"s-{number}"
        self.enter(EntryAdded(key, kind, self.name, None, amount, refers_to=refers_to, payload=payload))
        self.keys[key] = price

    def work(self, turns: int = 60) -> None:
        self.shop.clock.ms = moment(0).wall_ms + self.clock.true_ms + self.waits_ms  # the server knows the time
        super().work(turns)

    def check(self) -> None:
        """See that every sale is delivered, or a person's, and that none is there twice."""
        there = Counter(each.amount for each in made(self.shop))
        assert set(there.values()) <= {1}
        for key, price in self.keys.items():
            entry = self.entry(key)
            assert entry.state is EntryState.DELIVERED, entry.words
            assert there[price] == 1
            assert entry.reference
        self.off.close()


@pytest.fixture
def open_till(tmp_path: Path) -> Iterator[Open]:
    """Run a shop, and a kiosk for it with the options that are given."""
    with ExitStack() as stack:
        shop = Shop()
        stack.callback(shop.close)

        def open_(**options: Any) -> Till:
            def connect() -> OnlinePosServer:
                pos = server(shop, **options)
                stack.callback(pos.close)
                return pos

            return Till(tmp_path, shop, connect)

        yield open_


@pytest.mark.parametrize("seed", [1, 2])
def test_each_sale_is_an_order_once_whatever_happens(open_till: Open, seed: int) -> None:
    till = open_till(department="Kiosk 1")
    till.sell(99)  # it is seen that orders are listed as they are sent
    till.work()
    faults = till.shop.pos.faults
    faults.set(
        Fault(kind="drop", after=True, probability=0.2),
        Fault(kind="drop", probability=0.1),
        Fault(kind="half", probability=0.1),
        Fault(kind="garbage", after=True, probability=0.1),
        Fault(kind="status", status=500, after=True, probability=0.1),
        Fault(kind="status", status=502, probability=0.1),
        seed=seed,
    )
    for number in range(6):
        till.sell(number)
        till.work(6)
        till.start()
    assert faults.happened > 2
    faults.clear()
    for _ in range(40):
        till.work(6)
    till.check()


@pytest.mark.parametrize("seed", [3, 4])
def test_each_sale_is_an_order_once_wherever_the_power_fails(open_till: Open, seed: int) -> None:
    """The terminal dies right before or after what it sends or reads."""
    chance, do, deaths = random.Random(seed), OnlinePos.do, 0

    def dying(self: OnlinePos, call: Any, timeout_s: float) -> Any:
        nonlocal deaths
        before, after = (chance.random() < 0.2 for _ in range(2))
        deaths += before or after
        if before:
            raise Killed
        answer = do(self, call, timeout_s)
        if after:
            raise Killed
        return answer

    till = open_till(department="Kiosk 1")
    till.sell(99)
    till.work()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OnlinePos, "do", dying)
        for number in range(6):
            till.sell(number)
            for _ in range(3):
                try:
                    till.work(6)
                except Killed:
                    till.clock.reboot(synced=chance.random() < 0.5)
                    till.start()
    till.clock.synced = True
    till.start()
    for _ in range(40):
        till.work(6)
    assert deaths > 2
    till.check()


def test_where_nothing_tells_a_doubt_goes_to_a_person_and_others_go_on(open_till: Open) -> None:
    till = open_till()
    till.sell(0)
    till.work()
    till.shop.pos.faults.set(Fault(kind="drop", after=True, path=ORDERS, count=1))
    till.sell(1)
    till.sell(2)
    for _ in range(12):
        till.work()
    states = [till.entry(f"s-{number}").state for number in range(3)]
    assert states == [EntryState.DELIVERED, EntryState.UNKNOWN, EntryState.DELIVERED]
    assert "one just like it was booked, which may be somebody else's" in till.entry("s-1").words
    assert len(made(till.shop)) == 3
    till.off.close()


def test_stock_that_is_ours_alone_is_taken_once(open_till: Open) -> None:
    till = open_till(books="stock", stock_alone=True)
    for number, after in enumerate((False, True)):
        till.shop.pos.faults.set(Fault(kind="drop", path="updateStock", after=after, count=1))
        key, sold = f"r-{number}", coffee()
        till.enter(EntryAdded(key, EntryKind.RECORD, till.name, None, 0, refers_to=f"d-{number}", payload=sold))
        for _ in range(6):
            till.work()
        assert till.entry(key).state is EntryState.DELIVERED
    assert [each.amount for each in made(till.shop)] == [-2000, -2000]
    till.off.close()


def test_what_comes_back_waits_for_a_person(open_till: Open) -> None:
    till = open_till()
    back = coffee(Line(2, "Mælk", 1, 495), back=True)
    till.enter(EntryAdded("r-1", EntryKind.RECORD, till.name, None, 0, refers_to="d-1", payload=back))
    till.work()
    assert till.entry("r-1").state is EntryState.PARKED
    assert "take it back at a till there" in till.entry("r-1").words
    assert made(till.shop) == []
    till.off.close()
