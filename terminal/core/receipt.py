"""What stands on a receipt: values in, a document out. Pure: the moment and its time zone come in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from terminal.core import money
from terminal.core.paper import Columns, Document, Drawer, Line, Rule, Text
from terminal.core.receipt_words import Words, words_of
from terminal.core.stamp import Stamp
from terminal.core.token import mask

_REFERENCE = 12
"""As many signs of the key tell one receipt of a terminal from another, and fit on narrow paper."""


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
        coins: Value in cents of each coin that was inserted, where it is known.
        confirmed: Whether the server has booked it; if not, the receipt says that it will be.
        balance: The balance after it in cents, where it is known; while the server has not booked it yet, it is
            called the balance that will be.
        zone: Time zone to print the moment in.
    """
    words = words_of(locale)

    def show(cents: int) -> str:
        return money.show(cents, currency, locale)

    lines = headed(head, words.title)
    lines += where(words, terminal, at, zone)
    lines += [Columns(words.card, mask(token)), Rule()]
    lines += [
        Columns(f"{count} x {show(coin)}", show(count * coin)) for coin, count in sorted(Counter(coins).items())
    ]
    if coins:
        lines.append(Columns(words.inserted, show(sum(coins))))
    lines.append(Columns(words.credited, show(amount), bold=True))
    if balance is not None:
        lines.append(Columns(words.balance if confirmed else words.balance_then, show(balance)))
    lines.append(Rule())
    if not confirmed:
        lines.append(Text(words.later))
    lines.append(Columns(words.reference, reference(key)))
    return Document(tuple(lines))


def payout_receipt(
    *,
    head: Sequence[str],
    terminal: str,
    at: Stamp,
    key: str,
    currency: str,
    locale: str,
    returned: int,
    credited: int = 0,
    unclaimed: int = 0,
    unknown: int = 0,
    zone: tzinfo = UTC,
) -> Document:
    """Return the receipt for money that was paid back.

    *returned* surely came out; *credited* did not, and went to the guest's token; *unclaimed* did not either,
    and is kept for the guest; *unknown* is what nobody can tell of: all in cents. *key* is what the books call
    it by. The rest is as for `topup_receipt`.
    """
    words = words_of(locale)

    def show(cents: int) -> str:
        return money.show(cents, currency, locale)

    lines = headed(head, words.payout)
    lines += where(words, terminal, at, zone)
    lines += [Rule(), Columns(words.returned, show(returned), bold=True)]
    if credited:
        lines.append(Columns(words.credited, show(credited), bold=True))
    if unclaimed:
        lines += [Columns(words.unclaimed, show(unclaimed), bold=True), Text(words.kept)]
    if unknown:
        lines += [Columns(words.unknown, show(unknown), bold=True), Text(words.look)]
    lines += [Rule(), Columns(words.reference, reference(key))]
    return Document(tuple(lines))


def as_copy(document: Document, number: int, locale: str) -> Document:
    """Return *document* as its copy *number*, which it says at the top and the bottom; it opens no drawer."""
    mark = f"{words_of(locale).copy} {number}"
    top = Text(mark, align="center", bold=True, large=True)
    lines = [line for line in document.lines if not isinstance(line, Drawer)]
    return Document((top, *lines, Text(""), Text(mark, align="center", bold=True)))


def reference(key: str) -> str:
    """Return the end of an idempotency key, by which a person finds the entry again."""
    return key[-_REFERENCE:].lstrip("-/:._")


def headed(head: Sequence[str], title: str) -> list[Line]:
    """Return who takes the money, its first line large, and the title of what follows."""
    lines: list[Line] = [Text(head[0], align="center", bold=True, large=True)] if head else []
    lines += [Text(line, align="center") for line in head[1:]]
    return [*lines, Text(""), Text(title, align="center", bold=True), Rule()]


def where(words: Words, terminal: str, at: Stamp, zone: tzinfo) -> list[Line]:
    """Return the lines that say at which terminal and when, and whether its clock was set."""
    lines: list[Line] = [Columns(words.terminal, terminal), Columns(words.time, moment(at, zone))]
    return lines if at.synced else [*lines, Text(words.clock)]


def moment(at: Stamp, zone: tzinfo) -> str:
    """Return the day and time of *at* in *zone*, as it is printed."""
    local = datetime.fromtimestamp(at.wall_ms // 1000, zone)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname() or ''}".rstrip()
