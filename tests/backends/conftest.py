"""A sandbox in each dialect or a realm, and an adapter that speaks with it over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from terminal.backends.onslip.adapter import Onslip360
from terminal.backends.pointofsale.adapter import PointOfSale
from terminal.sandbox import Sandbox
from terminal.sandbox.ledger import Item
from tests.backends import onslip_bench
from tests.backends.making import SECRET, UID, adapter
from tests.backends.onslip_device_making import Make, devices
from tests.backends.onslip_records_making import Books, keepers
from tests.sandbox.realm import Realm

ITEMS = [Item("espresso", "Espresso", 25), Item("cappuccino", "Cappucino", 50)]


@pytest.fixture(params=["documented", "pretix"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def start() -> Iterator[Callable[..., Sandbox]]:
    """Start a sandbox with the seed's wallet and products; it is stopped at the end."""
    with ExitStack() as stack:

        def start(**options: object) -> Sandbox:
            sandbox = Sandbox(token=SECRET, **options)  # type: ignore[arg-type] - the test says which
            sandbox.add_wallet(UID, 150, "max.mustermann")
            sandbox.set_products(ITEMS)
            return stack.enter_context(sandbox)

        yield start


@pytest.fixture
def connect() -> Iterator[Callable[..., PointOfSale]]:
    """Make an adapter to a sandbox; it is closed at the end."""
    made: list[PointOfSale] = []

    def connect(sandbox: Sandbox, **options: object) -> PointOfSale:
        options.setdefault("dialect", "pretix" if "/api/v1/" in sandbox.url else "documented")
        backend = adapter(sandbox.url, **options)  # type: ignore[arg-type] - the test says which
        made.append(backend)
        return backend

    yield connect
    for backend in made:
        backend.close()


@pytest.fixture
def sandbox(start: Callable[..., Sandbox], dialect: str) -> Sandbox:
    return start(dialect=dialect)


@pytest.fixture
def backend(connect: Callable[..., PointOfSale], sandbox: Sandbox) -> PointOfSale:
    return connect(sandbox)


@pytest.fixture
def open_realm() -> Iterator[Callable[..., Realm]]:
    """Start an Onslip server that finds members of lists, with a voucher of 100 for its UID."""
    with ExitStack() as stack:

        def open_(rules: dict[str, Any] | None = None, **more: Any) -> Realm:
            realm = Realm(rules={"members": True, **(rules or {})}, **more)
            stack.callback(realm.close)
            onslip_bench.know_voucher(realm)
            return realm

        yield open_


@pytest.fixture
def realm(open_realm: Callable[..., Realm]) -> Realm:
    return open_realm()


@pytest.fixture
def reach() -> Iterator[Callable[..., Onslip360]]:
    """Make an adapter to a realm; it is closed at the end."""
    with ExitStack() as stack:

        def reach(realm: Realm, **options: Any) -> Onslip360:
            backend = onslip_bench.adapter(realm, **options)
            stack.callback(backend.close)
            return backend

        yield reach


@pytest.fixture
def books(realm: Realm) -> Iterator[Books]:
    """Make adapters that record sales in the journal of a realm, or its orders; closed at the end."""
    yield from keepers(realm)


@pytest.fixture
def device(realm: Realm) -> Iterator[Make]:
    """Make the till that this terminal is; closed at the end."""
    yield from devices(realm)


@pytest.fixture
def mapped(realm: Realm) -> Realm:
    """Map 11 (product 1) is the till's, map 12 (product 2) that of its location, map 13 (both) for others."""
    onslip_bench.know_map(realm, 11, onslip_bench.button(0, 0, product=1))
    onslip_bench.know_map(realm, 12, onslip_bench.button(0, 0, product=2))
    onslip_bench.know_map(realm, 13, onslip_bench.button(0, 0, product=2), onslip_bench.button(1, 0, product=1))
    realm.onslip.know("locations", [{"id": 2, "name": "Yard", "config": {"button-map": 12}}])
    till = {"id": 7, "name": "Kiosk", "description": "By the door", "location": 2}
    realm.onslip.know("tills", [till | {"config": {"button-map": 11}}, till | {"id": 17}])
    return realm
