"""`devices scan`: blocks for the configuration, for what is plugged in."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import click

from terminal.cli import common, tables
from terminal.cli.client import Control
from terminal.cli.devices.finding import Looked, Proposal, look, proposals
from terminal.cli.errors import Trouble
from terminal.settings import ConfigError, DeviceSettings, Settings, toml


@click.command(
    epilog=common.examples(
        "terminalctl devices scan",
        "terminalctl devices scan >> terminal.toml    add the blocks, then rename and check them",
        "terminalctl devices scan --json | jq '.found[].options'",
    )
)
@common.config_option
@common.json_option
def scan(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Look what is plugged in, and print a [[devices]] block for each that is not configured yet.

    Devices are named by what stays: serial numbers and names, not the order in which they were plugged in.
    Nothing is opened that another program may use, so it is safe beside the running daemon; it works without
    a daemon and without a configuration, too. What must be done before a device can be used is said with it.
    """
    settings, why = _configuration()
    if why:
        click.echo(why, err=True)
    looked = look()
    found = proposals(looked, settings.devices if settings else ())
    health = _health(settings)
    if as_json:
        common.print_json(
            {
                "found": [_as_json(each, health) for each in found],
                "not_looked": [
                    {"role": each.role, "driver": each.driver, "words": each.trouble}
                    for each in looked
                    if each.trouble
                ],
            }
        )
        return
    for line in _troubles(looked):
        click.echo(line, err=True)
    name = _names(settings.devices if settings else ())
    blocks = ["\n".join(_block(each, name, health)) for each in found]
    click.echo("\n\n".join(blocks) if blocks else "# Nothing is plugged in that a driver knows.")


def _configuration() -> tuple[Settings | None, str]:
    """Return the configuration, or why there is none: what is plugged in can be seen without."""
    try:
        return common.settings(), ""
    except ConfigError as error:
        first, *more = error.mistakes
        what = "it has mistakes (terminalctl config check)" if more or first.path != error.path else first.found
        return None, f"Which devices are configured is not known: {error.path}: {what}."


def _health(settings: Settings | None) -> dict[str, str]:
    """Return how each device is, where a daemon can be asked."""
    if settings is None:
        return {}
    try:
        with Control(settings.control.socket) as control:
            listed = control.get("/v1/devices")["devices"]
    except Trouble:
        return {}
    return {each["name"]: each["health"] for each in listed}


def _troubles(looked: Sequence[Looked]) -> list[str]:
    """Return one line for each driver that could not look; the same words are said once for several."""
    by_words: dict[str, list[str]] = {}
    for each in looked:
        if each.trouble:
            by_words.setdefault(each.trouble, []).append(f"{each.role}.{each.driver}")
    return [tables.clean(f"{', '.join(names)}: {words}") for words, names in by_words.items()]


def _names(configured: Sequence[DeviceSettings]) -> Callable[[str], str]:
    """Return what makes a name for a device of a role, each time another one that no device has."""
    taken = {device.name for device in configured}

    def name(role: str) -> str:
        base = role.replace("_", " ")
        candidates = itertools.chain([base], (f"{base} {number}" for number in itertools.count(2)))
        free = next(each for each in candidates if each not in taken)
        taken.add(free)
        return free

    return name


def _block(proposal: Proposal, name: Callable[[str], str], health: dict[str, str]) -> list[str]:
    found = proposal.found
    lines = [f"# {tables.clean(found.words)}"]
    if found.caution:
        lines.append(f"# First: {tables.clean(found.caution)}")
    if proposal.configured:
        state = health.get(proposal.configured)
        return [*lines, f"# Configured as {proposal.configured!r}{f': {state}' if state else ''}."]
    if proposal.taken:
        return [*lines, f"# {proposal.taken!r} is configured there already, with another driver."]
    head = {"name": name(found.role), "role": found.role, "driver": found.driver}
    block = ["[[devices]]", *(f"{toml.key(key)} = {toml.value(value)}" for key, value in head.items())]
    block += [f"{toml.key(key)} = {toml.value(value)}" for key, value in found.options.items()]
    doubts = []
    if proposal.rivals:
        doubts.append(f"# Take at most one of the drivers {', '.join((found.driver, *proposal.rivals))}:")
    if proposal.lacks:
        doubts.append(f"# To be completed before it can be used: {tables.clean(proposal.lacks)}")
    if doubts:
        block = [f"# {line}" for line in block]
    return [*lines, *doubts, *block]


def _as_json(proposal: Proposal, health: dict[str, str]) -> dict[str, Any]:
    found = proposal.found
    return {
        "role": found.role,
        "driver": found.driver,
        "options": found.options,
        "words": found.words,
        "caution": found.caution,
        "configured": proposal.configured,
        "taken": proposal.taken,
        "rivals": list(proposal.rivals),
        "health": health.get(proposal.configured, ""),
        "lacks": proposal.lacks,
    }
