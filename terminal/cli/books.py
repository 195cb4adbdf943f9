"""The sums of the whole journal: `journal books`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from terminal.cli import common, tables
from terminal.cli.errors import NEEDS_PERSON
from terminal.core import money
from terminal.core.facts import EntryState

if TYPE_CHECKING:
    from terminal.journal.rows import Books

_COLUMN = 14


@click.command(
    epilog=common.examples("terminalctl journal books", "terminalctl journal books --json | jq .held")
)
@common.config_option
@common.json_option
def books(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Add up all money: where every coin is that was accepted, and how far debits and credits have come.

    Works beside the running daemon and without it. Exits with 1 if the coins do not add up to the cent.
    """
    from terminal.journal.reads import JournalReader  # noqa: PLC0415 - SQLite only where it is needed

    settings = common.settings()
    with JournalReader(common.journal_file(settings)) as reader:
        sums = reader.books()
    currency = settings.terminal.currency
    if as_json:
        common.print_json({"currency": currency, **msgspec.to_builtins(sums), "missing": sums.missing})
    else:
        click.echo("\n".join(_page(sums, currency)))
    click.get_current_context().exit(NEEDS_PERSON if sums.missing else 0)


def _page(sums: Books, currency: str) -> list[str]:
    def show(cents: int) -> str:
        return money.show(cents, currency).rjust(_COLUMN)

    coins = [
        ("accepted", show(sums.accepted), "all coins that ever came in"),
        ("credited", show(sums.credited), "to wallets; delivered or on the way"),
        ("spent", show(sums.spent), "on sales, with what was kept beyond the price"),
        ("returned", show(sums.returned), "to the customer"),
        ("held", show(sums.held), "in open sessions, or claimed by nobody yet"),
        ("written off", show(sums.written_off), "by a named person"),
    ]
    kinds = {"debits": sums.debits, "credits": sums.credits}
    if any(sums.sales.values()):
        kinds["tickets"] = sums.sales
    states = [(state.value, *(show(each[state]) for each in kinds.values())) for state in EntryState]
    return [
        tables.table(("coins", "amount".rjust(_COLUMN), "what it is"), coins),
        _verdict(sums, currency),
        "",
        tables.table(("entries", *(name.rjust(_COLUMN) for name in kinds)), states),
    ]


def _verdict(sums: Books, currency: str) -> str:
    if not sums.missing:
        return click.style("The books add up: every coin is in exactly one place.", fg="green")
    where = "was accepted and is nowhere" if sums.missing > 0 else "came from nowhere"
    return click.style(
        f"! The books do not add up: {money.show(abs(sums.missing), currency)} {where}. Run "
        "`terminalctl journal verify`, and keep a copy of the journal for whoever looks into it.",
        fg="red",
    )
