"""`onslip bind`: make this machine a trusted device of the realm."""

from __future__ import annotations

import secrets
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import click

from terminal.cli import common, tables
from terminal.cli.errors import NEEDS_PERSON, Trouble, WrongUse
from terminal.cli.onslip import access
from terminal.cli.onslip.hardware import device_id
from terminal.cli.onslip.keyfile import KeyFile, Unfinished

if TYPE_CHECKING:
    from terminal.backends.onslip.models_till import Till
    from terminal.backends.onslip.rest import Onslip
    from terminal.cli.onslip.access import Server
    from terminal.cli.onslip.binding import Proof

Forms = tuple[str, ...]


@click.command(
    epilog=common.examples(
        "sudo terminalctl onslip bind          the only till that nothing is bound to",
        "sudo terminalctl onslip bind 7 --yes",
        "sudo terminalctl onslip bind 7 --key-id 'till:{id}@{realm}'",
    )
)
@click.argument("till", type=click.IntRange(1), required=False, metavar="[TILL]")
@click.option("--out", metavar="FILE", help="Where the new key goes [default: that of --secret-file].")
@click.option("--device-id", "device", metavar="ID", help="Of this machine [default: made from its hardware].")
@click.option(
    "--key-id",
    "forms",
    metavar="FORM",
    multiple=True,
    help="How a bound device is called, with {id}, {device} and {realm} in it; several are tried in turn.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@access.server_options
def bind(till: int | None, **given: Any) -> None:
    """Make this machine the trusted device TILL (an id).

    It gets a key of its own there, which no other machine has. Needs a key with the permissions bind-tills and
    show-tills. The new key is on this machine's disk before the server hears of it; it takes the place of the
    old one once the server is found to know it, and the old one is kept beside it. A till that a machine is
    bound to is left alone: have that cleared in the back office.

    Whatever stops it, it can be run again. Exits with 1 if another machine has the till, or if it is not known
    under which name the server knows the new key.
    """
    from terminal.cli.onslip import binding  # noqa: PLC0415 - an HTTP client, which no other command loads

    server = access.server(given)
    device = device_id(given["device"])
    forms = given["forms"] or binding.FORMS
    client = access.client(server)
    try:
        with KeyFile(given["out"] or server.file) as keys:
            replaced = keys.replaces
            mine = _begun(client, server, keys, till, device, forms=forms, yes=given["yes"])
            proof = binding.prove(server, mine, forms)
            if proof.credentials is not None:
                keys.finish(proof.credentials)
            _tell(mine, proof, keys, replaced=replaced, as_json=given["as_json"])
    finally:
        client.close()


def _begun(
    client: Onslip, server: Server, keys: KeyFile, wanted: int | None, device: str, *, forms: Forms, yes: bool
) -> Unfinished:
    """Bind the till, and return what it is bound to."""
    from terminal.cli.onslip import binding  # noqa: PLC0415 - see above

    before = keys.unfinished()
    if before is None:
        till = (
            binding.choose(client, device, server.timeout_s)
            if wanted is None
            else _free(client, server, wanted)
        )
        mine = Unfinished(_key(), till.id or 0, device, server.place.realm, server.place.base)
    else:
        mine = _same(before, keys, server, wanted, device)
        if keys.holds(mine):
            return mine  # it was in its place, and only the end of it was missing
    for form in forms:
        binding.key_id(form, mine)
    if before is None:
        common.confirm(_question(till, device, keys), yes)
        keys.begin(mine)
    bound = binding.bind(client, mine, keys, server.timeout_s, doubt=before is not None)
    if bound is None and binding.prove(server, mine, forms).credentials is None:
        raise Trouble(
            f"The till {mine.till} has the device id {device!r}, as this machine has, but the server shows "
            "nobody its key, and none of the forms of key ids that were tried works with ours: it is bound to "
            "this machine, or to another with the same device id. Our key is kept in "
            f"{keys.pending}: try other forms by --key-id; or have the till cleared in the back office, move "
            "that file away, and begin again."
        )
    return mine


def _free(client: Onslip, server: Server, wanted: int) -> Till:
    """Return the till that is wanted.

    Raises:
        Trouble: It is not free.
    """
    from terminal.backends.onslip.models_rules import KEY_BYTES, Refused, binding  # noqa: PLC0415 - see above
    from terminal.cli.onslip.binding import read_till  # noqa: PLC0415 - see above

    till, _ = read_till(client, wanted, server.timeout_s)
    try:
        binding(till, "any", bytes(KEY_BYTES))
    except Refused as refused:
        raise Trouble(f"This machine is not bound: {tables.clean(refused)}.") from None
    return till


def _same(before: Unfinished, keys: KeyFile, server: Server, wanted: int | None, device: str) -> Unfinished:
    """Return what a binding that was stopped had begun.

    Raises:
        WrongUse: It was another one.
    """
    asked = (wanted or before.till, device, server.place.realm)
    begun = (before.till, before.device_id, before.realm)
    if asked == begun:
        return before
    raise WrongUse(
        f"{keys.pending} holds the key of a binding that was not finished: till {before.till} of "
        f"{before.realm}, device id {before.device_id!r}. Finish that one first: "
        f"terminalctl onslip bind {before.till}"
    )


def _key() -> str:
    from terminal.backends.onslip.models_rules import KEY_BYTES  # noqa: PLC0415 - see above

    return b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _question(till: Till, device: str, keys: KeyFile) -> str:
    name = tables.clean(till.name)
    there = f" Its key will take the place of the one in {keys.path}." if keys.replaces else ""
    return f"Bind the till {till.id} {name!r} to this machine, device id {device!r}?{there}"


def _tell(mine: Unfinished, proof: Proof, keys: KeyFile, *, replaced: bool, as_json: bool) -> None:
    works = proof.credentials is not None
    if as_json:
        common.print_json(
            {
                "till": mine.till,
                "device_id": mine.device_id,
                "bound": True,
                "key_works": works,
                "key_id_form": proof.form,
                "file": str(keys.path if works else keys.pending),
                "before": str(keys.before) if works and replaced else None,
            }
        )
    else:
        click.echo(
            f"The till {mine.till} of {mine.realm} is bound to this machine, device id {mine.device_id!r}."
        )
        for line in _works(proof, keys, replaced=replaced) if works else _fails(proof, keys, mine.till):
            click.echo(line)
    click.get_current_context().exit(0 if works else NEEDS_PERSON)


def _works(proof: Proof, keys: KeyFile, *, replaced: bool) -> list[str]:
    lines = [
        f"The server knows its key as {proof.form}.",
        f"The key is in {keys.path}; only its owner may read it.",
    ]
    if replaced:
        lines.append(f"What was there is in {keys.before}: keep it in a safe place, or have it taken back.")
    return [
        *lines,
        "The daemon keeps a key until that is refused, so restart it: systemctl restart terminald",
        "Look what it may do: sudo terminalctl onslip probe",
    ]


def _fails(proof: Proof, keys: KeyFile, till: int) -> list[str]:
    why = "The server knows it by none of the forms of key ids that were tried"
    if proof.words:
        why = f"It could not be tried ({proof.words.rstrip('.')})"
    text = (
        f"! Its key does not sign yet. {why}. The key is kept in {keys.pending}, and what the daemon uses is "
        "as it was. Run it again, or ask api@onslip.com how a bound device is called: "
        f"terminalctl onslip bind {till} --key-id FORM"
    )
    return [click.style(text, fg="red")]
