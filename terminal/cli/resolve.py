"""What a person decides of an entry: `journal resolve`; `journal retry` and `journal void` are short for it."""

from __future__ import annotations

import click
import msgspec

from terminal.cli import common
from terminal.cli.client import Control
from terminal.cli.errors import WrongUse
from terminal.cli.meaning import meaning
from terminal.cli.story import facts
from terminal.core.records import Entry

QUESTIONS = {
    "delivered": "Has the server booked it, by its own books? This cannot be undone.",
    "resend": "Send it again?",
    "write-off": "Settle it without the server? This cannot be undone.",
}
"""What can be decided, in the words of the control socket, and what is asked before that."""

_number = click.argument("number", type=click.IntRange(min=1), metavar="NUMBER")
_by = click.option("--by", metavar="NAME", help="Who decides: it stands in the journal for ever.")
_reason = click.option("--reason", metavar="TEXT", help="Why: it stands in the journal for ever.")
_yes = click.option("--yes", is_flag=True, help="Do not ask whether I am sure.")


@click.command(
    epilog=common.examples(
        'terminalctl journal resolve 17 --delivered --by "the technician" --reason "on the card, 3 May 12:04"',
        'terminalctl journal resolve 17 --resend --by "the technician" --reason "not on the card"',
        'terminalctl journal resolve 17 --write-off --by "the technician" --reason "paid back, receipt 4711"',
    )
)
@_number
@click.option("--delivered", is_flag=True, help="The server has booked it: I found it in its own books.")
@click.option("--resend", is_flag=True, help="It is sent again; if it was in doubt: I found it is not booked.")
@click.option("--write-off", is_flag=True, help="It is settled without the server, and not sent any more.")
@_by
@_reason
@_yes
@common.config_option
@common.json_option
def resolve(
    number: int,
    by: str | None,
    reason: str | None,
    *,
    delivered: bool,
    resend: bool,
    write_off: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Settle entry NUMBER, which waits for a person, in one of three ways.

    What the server told before the try and afterwards is in `terminalctl journal show NUMBER`. Look in the
    server's own books before you decide: a second booking costs a customer money. What was sent a moment ago is
    not sent again until the server must have settled it.
    """
    chosen = [how for how, is_so in zip(QUESTIONS, (delivered, resend, write_off), strict=True) if is_so]
    if len(chosen) != 1:
        raise WrongUse("Say which one it is: --delivered, --resend or --write-off.")
    _decide(chosen[0], number, by, reason, yes=yes, as_json=as_json)


@click.command(
    epilog=common.examples(
        'terminalctl journal retry 17 --by "the technician" --reason "not on the server, looked on 3 May"'
    )
)
@_number
@_by
@_reason
@_yes
@common.config_option
@common.json_option
def retry(number: int, by: str | None, reason: str | None, *, yes: bool, as_json: bool) -> None:
    """Send entry NUMBER once more, with the same key.

    Short for `resolve NUMBER --resend`. For an entry whose outcome is unknown, look on the server first: where
    it drops no repeats, a second booking costs a customer money.
    """
    _decide("resend", number, by, reason, yes=yes, as_json=as_json)


@click.command(
    epilog=common.examples(
        'terminalctl journal void 17 --by "the technician" --reason "booked by hand, receipt 4711"'
    )
)
@_number
@_by
@_reason
@_yes
@common.config_option
@common.json_option
def void(number: int, by: str | None, reason: str | None, *, yes: bool, as_json: bool) -> None:
    """Settle entry NUMBER without the server: it is not sent any more. This cannot be undone.

    Short for `resolve NUMBER --write-off`.
    """
    _decide("write-off", number, by, reason, yes=yes, as_json=as_json)


def _decide(how: str, number: int, by: str | None, reason: str | None, *, yes: bool, as_json: bool) -> None:
    settings = common.settings()
    name = common.ask("--by", "Your name", by)
    words = common.ask("--reason", "The reason", reason)
    with Control(settings.control.socket) as control:
        if not yes:
            entry = msgspec.convert(control.get(f"/v1/journal/{number}")["entry"], Entry)
            lines = [*facts(entry, settings.terminal.currency), meaning(entry)]
            click.echo("\n".join(lines), err=True)
        common.confirm(QUESTIONS[how], yes)
        answer = control.post(f"/v1/journal/{number}/resolve", {"how": how, "by": name, "reason": words})
    if as_json:
        common.print_json(answer)
    else:
        click.echo(f"Entry {number} is {answer['entry']['state']} now.")
