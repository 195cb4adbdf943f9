"""The key that signs tickets: `ticket key new` makes one, `ticket key show` tells its public half."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terminal.cli import common
from terminal.cli.errors import WrongUse
from terminal.settings import read_key

if TYPE_CHECKING:
    from terminal.tickets.signed import Signer

_NAME = "ticket-key"
_USE = """
Give it to the daemon, with `sudo systemctl edit terminald`:
  [Service]
  LoadCredential={name}:{path}
and use it, in its configuration:
  [codes]
  sign = true
  sign_credential = "{name}"
Or name the file itself by sign_key_file = "{path}", if the daemon's group may read it."""


@click.group(
    epilog=common.examples(
        "sudo terminalctl ticket key new /etc/terminal/ticket-key.pem",
        "sudo terminalctl ticket key show /etc/terminal/ticket-key.pem --pem > gate.pem",
    )
)
def key() -> None:
    """The key that tickets are signed with (Ed25519): private in the terminal, public at the gate."""


@key.command(epilog=common.examples("sudo terminalctl ticket key new /etc/terminal/ticket-key.pem"))
@click.argument("file", type=click.Path(dir_okay=False))
@common.json_option
def new(file: str, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Make a private key in FILE, which must not exist, and print its public key.

    Nobody but its owner may read FILE. The daemon gets it as a systemd credential, or is let into its group.
    Give the public key to the gates. Whoever has the private key can make tickets.
    """
    from terminal.tickets import signed  # noqa: PLC0415 - not for any other command

    path = Path(file).absolute()
    try:
        pem = signed.new_private_key()
        _create(path, pem)
        signer = signed.read_private_key(pem, str(path))
    except FileExistsError:
        raise WrongUse(
            f"{path} is there already. No key is replaced: what it signed could not be verified any more. "
            "Name another file."
        ) from None
    except signed.CannotSign as error:
        raise WrongUse(str(error)) from None
    if as_json:
        common.print_json(_facts(signer, path))
        return
    click.echo(f"A new private key is in {path}; only its owner can read it.\n")
    _tell(signer)
    click.echo(_USE.format(path=path, name=_NAME))


@key.command(
    epilog=common.examples(
        "sudo terminalctl ticket key show /etc/terminal/ticket-key.pem",
        "sudo terminalctl ticket key show /etc/terminal/ticket-key.pem --pem > gate.pem",
    )
)
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--pem", "as_pem", is_flag=True, help="Print the public key as PEM, as other programs read it.")
@common.json_option
def show(file: str, as_pem: bool, as_json: bool) -> None:  # noqa: FBT001 - click's flags
    """Print the public key and the key id of the private key in FILE. The private key is never shown."""
    from terminal.tickets import signed  # noqa: PLC0415 - not for any other command

    try:
        signer = signed.read_private_key(*read_key(Path(file)))
    except signed.CannotSign as error:
        raise WrongUse(str(error)) from None
    if as_pem:
        click.echo(signed.public_pem(signer.public), nl=False)
    elif as_json:
        common.print_json(_facts(signer, Path(file).absolute()))
    else:
        _tell(signer)


def _tell(signer: Signer) -> None:
    from terminal.tickets.signed import public_text  # noqa: PLC0415 - not for any other command

    click.echo(f"public key: {public_text(signer.public)}\nkey id:     {signer.key}")


def _facts(signer: Signer, path: Path) -> dict[str, str]:
    from terminal.tickets.signed import public_pem, public_text  # noqa: PLC0415 - not for any other command

    return {
        "file": str(path),
        "public_key": public_text(signer.public),
        "public_key_pem": public_pem(signer.public),
        "key_id": signer.key,
    }


def _create(path: Path, content: bytes) -> None:
    """Write *content* into a new file, durably; nothing is left of one that could not be written.

    Raises:
        FileExistsError: There is one.
        OSError: It cannot be made.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        while content:
            content = content[os.write(handle, content) :]
        os.fsync(handle)
    except OSError:
        path.unlink()
        raise
    finally:
        os.close(handle)
