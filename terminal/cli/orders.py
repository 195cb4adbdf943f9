"""Orders to the running daemon: `sync now`, `pair`, `catalogue reload`."""

from __future__ import annotations

from typing import Any

import click

from terminal.cli import common
from terminal.cli.client import Control


@click.group()
def sync() -> None:
    """Deliver the journal to the server."""


@sync.command("now", epilog=common.examples("terminalctl sync now"))
@common.config_option
@common.json_option
def sync_now(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Try every entry that waits at once, whatever the waiting times between repeats are."""
    answer = _ordered("/v1/sync", {})
    if as_json:
        common.print_json(answer)
        return
    queue = answer["queue"]
    waiting = queue["queued"] + queue["sending"]
    click.echo(f"On their way: {waiting}." if waiting else "Nothing waits to be delivered.")
    for state in ("unknown", "parked"):
        if queue[state]:
            click.echo(
                f"{state.capitalize()}, for a person: {queue[state]}. terminalctl journal list --state {state}"
            )


@click.command(epilog=common.examples("terminalctl pair 12345678"))
@click.argument("code")
@common.config_option
@common.json_option
def pair(code: str, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Pair the next token that is presented with a customer's CODE."""
    _said(_ordered("/v1/pair", {"code": code}), as_json, "Present the token now.")


@click.group()
def catalogue() -> None:
    """The products that the terminal sells."""


@catalogue.command("reload", epilog=common.examples("terminalctl catalogue reload"))
@common.config_option
@common.json_option
def catalogue_reload(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Read the products from the server again."""
    _said(_ordered("/v1/catalogue/reload", {}), as_json, "The products are being read.")


def _ordered(path: str, body: dict[str, Any]) -> dict[str, Any]:
    with Control(common.settings().control.socket) as control:
        return control.post(path, body)


def _said(answer: dict[str, Any], as_json: bool, otherwise: str) -> None:  # noqa: FBT001 - the flag --json
    if as_json:
        common.print_json(answer)
    else:
        click.echo(answer.get("words") or otherwise)
