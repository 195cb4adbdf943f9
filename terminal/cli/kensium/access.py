"""Whom the commands ask, and as whom: a configured backend, or what the options say before there is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from terminal.cli import common
from terminal.cli.errors import Trouble, WrongUse
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value
from terminal.settings.secrets import FileSecret

if TYPE_CHECKING:
    from terminal.backends.kensium.options import KensiumOptions
    from terminal.backends.kensium.tenant import Tenant

_TYPE = "kensium"
_INSTEAD = ", or say everything by --url and --secret-file"
_TIMEOUT_S = 60.0
_F = TypeVar("_F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--backend", metavar="NAME", help="Which backend, if several are of the type kensium."),
    click.option("--url", metavar="URL", help="Of the tenant, such as https://pos.example.com/store1."),
    click.option(
        "--secret-file",
        metavar="FILE",
        help='Where {"client_id":"…","client_secret":"…"} is [default: the backend\'s token_file].',
    ),
    click.option("--ca-file", metavar="FILE", help="The only authorities that are trusted (PEM)."),
    click.option("--allow-http", is_flag=True, help="Let requests go in the open. Better not."),
    common.config_option,
)


class Server(Value, frozen=True):
    """A tenant, and the secret for it.

    Attributes:
        options: Where it is, and what it calls otherwise.
        file: Where the secret is.
        backend: As the configuration calls it; empty: it is not configured yet.
        payments: Whether card terminals are paid at through it.
        timeout_s: For each request.
    """

    options: KensiumOptions
    file: str
    backend: str = ""
    payments: bool = False
    timeout_s: float = _TIMEOUT_S


def server_options(command: _F) -> _F:
    """Let a command take what ``server`` asks for, and ``--config``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def server(given: dict[str, Any], *, secret: bool = True) -> Server:
    """Return whom a call speaks of; no configuration is read where the options say everything.

    Args:
        given: What ``server_options`` took.
        secret: Whether it is asked at all.

    Raises:
        WrongUse: The configuration has no such backend, nothing says where the secret is, or nothing may be
            sent to that address.
        ConfigError: The configuration has mistakes.
    """
    import msgspec  # noqa: PLC0415 - not for any other command

    from terminal.backends.kensium.options import KensiumOptions  # noqa: PLC0415 - likewise

    known: dict[str, Any] = {}
    file, name, payments = given["secret_file"] or "", "", False
    if not (given["url"] and (file or not secret)):
        settings = common.settings()
        configured = common.backend(settings, _TYPE, given["backend"], _INSTEAD, embedded=True)
        if secret:
            file = common.secret_path(configured, file, "--secret-file")
        name, known = configured.name, msgspec.to_builtins(configured.options)
        payments = getattr(settings.roles, "payments", "") == name
    said = {"url": given["url"], "ca_file": given["ca_file"], "allow_http": given["allow_http"]}
    known |= {option: value for option, value in said.items() if value}
    try:
        options = msgspec.convert(known, KensiumOptions)
    except ValueError as error:
        hint = " Add --allow-http if nobody can listen there." if "allow_http" in str(error) else ""
        raise WrongUse(f"The address {known.get('url')!r} cannot be used: expected {error}.{hint}") from None
    return Server(options, file, name, payments)


def tenant(server: Server) -> Tenant:
    """Return a client of *server*; close it."""
    from terminal.backends.kensium.documents import Documents  # noqa: PLC0415 - an HTTP client
    from terminal.backends.kensium.graphql import GraphQL  # noqa: PLC0415 - likewise
    from terminal.backends.kensium.tenant import Tenant  # noqa: PLC0415 - likewise

    secret = FileSecret(server.backend or _TYPE, Path(server.file))
    graphql = GraphQL(server.options, agent="terminalctl", credential=secret)
    return Tenant(graphql, Documents(server.options.names))


def trouble(answer: Answer, doing: str) -> Trouble:
    """Return what to say where a read did not work; *doing*: what was tried, as in "Reading the items"."""
    from terminal.cli import tables  # noqa: PLC0415 - for a mistake only

    words = tables.clean(answer.words).rstrip(".") or "no reason is given"
    hints = {
        Outcome.UNSENT: "Nothing was sent; is the network there, and the address right?",
        Outcome.DENIED: "Are id and secret right, and do the roles of the application hold what it needs?",
        Outcome.REFUSED: "`terminalctl kensium schema-check` tells what the tenant has otherwise.",
    }
    return Trouble(f"{doing} did not work: {words}. {hints.get(answer.outcome, 'Try again later.')}")
