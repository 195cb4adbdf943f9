"""What the commands for every kind of server share: the options that say whom they ask, and why that failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from terminal.cli import common
from terminal.cli.errors import Trouble, WrongUse
from terminal.core.delivery import Answer, Outcome

_F = TypeVar("_F", bound=Callable[..., Any])
_T = TypeVar("_T")
_Option = Callable[[Any], Any]


def server_options(kind: str, address: str, secret: str, *more: _Option) -> Callable[[_F], _F]:
    """Let a command take whom it asks, and ``--config``.

    Args:
        kind: The type of the backends.
        address: What the address is of, with an example.
        secret: What is in the file for the secret.
        more: Options of this kind alone.
    """
    options = (
        click.option("--backend", metavar="NAME", help=f"Which backend, if several are of the type {kind}."),
        click.option("--url", metavar="URL", help=address),
        click.option("--secret-file", metavar="FILE", help=f"{secret} [default: the backend's token_file]."),
        *more,
        click.option("--ca-file", metavar="FILE", help="The only authorities that are trusted (PEM)."),
        click.option("--allow-http", is_flag=True, help="Let requests go in the open. Better not."),
        common.config_option,
    )

    def add(command: _F) -> _F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def adapter_options(kind: type[_T], configured: Mapping[str, Any], given: Mapping[str, Any]) -> _T:
    """Return an adapter's options as they are *configured*, but for what the command was *given*.

    Raises:
        WrongUse: Nothing may be sent to that address.
    """
    import msgspec  # noqa: PLC0415 - not for any other command

    said = {name: given[name] for name in ("url", "ca_file", "allow_http") if given[name]}
    known = {**configured, **said}
    try:
        return msgspec.convert(known, kind)
    except ValueError as error:
        hint = " Add --allow-http if nobody can listen there." if "allow_http" in str(error) else ""
        raise WrongUse(f"The address {known.get('url')!r} cannot be used: expected {error}.{hint}") from None


def unread(answer: Answer, doing: str, hints: Mapping[Outcome, str], more: str = "") -> Trouble:
    """Return what to say where a read did not work.

    Args:
        answer: Why.
        doing: What was tried, as in "Reading the items".
        hints: What to do, by what became of it.
        more: What to do besides.
    """
    from terminal.cli import tables  # noqa: PLC0415 - for a mistake only

    words = tables.clean(answer.words).rstrip(".") or "no reason is given"
    known = {Outcome.UNSENT: "Nothing was sent; is the network there, and the address right?", **hints}
    hint = f"{known.get(answer.outcome, 'Try again later.')} {more}".strip()
    return Trouble(f"{doing} did not work: {words}. {hint}".rstrip())
