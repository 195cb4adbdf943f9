"""`doctor`: what is wrong with this machine, and the command that mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from terminal.cli import common, tables
from terminal.cli.errors import NEEDS_PERSON
from terminal.cli.tables import Cell

if TYPE_CHECKING:
    from terminal.doctor import Finding

_COLOURS = {"ok": "green", "warning": "yellow", "trouble": "red", "not checked": "cyan"}
_WRONG = ("trouble", "warning")


@click.command(
    epilog=common.examples(
        "sudo terminalctl doctor",
        "terminalctl doctor --all                  what is well, too",
        "terminalctl doctor --json | jq -r '.findings[] | select(.status == \"trouble\") | .remedy'",
    )
)
@click.option("--all", "everything", is_flag=True, help="Show what is well, too.")
@common.config_option
@common.json_option
def doctor(everything: bool, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Look at this machine as a technician would: rights, kernel, libraries, clock, disk, journal, servers.

    Each finding comes with the command that mends it; nothing is changed by itself, and servers are only asked
    for the products. With sudo more can be seen. Works with and without the daemon.

    Exits with 0 if nothing is wrong, with 1 if something is.
    """
    from terminal.doctor import System, examine  # noqa: PLC0415 - loads what only this command needs

    findings = examine(System(), common.config_file())
    wrong = [each for each in findings if each.status.value in _WRONG]
    if as_json:
        common.print_json({"healthy": not wrong, "findings": [msgspec.to_builtins(each) for each in findings]})
    else:
        click.echo("\n".join(_page(findings, everything=everything)))
    click.get_current_context().exit(NEEDS_PERSON if wrong else 0)


def _page(findings: list[Finding], *, everything: bool) -> list[str]:
    order = ["trouble", "warning", "not checked", "ok"]
    shown = [each for each in findings if everything or each.status.value != "ok"]
    shown.sort(key=lambda each: order.index(each.status.value))
    lines = []
    for each in shown:
        status = Cell(each.status.value, _COLOURS[each.status.value])
        lines.append(
            click.style(f"{status.text}: ", fg=status.colour) + f"{each.check}: {tables.clean(each.words)}"
        )
        if each.remedy:
            lines.append(f"    {tables.clean(each.remedy)}")
    well = sum(each.status.value == "ok" for each in findings)
    wrong = sum(each.status.value in _WRONG for each in findings)
    end = f"{well} things are well; {wrong or 'nothing'} need{'' if wrong > 1 else 's'} a person."
    return [*lines, *([""] if lines else []), click.style(end, fg="red" if wrong else "green")]
