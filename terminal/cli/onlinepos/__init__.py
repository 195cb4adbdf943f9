"""A company of OnlinePOS: `onlinepos probe`, `onlinepos export`, `onlinepos voucher`."""

from __future__ import annotations

import click

from terminal.cli import common
from terminal.cli.onlinepos.export import export
from terminal.cli.onlinepos.probe import probe
from terminal.cli.onlinepos.voucher import voucher


@click.group(
    epilog=common.examples(
        "sudo terminalctl onlinepos probe                      what the server is like, and what to configure",
        "sudo terminalctl onlinepos probe --card 0900001       whether its history lists deposits",
        "sudo terminalctl onlinepos export sales --from 2026-05-01 --out may.csv",
        'sudo terminalctl onlinepos voucher 17 --by "the technician"',
    )
)
def onlinepos() -> None:
    """A company of OnlinePOS: what its server is like, and what is in it. Only `voucher` writes there."""


onlinepos.add_command(probe)
onlinepos.add_command(export)
onlinepos.add_command(voucher)
