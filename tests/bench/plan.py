"""What every measurement is given, and what several of them share."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from terminal.core.stamp import Stamp
from tests.bench.shim import Syncs

SLOW_MS = 1.0
"""What a sync lasts longer where the goal says "at 1 ms a sync"."""

_RAW_SIZE = 400
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of one's own is made in it


@dataclass(frozen=True)
class Plan:
    """How thoroughly to measure, and on which disk.

    Attributes:
        folder: For journals and sockets.
        syncs: The syncs of this process.
        real: Whether the disk is measured as it is.
    """

    folder: Path
    syncs: Syncs
    real: bool = False
    quick: bool = False
    full: bool = False

    def times(self, usual: int, quick: int) -> int:
        """Return how often to repeat."""
        return quick if self.quick else usual

    @contextmanager
    def slow_disk(self, ms: float = SLOW_MS) -> Iterator[None]:
        """Let each sync of this process last *ms* longer."""
        self.syncs.slow_down(ms)
        try:
            yield
        finally:
            self.syncs.slow_down(0)

    @contextmanager
    def disk(self) -> Iterator[Path]:
        """Lend a folder on the disk."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            yield Path(folder)

    @contextmanager
    def place(self) -> Iterator[Path]:
        """Lend a folder in memory, where a sync costs what slow_disk() says and nothing else.

        A disk that others use too takes 0.2 ms for a sync, or 8, as it comes: ratios of that say nothing. With
        --folder it is that disk all the same.
        """
        with tempfile.TemporaryDirectory(
            dir=self.folder if self.real or not _MEMORY.is_dir() else _MEMORY
        ) as folder:
            yield Path(folder)


class Raw:
    """The limit of every journal: bytes written to a growing file, and one fdatasync."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._bytes = os.urandom(_RAW_SIZE)

    def append(self) -> None:
        """Write 400 bytes durably."""
        os.write(self._fd, self._bytes)
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class BenchClock:
    """The daemon's clock, without what it asks the kernel about."""

    def now(self) -> Stamp:
        """Return this moment."""
        return Stamp(time.time_ns() // 1_000_000, time.monotonic_ns() // 1_000_000, "bench", synced=True)
