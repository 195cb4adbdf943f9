"""The auditor of a ticket kiosk: what was sold is paid, on paper and with the server, each exactly once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from terminal.core.facts import (
    CashKind,
    EntryAdded,
    EntryKind,
    EntryState,
    Fact,
    PrintGivenUp,
    ReleaseIntended,
)
from terminal.core.paper import Document
from terminal.core.printing import name_of
from terminal.core.records import Entry
from terminal.core.tickets import Method, TicketSale
from tests.core.audit import Audit
from tests.core.cashier import DOUBT
from tests.core.paper_watch import barcodes

if TYPE_CHECKING:
    from tests.core.world import World


@dataclass
class TicketAudit(Audit):
    """What was committed of tickets.

    Attributes:
        sales: By key.
        codes: Every purchase code and barcode that is on the books.
        wanted: Names of all tickets that were sold, with their barcodes.
        given_up: Documents that are not printed by themselves any more.
        scanned: How often a barcode came onto paper.
    """

    sales: dict[str, TicketSale] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    wanted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    scanned: Counter[str] = field(default_factory=Counter)

    def hear(self, facts: Sequence[Fact]) -> None:
        """Take in one commit."""
        super().hear(facts)
        for fact in facts:
            match fact:
                case PrintGivenUp(release=release):
                    self.given_up.add(name_of(release))
                case ReleaseIntended(release=release, document=Document() as document) if "/ticket-" in release:
                    name = name_of(release)
                    assert self.wanted.setdefault(name, barcodes(document)) == barcodes(document)
                    self.given_up.discard(name)
                case EntryAdded(payload=TicketSale() as sale):
                    self._sold(fact, sale, facts)
                case _:
                    pass

    def _sold(self, entry: EntryAdded, sale: TicketSale, facts: Sequence[Fact]) -> None:
        self.sales[entry.key] = sale
        new = {sale.purchase.code, *sale.barcodes}
        assert not new & self.codes, "a code was given twice"
        self.codes |= new
        intents = [each for each in facts if isinstance(each, ReleaseIntended) and each.key == entry.key]
        found = [barcodes(each.document) for each in intents if "/ticket-" in each.release and each.document]
        assert found == [(each,) for each in sale.barcodes], "a ticket that nobody prints"
        wallet = {each.reference: each.amount for each in sale.payments if each.method is Method.WALLET}
        assert {key: self.entries[key].amount for key in wallet} == wallet

    def _added(self, fact: EntryAdded, sale: str) -> None:
        assert fact.key not in self.entries, f"the key {fact.key} was made twice"
        self.entries[fact.key] = fact
        if fact.kind is EntryKind.DEBIT:
            self.root[fact.key], self.pays[fact.key] = fact.key, range(0)
        elif fact.kind is EntryKind.REFUND:
            self.root[fact.key] = self.root[fact.refers_to or ""]

    def _receipt(self, facts: Sequence[Fact]) -> None:
        """Whoever got less than they inserted has a voucher, or waits for a token."""
        added = [each for each in facts if isinstance(each, EntryAdded) and each.kind is EntryKind.UNCLAIMED]
        rest = [each.key for each in added if not each.words.startswith(DOUBT)]
        vouchers = [
            name_of(each.release)
            for each in facts
            if isinstance(each, ReleaseIntended) and each.release.endswith("/voucher")
        ]
        assert self.starting or vouchers == [f"{key}/voucher" for key in rest], "money without a voucher"

    def see_paper(self, release: str, document: Document) -> None:
        """A ticket that comes out is on the books."""
        super().see_paper(release, document)
        if "/ticket-" in release:
            (code,) = barcodes(document)
            assert (code,) == self.wanted[name_of(release)], "it is printed with another code"
            assert code in self.codes, "printed, and not on the books"
            self.scanned[code] += 1

    # -- at any moment ---------------------------------------------------------------------------------

    def check(self, world: World) -> None:
        """As every kiosk; and the server knows each sale as it is."""
        super().check(world)
        cash = sum(
            payment.amount
            for sale in self.sales.values()
            for payment in sale.payments
            if payment.method is Method.CASH
        )
        assert self.moved[CashKind.SPENT] == cash + sum(sale.kept for sale in self.sales.values())
        mine = {sale.purchase.code: sale for sale in self.sales.values()}
        assert world.gate.sales.items() <= mine.items(), "the server has a sale that nobody made"

    def check_settled(self, world: World) -> None:
        """Every sale has arrived once, and each of its tickets is on paper, or was given up."""
        super().check_settled(world)
        assert set(world.gate.sales) == {sale.purchase.code for sale in self.sales.values()}
        assert set(world.gate.booked) == set(self.sales)
        out = {name for name, _ in self.papers}
        assert set(self.wanted) <= out | self.given_up, "a ticket that was sold is nowhere"
        assert len(self.wanted) == sum(len(sale.tickets) for sale in self.sales.values())

    def _coins(self, world: World, entries: dict[str, Entry]) -> None:
        spent = self.moved[CashKind.SPENT]
        rest = {key: entry for key, entry in entries.items() if entry.kind is not EntryKind.SALE}
        self.coins -= spent
        try:
            super()._coins(world, rest)
        finally:
            self.coins += spent

    def _sales(self, world: World, entries: dict[str, Entry]) -> None:
        paid = Counter[str]()
        for key, booking in world.server.booked.items():
            if booking.kind in (EntryKind.DEBIT, EntryKind.REFUND):
                sign = 1 if booking.kind is EntryKind.DEBIT else -1
                paid[self.root[key]] += sign * booking.amount - world.server.by_hand[key]
        used = {each.reference for sale in self.sales.values() for each in sale.payments if each.reference}
        for key, debit in self.entries.items():
            if debit.kind is EntryKind.DEBIT:
                owed = debit.amount if key in used else 0
                assert paid[key] + self.forgiven[key] == owed, f"debit {key}: owed {owed}, paid {paid[key]}"
                assert (key in used) == (key not in self.abandoned)
        assert all(entries[key].state is EntryState.DELIVERED for key in self.sales)
