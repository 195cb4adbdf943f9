"""A realm of Onslip 360: `onslip probe`, `onslip bind`, `onslip till`."""

from __future__ import annotations

import click

from terminal.cli import common
from terminal.cli.onslip.bind import bind
from terminal.cli.onslip.probe import probe
from terminal.cli.onslip.till import till


@click.group(
    epilog=common.examples(
        "sudo terminalctl onslip probe             what the server is like, and what to configure",
        "sudo terminalctl onslip bind 7            make this machine a trusted device",
        "sudo terminalctl onslip till list",
        "sudo terminalctl onslip till update 7 --set description='By the door'",
    )
)
def onslip() -> None:
    """A company's realm at Onslip 360: its tills, and this machine as one of them."""


onslip.add_command(probe)
onslip.add_command(bind)
onslip.add_command(till)
