"""What the commands share: the configuration that they speak of, JSON, questions, and words for values."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from terminal.cli.errors import WrongUse
from terminal.core import money
from terminal.settings import BackendSettings, Settings, load

DEFAULT_CONFIG = "/etc/terminal/terminal.toml"
_META = "terminal.config"
_F = TypeVar("_F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def examples(*lines: str) -> str:
    """Return example calls as they stand at the end of a help text."""
    return "\n".join(["\b", "Example:" if len(lines) == 1 else "Examples:", *(f"  {line}" for line in lines)])


def config_option(command: _F) -> _F:
    """Let a command take --config, after its name too."""

    def remember(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value:
            ctx.meta[_META] = value

    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        expose_value=False,
        callback=remember,
        help=f"Configuration of the terminal [default: $TERMINAL_CONFIG or {DEFAULT_CONFIG}].",
    )(command)


def config_file() -> str:
    """Return the configuration file that this call speaks of."""
    given: str | None = click.get_current_context().meta.get(_META)
    return given or os.environ.get("TERMINAL_CONFIG") or DEFAULT_CONFIG


def settings() -> Settings:
    """Load the configuration.

    Raises:
        ConfigError: It has mistakes.
    """
    return load(config_file())


def backend(
    settings: Settings, kind: str, wanted: str | None, instead: str = "", *, embedded: bool = False
) -> BackendSettings:
    """Return the configured server of type *kind* that is wanted, or the only one.

    Args:
        settings: The configuration.
        kind: Of the adapter.
        wanted: Its name; None: nobody named one.
        instead: What else can be done where there is none.
        embedded: Whether it may be the server inside the daemon, which must run then.

    Raises:
        WrongUse: There is none, or several.
    """
    known = [it for it in settings.backends.values() if it.type == kind and (embedded or not it.sandbox)]
    named = [each for each in known if wanted in (None, each.name)]
    if len(named) == 1:
        return named[0]
    if not known:
        raise WrongUse(
            f'There is no backend with type = "{kind}" in {settings.file}: write its section first{instead}.'
        )
    names = ", ".join(each.name for each in known)
    raise WrongUse(f"Which backend? Name one by --backend: {names}.")


def secret_path(server: BackendSettings, given: str | None, option: str) -> str:
    """Return the file with the secret of *server*: as *given* by *option*, else as it is configured.

    Raises:
        WrongUse: systemd hands it over, so that nothing says where it is.
    """
    path = given or server.token_file
    if not path:
        raise WrongUse(
            f"systemd hands the credential {server.credential} over: name the file that it is taken from, as "
            f"by {option} /etc/terminal/{server.credential}"
        )
    return path


def journal_file(settings: Settings) -> Path:
    """Return the file of the journal.

    Raises:
        WrongUse: It is not there, or the caller may not read it.
    """
    path = Path(settings.journal.path)
    if not os.access(path, os.R_OK):
        raise WrongUse(
            f"The journal {path} is not there, or you may not read it: use sudo, or name the terminal's "
            "configuration by --config."
        )
    return path


def progress(total: int, label: str) -> Any:
    """Return a progress bar on stderr; it shows itself on terminals only."""
    return click.progressbar(length=total, label=label, file=sys.stderr, hidden=not sys.stderr.isatty())


def print_json(value: object) -> None:
    """Print *value* for a program."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def interactive() -> bool:
    """Say whether a person sits at the keyboard."""
    return sys.stdin.isatty()


def ask(option: str, question: str, given: str | None) -> str:
    """Return *given*, or ask for it; where nobody can be asked, it is wrong use."""
    if given is None and not interactive():
        raise click.UsageError(f"{option} is missing.")
    answer: str = click.prompt(question, err=True) if given is None else given
    text = answer.strip()
    if not text:
        raise click.UsageError(f"{option} must not be empty.")
    return text


def cents(option: str, amount: str, least: int = 0) -> int:
    """Return the cents of the amount that *option* gives.

    Raises:
        WrongUse: It is none, or less than *least* cents.
    """
    try:
        found = money.parse(amount)
    except ValueError as error:
        raise WrongUse(f"{option}: {error}") from None
    if found < least:
        wanted = "more than nothing, such as 0.50" if least else "nothing or more"
        raise WrongUse(f"{option} is {amount}: expected {wanted}.")
    return found


def confirm(question: str, yes: bool) -> None:  # noqa: FBT001 - it is the flag --yes
    """Ask before something that costs money; *yes* answers beforehand.

    Raises:
        click.Abort: The answer was no.
    """
    if yes:
        return
    if not interactive():
        raise click.UsageError("Nobody is here to be asked: add --yes if you are sure.")
    click.confirm(question, abort=True, err=True)


def span(seconds: float | None) -> str:
    """Return a length of time in the unit that suits it: ``12 s``, ``5 min``, ``3 h``, ``4 d``."""
    if seconds is None:
        return "unknown"
    for unit, size, next_size in (("s", 1, 90), ("min", 60, 5_400), ("h", 3_600, 172_800)):
        if seconds < next_size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds // 86_400)} d"
