"""`kensium export`: what is in a tenant, for spreadsheets and programs. Only reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from terminal.cli import common
from terminal.cli.errors import Trouble
from terminal.cli.export import Record, as_csv
from terminal.cli.kensium import access
from terminal.cli.out_file import OPTIONS, OutFile, counting

if TYPE_CHECKING:
    from terminal.cli.kensium.rows import Reads

_F = TypeVar("_F", bound=Callable[..., Any])
_Source = Callable[["Reads"], Iterable[Record]]

_SYNC = click.option(
    "--sync",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep a copy there, and read only what has changed since it was made.",
)
_DAY = click.DateTime(["%Y-%m-%d"])


def _options(*more: Any) -> Callable[[_F], _F]:
    """Let a command take what all do, and *more*."""

    def add(command: _F) -> _F:
        for option in reversed((*more, *OPTIONS)):
            command = option(command)
        return access.server_options(command)

    return add


@click.group(
    epilog=common.examples(
        "terminalctl kensium export items --out items.csv",
        "terminalctl kensium export sales --sync sales.db --out sales.csv   read what is new, write all",
        "terminalctl kensium export sales --from 2026-05-01 --to 2026-06-01 --format jsonl",
        "terminalctl kensium export giftcard 04a1b2c3d4e5f6",
    )
)
def export() -> None:
    """Read what is in a tenant, however much there is. Amounts are exact; nothing is changed."""


@export.command()
@_options(_SYNC)
def items(sync: Path | None, **given: Any) -> None:
    """Items with their names and units. Permission: ViewInventory."""
    _feed("items", sync, given)


@export.command()
@_options(_SYNC)
def warehouses(sync: Path | None, **given: Any) -> None:
    """Prices and stock of items by warehouse. Permission: ViewInventory."""
    _feed("warehouses", sync, given)


@export.command()
@_options(_SYNC)
def lots(sync: Path | None, **given: Any) -> None:
    """Serial numbers and lots. Permission: ViewInventory."""
    _feed("lots", sync, given)


@export.command()
@_options(
    _SYNC,
    click.option("--from", "first", type=_DAY, help="From this day on, as the registers call it."),
    click.option("--to", "last", type=_DAY, help="Until this day, which is not in."),
    click.option("--customer", metavar="ID", help="Only of this customer."),
)
def sales(
    sync: Path | None, first: datetime | None, last: datetime | None, customer: str | None, **given: Any
) -> None:
    """Sales of registers. Their times may be local ones that are told as UTC. Permission: ViewSales."""
    chosen = {
        "from_date": _day(first),
        "to_date": _day(last),
        "customer_id": customer,
    }
    if sync and any(chosen.values()):
        raise click.UsageError("--sync keeps all sales: not with --from, --to or --customer.")
    _feed("sales", sync, given, **chosen)


@export.command()
@_options(
    click.option("--id", "id_", metavar="ID", help="Only this customer."),
    click.option("--member-id", metavar="ID", help="Only the member with this id."),
)
def customers(id_: str | None, member_id: str | None, **given: Any) -> None:
    """Customers. Permission: ViewCustomers."""
    from terminal.cli.kensium import rows  # noqa: PLC0415 - for this command alone

    _write(given, rows.CUSTOMERS, lambda reads: rows.customers(reads, id_, member_id))


@export.command()
@click.argument("code")
@_options(
    click.option(
        "--code-type", type=click.Choice(["PHYSICAL", "PERSONAL", "EXTERNAL"]),
        help="Of the code [default: as configured, else PHYSICAL].",
    ),
)  # fmt: skip
def giftcard(code: str, code_type: str | None, **given: Any) -> None:
    """The gift card with CODE: its balance and its codes, masked. Permission: FindGiftCardByCode.

    CODE as the server knows it, which for a token is its UID as token_case and token_order write it.
    """
    from terminal.cli.kensium import rows  # noqa: PLC0415 - for this command alone

    _write(given, rows.GIFTCARDS, lambda reads: rows.giftcards(reads, code, code_type))


# -- writing -------------------------------------------------------------------------------------------


def _day(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%d")


def _feed(name: str, sync: Path | None, given: dict[str, Any], **chosen: str | None) -> None:
    """Export a list that can be followed; *sync*: where a copy of it is kept."""
    from terminal.cli.kensium import rows  # noqa: PLC0415 - for this command alone

    def source(reads: Reads) -> Iterator[Record]:
        return rows.listed(reads, name, chosen) if sync is None else rows.followed(reads, name, sync)

    _write(given, rows.FIELDS[name], source)


def _write(given: dict[str, Any], fields: Iterable[str], source: _Source) -> None:
    """Write the records of *source*, and say on stderr how many they were."""
    from terminal.cli.kensium.rows import Reads  # noqa: PLC0415 - for this command alone

    server, count = access.server(given), 0
    with closing(access.tenant(server)) as tenant, OutFile(given["out"]) as file:
        reads = Reads(tenant, server.timeout_s)
        for line in _lines(given["form"], fields, counting(source(reads))):
            file.write(line)
            count += 1
    count -= given["form"] == "csv"
    where = f" in {given['out']}" if given["out"] else ""
    click.echo(f"{'1 record' if count == 1 else f'{count} records'}{where}.", err=True)
    if reads.limited:
        raise Trouble("The server hides a part of it: the roles of the application do not show it.")


def _lines(form: str, fields: Iterable[str], records: Iterable[Record]) -> Iterator[str]:
    if form == "csv":
        return as_csv(fields, records)
    return (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
