"""The auditor: sees what physically happens, hears what is committed, and holds one against the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from terminal.core.events import CoinTrouble, Ended, Place
from terminal.core.facts import (
    BoxEmptied,
    CashKind,
    CashMoved,
    CoinNotCredited,
    EntryAdded,
    EntryKind,
    Fact,
    PayoutIntended,
    PayoutSettled,
)
from terminal.journal import Journal
from tests.money.ledger import Ledger, UnprovenError


@dataclass
class Payout:
    """One intent to pay out.

    *ordered*: dispense commands that reached the hopper. *paid*: cents that fell for it.
    """

    intent: PayoutIntended
    ordered: int = 0
    paid: int = 0
    settled: PayoutSettled | None = None


@dataclass
class Audit:
    """What physically happened, and what is on the books of it."""

    ledgers: dict[str, Ledger] = field(default_factory=dict)
    payouts: dict[str, Payout] = field(default_factory=dict)
    boxes: Counter[str] = field(default_factory=Counter)
    troubles: Counter[CoinTrouble] = field(default_factory=Counter)
    doubted: int = 0
    _open: dict[str, Payout] = field(default_factory=dict)  # the last intent of each hopper

    # -- the world ----------------------------------------------------------------------------------------

    def pays(self, hopper: str, coin: int, what: str, coins: int) -> None:
        """See what a hopper does."""
        payout = self._open.get(hopper)
        if what in ("dispense", "refused"):
            if payout is None:
                raise UnprovenError(f"{hopper} was ordered to pay, and no intent is written down")
            payout.ordered += 1
            if payout.ordered > 1:
                raise UnprovenError(f"{hopper} was ordered to pay {payout.ordered} times for {payout.intent}")
            if payout.settled is not None:
                raise UnprovenError(f"{hopper} was ordered to pay for {payout.intent}, which has ended")
            if coins * coin > payout.intent.amount:
                raise UnprovenError(f"{hopper} was ordered {coins} coins for {payout.intent}")
        elif what == "coin":
            if payout is None:
                raise UnprovenError(f"{hopper} pays, and no intent is written down")
            payout.paid += coin

    # -- the books ----------------------------------------------------------------------------------------

    def hear(self, facts: Sequence[Fact]) -> None:
        """Hear of one commit."""
        for fact in facts:
            match fact:
                case CashMoved(kind=CashKind.IN):
                    self.ledgers[fact.device].books(fact.counter, fact.amount)
                    if fact.place is Place.BOX:
                        self.boxes[fact.device] += 1
                case CoinNotCredited():
                    self.troubles[fact.trouble] += 1
                    if fact.trouble is CoinTrouble.LOST:
                        self.ledgers[fact.device].loses(fact.pulses, fact.words)
                case BoxEmptied():
                    self.boxes[fact.device] = 0
                case PayoutIntended():
                    self._open[fact.device] = self.payouts[fact.payout] = Payout(fact)
                case PayoutSettled():
                    self._settled(fact)
                case EntryAdded(kind=EntryKind.UNCLAIMED) if fact.words.startswith("Nobody can tell"):
                    self.doubted += fact.amount
                case _:
                    pass

    def _settled(self, fact: PayoutSettled) -> None:
        payout = self.payouts[fact.payout]
        if payout.settled is not None:
            raise UnprovenError(f"{fact} ended before: {payout.settled}")
        payout.settled = fact
        self._check_payout(payout)

    # -- at the end of a session, and at the very end -----------------------------------------------------

    def check(self, journal: Journal) -> None:
        """Compare the sums of the journal with the auditor's own."""
        books = journal.books()
        returned = sum(each.settled.paid for each in self.payouts.values() if each.settled)
        if books.missing:
            raise UnprovenError(f"{books.missing} cents are missing in {books}")
        if books.accepted != sum(self.booked):
            raise UnprovenError(f"the journal has {books.accepted} cents and heard of {sum(self.booked)}")
        if books.returned != returned:
            raise UnprovenError(f"the journal has returned {books.returned} cents and was told {returned}")
        boxes = {name: level.pieces for name, level in journal.boxes().items()}
        if +Counter(boxes) != +self.boxes:
            raise UnprovenError(f"the boxes hold {boxes} by the journal, and {self.boxes}")

    def check_all(self, journal: Journal) -> None:
        """When everything is told: every coin that went in or came out is on the books or named as unknown."""
        self.check(journal)
        for ledger in self.ledgers.values():
            ledger.check()
        open_ = [each.intent for each in self.payouts.values() if each.settled is None]
        if open_ or journal.open_payouts():
            raise UnprovenError(f"payouts without an end: {open_} {journal.open_payouts()}")
        for payout in self.payouts.values():
            self._check_payout(payout)
        said = sum(each.settled.paid for each in self.payouts.values() if each.settled)
        fell = sum(each.paid for each in self.payouts.values())
        if not said <= fell <= said + self.doubted:
            raise UnprovenError(f"{fell} cents fell; {said} are on the books, and {self.doubted} in doubt")
        if wrong := journal.verify():
            raise UnprovenError(str(wrong))

    def _check_payout(self, payout: Payout) -> None:
        settled = payout.settled
        if settled is None or payout.paid == settled.paid:
            return
        if settled.ended is not Ended.UNKNOWN or not settled.paid <= payout.paid <= payout.intent.amount:
            raise UnprovenError(f"{payout.paid} cents came out for {payout}")

    @property
    def booked(self) -> list[int]:
        """Each coin on the books, in cents."""
        return [cents for ledger in self.ledgers.values() for cents in ledger.booked]
