"""The servers that hold wallets, each on its bench."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace as changed

from terminal.backends.protocol import WalletBackend
from terminal.core.catalogue import Product
from terminal.core.facts import EntryKind
from terminal.sandbox import Fault, Sandbox
from terminal.sandbox.ledger import Booking, Item
from terminal.sandbox.onlinepos.things import Company
from tests.backends import kensium_bench, onslip_bench
from tests.backends.making import SECRET, UID, adapter, posts
from tests.backends.onlinepos_wallet_making import CAMPAIGN, server
from tests.backends.onlinepos_wallet_making import booked as booked_of_onlinepos
from tests.backends.onslip_rest_making import SHOWN
from tests.backends.wallet_bench import BOOKING, PRICE, READING, Bench
from tests.sandbox import shop, tenant
from tests.sandbox.realm import Realm

_WALLET = frozenset({EntryKind.DEBIT, EntryKind.CREDIT, EntryKind.REFUND})


class PointOfSaleBench(Bench):
    """A PointOfSale server in one of its dialects."""

    secret = SECRET

    def __init__(self, **options: Any) -> None:
        self._sandbox = Sandbox(token=SECRET, **options)
        self._sandbox.add_wallet(UID, self.START, "max.mustermann")
        self._sandbox.set_products([Item("espresso", "Espresso", PRICE)])
        self._sandbox.start()
        self._dialect = "pretix" if "/api/v1/" in self._sandbox.url else "documented"
        self.backend = adapter(self._sandbox.url, dialect=self._dialect, alone=True)

    def shared(self) -> WalletBackend:
        return adapter(self._sandbox.url, dialect=self._dialect)

    def other(self, cents: int) -> None:
        self._sandbox.ledger.book(Booking(UID.lower(), cents, "elsewhere"), 0)

    def booked(self) -> list[int]:
        """Without the opening balance."""
        done = [each.booking for each in self._sandbox.ledger.transactions()]
        return [booking.amount for booking in done if booking.terminal is not None]

    def posts(self) -> int:
        return posts(self._sandbox)

    def misbehave(self, *faults: Fault, kind: EntryKind = EntryKind.DEBIT) -> None:
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
    looks = frozenset({EntryKind.DEBIT})
    refuses_overdraft = False

    def __init__(self) -> None:
        super().__init__(dialect="pretix")

    @staticmethod
    def _piece() -> Product:
        return Product(1, "Espresso", PRICE)


class OnslipBench(Bench):
    """A realm of Onslip, whose vouchers are found by a query or in a list."""

    secret = SHOWN
    looks = _WALLET

    def __init__(self, lookup: str = "query", spends: str = "negative") -> None:
        self.realm = Realm(rules={"members": lookup == "query", "spends": spends})
        onslip_bench.know_voucher(self.realm, balance=self.START / 100)
        self._options: dict[str, Any] = {"voucher_lookup": lookup, "voucher_sign": spends}
        self.backend = onslip_bench.adapter(self.realm, alone=True, **self._options)

    def shared(self) -> WalletBackend:
        return onslip_bench.adapter(self.realm, **self._options)

    def other(self, cents: int) -> None:
        known = {each["id"]: each["payment"]["balance"] for each in self.realm.onslip.entities("vouchers")}
        balance = round(known[onslip_bench.VOUCHER] * 100) + cents
        onslip_bench.know_voucher(self.realm, balance=balance / 100)

    def booked(self) -> list[int]:
        done = onslip_bench.booked(self.realm)
        assert all(voucher == onslip_bench.VOUCHER and not amount % 10 for voucher, amount in done)
        return [amount // 10 for _, amount in done]

    def posts(self) -> int:
        return onslip_bench.asked(self.realm, onslip_bench.BOOKING)

    def misbehave(self, *faults: Fault, kind: EntryKind = EntryKind.DEBIT) -> None:
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


class OnlinePosBench(Bench):
    """A company of OnlinePOS: a card's balance, its history, or its points."""

    refuses_overdraft = False  # the adapter does
    secret = shop.TOKEN
    looks = _WALLET
    _call, _read = "deposit", "getCard"
    _campaign: int | None = None

    def __init__(self, **options: Any) -> None:
        self._shop = shop.Shop()
        self._options = {"deposit_amounts": "decimal point", **options}
        if options.get("wallet") == "points":
            self._call, self._read, self._campaign = "adjustValue", "getCampaignValues", CAMPAIGN
            self.tells_balance = False
        card = self._shop.pos.store.card(shop.CARD)
        assert card is not None
        held = {str(CAMPAIGN): self.START}
        self._shop.pos.store.save_card(changed(card, balance=self.START, points=held))
        self.backend = server(self._shop, alone=True, **self._options)

    def booked(self) -> list[int]:
        return [amount for amount in booked_of_onlinepos(self._shop) if amount is not None]

    def posts(self) -> int:
        asked: dict[str, int] = self._shop.pos.counters()["requests"]
        return sum(times for name, times in asked.items() if name.startswith("POST ") and self._call in name)

    def misbehave(self, *faults: Fault, kind: EntryKind = EntryKind.DEBIT) -> None:
        paths = {BOOKING: self._call, READING: self._read, "*": ""}
        self._shop.pos.faults.set(*(changed(each, path=paths[each.method]) for each in faults))

    def away(self) -> None:
        self._shop.sandbox.away()

    def back(self) -> None:
        self._shop.sandbox.back()

    def lock_out(self) -> None:
        self._shop.pos.know([Company(firmaid=shop.FIRMAID, token=shop.OTHER, key=shop.KEY)])

    def shared(self) -> WalletBackend:
        return server(self._shop, alone=False, **self._options)

    def other(self, cents: int) -> None:
        assert self._shop.pos.spend(shop.CARD, cents, self._campaign)

    def close(self) -> None:
        self.backend.close()
        self._shop.close()


