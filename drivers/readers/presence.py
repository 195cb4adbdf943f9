"""What lies on a reader that says which token it sees, and never that it went.

The same number again is the same token, still there; another number is another token; a while of silence means
that it is gone. Time is passed in, in seconds of any clock that never runs backwards.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

from drivers.contract import Emit
from drivers.readers.uid import Refused
from terminal.core.events import TokenPresented, TokenRemoved, TokenUnreadable

Said = TypeVar("Said")
"""What a reader says of a token; equal as long as it says the same."""


class Presence(Generic[Said]):
    """Tells what comes and goes on the reader *name*.

    Args:
        name: The reader.
        emit: Takes the events.
        judge: Makes the canonical id of what the reader said, or raises Refused.
        gone_s: Silence after which a token is gone.
        settle_s: What a reader that was just opened may take to say what lies on it.
    """

    def __init__(
        self, name: str, emit: Emit, judge: Callable[[Said], str], gone_s: float, settle_s: float
    ) -> None:
        self._name = name
        self._emit = emit
        self._judge = judge
        self._gone_s = gone_s
        self._settle_s = max(gone_s, settle_s)
        self._lying: Said | None = None  # what the reader said of it
        self._until = 0.0  # it is gone if nothing more was said of it by then
        self._lay_before: float | None = None  # what is seen before lay there when it was first opened
        self._log = logging.getLogger(__name__)

    def opened(self, now: float) -> None:
        """Note that the reader was opened; a token that lay there before is given time to be seen again."""
        if self._lay_before is None:
            self._lay_before = now + self._settle_s
        self._until = now + self._settle_s

    def seen(self, said: Said, now: float) -> None:
        """Tell what lies there, if it is not known: the reader said *said* of it."""
        self._until = now + self._gone_s
        if said == self._lying:
            return
        self._tell_removed()
        self._lying = said
        try:
            uid = self._judge(said)
        except Refused as error:
            self._log.info("%s: a token was not taken: %s", self._name, error.why)
            self._emit(TokenUnreadable(self._name, error.words))
            return
        lying = self._lay_before is not None and now < self._lay_before
        self._emit(TokenPresented(self._name, uid, lying=lying))

    def silent(self, now: float) -> None:
        """Tell that it is gone, if that is so at *now*.

        Whoever calls this looked *after* that time whether the reader has said something, and it had not. So a
        thread that was late takes away no token whose number waited to be read.
        """
        if now >= self._until:
            self._tell_removed()

    def left_s(self, now: float) -> float | None:
        """Return after how many seconds of silence it would be gone; None if nothing lies there."""
        return None if self._lying is None else max(0.0, self._until - now)

    def _tell_removed(self) -> None:
        if self._lying is not None:
            self._lying = None
            self._emit(TokenRemoved(self._name))
