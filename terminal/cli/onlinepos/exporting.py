"""What the commands of `onlinepos export` share: their options, and how records come into a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from terminal.cli.errors import WrongUse
from terminal.cli.export import Record
from terminal.cli.onlinepos import access
from terminal.cli.onlinepos.moments import Moment, earliest
from terminal.cli.out_file import OPTIONS, OutFile, counting

if TYPE_CHECKING:
    from terminal.cli.onlinepos.access import Reads
    from terminal.cli.onlinepos.records import Tally

Texts = dict[str, str | None]
Source = Callable[["Reads", Texts | None], Iterable[Record]]
_F = TypeVar("_F", bound=Callable[..., Any])

_OVERLAP = timedelta(days=1)
"""How far before the last record of a file is read again: what is paid late is listed late."""

_LIMIT = click.option("--limit", type=click.IntRange(1), metavar="N", help="Stop after so many records.")
_GO_ON = click.option(
    "--continue", "go_on", is_flag=True, help="Go on with FILE, or with a FILE.part that was broken off."
)
TIMES = "A day or time in Denmark, such as 2026-10-25 or '2026-10-25 02:30 summer'."


def options(*more: Any, needs: bool = False, times: bool = True, go_on: bool = False) -> Callable[[_F], _F]:
    """Let a command take what all do, *more*, and a time; *needs*: it must be given."""

    def add(command: _F) -> _F:
        period = (
            click.option("--from", "first", type=Moment(), required=needs, help=f"From then on. {TIMES}"),
            click.option(
                "--to", "last", type=Moment(end=True), required=needs, help="Until then, that included."
            ),
        )
        for option in reversed(
            (*(period if times else ()), *more, *OPTIONS, _LIMIT, *((_GO_ON,) if go_on else ()))
        ):
            command = option(command)
        return access.server_options(command)

    return add


def write(
    given: dict[str, Any], fields: Iterable[str], key: Iterable[str], source: Source, latest: str = ""
) -> None:
    """Write the records of *source*, and say on stderr how many they were."""
    from terminal.cli.onlinepos.records import Sheet, put  # noqa: PLC0415 - for this command alone

    server = access.server(given)
    go_on = bool(given.get("go_on"))
    if go_on and not given["out"]:
        raise click.UsageError("--continue goes on with a file: name it by --out.")
    sheet = Sheet(given["form"], tuple(fields), tuple(key))
    keep = "go_on" in given
    with closing(access.client(server)) as client, OutFile(given["out"], go_on=go_on, keep=keep) as file:
        reads = access.Reads(client, server.timeout_s, f"--continue goes on with {file.part}." if keep else "")
        tally = put(
            file, sheet, lambda last: counting(source(reads, last)), limit=given["limit"], latest=latest
        )
    _tell(tally, given["out"])


def _tell(tally: Tally, out: str) -> None:
    number = "1 record" if tally.written == 1 else f"{tally.written} records"
    words = f"{number} more than the {tally.before} that were there" if tally.before else number
    where = f" in {out}" if out else ""
    click.echo(f"{words}{where}.", err=True)
    if tally.limited:
        click.echo("There are more: --limit was reached.", err=True)
    if tally.changed:
        click.echo(
            f"! The server tells {tally.changed} of them otherwise now; the file keeps what it told first.",
            err=True,
        )


def span(given: dict[str, Any]) -> tuple[datetime, datetime]:
    """Return the period that is asked for. Raises WrongUse if it ends before it begins."""
    first, last = given["first"], given["last"]
    if first > last:
        raise WrongUse("--from is later than --to.")
    return first, last


def since(first: datetime | None, last: Texts | None, field: str) -> datetime | None:
    """Return from when on is read: some time before the last record that is there already."""
    if last is None or last[field] is None:
        return first
    return earliest(str(last[field])) - _OVERLAP
