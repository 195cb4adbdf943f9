"""Values on the wire that the adapters share: UIDs, cents, texts, and what was heard of a token. No I/O."""

from __future__ import annotations

import math
import re
import threading
import time
from typing import Any, Generic, Literal, TypeVar

_V = TypeVar("_V")
_UID = re.compile(r"(?:[0-9A-F]{2}){1,32}")

Case = Literal["lower", "upper"]
Order = Literal["as read", "reversed"]


def token_text(uid: str, case: Case, order: Order) -> str:
    """Return a UID as the server writes it: hex without separators.

    Raises:
        ValueError: It is no canonical UID (upper-case hex, whole bytes).
    """
    if not _UID.fullmatch(uid):
        raise ValueError("this token's id is no hexadecimal UID")
    octets = bytes.fromhex(uid)
    text = (octets if order == "as read" else octets[::-1]).hex()
    return text if case == "lower" else text.upper()


def cents(value: Any) -> int | None:
    """Return a whole number of cents; None for anything else (a float, a text, true)."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def text(value: Any) -> str | None:
    """Return a text that is not empty; None for anything else."""
    return value if isinstance(value, str) and value else None


class Remembered(Generic[_V]):
    """What a server said about tokens, for any thread; the oldest is forgotten.

    Args:
        most: Tokens that are remembered.
        for_s: Seconds for which what was said counts.
    """

    def __init__(self, most: int, for_s: float = math.inf) -> None:
        self._most = most
        self._for_s = for_s
        self._lock = threading.Lock()
        self._said: dict[str, tuple[_V, float]] = {}

    def get(self, token: str) -> _V | None:
        """Return what was said; None if nothing was, or too long ago."""
        with self._lock:
            value, heard = self._said.get(token, (None, -math.inf))
        return value if time.monotonic() - heard < self._for_s else None

    def put(self, token: str, value: _V) -> None:
        """Remember *value*."""
        with self._lock:
            self._said.pop(token, None)
            self._said[token] = value, time.monotonic()
            if len(self._said) > self._most:
                del self._said[next(iter(self._said))]

    def forget(self, token: str) -> None:
        """Remember nothing of *token* any more."""
        with self._lock:
            self._said.pop(token, None)
