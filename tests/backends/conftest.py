"""A sandbox in each dialect, and an adapter that speaks with it over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from terminal.backends.pointofsale import PointOfSale
from terminal.sandbox import Sandbox
from terminal.sandbox.ledger import Item
from tests.backends.making import SECRET, UID, adapter

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
