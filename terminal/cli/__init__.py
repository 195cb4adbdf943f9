"""terminalctl, the technicians' command line."""

from __future__ import annotations

import os

import click

from terminal.cli import (
    cash,
    common,
    config,
    devices,
    doctor,
    journal,
    kensium,
    onlinepos,
    onslip,
    orders,
    prints,
    receipt,
    report,
    sale,
    satellite,
    sim,
    status,
    ticket,
)
from terminal.cli.errors import Commands

EPILOG = (
    common.examples(
        "terminalctl status                       how it is; exits with 1 if something needs you",
        "terminalctl journal list --state parked  what the server refused",
        "terminalctl journal show 17              the story of one entry",
        "terminalctl journal books                where every coin is",
        "terminalctl cash show                    what is in the cash boxes",
        "terminalctl report z                     close the day",
        "terminalctl config check                 every mistake in the configuration at once",
        "terminalctl devices scan                 what is plugged in, ready to paste",
        "sudo terminalctl doctor                  what is wrong with this machine, and what mends it",
    )
    + """

\b
Exit codes: 0 healthy, 1 something needs a person,
            2 wrong use (arguments, configuration, no daemon).
NO_COLOR=1 prints without colours.
TAB completes commands after this line in ~/.bashrc (or zsh_source, fish_source):
  eval "$(_TERMINALCTL_COMPLETE=bash_source terminalctl)"
"""
)


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="terminald")
@common.config_option
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Look after a terminal: how it is, what it owes to whom, and what needs a person."""
    if os.environ.get("NO_COLOR"):
        ctx.color = False


for _command in (
    status.status,
    devices.devices,
    doctor.doctor,
    journal.journal,
    orders.sync,
    orders.pair,
    orders.catalogue,
    cash.cash,
    report.report,
    prints.prints,
    receipt.receipt,
    sale.sale,
    satellite.satellite,
    onslip.onslip,
    kensium.kensium,
    onlinepos.onlinepos,
    ticket.ticket,
    sim.sim,
    config.config,
):
    cli.add_command(_command)


def main() -> None:
    """Run terminalctl; the process ends with its exit code."""
    cli(prog_name="terminalctl")
