"""The day is closed by its schedule: by a Z report at the moment that was set, or as soon as it can be.

A terminal that was off at that moment makes it good at its start: one closing, however many were missed. While
somebody is at the machine, or the clock is not set, it is tried again every minute.

New schedules, which a server may send at any time, hold as soon as nothing is due by the old ones: no closing
is lost between them. Both are asked about the time since the period began: none is made twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Protocol

from terminal.core import cron
from terminal.core.closing_rules import ClosingRules
from terminal.core.cron import Cron
from terminal.core.report import Report, ReportKind
from terminal.core.stamp import Stamp, elapsed_ms
from terminal.core.value import Value
from terminal.daemon.rounds import Rounds
from terminal.httpd import Problem
from terminal.journal.errors import JournalError

_LOG = logging.getLogger(__name__)

RETRY_S = 60
"""Seconds until a closing that was not possible is tried again."""

LONGEST_S = 900
"""Seconds after which the clock is looked at anyway: somebody may have set it meanwhile."""

_UNFORESEEN = "The day could not be closed, for a reason not foreseen: please report this."

_CLOCK = (
    "The day is not closed by its schedule as long as the clock is not set: see to the network, or to a clock "
    "of this machine's own (terminalctl doctor)."
)

LATE_MS = 3_600_000
"""How long a closing, or the clock, may have to wait before a person is told."""


class Periods(Protocol):
    """What is needed of the journal."""

    def period_began(self) -> Stamp | None:
        """Return when the period under way began; None: it is this very moment."""


class Makes(Protocol):
    """Who makes reports."""

    def make(self, kind: ReportKind, by: str, *, printed: bool) -> Report:
        """Make a report; raises Problem or JournalError where it is not made."""


class _Coming(Value, frozen=True):
    """Schedules that are to hold, and who is told when they do."""

    schedules: tuple[Cron, ...]
    held: Callable[[], None]


class Closing:
    """Closes the day from a thread of its own; until there is a schedule there is none.

    Args:
        rules: Whether it is printed, and when where *schedules* are None.
        books: The journal.
        reports: Makes the reports.
        now: Reads the clock.
        zone: In which the schedules are meant.
        schedules: Those that were in force last, if a server says them.
    """

    def __init__(
        self,
        rules: ClosingRules,
        books: Periods,
        reports: Makes,
        *,
        now: Callable[[], Stamp],
        zone: tzinfo,
        schedules: Sequence[Cron] | None = None,
    ) -> None:
        self._rules = rules
        self._schedules = rules.parsed() if schedules is None else tuple(schedules)
        self._coming: _Coming | None = None
        self._books = books
        self._reports = reports
        self._now = now
        self._zone = zone
        self._first_ms: int | None = None  # when the clock was seen set for the first time
        self._late_ms: int | None = None  # monotonic: since when a closing is due that is not possible
        self._words = ""  # why
        self._unset_ms: int | None = None  # monotonic: since when the clock is seen not to be set
        self._trouble = ""
        self._lock = threading.Lock()
        self._started = False
        self._rounds = Rounds(
            "closing", "the closing of the day", self.look, retry_s=(RETRY_S, RETRY_S), leave_s=10
        )

    @property
    def troubles(self) -> tuple[str, ...]:
        """One sentence where the day should have been closed long ago."""
        return (_UNFORESEEN,) if self._rounds.unforeseen else (self._trouble,) if self._trouble else ()

    def start(self) -> None:
        """Begin, if there is a schedule."""
        with self._lock:
            self._started = True
            self._begin()

    def stop(self) -> None:
        """End."""
        self._rounds.stop()

    def schedule(self, schedules: Sequence[Cron], held: Callable[[], None] = lambda: None) -> None:
        """Let *schedules* hold from now on; *held* is called, from the thread, as soon as they do."""
        with self._lock:
            self._coming = _Coming(tuple(schedules), held)
            self._begin()
        self._rounds.hurry()

    def _begin(self) -> None:
        if self._started and (self._schedules or self._coming):
            self._rounds.start()

    def look(self) -> float:
        """Close the day if that is due; return the seconds until the next look."""
        now = self._now()
        if not now.synced:
            self._not_set(now)
            return RETRY_S  # nobody knows what time it is
        if self._unset_ms is not None:
            self._unset_ms, self._trouble = None, ""
        try:
            if cron.due(self._schedules, self._since_ms(now), now.wall_ms, self._zone) is not None:
                self._reports.make(ReportKind.Z, "", printed=self._rules.printed)
        except (Problem, JournalError) as error:
            self._not_yet(str(error), now)
            return RETRY_S
        self._late_ms, self._words, self._trouble = None, "", ""
        if self._changed():
            return 0
        following = cron.following(self._schedules, now.wall_ms, self._zone)
        if following is None:
            return LONGEST_S
        return min(LONGEST_S, (following - now.wall_ms) / 1000)

    def _changed(self) -> bool:
        """Take up the schedules that came; nothing is due by the old ones. Return whether they are others."""
        with self._lock:
            coming, self._coming = self._coming, None
        if coming is None:
            return False
        changed, self._schedules = coming.schedules != self._schedules, coming.schedules
        coming.held()
        return changed

    def _not_yet(self, why: str, now: Stamp) -> None:
        if why != self._words:
            _LOG.warning("the day cannot be closed yet: %s", why)
        self._words = why
        if self._late_ms is None:
            self._late_ms = now.mono_ms
        if now.mono_ms - self._late_ms >= LATE_MS:
            self._trouble = f"The day should be closed, and cannot be: {why}"

    def _not_set(self, now: Stamp) -> None:
        if self._unset_ms is None:
            self._unset_ms = now.mono_ms
        if self._schedules and now.mono_ms - self._unset_ms >= LATE_MS:
            self._trouble = _CLOCK

    def _since_ms(self, now: Stamp) -> int:
        """Return after which moment a closing counts as missed."""
        if self._first_ms is None:
            self._first_ms = now.wall_ms
        began = self._books.period_began() or now
        if (ago_ms := elapsed_ms(began, now)) is not None:
            return now.wall_ms - ago_ms
        # Its clock was wrong. Where it was ahead, what is due from now on counts; else one closing too many
        # does less harm than one that is missing.
        return began.wall_ms if began.wall_ms <= now.wall_ms else min(self._first_ms, now.wall_ms)
