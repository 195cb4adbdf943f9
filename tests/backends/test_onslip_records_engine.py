"""Journal, engine and Onslip server: each reference is there once, over faults, power cuts and restarts."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from terminal.backends.onslip.adapter import Onslip360
from terminal.backends.onslip.rest import Onslip
from terminal.core.facts import EntryAdded, EntryKind, EntryState
from terminal.core.payload import Payload
from terminal.core.records import Entry
from terminal.core.tickets import TicketSale
from terminal.sandbox import Fault
from tests.backends.kiosk import Kiosk
from tests.backends.onslip_records_making import (
    JOURNAL,
    NOON,
    Books,
    closing,
    coffee,
    references,
    tickets,
    what_is_there,
)
from tests.sandbox.realm import Realm
from tests.sync.model import Killed


class Shop(Kiosk):
    """A kiosk whose sales and reports an Onslip server gets."""

    def __init__(self, folder: Path, realm: Realm, connect: Callable[[], Onslip360]) -> None:
        self.realm = realm
        self.keys: dict[str, Entry] = {}
        super().__init__(folder, "books", connect, waits_ms=40_000)

    def add(self, key: str, kind: EntryKind, payload: Payload) -> None:
        amount = payload.total if isinstance(payload, TicketSale) else 0
        refers_to = "debit-1" if kind is EntryKind.RECORD else None
        fact = EntryAdded(key, kind, self.name, None, amount, refers_to=refers_to, payload=payload)
        self.keys[key] = self.enter(fact)

    def sell(self, number: int, sales: str) -> None:
        """Sell tickets and a coffee that a wallet has paid for, and now and then close the day."""
        self.add(f"s-{number}", EntryKind.SALE, tickets(f"C{number}", discount=number * 7))
        self.add(f"d-{number}-record", EntryKind.RECORD, coffee(back=number % 3 == 0))
        if sales == "journal" and number % 2:
            self.add(f"z-{number}", EntryKind.REPORT, closing(number))

    def work(self, turns: int = 60) -> None:
        self.realm.clock.ms = NOON.wall_ms + self.clock.true_ms + self.waits_ms  # the server knows the time
        super().work(turns)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("sales", ["journal", "orders"])
def test_each_reference_is_there_once_whatever_happens(
    realm: Realm, books: Books, tmp_path: Path, sales: str, seed: int
) -> None:
    kiosk = Shop(tmp_path, realm, lambda: books(sales))
    realm.onslip.faults.set(
        Fault(kind="drop", after=True, probability=0.2),
        Fault(kind="drop", probability=0.1),
        Fault(kind="half", probability=0.1),
        Fault(kind="garbage", after=True, probability=0.1),
        Fault(kind="status", status=500, after=True, probability=0.1),
        Fault(kind="status", status=503, after=True, probability=0.1),
        Fault(kind="status", status=502, probability=0.1),
        seed=seed,
    )
    for number in range(8):
        kiosk.sell(number, sales)
        kiosk.work(6)
        kiosk.start()
    assert realm.onslip.faults.happened > 10
    realm.onslip.faults.clear()
    for _ in range(25):
        kiosk.work()
    check(kiosk, sales)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sales", ["journal", "orders"])
def test_each_reference_is_there_once_wherever_the_power_fails(
    realm: Realm, books: Books, tmp_path: Path, sales: str, seed: int
) -> None:
    """The terminal dies right before or after what it sends: between an order and its tab, too."""
    chance = random.Random(seed)
    post = Onslip.post
    deaths = 0

    def dying(self: Onslip, path: str, body: Any, timeout_s: float) -> Any:
        nonlocal deaths
        before, after = (chance.random() < 0.25 for _ in range(2))
        deaths += before or after
        if before:
            raise Killed
        answer = post(self, path, body, timeout_s)
        if after:
            raise Killed
        return answer

    kiosk = Shop(tmp_path, realm, lambda: books(sales))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Onslip, "post", dying)
        for number in range(6):
            kiosk.sell(number, sales)
            for _ in range(3):
                try:
                    kiosk.work(6)
                except Killed:
                    kiosk.clock.reboot(synced=chance.random() < 0.5)
                    kiosk.start()
    kiosk.clock.synced = True
    kiosk.start()
    for _ in range(25):
        kiosk.work()
    assert deaths > 3
    check(kiosk, sales)


def check(kiosk: Shop, sales: str) -> None:
    """See that everything was delivered, and that each part of it is there once."""
    assert {kiosk.entry(key).state for key in kiosk.keys} == {EntryState.DELIVERED}
    there = what_is_there(kiosk.realm)
    assert set(there.values()) == {1}, there
    assert {name.split()[0] for name in there} == set(kiosk.keys)
    parts = {"orders": 2, "journal": 1}[sales]
    assert len(there) == sum(3 if key.startswith("z") else parts for key in kiosk.keys)
    list_ = "orders" if sales == "orders" else f"journal/{JOURNAL}"
    counted = references(kiosk.realm, list_)
    assert {key: counted[key] for key in kiosk.keys} == {
        key: 3 if key.startswith("z") else 1 for key in kiosk.keys
    }
    kiosk.off.close()


def test_where_nothing_can_be_read_a_doubt_goes_to_a_person(realm: Realm, books: Books, tmp_path: Path) -> None:
    kiosk = Shop(tmp_path, realm, lambda: books(read_back=False))
    realm.onslip.faults.set(Fault(kind="drop", after=True, method="POST", count=1))
    kiosk.add("s-1", EntryKind.SALE, tickets())
    kiosk.add("s-2", EntryKind.SALE, tickets("K2"))
    for _ in range(5):
        kiosk.work()
    assert [kiosk.entry(key).state for key in ("s-1", "s-2")] == [EntryState.UNKNOWN, EntryState.DELIVERED]
    assert what_is_there(realm) == {"s-1 receipt sale": 1, "s-2 receipt sale": 1}
    kiosk.off.close()
