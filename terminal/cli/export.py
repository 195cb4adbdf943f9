"""The journal for spreadsheets and programs: `journal export`. One flat record each, tokens masked."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from terminal.cli import common
from terminal.cli.tables import clean

WHAT = (
    "entries",
    "attempts",
    "decisions",
    "releases",
    "cash",
    "payouts",
    "emptyings",
    "sales-reported",
    "sessions",
    "coin-faults",
)
"""What can be exported: the tables of terminal.journal.technician, as they are typed."""

_FORMULA = ("=", "+", "-", "@", "\t")

_T = TypeVar("_T")
Record = dict[str, object]


form_option = click.option(
    "--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True
)
since_option = click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="Only what happened from this moment on (UTC, by the terminal's clock as it was then).",
)


@click.command(
    epilog=common.examples(
        "terminalctl journal export > journal.csv",
        "terminalctl journal export --what cash --since 2026-05-01 > coins.csv",
        "terminalctl journal export --what attempts --format json",
    )
)
@click.option(
    "--what",
    type=click.Choice(WHAT),
    default=WHAT[0],
    show_default=True,
    help="Which facts: entries as they stand now; each attempt to deliver one; decisions about them; what was "
    "given out or printed; each coin and where the money went (negative: out of its session); coin sessions; "
    "signals of an acceptor that were no known coin; payouts; emptied cash boxes; what a machine sold itself.",
)
@form_option
@since_option
@common.config_option
def export(what: str, form: str, since: datetime | None) -> None:
    """Print the journal for a spreadsheet or program, oldest first; tokens are masked, no secret is in it.

    Every record has a number (seq), and names entries and sessions by theirs. Works beside the running daemon
    and without it.
    """
    from terminal.journal import technician  # noqa: PLC0415 - SQLite only where it is needed

    settings = common.settings()
    path = common.journal_file(settings)
    table = what.replace("-", "_")
    since_ms = moment_ms(since)
    currency = settings.terminal.currency
    fields = [*with_currency(dict.fromkeys(technician.TABLES[table]), currency)]
    with common.progress(technician.count(path, table, since_ms), "exporting") as bar:
        rows = counted(technician.rows(path, table, since_ms), bar)
        tell(form, fields, (with_currency(row, currency) for row in rows))


def moment_ms(since: datetime | None) -> int | None:
    """Return a moment in UTC as milliseconds since 1970."""
    return None if since is None else int(since.replace(tzinfo=UTC).timestamp() * 1000)


def tell(form: str, fields: Iterable[str], records: Iterable[Record]) -> None:
    """Print *records*, as ``csv`` or as ``json``."""
    for text in as_csv(fields, records) if form == "csv" else as_json(records):
        click.echo(text, nl=False)


def with_currency(row: Record, currency: str) -> Record:
    """Return *row* with the currency behind its amount, where it has one."""
    whole: Record = {}
    for name, value in row.items():
        whole[name] = value
        if name == "amount_cents":
            whole["currency"] = currency
    return whole


def as_csv(fields: Iterable[str], records: Iterable[Record]) -> Iterator[str]:
    """Give the lines of a CSV file (RFC 4180)."""
    yield _line(fields)
    for record in records:
        yield _line(_harmless(value) for value in record.values())


def as_json(records: Iterable[Record]) -> Iterator[str]:
    """Give the lines of a JSON list, one record in each."""
    before = "[\n"
    for record in records:
        yield before + json.dumps(record, ensure_ascii=False)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def counted(rows: Iterable[_T], bar: Any) -> Iterator[_T]:
    """Give *rows*, and let *bar* know of each."""
    for row in rows:
        yield row
        bar.update(1)


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
