"""How the terminal is: `status`."""

from __future__ import annotations

from typing import Any

import click

from terminal.cli import common, tables
from terminal.cli.client import Control
from terminal.cli.errors import NEEDS_PERSON
from terminal.cli.tables import Cell

_COLOURS = {
    "ok": "green",
    "starting": "yellow",
    "degraded": "yellow",
    "away": "yellow",
    "probing": "yellow",
    "missing": "red",
    "failed": "red",
    "paused": "red",
}
_WAITING = ("queued", "sending", "unknown", "parked")


@click.command(epilog=common.examples("terminalctl status", "terminalctl status --json | jq .queue"))
@common.config_option
@common.json_option
def status(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Show how the terminal is, and what needs a person.

    Exits with 0 if all is well (a server that is away for a while is), with 1 if something needs a person: a
    parked or unknown entry, a device that does not work, a server that refuses this terminal, money that
    nobody claimed.
    """
    answer = asked("/v1/status")
    needs = [str(words) for words in answer["problems"]]
    if as_json:
        common.print_json(answer)
    else:
        click.echo("\n".join(_page(answer, needs)))
    click.get_current_context().exit(NEEDS_PERSON if needs else 0)


def asked(path: str) -> dict[str, Any]:
    """Read from the daemon."""
    with Control(common.settings().control.socket) as control:
        return control.get(path)


def _page(answer: dict[str, Any], needs: list[str]) -> list[str]:
    queue = answer["queue"]
    lines = [click.style(f"{answer['terminal']}: {answer['job']}, {answer['phase']}", bold=True)]
    lines += [_screen(answer["screen"]), ""]
    lines += [tables.table((*_WAITING, "delivered", "voided"), [_counts(queue)])]
    if any(queue[state] for state in _WAITING):
        lines.append(f"The oldest waits since {common.span(queue.get('oldest_age_s'))}.")
    lines += ["", device_table(answer["devices"]), "", _backends(answer["backends"]), ""]
    lines += [click.style(f"- {tables.clean(str(words))}", fg="yellow") for words in answer.get("notices", ())]
    lines += [click.style(f"! {tables.clean(words)}", fg="red") for words in needs]
    return lines if needs else [*lines, click.style("Nothing needs a person.", fg="green")]


def _screen(shown: dict[str, Any]) -> str:
    words = tables.clean(str(shown.get("words") or ""))
    return f"The screen says: {shown['notice']}{f' ({words})' if words else ''}"


def _counts(queue: dict[str, Any]) -> list[object]:
    return [queue[state] for state in (*_WAITING, "delivered", "voided")]


def device_table(listed: list[dict[str, Any]]) -> str:
    """Return the devices with their health."""
    rows = [
        (each["name"], each["role"], each["driver"], _coloured(each["health"]), each.get("words", ""))
        for each in listed
    ]
    return tables.table(("device", "role", "driver", "health", "words"), rows)


def _backends(listed: list[dict[str, Any]]) -> str:
    rows = [(each["name"], each["type"], _coloured(each["state"]), each.get("words", "")) for each in listed]
    return tables.table(("server", "type", "state", "words"), rows)


def _coloured(word: str) -> Cell:
    return Cell(word, _COLOURS.get(word))
