"""A sale that a wallet has paid for is recorded with who keeps books of it, as soon as it is booked and stands.

The record is an entry of its own, in the transaction that ends the booking: it never precedes the payment, is
never missing, and its key, made of the debit's, is on the books once. A refund of a recorded debit is recorded
as a return.
"""

from __future__ import annotations

import msgspec

from terminal.core.catalogue import Product
from terminal.core.facts import EntryAdded, EntryKind
from terminal.core.payload import Booked, Payload, Sold, record_of
from terminal.core.stamp import Stamp
from terminal.core.tickets import Line, Method, Payment
from terminal.core.value import replace
from terminal.journal import standing
from terminal.journal.scribe import Known, Scribe
from terminal.journal.standing import Standing

_DEBIT = "SELECT pieces, wall_ms, mono_ms, boot, synced FROM entries WHERE seq = ?"
_RECORD = (
    "SELECT r.backend, r.payload, r.description FROM entries AS e "
    "JOIN entries AS r ON r.key = e.refers_to || '-record' AND r.kind = 'record' WHERE e.key = ?"
)

_pieces = msgspec.json.Decoder(tuple[Product, ...])
_payload: msgspec.json.Decoder[Payload] = msgspec.json.Decoder(Payload)


def record(scribe: Scribe, entry: Known, after: Standing) -> EntryAdded | None:
    """Return the record that is due now that *entry* stands as *after*; None: none is."""
    if not standing.record_due(entry.standing, after):
        return None
    if after.kind is EntryKind.DEBIT:
        return _sold(scribe, entry)
    return _returned(scribe, entry) if after.kind is EntryKind.REFUND else None


def _sold(scribe: Scribe, entry: Known) -> EntryAdded | None:
    booked = None if entry.payload is None else _payload.decode(entry.payload)
    if not isinstance(booked, Booked):
        return None
    pieces, wall_ms, mono_ms, boot, synced = scribe.db.execute(_DEBIT, (entry.seq,)).fetchone()
    at = Stamp(wall_ms=wall_ms, mono_ms=mono_ms, boot=boot, synced=bool(synced))
    paid = Payment(Method.WALLET, entry.amount, reference=entry.key)
    sold = Sold(_lines(_pieces.decode(pieces), entry), (paid,), at)
    return _entry(entry, booked.books, sold, entry.description)


def _lines(pieces: tuple[Product, ...], entry: Known) -> tuple[Line, ...]:
    """Return a line for each product; where they are not what was paid, one line for all of it."""
    counted: dict[Product, int] = {}
    for piece in pieces:
        counted[piece] = counted.get(piece, 0) + 1
    lines = tuple(
        Line(piece.id, piece.name, count, piece.price, group=piece.group, vat=piece.vat)
        for piece, count in counted.items()
    )
    if sum(line.total for line in lines) == entry.amount and lines:
        return lines
    return (Line("", entry.description, 1, entry.amount),)


def _returned(scribe: Scribe, refund: Known) -> EntryAdded | None:
    row = scribe.db.execute(_RECORD, (refund.key,)).fetchone()
    sold = None if row is None else _payload.decode(row[1])
    if not isinstance(sold, Sold) or sold.total != refund.amount:
        return None
    back = replace(
        sold, back=True, at=scribe.now, payments=(Payment(Method.WALLET, refund.amount, reference=refund.key),)
    )
    return _entry(refund, row[0], back, row[2])


def _entry(of: Known, books: str, sold: Sold, description: str) -> EntryAdded:
    return EntryAdded(
        key=record_of(of.key),
        kind=EntryKind.RECORD,
        backend=books,
        token=None,
        amount=0,
        description=description,
        tag=of.tag,
        refers_to=of.key,
        payload=sold,
    )
