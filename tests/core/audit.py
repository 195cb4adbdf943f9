"""The auditor: hears every committed fact, and compares the journal with what really happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from terminal.core.catalogue import total
from terminal.core.events import Ended
from terminal.core.facts import (
    EntryAbandoned,
    EntryAdded,
    EntryKind,
    EntryState,
    Fact,
    PersonDecided,
    ReleaseIntended,
    ReleaseSettled,
)
from terminal.core.paper import Document, Text
from terminal.core.printing import name_of
from terminal.core.records import Entry
from tests.core.cashier import Cashier

if TYPE_CHECKING:
    from tests.core.world import World

OPEN = (EntryState.QUEUED, EntryState.SENDING, EntryState.UNKNOWN, EntryState.PARKED)
LET_GO = "let go"
"""A person's reason to void what a customer owes: the only way in which a piece is free."""

NOT_BOOKED = (EntryState.PARKED,)
"""Where an entry stands only if it is surely not booked."""


@dataclass
class Audit(Cashier):
    """What was committed, in the auditor's own books.

    Attributes:
        root: The sale that an entry belongs to, by key: the key of its first debit.
        pays: Which pieces of that sale (by number) a debit pays for.
        settled: How each release ended, by its id.
        papers: What came out of a printer, were it torn: which document, and its mark as a copy.
        forgiven: Cents of a sale that a person has let go although the piece came out.
    """

    root: dict[str, str] = field(default_factory=dict)
    pays: dict[str, range] = field(default_factory=dict)
    settled: dict[str, Ended] = field(default_factory=dict)
    abandoned: set[str] = field(default_factory=set)
    voided_by: dict[str, str] = field(default_factory=dict)
    forgiven: Counter[str] = field(default_factory=Counter)
    seqs: dict[int, str] = field(default_factory=dict)
    papers: set[tuple[str, str]] = field(default_factory=set)

    # -- what is committed -----------------------------------------------------------------------------

    def hear(self, facts: Sequence[Fact]) -> None:
        """Take in one commit."""
        self.hear_of_cash(facts)
        sale = ""
        for fact in facts:
            match fact:
                case EntryAbandoned(key=key):
                    self.abandoned.add(key)
                    sale = key
                case EntryAdded():
                    self._added(fact, sale)
                case PersonDecided(action="void"):
                    self.voided_by[fact.key] = fact.by
                    if fact.reason == LET_GO:
                        self.forgiven[self.root[fact.key]] += self.entries[fact.key].amount
                case ReleaseIntended(release=release):
                    assert release not in self.intended, f"{release} was intended twice"
                    self.intended.add(release)
                case ReleaseSettled(release=release):
                    self.settled[release] = fact.ended
                case _:
                    pass

    def see_paper(self, release: str, document: Document) -> None:
        """Look at what a printer gives out: the same document twice must say so."""
        first = document.lines[0]
        mark = first.text if isinstance(first, Text) and first.text.startswith("COPY") else ""
        paper = name_of(release), mark
        assert paper not in self.papers, f"{paper} is on paper twice"
        self.papers.add(paper)

    def _added(self, fact: EntryAdded, sale: str) -> None:
        assert fact.key not in self.entries, f"the key {fact.key} was made twice"
        self.entries[fact.key] = fact
        if fact.kind is EntryKind.REFUND:
            self.root[fact.key] = self.root[fact.refers_to or ""]
        elif fact.kind is EntryKind.DEBIT and fact.held:
            self.root[fact.key] = fact.key
            self.pays[fact.key] = range(len(fact.pieces))
        elif fact.kind is EntryKind.DEBIT:
            self.root[fact.key] = sale
            first = self._came_out(sale) if fact.state is EntryState.PARKED else 0
            self.pays[fact.key] = range(first, first + len(fact.pieces))

    def _came_out(self, sale: str) -> int:
        return sum(
            self.settled.get(f"{sale}/{number}") is Ended.DONE
            for number in range(len(self.entries[sale].pieces))
        )

    # -- at any moment ---------------------------------------------------------------------------------

    def check(self, world: World) -> None:
        """Compare journal, server and machine as they are now (I2 to I6)."""
        entries = world.journal.entries(limit=1_000_000)
        self._books(world, entries)
        self.check_payouts(world)
        self.check_machines(world)
        for entry in entries:
            self._entry(world, entry)
        assert set(self.entries) <= {entry.key for entry in entries}, "an entry is gone"
        assert world.booked <= {entry.key for entry in entries}, "booked and not in the journal"
        for server in (world.server, world.books):
            assert not server.twice, f"booked twice: {server.twice}"
            assert not server.blind, f"sent again blindly: {server.blind}"
        for things in (world.machine.given, world.machine.printed):
            assert all(count == 1 for count in things.values()), "released more than once"
            assert set(things) <= self.intended, "released without an intent"

    def _books(self, world: World, entries: Sequence[Entry]) -> None:
        books = world.journal.books()
        assert books.accepted == self.coins
        went = books.credited + books.spent + books.returned + books.held + books.written_off
        assert books.accepted == went
        debits, credits_ = Counter[EntryState](), Counter[EntryState]()
        for entry in entries:
            if entry.kind is EntryKind.DEBIT:
                debits[entry.state] += entry.amount
            elif entry.kind in (EntryKind.CREDIT, EntryKind.REFUND):
                credits_[entry.state] += entry.amount
        assert +Counter(books.debits) == +debits
        assert +Counter(books.credits) == +credits_
        released = sum(fact.amount for fact in self.entries.values() if fact.kind is EntryKind.DEBIT)
        assert sum(books.debits.values()) == released
        booked = sum(each.amount for each in world.server.booked.values() if each.kind is EntryKind.DEBIT)
        assert books.debits[EntryState.DELIVERED] <= booked

    def _entry(self, world: World, entry: Entry) -> None:
        """One entry: as it was added, and standing where it may."""
        assert self.seqs.setdefault(entry.seq, entry.key) == entry.key, "a key has changed"
        added = self.entries.get(entry.key)
        if entry.kind is EntryKind.RECORD:
            assert entry.key == f"{entry.refers_to}-record"
        elif added is None:
            assert entry.kind is EntryKind.REFUND
            assert entry.key == f"{entry.refers_to}-refund"
            self.root.setdefault(entry.key, self.root[entry.refers_to or ""])
        else:
            same = (added.kind, added.backend, added.token, added.amount, added.pieces, added.session)
            is_ = (entry.kind, entry.backend, entry.token, entry.amount, entry.pieces, entry.session)
            assert same == is_
        booked = entry.key in world.booked
        by = self.voided_by.get(entry.key)
        where = f"entry {entry.seq} ({entry.key}, {entry.state.value}: {entry.words})"
        if entry.state is EntryState.DELIVERED:
            assert booked, f"{where} was never booked"
        if entry.state in NOT_BOOKED:
            assert not booked, f"{where} is booked"
        if entry.state is EntryState.VOIDED and by is None:
            assert entry.key in self.abandoned, f"{where} ended silently"
            assert not booked, f"{where} is booked, and nobody looks at it"
        if entry.state in (EntryState.UNKNOWN, EntryState.PARKED):
            assert entry.words, f"{where} is not explained"

    # -- at the end ------------------------------------------------------------------------------------

    def check_settled(self, world: World) -> None:
        """When everything was delivered or decided: to the cent, for every sale and every coin."""
        self.check(world)
        entries = {entry.key: entry for entry in world.journal.entries(limit=1_000_000)}
        assert not [entry for entry in entries.values() if entry.state in OPEN]
        assert not world.journal.held()
        assert not world.journal.open_releases()
        assert not world.journal.open_sessions()
        assert not world.journal.open_payouts()
        assert not world.journal.waiting_prints()
        books = world.journal.books()
        assert books.held == 0
        self._coins(world, entries)
        self._sales(world, entries)
        self._records(world, entries)
        assert world.journal.verify() == []

    def _records(self, world: World, entries: dict[str, Entry]) -> None:
        """Whoever keeps books has all that was booked and stands, and what was taken back of that."""
        if world.job.kind != "vending" or not world.job.office:
            return
        booked = {key: entry for key, entry in entries.items() if entry.state is EntryState.DELIVERED}
        sold = {key for key, entry in booked.items() if entry.kind is EntryKind.DEBIT and not entry.compensate}
        back = {
            key
            for key, entry in booked.items()
            if entry.kind is EntryKind.REFUND and (entry.refers_to or "") in sold
        }
        assert {key for key, record in world.books.records.items() if not record.back} == sold
        assert {key for key, record in world.books.records.items() if record.back} == back

    def _coins(self, world: World, entries: dict[str, Entry]) -> None:
        credited = desk = 0
        for entry in entries.values():
            if entry.kind is EntryKind.CREDIT:
                assert entry.key in world.server.booked, f"the coins of {entry.key} never arrived"
                credited += world.server.booked[entry.key].amount
            elif entry.kind is EntryKind.UNCLAIMED:
                desk += self.desk.get(entry.key, entry.amount)
        # What nobody could tell was counted by a person: so this holds for the coins themselves.
        dropped = sum(
            hopper.dropped[payout]
            for hopper in world.hoppers.values()
            for payout in hopper.begun
            if self.payouts[payout].session is not None
        )
        assert credited + desk + dropped == self.coins

    def _sales(self, world: World, entries: dict[str, Entry]) -> None:
        paid = Counter[str]()
        for key, entry in entries.items():
            booking = world.server.booked.get(key)
            if booking is None or entry.kind in (EntryKind.CREDIT, EntryKind.UNCLAIMED):
                continue
            assert (booking.kind, booking.amount, booking.token) == (entry.kind, entry.amount, entry.token)
            sign = 1 if entry.kind is EntryKind.DEBIT else -1
            paid[self.root[key]] += sign * booking.amount - world.server.by_hand[key]
        charge_unknown = world.job.vending.after_unknown_release == "charge"
        for key, sale in self.entries.items():
            if self.root.get(key) != key:
                continue
            fell = [n for n in range(len(sale.pieces)) if world.machine.given[f"{key}/{n}"]]
            doubtful = [
                n
                for n in range(len(sale.pieces))
                if n not in fell and self.settled.get(f"{key}/{n}") is Ended.UNKNOWN
            ]
            worth = total(tuple(sale.pieces[n] for n in fell))
            perhaps = total(tuple(sale.pieces[n] for n in doubtful)) if charge_unknown else 0
            balance = paid[key] + self.forgiven[key]
            assert worth <= balance <= worth + perhaps, f"sale {key}: got {worth}, paid {balance}"


def deserved(audit: Audit, world: World, entry: Entry) -> bool:
    """Whether every piece that a debit pays for really came out."""
    root = audit.root[entry.key]
    return all(world.machine.given[f"{root}/{number}"] for number in audit.pays[entry.key])
