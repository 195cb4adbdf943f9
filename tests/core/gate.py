"""Servers that keep books of sales, around a simulated terminal: of tickets, and of what wallets paid for."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from terminal.core.delivery import Answer, Guarantee, Outcome, Promise
from terminal.core.facts import EntryKind
from terminal.core.payload import Sold
from terminal.core.records import Entry
from terminal.core.tickets import TicketSale
from tests.core.outside import Booking, Server


class Gate(Server):
    """Knows a sale by its purchase code, which is all that it is told of who sent it.

    Attributes:
        sales: What took effect, by purchase code.
        repeats: How often a sale came again.
    """

    def __init__(self, rng: Random, now_ms: Callable[[], int], later: Callable[..., None]) -> None:
        super().__init__(rng, Guarantee(Promise.NATURAL_KEY), now_ms, later)
        self.sales: dict[str, TicketSale] = {}
        self.repeats = 0

    def _watch(self, key: str) -> None:
        """Every repeat is covered, for ever."""

    def _in_progress(self, key: str) -> bool:
        return key in self.on_the_way

    def _remembers(self, key: str) -> bool:
        return key in self.booked

    def _book(self, entry: Entry) -> Answer:
        sale = entry.payload
        assert entry.kind is EntryKind.SALE
        assert isinstance(sale, TicketSale)
        assert entry.amount == sale.total
        known = self.sales.get(sale.purchase.code)
        if known is not None:
            assert known == sale, "another sale under the same purchase code"
            self.repeats += 1
            return Answer(Outcome.DELIVERED, "it is here already", status=200)
        self.sales[sale.purchase.code] = sale
        self.booked[entry.key] = Booking(entry.kind, None, entry.amount, self._now_ms())
        return Answer(Outcome.DELIVERED, status=201)


class Bookkeeper(Server):
    """Records what another server has booked; it drops no repeat, and can be asked what it has.

    Attributes:
        records: What took effect, by the key of what it records.
    """

    def __init__(
        self, rng: Random, now_ms: Callable[[], int], later: Callable[..., None], wallets: Server
    ) -> None:
        super().__init__(rng, Guarantee(Promise.READ_BACK), now_ms, later)
        self._wallets = wallets
        self.records: dict[str, Sold] = {}

    def _book(self, entry: Entry) -> Answer:
        sold, of = entry.payload, entry.refers_to or ""
        assert (entry.kind, entry.token, entry.amount) == (EntryKind.RECORD, None, 0)
        assert isinstance(sold, Sold)
        paid = self._wallets.booked[of]  # never before it is paid
        assert (sold.total, sold.back) == (paid.amount, paid.kind is EntryKind.REFUND)
        if entry.key in self.booked:
            self.twice.append(entry.key)
        self.records[of] = sold
        self.booked[entry.key] = Booking(entry.kind, None, 0, self._now_ms())
        return Answer(Outcome.DELIVERED, status=201)
