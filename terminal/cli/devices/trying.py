"""`devices try`: what one device says, live, and what it does when it is asked to."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

import click

from drivers.contract import Signal
from terminal.cli import common, tables
from terminal.cli.client import Control
from terminal.cli.devices import local
from terminal.cli.errors import NEEDS_PERSON, NotRunning, Refused, WrongUse
from terminal.listening import ROLES
from terminal.settings import DeviceSettings, Settings

LONGEST_S = 3_600.0
ANSWER_S = 120.0
"""How long the answer of a relay or printer is waited for."""

_ANSWERED = ("pulse", "print", "pay")
_QUESTIONS = {
    "pulse": "{name} is made to give out {what}; nobody pays for it. Go on?",
    "print": "{name} prints a page. Go on?",
    "signal": "{name} shows {what!r} instead of how the terminal is. Go on?",
    "accept": "{name} takes coins while you watch; they stay in the machine, on the books in your name. Go on?",
    "pay": "{name} pays out up to {what} cents; nobody has paid them in. Go on?",
}
_ENDED = {"ReleaseEnded": "release", "PrintEnded": "job", "PayoutEnded": "payout"}
_ILL = {"missing", "failed"}
_COLOURS = {"event": "green", "note": "cyan"}


@click.command(
    "try",
    epilog=common.examples(
        'terminalctl devices try "front reader"            lay cards on it; Ctrl-C ends',
        'terminalctl devices try "front reader" --raw      with every frame on the wire, decoded',
        'terminalctl devices try "front reader" --raw --show-uid   with their bytes',
        'terminalctl devices try relays --pulse espresso --by "the technician"',
        "terminalctl devices try receipts --print",
        "terminalctl devices try lamps --signal 'call staff' --seconds 5",
        'terminalctl devices try "coin slot" --accept 5.00   insert coins and see them; Ctrl-C ends',
        "terminalctl devices try hopper --pay 0.50           pays one coin out",
    ),
)
@click.argument("name")
@click.option("--raw", is_flag=True, help="Show what goes over the wire, too, and what it means.")
@click.option(
    "--show-uid",
    is_flag=True,
    help="Show whole numbers of tokens, and with --raw the bytes that may hold them.",
)
@click.option(
    "--pulse",
    metavar="[PRODUCT]",
    is_flag=False,
    flag_value="",
    help="Have a relay give out PRODUCT, once; without it, what its own line gives out.",
)
@click.option("--print", "print_", is_flag=True, help="Print a page that shows what comes out right.")
@click.option(
    "--signal", type=click.Choice([each.value for each in Signal]), help="Show a signal of lamps and buzzers."
)
@click.option("--accept", metavar="AMOUNT", help="Have an acceptor take coins up to AMOUNT, such as 5.00.")
@click.option("--pay", metavar="AMOUNT", help="Have a hopper or changer pay out AMOUNT, such as 0.50.")
@click.option("--by", metavar="NAME", help="Who tries it: it stands in the journal, but for --signal.")
@click.option("--seconds", type=click.FloatRange(0.1, LONGEST_S), help="End by itself after so long.")
@click.option("--yes", is_flag=True, help="Do not ask whether I am sure.")
@common.config_option
@common.json_option
def try_(name: str, **given: Any) -> None:
    """Watch device NAME live: tokens, buttons, coins, its health, and with --raw every frame.

    With the daemon running, the device goes on to work: a card that you lay on it buys. Without a daemon, this
    program drives the device itself. Numbers of tokens are shown by their last digits.

    --pulse, --print, --signal, --accept and --pay make it do something, after a question and only while nobody
    is at the machine. What is given out, printed, paid or taken is written into the journal with your name; so
    all but --print and --signal need the daemon.

    Exits with 1 if the device did not do it, or does not work.
    """
    settings = common.settings()
    device = _device(settings, name)
    act, what = _act(given)
    asked = _asked(device, act, what, given["by"], yes=given["yes"])
    seconds: float | None = given["seconds"]
    lasts_s = seconds or (ANSWER_S if act in _ANSWERED else LONGEST_S)
    asked |= {"seconds": lasts_s, "raw": given["raw"], "full_uids": given["show_uid"]}
    watch = _Watch(act, until_answer=seconds is None)
    try:
        with closing(_stream(settings, device, asked)) as lines:
            for line in lines:
                click.echo(json.dumps(line, ensure_ascii=False) if given["as_json"] else _shown(line))
                if watch.over(line):
                    break
    except KeyboardInterrupt:
        click.echo(err=True)
    click.get_current_context().exit(0 if watch.well() else NEEDS_PERSON)


def _device(settings: Settings, name: str) -> DeviceSettings:
    for device in settings.devices:
        if device.name == name:
            return device
    known = ", ".join(device.name for device in settings.devices)
    raise WrongUse(f"There is no device {name!r} in the configuration; there are: {known}.")


def _act(given: dict[str, Any]) -> tuple[str, str]:
    acts = {
        "pulse": given["pulse"],
        "print": "" if given["print_"] else None,
        "signal": given["signal"],
        "accept": _cents("--accept", given["accept"]),
        "pay": _cents("--pay", given["pay"]),
    }
    wanted = [(act, what) for act, what in acts.items() if what is not None]
    if len(wanted) > 1:
        raise click.UsageError("One of --pulse, --print, --signal, --accept and --pay at a time.")
    return wanted[0] if wanted else ("", "")


def _cents(option: str, amount: str | None) -> str | None:
    return None if amount is None else str(common.cents(option, amount, least=1))


def _asked(device: DeviceSettings, act: str, what: str, by: str | None, *, yes: bool) -> dict[str, Any]:
    """Return what the daemon is asked, after the questions that come first."""
    if not act:
        return {"act": "", "what": "", "by": ""}
    if device.role not in ROLES[act]:
        roles = " or ".join(f'role = "{role}"' for role in ROLES[act])
        raise WrongUse(
            f"{device.name!r} is a {device.role.replace('_', ' ')}: --{act} is for devices with {roles}."
        )
    name = "" if act == "signal" else common.ask("--by", "Your name", by)
    common.confirm(_QUESTIONS[act].format(name=device.name, what=what or "a piece"), yes)
    return {"act": act, "what": what, "by": name}


def _stream(settings: Settings, device: DeviceSettings, asked: dict[str, Any]) -> Any:
    """Return what the device says: from the daemon, or, where none runs, by driving it here."""

    def from_daemon() -> Generator[dict[str, Any]]:
        with Control(settings.control.socket) as control:
            yield from control.stream(f"/v1/devices/{quote(device.name, safe='')}/try", asked, asked["seconds"])

    lines = from_daemon()
    try:
        first = next(lines)
    except NotRunning:
        return local.listen(settings, device, asked)
    return _chained(first, lines)


def _chained(first: dict[str, Any], rest: Generator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    line = first
    with closing(rest):
        yield first
        for line in rest:
            yield line
    if line["kind"] != "end":
        raise Refused("terminald has ended. Look at `terminalctl status` before you try again.")


class _Watch:
    """What has been seen of the device, and whether all is well."""

    def __init__(self, act: str, *, until_answer: bool) -> None:
        self._awaits = act in _ANSWERED
        self._until_answer = until_answer
        self._key = ""
        self._ends: dict[str, str] = {}  # an answer may come before the words that tell its key
        self._health = ""

    def over(self, line: dict[str, Any]) -> bool:
        """Take a line; return whether nothing more is waited for."""
        values = line["values"]
        self._key = values.get("key", self._key)
        self._health = values.get("health", self._health)
        if line["event"] in _ENDED:
            key = str(values[_ENDED[line["event"]]]).partition("/")[0]
            self._ends[key] = values["ended"] if values.get("paid", True) else "nothing came out"
        return self._awaits and self._until_answer and self._key in self._ends

    def well(self) -> bool:
        """Return whether it did what it should, and works."""
        return self._ends.get(self._key) == "done" if self._awaits else self._health not in _ILL


def _shown(line: dict[str, Any]) -> str:
    words = tables.clean(line["words"])
    if line["kind"] == "traffic":
        words = f"{line['way']} {'  '.join(part for part in (line['raw'], words) if part)}"
    at = click.style(f"{line['at_s']:9.3f}", dim=True)
    return f"{at}  {click.style(words, fg=_COLOURS.get(line['kind']))}"
