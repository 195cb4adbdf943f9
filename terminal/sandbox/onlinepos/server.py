"""The OnlinePOS server as a whole: beside the wallets, on the same port, under ``/onlinepos/api``."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from terminal.httpd import Route
from terminal.sandbox.desk import Desk
from terminal.sandbox.faults import Faults
from terminal.sandbox.onlinepos.api import OnlinePosApi
from terminal.sandbox.onlinepos.history import close_day
from terminal.sandbox.onlinepos.orders import pay
from terminal.sandbox.onlinepos.rules import OnlinePosRules
from terminal.sandbox.onlinepos.store import OnlinePosStore
from terminal.sandbox.onlinepos.things import Card, Company, Effect, Movement, Thing

_ELSEWHERE = "Another till"


class OnlinePos:
    """An OnlinePOS server with a memory, that misbehaves on demand.

    Args:
        rules: How it behaves.
        database: File of its state, or ``:memory:``; that of other servers may stand in it, too.
        seed: What the dice of the faults, and of other customers, start from.
        now_ms: The wall clock, in milliseconds.
    """

    def __init__(
        self, rules: OnlinePosRules, *, database: str | Path, seed: int, now_ms: Callable[[], int]
    ) -> None:
        self.rules = rules
        self.faults = Faults(seed)
        self.store = OnlinePosStore(database)
        self._seed = seed
        self._now_ms = now_ms
        self._desk = Desk(self.faults)
        self._api = OnlinePosApi(self.store, self._desk, lambda: self.rules, now_ms, self._let_others)

    @property
    def rules(self) -> OnlinePosRules:
        """How it behaves now; with new rules, other customers begin anew."""
        return self._rules

    @rules.setter
    def rules(self, rules: OnlinePosRules) -> None:
        """Behave so from now on."""
        self._rules = rules
        self._answered = 0

    def close(self) -> None:
        """Close its file."""
        self.store.close()

    def routes(self) -> list[Route]:
        """Return what it answers, and where."""
        return self._api.routes()

    # -- what it knows ---------------------------------------------------------------------------------

    def know(self, things: Iterable[Thing]) -> None:
        """Know *things* and cards, as if staff had entered them; none of this counts as an effect."""
        with self.store.transaction():
            for each in things:
                if isinstance(each, Card):
                    self.store.save_card(each)
                else:
                    self.store.keep(each)

    # -- what others do --------------------------------------------------------------------------------

    def spend(self, card: str, amount: int, campaign: int | None = None) -> bool:
        """Let another customer add *amount* hundredths, or points, to a card; False: there is none."""
        with self.store.transaction():
            known = self.store.card(card)
            if known is None:
                return False
            self._desk.count("others")
            if campaign is not None:
                points = known.points.get(str(campaign), 0) + amount
                self.store.save_card(replace(known, points=known.points | {str(campaign): points}))
                return True
            kind = "Purchase" if amount < 0 else "Deposit"
            now = self._now_ms()
            self.store.move(
                known, Movement(card=card, kind=kind, amount=amount, at_ms=now, location=_ELSEWHERE)
            )
            return True

    def _let_others(self) -> None:
        """A request was answered: after so many, somebody else is next."""
        self._answered += 1
        for place, other in enumerate(self.rules.others):
            turn, rest = divmod(self._answered, other.every)
            if rest or (other.count is not None and turn > other.count):
                continue
            drawn = hashlib.sha256(f"{self._seed}/{place}/{turn}".encode()).digest()
            amount = other.amounts[int.from_bytes(drawn[:4], "big") % len(other.amounts)]
            self.spend(other.card, amount, other.campaign)

    def pay(self, ordernumber: int) -> bool:
        """Let staff take the money for an order; False: there is none of that number that is unpaid."""
        return pay(self.store, ordernumber, self._now_ms())

    def close_day(self, firmaid: int) -> dict[str, Any]:
        """Let the till of a company end its day; what it told is returned.

        Raises:
            ValueError: There is no such company.
        """
        company = self.store.thing(Company, firmaid)
        if company is None:
            raise ValueError(f"there is no company {firmaid}")
        return close_day(self.store, company, self._now_ms())

    # -- what testers ask ------------------------------------------------------------------------------

    def counters(self) -> dict[str, Any]:
        """Return how often each call was asked for, and what really took effect, by call and by reference."""
        requests, effects = self._desk.counts(), self.store.effects()
        kinds = sorted({kind for each in effects for kind in each.refs})
        moved = [each for each in effects if each.amount is not None and each.call in ("deposit", "editCards")]
        return {
            "others": requests.pop("others", 0),
            "requests": requests,
            "faults": self.faults.happened,
            "effects": dict(Counter(each.call for each in effects)),
            "references": {
                kind: dict(Counter(each.refs[kind] for each in effects if kind in each.refs)) for kind in kinds
            },
            "cards": {card: _summed(moved, card) for card in sorted({each.refs["card"] for each in moved})},
        }

    def effects(self) -> list[dict[str, Any]]:
        """Return what took effect, in that order."""
        return [msgspec.to_builtins(each) for each in self.store.effects()]

    def cards(self) -> list[dict[str, Any]]:
        """Return all cards as they are kept, balances in hundredths."""
        return [msgspec.to_builtins(each) for each in self.store.cards()]

    def orders(self) -> list[dict[str, Any]]:
        """Return all orders as they came, each with its number."""
        return self.store.orders()

    def reset(self) -> None:
        """Forget everything, and behave."""
        self.store.clear()
        self.faults.clear()
        self._desk.forget()
        self._answered = 0


def _summed(effects: list[Effect], card: str) -> dict[str, int]:
    amounts = [each.amount or 0 for each in effects if each.refs["card"] == card]
    return {"count": len(amounts), "hundredths": sum(amounts)}
