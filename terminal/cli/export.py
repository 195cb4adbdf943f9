"""The journal's entries for spreadsheets and programs: one flat record each, tokens masked. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from terminal.cli.tables import clean
from terminal.core.records import Entry
from terminal.core.stamp import Stamp
from terminal.core.token import mask

FIELDS = (
    "seq",
    "created",
    "clock_synchronised",
    "kind",
    "state",
    "amount_cents",
    "currency",
    "token",
    "backend",
    "pieces",
    "description",
    "tag",
    "key",
    "refers_to",
    "attempts",
    "first_attempted",
    "words",
)

_FORMULA = ("=", "+", "-", "@", "\t")


def record(entry: Entry, currency: str) -> dict[str, object]:
    """Return an entry as a flat record, its token masked."""
    values = (
        entry.seq,
        moment(entry.created),
        entry.created.synced,
        entry.kind.value,
        entry.state.value,
        entry.amount,
        currency,
        mask(entry.token),
        entry.backend,
        ", ".join(piece.name for piece in entry.pieces),
        entry.description,
        entry.tag,
        entry.key,
        entry.refers_to,
        entry.attempts,
        None if entry.first_attempted is None else moment(entry.first_attempted),
        entry.words,
    )
    return dict(zip(FIELDS, values, strict=True))


def as_csv(entries: Iterable[Entry], currency: str) -> Iterator[str]:
    """Give the lines of a CSV file (RFC 4180)."""
    yield _line(FIELDS)
    for entry in entries:
        yield _line([_harmless(value) for value in record(entry, currency).values()])


def as_json(entries: Iterable[Entry], currency: str) -> Iterator[str]:
    """Give the lines of a JSON list, one record in each."""
    before = "[\n"
    for entry in entries:
        yield before + json.dumps(record(entry, currency), ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def moment(stamp: Stamp) -> str:
    """Return a moment by the wall clock in UTC (ISO 8601)."""
    return datetime.fromtimestamp(stamp.wall_ms / 1000, UTC).isoformat(timespec="seconds")


def _harmless(value: object) -> object:
    """Return a text so that no spreadsheet takes a server's words for a formula."""
    if not isinstance(value, str):
        return value
    text = clean(value)
    return f"'{text}" if text.startswith(_FORMULA) and text != "-" else text


def _line(values: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue()
