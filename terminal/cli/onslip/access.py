"""Whom the commands ask, and as whom: a configured backend, or what the options say before there is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from terminal.cli import common, reaching
from terminal.cli.errors import WrongUse
from terminal.core.value import Value
from terminal.settings import BackendSettings
from terminal.settings.secrets import FileSecret

if TYPE_CHECKING:
    from terminal.backends.onslip.rest import Onslip
    from terminal.backends.onslip.rest_place import Place

_TYPE = "onslip"
_INSTEAD = ", or say everything by --url, --realm and --secret-file"
_TIMEOUT_S = 30.0

server_options = reaching.server_options(
    _TYPE,
    "Of the API, such as https://test.onslip360.com/v1/.",
    "Where the key is",
    click.option("--realm", metavar="REALM", help="The company's alias."),
    click.option("--acting-for", metavar="USER", help="The alias of a user for whom this is done."),
    common.json_option,
)
"""Also ``--json``."""


class Server(Value, frozen=True):
    """A server of the API, and the key for it.

    Attributes:
        place: Where it is, and as whom it is asked.
        file: Where the key is.
        backend: As the configuration calls it; empty: it is not configured yet.
        options: Of that backend, its adapter's ``Options``.
        timeout_s: For each request.
    """

    place: Place
    file: str
    backend: str = ""
    options: Any = None
    timeout_s: float = _TIMEOUT_S


def server(given: dict[str, Any]) -> Server:
    """Return whom a call speaks of; no configuration is read where the options say everything.

    Raises:
        WrongUse: The configuration has no such backend, or nothing says where the key is.
        ConfigError: The configuration has mistakes.
    """
    from terminal.backends.onslip.rest_place import Place  # noqa: PLC0415 - not for any other command

    configured, timeout_s = None, _TIMEOUT_S
    place = Place("", "")
    if not (given["url"] and given["realm"] and given["secret_file"]):
        settings = common.settings()
        configured, timeout_s = (
            common.backend(settings, _TYPE, given["backend"], _INSTEAD, embedded=True),
            settings.sync.timeout_s,
        )
        place = _place(configured)
    place = Place(
        given["url"] or place.base,
        given["realm"] or place.realm,
        acting_for=given["acting_for"] or place.acting_for,
        ca_file=given["ca_file"] or place.ca_file,
        allow_http=given["allow_http"] or place.allow_http,
    )
    if configured is None:
        return Server(place, given["secret_file"])
    file = common.secret_path(configured, given["secret_file"], "--secret-file")
    return Server(place, file, configured.name, configured.options, timeout_s)


def client(
    server: Server,
    *,
    credential: Callable[[], str] | None = None,
    wall_s: Callable[[], int] | None = None,
    transport: Any = None,
) -> Onslip:
    """Return a client of *server*; close it.

    Args:
        server: Who is asked.
        credential: Returns another key than the one in the server's file.
        wall_s: Tells another time than this machine's.
        transport: Stands in for the network.

    Raises:
        WrongUse: Nothing may be sent to that address.
    """
    from terminal.backends.onslip import client as way  # noqa: PLC0415 - an HTTP client: not for any other command

    try:
        return way.open_client(
            server.place,
            credential=credential or FileSecret(server.backend or server.place.realm, Path(server.file)),
            wall_s=wall_s or way.wall_s,
            transport=transport,
        )
    except ValueError as error:
        hint = " Add --allow-http if nobody can listen there." if "allow_http" in str(error) else ""
        raise WrongUse(
            f"The address {server.place.base!r} or the realm cannot be used: {error}.{hint}"
        ) from None


def _place(configured: BackendSettings) -> Place:
    from terminal.backends.onslip.options import OnslipOptions  # noqa: PLC0415 - not for any other command

    assert isinstance(configured.options, OnslipOptions), "the type of the backend says so"  # noqa: S101 - for mypy
    return configured.options.place
