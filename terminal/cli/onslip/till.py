"""`onslip till`: the trusted devices of a realm, listed, shown, added, changed, replaced and removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import click

from terminal.cli import common, tables
from terminal.cli.errors import WrongUse
from terminal.cli.onslip import access

if TYPE_CHECKING:
    from terminal.cli.onslip.fields import Body
    from terminal.cli.onslip.tills import Tills

_id = click.argument("id_", type=click.IntRange(1), metavar="TILL")
_yes = click.option("--yes", is_flag=True, help="Do not ask whether I am sure.")
_set = click.option("--set", "sets", metavar="FIELD=VALUE", multiple=True, help="Give a field a value.")
_file = click.option("--file", "file", type=click.File("rb"), metavar="FILE", help="JSON; - is the input.")
_LARGEST = 1_048_576


@click.group(
    epilog=common.examples(
        "sudo terminalctl onslip till list",
        "sudo terminalctl onslip till show 7",
        "sudo terminalctl onslip till add --name 'Kiosk 2' --type ordering-device",
        "sudo terminalctl onslip till update 7 --set config.button-map=3 --clear description",
        "sudo terminalctl onslip till update 7 --clear device-id --clear device-key   free it again",
    )
)
def till() -> None:
    """The tills of the realm: every trusted device is called so there. Keys and passwords are never shown."""


@till.command(
    "list", epilog=common.examples("sudo terminalctl onslip till list", "… list --deleted --json | jq '.[].id'")
)
@click.option("--deleted", is_flag=True, help="Those too that were removed.")
@access.server_options
def list_(deleted: bool, **given: Any) -> None:  # noqa: FBT001 - click's flag
    """List the tills, and whether a machine is bound to each."""
    with _tills(given) as tills:
        found = tills.all(deleted=deleted)
    if given["as_json"]:
        _print(found)
    elif not found:
        click.echo("There is no till yet: terminalctl onslip till add --name NAME")
    else:
        heads = ("id", "name", "type", "location", "bound to", "client", "description")
        click.echo(tables.table(heads, [_row(each) for each in found]))


@till.command(
    "show", epilog=common.examples("sudo terminalctl onslip till show 7", "… show 7 --json > till-7.json")
)
@_id
@access.server_options
def show(id_: int, **given: Any) -> None:
    """Show every field of TILL (an id).

    Those that hold something, and those too that this program does not know.
    """
    with _tills(given) as tills:
        _show(tills.get(id_)[0], as_json=given["as_json"])


@till.command(
    "add",
    epilog=common.examples(
        "sudo terminalctl onslip till add --name 'Kiosk 2' --type ordering-device --set location=1",
        "sudo terminalctl onslip till add --file till.json",
    ),
)
@click.option("--name", metavar="NAME", help="Its legal name.")
@click.option("--type", "kind", metavar="TYPE", help="`till`, `ordering-device` or `external-journal`.")
@_set
@_file
@access.server_options
def add(
    name: str | None, kind: str | None, sets: tuple[str, ...], file: IO[bytes] | None, **given: Any
) -> None:
    """Add a till, which no machine is bound to yet. Needs the permission edit-tills."""
    from terminal.cli.onslip import fields  # noqa: PLC0415 - loads the models: not for any other command

    named = [f"{field}={value}" for field, value in (("name", name), ("type", kind)) if value is not None]
    body = fields.change((*named, *sets), (), fields.unmasked(fields.own(_read(file) or {}), {}))
    if not body.get("name"):
        raise WrongUse("A till has a name: --name NAME")
    with _tills(given) as tills:
        added = tills.add(body)
    if given["as_json"]:
        _print(added)
    else:
        click.echo(f"The till {added['id']} {tables.clean(added['name'])!r} is there.")


@till.command(
    "update",
    epilog=common.examples(
        "sudo terminalctl onslip till update 7 --set name='Kiosk by the door' --set location=1",
        "sudo terminalctl onslip till update 7 --set 'config.auto-close-batch-schedules=[\"0 3 * * *\"]'",
        "sudo terminalctl onslip till update 7 --clear device-id --clear device-key",
        "sudo terminalctl onslip till update 7 --clear deleted    bring a removed one back",
    ),
)
@_id
@_set
@click.option("--clear", "clears", metavar="FIELD", multiple=True, help="Leave a field empty.")
@_file
@_yes
@access.server_options
def update(id_: int, **given: Any) -> None:
    """Change some fields of TILL (an id) and leave the others.

    FIELD is a name as `till show` prints it; a VALUE that is no text is JSON. What is in --file
    is changed, too. Nothing is written if somebody else changes the till meanwhile.
    """
    from terminal.cli.onslip import fields  # noqa: PLC0415 - loads the models: not for any other command

    change = fields.change(given["sets"], given["clears"], _read(given["file"]))
    with _tills(given) as tills:
        before, etag = tills.get(id_)
        change = fields.unmasked(change, before)
        if fields.holds(before, change):
            click.echo(f"The till {id_} is so already.", err=given["as_json"])
            after = before
        else:
            if "device-id" in before and not change.keys().isdisjoint({"device-id", "device-key"}):
                device = tables.clean(before["device-id"])
                question = f"The machine {device!r} is bound to the till {id_}, and will be no more. Go on?"
                common.confirm(question, given["yes"])
            after = tills.update(id_, change, etag)
            click.echo(f"The till {id_} is changed.", err=given["as_json"])
            _differences(before, after, err=given["as_json"])
    if given["as_json"]:
        _print(after)


@till.command(
    "replace",
    epilog=common.examples(
        "sudo terminalctl onslip till show 7 --json > till-7.json",
        "sudo terminalctl onslip till replace 7 till-7.json",
    ),
)
@_id
@click.argument("file", type=click.File("rb"), metavar="FILE")
@_yes
@access.server_options
def replace(id_: int, file: IO[bytes], **given: Any) -> None:
    """Put FILE in the place of TILL (an id).

    What is not in FILE is cleared. Shows what will change, and asks. `[secret]` in FILE stands for what is
    there now. Needs edit-tills.
    """
    from terminal.cli.onslip import fields  # noqa: PLC0415 - loads the models: not for any other command

    wanted = _read(file) or {}
    if wanted.get("id", id_) != id_:
        raise WrongUse(f"The file holds the till {wanted['id']}, and not {id_}.")
    if not wanted.get("name"):
        raise WrongUse("A till has a name, and the file holds none.")
    with _tills(given) as tills:
        before, etag = tills.get(id_)
        body = fields.unmasked(fields.own(wanted), before)
        if not _differences(fields.own(before), body, err=True):
            click.echo(f"The till {id_} is so already.", err=given["as_json"])
            after = before
        else:
            common.confirm(f"Replace the till {id_} {tables.clean(before['name'])!r} so?", given["yes"])
            after = tills.replace(id_, body, etag)
            click.echo(f"The till {id_} is replaced.", err=given["as_json"])
    if given["as_json"]:
        _print(after)


@till.command("remove", epilog=common.examples("sudo terminalctl onslip till remove 9", "… remove 9 --yes"))
@_id
@_yes
@access.server_options
def remove(id_: int, **given: Any) -> None:
    """Remove TILL (an id). A machine that is bound to it can do nothing any more. Needs edit-tills.

    The server keeps it: `till list --deleted` shows it, and `till update --clear deleted` brings it back.
    """
    with _tills(given) as tills:
        body, _ = tills.get(id_)
        name = tables.clean(body["name"])
        if "deleted" in body:
            raise WrongUse(f"The till {id_} {name!r} is removed already.")
        device = body.get("device-id")
        bound = f" The machine {tables.clean(device)!r} is bound to it!" if device else ""
        common.confirm(f"Remove the till {id_} {name!r}?{bound}", given["yes"])
        tills.remove(id_)
    if given["as_json"]:
        common.print_json({"id": id_, "removed": True})
    else:
        click.echo(f"The till {id_} {name!r} is removed.")


@contextmanager
def _tills(given: dict[str, Any]) -> Iterator[Tills]:
    from terminal.cli.onslip.tills import Tills  # noqa: PLC0415 - an HTTP client, which no other command loads

    server = access.server(given)
    client = access.client(server)
    try:
        yield Tills(client, server.timeout_s)
    finally:
        client.close()


def _read(file: IO[bytes] | None) -> Body | None:
    from terminal.cli.onslip.fields import read_body  # noqa: PLC0415 - see above

    return None if file is None else read_body(file.read(_LARGEST), file.name)


def _row(body: Body) -> tuple[object, ...]:
    names = ("type", "location", "device-id", "client-user-agent", "description")
    kind, location, device, agent, description = (body.get(name) for name in names)
    if "device-key" in body and device is None:
        device = "a key without an id"
    told = "removed" if "deleted" in body else description
    return (body["id"], body["name"], kind or "till", location, device, agent, told)


def _show(body: Body, *, as_json: bool) -> None:
    from terminal.cli.onslip.fields import leaves  # noqa: PLC0415 - see above

    if as_json:
        _print(body)
    else:
        click.echo(
            tables.table(("field", "value"), [*leaves({"id": body["id"], "name": body["name"], **body})])
        )


def _differences(before: Body, after: Body, *, err: bool) -> bool:
    from terminal.cli.onslip.fields import differences, own  # noqa: PLC0415 - see above

    rows = differences(own(before), own(after))
    if rows:
        click.echo(tables.table(("field", "before", "after"), rows), err=err)
    return bool(rows)


def _print(value: Any) -> None:
    """Print JSON, numbers digit by digit, without secrets."""
    import msgspec  # noqa: PLC0415 - see above

    from terminal.backends.onslip.json import write_json  # noqa: PLC0415 - see above
    from terminal.cli.onslip.fields import masked  # noqa: PLC0415 - see above

    click.echo(msgspec.json.format(write_json(masked(value)), indent=2).decode())
