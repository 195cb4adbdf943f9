"""One entry as a page: what it is, what happened to it, what it means, what a technician can do.

A sale of tickets has its lines, payments and tickets besides, each ticket with its barcode and how far its
paper is: see terminal.core.shown for where barcodes are told, and where not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from terminal.cli import tables
from terminal.cli.meaning import kind, meaning, remedy
from terminal.core import money, shown
from terminal.core.payload import Booked, Sold
from terminal.core.print_names import kind_of
from terminal.core.records import Entry
from terminal.core.stamp import Stamp, utc
from terminal.core.tickets import Interaction, TicketSale
from terminal.core.token import mask

if TYPE_CHECKING:
    from terminal.journal.rows import Paper, Story

_COLUMN = 10


def page(story: Story, papers: Sequence[Paper], currency: str) -> str:
    """Return the story of an entry, with all that a sale is made of."""
    entry = story.entry
    events = [(when(event.at), event.what, event.how, event.words) for event in story.events]
    parts = ["\n".join(facts(entry, currency))]
    if isinstance(entry.payload, TicketSale):
        parts += _sale(entry.payload, papers, currency)
    parts.append(tables.table(("when", "what", "how", "words"), events))
    parts.append("\n".join(words for words in (meaning(entry), remedy(entry)) if words))
    return "\n\n".join(parts)


def as_json(story: Story, papers: Sequence[Paper]) -> dict[str, Any]:
    """Return the same for a program."""
    entry = story.entry
    return {
        "entry": {**shown.whole(entry), "created_utc": utc(entry.created.wall_ms)},
        "events": [{"at_utc": utc(event.at.wall_ms), **msgspec.to_builtins(event)} for event in story.events],
        "papers": [{**msgspec.to_builtins(paper), "what": kind_of(paper.name)} for paper in papers],
        "meaning": meaning(entry),
        "remedy": remedy(entry),
    }


def facts(entry: Entry, currency: str) -> list[str]:
    """Return what an entry is, in a few lines."""
    pieces = ", ".join(piece.name for piece in entry.pieces)
    amount, token = money.show(entry.amount, currency), mask(entry.token)
    lines = [
        f"Entry {entry.seq}: {kind(entry)}, {amount}, token {token}, {entry.state.value}",
        f"  written     {when(entry.created)}",
        f"  server      {entry.backend}",
        f"  pieces      {pieces}" if pieces else "",
        f"  statement   {entry.description}" if entry.description else "",
        f"  key         {entry.key}",
        *_made_of(entry, currency),
        f"  reference   {entry.reference}" if entry.reference else "",
        f"  last words  {entry.words}" if entry.words else "",
    ]
    return [tables.clean(line) for line in lines if line]


def when(stamp: Stamp) -> str:
    """Return a moment in local time; with a ? where the clock was not known to be right."""
    local = datetime.fromtimestamp(stamp.wall_ms / 1000, UTC).astimezone()
    return f"{local:%Y-%m-%d %H:%M:%S}{'' if stamp.synced else '?'}"


def _made_of(entry: Entry, currency: str) -> list[str]:
    match entry.payload:
        case TicketSale() as sale:
            return [
                f"  code        {sale.purchase.code} ({sale.purchase.algorithm})",
                f"  event       {sale.event}",
                f"  staff       {mask(sale.staff)}" if sale.staff else "",
                f"  kept        {money.show(sale.kept, currency)} beyond the price" if sale.kept else "",
                f"  rounding    {money.show(sale.rounding, currency)} of cash" if sale.rounding else "",
                f"  notes       {sale.notes}" if sale.notes else "",
            ]
        case Interaction(what=what, device=device):
            return [f"  what        {what} at {device}"]
        case Booked(books=books):
            return [f"  recorded    with {books}, when it is booked"]
        case Sold() as sold:
            what = "taken back" if sold.back else "sold"
            return [
                f"  {what:<11} {line.quantity} {line.description}, {money.show(line.total, currency)}"
                for line in sold.lines
            ]
    return []


def _sale(sale: TicketSale, papers: Sequence[Paper], currency: str) -> list[str]:
    def show(cents: int) -> str:
        return money.show(cents, currency).rjust(_COLUMN)

    lines = [
        (
            line.quantity,
            show(line.unit),
            show(-line.discount) if line.discount else "",
            show(line.total),
            f"{sale.purchase.code}{index:04}",
            f"{line.description} ({line.product})",
        )
        for index, line in enumerate(sale.lines)
    ]
    payments = [
        (each.method.value, show(each.amount), show(each.change) if each.change else "", each.reference)
        for each in sale.payments
    ]
    amount, change = "amount".rjust(_COLUMN), "change".rjust(_COLUMN)
    heads = ("pieces", "unit".rjust(_COLUMN), "discount".rjust(_COLUMN), "total".rjust(_COLUMN))
    parts = [
        tables.table((*heads, "item code", "what"), lines),
        tables.table(("paid by", amount, change, "reference"), payments),
    ]
    tickets = _tickets(sale, papers)
    return [*parts, tables.table(("ticket", "barcode", "for", "paper"), tickets)] if tickets else parts


def _tickets(sale: TicketSale, papers: Sequence[Paper]) -> list[tuple[object, ...]]:
    found = {number: paper for paper in papers if (number := _number(paper)) is not None}
    return [
        (number, ticket.barcode, f"{ticket.description} ({ticket.product})", _how(found.get(number)))
        for number, ticket in enumerate(sale.tickets, 1)
    ]


def _number(paper: Paper) -> int | None:
    """Return which ticket of the sale a document is; None: it is none."""
    what, _, number = kind_of(paper.name).rpartition("-")
    return int(number) if what == "ticket" and number.isdecimal() else None


def _how(paper: Paper | None) -> str:
    if paper is None:
        return "not printed yet"
    words = paper.state.value
    if paper.copy:
        words = f"copy {paper.copy} {words}"
    if paper.printed > (words.endswith("on paper")):
        words += f"; on paper {'before' if paper.printed == 1 else f'{paper.printed} times'}"
    return f"{words}: {paper.words}" if paper.words else words
