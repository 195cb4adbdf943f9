"""`onlinepos export`, of goods: products, what can be taken away, and stock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from terminal.cli.onlinepos.exporting import TIMES, options, span, write
from terminal.cli.onlinepos.moments import Moment

_location = click.option("--location", type=click.IntRange(1), metavar="N", help="Only at this place.")
_at = click.option("--at", type=Moment(end=True), help=f"As it was then. {TIMES}")
_company = click.option(
    "--company", type=click.IntRange(1), metavar="NUMBER", help="Of this company of the concern."
)


@click.command()
@options(times=False)
def products(**given: Any) -> None:
    """Products with all their prices, and what they cost."""
    from terminal.cli.onlinepos import rows_goods as rows  # noqa: PLC0415 - for this command alone

    write(given, rows.PRODUCTS, ("product",), lambda reads, _: rows.products(reads))


@click.command()
@options(times=False)
def takeaway(**given: Any) -> None:
    """What can be taken away, and what is sold out; choices stand behind their product."""
    from terminal.cli.onlinepos import rows_goods as rows  # noqa: PLC0415 - for this command alone

    write(given, rows.TAKEAWAY, (), lambda reads, _: rows.to_take_away(reads))


@click.command()
@options(times=False)
def shops(**given: Any) -> None:
    """Shops of the concern, from which things are taken away."""
    from terminal.cli.onlinepos import rows_goods as rows  # noqa: PLC0415 - for this command alone

    write(given, rows.SHOPS, ("shop",), lambda reads, _: rows.shops(reads))


@click.command()
@options(
    click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Such as 2026-10-25 [default: today]."),
    times=False,
)
def timeslots(day: datetime | None, **given: Any) -> None:
    """Times of a day at which orders can be fetched."""
    from terminal.cli.onlinepos import rows_goods as rows  # noqa: PLC0415 - for this command alone

    write(given, rows.SLOTS, (), lambda reads, _: rows.slots(reads, day.date() if day else None))


# -- stock ---------------------------------------------------------------------------------------------


@click.command()
@options(
    click.option("--values", is_flag=True, help="By stock product and place, with what it has cost."),
    click.option("--totals", is_flag=True, help="By stock product, with what it has cost at all places."),
    _location,
    _at,
    _company,
    times=False,
)
def stock(
    location: int | None, at: datetime | None, company: int | None, *, values: bool, totals: bool, **given: Any
) -> None:
    """What there is of each EAN, or of each stock product.

    --location and --at go with --values and --totals, and --company goes with --values.
    """
    from terminal.cli.onlinepos import rows_stock as rows  # noqa: PLC0415 - for this command alone

    if values and totals:
        raise click.UsageError("--values or --totals, not both.")
    if not (values or totals) and (location is not None or at is not None):
        raise click.UsageError("--location and --at are for --values and --totals.")
    if not values and company is not None:
        raise click.UsageError("--company is for --values.")
    if values:
        key = ("location", "product")
        write(given, rows.VALUES, key, lambda reads, _: rows.by_place(reads, company, location, at))
    elif totals:
        write(given, rows.TOTALS, ("product",), lambda reads, _: rows.totals(reads, location, at))
    else:
        write(given, rows.STOCK, (), lambda reads, _: rows.by_ean(reads))


@click.command()
@options(_company, needs=True)
def consumption(company: int | None, **given: Any) -> None:
    """What was used of each stock product."""
    from terminal.cli.onlinepos import rows_stock as rows  # noqa: PLC0415 - for this command alone

    period = span(given)
    key = ("product",)
    write(given, rows.CONSUMPTION, key, lambda reads, _: rows.consumption(reads, period, company))


@click.command()
@options(_company, times=False)
def locations(company: int | None, **given: Any) -> None:
    """Places where there is stock."""
    from terminal.cli.onlinepos import rows_stock as rows  # noqa: PLC0415 - for this command alone

    write(given, rows.LOCATIONS, ("location",), lambda reads, _: rows.locations(reads, company))


@click.command()
@options(times=False)
def composition(**given: Any) -> None:
    """What one of each product takes from the stock."""
    from terminal.cli.onlinepos import rows_stock as rows  # noqa: PLC0415 - for this command alone

    write(given, rows.COMPOSITION, (), lambda reads, _: rows.composition(reads))


COMMANDS = (products, takeaway, shops, timeslots, stock, consumption, locations, composition)
