"""What a period of the journal adds up to: the sums of an X or Z report, read and never written.

A sale counts in the period in which it was written, and is taken back in that in which it was voided or
refunded: so a closed period never changes. A debit without pieces is no sale of its own: by it a wallet pays
for a sale of tickets, which stands on the books itself, perhaps in a later period.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

import msgspec

from terminal.core.catalogue import Product, ProductId
from terminal.core.facts import EntryKind, EntryState
from terminal.core.report import Cash, GroupSum, MethodSum, Sum, VatSum
from terminal.core.tickets import Method, TicketSale
from terminal.core.value import Value
from terminal.journal import standing
from terminal.journal.books import OPEN
from terminal.journal.history import followed, steps
from terminal.journal.report_cash import cash_of

Sorted = Callable[[ProductId, str, int | None], tuple[str, int | None]]
"""Says which group a product belongs to, and its VAT rate in hundredths of a percent.

It is given both as they were when it was sold.
"""

_pieces = msgspec.json.Decoder(tuple[Product, ...])
_sale: msgspec.json.Decoder[TicketSale] = msgspec.json.Decoder(TicketSale)

_COLUMNS = "seq, key, kind, amount, pieces, payload, refers_to, added_state, added_held, added_words"
_ADDED = f"SELECT {_COLUMNS} FROM entries WHERE seq > ? AND seq <= ? ORDER BY seq"  # noqa: S608 - our own words
_TOUCHED = (
    "SELECT entry FROM attempts WHERE seq > :after AND seq <= :upto "
    "UNION SELECT entry FROM decisions WHERE seq > :after AND seq <= :upto"
)
# An entry becomes void by one of these decisions, at once or after it; all of them come after the entry.
_VOIDABLE = (
    f"WITH touched (entry) AS ({_TOUCHED}) SELECT DISTINCT entry FROM decisions "  # noqa: S608 - our own words
    "WHERE seq > (SELECT min(entry) FROM touched) AND seq <= :upto AND (action = 'void' OR action = 'abandon') "
    "AND entry IN (SELECT entry FROM touched) ORDER BY entry"
)
_OF_ENTRY = f"SELECT {_COLUMNS} FROM entries WHERE seq = ?"  # noqa: S608 - our own words
_BY_KEY = f"SELECT {_COLUMNS} FROM entries WHERE key = ?"  # noqa: S608 - our own words
# Attempts and decisions have no index by entry, so those of many entries are read together.
_STEPS = steps("WHERE seq > :first AND seq <= :upto AND entry IN (SELECT value FROM json_each(:entries))")
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
    rounding: Sum


class Waiting(Value, frozen=True):
    """Entries that are not settled at this moment."""

    offline: Sum
    unknown: Sum
    parked: Sum


def period(db: sqlite3.Connection, after: int, upto: int, sorted_by: Sorted) -> Sums:
    """Return what the facts with numbers over *after* and up to *upto* add up to."""
    tally = _Tally(db, sorted_by)
    for row in db.execute(_ADDED, (after, upto)):
        tally.added(_Entry(*row))
    for entry, sign in _voided(db, after, upto):
        tally.taken_back(entry, sign)
    return tally.sums(cash_of(db, after, upto, tally.kept))


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


def _voided(db: sqlite3.Connection, after: int, upto: int) -> Iterator[tuple[_Entry, int]]:
    """Give the entries that became void in the period, with 1, and those that ceased to be, with -1."""
    entries = [seq for (seq,) in db.execute(_VOIDABLE, {"after": after, "upto": upto})]
    if not entries:
        return
    asked = {"first": entries[0], "upto": upto, "entries": msgspec.json.encode(entries).decode()}
    every = db.execute(_STEPS, asked).fetchall()
    for seq, of_entry in groupby(every, key=lambda step: step[0]):
        entry = _Entry(*db.execute(_OF_ENTRY, (seq,)).fetchone())
        before = now = standing.kept([entry.kind_text, entry.added_state, entry.added_held, entry.added_words])
        for number, now in followed(before, of_entry):
            if number <= after:
                before = now
        change = (now.state is EntryState.VOIDED) - (before.state is EntryState.VOIDED)
        if change:
            yield entry, change


@dataclass(slots=True)
class _Tally:
    """Sales and what became of them, while they are counted."""

    db: sqlite3.Connection
    sorted_by: Sorted
    sales: Sum = Sum()
    returns: Sum = Sum()
    topups: Sum = Sum()
    rounding: Sum = Sum()
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
            case EntryKind.DEBIT if not _is_payment(entry):
                self._sold(entry, 1, back=False)
            case EntryKind.REFUND:
                self._refunded(entry, 1)
            case EntryKind.CREDIT:
                self.topups += Sum(1, entry.amount)
            case _:
                pass

    def taken_back(self, entry: _Entry, sign: int) -> None:
        """Count that *entry* was voided (1), or that this was undone (-1)."""
        match entry.kind:
            case EntryKind.SALE:
                self._sold(entry, sign, back=True)
            case EntryKind.DEBIT if not _is_payment(entry):
                self._sold(entry, sign, back=True)
            case EntryKind.REFUND:  # a refund that is not made: the sale stands
                self._refunded(entry, -sign)
            case EntryKind.CREDIT:
                self.topups += Sum(-sign, -sign * entry.amount)
            case _:
                pass

    def sums(self, cash: Cash) -> Sums:
        """Return all of it."""
        groups = tuple(
            GroupSum(group, vat, *counted)
            for (group, vat), counted in sorted(
                self.groups.items(), key=lambda each: (each[0][0], -1 if each[0][1] is None else each[0][1])
            )
            if any(counted)
        )
        methods = tuple(
            MethodSum(method, *self.paid[method])
            for method in (each.value for each in Method)
            if self.paid[method] != [Sum(), Sum()]
        )
        return Sums(
            self.sales, self.returns, self.topups, groups, vats_of(groups), methods, cash, self.rounding
        )

    def _sold(self, entry: _Entry, sign: int, *, back: bool) -> None:
        whole = Sum(sign, sign * entry.amount)
        if back:
            self.returns += whole
        else:
            self.sales += whole
        direction = -sign if back else sign
        for each in _lines(entry):
            counted = self.groups.setdefault(self.sorted_by(each.product, each.group, each.vat), [0, 0, 0])
            for index, value in enumerate((each.pieces, each.gross, each.discount)):
                counted[index] += direction * value
        for method, amount in _payments(entry):
            self.paid[method][back] += Sum(sign, sign * amount)
        if rounded := _rounding(entry):
            self.rounding += Sum(direction, direction * rounded)

    def _refunded(self, refund: _Entry, sign: int) -> None:
        """Count that the debit which *refund* makes good is taken back (1), or stands after all (-1)."""
        row = self.db.execute(_BY_KEY, (refund.refers_to,)).fetchone()
        debit = None if row is None else _Entry(*row)
        if debit is None or debit.amount != refund.amount:
            self._sold(refund, sign, back=True)  # of what, nobody can tell
        elif debit.kind is EntryKind.DEBIT and not _is_payment(debit):
            self._sold(debit, sign, back=True)


def _is_payment(debit: _Entry) -> bool:
    """Return whether a debit is what a wallet pays of a sale of tickets; what is given itself has pieces."""
    return debit.pieces_text == "[]"


@dataclass(frozen=True, slots=True)
class _Line:
    """So many pieces of a product, with its group and VAT rate as they were when it was sold."""

    product: ProductId
    group: str
    vat: int | None
    pieces: int
    gross: int
    discount: int = 0


def _lines(entry: _Entry) -> Iterator[_Line]:
    """Give each line of a sale."""
    if entry.kind is EntryKind.SALE:
        for line in _sale.decode(entry.payload or "").lines:
            yield _Line(line.product, line.group, line.vat, line.quantity, line.total, line.discount)
        return
    pieces = _pieces.decode(entry.pieces_text)
    for piece in pieces:
        yield _Line(piece.id, piece.group, piece.vat, 1, piece.price)
    rest = entry.amount - sum(piece.price for piece in pieces)
    if rest:
        yield _Line("", "", None, 0 if pieces else 1, rest)


def _payments(entry: _Entry) -> Iterator[tuple[str, int]]:
    if entry.kind is EntryKind.SALE:
        for each in _sale.decode(entry.payload or "").payments:
            yield each.method.value, each.amount
    else:
        yield Method.WALLET.value, entry.amount


def _rounding(entry: _Entry) -> int:
    return _sale.decode(entry.payload or "").rounding if entry.kind is EntryKind.SALE else 0


def vats_of(groups: tuple[GroupSum, ...]) -> tuple[VatSum, ...]:
    """Return the VAT of *groups*, rounded once for each rate."""
    gross: defaultdict[int | None, int] = defaultdict(int)
    for each in groups:
        gross[each.vat] += each.gross
    nets = {vat: amount if vat is None else _net(amount, vat) for vat, amount in gross.items()}
    return tuple(
        VatSum(vat, gross[vat], nets[vat], gross[vat] - nets[vat])
        for vat in sorted(gross, key=lambda vat: -1 if vat is None else vat)
    )


def _net(gross: int, vat: int) -> int:
    """Return *gross* without VAT, in whole cents, half away from zero."""
    whole = 10_000 + vat
    net = (abs(gross) * 10_000 * 2 + whole) // (2 * whole)
    return net if gross >= 0 else -net
