"""`ticket verify`: what a scanned ticket is, who signed it, and what its barcode is made of."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import click

from terminal.cli import common
from terminal.cli.errors import NEEDS_PERSON, WrongUse
from terminal.core.ticket_rules import CodeRules
from terminal.settings import SecretError, signing_key
from terminal.settings.secrets import MOST as MOST_BYTES

_COLOURS = {"valid": "green", "invalid": "red", "unsigned": "yellow"}
_LONGEST = 4096  # bytes of a line; the rest of a longer one is left out
_SHOWN = 120


@click.command(
    epilog=common.examples(
        "terminalctl ticket verify GJXS0LM6RYG37XJX01",
        "terminalctl ticket verify --key 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo    then scan; Ctrl-D ends",
        "terminalctl ticket verify --key gate.pem --json < scanned.txt",
    )
    + """

\b
Exit codes: 0 all are valid, 1 at least one is invalid or unsigned, 2 wrong use.
"""
)
@click.argument("texts", nargs=-1, metavar="[TEXT]...")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    help="A public key, or the file of one; repeat it for several. Without it: that of the configuration.",
)
@common.config_option
@common.json_option
def verify(texts: tuple[str, ...], keys: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Say of each TEXT, the content of a ticket's QR code or barcode, whether a known key has signed it.

    Without TEXT, lines are read as a scanner types them, and each is answered at once. No network is needed.
    `valid` says who made a ticket, and not whether somebody has used it already. What a barcode is made of is
    told by the profile in [codes], or the default one where there is no configuration. --json prints one line
    of JSON for each.
    """
    from terminal.tickets.signed import DOT, CannotSign  # noqa: PLC0415 - not for any other command

    rules = _rules()
    all_valid = True
    try:
        publics = _publics(keys, rules) if keys else None
        lines: Iterable[str] = texts or _scanned(sys.stdin.buffer)
        for text in lines:
            if publics is None and DOT in text:
                publics = _publics(keys, rules)
            found = _examine(text, publics or [], rules)
            all_valid = all_valid and found["result"] == "valid"
            if as_json:
                click.echo(json.dumps(found, ensure_ascii=False))
            else:
                click.echo(_sentence(found))
    except CannotSign as error:
        raise WrongUse(str(error)) from None
    click.get_current_context().exit(0 if all_valid else NEEDS_PERSON)


def _rules() -> CodeRules:
    """Return the profile of the configuration; the default one at a gate, which has none."""
    file = common.config_file()
    if file == common.DEFAULT_CONFIG and not Path(file).exists():
        return CodeRules()
    return common.settings().codes


def _publics(keys: Iterable[str], rules: CodeRules) -> list[bytes]:
    """Return the public keys that are given, or else that of the configuration."""
    from terminal.tickets.signed import read_private_key, read_public_key  # noqa: PLC0415 - not for any other

    found = [read_public_key(*_key(each)) for each in keys]
    if found or not rules.sign:
        return found
    try:
        return [read_private_key(*signing_key(rules)).public]
    except SecretError as error:
        raise WrongUse(f"{error} Or give the public key by --key.") from None


def _key(given: str) -> tuple[str, str]:
    """Return the text of a public key, which was given itself or by its file, and what to call it."""
    try:
        with Path(given).open("rb") as file:
            return file.read(MOST_BYTES).decode("ascii", "replace"), f"--key {given}"
    except (FileNotFoundError, ValueError):  # a word, which is no name of a file
        return given, f"--key {given[:_SHOWN]}"


def _scanned(stream: IO[bytes]) -> Iterator[str]:
    """Give the lines of *stream*, whatever stands in them, as they come."""
    if sys.stdin.isatty():
        click.echo("Scan tickets; Ctrl-D ends.", err=True)
    while line := stream.readline(_LONGEST):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(_LONGEST)
        text = line.decode("utf-8", "replace").strip()
        if text:
            yield text


def _examine(text: str, publics: list[bytes], rules: CodeRules) -> dict[str, Any]:
    """Return what *text* is, as it is printed for programs."""
    from terminal.tickets import codes, signed  # noqa: PLC0415 - not for any other command

    found = signed.verify(text, publics)
    barcode = signed.barcode_of(text)[:_SHOWN]
    facts: dict[str, Any] = {"barcode": barcode}
    if isinstance(found, signed.Verified):
        facts |= {"result": "valid", "event": found.event, "product": found.product}
        facts |= {"sold": found.at_s, "key": found.key}
    else:
        facts |= {"result": "invalid" if found.signed else "unsigned", "why": found.words}
    made_of = codes.parse(barcode, rules)
    if made_of:
        facts |= {"code": made_of.code, "infix": made_of.salt, "number": made_of.number}
    return facts


def _sentence(found: dict[str, Any]) -> str:
    """Return what was found as one line for a person."""
    barcode, result = found["barcode"], found["result"]
    told = [barcode if barcode.isprintable() else ascii(barcode)]
    if result == "valid":
        sold = datetime.fromtimestamp(found["sold"], UTC)
        told.append(
            f"event {found['event']!r}, product {found['product']!r}, sold {sold:%Y-%m-%d %H:%M:%S} UTC"
        )
    if "code" in found:
        infix = f", infix {found['infix']}" if found["infix"] else ""
        told.append(f"ticket {found['number']} of purchase {found['code']}{infix}")
    elif result != "invalid":
        told.append("of another form than [codes] makes: look it up as it is")
    if result == "invalid":
        told.append(found["why"].rstrip("."))
    return f"{click.style(result, fg=_COLOURS[result])}: {'; '.join(told)}."
