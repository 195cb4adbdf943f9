"""`onlinepos export`, of a concern: companies, clerks, and what was taken in."""

from __future__ import annotations

from typing import Any

import click

from terminal.cli.onlinepos.exporting import options, span, write

_UNTOLD = (
    "What the server answers here is not documented: each field is a record of its own, by its entry, whatever "
    "it holds, also of persons."
)


@click.command()
@options(times=False)
def companies(**given: Any) -> None:
    """Companies of the concern with their departments."""
    from terminal.cli.onlinepos import rows_concern as rows  # noqa: PLC0415 - for this command alone

    write(given, rows.COMPANIES, ("company", "department"), lambda reads, _: rows.companies(reads))


@click.command(help=f"Clerks of the concern.\n\n{_UNTOLD}")
@options(times=False)
def clerks(**given: Any) -> None:
    """See above: clerks."""
    from terminal.cli.onlinepos import rows_concern as rows  # noqa: PLC0415 - for this command alone

    write(given, rows.TOLD, (), lambda reads, _: rows.clerks(reads))


@click.command()
@options(needs=True)
def revenue(**given: Any) -> None:
    """Revenue journals of all companies of the concern. It is asked for 48 hours at a time."""
    from terminal.cli.onlinepos import rows_concern as rows  # noqa: PLC0415 - for this command alone

    period = span(given)
    key = ("company", "department", "journal", "ends_utc")
    write(given, rows.REVENUE, key, lambda reads, _: rows.revenue(reads, period))


@click.command()
@options(click.option("--concern", is_flag=True, help="Of all companies of the concern."), needs=True)
def turnover(*, concern: bool, **given: Any) -> None:
    """What was taken in, and of how many guests; from and to are as the server understood them."""
    from terminal.cli.onlinepos import rows_concern as rows  # noqa: PLC0415 - for this command alone

    period = span(given)
    write(given, rows.TURNOVER, (), lambda reads, _: rows.turnover(reads, period, whole=concern))


@click.command(help=f"What debtors bought.\n\n{_UNTOLD}")
@options(needs=True)
def debtors(**given: Any) -> None:
    """See above: debtors."""
    from terminal.cli.onlinepos import rows_concern as rows  # noqa: PLC0415 - for this command alone

    period = span(given)
    write(given, rows.TOLD, (), lambda reads, _: rows.debtor_sales(reads, period))


COMMANDS = (companies, clerks, revenue, turnover, debtors)
