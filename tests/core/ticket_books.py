"""What the journal of a ticket kiosk would know: kept from the committed facts alone, for a restart."""

from __future__ import annotations

from terminal.core.cashbox import Level
from terminal.core.facts import (
    BoxEmptied,
    CashKind,
    CashMoved,
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryParked,
    Fact,
    PayoutIntended,
    PayoutSettled,
    PrintGivenUp,
    ReleaseIntended,
    ReleaseSettled,
    SessionClosed,
    SessionOpened,
)
from terminal.core.records import Entry, OpenPayout, OpenSession
from terminal.core.recover import LeftOpen
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from tests.core import print_desk

_PAPER = (ReleaseIntended, ReleaseSettled, PrintGivenUp)


class Books:
    """What the journal would know, from the facts alone."""

    def __init__(self) -> None:
        self.sessions: dict[str, OpenSession] = {}
        self.held: dict[str, Entry] = {}
        self.payouts: dict[str, OpenPayout] = {}
        self.boxes: dict[str, Level] = {}
        self.prints = print_desk.Books()
        self._seq = 0

    def commit(self, facts: tuple[Fact, ...], now: Stamp) -> None:
        """Write them down."""
        for fact in facts:
            match fact:
                case SessionOpened(session=name, token=token):
                    known = self.sessions.get(name) or OpenSession(name, token, 0, now, None)
                    self.sessions[name] = replace(known, token=token)
                case SessionClosed(session=name):
                    assert not self.sessions.pop(name).held, "closed with money in it"
                case CashMoved(session=name, amount=amount):
                    sign = 1 if fact.kind is CashKind.IN else -1
                    known = self.sessions[name]
                    self.sessions[name] = replace(known, held=known.held + sign * amount, last_coin=now)
                    assert self.sessions[name].held >= 0, "it never held this"
                    if fact.kind is CashKind.IN:
                        box = self.boxes.get(fact.device, Level())
                        self.boxes[fact.device] = Level(box.pieces + 1, box.amount + amount)
                case BoxEmptied(device=device):
                    self.boxes[device] = Level()
                case EntryAdded(held=True):
                    self.held[fact.key] = self._entry(fact, now)
                case EntryFreed(key=key) | EntryAbandoned(key=key) | EntryParked(key=key):
                    self.held.pop(key)
                case PayoutIntended(session=name):
                    self.payouts[fact.payout] = OpenPayout(
                        fact.payout, fact.device, fact.amount, fact.mark, name, now
                    )
                case PayoutSettled(payout=payout):
                    del self.payouts[payout]
                case _:
                    pass
        self.prints.hear(tuple(fact for fact in facts if isinstance(fact, _PAPER)), now)

    def _entry(self, fact: EntryAdded, now: Stamp) -> Entry:
        self._seq += 1
        same = {name: getattr(fact, name) for name in EntryAdded.__struct_fields__}
        return Entry(
            seq=self._seq,
            created=now,
            first_attempted=None,
            in_doubt=False,
            attempts=0,
            compensate=False,
            **same,
        )

    def left_open(self) -> LeftOpen:
        """What a restart finds."""
        return LeftOpen(
            held=tuple(self.held.values()),
            releases=self.prints.opened(),
            sessions=tuple(self.sessions.values()),
            payouts=tuple(self.payouts.values()),
            prints=self.prints.waiting(),
        )
