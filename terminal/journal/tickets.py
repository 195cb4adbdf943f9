"""What entries of the journal are made of, and sales of tickets: which entry each of their codes is of.

The codes stand in tables of their own, which follow from the payloads: for a look-up, and because no code may
be on the books twice, whatever made it. Verify derives them again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec

from terminal.core.facts import EntryAdded, EntryKind
from terminal.core.payload import Booked, Closed, Payload, Sold
from terminal.core.tickets import Interaction, Method, TicketSale
from terminal.journal.scribe import Scribe

_PURCHASE = "INSERT INTO purchases (code, entry) VALUES (?, ?)"
_TICKET = "INSERT INTO tickets (barcode, entry) VALUES (?, ?)"
_CARD = "INSERT INTO card_references (reference, entry) VALUES (?, ?)"

_TWICE = "The purchase code of this sale, or a barcode of one of its tickets, is on the books already."

_payload: msgspec.json.Decoder[Payload] = msgspec.json.Decoder(Payload)


def check(fact: EntryAdded) -> None:
    """Raise ValueError where what *fact* holds beside its amount does not fit its kind."""
    match fact.kind, fact.payload:
        case EntryKind.SALE, TicketSale() as sale:
            if fact.token is not None:
                raise ValueError("A sale has no token: who paid with one stands in the debit.")
            if sale.total != fact.amount:
                raise ValueError(f"A sale over {sale.total} cents cannot be an entry over {fact.amount}.")
        case EntryKind.INTERACTION, Interaction():
            if fact.token is None or fact.amount:
                raise ValueError("An interaction is that of a token, and moves no money.")
        case (EntryKind.RECORD, Sold()) | (EntryKind.REPORT, Closed()):
            if fact.token is not None or fact.amount:
                raise ValueError(f"A {fact.kind.value} is nobody's, and moves no money.")
        case EntryKind.DEBIT, Booked():
            pass
        case EntryKind.PAYMENT, None if fact.token is not None or not fact.amount:
            raise ValueError("A payment by card is no token's, and takes money.")
        case ((EntryKind.SALE | EntryKind.INTERACTION | EntryKind.RECORD | EntryKind.REPORT), _):
            raise ValueError(f"An entry of the kind {fact.kind.value} needs what it is made of.")
        case _, None:
            pass
        case _:
            raise ValueError(f"An entry of the kind {fact.kind.value} is made of nothing else.")


def register(scribe: Scribe, entry: int, sale: TicketSale) -> None:
    """Note which codes the entry *entry* has.

    Raises:
        ValueError: One of them is on the books already.
    """
    try:
        scribe.db.execute(_PURCHASE, (sale.purchase.code, entry))
        scribe.db.executemany(_TICKET, [(barcode, entry) for barcode in sale.barcodes])
    except sqlite3.IntegrityError as error:
        raise ValueError(_TWICE) from error
    scribe.db.executemany(_CARD, [(reference, entry) for reference in _cards(sale)])


def _cards(sale: TicketSale) -> set[str]:
    """Return what card terminals gave for its payments."""
    return {each.reference for each in sale.payments if each.method is Method.CARD and each.reference}


# -- verify --------------------------------------------------------------------------------------------

_PAYLOADS = "SELECT seq, kind, token, amount, payload FROM entries WHERE payload IS NOT NULL ORDER BY seq"
_SPENT = "SELECT entry, -sum(amount) FROM cash WHERE kind = 'spent' AND entry IS NOT NULL GROUP BY entry"


def check_sales(db: sqlite3.Connection) -> Iterator[str]:
    """Return a sentence for each thing about sales that does not follow from the facts that *db* sees."""
    spent = dict(db.execute(_SPENT))
    counted = dict.fromkeys(_CODES, 0)
    for seq, kind, token, amount, text in db.execute(_PAYLOADS):
        try:
            payload = _payload.decode(text)
            check(EntryAdded("", EntryKind(kind), "", token, amount, payload=payload))
        except ValueError as error:
            yield f"entries {seq}: what it is made of cannot be. {error}"
            continue
        if isinstance(payload, TicketSale):
            for table, codes in _codes(payload).items():
                counted[table] += len(codes)
                yield from _registered(db, table, codes, seq)
            yield from _paid(seq, payload, spent.get(seq, 0))
    for table, count in counted.items():
        (found,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - our names
        if found > count:
            yield f"{table}: it has {found} rows, and the sales only {count} such codes: some were inserted."


_CODES = {"purchases": "code", "tickets": "barcode", "card_references": "reference"}


def _codes(sale: TicketSale) -> dict[str, set[str]]:
    return {"purchases": {sale.purchase.code}, "tickets": set(sale.barcodes), "card_references": _cards(sale)}


def _registered(db: sqlite3.Connection, table: str, codes: set[str], entry: int) -> Iterator[str]:
    question = f"SELECT 1 FROM {table} WHERE {_CODES[table]} = ? AND entry = ?"  # noqa: S608 - our names
    missing = sum(db.execute(question, (code, entry)).fetchone() is None for code in codes)
    if missing:
        yield f"entries {entry}: {missing} of its {len(codes)} codes are not in {table}, or as another entry's."


def _paid(entry: int, sale: TicketSale, spent: int) -> Iterator[str]:
    cash = sum(each.amount for each in sale.payments if each.method is Method.CASH)
    if spent != cash + sale.kept:
        yield (
            f"entries {entry}: {spent} cents of coins were spent on this sale, which says that {cash} cents "
            f"of it were paid in cash and {sale.kept} kept."
        )
