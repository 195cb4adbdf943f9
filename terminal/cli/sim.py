"""Hands for simulated devices: `sim`."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import click

from terminal.cli import common, pictures, tables
from terminal.cli.client import Control

_device = click.option("--device", metavar="NAME", help="Which device, if there are several.")


@click.group(
    epilog=common.examples(
        "terminalctl sim tap 04A1B2C3D4E5F6",
        "terminalctl sim button espresso",
        "terminalctl sim coin 200",
        "terminalctl sim network down",
        "terminalctl sim do choose item=11 price=150",
        "terminalctl sim paper receipts --png paper.png    what a simulated printer has printed",
    )
)
def sim() -> None:
    """Act on simulated devices: tap a card, insert a coin, pull a plug.

    They refuse what the real ones would refuse: a coin while the slot is closed falls through.
    """


@sim.command()
@click.argument("uid")
@click.option("--copy", is_flag=True, help="A blank card onto which this number was copied.")
@_device
@common.config_option
@common.json_option
def tap(uid: str, copy: bool, device: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Lay the card UID onto the reader; it stays there until `untap`."""
    _act("tap", device, {"uid": uid, "copy": True} if copy else {"uid": uid}, as_json)


@sim.command()
@_device
@common.config_option
@common.json_option
def untap(device: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Take the card away."""
    _act("untap", device, {}, as_json)


@sim.command()
@click.argument("cents", type=click.IntRange(min=1))
@_device
@common.config_option
@common.json_option
def coin(cents: int, device: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Insert a coin of CENTS."""
    _act("coin", device, {"cents": cents}, as_json)


@sim.command()
@click.argument("name")
@_device
@common.config_option
@common.json_option
def button(name: str, device: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Press the button NAME: a product's id, `cancel` or `confirm`."""
    _act("button", device, {"name": name}, as_json)


@sim.command()
@click.argument("device")
@common.config_option
@common.json_option
def unplug(device: str, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Pull the plug of DEVICE."""
    _act("unplug", device, {}, as_json)


@sim.command()
@click.argument("device")
@common.config_option
@common.json_option
def plug(device: str, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Put the plug of DEVICE back."""
    _act("plug", device, {}, as_json)


@sim.command()
@click.argument("state", type=click.Choice(["up", "down"]))
@common.config_option
@common.json_option
def network(state: str, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Cut the network to the servers (`down`), or mend it (`up`)."""
    _act("network", None, {"up": state == "up"}, as_json)


@sim.command()
@click.argument("device")
@pictures.png_option
@click.option(
    "--last",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="So many documents, one below the other.",
)
@common.config_option
@common.json_option
def paper(device: str, png: str, force: bool, last: int, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Draw what the simulated printer DEVICE has printed last, dot by dot, as a real one would print it."""
    with Control(common.settings().control.socket) as control:
        told = control.post("/v1/sim/paper", {"device": device, "args": {"number": last}})
    pictures.save(Path(png), base64.b64decode(told.pop("png")), force=force)
    told = {"file": png, **told}
    if as_json:
        common.print_json(told)
    else:
        click.echo(pictures.said(told, f"as {device!r} printed it"))


def _values(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, Any]:
    """Return ``name=value`` texts as what they say: a number, true or false, or a text."""
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name.isidentifier() and equals):
            raise click.BadParameter(f"found {text!r}; expected a name, = and a value, like price=150")
        if value in ("true", "false"):
            values[name] = value == "true"
        else:
            # With a zero in front it is a name of digits, as of a card or a selection.
            number = value.isascii() and value.isdecimal() and str(int(value)) == value
            values[name] = int(value) if number else value
    return values


@sim.command("do")
@click.argument("verb", type=click.STRING)
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...", callback=_values)
@_device
@common.config_option
@common.json_option
def any_hand(verb: str, values: dict[str, Any], device: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Do VERB: whatever the hands of a simulated device can, like fail_next, choose or cash_sale.

    A VERB that no device knows, or with the wrong values, is answered by what there is.
    """
    if not verb.isidentifier():
        raise click.BadParameter(f"found {verb!r}; expected a verb like fail_next")
    _act(verb, device, values, as_json)


def _act(verb: str, device: str | None, args: dict[str, Any], as_json: bool) -> None:  # noqa: FBT001 - --json
    body = {"args": args} if device is None else {"device": device, "args": args}
    with Control(common.settings().control.socket) as control:
        answer = control.post(f"/v1/sim/{verb}", body)
    if as_json:
        common.print_json(answer)
    else:
        click.echo(tables.clean(answer.get("words") or "Done."))
