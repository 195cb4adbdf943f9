"""Five-field schedules, as a till's `auto-close-batch-schedules` has them: strict, and sure about local time.

    minute 0-59   hour 0-23   day of month 1-31   month 1-12   day of week 0-6, 0 is Sunday

``*`` is any, ``,`` a list, ``-`` a range, ``/n`` a step behind ``*`` or a range. That is all that Onslip
documents. What cron programs know beside it (names, ``7`` for Sunday, ``@daily``, ``?``, seconds, a step behind
a single number) is refused, and so are restrictions of both day fields at once, of which nobody says whether
both or either must hold.

A schedule is local time. A time that the clock skips in spring happens once, an hour later by that clock; a
time that comes twice in autumn counts the first time only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from terminal.core.value import Value

_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 6),
)
_PART = re.compile(r"(?:(?P<any>\*)|(?P<first>\d{1,2})(?:-(?P<last>\d{1,2}))?)(?:/(?P<step>\d{1,2}))?")
_LONGEST = 200
_DAYS = 366 * 8 + 2
"""Days that are looked at for the next time: 29 February is missing for eight years around 2100."""

_MS = 1000


class Cron(Value, frozen=True):
    """A schedule: the values of each field at which it fires. *text* is what was parsed."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def on(self, day: date) -> bool:
        """Return whether it fires on *day* at all."""
        sunday_first = day.isoweekday() % 7
        return day.month in self.months and day.day in self.days and sunday_first in self.weekdays


def parse(text: str) -> Cron:
    """Read a schedule.

    Raises:
        ValueError: It is none of the documented form; one sentence says what was found and what is allowed.
    """
    fields = text.split()
    if len(text) > _LONGEST or len(fields) != len(_FIELDS):
        raise ValueError(
            f"found {text[:40]!r}; expected five fields: minute, hour, day of month, month, day of week"
        )
    values = [_field(field, *known) for field, known in zip(fields, _FIELDS, strict=True)]
    if fields[2] != "*" and fields[4] != "*":
        raise ValueError(
            f"found {text!r}, which restricts the day of the month and of the week; expected * for one of them"
        )
    return Cron(" ".join(fields), *values)


def _field(text: str, name: str, least: int, most: int) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part) if part.isascii() else None
        if match is None or (match["step"] and match["first"] and not match["last"]):
            raise ValueError(
                f"found {part[:20]!r} as {name}; expected *, a number, a range like 1-5, or a step like 10-30/5"
            )
        first, last = (
            (least, most) if match["any"] else (int(match["first"]), int(match["last"] or match["first"]))
        )
        step = int(match["step"] or 1)
        if not least <= first <= last <= most or not 1 <= step <= most:
            raise ValueError(f"found {part!r} as {name}; expected {least} to {most}, the smaller number first")
        found.update(range(first, last + 1, step))
    return tuple(sorted(found))


def following(schedules: Sequence[Cron], after_ms: int, zone: tzinfo) -> int | None:
    """Return the first moment after *after_ms* at which one of *schedules* fires; None where none ever does.

    Moments are milliseconds since 1970 UTC.
    """
    start = _local(after_ms, zone).date() - timedelta(days=1)
    for offset in range(_DAYS):
        moments = [
            each for each in _moments(schedules, start + timedelta(days=offset), zone) if each > after_ms
        ]
        if moments:
            return min(moments)
    return None


def due(schedules: Sequence[Cron], since_ms: int, now_ms: int, zone: tzinfo) -> int | None:
    """Return the last moment after *since_ms* and up to *now_ms* at which one fired; None where none did.

    However many were missed, by a power loss for instance, one closing makes them all good.
    """
    first, last = (
        _local(since_ms, zone).date() - timedelta(days=1),
        _local(now_ms, zone).date() + timedelta(days=1),
    )
    day = last
    while day >= first:
        moments = [each for each in _moments(schedules, day, zone) if since_ms < each <= now_ms]
        if moments:
            return max(moments)
        day -= timedelta(days=1)
    return None


def _moments(schedules: Sequence[Cron], day: date, zone: tzinfo) -> Iterator[int]:
    for each in schedules:
        if each.on(day):
            for hour in each.hours:
                for minute in each.minutes:
                    # fold=0: the first of two; in a gap, the offset that was in force before it.
                    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                    yield round(local.astimezone(UTC).timestamp() * _MS)


def _local(moment_ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(moment_ms // _MS, zone)
