"""Times as a person in Denmark writes them, and as a file shows them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import click

_WRITTEN = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[ T](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?))?"
    r"(?: ?(?P<half>summer|winter)| ?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2}))?"
)
EXPECTED = "a day such as 2026-10-25, or a time such as '2026-10-25 14:30', as clocks in Denmark show it"
_HALVES = ("summer", "winter")


class Moment(click.ParamType[datetime]):
    """A moment in UTC, written as a day or as a time in Denmark.

    Args:
        end: Whether a day alone means its last second, and not its first.
    """

    name = "time"

    def __init__(self, *, end: bool = False) -> None:
        self._end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment; fails in words."""
        if isinstance(value, datetime):
            return value
        try:
            return moment(str(value).strip(), end=self._end)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


def moment(text: str, *, end: bool = False) -> datetime:
    """Return the moment that *text* means.

    Raises:
        ValueError: It is none, there was no such time, or it was twice; one sentence says what to write.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time: expected {EXPECTED}")
    clock = found["time"] or ("23:59:59" if end else "00:00:00")
    try:
        wall = datetime.fromisoformat(f"{found['day']}T{clock}")
        if found["zone"]:
            offset = found["zone"].replace("Z", "+00:00")
            return datetime.fromisoformat(f"{wall.isoformat()}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is a time that there is not: expected {EXPECTED}") from None
    return _of_wall(wall, found["half"])


def _of_wall(wall: datetime, half: str | None) -> datetime:
    from terminal.backends.onlinepos.values import Local  # noqa: PLC0415 - not for any other command

    moments = Local(wall).moments
    if not moments:
        raise ValueError(
            f"{wall:%Y-%m-%d %H:%M} was never: clocks in Denmark were put forward an hour then. Write an hour "
            "more or less"
        )
    if len(moments) == 1:
        return moments[0]
    if half is None:
        raise ValueError(
            f"{wall:%Y-%m-%d %H:%M} was twice: clocks in Denmark were put back an hour then. Write "
            f"'{wall:%Y-%m-%d %H:%M} summer' for the first time, or '{wall:%Y-%m-%d %H:%M} winter' for the "
            "second"
        )
    return moments[_HALVES.index(half)]


def shown(local: Any) -> dict[str, str | None]:
    """Return a printed time (``values.Local``): as clocks showed it, and in UTC if it was once."""
    moments = local.moments
    utc = f"{moments[0]:%Y-%m-%dT%H:%M:%SZ}" if len(moments) == 1 else None
    return {"time": f"{local.wall:%Y-%m-%d %H:%M:%S}", "utc": utc}


def earliest(text: str) -> datetime:
    """Return the first moment at which clocks in Denmark showed *text*, as ``shown`` writes it."""
    from terminal.backends.onlinepos.values import Local  # noqa: PLC0415 - see above

    wall = datetime.fromisoformat(text)
    moments = Local(wall).moments
    return moments[0] if moments else wall.replace(tzinfo=UTC) - timedelta(hours=2)


def whole_day(moment: datetime) -> tuple[datetime, datetime]:
    """Return the first and the last moment of the day in Denmark that *moment* is in."""
    from terminal.backends.onlinepos.values import Local, local  # noqa: PLC0415 - see above

    day = local(moment).wall.date()
    begins, ends = (datetime.combine(day, at) for at in (time(), time(23, 59, 59)))
    return Local(begins).moments[0], Local(ends).moments[-1]
