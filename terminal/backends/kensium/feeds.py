"""What Kensium POS tells by ``since`` and ``until``, brought into a mirror: items, stock, lots and sales.

The cursor is stored with the rows that came before it. A row that comes again replaces itself; a cursor that
the server refuses, or that leads nowhere, is given up, and everything is read from the beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.graphql import Call
from terminal.backends.kensium.models import (
    Item,
    Page,
    Row,
    Sale,
    SerialLot,
    Stock,
    Unreadable,
    read,
)
from terminal.backends.kensium.paging import Ask, followed
from terminal.backends.kensium.tenant import Tenant
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value
from terminal.mirror import Cursor, Mirror, MirrorLost

FIRST = 200
"""Rows in a page."""

_decode = msgspec.json.Decoder().decode


class Feed(Value, frozen=True):
    """A list that can be followed."""

    name: str
    kind: type[Any]
    needs: str
    write: Callable[[Documents, Ask], Call]


ITEMS = Feed("items", Item, "ViewInventory", lambda it, ask: it.item(first=ask.first, since=ask.since))
STOCK = Feed(
    "warehouses", Stock, "ViewInventory", lambda it, ask: it.item_warehouse(first=ask.first, since=ask.since)
)
LOTS = Feed(
    "lots", SerialLot, "ViewInventory", lambda it, ask: it.item_serial_lot(first=ask.first, since=ask.since)
)
SALES = Feed("sales", Sale, "ViewSales", lambda it, ask: it.sale(first=ask.first, since=ask.since))
FEEDS = {feed.name: feed for feed in (ITEMS, STOCK, LOTS, SALES)}


def key_text(row: Row) -> str:
    """Return by what a row is kept."""
    return msgspec.json.encode(row.key).decode()


def written(row: Row) -> bytes:
    """Return a row as it is kept: JSON, by the server's names."""
    return msgspec.json.encode(row, enc_hook=str)


def kept(feed: Feed, mirror: Mirror) -> list[Any]:
    """Return all rows of *feed* that are kept.

    Raises:
        Unreadable: One cannot be read.
        MirrorLost: The copy could not be used.
    """
    return [read(feed.kind, _decode(body)) for body in mirror.rows(feed.name)]


def bring(
    tenant: Tenant,
    mirror: Mirror,
    feed: Feed,
    until: Callable[[], float],
    progress: Callable[[int], None] | None = None,
) -> Answer | None:
    """Bring *mirror* up to date; None: it is. What came before something went wrong is kept.

    Args:
        tenant: The server.
        mirror: Where it is kept.
        feed: What.
        until: Returns the monotonic second by which the next page must be there.
        progress: Hears how many rows have come.
    """
    refused, total = False, 0
    try:
        cursor: Cursor | None = mirror.cursor(feed.name)
        while cursor is not None:
            reading = followed(cursor.since, FIRST)
            ask: Ask | None = next(reading)
            while ask is not None and cursor is not None:
                came = _read(tenant, feed, reading, ask, until())
                if isinstance(came, Answer):
                    if came.outcome is not Outcome.REFUSED or not ask.since or refused:
                        return came
                    refused = True
                    mirror.begin_anew(feed.name)
                    break
                page, ask = came
                rows = [(key_text(each), written(each)) for each in page.rows]
                cursor = mirror.keep(feed.name, cursor, rows, page.until or cursor.since, ended=ask is None)
                total += len(rows)
                if progress is not None:
                    progress(total)
            else:
                if cursor is not None:
                    return None
            cursor = mirror.cursor(feed.name)  # refused, or somebody else has read on
    except (Unreadable, MirrorLost) as error:
        return Answer(Outcome.UNKNOWN, str(error))
    return None


def _read(
    tenant: Tenant, feed: Feed, reading: Any, ask: Ask, until: float
) -> tuple[Page[Any], Ask | None] | Answer:
    """Return the page that came and what to ask for next; REFUSED: the cursor is no good."""
    page = tenant.page(feed.kind, lambda documents: feed.write(documents, ask), feed.needs, until)
    if isinstance(page, Answer):
        return page
    try:
        return page, reading.send(page)
    except StopIteration:
        return page, None
    except Unreadable as error:
        return Answer(Outcome.REFUSED, str(error))
