"""The cash boxes: `cash show`, `cash empty`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from terminal.cli import common, tables
from terminal.cli.client import Control
from terminal.cli.errors import NEEDS_PERSON
from terminal.cli.tables import Cell
from terminal.core import money

_COLUMN = 12


@click.group()
def cash() -> None:
    """The money in the machine's cash boxes."""


@cash.command("show", epilog=common.examples("terminalctl cash show", "terminalctl cash show --json"))
@common.config_option
@common.json_option
def cash_show(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Show what the books say is in each cash box. Exits with 1 if one is full."""
    settings = common.settings()
    with Control(settings.control.socket) as control:
        boxes = control.get("/v1/cash")["boxes"]
    if as_json:
        common.print_json({"currency": settings.terminal.currency, "boxes": boxes})
    elif not boxes:
        click.echo("This terminal takes no cash.")
    else:
        rows = [_row(box, settings.terminal.currency) for box in boxes]
        click.echo(
            tables.table(("cash box of", "pieces".rjust(8), "amount".rjust(_COLUMN), "filled", "limit"), rows)
        )
    click.get_current_context().exit(NEEDS_PERSON if any(box["full"] for box in boxes) else 0)


@cash.command(
    "empty",
    epilog=common.examples(
        'terminalctl cash empty "coin slot"',
        'terminalctl cash empty "coin slot" --counted 123.50 --by "the technician" --yes',
    ),
)
@click.argument("device")
@click.option("--counted", metavar="AMOUNT", help="What you found in it, such as 123.50; the books keep both.")
@click.option("--by", metavar="NAME", help="Who empties it: it stands in the journal for ever.")
@click.option("--yes", is_flag=True, help="Do not ask whether I am sure.")
@common.config_option
@common.json_option
def cash_empty(device: str, counted: str | None, by: str | None, **given: bool) -> None:
    """Say that you have taken all money out of the cash box of DEVICE: its level begins anew.

    Take the money out first. A difference between the books and what you counted is shown, and stays in the
    journal; it changes nothing else.
    """
    settings = common.settings()
    currency = settings.terminal.currency
    found = None if counted is None else common.cents("--counted", counted)
    name = common.ask("--by", "Your name", by)
    common.confirm(f"The cash box of {device!r} is empty now. Write that down?", given["yes"])
    with Control(settings.control.socket) as control:
        path = f"/v1/cash/{quote(device, safe='')}/empty"
        emptied = control.post(path, {"by": name, "counted": found})["emptied"]
    if given["as_json"]:
        common.print_json({"currency": currency, **emptied})
        return
    amount = money.show(emptied["amount"], currency)
    click.echo(f"Written down: {amount} in {emptied['pieces']} pieces were in it, as the books say.")
    if found is not None and found != emptied["amount"]:
        off = money.show(abs(found - emptied["amount"]), currency)
        click.echo(
            click.style(f"! You counted {off} {'more' if found > emptied['amount'] else 'less'}.", fg="red")
        )


def _row(box: dict[str, Any], currency: str) -> tuple[object, ...]:
    filled = box["filled_percent"]
    colour = "red" if box["full"] else None
    limits = [f"{box['most_pieces']} pieces"] if box["most_pieces"] else []
    limits += [money.show(box["most_amount"], currency)] if box["most_amount"] else []
    return (
        box["device"],
        str(box["pieces"]).rjust(8),
        money.show(box["amount"], currency).rjust(_COLUMN),
        Cell("" if filled is None else f"{filled} %", colour),
        ", ".join(limits) or "none",
    )
