"""`onslip probe`: what a realm is like, before a terminal works with it, and what to configure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from terminal.cli import common, finding, tables
from terminal.cli.errors import NEEDS_PERSON, WrongUse
from terminal.cli.onslip import access

if TYPE_CHECKING:
    from terminal.backends.onslip.options import OnslipOptions
    from terminal.cli.finding import Finding
    from terminal.cli.onslip.access import Server

_MATTERS = ("voucher_sign", "voucher_lookup", "voucher_query", "vat_unit")
_KEPT = ("url", "realm", "acting_for", "ca_file", "allow_http")


@click.command(
    epilog=common.examples(
        "sudo terminalctl onslip probe",
        "sudo terminalctl onslip probe --url https://test.onslip360.com/v1/ --realm shop --secret-file key",
        "sudo terminalctl onslip probe --voucher 5    find out which sign spends, by one cent",
    )
)
@click.option(
    "--voucher",
    type=click.IntRange(1),
    metavar="ID",
    help="Book 0.01 on this voucher and take it back: which sign spends is not documented.",
)
@click.option("--yes", is_flag=True, help="Do not ask whether that may be booked.")
@access.server_options
def probe(voucher: int | None, **given: Any) -> None:
    """Look at the realm, and find out what is not documented.

    Reads only, unless --voucher names one to try. Prints what to put into the configuration. Exits with 1 if
    something is to be mended first. What this key may not do is said, and switches a part of the terminal off.
    """
    from terminal.cli.onslip.probing import Probe  # noqa: PLC0415 - an HTTP client, which no other command loads
    from terminal.cli.onslip.probing_voucher import Trial  # noqa: PLC0415 - likewise
    from terminal.cli.onslip.probing_ways import Ways  # noqa: PLC0415 - likewise

    server = access.server(given)
    options = _options(server)
    if voucher is not None:
        common.confirm(
            f"Book 0.01 on the voucher {voucher} of {server.place.realm}, and take it back?", given["yes"]
        )
    client = access.client(server)
    trial = None
    try:
        looked = Probe(server, client, options)
        found = list(looked.look())
        if looked.realm.known is not None:
            found += Ways(server, client, looked.realm, options).look()
            if voucher is not None:
                trial = Trial(client, voucher, server.timeout_s)
                found.append(trial.run())
    finally:
        client.close()
    wrong = _wrong(server, found)
    steps = trial.steps if trial else []
    _tell(found, steps, _configuration(server, options, found), wrong, as_json=given["as_json"])
    troubled = any(each.state == "trouble" for each in found) or bool(wrong)
    click.get_current_context().exit(NEEDS_PERSON if troubled else 0)


def _options(server: Server) -> OnslipOptions:
    from terminal.backends.onslip.options import OnslipOptions  # noqa: PLC0415 - see above

    if isinstance(server.options, OnslipOptions):
        return server.options
    place = server.place
    try:
        return OnslipOptions(url=place.base, realm=place.realm, allow_http=place.allow_http)
    except ValueError as error:
        raise WrongUse(f"The address {place.base!r} cannot be used: expected {error}.") from None


def _configuration(server: Server, options: OnslipOptions, found: list[Finding]) -> dict[str, Any]:
    """Return the options that are known now, those that must be said and those that were found."""
    place = server.place
    ca_file = place.ca_file and str(Path(place.ca_file).absolute())
    said = (place.base, place.realm, place.acting_for, ca_file, options.allow_http)
    known: dict[str, Any] = {"type": "onslip"}
    known |= {name: value for name, value in zip(_KEPT, said, strict=True) if value}
    known["token_file"] = str(Path(server.file).absolute())  # the daemon starts in another folder
    for each in found:
        known |= each.set
    return known


def _wrong(server: Server, found: list[Finding]) -> list[str]:
    """Return a sentence for each option that is configured otherwise than it must be."""
    told = {name: value for each in found for name, value in each.set.items()}
    usual = {name: getattr(server.options, name, None) for name in _MATTERS}
    if usual["voucher_lookup"] == "list":
        told.pop("voucher_query", None)
        told.pop("voucher_lookup", None)
    return [
        f"backends.{server.backend}.{name} is {usual[name]!r} in the configuration: it must be {told[name]!r}."
        for name in _MATTERS
        if name in told and usual[name] not in (None, "auto", told[name])
    ]


def _tell(
    found: list[Finding], steps: list[str], known: dict[str, Any], wrong: list[str], *, as_json: bool
) -> None:
    from terminal.settings.toml import value  # noqa: PLC0415 - for this command alone

    if as_json:
        common.print_json(
            {"findings": finding.rows(found), "trial": steps, "configuration": known, "wrong": wrong}
        )
        return
    click.echo(finding.table(found))
    if steps:
        click.echo("\nWhat was done to the voucher:")
        for step in steps:
            click.echo(f"  {tables.clean(step)}")
    click.echo("\nFor the configuration, under the name that you give it:\n\n[backends.onslip]")
    for name, each in known.items():
        click.echo(f"{name} = {value(each)}")
    for line in wrong:
        click.echo(click.style(f"! {line}", fg="red"))
