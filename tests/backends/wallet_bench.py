"""Servers that hold wallets, each behind the same few handles, so that one contract can be held against all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from terminal.backends.protocol import WalletBackend
from terminal.core.catalogue import Product
from terminal.core.facts import EntryKind
from terminal.core.records import Entry
from terminal.sandbox import Fault, Sandbox
from terminal.sandbox.ledger import Item
from tests.backends import onslip_bench
from tests.backends.making import SECRET, UID, adapter, credit, entry, posts
from tests.backends.onslip_rest_making import SHOWN
from tests.sandbox.realm import Realm

PRICE = 25
TOP_UP = 200


class Bench(ABC):
    """A server with one wallet of START cents for UID, and an adapter that speaks with it.

    A further server: a class with these handles, and its name in BENCHES.
    """

    START = 150
    backend: WalletBackend
    directions: tuple[EntryKind, ...] = (EntryKind.DEBIT, EntryKind.CREDIT, EntryKind.REFUND)
    refuses_overdraft = True
    secret: str

    @abstractmethod
    def booked(self) -> list[int]:
        """Return the signed cents of all that took effect, in order."""

    @abstractmethod
    def posts(self) -> int:
        """Return how many bookings were asked for."""

    @abstractmethod
    def misbehave(self, *faults: Fault) -> None:
        """Let these happen from now on, instead of those before."""

    @abstractmethod
    def away(self) -> None:
        """Let the server be a machine that is off."""

    @abstractmethod
    def back(self) -> None:
        """Switch it on."""

    @abstractmethod
    def lock_out(self) -> None:
        """Accept this terminal's secret no more."""

    @abstractmethod
    def close(self) -> None:
        """Stop both."""

    def order(self, kind: EntryKind = EntryKind.DEBIT, key: str = "k1", *, uid: str = UID) -> Entry:
        """Return an entry: a debit of PRICE, or TOP_UP the other way."""
        if kind is EntryKind.DEBIT:
            return entry(key, uid=uid, pieces=(self._piece(),))
        return credit(key, TOP_UP, kind)

    def dear(self) -> Entry:
        """Return a debit of more than there is."""
        return entry("dear", pieces=(), amount=100_000)

    @staticmethod
    def _piece() -> Product:
        return Product("espresso", "Espresso", PRICE)


class PointOfSaleBench(Bench):
    """A PointOfSale server in one of its dialects."""

    secret = SECRET

    def __init__(self, **options: Any) -> None:
        self._sandbox = Sandbox(token=SECRET, **options)
        self._sandbox.add_wallet(UID, self.START, "max.mustermann")
        self._sandbox.set_products([Item("espresso", "Espresso", PRICE)])
        self._sandbox.start()
        dialect = "pretix" if "/api/v1/" in self._sandbox.url else "documented"
        self.backend = adapter(self._sandbox.url, dialect=dialect)

    def booked(self) -> list[int]:
        """Without the opening balance."""
        done = [each.booking for each in self._sandbox.ledger.transactions()]
        return [booking.amount for booking in done if booking.terminal is not None]

    def posts(self) -> int:
        return posts(self._sandbox)

    def misbehave(self, *faults: Fault) -> None:
        self._sandbox.faults.set(*faults)

    def away(self) -> None:
        self._sandbox.away()

    def back(self) -> None:
        self._sandbox.back()

    def lock_out(self) -> None:
        self._sandbox.roll("an0ther-Token")

    def close(self) -> None:
        self.backend.close()
        self._sandbox.stop()


class PretixBench(PointOfSaleBench):
    """The plugin of pretix: debits of products only, and it lets balances go below zero."""

    directions = (EntryKind.DEBIT,)
    refuses_overdraft = False

    def __init__(self) -> None:
        super().__init__(dialect="pretix")

    @staticmethod
    def _piece() -> Product:
        return Product(1, "Espresso", PRICE)


class OnslipBench(Bench):
    """A realm of Onslip, whose vouchers are found by a query or in a list."""

    secret = SHOWN

    def __init__(self, lookup: str = "query", spends: str = "negative") -> None:
        self.realm = Realm(rules={"members": lookup == "query", "spends": spends})
        onslip_bench.know_voucher(self.realm, balance=self.START / 100)
        self.backend = onslip_bench.adapter(self.realm, voucher_lookup=lookup, voucher_sign=spends)

    def booked(self) -> list[int]:
        done = onslip_bench.booked(self.realm)
        assert all(voucher == onslip_bench.VOUCHER and not amount % 10 for voucher, amount in done)
        return [amount // 10 for _, amount in done]

    def posts(self) -> int:
        return onslip_bench.asked(self.realm, onslip_bench.BOOKING)

    def misbehave(self, *faults: Fault) -> None:
        self.realm.onslip.faults.set(*faults)

    def away(self) -> None:
        self.realm.sandbox.away()

    def back(self) -> None:
        self.realm.sandbox.back()

    def lock_out(self) -> None:
        assert self.realm.onslip.revoke("key:kiosk+door1@demo.example")

    def close(self) -> None:
        self.backend.close()
        self.realm.close()


BENCHES: dict[str, Callable[[], Bench]] = {
    "pointofsale": lambda: PointOfSaleBench(overdraft=False),
    "pointofsale, pretix": PretixBench,
    "onslip, by query": OnslipBench,
    "onslip, by list": lambda: OnslipBench("list"),
    "onslip, the other sign": lambda: OnslipBench(spends="positive"),
}
