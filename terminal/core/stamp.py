"""A moment, as the daemon read it. The core reads no clock: moments come in as values."""

from __future__ import annotations

from datetime import UTC, datetime

from terminal.core.value import Value


class Stamp(Value, frozen=True):
    """One moment on two clocks.

    Attributes:
        wall_ms: Milliseconds since 1970 UTC by the wall clock. It may be wrong (a Pi has no battery clock).
        mono_ms: Milliseconds of the monotonic clock, which is right but starts anew at each boot.
        boot: Id of this boot of the machine; two monotonic values compare only under the same one.
        synced: Whether the wall clock was known to be synchronised at that moment.
    """

    wall_ms: int
    mono_ms: int
    boot: str
    synced: bool


def elapsed_ms(earlier: Stamp, later: Stamp) -> int | None:
    """Return the milliseconds from *earlier* to *later*, or None where no clock can tell.

    Within one boot the monotonic clock answers. Across boots only two synchronised wall clocks can, and
    never with a negative answer: a wall clock that went backwards tells nothing.
    """
    if earlier.boot == later.boot:
        return max(0, later.mono_ms - earlier.mono_ms)
    if earlier.synced and later.synced and later.wall_ms >= earlier.wall_ms:
        return later.wall_ms - earlier.wall_ms
    return None


def utc(wall_ms: int) -> str:
    """Return milliseconds since 1970 as a moment in UTC, to the second (ISO 8601)."""
    return datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat(timespec="seconds")
