"""The Satellite server as a whole: beside the wallets, on the same port, under ``/api``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from terminal.httpd import Route
from terminal.sandbox.desk import Desk
from terminal.sandbox.faults import Faults
from terminal.sandbox.satellite.api import SatelliteApi
from terminal.sandbox.satellite.rules import SatelliteRules
from terminal.sandbox.satellite.store import Client, Delegate, SatelliteStore, Thing


class Satellite:
    """A Satellite server with a memory, that misbehaves on demand.

    Args:
        rules: How it behaves.
        client: The id and secret of a device that was let in before; None: all must ask.
        database: File of its state, or ``:memory:``; the wallets may stand in it, too.
        seed: What the dice of the faults start from.
        now_ms: The wall clock, in milliseconds.
        secret: Makes what nobody can guess.
    """

    def __init__(
        self,
        rules: SatelliteRules,
        client: tuple[str, str] | None,
        *,
        database: str | Path,
        seed: int,
        now_ms: Callable[[], int],
        secret: Callable[[], str],
    ) -> None:
        self.rules = rules
        self.faults = Faults(seed)
        self.store = SatelliteStore(database)
        self._client = None if client is None else Client(*client)
        self._now_ms = now_ms
        self._desk = Desk(self.faults)
        self._api = SatelliteApi(self.store, self._desk, lambda: self.rules, now_ms, secret)
        self._begin()

    def _begin(self) -> None:
        if self._client is not None:
            self.store.add_client(self._client)

    def close(self) -> None:
        """Close its file."""
        self.store.close()

    def routes(self) -> list[Route]:
        """Return what it answers, and where."""
        return self._api.routes()

    # -- what it knows ---------------------------------------------------------------------------------

    def sell(self, *products: tuple[int, str, int]) -> None:
        """Know products by id, name and price in cents, and no others."""
        self.know("product", *products)

    def know(self, kind: str, *things: tuple[int, str, int | None]) -> None:
        """Know products, events, sessions or rooms, by id, name and price; no others of that kind."""
        now = self._now_ms()
        self.store.set_things(kind, (Thing(kind, id_, name, price, now) for id_, name, price in things))

    def add_delegate(self, id_: int, name: str, rfid: str, barcode: str | None = None) -> None:
        """Know a person by their token, a UID in whatever case."""
        self.store.add_delegate(Delegate(id_, name, rfid, barcode))

    # -- what staff does -------------------------------------------------------------------------------

    def open_discovery(self) -> None:
        """Let devices ask, as a look at the page does."""
        self._api.discovery.open()

    def approve(self, code: str) -> bool:
        """Add the device *code*; False: none of that code has asked."""
        return self._api.discovery.approve(code)

    def revoke(self, code: str) -> bool:
        """Take a device's credentials and tokens back; False: there is no such device."""
        return self.store.revoke(code)

    def expire_tokens(self) -> None:
        """Let every token be expired."""
        self.store.expire_tokens(self._now_ms())

    # -- what testers ask ------------------------------------------------------------------------------

    def counters(self) -> dict[str, Any]:
        """Return how often each call was asked for, and what really took effect; sums in cents."""
        requests = self._desk.counts()
        sales, interactions = self.store.sales(), self.store.interactions()
        told = {name: requests.pop(name, 0) for name in ("repeats", "conflicts", "refused sales")}
        return {
            "requests": requests,
            "faults": self.faults.happened,
            "repeats": told["repeats"],
            "conflicts": told["conflicts"],
            "refused_sales": told["refused sales"],
            "sales": {"count": len(sales), "sum": sum(each.total or 0 for each in sales)},
            "codes": dict(Counter(each.code for each in sales if each.code is not None)),
            "tickets": len(self.store.tickets()),
            "interactions": {
                "count": len(interactions),
                "different": len({each.interaction for each in interactions}),
            },
        }

    def sales(self) -> list[dict[str, Any]]:
        """Return all sales as they were stored, in the order in which they took effect."""
        return [
            {"number": each.number, "code": each.code, "client": each.client, "at_ms": each.at_ms,
             "body": json.loads(each.body)}
            for each in self.store.sales()
        ]  # fmt: skip

    def interactions(self) -> list[dict[str, Any]]:
        """Return all interactions, in the order in which they were stored."""
        return [
            {
                "number": each.number,
                "what": each.interaction.kind,
                "delegate": json.loads(each.interaction.delegate),
                "device": json.loads(each.interaction.thing),
                "recorded_at": json.loads(each.interaction.recorded),
                "client": each.client,
                "at_ms": each.at_ms,
            }
            for each in self.store.interactions()
        ]

    def devices(self) -> list[dict[str, Any]]:
        """Return who asked to be let in, without secrets."""
        return [
            {
                "id": each.id,
                "code": each.code,
                "agent": each.agent,
                "preferred_type": each.wanted,
                "added": each.cleared_ms is not None,
            }
            for each in self.store.requests()
        ]

    def reset(self) -> None:
        """Forget everything but the credentials that it began with, and behave."""
        self.store.clear()
        self.faults.clear()
        self._desk.forget()
        self._begin()
