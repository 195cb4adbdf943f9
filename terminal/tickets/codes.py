"""The codes of a sale of tickets, of their lines and of the tickets themselves. Pure: chance and time come in.

What the server's documentation says: all codes of a purchase begin with its purchase code; a line's code is
that and a number of four digits from 0000 on; a ticket's barcode is made with the purchase code as its base.
The terminal makes all of them, with no network.

What is this project's own, because the vendor's reference is not published: how a purchase code is drawn, and
what follows it in a barcode, an infix and the ticket's number. That is **compatible with the documented
convention, and not verified against the vendor's reference**. The published barcodes are of this form: with
the infix ``XJX`` the default profile gives ``GJXS0LM6RYG37XJX01``. The name of the scheme is kept with each
sale. Another scheme, should the vendor's be had one day, is another class with the methods of
`terminal.core.tickets.Codes`; nothing else changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from terminal.core.catalogue import ProductId
from terminal.core.ticket_rules import CodeRules
from terminal.core.tickets import Codes, Purchase, Ticket
from terminal.core.value import Value
from terminal.tickets.drawing import BASE_36, Chance, drawing, padded

Seal = Callable[[Ticket, ProductId, int], str]
"""Gives the text of a ticket's QR code, by the ticket, its event, and when it was sold (ms since 1970 UTC)."""

SCHEME = "open-1"
"""The name of this project's scheme; ``/random`` or ``/structured`` follows it."""

MOST_ITEMS = 10_000
"""Lines of a purchase: what four digits can number. No more tickets either: each may be a line of its own."""

_ITEM_WIDTH = 4
_TRIES = 20  # purchase codes that are known already, in a row
_DIGITS = {
    10: "0123456789",
    16: "0123456789ABCDEF",
    31: "0123456789BCDFGHJKLMNPQRSTVWXYZ",
    36: BASE_36,
}


class Parsed(Value, frozen=True):
    """What a ticket's barcode is made of: a purchase code, an infix (perhaps empty), the ticket's number."""

    code: str
    salt: str
    number: int


def capacity(rules: CodeRules) -> int:
    """Return how many tickets fit under one purchase code, from ``counter_start`` on."""
    return rules.capacity


def item_code(code: str, index: int) -> str:
    """Return the code of line *index* (from 0) of purchase *code*; documented by the vendor.

    Raises:
        ValueError: *index* is not one of 0..9999: the number never wraps.
    """
    if not 0 <= index < MOST_ITEMS:
        raise ValueError(f"line {index} of a purchase: 0 to {MOST_ITEMS - 1} are expected")
    return f"{code}{index:0{_ITEM_WIDTH}}"


def ticket_barcode(code: str, salt: str, n: int, rules: CodeRules) -> str:
    """Return the barcode of the ticket with number *n*; the form is this project's own.

    Raises:
        ValueError: *n* is below ``counter_start``, or needs more than ``counter_width`` characters.
    """
    end = _end(rules)
    if not rules.counter_start <= n < end:
        raise ValueError(f"ticket number {n}: {rules.counter_start} to {end - 1} are expected")
    return f"{code}{salt}{padded(n, _DIGITS[rules.counter_base], rules.counter_width)}"


def parse(text: str, rules: CodeRules) -> Parsed | None:
    """Return what *text* is made of; None where `ticket_barcode` under *rules* cannot have made it.

    None says nothing against a ticket: servers, and profiles of the past, make other forms. Look it up as it
    is.
    """
    found = _form(rules).fullmatch(text)
    if found is None:
        return None
    number, digits = 0, _DIGITS[rules.counter_base]
    for digit in found["number"]:
        number = number * rules.counter_base + digits.index(digit)
    return Parsed(found["code"], found["salt"], number) if number >= rules.counter_start else None


def make(
    rules: CodeRules,
    *,
    chance: Chance,
    known: Callable[[str], bool],
    wall_ms: Callable[[], int],
    key: bytes = b"",
    seal: Seal | None = None,
) -> Codes:
    """Return what makes codes as *rules* say. One thread at a time may ask it.

    Args:
        rules: The profile.
        chance: A cryptographic generator: whoever can guess codes can make tickets.
        known: Whether the books have a sale of that purchase code.
        wall_ms: Milliseconds since 1970 UTC, for `structured` codes; the clock may be wrong.
        key: Key of a `derived` infix, 16 to 64 bytes.
        seal: What signs tickets; None: the QR code holds the barcode.

    Raises:
        ValueError: The infix is `derived`, and *key* cannot be its key.
    """
    return _OpenCodes(rules, known, drawing(rules, chance, wall_ms, key), seal)


class _OpenCodes:
    """Codes of the open scheme."""

    def __init__(
        self,
        rules: CodeRules,
        known: Callable[[str], bool],
        draw: Callable[[bool], tuple[str, str]],
        seal: Seal | None,
    ) -> None:
        self._rules = rules
        self._known = known
        self._draw = draw
        self._seal = seal
        self._lengths = (rules.length, rules.salt_length)
        self._algorithm = f"{SCHEME}/{rules.base}"

    @property
    def most(self) -> int:
        return capacity(self._rules)

    def purchase(self) -> Purchase | None:
        for attempt in range(_TRIES):
            code, salt = self._draw(attempt > 0)
            if (len(code), len(salt)) == self._lengths and not self._known(code):
                return Purchase(code, salt, self._algorithm)
        return None

    def item(self, purchase: Purchase, index: int) -> str:
        return item_code(purchase.code, index)

    def barcode(self, purchase: Purchase, index: int) -> str:
        if not 0 <= index < self.most:
            raise ValueError(f"ticket {index} of a purchase: 0 to {self.most - 1} are expected")
        return ticket_barcode(purchase.code, purchase.salt, self._rules.counter_start + index, self._rules)

    def sealed(self, ticket: Ticket, event: ProductId, at_ms: int) -> str:
        return self._seal(ticket, event, at_ms) if self._seal else ticket.barcode


def _end(rules: CodeRules) -> int:
    """Return the first number that does not fit any more."""
    return int(rules.counter_base**rules.counter_width)


@lru_cache(maxsize=8)
def _form(rules: CodeRules) -> re.Pattern[str]:
    letters = f"[{rules.alphabet}]"
    salt = rules.infix_text if rules.infix == "fixed" else f"{letters}{{{rules.salt_length}}}"
    digits = f"[{_DIGITS[rules.counter_base]}]{{{rules.counter_width}}}"
    return re.compile(f"(?P<code>{letters}{{{rules.length}}})(?P<salt>{salt})(?P<number>{digits})")
