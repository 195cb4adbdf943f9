"""What was printed: `print again`."""

from __future__ import annotations

import click

from terminal.cli import common
from terminal.cli.client import Control
from terminal.cli.errors import WrongUse
from terminal.settings import Settings

_DIGITS = 18  # of the largest number that a journal can surely hold


@click.group("print")
def prints() -> None:
    """Receipts and other documents on the books."""


@prints.command(
    epilog=common.examples(
        'terminalctl print again 17 --by "the technician"',
        'terminalctl print again 7f31a4b2c9d0 --by "the technician"',
    )
)
@click.argument("which", metavar="NUMBER|KEY")
@click.option("--by", metavar="NAME", help="Who asks: it stands in the journal for ever.")
@common.config_option
@common.json_option
def again(which: str, by: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print what was printed for an entry once more, marked as a copy.

    NUMBER is the entry's number in the journal, KEY its key, or the reference that stands on the receipt. The
    machine must be idle, and a printer must work. What cannot be printed at once waits for the printer.
    """
    settings = common.settings()
    number = _number(which, settings)
    name = common.ask("--by", "Your name", by)
    with Control(settings.control.socket) as control:
        answer = control.post(f"/v1/journal/{number}/print", {"by": name})
    if as_json:
        common.print_json(answer)
    else:
        click.echo(f"Entry {number}: {', '.join(answer['papers'])} on its way to the printer, as a copy.")


def _number(which: str, settings: Settings) -> int:
    """Return the number of the entry that a person means by a number, a key or a reference."""
    from terminal.journal.reads import JournalReader  # noqa: PLC0415 - SQLite only where it is needed

    with JournalReader(common.journal_file(settings)) as reader:
        entry = reader.entry(which)
        if entry is None and which.isascii() and which.isdigit() and len(which) <= _DIGITS:
            entry = reader.entry_by_seq(int(which))
        if entry is None:
            entry = reader.entry_by_reference(which)
    if entry is None:
        raise WrongUse(f"There is no entry {which} in the journal: terminalctl journal list")
    return entry.seq
