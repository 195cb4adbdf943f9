"""The journal's tables as a technician reads them, row by row, through sqlite-utils.

A row is flat: moments as ISO 8601 in UTC beside whether the clock was right then, tokens masked, money in
cents, entries and sessions by their numbers, a sale by its purchase code (its barcodes are worth money: see
terminal.core.shown). What only the program needs (hashes, boots, monotonic clocks) is
left out.

Rows are read a page at a time: however many there are, they fit into memory, and a reader that pauses keeps no
checkpoint of the daemon waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from terminal.core.catalogue import Product
from terminal.core.stamp import utc
from terminal.core.token import mask
from terminal.journal.entry_reads import altered, evidence_in_words
from terminal.journal.reads import JournalReader

if TYPE_CHECKING:
    from sqlite_utils.db import Table

_PAGE = 500  # rows that are read at a time
_SINCE = "wall_ms >= coalesce(:since, wall_ms)"
_WHEN = {"at": "wall_ms", "clock_synchronised": "synced"}
_OPENED = "(SELECT o.seq FROM sessions AS o WHERE o.session = sessions.session AND o.event = 'opened')"

TABLES: dict[str, dict[str, str]] = {
    "entries": {
        "seq": "seq",
        "created": "wall_ms",
        "clock_synchronised": "synced",
        "kind": "kind",
        "state": "state",
        "amount_cents": "amount",
        "token": "token",
        "backend": "backend",
        "pieces": "pieces",
        "description": "description",
        "tag": "tag",
        "key": "key",
        "refers_to": "refers_to",
        "attempts": "attempts",
        "first_attempted": "(SELECT a.wall_ms FROM attempts AS a WHERE a.seq = entries.first_attempt)",
        "words": "words",
        "code": "CASE WHEN json_valid(payload) THEN json_extract(payload, '$.purchase.code') END",
        "staff": "CASE WHEN json_valid(payload) THEN json_extract(payload, '$.staff') END",
        "reference": "reference",
    },
    "attempts": {
        "seq": "seq",
        **_WHEN,
        "entry": "entry",
        "outcome": "outcome",
        "state": "state",
        "http_status": "status",
        "balance_cents": "balance",
        "words": "words",
        "before": "CASE outcome WHEN 'started' THEN told END",
        "reference": "CASE outcome WHEN 'started' THEN NULL ELSE told END",
    },
    "decisions": {
        "seq": "seq",
        **_WHEN,
        "entry": "entry",
        "action": "action",
        "state": "state",
        "by": "CASE by WHEN '' THEN 'terminal' ELSE by END",
        "words": "words",
    },
    "releases": {
        "seq": "seq",
        **_WHEN,
        "entry": "entry",
        "release": "release",
        "kind": "kind",
        "device": "device",
        "detail": "detail",
        "event": "coalesce(ended, 'intended')",
        "settled_by": "settled",
        "words": "words",
    },
    "cash": {
        "seq": "seq",
        **_WHEN,
        "session": "session",
        "kind": "kind",
        "amount_cents": "amount",
        "device": "device",
        "counter": "counter",
        "entry": "entry",
        "place": "CASE kind WHEN 'in' THEN coalesce(place, 'box') END",
    },
    "payouts": {
        "seq": "seq",
        **_WHEN,
        "session": "session",
        "entry": "entry",
        "payout": "payout",
        "device": "device",
        "amount_cents": "amount",
        "event": "coalesce(ended, 'intended')",
        "paid_cents": "paid",
        "settled_by": "settled",
        "words": "words",
    },
    "emptyings": {
        "seq": "seq",
        **_WHEN,
        "device": "device",
        "coins": "pieces",
        "amount_cents": "amount",
        "counted_cents": "counted",
        "by": "by",
    },
    "sales_reported": {"seq": "seq", **_WHEN, "device": "device", "item": "item", "amount_cents": "amount"},
    "sessions": {
        "seq": "seq",
        **_WHEN,
        "session": _OPENED,
        "event": "event",
        "token": "token",
        "reason": "reason",
        "closed_by": "closed",
    },
    "coin_faults": {
        "seq": "seq",
        **_WHEN,
        "device": "device",
        "trouble": "coalesce(trouble, 'unknown')",
        "pulses": "pulses",
        "words": "words",
    },
}
"""What can be asked for: the fields of a row, in their order, and what SQLite calls each.

``session`` is everywhere the number of the row that opened it; ``settled_by`` and ``closed_by`` are numbers of
rows of the same table. Money that leaves a session is negative in ``cash``.
"""


def count(path: Path, what: str, since_ms: int | None = None) -> int:
    """Return how many rows `rows` would give; it raises the same."""
    with _table(path, what) as table:
        return int(table.count_where(_SINCE, {"since": since_ms}))


def rows(path: Path, what: str, since_ms: int | None = None) -> Iterator[dict[str, object]]:
    """Give the rows of one table, the oldest first, beside a running daemon or without one.

    Args:
        path: The journal's file.
        what: One of `TABLES`.
        since_ms: Only rows from this moment on, by the wall clock as it was then.

    Raises:
        JournalError: The file cannot be read; the sentence says why.
    """
    fields = TABLES[what]
    chosen = ", ".join(f"{words} AS {name}" for name, words in fields.items())
    last = 0
    with _table(path, what) as table:
        while page := list(
            table.rows_where(
                f"seq > :last AND {_SINCE}",
                {"last": last, "since": since_ms},
                order_by=f"{what}.seq",
                select=chosen,
                limit=_PAGE,
            )
        ):
            last = page[-1]["seq"]
            try:
                yield from ({name: _shaped(name, value) for name, value in row.items()} for row in page)
            except msgspec.MsgspecError as error:
                raise altered(path, error) from error


@contextmanager
def _table(path: Path, what: str) -> Iterator[Table]:
    from sqlite_utils import Database  # noqa: PLC0415 - a technician asks for it; the daemon starts without

    with JournalReader(path) as reader, reader._reading() as db:  # noqa: SLF001 - the reader's own module family
        yield Database(db, execute_plugins=False, recursive_triggers=False).table(what)


def _shaped(name: str, value: object) -> object:
    shape = _SHAPES.get(name)
    return value if shape is None else shape(value)


def _moment(value: object) -> str | None:
    return utc(value) if isinstance(value, int) else None


def _masked(value: object) -> str:
    return mask(value if isinstance(value, str) else None)


def _names(value: object) -> str:
    return ", ".join(piece.name for piece in msgspec.json.decode(str(value), type=tuple[Product, ...]))


def _told(value: object) -> str | None:
    return evidence_in_words(value) if isinstance(value, str) else None


_SHAPES: dict[str, Callable[[object], object]] = {
    "at": _moment,
    "created": _moment,
    "first_attempted": _moment,
    "clock_synchronised": bool,
    "token": _masked,
    "staff": _masked,
    "pieces": _names,
    "before": _told,
}
"""Fields that are shown otherwise than they are stored, by name, in whatever table."""
