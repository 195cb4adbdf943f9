"""The devices: `devices` lists them, `devices scan` finds what is plugged in, `devices try` tries one."""

from __future__ import annotations

import click

from terminal.cli import common, status
from terminal.cli.devices.scanning import scan
from terminal.cli.devices.trying import try_
from terminal.cli.errors import NEEDS_PERSON

_WELL = {"ok", "starting"}


@click.group(
    invoke_without_command=True,
    epilog=common.examples(
        "terminalctl devices                      which there are, and how they are",
        "terminalctl devices scan                 what is plugged in, as blocks for the configuration",
        'terminalctl devices try "front reader"   what it reads, live',
    ),
)
@common.config_option
@common.json_option
@click.pass_context
def devices(ctx: click.Context, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """List the devices with their health; find and try them. Exits with 1 if one does not work."""
    if ctx.invoked_subcommand is not None:
        if as_json:
            raise click.UsageError(f"Write --json after {ctx.invoked_subcommand}.")
        return
    answer = status.asked("/v1/devices")
    if as_json:
        common.print_json(answer)
    else:
        click.echo(status.device_table(answer["devices"]))
    ill = [device for device in answer["devices"] if device["health"] not in _WELL]
    ctx.exit(NEEDS_PERSON if ill else 0)


devices.add_command(scan)
devices.add_command(try_)
