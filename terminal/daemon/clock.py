"""The only file of the terminal that reads the clock or makes keys: everybody else is handed the values."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable
from datetime import UTC, tzinfo
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from terminal.core.stamp import Stamp

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
TIMESYNC_MARK = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd makes this file when it has set the clock for the first time after a boot."""

LOCALTIME = Path("/etc/localtime")

KEY_LENGTH = 64
"""Longest idempotency key, in characters: what every known server stores whole."""

FIRST_YEAR_MS = 1_704_067_200_000
"""2024-01-01: a wall clock before this is a Pi that has not heard the time yet, whatever the kernel says."""

_LOOK_AGAIN_MS = 5_000
_STEP_MS = 60_000
_TIME_ERROR = 5  # adjtimex(2): what it returns while the clock is not synchronised


class _Look(NamedTuple):
    """One look at whether the clock is synchronised."""

    at_ms: int  # monotonic
    synced: bool
    offset_ms: int | None  # wall minus monotonic when it last was; None: not yet


class SystemClock:
    """Reads the machine's clocks; any thread may ask.

    The monotonic clock is CLOCK_BOOTTIME, which goes on while the machine is suspended. The wall clock counts
    as synchronised when the kernel says so (adjtimex(2), whoever disciplines it: timesyncd, chrony, ntpd), or
    when systemd-timesyncd has set it since this boot. The kernel takes its word back some nine hours after
    the last answer of a time server; but a crystal that drifts by seconds a day does not make a known time
    unknown, so the clock goes on to count as synchronised until somebody sets it by more than a minute.

    The arguments are for tests; as they stand they are the machine's.

    Args:
        wall_ns: Nanoseconds since 1970 UTC.
        mono_ns: Nanoseconds since the boot.
        kernel_synced: What the kernel says; None where it may not be asked.
        boot_id: File with the id of this boot.
        timesync_mark: File that is there once the time was set from the network.
    """

    def __init__(
        self,
        *,
        wall_ns: Callable[[], int] | None = None,
        mono_ns: Callable[[], int] | None = None,
        kernel_synced: Callable[[], bool | None] | None = None,
        boot_id: Path = BOOT_ID,
        timesync_mark: Path = TIMESYNC_MARK,
    ) -> None:
        self._wall_ns = wall_ns or time.time_ns
        self._mono_ns = mono_ns or _boottime_ns
        self._kernel_synced = kernel_synced or _KernelClock().synced
        self._mark = timesync_mark
        self._look: _Look | None = None
        self.boot = _read_boot(boot_id)

    def now(self) -> Stamp:
        """Return this moment. Cheap: whether the clock is synchronised is looked up every five seconds only."""
        wall_ms, mono_ms = self._wall_ns() // 1_000_000, self._mono_ns() // 1_000_000
        look = self._look
        if look is None or not 0 <= mono_ms - look.at_ms < _LOOK_AGAIN_MS or _stepped(look, wall_ms, mono_ms):
            # Two threads may both look: they find the same, and each stores a whole value.
            self._look = look = self._look_now(look, wall_ms, mono_ms)
        return Stamp(wall_ms=wall_ms, mono_ms=mono_ms, boot=self.boot, synced=look.synced)

    def new_key(self, terminal_id: str) -> str:
        """Return an idempotency key that nobody has: *terminal_id*, a dash and 128 random bits.

        Letters, digits, ``-`` and ``_`` only after the id; an id too long for KEY_LENGTH is cut, which costs
        readability and not uniqueness.
        """
        bits = _random()
        return f"{terminal_id[: KEY_LENGTH - len(bits) - 1]}-{bits}"

    def new_id(self) -> str:
        """Return a fresh id for what stays inside this terminal: a release, a print job, a coin session."""
        return _random()

    def _look_now(self, last: _Look | None, wall_ms: int, mono_ms: int) -> _Look:
        offset_ms = wall_ms - mono_ms
        known = last.offset_ms if last is not None else None
        if wall_ms < FIRST_YEAR_MS:
            return _Look(mono_ms, synced=False, offset_ms=known)
        kernel = self._kernel_synced()
        if kernel or (known is None and self._mark.exists()):
            return _Look(mono_ms, synced=True, offset_ms=offset_ms)
        kept = known is not None and abs(offset_ms - known) <= _STEP_MS
        return _Look(mono_ms, synced=kept, offset_ms=known)


def _stepped(look: _Look, wall_ms: int, mono_ms: int) -> bool:
    """Tell whether somebody set the wall clock since *look*, so that what it found does not hold."""
    return look.synced and look.offset_ms is not None and abs(wall_ms - mono_ms - look.offset_ms) > _STEP_MS


def _random() -> str:
    # As secrets.token_urlsafe makes it; that module would load the generators of pseudo-random numbers too.
    return base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode()


def _boottime_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def _read_boot(path: Path) -> str:
    """Return the id of this boot; where the kernel tells none, of this process: nothing compares across it."""
    try:
        told = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        told = ""
    return told or os.urandom(16).hex()


class _KernelClock:
    """adjtimex(2) with modes = 0, which only reads and needs no privilege.

    What it returns says whether the clock is synchronised, so the struct's layout, which differs between
    machines, need not be known: zeros, and room enough for the largest of them.
    """

    def __init__(self) -> None:
        self._adjtimex: Callable[[object], int] | None = None

    def synced(self) -> bool | None:
        import ctypes  # noqa: PLC0415 - 10 ms that only a running daemon pays

        if self._adjtimex is None:
            try:
                self._adjtimex = ctypes.CDLL(None).adjtimex
            except (OSError, AttributeError):
                return None
        state = self._adjtimex(ctypes.create_string_buffer(512))
        return None if state < 0 else state != _TIME_ERROR


def local_zone() -> tzinfo:
    """Return the machine's time zone, with its changes to and from summer time; UTC where it has none."""
    try:
        with LOCALTIME.open("rb") as stream:
            return ZoneInfo.from_file(stream)
    except (OSError, ValueError):
        return UTC


class Names:
    """Ids as the core wants them, for one terminal."""

    def __init__(self, clock: SystemClock, terminal_id: str) -> None:
        self._clock = clock
        self._terminal_id = terminal_id

    def key(self) -> str:
        """Return an idempotency key that nobody has."""
        return self._clock.new_key(self._terminal_id)

    def id(self) -> str:
        """Return a name for something that stays inside the terminal."""
        return self._clock.new_id()
