"""Tickets: `ticket preview` draws one, `ticket verify` says what a scanned one is; `ticket key`."""

from __future__ import annotations

import click

from terminal.cli import common
from terminal.cli.ticket.key import key
from terminal.cli.ticket.preview import preview
from terminal.cli.ticket.verify import verify


@click.group(
    epilog=common.examples(
        "terminalctl ticket preview --png ticket.png    what one looks like on the configured printer",
        "terminalctl ticket verify GJXS0LM6RYG37XJX01   what a barcode is made of",
        "terminalctl ticket verify --key gate.pem       scan tickets, one after the other",
        "sudo terminalctl ticket key new /etc/terminal/ticket-key.pem",
    )
)
def ticket() -> None:
    """Tickets that the terminal prints, and the keys that sign them."""


ticket.add_command(preview)
ticket.add_command(verify)
ticket.add_command(key)
