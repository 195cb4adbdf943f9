"""A tenant of Kensium POS: `kensium schema-check`, `kensium export`."""

from __future__ import annotations

import click

from terminal.cli import common
from terminal.cli.kensium.export import export
from terminal.cli.kensium.schema_check import schema_check


@click.group(
    epilog=common.examples(
        "sudo terminalctl kensium schema-check          what the tenant has otherwise, and what to configure",
        "sudo terminalctl kensium export items --out items.csv",
        "sudo terminalctl kensium export giftcard 04a1b2c3d4e5f6",
    )
)
def kensium() -> None:
    """A tenant of Kensium POS: what its schema is like, and what is in it. Nothing is ever written there."""


kensium.add_command(schema_check)
kensium.add_command(export)
