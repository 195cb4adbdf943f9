"""The one place that turns errors into a sentence and an exit code.

Exit codes: 0 healthy, 1 something needs a person, 2 wrong use (arguments, configuration, no daemon).
"""

from __future__ import annotations

import os
import traceback
from typing import Any

import click

from terminal.cli import tables
from terminal.settings import ConfigError, SecretError

NEEDS_PERSON = 1
WRONG_USE = 2


class Trouble(click.ClickException):
    """What a technician is told: something needs a person."""

    exit_code = NEEDS_PERSON

    def show(self, file: Any = None) -> None:
        """Print the sentence to stderr."""
        click.echo(self.format_message(), err=file is None, file=file)


class WrongUse(Trouble):
    """What a technician is told: this cannot be asked, or not here."""

    exit_code = WRONG_USE


class DaemonAway(WrongUse):
    """The daemon cannot be reached."""


class NotRunning(DaemonAway):
    """No daemon runs."""


class Refused(Trouble):
    """The daemon said no, or could not."""


class Commands(click.Group):
    """The root of all commands: whatever goes wrong below it leaves as Trouble."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except Exception as error:
            if os.environ.get("TERMINAL_DEBUG"):
                raise
            raise explain(error) from error


def explain(error: Exception) -> Trouble:
    """Return what *error* means for a technician."""
    from terminal.journal import errors as journal  # noqa: PLC0415 - only when something went wrong

    match error:
        case ConfigError():
            return WrongUse(mistakes(error))
        case SecretError() | journal.JournalError() | journal.DecisionRefused():
            return Trouble(str(error))
        case OSError():
            where = f" ({error.filename})" if error.filename else ""
            return WrongUse(f"The system says: {error.strerror or error}{where}.")
    last = traceback.extract_tb(error.__traceback__)[-1]
    return Trouble(
        f"terminalctl has a fault of its own ({type(error).__name__} in {last.filename}, line {last.lineno}). "
        "Please report it; TERMINAL_DEBUG=1 shows all of it."
    )


def mistakes(error: ConfigError) -> str:
    """Return the mistakes of a configuration as a table."""
    number = "1 mistake" if len(error.mistakes) == 1 else f"{len(error.mistakes)} mistakes"
    rows = [
        (
            mistake.path,
            mistake.found,
            f"{mistake.expected}; {mistake.hint}" if mistake.hint else mistake.expected,
        )
        for mistake in error.mistakes
    ]
    return f"{number} in {error.path}:\n\n{tables.table(('where', 'found', 'expected'), rows)}"
