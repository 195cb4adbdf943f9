"""An Onslip adapter that speaks with a realm of the sandbox over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import msgspec

from terminal.backends.onslip.adapter import Onslip360
from terminal.backends.onslip.options import OnslipOptions
from terminal.backends.protocol import TerminalInfo
from terminal.core.records import Entry
from tests.backends.making import ENOUGH_S, entry
from tests.backends.onslip_rest_making import CREDENTIAL
from tests.sandbox.realm import Realm

UID = "04A1B2C3D4E5F6"
VOUCHER = 9
"""The id of the voucher that ``know_voucher`` makes, unless it is told another."""


def adapter(
    realm: Realm,
    *,
    credential: Callable[[], str] = lambda: CREDENTIAL,
    transport: httpx.BaseTransport | None = None,
    wall_s: Callable[[], int] | None = None,
    **options: Any,
) -> Onslip360:
    """Return an adapter with *options*, whose clock is that of *realm*; close it."""
    given = {"url": f"{realm.sandbox.base}/v1/", "realm": "demo.example", **options}
    return Onslip360(
        "main",
        OnslipOptions(**given),
        terminal_id="coffee-1",
        credential=credential,
        transport=transport,
        wall_s=wall_s or (lambda: realm.clock.ms // 1000),
    )


def know_voucher(
    realm: Realm, *identifiers: str, id_: int = VOUCHER, balance: float = 100, credit: float = 0, **more: Any
) -> None:
    """Let *realm* know a voucher of money."""
    payment = {"payment-method": 4, "balance": balance, "credit-limit": credit}
    known = identifiers or (UID.lower(),)
    entity = {"id": id_, "type": "payment", "identifiers": list(known), "payment": payment, **more}
    realm.onslip.know("vouchers", [entity])


def booked(realm: Realm) -> list[tuple[int, int]]:
    """Return voucher and thousandths of each booking that took effect, in order."""
    effects = realm.onslip.effects()
    return [(each["id"], each["thousandths"]) for each in effects if each["operation"] == "book"]


def asked(realm: Realm, name: str) -> int:
    """Return how often a call such as ``POST /vouchers/{id}`` was asked for."""
    method, _, path = name.partition(" ")
    times: dict[str, int] = realm.onslip.counters()["requests"]
    return times.get(f"{method} /v1/~{{realm}}{path}", 0)


BOOKING = "POST /vouchers/{id}"
LIST = "GET /{resource}/"
ENTITY = "GET /{resource}/{id}"


def debit(amount: int = 250, key: str = "k1", uid: str = UID) -> Entry:
    """Return a debit of so many cents."""
    return entry(key, uid=uid, pieces=(), amount=amount)


class Spoiling(httpx.BaseTransport):
    """Changes each entity of an answer on its way."""

    def __init__(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._way = httpx.HTTPTransport()
        self._change = change

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._way.handle_request(request)
        found = msgspec.json.decode(response.read() or b"null")
        changed = [self._change(each) for each in found] if isinstance(found, list) else found
        if isinstance(found, dict):
            changed = self._change(found)
        kept = {
            name: value for name, value in response.headers.items() if name in ("x-total-count", "content-type")
        }
        return httpx.Response(response.status_code, headers=kept, content=msgspec.json.encode(changed))

    def close(self) -> None:
        self._way.close()


def told(backend: Onslip360) -> TerminalInfo:
    """Return the catalogue, which is there."""
    info = backend.terminal(ENOUGH_S)
    assert isinstance(info, TerminalInfo), info
    return info


def ids(backend: Onslip360) -> list[Any]:
    """Return the ids of what is sold."""
    return [each.id for each in told(backend).products]


def button(x: int, y: int, **more: Any) -> dict[str, Any]:
    """Return a button for a product, or for another map."""
    action = "display-button-map" if "button-map" in more else "add-product-item"
    return {"x": x, "y": y, "action": action, **more}


def know_map(realm: Realm, id_: int, *buttons: dict[str, Any], kind: str = "tablet-buttons") -> None:
    """Let *realm* know a button map."""
    known = {"id": id_, "name": f"Map {id_}", "type": kind, "width": 4, "height": 4, "buttons": list(buttons)}
    realm.onslip.know("button-maps", [known])


def know_product(realm: Realm, id_: int, **more: Any) -> None:
    """Let *realm* know a product of 5."""
    realm.onslip.know("products", [{"id": id_, "name": f"Thing {id_}", "product-group": 1, "price": 5, **more}])
