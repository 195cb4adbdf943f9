"""`onlinepos voucher`: coins that nobody claimed become a voucher, whose number follows from their entry."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

import click
import msgspec

from terminal.cli import common
from terminal.cli.client import Control
from terminal.cli.errors import Refused, Trouble, WrongUse
from terminal.cli.onlinepos import access
from terminal.core import money
from terminal.core.delivery import Answer, Outcome
from terminal.core.facts import EntryKind, EntryState
from terminal.core.records import Entry
from terminal.core.token import mask
from terminal.settings import Settings

if TYPE_CHECKING:
    from terminal.backends.onlinepos.vouchers import Vouchers
    from terminal.cli.onlinepos.access import Server
    from terminal.core.reconcile_evidence import Key

_TILL_THEN = "Run the same command again: it makes no second one."


@click.command(
    epilog=common.examples(
        'sudo terminalctl onlinepos voucher 17 --by "the technician"',
        'sudo terminalctl onlinepos voucher 17 --by "the technician" --yes --json',
    )
)
@click.argument("number", type=click.IntRange(min=1), metavar="NUMBER")
@click.option("--by", metavar="NAME", help="Who gives the voucher out: it stands in the journal for ever.")
@click.option("--yes", is_flag=True, help="Do not ask whether I am sure.")
@access.server_options
@common.json_option
def voucher(number: int, by: str | None, *, yes: bool, as_json: bool, **given: Any) -> None:
    """Make a voucher of the coins of entry NUMBER, which nobody claimed, and settle the entry with it.

    Its number follows from the entry, so that a second run finds the voucher of the first one and makes none:
    when an answer was lost, run it again. The entry is written off under your name once the voucher is there.
    Of an entry that is settled it tells the number again. Needs `voucher_campaign` in the configuration.
    """
    from terminal.backends.onlinepos.campaigns_known import Campaigns  # noqa: PLC0415 - an HTTP client
    from terminal.backends.onlinepos.vouchers import Vouchers  # noqa: PLC0415 - likewise, for this alone

    server, settings = access.server(given), common.settings()
    name = common.ask("--by", "Your name", by)
    client = access.client(server)
    try:
        with Control(settings.control.socket) as control:
            entry = _entry(control, number)
            vouchers = Vouchers(client, server.options, Campaigns(client, server.backend))
            _check(vouchers, entry)
            code = vouchers.number(entry.key)
            if not _there(vouchers, entry, code, server, settings):
                lack = vouchers.lack(monotonic() + server.timeout_s)
                if lack:
                    raise Trouble(f"Nothing was sent: {lack}.")
                common.confirm(f"Make a voucher of {_money(entry.amount, settings)}? It is money.", yes)
                _make(vouchers, entry, code, server)
            if entry.state is EntryState.PARKED:
                _settle(control, entry, code, name)
    finally:
        client.close()
    if as_json:
        common.print_json({"entry": number, "voucher": code, "amount": entry.amount})
    else:
        click.echo(f"Voucher {code}, worth {_money(entry.amount, settings)}. Entry {number} is settled by it.")


def _entry(control: Control, number: int) -> Entry:
    """Return an entry of coins that nobody claimed.

    Raises:
        WrongUse: It is something else.
    """
    entry = msgspec.convert(control.get(f"/v1/journal/{number}")["entry"], Entry)
    if entry.kind is not EntryKind.UNCLAIMED or not entry.amount:
        raise WrongUse(f"Entry {number} is not of coins that nobody claimed: no voucher is made of it.")
    return entry


def _check(vouchers: Vouchers, entry: Entry) -> None:
    try:
        vouchers.points(entry.amount)
    except ValueError as error:
        raise Trouble(f"Nothing was sent: {error}.") from None
    if entry.state is EntryState.PARKED and not entry.created.synced:
        raise Trouble(
            f"Nothing was sent: the clock was not set when entry {entry.seq} was made, and the voucher would "
            "be valid from that day on. Make one in the back office, and settle the entry by "
            f"`terminalctl journal resolve {entry.seq} --write-off`."
        )


def _there(vouchers: Vouchers, entry: Entry, code: str, server: Server, settings: Settings) -> bool:
    """Return whether an earlier run has made the voucher.

    Raises:
        Trouble: That cannot be read, or the voucher of that number is another one; or the entry is settled
            otherwise.
    """
    found = _found(vouchers, code, server)
    if entry.state is not EntryState.PARKED and not found.there:
        raise Trouble(f"Entry {entry.seq} is settled already ({entry.words}), and not by a voucher.")
    if found.there and found.amount != entry.amount:
        worth = _money(found.amount or 0, settings)
        raise Trouble(
            f"There is a voucher {code}, worth {worth} and not {_money(entry.amount, settings)}: it was spent "
            "from, or is somebody else's. Nothing was made; look into it in the back office."
        )
    return found.there


def _found(vouchers: Vouchers, code: str, server: Server) -> Key:
    found = vouchers.find(code, server.timeout_s)
    if isinstance(found, Answer):
        raise access.trouble(found, "Looking for the voucher")
    return found


def _make(vouchers: Vouchers, entry: Entry, code: str, server: Server) -> None:
    """Make the voucher; what is lost on the way is looked for once."""
    from terminal.backends.onlinepos.vouchers import danish_day  # noqa: PLC0415 - see above
    from terminal.backends.onlinepos.writes import is_taken  # noqa: PLC0415 - see above

    answer = vouchers.make(code, entry.amount, danish_day(entry.created), server.timeout_s)
    if answer.outcome is Outcome.DELIVERED:
        return
    if is_taken(answer):
        raise Trouble(
            f"There is a voucher {code} already, which the server does not show. If an earlier run of this "
            "command made it, hand it out and settle the entry by "
            f"`terminalctl journal resolve {entry.seq} --write-off`."
        )
    if answer.outcome is not Outcome.UNKNOWN:
        raise access.trouble(answer, "Making the voucher")
    found = vouchers.find(code, server.timeout_s)
    if not isinstance(found, Answer) and found.there and found.amount == entry.amount:
        return
    words = f"It is not known whether the voucher {code} was made: {answer.words}."
    raise Trouble(f"{words} {_TILL_THEN}")


def _settle(control: Control, entry: Entry, code: str, name: str) -> None:
    # The number itself is money: it stands in no log.
    body = {"how": "write-off", "by": name, "reason": f"given out as the OnlinePOS voucher {mask(code)}"}
    try:
        control.post(f"/v1/journal/{entry.seq}/resolve", body)
    except (Refused, WrongUse) as error:
        raise Trouble(
            f"The voucher {code} is made, but entry {entry.seq} could not be settled: {error.format_message()} "
            f"If somebody gave the money out otherwise, have the voucher closed in the back office; if not: "
            f"{_TILL_THEN}"
        ) from None


def _money(cents: int, settings: Settings) -> str:
    return money.show(cents, settings.terminal.currency)
