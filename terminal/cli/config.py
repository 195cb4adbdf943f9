"""The configuration: `config check`, `config show`, `config example`."""

from __future__ import annotations

import click

from terminal import settings
from terminal.cli import common, errors
from terminal.settings.notes import notes


@click.group()
def config() -> None:
    """Check, show and begin a configuration."""


@config.command(
    epilog=common.examples(
        "terminalctl config check",
        "terminalctl config check new.toml && sudo cp new.toml /etc/terminal/terminal.toml",
    )
)
@click.argument("file", required=False, type=click.Path())
@common.config_option
@common.json_option
def check(file: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Find every mistake in a configuration (FILE, or that of --config). Exits with 2 if there is one.

    What is right but would surprise, like a missing secret on this machine, is noted and exits with 0.
    """
    path = file or common.config_file()
    try:
        loaded = settings.load(path)
    except settings.ConfigError as error:
        if not as_json:
            raise
        common.print_json({"file": path, "ok": False, "mistakes": [_mistake(each) for each in error.mistakes]})
        click.get_current_context().exit(errors.WRONG_USE)
    noted = notes(loaded)
    if as_json:
        common.print_json({"file": path, "ok": True, "mistakes": [], "notes": noted})
        return
    for words in noted:
        click.echo(click.style(f"note: {words}", fg="yellow"), err=True)
    click.echo(f"{path} is right: {loaded.terminal.id}, {loaded.terminal.job}, {len(loaded.devices)} devices.")


@config.command(epilog=common.examples("terminalctl config show --json | jq .offline"))
@common.config_option
@common.json_option
def show(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Print what is in force, defaults included. No secret and no full UID is in it."""
    loaded = common.settings()
    if as_json:
        common.print_json(settings.in_force(loaded))
    else:
        click.echo(settings.show(loaded), nl=False)


@config.command(epilog=common.examples("terminalctl config example > terminal.toml"))
def example() -> None:
    """Print a configuration with every option, its default, and what is allowed."""
    click.echo(settings.example(), nl=False)


def _mistake(mistake: settings.Mistake) -> dict[str, str]:
    return {
        "path": mistake.path,
        "found": mistake.found,
        "expected": mistake.expected,
        "hint": mistake.hint,
    }
