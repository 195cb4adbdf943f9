"""What has been added to a server's list since it was last read.

Which of its items are new is told by the list alone: those that were not there before. No clock is asked, for a
server's may be wrong, writes local time without a zone, and has one hour twice in autumn.
"""

from __future__ import annotations

from terminal.core.reconcile_evidence import Item, Listing


def additions(before: Listing, after: Listing) -> tuple[Item, ...] | None:
    """Return what was added between two reads; None: that cannot be told.

    Items were removed or changed then, or so many were added that some may never have been seen, or what both
    lists show can be laid over each other in more than one way.
    """
    items = (*before.items, *after.items)
    if items and all(item.number is not None for item in items):
        return _numbered(before, after)
    counts = [count for count in range(len(after.items) + 1) if _fits(before, after, count)]
    if len(counts) != 1 or ((before.cut or after.cut) and not _surely_shared(before, after, counts[0])):
        return None
    return after.items[len(after.items) - counts[0] :]


def _numbered(before: Listing, after: Listing) -> tuple[Item, ...] | None:
    """Return what is new by its number. The last item that was known must be there still."""
    if not before.items:
        return None if before.cut or after.cut else after.items
    last = max(_number(item) for item in before.items)
    if last not in map(_number, after.items):
        return None
    return tuple(item for item in after.items if _number(item) > last)


def _number(item: Item) -> int:
    assert item.number is not None  # noqa: S101 - asked before
    return item.number


def _fits(before: Listing, after: Listing, added: int) -> bool:
    """Whether *after* can be *before* with *added* items behind it."""
    old = after.items[: len(after.items) - added]
    shared = min(len(old), len(before.items))
    if old[len(old) - shared :] != before.items[len(before.items) - shared :]:
        return False
    if len(old) < len(before.items) and not after.cut:
        return False  # it shows all, and some are missing
    if len(old) > len(before.items) and not before.cut:
        return False  # it shows older ones than the first there ever was
    # Where nothing is shared, nothing says that none was lost in between.
    return shared > 0 or not (before.items or before.cut or after.cut)


def _surely_shared(before: Listing, after: Listing, added: int) -> bool:
    """Whether what both lists show is the same, and does not only look so.

    All that was known may have left a list that is cut, and have made room for others just like it. But not
    where two moments are among what is shared: then its first item is older than the last that was known.
    """
    old = after.items[: len(after.items) - added]
    first = old[max(0, len(old) - len(before.items))]
    return first.at != old[-1].at
