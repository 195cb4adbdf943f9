"""Looks for what was recorded: a list is read newest first, until it is there or surely not.

A query would be shorter, but one that finds nothing proves nothing: the query language is hardly documented. So
the pages are read one by one, deleted entities too, down to what is older than what is looked for. What comes
meanwhile only moves others down: they are read twice, and none is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Found
from terminal.backends.onslip.rest_paths import Search
from terminal.core.delivery import Answer, Outcome
from terminal.core.stamp import Stamp

PAGE = 20
"""Entities that are asked for at once: a sale of many lines is long, and the length of an answer is bounded."""

MOST = 4_000
"""Entities after which nothing is looked for any more."""

MARGIN = timedelta(hours=1)
"""By how much the server's clock and ours may differ."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEWEST_FIRST = Search(sort="-created", deleted=True)

Mine = Callable[[Mapping[str, Any]], bool]
"""Whether an entity is what is looked for."""


def seek(rest: Onslip, path: str, mine: Mine, since: Stamp, until: float) -> int | Answer | None:
    """Return the id of what is looked for; None: it is surely not there; an Answer: that could not be told.

    Args:
        rest: Speaks with the server.
        path: Of the list.
        mine: Whether it is this one.
        since: Before when it surely was not recorded. Where no clock was set then, all of the list is read.
        until: Monotonic seconds at which to give up.
    """
    oldest = _EPOCH + timedelta(milliseconds=since.wall_ms) - MARGIN if since.synced else None
    read = 0
    last: datetime | None = None
    while read < MOST:
        left_s = until - monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNKNOWN, f"no time was left to look for it after {read} entities of {path}")
        page = rest.get(f"{path}?{_NEWEST_FIRST.parameters(read, PAGE)}", left_s)
        if isinstance(page, Answer):
            return page
        entities = page.body if isinstance(page, Found) else None
        if not isinstance(entities, list) or not all(isinstance(each, dict) for each in entities):
            return Answer(Outcome.UNKNOWN, f"the server answered to {path} with something that is no list")
        for each in entities:
            if mine(each):
                return id_of(each)
        if not entities:
            return None
        last, descending = _descends(entities, last)
        if not descending:
            oldest = None  # this server does not sort: only its whole list proves anything
        if oldest is not None and last is not None and last < oldest:
            return None
        read += len(entities)
    return Answer(Outcome.UNKNOWN, f"it is not among the newest {MOST} entities of {path}, which has more")


def id_of(entity: Any) -> int | Answer:
    """Return the id of an entity as it was answered; an Answer: it has none, so it is no entity."""
    found = entity.get("id") if isinstance(entity, dict) else None
    if isinstance(found, bool) or not isinstance(found, int):
        words = "the server answered, but not with an entity: is something else before it?"
        return Answer(Outcome.UNKNOWN, words)
    return found


def _descends(entities: list[dict[str, Any]], last: datetime | None) -> tuple[datetime | None, bool]:
    """Return when the last of *entities* was created, and whether none is newer than the one before."""
    for each in entities:
        created = _created(each)
        if created is None or (last is not None and created > last):
            return None, False
        last = created
    return last, True


def _created(entity: dict[str, Any]) -> datetime | None:
    text = entity.get("created")
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
