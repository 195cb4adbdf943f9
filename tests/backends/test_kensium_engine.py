"""Journal, engine and a tenant of Kensium: no card pays twice, or for nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from terminal.core.facts import EntryAbandoned, EntryAdded, EntryFreed, EntryKind, EntryState
from terminal.core.payload import Booked, record_of
from terminal.core.value import replace
from terminal.sandbox import Fault
from tests.backends.kensium_bench import COFFEE, GRAPHQL, adapter, card
from tests.backends.kiosk import Kiosk
from tests.backends.making import UID
from tests.sandbox.tenant import Tenant

BOTH: dict[str, Any] = {"top_up": "authorise", "spend": "authorise", "alone": True}
START = 100_000


class Shop(Kiosk):
    """A kiosk whose wallets and books are a tenant's."""

    def __init__(self, folder: Path, tenant: Tenant, **options: Any) -> None:
        self.tenant = tenant
        self.backends: list[Any] = []

        def connect() -> Any:
            self.backends.append(adapter(tenant, **options))
            return self.backends[-1]

        super().__init__(folder, "pos", connect, waits_ms=40_000)

    def sell(self, key: str, *, given: bool = True) -> None:
        """Sell a coffee; not *given*: nothing came out."""
        sale = EntryAdded(key, EntryKind.DEBIT, "pos", UID, COFFEE.price, (COFFEE,), "Coffee")
        self.enter(replace(sale, held=True, payload=Booked("pos")))
        self.engine.deliver_now(key, lambda _: None)
        urgent = self.engine.worker("pos", urgent=True)
        for _ in range(3):
            urgent.turn()  # while the machine gives it out
        fact = EntryFreed(key) if given else EntryAbandoned(key, "nothing came out")
        self.journal.commit((fact,), self.clock.now())
        self.engine.notice((fact,))

    def top_up(self, key: str) -> None:
        """Credit coins."""
        self.enter(EntryAdded(key, EntryKind.CREDIT, "pos", UID, 200, description="Top-up"))

    def state(self, key: str) -> EntryState:
        return self.entry(key).state

    def end(self) -> None:
        self.off.close()
        for each in self.backends:
            each.close()


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    tenant = Tenant()
    card(tenant, START)
    yield tenant
    tenant.close()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    shops: list[Shop] = []

    def open_(tenant: Tenant, **options: Any) -> Shop:
        shops.append(Shop(tmp_path, tenant, **options))
        return shops[-1]

    yield open_
    for shop in shops:
        shop.end()


def statuses(tenant: Tenant, key: str) -> dict[str, int]:
    """What counts of an entry: an authorisation to add, which moves nothing, does not."""
    told = [each for each in tenant.kensium.wallets.all_trans() if each.ref == key]
    return dict(Counter(each.status for each in told if each.status != "AUTHORIZED" or each.cents < 0))


@pytest.mark.parametrize("options", [{"alone": True}, BOTH], ids=["complete", "authorise"])
def test_a_sale_is_paid_and_recorded_and_what_was_not_given_is_given_back(
    tenant: Tenant, opened: Callable[..., Shop], options: dict[str, Any]
) -> None:
    shop = opened(tenant, **options)
    shop.sell("d-1")
    shop.work()
    shop.top_up("c-1")
    shop.work()
    shop.sell("d-2", given=False)
    for _ in range(3):
        shop.work()
    assert shop.state("d-1") is shop.state(record_of("d-1")) is shop.state("c-1") is EntryState.DELIVERED
    assert statuses(tenant, "d-1") == {"COMPLETED": 1}
    assert shop.state("d-2-refund") is EntryState.DELIVERED
    if "spend" in options:
        assert statuses(tenant, "d-2") == {"CANCELLED": 1}
    assert tenant.counters()["transactions"] == {"d-1-record": 1}
    assert tenant.balance(UID.lower()) == f"{(START - 250 + 200) / 100:.2f}"


@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_lost_is_found_out_and_nothing_counts_twice(
    tenant: Tenant, opened: Callable[..., Shop], seed: int
) -> None:
    shop = opened(tenant, **BOTH)
    tenant.kensium.faults.set(
        Fault(kind="drop", after=True, probability=0.2, method="POST", path=GRAPHQL),
        Fault(kind="drop", probability=0.15, method="POST", path=GRAPHQL),
        Fault(kind="half", probability=0.05, method="POST", path=GRAPHQL),
        Fault(kind="status", status=503, probability=0.15, method="POST", path=GRAPHQL),
        seed=seed,
    )
    debits = [f"d-{number}" for number in range(6)]
    coins = [f"c-{number}" for number in range(6)]
    for number, (debit, credit) in enumerate(zip(debits, coins, strict=True)):
        shop.sell(debit, given=bool(number % 3))
        shop.top_up(credit)
        shop.work(8)
        if number % 2:
            shop.start()
    assert tenant.kensium.faults.happened > 5
    tenant.kensium.faults.clear()
    for _ in range(25):
        shop.work()
    check(shop, debits, coins)


def check(shop: Shop, debits: list[str], coins: list[str]) -> None:
    tenant, counted = shop.tenant, 0
    for key in coins:
        assert shop.state(key) is EntryState.DELIVERED
        assert statuses(tenant, key) == {"COMPLETED": 1}, "a capture that was lost is repeated, and known again"
        counted += 200
    for key in debits:
        told = statuses(tenant, key)
        refund = shop.journal.entry(f"{key}-refund")
        if shop.state(key) is EntryState.VOIDED:
            assert told == {}
        elif refund is not None and refund.state is EntryState.DELIVERED:
            assert told == {"CANCELLED": 1}
        else:
            assert shop.state(key) is EntryState.DELIVERED
            assert sum(told.values()) == 1
            counted -= COFFEE.price
        check_record(shop, key, told)
    assert tenant.balance(UID.lower()) == f"{(START + counted) / 100:.2f}"
    assert max(tenant.counters()["transactions"].values(), default=0) <= 1, "no purchase is sent twice"


def check_record(shop: Shop, key: str, told: dict[str, int]) -> None:
    """A record is delivered; or a person's: its hold has no name, or its answer was lost."""
    record = shop.journal.entry(record_of(key))
    if record is None:
        return
    if record.state is EntryState.DELIVERED:
        assert told == {"COMPLETED": 1}
        assert shop.tenant.counters()["transactions"][record.key] == 1
    elif record.state is EntryState.PARKED:
        assert "is not known" in record.words
        assert not shop.entry(key).reference
    else:
        assert record.state is EntryState.UNKNOWN
        assert "Loyalty / Purchases" in record.words or "was stopped while" in record.words
