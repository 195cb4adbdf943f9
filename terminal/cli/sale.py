"""The sale of tickets under way: `sale show`, `sale card`, `sale note`, `sale cancel`."""

from __future__ import annotations

from typing import Any

import click

from terminal.cli import common, tables
from terminal.cli.client import Control
from terminal.cli.errors import Refused
from terminal.core import money

_COLUMN, _NAME = 10, 8


@click.group()
def sale() -> None:
    """The sale of tickets that is under way, for staff beside the kiosk."""


@sale.command("show", epilog=common.examples("terminalctl sale show", "terminalctl sale show --json | jq .due"))
@common.config_option
@common.json_option
def show(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Show what was chosen, what is paid and what is due."""
    with _control() as control:
        found = control.get("/v1/sale")
    if as_json:
        common.print_json(found)
    else:
        click.echo("\n".join(_page(found)))


@sale.command(
    epilog=common.examples(
        'terminalctl sale card 8817-4402 --amount 42.00 --by "the cashier"',
        'terminalctl sale card 8817-4402 --by "the cashier"    asks whether all that is due was taken',
    )
)
@click.argument("reference")
@click.option("--amount", metavar="AMOUNT", help="What the card terminal has taken, such as 42.00.")
@click.option("--by", metavar="NAME", help="Who has seen the payment.")
@click.option("--yes", is_flag=True, help="Without --amount: all that is due was taken; do not ask.")
@common.config_option
@common.json_option
def card(reference: str, amount: str | None, by: str | None, **given: bool) -> None:
    """Say that a card terminal of its own has taken all that is due: the tickets are printed.

    Let it take what `sale show` calls due, first. REFERENCE is what its slip calls the payment; it stands in
    the journal and goes to the server. One payment pays one sale: a reference that was used is refused,
    and so is that of a payment which this terminal began itself (roles.payments).
    """
    cents = None if amount is None else common.cents("--amount", amount, least=1)
    name = common.ask("--by", "Your name", by)
    with _control() as control:
        if cents is None:
            cents = _all_due(control.get("/v1/sale"), given["yes"])
    with _control() as control:
        asked = {"reference": reference, "amount": cents, "by": name}
        entry = control.post("/v1/sale/card", asked)["sale"]
    if given["as_json"]:
        common.print_json(entry)
    else:
        tickets = "1 ticket" if entry["tickets"] == 1 else f"{entry['tickets']} tickets"
        click.echo(tables.clean(f"Paid: {tickets} as {entry['code']}, entry {entry['seq']} of the journal."))


@sale.command(epilog=common.examples('terminalctl sale note "wheelchair, entrance B" --by "the cashier"'))
@click.argument("text")
@click.option("--by", metavar="NAME", help="Who says so.")
@common.config_option
@common.json_option
def note(text: str, by: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Note TEXT with the sale under way: it goes to the server with it."""
    name = common.ask("--by", "Your name", by)
    with _control() as control:
        found = control.post("/v1/sale/note", {"text": text, "by": name})["sale"]
    if as_json:
        common.print_json(found)
    else:
        click.echo(f"Noted: {tables.clean(found['notes'])}")


@sale.command(epilog=common.examples("terminalctl sale cancel"))
@common.config_option
@common.json_option
def cancel(as_json: bool) -> None:  # noqa: FBT001 - click's flag
    """Give up the sale under way, like the `cancel` button: coins that are in go back to the guest."""
    with _control() as control:
        found = control.post("/v1/sale/cancel", {})
    if as_json:
        common.print_json(found)
    else:
        click.echo(f"Cancelled. The screen says: {found['says']}.")


def _called(found: dict[str, Any]) -> str:
    name = tables.clean(found["card_reference"])
    return f", which its server calls {name}" if name else ""


def _control() -> Control:
    return Control(common.settings().control.socket)


def _all_due(found: dict[str, Any], yes: bool) -> int:  # noqa: FBT001 - the flag --yes
    """Return what is due, which the person says was taken."""
    due: int = found["due"]
    if not due:
        raise Refused("Nothing is due: no sale waits for a payment.")
    common.confirm(f"Has the card terminal taken {money.show(due, found['currency'])}?", yes)
    return due


def _page(found: dict[str, Any]) -> list[str]:
    if not found["under_way"]:
        words = f" ({tables.clean(found['words'])})" if found["words"] else ""
        return [f"No sale is under way. The screen says: {found['says']}{words}."]

    def amount(cents: int) -> str:
        return money.show(cents, found["currency"]).rjust(_COLUMN)

    rows = [
        (
            line["quantity"],
            line["description"],
            amount(line["unit"]),
            amount(-line["discount"]) if line["discount"] else "",
            amount(line["total"]),
        )
        for line in found["lines"]
    ]
    heads = ("pieces", "what", "unit".rjust(_COLUMN), "discount".rjust(_COLUMN), "total".rjust(_COLUMN))
    told = [
        ("total", amount(found["total"])),
        ("coins", amount(found["coins"])),
        ("wallet", f"{amount(found['wallet'])}  token {found['token']}" if found["wallet"] else ""),
        ("card", f"{amount(found['card'])}  at the card terminal{_called(found)}" if found["card"] else ""),
        ("due", amount(found["due"])),
        ("in cash", f"{amount(in_cash)}  rounded" if (in_cash := found["cash_due"]) != found["due"] else ""),
        ("code", found["code"]),
        ("staff", found["staff"]),
        ("notes", tables.clean(found["notes"])),
    ]
    lines = [
        click.style(f"A sale is under way: {found['phase']}", bold=True),
        "",
        tables.table(heads, rows),
        "",
    ]
    return lines + [f"{name:<{_NAME}}{value}" for name, value in told if value]
