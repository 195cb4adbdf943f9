"""When a server is looked at for what it may have booked, and what must not be sent meanwhile.

Looks are made after an eighth of the settling time, then each time after twice as long; the last one after four
times the settling time. Over a restart of the machine with no clock set, the time since the restart counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from terminal.core.stamp import Stamp, elapsed_ms
from terminal.core.value import Value

LOOKS_EIGHTHS = (1, 2, 4, 8, 16, 32)
"""When it is looked, in eighths of the settling time since the last byte may have left."""


class Fate(Enum):
    """How far an operation has come that may still change its account."""

    UNDER_WAY = "under way"  # from the read before it to the end of its try
    IN_DOUBT = "in doubt"  # it will be looked for
    LEFT = "left"  # a person has it; it may be days


class Begun(Value, frozen=True):
    """An operation on an account; *sent* as in Operation, None while it is under way."""

    account: str
    fate: Fate
    sent: Stamp | None = None


def may_begin(account: str, begun: Iterable[Begun], now: Stamp, settling_ms: int) -> bool:
    """Whether evidence for an operation on *account* may be read now, and the operation sent after that.

    Two on one account at once would each be found in the other's evidence. One that a person has hinders only
    until it has settled: from then on it is part of what is read before, booked or not.

    Args:
        account: What bookings are told apart by: a card, a card's points, a department that orders.
        begun: All that is begun and not settled, of this terminal.
        now: This moment.
        settling_ms: After how many milliseconds what a server has not booked will not be booked any more.
    """
    return not any(
        one.fate is not Fate.LEFT or one.sent is None or since_ms(one.sent, now) < settling_ms
        for one in begun
        if one.account == account
    )


def next_look_ms(sent: Stamp, last: Stamp, settling_ms: int) -> int | None:
    """Return in how long, from *last* on, the next look is due; None: the last one was.

    Args:
        sent: The last moment at which bytes may have left.
        last: When the last look began, or any moment before the first.
        settling_ms: As for ``may_begin``.
    """
    since = since_ms(sent, last)
    due = (settling_ms * eighths // 8 for eighths in LOOKS_EIGHTHS)
    return next((moment - since for moment in due if moment > since), None)


def since_ms(earlier: Stamp, later: Stamp) -> int:
    """Return how long before *later* *earlier* was, at least: where no clock can tell, since the restart."""
    elapsed = elapsed_ms(earlier, later)
    return later.mono_ms if elapsed is None else elapsed
