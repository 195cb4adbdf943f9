"""The chain over all facts: pure functions, so that one row can be checked on paper.

Each row's hash is a keyed BLAKE2b (RFC 7693) of the hash before it, the table's name and the row's content.
Who edits, removes or inserts a row cannot make the hashes fit without the key. The head (the last number and
hash) has a seal of its own, because without it a removed tail would leave a chain that looks whole.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from terminal.core.stamp import Stamp
from terminal.core.value import Value

Cell = int | str | None

STAMP = ("wall_ms", "mono_ms", "boot", "synced")

CONTENT: dict[str, tuple[str, ...]] = {
    "entries": (
        "key",
        "kind",
        "backend",
        "token",
        "amount",
        "pieces",
        "description",
        "tag",
        "session",
        "refers_to",
        "added_held",
        "added_state",
        "added_words",
        "payload",
    ),
    "attempts": ("entry", "outcome", "state", "status", "words", "balance", "told"),
    "decisions": ("entry", "action", "state", "by", "words"),
    "releases": ("release", "entry", "kind", "device", "detail", "ended", "words", "document"),
    "cash": ("session", "kind", "amount", "device", "counter", "entry", "place"),
    "sessions": ("session", "event", "token", "reason"),
    "coin_faults": ("device", "pulses", "words", "trouble"),
    "payouts": ("payout", "session", "entry", "device", "amount", "mark", "ended", "paid", "words"),
    "emptyings": ("device", "pieces", "amount", "counted", "by"),
    "sales_reported": ("device", "item", "amount"),
    "reports": ("number", "after", "upto", "carried", "payload", "by"),
}
"""The chained tables with the columns that are facts; columns not named here are derived from facts."""

_ADDED = {"entries": 1, "attempts": 1, "releases": 1, "cash": 1, "coin_faults": 1}
"""How many columns of a table, the last ones, are younger than it: each counts where it is not NULL."""

_FEWEST = {table: len(CONTENT[table]) + 1 + len(STAMP) - added for table, added in _ADDED.items()}

_SIZE = 16  # 128 bits: as a keyed hash, beyond guessing
_HEAD_PARTS = 3
KEY_SIZES = range(16, 65)  # what BLAKE2b takes, and what is long enough to be a secret


class Head(Value, frozen=True):
    """The end of the chain: the last number given out, and the hash of its row."""

    seq: int
    hash: bytes


def columns(table: str) -> tuple[str, ...]:
    """Return the hashed columns of *table*, in the order in which they are hashed."""
    return ("seq", *STAMP, *CONTENT[table])


def row(seq: int, now: Stamp, content: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """Return a row's values in the order of `columns`."""
    return (seq, now.wall_ms, now.mono_ms, now.boot, int(now.synced), *content)


def link(key: bytes, previous: bytes, table: str, values: tuple[object, ...]) -> bytes:
    """Return the hash of a row with *values* (in the order of `columns`) that follows *previous*."""
    fewest = _FEWEST.get(table)
    while fewest is not None and len(values) > fewest and values[-1] is None:
        values = values[:-1]
    body = msgspec.json.encode((table, *values))
    return blake2b(previous + body, key=key, digest_size=_SIZE, person=b"row").digest()


def origin(key: bytes, base: int) -> Head:
    """Return the head of a journal without rows, whose first row will have the number *base* + 1."""
    return Head(base, blake2b(str(base).encode(), key=key, digest_size=_SIZE, person=b"origin").digest())


def key_mark(key: bytes) -> str:
    """Return what a journal keeps to recognise its key by."""
    return blake2b(b"", key=key, digest_size=_SIZE, person=b"key").hexdigest()


def sealed(key: bytes, head: Head) -> str:
    """Return *head* as it is kept: number, hash and seal."""
    body = f"{head.seq} {head.hash.hex()}"
    seal = blake2b(body.encode(), key=key, digest_size=_SIZE, person=b"head")
    return f"{body} {seal.hexdigest()}"


def unsealed(text: object) -> Head | None:
    """Return the head that *text* holds, without a look at its seal; None if it holds none."""
    parts = str(text).split(" ")
    try:
        return Head(int(parts[0]), bytes.fromhex(parts[1])) if len(parts) == _HEAD_PARTS else None
    except ValueError:
        return None
