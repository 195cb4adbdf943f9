"""On which accounts of a server something is under way, and who waits for them: bookkeeping in memory.

An account is what bookings are told apart by where a server knows no key: see ``protocol.Reconciles``. One at a
time on each, or the one would be found in the other's evidence.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable

from terminal.core.stamp import Stamp


class Accounts:
    """One server's accounts, for all threads. *wake* is called with a lane that should look again."""

    def __init__(self, wake: Callable[[str], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._holder: dict[str, str] = {}  # account -> key
        self._waiting: defaultdict[str, dict[str, None]] = defaultdict(dict)  # lanes, first come first served
        self._sent: dict[str, Stamp] = {}

    def claim(self, account: str, key: str, lane: str) -> bool:
        """Return whether *account* is the entry's alone from now on; its *lane* waits for it no more then."""
        with self._lock:
            if self._holder.setdefault(account, key) != key:
                return False
            if account in self._waiting:
                self._waiting[account].pop(lane, None)
            return True

    def wait(self, account: str, key: str, lane: str) -> None:
        """Let *lane*, which may not send now, be woken when that may change; *key* gives back what it has.

        To be called when the lane has been put where it waits.
        """
        with self._lock:
            taken = account in self._holder
            if self._holder.get(account) == key:
                del self._holder[account]
            if taken:
                self._waiting[account][lane] = None
        if not taken:  # it was given back meanwhile
            self._wake(lane)

    def free(self, account: str, key: str, *, wake: bool = True) -> None:
        """Give back what this entry has, if it has it; who waits longest is woken."""
        with self._lock:
            if self._holder.get(account) == key:
                del self._holder[account]
            lane = self._next(account) if wake else None
        if lane is not None:
            self._wake(lane)

    def _next(self, account: str) -> str | None:
        waiting = self._waiting.get(account, {})
        lane = next(iter(waiting), None)
        if lane is not None:
            del waiting[lane]
        if not waiting:
            self._waiting.pop(account, None)
        return lane

    # -- what may still come ---------------------------------------------------------------------------

    def lost(self, account: str, sent: Stamp) -> None:
        """Note that what left until *sent* may be booked yet, whatever a person decides meanwhile."""
        with self._lock:
            self._sent[account] = sent

    def found(self, account: str) -> None:
        """Note that nothing more is to come."""
        with self._lock:
            self._sent.pop(account, None)

    def sent(self, account: str) -> Stamp | None:
        """Return until when something may have left of which nobody knows yet what became."""
        with self._lock:
            return self._sent.get(account)
