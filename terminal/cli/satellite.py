"""A Satellite server: its device discovery, and who carries a token."""

from __future__ import annotations

import secrets
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import click

from terminal.cli import common, tables
from terminal.cli.errors import NEEDS_PERSON, Trouble
from terminal.cli.secret_file import SecretFile
from terminal.core.events import WalletAnswer
from terminal.core.token import mask
from terminal.settings import BackendSettings, Settings, credential_reader

if TYPE_CHECKING:
    from terminal.backends.satellite.discovery import Discovery, Found

_TYPE = "satellite"
_SAY_AGAIN_S = 60.0
_pause = threading.Event().wait


@click.group()
def satellite() -> None:
    """The server that records ticket sales."""


@satellite.command(
    epilog=common.examples(
        "sudo terminalctl satellite discover",
        "sudo terminalctl satellite discover https://example.satellite.co.nz/api/v5/device-request/new.json",
        "sudo terminalctl satellite discover --out /etc/terminal/satellite --type checkin",
    )
)
@click.argument("address", required=False)
@click.option("--backend", metavar="NAME", help="Which backend, if several are of the type satellite.")
@click.option("--code", metavar="CODE", help="What the page shows of this device [default: its device_code].")
@click.option(
    "--type", "kind", metavar="TYPE", default="", help="What it would like to be (v5), such as `checkin`."
)
@click.option("--out", metavar="FILE", help="Where the credentials go [default: the backend's token_file].")
@click.option(
    "--every", type=click.FloatRange(1, 60), default=5, show_default=True, help="Ask so often (seconds)."
)
@click.option(
    "--limit", type=click.FloatRange(10, 3600), default=600, show_default=True, help="Give up after (seconds)."
)
@click.option("--allow-http", is_flag=True, help="Let the credentials come unencrypted. Better not.")
@click.option("--yes", is_flag=True, help="Do not ask whether credentials that are there may be replaced.")
@common.config_option
@common.json_option
def discover(address: str | None, backend: str | None, code: str | None, **given: Any) -> None:
    """Get this terminal's credentials from the server's Device Discovery page.

    Open that page in the server's backend. ADDRESS is what its QR code holds: scan it here with a scanner that
    types, or type it. This terminal then appears on the page with its code: press Add beside it. The
    credentials are written into a file that only its owner can read, and never shown; a repeat of the question
    is safe, and stopping it by Ctrl-C changes nothing here.

    Exits with 1 if the server names another address than the configuration does.
    """
    from terminal.backends.satellite.discovery import DiscoveryError  # noqa: PLC0415 - not for any other command

    settings = common.settings()
    server = common.backend(settings, _TYPE, backend)
    out = common.secret_path(server, given["out"], "--out")
    try:
        with SecretFile(out) as file:
            found = _found(settings, server, address, code or _option(server, "device_code"), given)
            file.write(found.credentials.text())
    except DiscoveryError as error:
        raise Trouble(tables.clean(error)) from None
    _tell(server, out, found, as_json=given["as_json"])


@satellite.command(
    epilog=common.examples(
        "sudo terminalctl satellite delegate 04A1B2C3D4E5F6",
        "sudo terminalctl satellite delegate 04A1B2C3D4E5F6 --backend office --json",
    )
)
@click.argument("uid")
@click.option("--backend", metavar="NAME", help="Which backend, if several are of the type satellite.")
@common.config_option
@common.json_option
def delegate(uid: str, backend: str | None, *, as_json: bool) -> None:
    """Ask the server who carries the token UID: somebody of the staff, or a guest.

    What a UID is, `terminalctl devices try READER` shows. Exits with 1 if the server knows nobody with it.
    """
    from terminal import backends  # noqa: PLC0415 - an HTTP client, which no other command loads

    settings = common.settings()
    server = common.backend(settings, _TYPE, backend)
    adapter = backends.find(server.type)(
        server.name,
        server.options,
        terminal_id=settings.terminal.id,
        credential=credential_reader(server),
    )
    try:
        reply = adapter.delegate(uid, settings.sync.timeout_s)
    finally:
        adapter.close()
    known = reply.answer is WalletAnswer.KNOWN
    if not known and reply.answer is not WalletAnswer.NOT_PAIRED:
        raise Trouble(tables.clean(reply.words))
    if as_json:
        common.print_json({"token": mask(uid), "id": reply.id, "name": reply.name})
    elif known:
        click.echo(
            f"{mask(uid)} is {tables.clean(reply.name) or 'somebody without a name'}, delegate {reply.id}."
        )
    else:
        click.echo(f"Nobody on {server.name} carries the token {mask(uid)}.")
    click.get_current_context().exit(0 if known else NEEDS_PERSON)


