"""How lists of Kensium POS are read to their ends: page by page, or from where the last reading ended. Pure."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from terminal.backends.kensium.models import Page, Unreadable
from terminal.core.value import Value


class Ask(Value, frozen=True):
    """What to ask for next."""

    first: int
    skip: int | None = None
    since: str | None = None


def paged(first: int, most: int) -> Generator[Ask, Page[Any], None]:
    """Read a list by ``skip`` and ``first``: yields what to ask for, is sent the page that came.

    Args:
        first: Rows in a page.
        most: Pages that are asked for at most.

    Raises:
        Unreadable: There are more.
    """
    skip = 0
    for _ in range(most):
        page = yield Ask(first, skip=skip)
        if not (page.rows and page.more):
            return
        skip += len(page.rows)
    raise Unreadable(f"found more than {most} pages of a list")


def followed(since: str, first: int) -> Generator[Ask, Page[Any], str]:
    """Read what changed, by ``since`` and ``until``: yields what to ask for, is sent the page that came.

    Who reads keeps the page's rows and its ``until`` in one transaction, before the next is asked for; a row
    may come again, in this reading or the next. Returns where the next reading begins.

    Args:
        since: Where the last one ended; blank: at the beginning.
        first: Rows in a page.

    Raises:
        Unreadable: It leads nowhere, or in a circle: more is told of, and not where.
    """
    seen = {since}
    while True:
        page = yield Ask(first, since=since)
        goes_on = page.more and page.rows
        if goes_on and (not page.until or page.until in seen):
            raise Unreadable("found a page of changes that tells of more, and does not lead on")
        since = page.until or since
        seen.add(since)
        if not goes_on:
            return since
