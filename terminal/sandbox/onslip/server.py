"""The Onslip server as a whole: beside the wallets, on the same port, under ``/v1``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from terminal.httpd import Route
from terminal.sandbox.desk import Desk
from terminal.sandbox.faults import Faults
from terminal.sandbox.onslip.api import OnslipApi
from terminal.sandbox.onslip.hawk import OnslipKey
from terminal.sandbox.onslip.query import Entity
from terminal.sandbox.onslip.resources import RESOURCES, checked
from terminal.sandbox.onslip.rules import OnslipRules, iso
from terminal.sandbox.onslip.store import OnslipStore


class Onslip:
    """An Onslip server with a memory, that misbehaves on demand.

    Args:
        rules: How it behaves.
        database: File of its state, or ``:memory:``; that of other servers may stand in it, too.
        seed: What the dice of the faults start from.
        now_ms: The wall clock, in milliseconds.
        secret: Makes what nobody can guess.
    """

    def __init__(
        self,
        rules: OnslipRules,
        *,
        database: str | Path,
        seed: int,
        now_ms: Callable[[], int],
        secret: Callable[[], str],
    ) -> None:
        self.rules = rules
        self.faults = Faults(seed)
        self.store = OnslipStore(database)
        self._now_ms = now_ms
        self._desk = Desk(self.faults)
        self._api = OnslipApi(self.store, self._desk, lambda: self.rules, now_ms, secret)

    def close(self) -> None:
        """Close its file; no stream is left."""
        self._api.streams.clear()
        self.store.close()

    def routes(self) -> list[Route]:
        """Return what it answers, and where."""
        return self._api.routes()

    # -- what it knows ---------------------------------------------------------------------------------

    def add_user(self, id_: int, alias: str) -> None:
        """Know a user."""
        self.store.add_user(id_, alias)

    def add_key(self, key: OnslipKey) -> None:
        """Accept a credential, in place of one of the same id."""
        self.store.add_key(key)

    def is_bound(self, id_: str) -> bool:
        """Return whether *id_* is what a bound device signs as."""
        return self._api.bound(id_) is not None

    def revoke(self, id_: str) -> bool:
        """Take a credential back; False: there is none."""
        return self.store.drop_key(id_)

    def know(self, resource: str, entities: Iterable[Entity]) -> None:
        """Know *entities*, each with its id, as if staff had entered them; none of this counts as an effect.

        Raises:
            Refusal: One is no entity of that list.
            ValueError: There is no such list, or one has no id.
        """
        if resource not in RESOURCES:
            raise ValueError(f"{resource}: expected one of {', '.join(RESOURCES)}")
        with self.store.transaction():
            for each in entities:
                id_ = each.get("id")
                if isinstance(id_, bool) or not isinstance(id_, int) or id_ < 1:
                    raise ValueError(f"{resource}: each needs an id, a whole number from 1 on")
                body = checked(
                    RESOURCES[resource].shape, {n: v for n, v in each.items() if n != "id"}, strict=True
                )
                now = iso(self._now_ms())
                saved = self.store.save(resource, id_, {"id": id_, "created": now, "updated": now} | body)
                self._api.streams.publish("create" if saved.version == 1 else "update", resource, saved.body)

    def cut_streams(self) -> int:
        """Break every event stream that is being read; how many there were."""
        return self._api.streams.cut()

    # -- what testers ask ------------------------------------------------------------------------------

    def counters(self) -> dict[str, Any]:
        """Return how often each call was asked for, and what really took effect, by kind and by reference."""
        effects = self.store.effects()
        booked = [each for each in effects if each.thousandths is not None]
        by_voucher = {
            str(id_): {
                "count": len([it for it in booked if it.entity == id_]),
                "thousandths": sum(it.thousandths or 0 for it in booked if it.entity == id_),
            }
            for id_ in sorted({each.entity for each in booked})
        }
        created = [each for each in effects if each.operation == "create"]
        return {
            "requests": self._desk.counts(),
            "faults": self.faults.happened,
            "effects": dict(Counter(f"{each.operation} {each.resource}" for each in effects)),
            "references": {
                resource: dict(Counter(ref for it in created if it.resource == resource for ref in it.refs))
                for resource in sorted({each.resource for each in created})
            },
            "vouchers": by_voucher,
        }

    def effects(self) -> list[dict[str, Any]]:
        """Return what took effect, in that order, without secrets."""
        return [
            {
                "operation": each.operation,
                "resource": each.resource,
                "id": each.entity,
                "thousandths": each.thousandths,
                "references": each.refs,
                "key": each.key,
                "at_ms": each.at_ms,
            }
            for each in self.store.effects()
        ]

    def entities(self, resource: str) -> list[Entity]:
        """Return all of a list, the deleted too."""
        return [each.body for each in self.store.entities(resource)]

    def reset(self) -> None:
        """Forget everything, and behave."""
        self._api.streams.clear()
        self.store.clear()
        self.faults.clear()
        self._desk.forget()
