"""What `onlinepos export` tells of sales: lines, orders, the lines of a concern, the journal of days."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from msgspec.structs import astuple

from terminal.backends.onlinepos import concern, day_journal, sales
from terminal.cli.errors import Trouble
from terminal.cli.export import Record
from terminal.cli.onlinepos.access import Reads
from terminal.cli.onlinepos.moments import shown
from terminal.cli.onlinepos.records import Known, kroner, two_things
from terminal.core.value import Value

LINES = (
    "line", "order", "order_number", "check", "paid", "paid_utc", "ordered", "ordered_utc", "product",
    "product_name", "eans", "count", "price", "discount", "price_without_vat", "vat_rate", "payment",
    "payment_code", "department", "clerk", "company", "card", "cost", "account", "account_number", "group",
    "group_name", "master", "guests", "table", "pid", "company_name", "card_country", "employee", "debtor",
    "debtor_name",
)  # fmt: skip
ORDERS = (
    "order", "order_number", "paid", "paid_utc", "lines", "count", "price", "discount", "payments",
    "department", "company", "card",
)  # fmt: skip
CONCERN = (
    "company", "line", "check", "time", "utc", "product", "product_name", "amount", "price", "discount",
    "payment", "account", "clerk", "department", "debtor", "tags", "group", "group_name", "guests", "eans",
)  # fmt: skip
JOURNAL = (
    "journal", "register", "register_name", "department", "venue", "venue_name", "clerk", "time", "utc",
    "position", "text", "account", "kind", "amount", "debtor", "debtor_name", "card", "ean",
)  # fmt: skip

_AS_TOLD = LINES[LINES.index("account") :]
_MOST_OFFSETS = 10_000


class Span(Value, frozen=True):
    """From when to when, both included; None: no limit."""

    first: datetime | None = None
    last: datetime | None = None

    def has(self, local: Any) -> bool:
        """Return whether a printed time may be in it: in the hour that comes twice, one of both is enough."""
        moments = local.moments or (local.wall.replace(tzinfo=UTC),)
        return any(
            (self.first is None or self.first <= each) and (self.last is None or each <= self.last)
            for each in moments
        )


def sold(reads: Reads, span: Span, order: int | None = None) -> Iterator[sales.SoldLine]:
    """Give the lines that were paid in a time, or those from an order on. Raises Trouble."""
    if order is not None:
        found = reads.each(lambda page: sales.lines_from_order(order, page), "Reading the sales")
    elif span.first is not None:
        first = span.first
        found = reads.each(lambda page: sales.lines_since(first, page), "Reading the sales")
    else:
        found = reads.each(sales.lines, "Reading the sales")
    return (each for each in found if span.has(each.paid))


def lines(found: Iterator[sales.SoldLine]) -> Iterator[Record]:
    """Give a record for each line."""
    for each in found:
        paid, ordered = shown(each.paid), shown(each.ordered)
        yield {
            "line": each.id,
            "order": each.order,
            "order_number": each.order_number,
            "check": each.check,
            "paid": paid["time"],
            "paid_utc": paid["utc"],
            "ordered": ordered["time"],
            "ordered_utc": ordered["utc"],
            "product": each.product,
            "product_name": each.product_name,
            "eans": " ".join(each.eans),
            "count": each.count,
            "price": kroner(each.price),
            "discount": kroner(each.discount),
            "price_without_vat": each.net,
            "vat_rate": each.vat_rate,
            "payment": each.payment,
            "payment_code": each.payment_code,
            "department": each.department,
            "clerk": each.clerk,
            "company": each.company,
            "card": each.card,
            "cost": each.cost,
            **{name: getattr(each, name) for name in _AS_TOLD},
        }


def orders(found: Iterator[sales.SoldLine]) -> Iterator[Record]:
    """Give a record for each order; one whose lines do not follow each other comes again.

    Raises:
        Trouble: One number stands for two different lines.
    """
    gathered: list[sales.SoldLine] = []
    for each in _once(found):
        if gathered and each.order != gathered[0].order:
            yield _order(gathered)
            gathered = []
        gathered.append(each)
    if gathered:
        yield _order(gathered)


def _once(found: Iterator[sales.SoldLine]) -> Iterator[sales.SoldLine]:
    with closing(Known()) as known:
        for each in found:
            match known.add((each.id,), repr(astuple(each))):
                case "new":
                    yield each
                case "other":
                    raise two_things(f"line {each.id}")


def _order(lines: list[sales.SoldLine]) -> Record:
    first = lines[0]
    paid = shown(first.paid)
    ways: dict[str, int] = {}
    for each in lines:
        ways[each.payment] = ways.get(each.payment, 0) + each.price
    return {
        "order": first.order,
        "order_number": first.order_number,
        "paid": paid["time"],
        "paid_utc": paid["utc"],
        "lines": len(lines),
        "count": sum((each.count for each in lines), Decimal(0)),
        "price": kroner(sum(each.price for each in lines)),
        "discount": kroner(sum(each.discount for each in lines)),
        "payments": "; ".join(f"{way} {kroner(price)}" for way, price in ways.items()),
        "department": first.department,
        "company": first.company,
        "card": next((each.card for each in lines if each.card), ""),
    }


# -- a concern -----------------------------------------------------------------------------------------


def of_concern(reads: Reads, span: tuple[datetime, datetime], **asked: Any) -> Iterator[Record]:
    """Give the lines of all companies of a concern, part by part until one is empty.

    Raises:
        Trouble: The server does not answer, or gives the same part again and again.
    """
    offset, before = 0, tuple[concern.ConcernLine, ...]()
    for _ in range(_MOST_OFFSETS):
        call = concern.exported(*span, offset=offset, **asked)
        found = reads.one(call, "Reading the sales of the concern")
        if not found:
            return
        if found == before:
            raise Trouble(
                f"The server gives the same lines from {offset} on as before: it does not mind the offset, and "
                "what comes behind them cannot be read. Ask for shorter times."
            )
        yield from map(_of_concern, found)
        offset, before = offset + len(found), found
    raise Trouble(f"The sales of the concern are more than {_MOST_OFFSETS} parts: ask for shorter times.")


def _of_concern(each: concern.ConcernLine) -> Record:
    line, utc = each.line, each.moment
    time = shown(line.time)
    return {
        "company": each.company,
        "line": line.id,
        "check": line.check,
        "time": time["time"],
        "utc": time["utc"] if utc is None else f"{utc:%Y-%m-%dT%H:%M:%SZ}",
        "product": line.product,
        "product_name": line.product_name,
        "amount": line.amount,
        "price": kroner(line.price),
        "discount": kroner(each.discount),
        "payment": line.payment,
        "account": each.account,
        "clerk": line.clerk,
        "department": line.department,
        "debtor": each.debtor,
        "tags": " ".join(each.tags),
        "group": line.group,
        "group_name": line.group_name,
        "guests": line.guests,
        "eans": " ".join(line.eans),
    }


# -- the journal ---------------------------------------------------------------------------------------


def journal(
    reads: Reads, span: tuple[datetime, datetime], register: int | None, place: Literal["query", "form"]
) -> Iterator[Record]:
    """Give a record for each line of the journal, a day (24 hours) at a time. Raises Trouble."""
    first, last = span
    while first <= last:
        end = min(first + timedelta(days=1) - timedelta(seconds=1), last)
        call = day_journal.journal(first, end, register=register, place=place)
        for entry in reads.one(call, "Reading the journal"):
            yield from _journal(entry)
        first = end + timedelta(seconds=1)


def _journal(entry: day_journal.JournalEntry) -> Iterator[Record]:
    time = shown(entry.time)
    about: Record = {
        "journal": entry.number,
        "register": entry.register,
        "register_name": entry.register_name,
        "department": entry.department,
        "venue": entry.venue,
        "venue_name": entry.venue_name,
        "clerk": entry.clerk,
        "time": time["time"],
        "utc": time["utc"],
    }
    for position, each in enumerate(entry.lines, 1):
        yield (
            dict.fromkeys(JOURNAL, "")
            | about
            | {
                "position": position,
                "text": each.text,
                "account": each.account,
                "kind": each.kind,
                "amount": kroner(each.amount),
            }
        )
    for position, debtor in enumerate(entry.debtors, len(entry.lines) + 1):
        yield (
            dict.fromkeys(JOURNAL, "")
            | about
            | {
                "position": position,
                "kind": "debtor",
                "amount": kroner(debtor.amount),
                "debtor": debtor.number,
                "debtor_name": debtor.name,
                "card": debtor.card,
                "ean": debtor.ean,
            }
        )
