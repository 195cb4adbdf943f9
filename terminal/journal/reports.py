"""What a period of the journal adds up to: the sums of an X or Z report, read and never written.

A sale counts in the period in which it was written, and is taken back in that in which it was voided or
refunded: so a closed period never changes. A debit by which a wallet pays a sale of tickets is no sale of its
own.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from terminal.core.catalogue import Product, ProductId
from terminal.core.facts import EntryKind, EntryState
from terminal.core.report import Cash, Denomination, Emptied, GroupSum, MethodSum, PaidOut, Sum, VatSum
from terminal.core.stamp import Stamp
from terminal.core.tickets import Method, TicketSale
from terminal.core.value import Value
from terminal.journal import standing
from terminal.journal.books import OPEN
from terminal.journal.history import followed

Sorted = Callable[[ProductId], tuple[str, int | None]]
"""Says which group a product belongs to, and its VAT rate in hundredths of a percent."""

_pieces = msgspec.json.Decoder(tuple[Product, ...])
_sale: msgspec.json.Decoder[TicketSale] = msgspec.json.Decoder(TicketSale)

_COLUMNS = "seq, key, kind, amount, pieces, payload, refers_to, added_state, added_held, added_words"
_ADDED = f"SELECT {_COLUMNS} FROM entries WHERE seq > ? AND seq <= ? ORDER BY seq"  # noqa: S608 - our own words
_TOUCHED = (
    "SELECT entry FROM attempts WHERE seq > :after AND seq <= :upto "
    "UNION SELECT entry FROM decisions WHERE seq > :after AND seq <= :upto"
)
_OF_ENTRY = f"SELECT {_COLUMNS} FROM entries WHERE seq = ?"  # noqa: S608 - our own words
_BY_KEY = f"SELECT {_COLUMNS} FROM entries WHERE key = ?"  # noqa: S608 - our own words
_STEPS = (
    "SELECT entry, seq, outcome, state, words, '' FROM attempts WHERE entry = :entry AND seq <= :upto "
    "UNION ALL SELECT entry, seq, action, state, words, by FROM decisions "
    "WHERE entry = :entry AND seq <= :upto ORDER BY 2"
)
_CASH = "SELECT kind, sum(amount) FROM cash WHERE seq > ? AND seq <= ? GROUP BY kind"
_HELD = "SELECT coalesce(sum(amount), 0) FROM cash WHERE session IS NOT NULL AND seq <= ?"
_COINS = (
    "SELECT device, amount, count(*) FROM cash WHERE kind = 'in' AND seq > ? AND seq <= ? "
    "GROUP BY device, amount ORDER BY device, amount"
)
_PAID = (
    "SELECT device, ended, count(*), sum(paid), sum(amount - paid) FROM payouts "
    "WHERE ended IS NOT NULL AND seq > ? AND seq <= ? GROUP BY device, ended ORDER BY device"
)
_EMPTIED = (
    "SELECT device, by, wall_ms, mono_ms, boot, synced, amount, counted FROM emptyings "
    "WHERE seq > ? AND seq <= ? ORDER BY seq"
)
_BOXES = (
    "SELECT device, count(*), sum(amount) FROM cash AS c WHERE kind = 'in' AND place IS NULL AND seq <= :upto "
    "AND seq > coalesce((SELECT max(e.seq) FROM emptyings AS e "
    "WHERE e.device = c.device AND e.seq <= :upto), 0) GROUP BY device ORDER BY device"
)
_WAITING = (
    f"SELECT state, count(*), sum(amount) FROM entries WHERE {OPEN} AND kind <> 'unclaimed' "  # noqa: S608 - our own words
    "AND amount > 0 GROUP BY state"
)


class Sums(Value, frozen=True):
    """What a period adds up to; the fields are those of core.report.Report."""

    sales: Sum
    returns: Sum
    topups: Sum
    groups: tuple[GroupSum, ...]
    vats: tuple[VatSum, ...]
    methods: tuple[MethodSum, ...]
    cash: Cash


class Waiting(Value, frozen=True):
    """Entries that are not settled at this moment."""

    offline: Sum
    unknown: Sum
    parked: Sum


def period(db: sqlite3.Connection, after: int, upto: int, sorted_by: Sorted) -> Sums:
    """Return what the facts with numbers over *after* and up to *upto* add up to."""
    tally = _Tally(db, sorted_by)
    for row in db.execute(_ADDED, (after, upto)).fetchall():
        tally.added(_Entry(*row))
    for (seq,) in db.execute(_TOUCHED, {"after": after, "upto": upto}).fetchall():
        entry = _Entry(*db.execute(_OF_ENTRY, (seq,)).fetchone())
        steps = db.execute(_STEPS, {"entry": seq, "upto": upto}).fetchall()
        for _ in range(_voidings(entry, steps, after)):
            tally.taken_back(entry, 1)
        for _ in range(-_voidings(entry, steps, after)):
            tally.taken_back(entry, -1)
    return tally.sums(_cash(db, after, upto, tally.kept))


def waiting(db: sqlite3.Connection) -> Waiting:
    """Return what no server has booked, of all that the journal holds."""
    found: defaultdict[str, Sum] = defaultdict(Sum)
    for state, count, amount in db.execute(_WAITING):
        found[state] = Sum(count, amount)
    offline = found[EntryState.QUEUED.value] + found[EntryState.SENDING.value]
    return Waiting(offline, found[EntryState.UNKNOWN.value], found[EntryState.PARKED.value])


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the tally needs of a row of entries."""

    seq: int
    key: str
    kind_text: str
    amount: int
    pieces_text: str
    payload: str | None
    refers_to: str | None
    added_state: str
    added_held: int
    added_words: str

    @property
    def kind(self) -> EntryKind:
        return EntryKind(self.kind_text)


