"""`kensium schema-check`: what a tenant has otherwise than a terminal needs it, and what to configure."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from terminal.cli import common, tables
from terminal.cli.errors import NEEDS_PERSON, Trouble, WrongUse
from terminal.cli.kensium import access
from terminal.core.delivery import Answer
from terminal.core.value import Value

if TYPE_CHECKING:
    from terminal.backends.kensium.documents import Documents
    from terminal.backends.kensium.graphql import Call
    from terminal.backends.kensium.introspection import Schema
    from terminal.backends.kensium.needs import Use
    from terminal.backends.kensium.schema import Finding
    from terminal.cli.kensium.access import Server

_ASKING = "Asking for the schema"


class Told(Value, frozen=True):
    """A finding, and what it means."""

    finding: Finding
    use: Use


@click.command(
    "schema-check",
    epilog=common.examples(
        "sudo terminalctl kensium schema-check",
        "sudo terminalctl kensium schema-check --save schema.json   for who looks at it elsewhere",
        "terminalctl kensium schema-check --schema schema.json      what was saved, or GraphiQL told",
    ),
)
@click.option(
    "--schema",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Look at this stored introspection, and ask nobody.",
)
@click.option(
    "--save", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Store what was told."
)
@access.server_options
@common.json_option
def schema_check(schema: Path | None, save: Path | None, as_json: bool, **given: Any) -> None:  # noqa: FBT001 - a flag
    """Compare the tenant's schema with what is used of it. Only reads.

    Prints what is missing, called otherwise or of another type, what that stops, and names to configure where
    the tenant has something near. Exits with 1 if what this terminal is configured to use is stopped.
    """
    from terminal.backends.kensium.needs import left_out, use_of  # noqa: PLC0415 - for this command alone
    from terminal.backends.kensium.schema import check  # noqa: PLC0415 - likewise

    if schema is not None and save is not None:
        raise click.UsageError("--save stores what a server told: not with --schema.")
    server = _server(given, asks=schema is None)
    found = _asked(server) if schema is None else _stored(schema, server)
    if save is not None:
        _save(save, found)
    told = [
        Told(each, use_of(each, server.options, payments=server.payments))
        for each in (
            *check(found, server.options.names),
            *left_out(server.options, payments=server.payments),
        )
    ]
    told.sort(key=lambda each: (not each.use.needed, not each.use.part))
    if as_json:
        common.print_json([_row(each) for each in told])
    else:
        _tell(told, server)
    click.get_current_context().exit(NEEDS_PERSON if any(each.use.needed for each in told) else 0)


def _server(given: dict[str, Any], *, asks: bool) -> Server:
    """Return whose schema it is; of a stored one nobody need say that."""
    if asks or given["backend"] or given["url"] or Path(common.config_file()).exists():
        return access.server(given, secret=asks)
    from terminal.backends.kensium.options import KensiumOptions  # noqa: PLC0415 - for this command alone
    from terminal.cli.kensium.access import Server  # noqa: PLC0415 - likewise

    return Server(KensiumOptions(url="https://example.invalid"), "")


# -- whose schema --------------------------------------------------------------------------------------


def _asked(server: Server) -> Schema:
    """Return the schema of *server*, as far as it is needed.

    Raises:
        Trouble: It does not tell it.
    """
    from terminal.backends.kensium.introspection import explore  # noqa: PLC0415 - for this command alone

    with closing(access.tenant(server)) as tenant:
        asking: Generator[Any, Any, Schema] = explore(server.options.names)
        call = next(asking)
        while True:
            data = tenant.ask(_just(call), "ExecuteGraphQL", monotonic() + server.timeout_s)
            if isinstance(data, Answer):
                raise access.trouble(data, _ASKING)
            try:
                call = asking.send(data)
            except StopIteration as end:
                found: Schema = end.value
                return _whole(found, server, f"The schema of {server.options.base}")


def _just(call: Call) -> Callable[[Documents], Call]:
    return lambda _: call


def _stored(file: Path, server: Server) -> Schema:
    """Return the schema that *file* holds.

    Raises:
        WrongUse: It holds none.
    """
    from terminal.backends.kensium.introspection import read_stored  # noqa: PLC0415 - for this command alone

    try:
        found = read_stored(file.read_bytes())
    except ValueError:
        raise WrongUse(
            f"{file} holds no schema: expected what --save writes, or the answer to GraphiQL's introspection."
        ) from None
    return _whole(found, server, str(file))


def _whole(schema: Schema, server: Server, what: str) -> Schema:
    """Return *schema*, if it has all types that are on the way to what is used.

    Raises:
        Trouble: A comparison would pass over what it does not have.
    """
    from terminal.backends.kensium.introspection import Walk  # noqa: PLC0415 - for this command alone

    walk = Walk(schema, server.options.names)
    for _ in walk.steps():
        pass
    missing = ", ".join(sorted({name or "the root" for name in walk.unknown}))
    if missing:
        raise Trouble(f"{what} does not tell of {missing}: ask the server again, with the same `names`.")
    return schema


def _save(file: Path, schema: Schema) -> None:
    import msgspec  # noqa: PLC0415 - not for any other command

    file.write_bytes(msgspec.json.format(msgspec.json.encode(schema)) + b"\n")


# -- what is told --------------------------------------------------------------------------------------


def _row(told: Told) -> dict[str, Any]:
    finding = told.finding
    return {
        "path": finding.path,
        "what": finding.what,
        "sure": finding.mark.name.lower(),
        "stops": told.use.part,
        "needed": told.use.needed,
        "near": finding.near,
        "words": tables.clean(finding.words),
    }


def _tell(told: list[Told], server: Server) -> None:
    if not told:
        click.echo("The schema has everything that is used here, as it is used.")
        return
    rows = [
        (
            tables.Cell(each.finding.what, "red" if each.use.needed else "yellow" if each.use.part else None),
            each.use.part or "nothing here",
            each.finding.words,
        )
        for each in told
    ]
    click.echo(tables.table(("what", "stops", "found"), rows))
    near = {each.finding.path: each.finding.near for each in told if each.finding.near}
    if near:
        from terminal.settings.toml import value  # noqa: PLC0415 - for this command alone

        click.echo(
            f"\nIf these are it, for the configuration:\n\n[backends.{server.backend or 'kensium'}.names]"
        )
        for path, name in near.items():
            click.echo(f"{value(path)} = {value(name)}")
    click.echo()
    if any(each.use.needed for each in told):
        click.echo(click.style("! What this terminal is configured to use does not work like this.", fg="red"))
    else:
        click.echo("What this terminal is configured to use works.")
