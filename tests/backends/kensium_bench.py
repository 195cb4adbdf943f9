"""A Kensium adapter that speaks with a tenant of the sandbox over real HTTP."""

from __future__ import annotations

import json
from typing import Any

import httpx
import msgspec

from terminal.backends.kensium.adapter import Kensium
from terminal.backends.kensium.options import KensiumOptions
from terminal.core.catalogue import Product
from terminal.core.delivery import Answer
from terminal.core.facts import EntryKind
from terminal.core.payload import Booked, Sold
from terminal.core.reconcile_evidence import Evidence
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.tickets import Line, Method, Payment
from terminal.core.value import replace
from terminal.sandbox import Fault
from tests.backends.making import ENOUGH_S, UID, entry
from tests.sandbox.tenant import ID, SECRET, Tenant

AT = Stamp(1_700_000_000_000, 5_000, "boot", synced=True)
GRAPHQL = "/api/graphql"


def adapter(tenant: Tenant, transport: httpx.BaseTransport | None = None, **options: Any) -> Kensium:
    """Return an adapter with *options*; close it."""
    given = {"url": tenant.sandbox.kensium_url, "store_code": "MAIN", **options}
    return Kensium(
        "pos",
        msgspec.convert(given, KensiumOptions),
        terminal_id="coffee-1",
        credential=lambda: json.dumps({"client_id": ID, "client_secret": SECRET}),
        transport=transport,
    )


def card(tenant: Tenant, balance: int = 1000, uid: str = UID) -> str:
    """Let the tenant have a gift card for a token; its id is returned."""
    return tenant.kensium.add_card(uid.lower(), balance)


def held(tenant: Tenant, id_: str) -> dict[str, Any]:
    """Return what counts on a card: transactions that are completed, their cents, and cents that are held."""
    nothing = {"count": 0, "cents": 0, "held": 0}
    found: dict[str, Any] = tenant.counters()["cards"].get(id_, nothing)
    return found


def lose(tenant: Tenant, count: int = 1, *, after: bool = True) -> None:
    """Let answers be lost from now on."""
    fault = Fault(kind="drop", after=after, method="POST", path=GRAPHQL, count=count)
    tenant.kensium.faults.set(fault)


def about(
    kind: EntryKind = EntryKind.DEBIT, amount: int = 250, key: str = "coffee-1-AAAA", **more: Any
) -> Entry:
    """Return an entry that is about to be sent."""
    made = entry(key, kind, pieces=(), amount=amount)
    recorded = {"payload": Booked("pos")} if kind is EntryKind.DEBIT else {}
    return replace(made, **recorded | more)


def record(debit: Entry, reference: str, *, back: bool = False) -> Entry:
    """Return the record of what *debit* paid for, which the server calls *reference*."""
    lines = (Line("COFFEE", "Coffee", 1, debit.amount),) if debit.amount else ()
    sold = Sold(lines, (Payment(Method.WALLET, debit.amount, reference=debit.key),), AT, back=back)
    made = entry(f"{debit.key}-record", EntryKind.RECORD, uid=None, pieces=(), amount=0)
    return replace(made, payload=sold, refers_to=debit.key, reference=reference)


def ready(backend: Kensium, what: Entry) -> Entry:
    """Return *what* with the evidence that the engine reads before a try."""
    found = backend.evidence(what, None, AT, ENOUGH_S)
    assert isinstance(found, Evidence), found
    return replace(what, before=found)


def sent(backend: Kensium, what: Entry) -> Answer:
    """Read the evidence, and send *what*, as the engine does."""
    return backend.deliver(ready(backend, what), ENOUGH_S)


def ruled(tenant: Tenant, **changes: Any) -> None:
    """Let the tenant behave otherwise from now on."""
    tenant.kensium.rules = msgspec.structs.replace(tenant.kensium.rules, **changes)


COFFEE = Product("COFFEE", "Coffee", 250)


class Deaf(httpx.BaseTransport):
    """Loses the answer to each request that holds a text."""

    def __init__(self, text: str) -> None:
        self._way = httpx.HTTPTransport()
        self._text = text.encode()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._way.handle_request(request)
        if self._text in request.read():
            response.read()
            response.close()
            raise httpx.ReadError("nothing came")
        return response

    def close(self) -> None:
        self._way.close()
