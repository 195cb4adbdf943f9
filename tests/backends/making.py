"""Entries and adapters as the tests of the backends need them."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from terminal.backends.pointofsale.adapter import PointOfSale
from terminal.backends.pointofsale.options import PointOfSaleOptions
from terminal.backends.protocol import Tenure
from terminal.core.catalogue import Product
from terminal.core.facts import EntryKind, EntryState
from terminal.core.stamp import Stamp
from terminal.journal.rows import Entry
from terminal.sandbox import Sandbox

UID = "04A1B2C3D4E5F6"
SECRET = "s3cr3t-T0ken"
ESPRESSO, CAPPUCCINO = Product("espresso", "Espresso", 25), Product("cappuccino", "Cappucino", 50)
ENOUGH_S = 30.0


def entry(
    key: str = "coffee-1-0001",
    kind: EntryKind = EntryKind.DEBIT,
    *,
    uid: str | None = UID,
    pieces: tuple[Product, ...] = (ESPRESSO,),
    amount: int | None = None,
    description: str = "Your coffee order in H building",
    tag: str = "",
) -> Entry:
    """Return an entry that is about to be delivered."""
    return Entry(
        seq=1,
        key=key,
        kind=kind,
        backend="main",
        token=uid,
        amount=sum(piece.price for piece in pieces) if amount is None else amount,
        pieces=pieces,
        description=description,
        tag=tag,
        session=None,
        refers_to=None,
        held=False,
        state=EntryState.SENDING,
        words="",
        created=Stamp(0, 0, "boot", synced=True),
        first_attempted=None,
        in_doubt=False,
        attempts=0,
        compensate=False,
    )


def credit(key: str = "coins-1-0001", amount: int = 200, kind: EntryKind = EntryKind.CREDIT) -> Entry:
    """Return a top-up."""
    return entry(key, kind, pieces=(), amount=amount, description="Top-up")


class Forever:
    """The secret was always the same one."""

    def begin(self, secret: str) -> None:
        """Remember nothing."""

    def known_for_ms(self) -> int:
        return 10**12

    def covers(self, moment: Stamp) -> bool:
        return True


def adapter(
    url: str,
    *,
    credential: Callable[[], str] = lambda: SECRET,
    tenure: Tenure | None = None,
    transport: httpx.BaseTransport | None = None,
    **options: object,
) -> PointOfSale:
    """Return an adapter with *options*."""
    return PointOfSale(
        "main",
        PointOfSaleOptions(url=url, **options),  # type: ignore[arg-type] - the test says which
        terminal_id="coffee-1",
        credential=credential,
        tenure=tenure or Forever(),
        transport=transport,
    )


def answering(status: int, body: bytes | str = b"", **headers: str) -> PointOfSale:
    """Return an adapter to a server that answers everything alike."""
    kept = {name.replace("_", "-"): value for name, value in headers.items()}
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body, headers=kept))
    return adapter("https://pos.example.org/", transport=transport)


def posts(sandbox: Sandbox) -> int:
    """Return how many bookings were asked for."""
    return requests(sandbox, "POST /pos/wallets/token/{token}/transactions")


def requests(sandbox: Sandbox, name: str = "") -> int:
    """Return how often the call *name* was asked for; any, without it."""
    counted = sandbox.counters()["requests"]
    assert isinstance(counted, dict)
    return sum(times for call, times in counted.items() if not name or call == name)
