"""The Kensium server as a whole: beside the wallets, on the same port, under ``/kensium``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from terminal.httpd import Route
from terminal.sandbox.desk import Desk
from terminal.sandbox.faults import Faults
from terminal.sandbox.kensium.api import PREFIX, KensiumApi, guarded
from terminal.sandbox.kensium.cards import CardCalls
from terminal.sandbox.kensium.gate import KensiumGate
from terminal.sandbox.kensium.others import Others
from terminal.sandbox.kensium.queries import KINDS, Queries
from terminal.sandbox.kensium.rules import PERMISSIONS, KensiumRules
from terminal.sandbox.kensium.sales import SaleCalls
from terminal.sandbox.kensium.schema import build
from terminal.sandbox.kensium.store import Application, KensiumStore
from terminal.sandbox.kensium.wallets import CodeType, Wallets


class Kensium:
    """A Kensium server with a memory, that misbehaves on demand.

    Args:
        rules: How it behaves.
        database: File of its state, or ``:memory:``; that of other servers may stand in it, too.
        seed: What the dice of the faults, and of other customers, start from.
        now_ms: The wall clock, in milliseconds.
        secret: Makes what nobody can guess.

    Raises:
        ValueError: graphql-core is not installed, or a rule names what the schema does not have.
    """

    def __init__(
        self,
        rules: KensiumRules,
        *,
        database: str | Path,
        seed: int,
        now_ms: Callable[[], int],
        secret: Callable[[], str],
    ) -> None:
        self.faults = Faults(seed)
        self.store = KensiumStore(database)
        self.wallets = Wallets(self.store)
        self.others = Others(self.wallets, seed)
        self._now_ms = now_ms
        self._desk = Desk(self.faults)
        self._handlers = guarded(
            Queries(self.store, self._current).handlers()
            | CardCalls(self.store, self.wallets, self.others, self._current, secret).handlers()
            | SaleCalls(self.store, self._current).handlers()
        )
        gate = KensiumGate(self.store, self._current, now_ms, secret, PREFIX)
        self._api = KensiumApi(self._desk, gate, lambda: self._tenant, self._current, now_ms)
        try:
            self._rules, self._tenant = rules, build(rules, self._handlers)
        except BaseException:
            self.store.close()
            raise

    def _current(self) -> KensiumRules:
        return self._rules

    @property
    def rules(self) -> KensiumRules:
        """How it behaves; other rules may mean another schema.

        Raises:
            msgspec.ValidationError: On a change: there is no such schema.
        """
        return self._rules

    @rules.setter
    def rules(self, rules: KensiumRules) -> None:
        """Behave otherwise from now on."""
        try:
            self._tenant = build(rules, self._handlers)
        except ValueError as error:
            raise msgspec.ValidationError(str(error)) from None
        self._rules = rules

    def close(self) -> None:
        """Close its file."""
        self.store.close()

    def routes(self) -> list[Route]:
        """Return what it answers, and where."""
        return self._api.routes()

    # -- what it knows ---------------------------------------------------------------------------------

    def add_application(self, id_: str, secret: str, permissions: Iterable[str] = PERMISSIONS) -> None:
        """Know an application, in place of one of the same id.

        Raises:
            ValueError: There is no such permission.
        """
        allowed = frozenset(permissions)
        unknown = sorted(allowed - PERMISSIONS)
        if unknown:
            raise ValueError(f"there is no permission {unknown[0]} here")
        self.store.add_application(Application(id_, secret, allowed))

    def know(self, kind: str, records: Iterable[Mapping[str, Any]]) -> None:
        """Know *records*, as if staff had entered or changed them; none of this counts as an effect.

        Raises:
            ValueError: There is no such kind, or a record does not say which one it is.
        """
        if kind not in KINDS:
            raise ValueError(f"{kind}: expected one of {', '.join(KINDS)}")
        with self.store.transaction():
            for record in records:
                id_ = [record.get(name) for name in KINDS[kind]]
                if not all(isinstance(each, str) and each for each in id_):
                    raise ValueError(f"{kind}: each needs {' and '.join(KINDS[kind])}, as texts")
                if kind == "sale" and not isinstance(record.get("saleDate"), str):
                    raise ValueError("sale: each needs a saleDate")
                self.store.save(kind, "/".join(map(str, id_)), dict(record))

    def add_card(
        self,
        code: str,
        balance: int = 0,
        *,
        type_: CodeType = "PHYSICAL",
        pin: str | None = None,
        expires: str | None = None,
        member: str | None = None,
    ) -> str:
        """Know a gift card with *balance* cents on it; its id is returned.

        Raises:
            ValueError: There is one with that code.
        """
        with self.store.transaction():
            if self.wallets.found(code, type_):
                raise ValueError("there is a gift card with that code")
            card = self.wallets.add_card(member)
            self.wallets.add_code(card, type_, code, pin=pin, expires=expires)
            if balance:
                self.wallets.book(card, "IMPORT", balance, self._now_ms(), source="staff")
        return str(card)

    def book_other(self, code: str, cents: int) -> bool:
        """Let another customer use a card (cents below zero) or top it up; False: there is no such card."""
        found = self.wallets.found(code)
        if found:
            self.others.act(found[0].card, cents, self._now_ms())
        return bool(found)

    def cancel(self, id_: str) -> bool:
        """Cancel an authorised transaction, as staff does; False: there is none of that id."""
        with self.store.transaction():
            trans = self.wallets.trans(id_)
            if trans is None or trans.status != "AUTHORIZED":
                return False
            self.wallets.set_status(trans.id, "CANCELLED")
        return True

    # -- what testers ask ------------------------------------------------------------------------------

    def counters(self) -> dict[str, Any]:
        """Return how often each call was asked for, and what really took effect; sums in cents."""
        effects, ours = (
            self.store.effects(),
            [it for it in self.wallets.all_trans() if it.application is not None],
        )
        done = [each for each in ours if each.status == "COMPLETED"]
        purchases = Counter(each.ref for each in effects if each.operation == "purchaseAdd")
        payments = self.store.payments()
        references = Counter((each.source, each.ref) for each in ours if each.ref is not None)
        return {
            "requests": self._desk.counts(),
            "faults": self.faults.happened,
            "others": self.others.happened,
            "effects": dict(Counter(each.operation for each in effects)),
            "references": {
                str(ref): dict(Counter(it.status for it in ours if it.ref == ref)) for _, ref in references
            },
            "transactions": {str(ref): count for ref, count in purchases.items()},
            "cards": {
                str(card): {
                    "count": len([it for it in done if it.card == card]),
                    "cents": sum(it.cents for it in done if it.card == card),
                    "held": -sum(
                        it.cents
                        for it in ours
                        if it.card == card and it.status == "AUTHORIZED" and it.cents < 0
                    ),
                }
                for card in sorted({each.card for each in ours})
            },
            "payments": {
                "begun": len(payments),
                "states": dict(Counter(each["state"] for each in payments)),
                "cents": sum(each.cents or 0 for each in effects if each.operation == "pay"),
            },
            "repeats": sum(count - 1 for counts in (purchases, references) for count in counts.values()),
        }

    def effects(self) -> list[dict[str, Any]]:
        """Return what took effect, in that order."""
        return [msgspec.to_builtins(each) for each in self.store.effects()]

    def entries(self) -> dict[str, Any]:
        """Return gift cards, transactions, purchases and payments, as staff sees them."""
        return {
            "cards": [self.wallets.as_dict(each) for each in self.wallets.cards()],
            "transactions": [msgspec.to_builtins(each) for each in self.wallets.all_trans()],
            "purchases": self.store.purchases(),
            "payments": self.store.payments(),
        }

    def reset(self) -> None:
        """Forget everything, and behave."""
        self.store.clear()
        self.faults.clear()
        self.others.forget()
        self._desk.forget()
