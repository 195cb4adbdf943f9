"""Whom the commands ask, and as whom: a configured backend, or what the options say before there is one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from terminal.cli import common, reaching
from terminal.cli.errors import Trouble
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value
from terminal.settings.secrets import FileSecret

if TYPE_CHECKING:
    from terminal.backends.kensium.options import KensiumOptions
    from terminal.backends.kensium.tenant import Tenant

_TYPE = "kensium"
_INSTEAD = ", or say everything by --url and --secret-file"
_TIMEOUT_S = 60.0

server_options = reaching.server_options(
    _TYPE,
    "Of the tenant, such as https://pos.example.com/store1.",
    'Where {"client_id":"…","client_secret":"…"} is',
)
_HINTS = {
    Outcome.DENIED: "Are id and secret right, and do the roles of the application hold what it needs?",
    Outcome.REFUSED: "`terminalctl kensium schema-check` tells what the tenant has otherwise.",
}


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
    options = reaching.adapter_options(KensiumOptions, known, given)
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
    return reaching.unread(answer, doing, _HINTS)
