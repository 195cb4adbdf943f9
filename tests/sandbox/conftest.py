"""The sandbox, and a plain client that says exactly what the test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from terminal.sandbox import Sandbox
from terminal.sandbox.ledger import Item
from tests.sandbox.office import Office
from tests.sandbox.realm import Realm
from tests.sandbox.shop import Shop
from tests.sandbox.tenant import Tenant

UID = "04a1b2c3d4e5f6"
SECRET = "s3cr3t-T0ken"


class Client:
    """Asks a sandbox. Headers may be replaced; None leaves one out."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._http = httpx.Client(trust_env=False, timeout=30)

    def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request to the API."""
        headers = {"Authorization": f"Bearer {self._sandbox.token}", **more.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        url = self._sandbox.url.rstrip("/") + path
        return self._http.request(method, url, headers=headers, **more)

    def book(self, body: object, uid: str = UID, **more: Any) -> httpx.Response:
        """Ask for a booking."""
        slash = "/" if "/api/" in self._sandbox.url else ""
        return self("POST", f"/pos/wallets/token/{uid}/transactions{slash}", json=body, **more)

    def admin(self, method: str, what: str, body: object = None) -> httpx.Response:
        """Ask as a tester."""
        return self._http.request(method, f"{self._sandbox.base}/sandbox/{what}", json=body)

    def close(self) -> None:
        """Close its connections."""
        self._http.close()


@pytest.fixture
def open_sandbox() -> Iterator[Callable[..., tuple[Sandbox, Client]]]:
    """Start a sandbox with a wallet of 150 cents and two products."""
    with ExitStack() as stack:

        def open_(**options: Any) -> tuple[Sandbox, Client]:
            sandbox = Sandbox(token=SECRET, **options)
            sandbox.add_wallet(UID, 150, "max.mustermann")
            sandbox.set_products([Item("espresso", "Espresso", 25), Item("cappuccino", "Cappucino", 50)])
            stack.enter_context(sandbox)
            client = Client(sandbox)
            stack.callback(client.close)
            return sandbox, client

        yield open_


@pytest.fixture
def open_office() -> Iterator[Callable[..., Office]]:
    """Start a Satellite server that knows four products and a guest."""
    with ExitStack() as stack:

        def open_(**options: Any) -> Office:
            office = Office(**options)
            stack.callback(office.close)
            return office

        yield open_


@pytest.fixture
def office(open_office: Callable[..., Office]) -> Office:
    """The same, as it is by default: strict."""
    return open_office()


@pytest.fixture
def open_realm() -> Iterator[Callable[..., Realm]]:
    """Start an Onslip server."""
    with ExitStack() as stack:

        def open_(**options: Any) -> Realm:
            realm = Realm(**options)
            stack.callback(realm.close)
            return realm

        yield open_


@pytest.fixture
def realm(open_realm: Callable[..., Realm]) -> Realm:
    """The same, as it is by default: strict."""
    return open_realm()


@pytest.fixture
def open_shop() -> Iterator[Callable[..., Shop]]:
    """Start an OnlinePOS server."""
    with ExitStack() as stack:

        def open_(**options: Any) -> Shop:
            shop = Shop(**options)
            stack.callback(shop.close)
            return shop

        yield open_


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """The same, as it is by default."""
    return open_shop()


@pytest.fixture
def open_tenant() -> Iterator[Callable[..., Tenant]]:
    """Start a Kensium server."""
    with ExitStack() as stack:

        def open_(**options: Any) -> Tenant:
            tenant = Tenant(**options)
            stack.callback(tenant.close)
            return tenant

        yield open_


@pytest.fixture
def tenant(open_tenant: Callable[..., Tenant]) -> Tenant:
    """The same, as it is by default."""
    return open_tenant()
