"""`onlinepos probe`: what a server is like, before a terminal works with it, and what to configure."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from terminal.cli import common, finding
from terminal.cli.errors import NEEDS_PERSON
from terminal.cli.onlinepos import access
from terminal.cli.onlinepos.moments import Moment, whole_day

if TYPE_CHECKING:
    from terminal.cli.finding import Finding
    from terminal.cli.onlinepos.access import Server

_ALL = 100


@click.command(
    epilog=common.examples(
        "sudo terminalctl onlinepos probe",
        "sudo terminalctl onlinepos probe --url https://api.onlinepos.dk/api --secret-file onlinepos.json",
        "sudo terminalctl onlinepos probe --card 090000100000463 --day 2026-05-01",
    )
)
@click.option(
    "--card",
    type=access.CardNumber(),
    metavar="NUMBER",
    default="",
    help="A card that was loaded and used: what its history lists.",
)
@click.option("--day", type=Moment(), help="A day on which something was sold: which departments there are.")
@click.option(
    "--tries",
    type=click.IntRange(0, _ALL),
    default=_ALL,
    metavar="N",
    help="How many hashes are tried, the configured one first; 0: none [default: all, at most 12].",
)
@click.option(
    "--pause",
    type=click.FloatRange(0, 600),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Between two tries: whether a server locks out who is wrong often is not known.",
)
@click.option("--insist", is_flag=True, help="Go on trying where a 403 does not say that it is about the hash.")
@access.server_options
@common.json_option
def probe(card: str, day: datetime | None, *, as_json: bool, **given: Any) -> None:
    """Look at the company, and find out what is not documented. Nothing is written there, ever.

    How forms are signed is tried by asking for a card that cannot exist: Ctrl-C ends that. Prints what to put
    into the configuration. Exits with 1 if something is to be mended first.
    """
    server = access.server(given)
    found = _found(server, card, None if day is None else whole_day(day), given)
    wrong = _wrong(server, found)
    _tell(server.backend, found, _configuration(server, found), wrong, as_json=as_json)
    troubled = any(each.state == "trouble" for each in found) or bool(wrong)
    click.get_current_context().exit(NEEDS_PERSON if troubled else 0)


def _found(
    server: Server, card: str, day: tuple[datetime, datetime] | None, given: dict[str, Any]
) -> list[Finding]:
    from terminal.cli.onlinepos.probing import Probe  # noqa: PLC0415 - an HTTP client: for this command alone
    from terminal.cli.onlinepos.probing_hash import HashSearch, scheme_options  # noqa: PLC0415 - likewise

    def pause() -> None:
        Event().wait(given["pause"])

    with closing(Probe(server, server.options, pause)) as probe:
        found = list(probe.goods())
    if found[0].state == "trouble":
        return found
    options = server.options
    if given["tries"]:
        search = HashSearch(server, pause, most=given["tries"], insist=given["insist"])
        with common.progress(len(search.schemes), "trying hashes") as bar:
            found.append(search.run(lambda: bar.update(1)))
        options = scheme_options(found[-1], options)
    with closing(Probe(server, options, pause)) as probe:
        return found + list(probe.look(card, day))


def _configuration(server: Server, found: list[Finding]) -> dict[str, Any]:
    """Return the options that are known now: those that must be said, and those that were found."""
    options = server.options
    ca_file = options.ca_file and str(Path(options.ca_file).absolute())
    said = {"url": options.url, "ca_file": ca_file, "allow_http": options.allow_http}
    known: dict[str, Any] = {"type": "onlinepos"} | {name: value for name, value in said.items() if value}
    known["token_file"] = str(Path(server.file).absolute())  # the daemon starts in another folder
    for each in found:
        known |= each.set
    return known


def _wrong(server: Server, found: list[Finding]) -> list[str]:
    """Return a sentence for each thing that is configured otherwise than it must be."""
    wrong: list[str] = []
    told = {name: value for each in found for name, value in each.set.items()}
    if not server.backend or told.get("hash_reads") == "none":
        told.pop("hash_reads", None)  # a hash that nobody looks at does no harm
    usual = server.options
    if found[0].state == "ok" and access.names_another(server):
        wrong.append(f'The secret names another company: write "firmaid":{server.firmaid} into {server.file}.')
    return wrong + [
        f"backends.{server.backend}.{name} is {getattr(usual, name)!r}: it must be {value!r}."
        for name, value in told.items()
        if server.backend and getattr(usual, name) != value
    ]


def _tell(
    backend: str, found: list[Finding], known: dict[str, Any], wrong: list[str], *, as_json: bool
) -> None:
    from terminal.settings.toml import value  # noqa: PLC0415 - for this command alone

    if as_json:
        common.print_json({"findings": finding.rows(found), "configuration": known, "wrong": wrong})
        return
    click.echo(finding.table(found))
    name = "" if backend else ", under the name that you give it"
    click.echo(f"\nFor the configuration{name}:\n\n[backends.{backend or 'onlinepos'}]")
    for option, each in known.items():
        click.echo(f"{option} = {value(each)}")
    for line in wrong:
        click.echo(click.style(f"! {line}", fg="red"))