def _voidings(entry: _Entry, steps: list[Any], after: int) -> int:
    """Return how often *entry* was voided since *after*, less how often that was undone."""
    at = standing.kept([entry.kind_text, entry.added_state, entry.added_held, entry.added_words])
    found = 0
    for seq, now in followed(at, steps):
        if seq > after:
            found += (now.state is EntryState.VOIDED) - (at.state is EntryState.VOIDED)
        at = now
    return found


@dataclass(slots=True)
class _Tally:
    """Sales and what became of them, while they are counted."""

    db: sqlite3.Connection
    sorted_by: Sorted
    sales: Sum = Sum()
    returns: Sum = Sum()
    topups: Sum = Sum()
    kept: int = 0
    groups: dict[tuple[str, int | None], list[int]] = field(default_factory=dict)
    paid: defaultdict[str, list[Sum]] = field(default_factory=lambda: defaultdict(lambda: [Sum(), Sum()]))

    def added(self, entry: _Entry) -> None:
        """Count an entry that was written in the period."""
        match entry.kind:
            case EntryKind.SALE:
                sale = _sale.decode(entry.payload or "")
                self.kept += sale.kept
                self._sold(entry, 1, back=False)
            case EntryKind.DEBIT if not self._is_payment(entry):
                self._sold(entry, 1, back=False)
            case EntryKind.REFUND:
                self.taken_back(self._refunded(entry), 1)
            case EntryKind.CREDIT:
                self.topups += Sum(1, entry.amount)
            case _:
                pass

    def taken_back(self, entry: _Entry, sign: int) -> None:
        """Count that *entry* was voided (1), or that this was undone (-1)."""
        match entry.kind:
            case EntryKind.SALE:
                self._sold(entry, sign, back=True)
            case EntryKind.DEBIT if not self._is_payment(entry):
                self._sold(entry, sign, back=True)
            case EntryKind.REFUND:  # a refund that is not made: the sale stands
                self.taken_back(self._refunded(entry), -sign)
            case EntryKind.CREDIT:
                self.topups += Sum(-sign, -sign * entry.amount)
            case _:
                pass

    def sums(self, cash: Cash) -> Sums:
        """Return all of it."""
        groups = tuple(
            GroupSum(group, vat, *counted)
            for (group, vat), counted in sorted(
                self.groups.items(), key=lambda each: (each[0][0], each[0][1] or 0)
            )
            if any(counted)
        )
        methods = tuple(
            MethodSum(method, *self.paid[method])
            for method in (each.value for each in Method)
            if method in self.paid
        )
        return Sums(self.sales, self.returns, self.topups, groups, tuple(_vats(groups)), methods, cash)

    def _sold(self, entry: _Entry, sign: int, *, back: bool) -> None:
        whole = Sum(sign, sign * entry.amount)
        if back:
            self.returns += whole
        else:
            self.sales += whole
        for product, pieces, gross, discount in _lines(entry):
            counted = self.groups.setdefault(self.sorted_by(product), [0, 0, 0])
            direction = -sign if back else sign
            for index, value in enumerate((pieces, gross, discount)):
                counted[index] += direction * value
        for method, amount in _payments(entry):
            self.paid[method][back] += Sum(sign, sign * amount)

    def _is_payment(self, entry: _Entry) -> bool:
        """Return whether a debit is what a wallet pays of a sale of tickets, which stands before it."""
        found = self.db.execute(
            "SELECT payload FROM entries WHERE seq < ? AND kind = 'sale' ORDER BY seq DESC LIMIT 1",
            (entry.seq,),
        ).fetchone()
        later = self.db.execute(
            "SELECT payload FROM entries WHERE seq > ? AND kind = 'sale' ORDER BY seq LIMIT 1", (entry.seq,)
        ).fetchone()
        return any(entry.key in _references(payload) for (payload,) in filter(None, (found, later)))

    def _refunded(self, refund: _Entry) -> _Entry:
        """Return the debit that *refund* makes good."""
        row = self.db.execute(_BY_KEY, (refund.refers_to,)).fetchone()
        debit = _Entry(*row) if row else refund
        return debit if debit.amount == refund.amount else refund


