"""Since when a server's secret is in use: a note beside the journal, so that a restart does not forget it.

A server may know an idempotency key only under the secret that it came with. If that was replaced while the
terminal was switched off, entries in doubt from before are not covered by what the server promises. What is
kept is a fingerprint under the journal's own key, never the secret; without that key it tells nothing.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import msgspec

from terminal.core.stamp import Stamp, elapsed_ms
from terminal.core.value import Value, replace
from terminal.journal.boot import write_durably


class _Note(Value, frozen=True):
    """The fingerprint of a secret, and since when that is in use."""

    mark: str
    since: Stamp


class Tenure:
    """Remembers since when one backend's secret is in use. Any thread may ask.

    Args:
        file: Where that is noted.
        key: The key of the journal.
        now: Reads the clock.
    """

    def __init__(self, file: Path, key: bytes, now: Callable[[], Stamp]) -> None:
        self._file = file
        self._key = key
        self._now = now
        self._lock = threading.Lock()
        self._note: _Note | None = None
        self._seen: Stamp | None = None  # when this run of the terminal took the secret up

    def begin(self, secret: str) -> None:
        """Take *secret* up: if it is new, it is in use from now on.

        Raises:
            OSError: That cannot be noted, so the secret must not be used.
        """
        mark = blake2b(secret.encode(), key=self._key, digest_size=16, person=b"secret").hexdigest()
        with self._lock:
            now, note = self._now(), self._read()
            if note is None or note.mark != mark or not (note.since.synced or note.since.boot == now.boot):
                # How long ago a moment in another boot is, by a clock that was not set, nobody will ever know.
                note = _Note(mark, now)
                self._write(note)
            self._note, self._seen = note, now

    def known_for_ms(self) -> int | None:
        """Return for how long the present secret has surely been in use; None while none was taken up."""
        with self._lock:
            return self._known_for_ms(self._now())

    def covers(self, moment: Stamp) -> bool:
        """Return whether the present secret was surely in use at *moment*."""
        with self._lock:
            now = self._now()
            known_ms, ago_ms = self._known_for_ms(now), elapsed_ms(moment, now)
        return known_ms is not None and ago_ms is not None and ago_ms < known_ms

    def _known_for_ms(self, now: Stamp) -> int | None:
        if self._note is None or self._seen is None:
            return None
        since = self._note.since
        if now.synced and not since.synced:
            # The clock was set since: so that the next boot can tell, too.
            since = replace(since, wall_ms=now.wall_ms - (now.mono_ms - since.mono_ms), synced=True)
            with contextlib.suppress(OSError):
                self._write(replace(self._note, since=since))
                self._note = replace(self._note, since=since)
        return max(elapsed_ms(since, now) or 0, elapsed_ms(self._seen, now) or 0)

    def _read(self) -> _Note | None:
        """Return what is noted; None where that is lost: then the secret counts as new."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=_Note)
        except (OSError, msgspec.DecodeError):
            return None

    def _write(self, note: _Note) -> None:
        write_durably(self._file, msgspec.json.encode(note).decode())
