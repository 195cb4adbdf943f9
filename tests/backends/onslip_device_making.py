"""The till of a terminal in the Onslip sandbox, and what the server has of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx

from terminal.backends.onslip.client import open_client
from terminal.backends.onslip.device import Device
from terminal.backends.onslip.options import OnslipOptions
from terminal.backends.onslip.realm import Realm as Told
from terminal.core.till import Attached
from tests.backends.onslip_rest_making import BASE, CREDENTIAL, NOW_S
from tests.sandbox.realm import Realm

PRINTER = Attached("paper", "printer", "escpos", "/dev/usb/lp0", "kiosk-1/paper", "1.4")
READER = Attached("tags", "reader", "pcsc", "", "kiosk-1/tags")
ACCOUNTS = {"mismatches": 3740, "journal-series": "K", "cost-center": {"code": "7", "name": "Hall"}}
NIGHTLY, MORNING = ["30 23 * * *"], ["0 5 * * 1-5"]

Make = Callable[..., Device]


def devices(realm: Realm) -> Iterator[Make]:
    """Give what makes the till of the sandbox's key, or the one that the options name; close all at the end."""
    opened = []

    def make(running: str = "1.2.3", transport: httpx.BaseTransport | None = None, **options: Any) -> Device:
        away = isinstance(transport, httpx.MockTransport)
        url = BASE if away else f"http://{realm.host}:{realm.port}/v1/"
        chosen = OnslipOptions(url=url, realm="demo.example", **options)
        wall_s = (lambda: NOW_S) if away else (lambda: realm.clock.ms // 1000)
        rest = open_client(chosen.place, credential=lambda: CREDENTIAL, transport=transport, wall_s=wall_s)
        opened.append(rest)
        return Device(rest, Told(rest, "main"), chosen, running=running)

    yield make
    for each in opened:
        each.close()


def till(realm: Realm, id_: int = 7) -> dict[str, Any]:
    """Return the till as the server has it."""
    return next(dict(each) for each in realm.onslip.entities("tills") if each["id"] == id_)


def bindings(realm: Realm) -> list[dict[str, Any]]:
    """Return the peripherals that the server knows."""
    return list(till(realm)["config"]["peripheral-bindings"])


def asked(realm: Realm, method: str) -> int:
    """Return how many requests of that method there were."""
    return sum(count for name, count in realm.onslip.counters()["requests"].items() if name.startswith(method))


def changes(realm: Realm) -> int:
    """Return how often somebody changed a till."""
    return int(realm.onslip.counters()["effects"].get("update tills", 0))
