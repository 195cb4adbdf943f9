"""`ticket preview`: a ticket as it comes out of the printer, as a picture."""

from __future__ import annotations

from typing import Any

import click

from terminal.cli import common, pictures, samples
from terminal.cli.errors import WrongUse
from terminal.core.print_names import is_ticket


@click.command(
    epilog=common.examples(
        "terminalctl ticket preview --png ticket.png",
        "terminalctl ticket preview --png pass.png --product 3       all tickets of a family pass",
        "terminalctl ticket preview --png narrow.png --width 58      what narrow paper would make of it",
        "terminalctl ticket preview --png sold.png --entry 17        those that were sold as entry 17",
    )
)
@click.option("--product", metavar="ID", help="Id or name of the product; else the first one that has tickets.")
@pictures.preview_options
@common.config_option
@common.json_option
def preview(product: str | None, **given: Any) -> None:
    """Draw a ticket as the configured printer prints it, dot by dot, from the bytes that it would get.

    Without --entry it is an example: the configured event, product, price and form of code. It is on nobody's
    books, its signature is by a key that nobody has, and a price that only the server knows is made up. It
    needs no daemon.
    """
    settings = common.settings()
    if given["entry"] is not None:
        if product is not None:
            raise click.UsageError("--product is for an example, and --entry for what was sold.")
        documents = pictures.printed(settings, given["entry"], is_ticket, "ticket")
    elif settings.terminal.job == "tickets":
        documents = samples.tickets(settings.job(), product)
    else:
        raise WrongUse(f"This terminal sells no tickets: its job is {settings.terminal.job!r}.")
    pictures.show(settings, documents, given)
