"""The auditor's books of money: coins and boxes, payouts and what really fell, cash that machines took."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from terminal.core.catalogue import total
from terminal.core.effects import PayOut
from terminal.core.events import Ended, Place
from terminal.core.facts import (
    BoxEmptied,
    CashKind,
    CashMoved,
    EntryAdded,
    EntryKind,
    EntryState,
    Fact,
    PayoutIntended,
    PayoutSettled,
    PersonDecided,
    ReleaseIntended,
    SaleReported,
    SessionClosed,
    SessionOpened,
)
from terminal.core.job import Job
from terminal.core.paper import Columns

if TYPE_CHECKING:
    from tests.core.world import World

DOUBT = "Nobody can tell whether"


@dataclass
class Cashier:
    """What was committed about money.

    Attributes:
        coins: Cents of all coins whose event was committed.
        moved: Cents by how they moved.
        held: What each open session holds.
        boxes: Pieces and cents in the cash box of an acceptor, since it was emptied last.
        emptied: How often boxes were.
        payouts: Every payout as it was intended.
        ended: How each one was settled; *paid* is what surely came out of it.
        doubts: The payout that an entry explains, by the entry's key.
        entries: Every entry as it was added.
        intended: Every release.
        waiting: Entries of money that nobody has claimed, in cents.
        desk: What a person gave back for such an entry, having counted.
        ordered: Payouts that were ordered.
        revalued: Cash that a machine took for tokens, by amount; *granted*: what was told to it.
        reported: What machines sold for cash.
        starting: What a restart found is being settled.
    """

    job: Job
    coins: int = 0
    moved: Counter[CashKind] = field(default_factory=Counter)
    held: dict[str, int] = field(default_factory=dict)
    boxes: dict[str, tuple[int, int]] = field(default_factory=lambda: defaultdict(lambda: (0, 0)))
    emptied: int = 0
    entries: dict[str, EntryAdded] = field(default_factory=dict)
    intended: set[str] = field(default_factory=set)
    waiting: Counter[str] = field(default_factory=Counter)
    payouts: dict[str, PayoutIntended] = field(default_factory=dict)
    ended: dict[str, Ended] = field(default_factory=dict)
    paid: Counter[str] = field(default_factory=Counter)
    doubts: dict[str, str] = field(default_factory=dict)
    desk: dict[str, int] = field(default_factory=dict)
    ordered: set[str] = field(default_factory=set)
    revalued: Counter[int] = field(default_factory=Counter)
    granted: Counter[int] = field(default_factory=Counter)
    reported: Counter[tuple[str, int]] = field(default_factory=Counter)
    starting: bool = False

    # -- what is committed -----------------------------------------------------------------------------

    def hear_of_cash(self, facts: Sequence[Fact]) -> None:
        """Take in one commit."""
        for fact in facts:
            match fact:
                case SessionOpened(session=session):
                    self.held.setdefault(session, 0)
                case SessionClosed(session=session):
                    assert not self.held.pop(session), f"{session} is closed with money in it"
                case CashMoved():
                    self._moved(fact)
                case EntryAdded(kind=EntryKind.UNCLAIMED, key=key, amount=amount):
                    self.waiting[key] += amount
                case PersonDecided(key=key, action="void"):
                    self.waiting.pop(key, None)
                case BoxEmptied(device=device, pieces=pieces, amount=amount):
                    assert (pieces, amount) == self.boxes[device], "the box holds something else"
                    self.boxes[device] = (0, 0)
                    self.emptied += 1
                case PayoutIntended(payout=payout):
                    assert payout not in self.payouts, f"{payout} was intended twice"
                    self.payouts[payout] = fact
                case SaleReported(item=item, amount=amount):
                    self.reported[item, amount] += 1
                case _:
                    pass
        self._settled(facts)

    def _moved(self, fact: CashMoved) -> None:
        self.moved[fact.kind] += fact.amount
        if fact.kind is not CashKind.IN:
            self.held[fact.session] -= fact.amount
            assert self.held[fact.session] >= 0, f"{fact.session} never held this"
            return
        self.coins += fact.amount
        self.held[fact.session] += fact.amount
        if fact.place is Place.BOX:
            pieces, amount = self.boxes[fact.device]
            self.boxes[fact.device] = (pieces + 1, amount + fact.amount)
        elif fact.place is Place.MACHINE:
            self.revalued[fact.amount] += 1

    def _settled(self, facts: Sequence[Fact]) -> None:
        """Payouts that ended: what came out has left, and what nobody can tell is before a person at once."""
        returned = Counter[str]()
        for fact in facts:
            if isinstance(fact, CashMoved) and fact.kind is CashKind.RETURNED:
                returned[fact.device] += fact.amount
        doubts = [each for each in facts if isinstance(each, EntryAdded) and each.words.startswith(DOUBT)]
        doubts = [each for each in doubts if each.kind is EntryKind.UNCLAIMED]
        for fact in facts:
            if not isinstance(fact, PayoutSettled):
                continue
            intent = self.payouts[fact.payout]
            assert fact.payout not in self.ended, f"{fact.payout} ended twice"
            self.ended[fact.payout], self.paid[fact.payout] = fact.ended, fact.paid
            unsure = intent.amount - fact.paid if fact.ended is Ended.UNKNOWN else 0
            if intent.session is None:
                continue  # a trial: its entry is there already
            returned[intent.device] -= fact.paid
            if unsure:
                entry = doubts.pop(0)
                assert (entry.amount, entry.session) == (unsure, intent.session)
                assert (entry.state, entry.token) == (EntryState.PARKED, None)
                assert intent.device in entry.words
                self.doubts[entry.key] = fact.payout
            self._receipt(facts)
        assert not doubts, "somebody must look for what nobody doubts"
        assert not any(returned.values()), "what left is not what was paid"

    def _receipt(self, facts: Sequence[Fact]) -> None:
        """Whoever got less than they inserted has it on paper, and it says how much of it went where."""
        added = [each for each in facts if isinstance(each, EntryAdded)]
        if not added or not self.job.printers or self.starting:
            return
        (wanted,) = [each for each in facts if isinstance(each, ReleaseIntended)]
        assert wanted.release == f"{added[0].key}/receipt"
        assert wanted.document is not None
        said = {line.left: line.right for line in wanted.document.lines if isinstance(line, Columns)}
        for label, kind in (("Credited", EntryKind.CREDIT), ("Uncertain", EntryKind.UNCLAIMED)):
            amount = sum(each.amount for each in added if each.kind is kind)
            assert said.get(label) == (f"{amount / 100:.2f} EUR" if amount else None)

    # -- at the moment when it happens -----------------------------------------------------------------

    def box_full(self, acceptor: str) -> bool:
        """Return whether the box of *acceptor* must not get any more."""
        pieces, amount = self.boxes[acceptor]
        rules = self.job.cash
        too_many = acceptor in rules.box_pieces and pieces >= rules.box_pieces[acceptor]
        return too_many or (acceptor in rules.box_amount and amount >= rules.box_amount[acceptor])

    def check_open(self, slots: Mapping[str, int]) -> None:
        """No slot is open over a full box."""
        assert not [each for each, limit in slots.items() if limit and self.box_full(each)], "a full box"

    def payout_ordered(self, order: PayOut) -> None:
        """It may be ordered once, as it is on the books."""
        intent = self.payouts.get(order.payout)
        assert intent is not None, "ordered before it was written down"
        is_ = (intent.device, intent.amount, intent.mark)
        assert (order.device, order.amount, order.mark) == is_, "ordered otherwise than written down"
        assert order.payout not in self.ordered, f"{order.payout} is ordered again"
        assert order.payout not in self.ended, f"{order.payout} is ordered after its end"
        self.ordered.add(order.payout)

    def payout_begins(self, order: PayOut, device: str, mark: str) -> None:
        """Coins are about to fall: the books know, and the hopper stands where they say."""
        intent = self.payouts.get(order.payout)
        assert intent is not None, "paid before it was written down"
        is_ = (intent.device, intent.amount, intent.mark)
        assert (device, order.amount, mark) == is_, "paid otherwise than written down"

    def approved(self, release: str, price: int) -> None:
        """A machine is about to give out: the books know of this very sale."""
        assert release in self.intended, "approved before it was written down"
        sale = self.entries[release.rpartition("/")[0]]
        assert sale.amount == total(sale.pieces) == price, "approved at another price"

    def revalue_granted(self, amount: int) -> None:
        """A machine keeps cash for a token: that token has it on the books."""
        assert self.granted[amount] < self.revalued[amount], "granted, and not on the books"
        self.granted[amount] += 1

    # -- now and then ----------------------------------------------------------------------------------

    def check_start(self, world: World) -> None:
        """After a restart: the journal's sums, and its boxes, are the auditor's."""
        books = world.journal.books()
        assert not books.missing
        assert books.accepted == self.coins
        assert books.returned == self.moved[CashKind.RETURNED]
        assert books.held == sum(self.held.values()) + sum(self.waiting.values())
        levels = {name: (level.pieces, level.amount) for name, level in world.journal.boxes().items()}
        assert levels == {name: level for name, level in self.boxes.items() if name in levels}
        assert not [name for name, level in self.boxes.items() if name not in levels and level != (0, 0)]
        self.check_payouts(world)

    def check_payouts(self, world: World) -> None:
        """What fell is what was paid, but for what somebody must count."""
        fell = {name: sum(hopper.dropped.values()) for name, hopper in world.hoppers.items()}
        for payout, intent in self.payouts.items():
            hopper = world.hoppers[intent.device]
            dropped, how = hopper.dropped[payout], self.ended.get(payout)
            fell[hopper.name] -= dropped
            most = self.paid[payout] if how in (Ended.DONE, Ended.FAILED) else intent.amount
            assert self.paid[payout] <= dropped <= most, f"{payout} ({how}): {dropped} fell"
        for name, hopper in world.hoppers.items():
            assert fell[name] == hopper.dropped[""], "coins fell that nobody has ordered"
        guests = [each for each, intent in self.payouts.items() if intent.session is not None]
        assert sum(self.paid[each] for each in guests) == self.moved[CashKind.RETURNED]

    def check_machines(self, world: World) -> None:
        """What machines gave out was approved, and what they took for tokens is with these."""
        for seller in world.sellers.values():
            assert set(world.machine.given) <= seller.approved, "given out without an approval"
            assert not self.reported - seller.cash_sales, "a sale was reported that never was"
            assert not self.revalued - self.granted - seller.unheard, "cash of nobody was credited"
            assert seller.kept == sum(amount * count for amount, count in self.granted.items())
