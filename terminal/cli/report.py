"""X and Z reports: `report x`, `report z`, `report list`, `report show`; `export` stands in a file of its own.

Making one goes through the daemon, which decides whether now is the time; those that were made are read from
the journal itself, beside the daemon or without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from terminal.cli import common, tables
from terminal.cli.client import Control
from terminal.cli.errors import WrongUse
from terminal.cli.report_export import export
from terminal.cli.report_page import page
from terminal.cli.story import when
from terminal.core import money
from terminal.core.report import Report
from terminal.core.report_told import told
from terminal.settings import Settings

if TYPE_CHECKING:
    from terminal.journal.reads import JournalReader

_COLUMN = 12
_MOST = 10_000
_LARGEST = 2**62

_by = click.option("--by", metavar="NAME", help="Who asks: it stands on the report.")
_print = click.option("--print", "printed", is_flag=True, help="Print it on the terminal's printer, too.")


@click.group()
def report() -> None:
    """What was sold and taken: X reports read, Z reports close the day."""


report.add_command(export)


@report.command("x", epilog=common.examples("terminalctl report x", "terminalctl report x --print --by Ada"))
@_by
@_print
@common.config_option
@common.json_option
def x(by: str | None, **given: bool) -> None:
    """Show what has happened since the last Z report; nothing is closed.

    It can be asked for at any time; printed, only by name, and while nobody is at the machine.
    """
    name = "" if by is None and not given["printed"] else common.ask("--by", "Your name", by)
    _make("x", name, given)


@report.command(
    "z", epilog=common.examples("terminalctl report z --by Ada", "terminalctl report z --by Ada --print --yes")
)
@_by
@_print
@click.option("--yes", is_flag=True, help="Do not ask whether I am sure.")
@common.config_option
@common.json_option
def z(by: str | None, **given: bool) -> None:
    """Close the day: make the next Z report. What is sold from now on stands in the one after it.

    Only while nobody is at the machine. It cannot be undone, and its number never comes again.
    """
    name = common.ask("--by", "Your name", by)
    common.confirm("Close the day? A Z report ends the period and cannot be undone.", given["yes"])
    _make("z", name, given)


@report.command(
    "list", epilog=common.examples("terminalctl report list", "terminalctl report list --limit 365 --json")
)
@click.option(
    "--limit", type=click.IntRange(1, _MOST), default=50, show_default=True, help="How many, newest first."
)
@click.option("--before", type=click.IntRange(1, _LARGEST), help="Only those with a smaller number.")
@common.config_option
@common.json_option
def list_(limit: int, before: int | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """List the Z reports, the newest first."""
    settings = common.settings()
    with _reader(settings) as reader:
        found = reader.reports(limit, before)
    currency = settings.terminal.currency
    if as_json:
        common.print_json({"currency": currency, "reports": [told(each) for each in found]})
    elif not found:
        click.echo("There is no Z report yet: terminalctl report z")
    else:
        heads = (
            "number",
            "closed",
            "sales",
            *(name.rjust(_COLUMN) for name in ("amount", "returns", "cash in")),
            "by",
        )
        click.echo(tables.table(heads, [_row(each, currency) for each in found]))


@report.command(
    "show", epilog=common.examples("terminalctl report show 17", "terminalctl report show 17 --json")
)
@click.argument("number", type=click.IntRange(1, _LARGEST), metavar="NUMBER")
@common.config_option
@common.json_option
def show(number: int, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Show the Z report with this NUMBER."""
    settings = common.settings()
    with _reader(settings) as reader:
        found = reader.report(number)
    if found is None:
        raise WrongUse(f"There is no Z report {number}: terminalctl report list")
    _tell(found, settings, as_json=as_json)


def _make(kind: str, by: str, given: dict[str, bool]) -> None:
    settings = common.settings()
    with Control(settings.control.socket) as control:
        answer = control.post(f"/v1/reports/{kind}", {"by": by, "printed": given["printed"]})
    _tell(msgspec.convert(answer["report"], Report), settings, as_json=given["as_json"])
    if given["printed"] and not given["as_json"]:
        click.echo("\nIt is on its way to the printer.")


def _tell(found: Report, settings: Settings, *, as_json: bool) -> None:
    currency = settings.terminal.currency
    if as_json:
        common.print_json({"currency": currency, **told(found)})
    else:
        click.echo("\n".join(page(found, settings.terminal.id, currency)))


def _row(each: Report, currency: str) -> tuple[object, ...]:
    amounts = (each.sales.amount, -each.returns.amount, each.cash.taken)
    shown = (money.show(cents, currency).rjust(_COLUMN) for cents in amounts)
    return (each.number, when(each.closed), each.sales.count, *shown, each.by or "schedule")


def _reader(settings: Settings) -> JournalReader:
    from terminal.journal.reads import JournalReader  # noqa: PLC0415 - SQLite only where it is needed

    return JournalReader(common.journal_file(settings))
