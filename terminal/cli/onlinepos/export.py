"""`onlinepos export`: what is in a company, for spreadsheets and programs. Only reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from terminal.cli import common
from terminal.cli.onlinepos import access, export_concern, export_goods
from terminal.cli.onlinepos.exporting import Texts, options, since, span, write

if TYPE_CHECKING:
    from terminal.cli.export import Record
    from terminal.cli.onlinepos.access import Reads


@click.group(
    epilog=common.examples(
        "terminalctl onlinepos export sales --from 2026-05-01 --to 2026-05-31 --out may.csv",
        "terminalctl onlinepos export sales --out sales.csv --continue    what is new since the last time",
        "terminalctl onlinepos export history --card 090000100000463 --format jsonl",
        "terminalctl onlinepos export journal --from 2026-05-01 --to 2026-05-31",
        "terminalctl onlinepos export cards --debtor 1042",
        "terminalctl onlinepos export revenue --from 2026-05-01 --to 2026-05-31",
        "terminalctl onlinepos export stock --values",
    )
)
def export() -> None:
    """Read what is in a company, however much there is. Nothing is changed.

    Amounts are in kroner, exact, and in JSON texts, as are numbers of cards. Times are as clocks in Denmark
    show them, and beside that in UTC.
    """


# -- sales ---------------------------------------------------------------------------------------------

_order = click.option(
    "--from-order", type=click.IntRange(1), metavar="N", help="From that order on, by the server's order ids."
)


@export.command()
@options(_order, go_on=True)
def sales(from_order: int | None, **given: Any) -> None:
    """Lines of orders that were paid.

    The server lists from a time on, up to now: what is later than --to is read, too, and left out. What was
    paid in the hour that comes twice in autumn is in, if it may be; paid_utc is empty there. --continue reads
    from a day before the last line on.
    """
    from terminal.cli.onlinepos import rows_sales as rows  # noqa: PLC0415 - for this command alone

    def source(reads: Reads, last: Texts | None) -> Iterable[Record]:
        time = rows.Span(since(given["first"], last, "paid"), given["last"])
        return rows.lines(rows.sold(reads, time, from_order))

    write(given, rows.LINES, ("line",), source, "paid")


@export.command()
@options(_order)
def orders(from_order: int | None, **given: Any) -> None:
    """Orders that were paid, each with the sums of its lines."""
    from terminal.cli.onlinepos import rows_sales as rows  # noqa: PLC0415 - for this command alone

    time = rows.Span(given["first"], given["last"])
    write(given, rows.ORDERS, ("order",), lambda reads, _: rows.orders(rows.sold(reads, time, from_order)))


@export.command()
@options(
    click.option("--company", type=click.IntRange(1), metavar="NUMBER", help="Only of this company."),
    click.option("--department", metavar="NAME", default="", help="Only of these terminals."),
    click.option(
        "--card", type=access.CardNumber(), metavar="NUMBER", default="", help="Only what this card has paid."
    ),
    click.option(
        "--field", type=click.Choice(["lokation", "location"]), default="lokation", show_default=True,
        help="What the server calls the company: its page says both.",
    ),
    needs=True,
    go_on=True,
)  # fmt: skip
def koncern(company: int | None, department: str, card: str, field: Any, **given: Any) -> None:
    """Lines of orders of all companies of the concern."""
    from terminal.cli.onlinepos import rows_sales as rows  # noqa: PLC0415 - for this command alone

    first, end = span(given)

    def source(reads: Reads, last: Texts | None) -> Iterable[Record]:
        begin = since(first, last, "time") or first
        return rows.of_concern(
            reads, (begin, end), company=company, department=department, card=card, field=field
        )

    write(given, rows.CONCERN, ("company", "line"), source, "time")


@export.command()
@options(
    click.option("--register", type=click.IntRange(0), metavar="N", help="Only of this cash register."),
    needs=True,
    go_on=True,
)
def journal(register: int | None, **given: Any) -> None:
    """Postings of the ends of days. It is asked for a day at a time."""
    from terminal.cli.onlinepos import rows_sales as rows  # noqa: PLC0415 - for this command alone

    first, end = span(given)
    place = access.server(given).options.journal_parameters

    def source(reads: Reads, last: Texts | None) -> Iterable[Record]:
        begin = since(first, last, "time") or first
        return rows.journal(reads, (begin, end), register, place)

    write(given, rows.JOURNAL, ("register", "journal", "position"), source, "time")


# -- cards ---------------------------------------------------------------------------------------------

_group = click.option("--group", "groups", metavar="NAME", multiple=True, help="Only of this card group.")
_open = click.option("--open", "only_open", is_flag=True, help="Only cards that are not closed.")
_card = click.option(
    "--card", "numbers", type=access.CardNumber(), metavar="NUMBER", multiple=True, help="Only this card."
)
_from_card = click.option(
    "--from-card", type=access.CardNumber(), metavar="NUMBER", default="", help="Only from this card on."
)
_to_card = click.option(
    "--to-card", type=access.CardNumber(), metavar="NUMBER", default="", help="Only up to this card."
)


@export.command()
@options(
    _group,
    _from_card,
    _to_card,
    click.option(
        "--debtor", "debtors", type=access.CardNumber(), metavar="NUMBER", multiple=True,
        help="Only of this debtor.",
    ),
    click.option(
        "--in-concern", "elsewhere", type=access.CardNumber(), metavar="NUMBER", multiple=True,
        help="Only this card, of any company of the concern.",
    ),
    click.option("--full", is_flag=True, help="Also price groups, discounts and waiters: 50 cards at a time."),
    _open,
    click.option("--personal", is_flag=True, help="Also phone numbers, e-mail addresses and RFIDs."),
    times=False,
)  # fmt: skip
def cards(
    groups: tuple[str, ...], from_card: str, to_card: str, debtors: tuple[str, ...],
    elsewhere: tuple[str, ...], *, full: bool, only_open: bool, personal: bool, **given: Any,
) -> None:  # fmt: skip
    """Cards with their balances.

    Price groups, discounts (in percent) and waiters are told with --full, and where a group or a range of cards
    is asked for.
    """
    from terminal.cli.onlinepos import rows_cards as rows  # noqa: PLC0415 - for this command alone

    by_status = bool(full or groups or from_card or to_card)
    if by_status + bool(debtors) + bool(elsewhere) > 1:
        raise click.UsageError(
            "--debtor and --in-concern are lists of their own: no other choice goes with them."
        )

    def source(reads: Reads, _: object) -> Iterable[Record]:
        if debtors:
            found = rows.of_debtors(reads, debtors)
        elif elsewhere:
            found = rows.of_concern(reads, elsewhere)
        elif by_status:
            found = rows.by_status(reads, groups, (from_card, to_card), closed=not only_open)
        else:
            found = rows.every_card(reads)
        return rows.listed((each for each in found if not (only_open and each.closed)), personal=personal)

    write(given, (*rows.CARDS, *(rows.PERSONAL if personal else ())), ("card",), source)


@export.command()
@options(_card, _from_card, _to_card, _group, _open, times=False)
def points(
    numbers: tuple[str, ...], from_card: str, to_card: str, groups: tuple[str, ...], *, only_open: bool,
    **given: Any,
) -> None:  # fmt: skip
    """Points of cards in campaigns."""
    from terminal.cli.onlinepos import rows_cards as rows  # noqa: PLC0415 - for this command alone

    write(
        given,
        rows.POINTS,
        ("card", "campaign"),
        lambda reads, _: rows.points(reads, numbers, groups, (from_card, to_card), closed=not only_open),
    )


@export.command()
@options(needs=True)
def movements(**given: Any) -> None:
    """What came to each card and went from it, in sums."""
    from terminal.cli.onlinepos import rows_cards as rows  # noqa: PLC0415 - for this command alone

    period = span(given)
    write(given, rows.MOVEMENTS, ("card",), lambda reads, _: rows.movements(reads, period))


@export.command()
@options(_card, click.option("--all", "every", is_flag=True, help="Of all cards: one question for each."))
def history(numbers: tuple[str, ...], *, every: bool, **given: Any) -> None:
    """Each change of the balance of a card, of several, or of all."""
    from terminal.cli.onlinepos import rows_cards as rows  # noqa: PLC0415 - for this command alone
    from terminal.cli.onlinepos.rows_sales import Span  # noqa: PLC0415 - likewise

    if bool(numbers) == every:
        raise click.UsageError("Name cards by --card, or say --all.")
    time = Span(given["first"], given["last"])

    def source(reads: Reads, _: object) -> Iterable[Record]:
        asked = numbers or (each.number for each in rows.every_card(reads))
        return rows.history(reads, asked, time)

    write(given, rows.HISTORY, ("card", "position"), source)


# -- campaigns ----------------------------------------------------------------------------------------


@export.command()
@options(click.option("--inactive", is_flag=True, help="Also those that do not run."), times=False)
def campaigns(*, inactive: bool, **given: Any) -> None:
    """Campaigns, with the products that count and those that are given."""
    from terminal.cli.onlinepos import rows_cards as rows  # noqa: PLC0415 - for this command alone

    key = ("campaign", "role", "product")
    write(given, rows.CAMPAIGNS, key, lambda reads, _: rows.every_campaign(reads, inactive=inactive))


for command in (*export_concern.COMMANDS, *export_goods.COMMANDS):
    export.add_command(command)
