"""Where purchase codes and infixes come from: chance, or a clock; and a key. Pure: chance and time come in."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from terminal.core.ticket_rules import CodeRules

Chance = Callable[[int], bytes]
"""Gives so many random bytes, as os.urandom."""

BASE_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

EPOCH_MS = 1_704_067_200_000
"""2024-01-01 UTC, from which structured codes count their milliseconds: up to the year 2113."""

KEY_SIZES = range(16, 65)
"""Bytes of the key of a `derived` infix: what is long enough to be a secret, and what BLAKE2b takes."""

_BYTES = 256
_SPARE = 8  # bytes that are drawn beyond the characters that are needed, since some are rejected
_ROUNDS = 64  # after so many with too few usable bytes the source is broken
_TIME_WIDTH, _SEQUENCE_WIDTH = 8, 2
_LAST_MS = 36**_TIME_WIDTH - 1
_SEQUENCES = 36**_SEQUENCE_WIDTH
_LEAP_BYTES = 3  # milliseconds: up to 4.7 hours


class Symbols:
    """Makes characters of an alphabet out of random bytes, each as likely as any other.

    A byte stands for the character at its remainder; bytes that would give the first characters one chance more
    are rejected. Both are one call of bytes.translate, which is why no loop is faster.
    """

    def __init__(self, alphabet: str) -> None:
        size = len(alphabet)
        self._table = bytes(ord(alphabet[byte % size]) for byte in range(_BYTES))
        self._rejected = bytes(range(_BYTES - _BYTES % size, _BYTES))

    def of(self, raw: bytes) -> str:
        """Return the characters that *raw* gives: one for each byte that is not rejected."""
        return raw.translate(self._table, self._rejected).decode()

    def draw(self, length: int, chance: Chance) -> str:
        """Return *length* characters; fewer only from a source whose bytes are no good."""
        found = self.of(chance(length + _SPARE))
        for _ in range(_ROUNDS):
            if len(found) >= length:
                break
            found += self.of(chance(length + _SPARE))
        return found[:length]


class Clockwork:
    """Structured purchase codes: 8 characters of time, 3 of the device, 2 of a sequence, all in base 36.

    The time is the wall clock's, or that of the last code where the clock stands still or was set back: no code
    comes twice out of one object, and no two devices make the same one. After a restart nothing is known of the
    last code: that is why every code is looked for in the books, and why `leap` is there.
    """

    def __init__(self, device: str, wall_ms: Callable[[], int]) -> None:
        self._device = device
        self._wall_ms = wall_ms
        self._time = -1
        self._sequence = 0

    def leap(self, ms: int) -> None:
        """Go on *ms* after the last code: that one was known, and others near it may be too."""
        self._time, self._sequence = self._time + ms, -1

    def next(self) -> str:
        """Return the next code; empty where the time is over, in 2113."""
        now = max(0, self._wall_ms() - EPOCH_MS)
        if now > self._time:
            self._time, self._sequence = now, 0
        elif self._sequence + 1 < _SEQUENCES:
            self._sequence += 1
        else:
            self._time, self._sequence = self._time + 1, 0
        if self._time > _LAST_MS:
            return ""
        time = padded(self._time, BASE_36, _TIME_WIDTH)
        return f"{time}{self._device}{padded(self._sequence, BASE_36, _SEQUENCE_WIDTH)}"


def derived(code: str, length: int, symbols: Symbols, key: bytes) -> str:
    """Return the infix that *key* gives *code*: who has the key can tell a code that was made up.

    Keyed BLAKE2b (RFC 7693) of the code, 64 bytes for each block, made characters as random bytes are.
    """
    found, block = "", 0
    while len(found) < length:
        salt = block.to_bytes(blake2b.SALT_SIZE)
        found += symbols.of(blake2b(code.encode(), key=key, salt=salt, person=b"ticket infix").digest())
        block += 1
    return found[:length]


def padded(n: int, digits: str, width: int) -> str:
    """Return *n* in the base of *digits*, with leading zeros; it fits, which the caller has seen to."""
    found = ""
    for _ in range(width):
        n, digit = divmod(n, len(digits))
        found = digits[digit] + found
    return found


def drawing(
    rules: CodeRules, chance: Chance, wall_ms: Callable[[], int], key: bytes
) -> Callable[[bool], tuple[str, str]]:
    """Return what draws a purchase code and its infix; it is told whether the code it gave last was known.

    Either text is short where its source has no more to give.

    Raises:
        ValueError: The infix is `derived`, and *key* has not 16 to 64 bytes.
    """
    symbols, length = Symbols(rules.alphabet), rules.length
    infix = _infix(rules, symbols, chance, key)
    if rules.base == "structured":
        clockwork = Clockwork(rules.device, wall_ms)

        def next_one(known: bool) -> tuple[str, str]:  # noqa: FBT001 - a plain callable
            if known:
                clockwork.leap(1 + int.from_bytes(chance(_LEAP_BYTES)))
            code = clockwork.next()
            return code, infix(code)

        return next_one

    def random_one(_known: bool) -> tuple[str, str]:  # noqa: FBT001 - a plain callable
        code = symbols.draw(length, chance)
        return code, infix(code)

    def random_both(_known: bool) -> tuple[str, str]:  # noqa: FBT001 - a plain callable
        drawn = symbols.draw(length + rules.infix_length, chance)
        return drawn[:length], drawn[length:]

    return random_both if rules.infix == "random" else random_one


def _infix(rules: CodeRules, symbols: Symbols, chance: Chance, key: bytes) -> Callable[[str], str]:
    """Return what gives a purchase code its infix."""
    length = rules.salt_length
    match rules.infix:
        case "random":
            return lambda _: symbols.draw(length, chance)
        case "derived":
            if len(key) not in KEY_SIZES:
                raise ValueError(f"a key of {len(key)} bytes: {KEY_SIZES[0]} to {KEY_SIZES[-1]} are expected")
            return lambda code: derived(code, length, symbols, key)
    return lambda _: rules.infix_text if rules.infix == "fixed" else ""