def _found(
    settings: Settings, server: BackendSettings, address: str | None, code: str, given: dict[str, Any]
) -> Found:
    """Ask until the credentials are here."""
    from terminal.backends.satellite.access import agent  # noqa: PLC0415 - not for any other command
    from terminal.backends.satellite.discovery import Discovery, checked_address  # noqa: PLC0415 - likewise

    _may_replace(common.secret_path(server, given["out"], "--out"), yes=given["yes"])
    target = checked_address(address or _scanned(), allow_http=given["allow_http"])
    discovery = Discovery(
        target,
        code,
        secrets.token_hex(16),
        agent=agent(_option(server, "app"), code, settings.terminal.id),
        preferred_type=given["kind"],
        ca_file=_option(server, "ca_file"),
    )
    try:
        return _asked(discovery, every_s=given["every"], limit_s=given["limit"])
    finally:
        discovery.close()


def _asked(discovery: Discovery, *, every_s: float, limit_s: float) -> Found:
    """Ask, and say what is waited for: when that changes, and now and then."""
    from terminal.backends.satellite import discovery as way  # noqa: PLC0415 - not for any other command

    began = time.monotonic()
    said, said_at = "", 0.0
    for answer in way.discover(
        discovery.ask, limit_s=limit_s, every_s=every_s, clock=time.monotonic, pause=_pause
    ):
        if isinstance(answer, way.Found):
            return answer
        passed = time.monotonic() - began
        if answer.words != said or passed - said_at >= _SAY_AGAIN_S:
            said, said_at = answer.words, passed
            click.echo(f"{tables.clean(said)}: {common.span(limit_s - passed)} left.", err=True)
    raise way.DiscoveryError("Nothing was asked.")


def _may_replace(out: str, *, yes: bool) -> None:
    from pathlib import Path  # noqa: PLC0415 - one question

    if Path(out).exists():
        common.confirm(f"{out} holds credentials already. Replace them when new ones are here?", yes)


def _scanned() -> str:
    """Return what a scanner types, or a person; or the first line of what another program gives."""
    if common.interactive():
        return common.ask("ADDRESS", "Scan the QR code of the Device Discovery page", None)
    return sys.stdin.readline()


def _option(server: BackendSettings, name: str) -> Any:
    return getattr(server.options, name)


def _tell(server: BackendSettings, out: str, found: Found, *, as_json: bool) -> None:
    url: str = _option(server, "url")
    same = not found.api_url or _alike(url, found.api_url)
    if as_json:
        common.print_json({"file": out, "api_url": found.api_url, "url": url, "same": same})
    else:
        click.echo(f"The credentials are in {out}; only its owner may read it.")
        if server.credential:
            click.echo("systemd hands them over at the next start: sudo systemctl restart terminald")
        if found.api_url:
            click.echo(f"The server says that its API is at {tables.clean(found.api_url)}")
        if not same:
            words = f"! The configuration has url = {url!r} in backends.{server.name}: put the right one there."
            click.echo(click.style(words, fg="red"))
        click.echo("Look whether it works: sudo terminalctl doctor")
    click.get_current_context().exit(0 if same else NEEDS_PERSON)


def _alike(url: str, told: str) -> bool:
    """Return whether the server's address is the configured one; it may leave out the version."""
    ours, theirs = (each.strip().rstrip("/").lower() for each in (url, told))
    return ours in (theirs, f"{theirs}/v5")
