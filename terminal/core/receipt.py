"""What stands on a receipt: values in, a document out. Pure: the moment and its time zone come in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from terminal.core import money
from terminal.core.paper import Columns, Document, Line, Rule, Text
from terminal.core.stamp import Stamp
from terminal.core.token import mask
from terminal.core.value import Value

_REFERENCE = 12
"""As many signs of the key tell one receipt of a terminal from another, and fit on narrow paper."""


class _Words(Value, frozen=True):
    title: str
    terminal: str
    time: str
    clock: str
    card: str
    inserted: str
    credited: str
    balance: str
    later: str
    reference: str


_ENGLISH = _Words(
    title="Top-up",
    terminal="Terminal",
    time="Time",
    clock="The clock was not set: the time may be wrong.",
    card="Card",
    inserted="Inserted",
    credited="Credited",
    balance="New balance",
    later="Your account is credited as soon as the server is reached. Keep this receipt until then.",
    reference="Reference",
)
_GERMAN = _Words(
    title="Aufladung",
    terminal="Terminal",
    time="Zeit",
    clock="Die Uhr war nicht gestellt: die Zeit kann falsch sein.",
    card="Karte",
    inserted="Eingeworfen",
    credited="Gutgeschrieben",
    balance="Neues Guthaben",
    later="Ihr Konto wird aufgeladen, sobald der Server erreicht ist. Bewahren Sie den Beleg bis dahin auf.",
    reference="Beleg",
)
_LANGUAGES = {"de": _GERMAN}


def topup_receipt(
    *,
    head: Sequence[str],
    terminal: str,
    at: Stamp,
    token: str,
    amount: int,
    key: str,
    currency: str,
    locale: str,
    coins: Sequence[int] = (),
    confirmed: bool = False,
    balance: int | None = None,
    zone: tzinfo = UTC,
) -> Document:
    """Return the receipt for coins that were credited to a token.

    Args:
        head: Who takes the money (``TopupRules.receipt``); the first line is printed large.
        terminal: The terminal's id.
        at: When it was credited; where its clock was not set, the receipt says so.
        token: The UID; only its masked form is printed.
        amount: Credited, in cents.
        key: The entry's idempotency key; its end is printed as the reference.
        currency: ISO 4217.
        locale: Such as ``de_DE``: the language (English, if it is not known) and the decimal sign.
        coins: Value in cents of each coin, where it is known.
        confirmed: Whether the server has booked it; if not, the receipt says that it will be.
        balance: The new balance in cents, printed only where the server confirmed.
        zone: Time zone to print the moment in.
    """
    words = _LANGUAGES.get(locale[:2].lower(), _ENGLISH)

    def show(cents: int) -> str:
        return money.show(cents, currency, locale)

    lines: list[Line] = _headed(head, words.title)
    lines += [Columns(words.terminal, terminal), Columns(words.time, _moment(at, zone))]
    if not at.synced:
        lines.append(Text(words.clock))
    lines += [Columns(words.card, mask(token)), Rule()]
    lines += [
        Columns(f"{count} x {show(coin)}", show(count * coin)) for coin, count in sorted(Counter(coins).items())
    ]
    if coins:
        lines.append(Columns(words.inserted, show(sum(coins))))
    lines.append(Columns(words.credited, show(amount), bold=True))
    if confirmed and balance is not None:
        lines.append(Columns(words.balance, show(balance)))
    lines.append(Rule())
    if not confirmed:
        lines.append(Text(words.later))
    lines.append(Columns(words.reference, reference(key)))
    return Document(tuple(lines))


def reference(key: str) -> str:
    """Return the end of an idempotency key, by which a person finds the entry again."""
    return key[-_REFERENCE:].lstrip("-/:._")


def _headed(head: Sequence[str], title: str) -> list[Line]:
    first = [Text(head[0], align="center", bold=True, large=True)] if head else []
    others = [Text(line, align="center") for line in head[1:]]
    return [*first, *others, Text(""), Text(title, align="center", bold=True), Rule()]


def _moment(at: Stamp, zone: tzinfo) -> str:
    moment = datetime.fromtimestamp(at.wall_ms // 1000, zone)
    return f"{moment:%Y-%m-%d %H:%M} {moment.tzname() or ''}".rstrip()
