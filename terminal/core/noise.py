"""Storms of noise: an acceptor that reports all the time what is no coin. Pure.

A broken wire can look like three coins a second that nobody knows, for months. Each report would be a row on an
SD card and a screen for guests. So only the first ones are written one by one; what comes beyond is counted,
and written as one fact when the window ends, or when the terminal stops. An acceptor that was still in a storm
then has the next window counted from its beginning.

What concerns money is never counted but written at once: events that were lost, and whatever carries a mark,
for the driver forgets what its mark says is told.
"""

from __future__ import annotations

from collections.abc import Mapping

from terminal.core.events import CoinTrouble, CoinUnrecognised
from terminal.core.facts import CoinNotCredited, DeviceCounted, Fact
from terminal.core.value import Value, replace

FIRST = 20
"""So many reports of an acceptor within WINDOW_MS are written, and shown, one by one."""

WINDOW_MS = 600_000

_MINUTE_MS = 60_000
_RANK = {CoinTrouble.UNKNOWN: 0, CoinTrouble.LOST: 1, CoinTrouble.FRAUD: 2}


class Window(Value, frozen=True):
    """What an acceptor reported within a stretch of time.

    Attributes:
        since_ms: Monotonic milliseconds at which it began; it ends WINDOW_MS later.
        room: How many reports may still be written one by one.
        heard: How many reports came.
        counted: How many of them are not written yet.
        worst: The last one of the worst among these.
        alike: How many of these are as bad as that.
    """

    since_ms: int
    room: int = FIRST
    heard: int = 0
    counted: int = 0
    worst: CoinUnrecognised | None = None
    alike: int = 0

    @property
    def until_ms(self) -> int:
        """Monotonic milliseconds at which it ends."""
        return self.since_ms + WINDOW_MS


Windows = Mapping[str, Window]
"""By the name of the acceptor."""


class Heard(Value, frozen=True):
    """What follows from a report; *calm*: guests may read of it, for it is no storm."""

    windows: Windows
    facts: tuple[Fact, ...] = ()
    calm: bool = True


def report(
    windows: Windows, event: CoinUnrecognised, now_ms: int, *, broken: bool = False, stopping: bool = False
) -> Heard:
    """Return what follows from *event*.

    Args:
        windows: What was reported lately.
        event: What is reported now.
        now_ms: Monotonic milliseconds.
        broken: Whether nothing can be written: then what is counted is counted on, and written afterwards.
        stopping: Whether the terminal stops: then nothing is counted any more.
    """
    facts: tuple[Fact, ...] = ()
    window = windows.get(event.acceptor) or Window(now_ms)
    if now_ms >= window.until_ms and not broken:
        window, facts = _next(event.acceptor, window, now_ms)
    calm = window.room > 0
    window = replace(window, heard=window.heard + 1, room=max(0, window.room - 1))
    if calm or stopping or event.mark or event.trouble is CoinTrouble.LOST:
        facts += _as_it_is(event)
    else:
        window = _counted(window, event)
    return Heard({**windows, event.acceptor: window}, facts, calm)


def due_ms(windows: Windows) -> int | None:
    """Return the monotonic milliseconds at which `passed` has something to write; None: never."""
    return min((window.until_ms for window in windows.values() if window.counted), default=None)


def passed(windows: Windows, now_ms: int) -> Heard:
    """Write what was counted in windows that are over."""
    facts: tuple[Fact, ...] = ()
    after = dict(windows)
    for acceptor, window in windows.items():
        if window.counted and now_ms >= window.until_ms:
            after[acceptor], told = _next(acceptor, window, now_ms)
            facts += told
    return Heard(after, facts)


def ended(windows: Windows, now_ms: int) -> Heard:
    """Write all that was counted: the terminal stops."""
    facts: tuple[Fact, ...] = ()
    for acceptor, window in windows.items():
        facts += _sum(acceptor, window, now_ms)
    return Heard({}, facts)


def _next(acceptor: str, window: Window, now_ms: int) -> tuple[Window, tuple[Fact, ...]]:
    """Return the window after *window*, and the fact of what was counted in that."""
    storm = window.heard > FIRST and now_ms < window.until_ms + WINDOW_MS
    return Window(now_ms, room=0 if storm else FIRST), _sum(acceptor, window, now_ms)


def _as_it_is(event: CoinUnrecognised) -> tuple[Fact, ...]:
    fact = CoinNotCredited(event.acceptor, event.pulses, event.words, event.trouble)
    return (fact, DeviceCounted(event.acceptor, event.mark)) if event.mark else (fact,)


def _counted(window: Window, event: CoinUnrecognised) -> Window:
    worst, alike = window.worst, window.alike
    if worst is None or _RANK[event.trouble] > _RANK[worst.trouble]:
        worst, alike = event, 1
    elif event.trouble is worst.trouble:
        worst, alike = event, alike + 1
    return replace(window, counted=window.counted + 1, worst=worst, alike=alike)


def _sum(acceptor: str, window: Window, now_ms: int) -> tuple[Fact, ...]:
    """Return what was counted as one fact; none if nothing was."""
    if window.worst is None:
        return ()
    number = window.counted
    minutes = max(1, round((now_ms - window.since_ms) / _MINUTE_MS))
    within = f"within {minutes} minutes" if minutes > 1 else "within a minute"
    if window.alike == number:
        words = f"{number} more report{'s' * (number > 1)} like this one {within}"
    else:
        words = f"{number} more reports {within}, {window.alike} of them like this one"
    return (CoinNotCredited(acceptor, number, f"{words}: {window.worst.words}", window.worst.trouble),)