class KensiumBench(Bench):
    """A tenant of Kensium: funds are moved at once, or added by an authorisation that is captured."""

    no_for_good = (404, 412, 415, 422)  # its platform says 400 whenever anything is wrong with a part
    secret = tenant.SECRET
    looks = _WALLET

    def __init__(self, **options: Any) -> None:
        self._tenant = tenant.Tenant()
        self._card = kensium_bench.card(self._tenant, self.START)
        self._options = options
        self._captures = options.get("top_up") == "authorise"
        if self._captures:
            self.looks = frozenset({EntryKind.DEBIT})
        self.backend = kensium_bench.adapter(self._tenant, alone=True, **options)

    def _ours(self) -> list[dict[str, Any]]:
        all_: list[dict[str, Any]] = self._tenant.kensium.entries()["transactions"]
        return [each for each in all_ if each["application"] is not None]

    def booked(self) -> list[int]:
        return [each["cents"] for each in self._ours() if each["status"] == "COMPLETED"]

    def posts(self) -> int:
        """Without the authorisations that move nothing."""
        asked: dict[str, int] = self._tenant.kensium.counters()["requests"]
        moved_nothing = len([each for each in self._ours() if each["type"] == "ADD"]) if self._captures else 0
        return asked.get("giftcardTransAdd", 0) + asked.get("giftcardTransCapture", 0) - moved_nothing

    def misbehave(self, *faults: Fault, kind: EntryKind = EntryKind.DEBIT) -> None:
        books = "Capture" if self._captures and kind is not EntryKind.DEBIT else "Add"
        paths = {BOOKING: f"giftcardTrans{books}", READING: "/api/graphql", "*": ""}
        method = {BOOKING: "POST", READING: "POST", "*": "*"}
        self._tenant.kensium.faults.set(
            *(changed(each, path=paths[each.method], method=method[each.method]) for each in faults)
        )

    def away(self) -> None:
        self._tenant.sandbox.away()

    def back(self) -> None:
        self._tenant.sandbox.back()

    def lock_out(self) -> None:
        self._tenant.kensium.add_application(tenant.ID, "an0ther")
        self._tenant.kensium.store.expire_tokens()

    def shared(self) -> WalletBackend:
        return kensium_bench.adapter(self._tenant, alone=False, **self._options)

    def other(self, cents: int) -> None:
        assert self._tenant.kensium.book_other(UID.lower(), cents)

    def close(self) -> None:
        self.backend.close()
        self._tenant.close()


BENCHES: dict[str, Callable[[], Bench]] = {
    "pointofsale": lambda: PointOfSaleBench(overdraft=False),
    "pointofsale, pretix": PretixBench,
    "onslip, by query": OnslipBench,
    "onslip, by list": lambda: OnslipBench("list"),
    "onslip, the other sign": lambda: OnslipBench(spends="positive"),
    "onlinepos, balance": OnlinePosBench,
    "onlinepos, points": lambda: OnlinePosBench(wallet="points", campaign=CAMPAIGN, point_cents=1),
    "kensium": KensiumBench,
}
EVERY = BENCHES | {
    "onlinepos, history": lambda: OnlinePosBench(history=True),
    "kensium, captured": lambda: KensiumBench(top_up="authorise"),
}
"""With those that send a debit as one of the others does: they differ in other directions, and in looks."""