def _references(payload: str) -> set[str]:
    return {each.reference for each in _sale.decode(payload).payments if each.method is Method.WALLET}


def _lines(entry: _Entry) -> Iterator[tuple[ProductId, int, int, int]]:
    """Give product, pieces, gross and discount of each line of a sale."""
    if entry.kind is EntryKind.SALE:
        for line in _sale.decode(entry.payload or "").lines:
            yield line.product, line.quantity, line.total, line.discount
        return
    pieces = _pieces.decode(entry.pieces_text)
    for piece in pieces:
        yield piece.id, 1, piece.price, 0
    rest = entry.amount - sum(piece.price for piece in pieces)
    if rest:
        yield "", 0 if pieces else 1, rest, 0


def _payments(entry: _Entry) -> Iterator[tuple[str, int]]:
    if entry.kind is EntryKind.SALE:
        for each in _sale.decode(entry.payload or "").payments:
            yield each.method.value, each.amount
    else:
        yield Method.WALLET.value, entry.amount


def _vats(groups: tuple[GroupSum, ...]) -> Iterator[VatSum]:
    gross: defaultdict[int | None, int] = defaultdict(int)
    for each in groups:
        gross[each.vat] += each.gross
    for vat, amount in sorted(gross.items(), key=lambda each: each[0] or 0):
        net = amount if vat is None else _net(amount, vat)
        yield VatSum(vat, amount, net, amount - net)


def _net(gross: int, vat: int) -> int:
    """Return *gross* without VAT, in whole cents, half away from zero."""
    whole = 10_000 + vat
    net = (abs(gross) * 10_000 * 2 + whole) // (2 * whole)
    return net if gross >= 0 else -net


def _cash(db: sqlite3.Connection, after: int, upto: int, kept: int) -> Cash:
    moved: defaultdict[str, int] = defaultdict(int)
    for kind, amount in db.execute(_CASH, (after, upto)):
        moved[kind] = abs(amount)
    paid: dict[str, list[Sum]] = {}
    for device, ended, count, out, rest in db.execute(_PAID, (after, upto)):
        sums = paid.setdefault(device, [Sum(), Sum()])
        if out:
            sums[0] += Sum(count if ended == "done" else 0, out)
        if ended == "unknown":
            sums[1] += Sum(count, rest)
    return Cash(
        taken=moved["in"],
        held_before=db.execute(_HELD, (after,)).fetchone()[0],
        held_after=db.execute(_HELD, (upto,)).fetchone()[0],
        spent=moved["spent"],
        kept=kept,
        credited=moved["credited"],
        returned=moved["returned"],
        unclaimed=moved["unclaimed"],
        written_off=moved["written off"],
        denominations=tuple(Denomination(*row) for row in db.execute(_COINS, (after, upto))),
        paid_out=tuple(PaidOut(device, *sums) for device, sums in paid.items()),
        emptied=tuple(
            Emptied(device, by, Stamp(wall_ms, mono_ms, boot, bool(synced)), expected, counted)
            for device, by, wall_ms, mono_ms, boot, synced, expected, counted in db.execute(
                _EMPTIED, (after, upto)
            )
        ),
        boxes=tuple((device, Sum(*sums)) for device, *sums in db.execute(_BOXES, {"upto": upto})),
    )
