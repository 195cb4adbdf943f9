"""The journal: `journal list|show|find|verify`; what decides, `export` and `books` stand in files of their own.

Reading opens the file itself, read-only, beside the running daemon or without it; what decides goes through the
daemon, the only one that writes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from terminal.cli import common, tables
from terminal.cli.books import books
from terminal.cli.errors import NEEDS_PERSON, WrongUse
from terminal.cli.export import export
from terminal.cli.meaning import is_report, is_trial
from terminal.cli.resolve import resolve, retry, void
from terminal.cli.story import as_json as as_json_of
from terminal.cli.story import page, when
from terminal.cli.tables import Cell
from terminal.core import money, shown
from terminal.core.facts import EntryState
from terminal.core.records import Entry
from terminal.core.stamp import utc
from terminal.core.tickets import TicketSale
from terminal.core.token import mask
from terminal.settings import Settings

if TYPE_CHECKING:
    from terminal.journal.reads import JournalReader

_COLOURS = {
    EntryState.UNKNOWN: "red",
    EntryState.PARKED: "red",
    EntryState.DELIVERED: "green",
    EntryState.SENDING: "yellow",
    EntryState.QUEUED: "yellow",
}
_MOST = 10_000

_number = click.argument("number", type=click.IntRange(min=1), metavar="NUMBER")


@click.group()
def journal() -> None:
    """What was sold and topped up, what the servers know of it, and what waits for a person."""


journal.add_command(export)
journal.add_command(books)
journal.add_command(resolve)
journal.add_command(retry)
journal.add_command(void)


@journal.command(
    "list",
    epilog=common.examples(
        "terminalctl journal list",
        "terminalctl journal list --state unknown",
        "terminalctl journal list --limit 500 --json",
    ),
)
@click.option(
    "--state", type=click.Choice([state.value for state in EntryState]), help="Only entries in this state."
)
@click.option(
    "--limit", type=click.IntRange(1, _MOST), default=50, show_default=True, help="How many, newest first."
)
@common.config_option
@common.json_option
def list_(state: str | None, limit: int, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """List entries, the newest first."""
    settings = common.settings()
    with _reader(settings) as reader:
        entries = reader.entries(EntryState(state) if state else None, limit)
    if as_json:
        common.print_json([_brief(entry) for entry in entries])
    elif not entries:
        click.echo(f"No entry is {state}." if state else "The journal holds no entry yet.")
    else:
        rows = [_row(entry, settings) for entry in entries]
        click.echo(
            tables.table(("no", "when", "kind", "amount".rjust(10), "token", "state", "tries", "words"), rows)
        )


@journal.command(epilog=common.examples("terminalctl journal show 17"))
@_number
@common.config_option
@common.json_option
def show(number: int, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Tell the story of entry NUMBER: what happened, what the server said, what it means, what you can do.

    Of a sale of tickets it shows the barcodes, for a gate that cannot read a ticket: whoever sees them can be
    let in with them.
    """
    settings = common.settings()
    with _reader(settings) as reader:
        _tell(reader, number, settings, as_json=as_json)


@journal.command(
    epilog=common.examples(
        "terminalctl journal find GJXS0LM6RYG37XJX01", "terminalctl journal find GJXS0LM6RYG37"
    )
)
@click.argument("code")
@common.config_option
@common.json_option
def find(code: str, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Tell the story of the sale that CODE is of: a ticket's barcode, its purchase code, or an item code.

    Works beside the running daemon and without it. Barcodes are shown whole, for a gate that cannot read a
    ticket: whoever sees them can be let in with them.
    """
    settings = common.settings()
    text = code.strip()
    with _reader(settings) as reader:
        entry = reader.sale(text) or reader.sale(text.upper())
        if entry is None:
            raise WrongUse(
                f"No sale of this terminal has the code {tables.clean(text[:40])}. It is expected as it is "
                "printed: a ticket's barcode, or the purchase code with which all codes of a sale begin."
            )
        _tell(reader, entry.seq, settings, as_json=as_json)


@journal.command(epilog=common.examples("terminalctl journal verify"))
@common.config_option
@common.json_option
def verify(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Check that no row of the journal was edited or removed, and that its sums are right.

    Works beside the running daemon and without it. Needs the journal's key, which belongs to the daemon's user:
    use sudo. Exits with 1 if something is wrong.
    """
    from terminal.journal.check import verify_file  # noqa: PLC0415 - SQLite only where it is needed
    from terminal.journal.keyfile import load_or_create_key  # noqa: PLC0415 - as above

    settings = common.settings()
    key_file = Path(settings.journal.key_file)
    if not key_file.exists():  # never made here: another key would verify nothing
        raise WrongUse(f"The journal's key {key_file} is not there, or you may not look: use sudo.")
    key = load_or_create_key(key_file)
    with common.progress(0, "verifying") as bar:
        findings = verify_file(Path(settings.journal.path), key, lambda done, total: _advance(bar, done, total))
    if as_json:
        common.print_json({"journal": settings.journal.path, "whole": not findings, "findings": findings})
    elif findings:
        click.echo("\n".join(click.style(f"! {tables.clean(finding)}", fg="red") for finding in findings))
    else:
        click.echo(f"{settings.journal.path} is whole.")
    click.get_current_context().exit(NEEDS_PERSON if findings else 0)


def _advance(bar: Any, done: int, total: int) -> None:
    bar.length = total
    bar.update(done - bar.pos)


def _reader(settings: Settings) -> JournalReader:
    from terminal.journal.reads import JournalReader  # noqa: PLC0415 - SQLite only where it is needed

    return JournalReader(common.journal_file(settings))


def _tell(reader: JournalReader, number: int, settings: Settings, *, as_json: bool) -> None:
    story = reader.story(number)
    if story is None:
        raise _no_entry(number)
    papers = reader.paper(number) if isinstance(story.entry.payload, TicketSale) else ()
    if as_json:
        common.print_json(as_json_of(story, papers))
    else:
        click.echo(page(story, papers, settings.terminal.currency))


def _no_entry(number: int) -> WrongUse:
    return WrongUse(f"There is no entry {number} in the journal: terminalctl journal list")


def _row(entry: Entry, settings: Settings) -> tuple[object, ...]:
    amount = money.show(entry.amount, settings.terminal.currency)
    state = Cell(entry.state.value, _COLOURS.get(entry.state))
    what = "report" if is_report(entry) else "trial" if is_trial(entry) else entry.kind.value
    if isinstance(entry.payload, TicketSale):
        what = f"{what} {entry.payload.purchase.code}"
    head = (entry.seq, when(entry.created), what, amount.rjust(10))
    return (*head, mask(entry.token), state, entry.attempts, entry.words)


def _brief(entry: Entry) -> dict[str, Any]:
    return {**shown.brief(entry), "created_utc": utc(entry.created.wall_ms)}
