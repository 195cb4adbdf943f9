"""What has been added to a server's list since it was last read.

Which of its items are new is told by the list alone: those that were not there before. No clock is asked, for a
server's may be wrong, writes local time without a zone, and has one hour twice in autumn.
"""

from __future__ import annotations

from terminal.core.reconcile_evidence import Item, Listing

News = tuple[Item, ...]


def additions(before: Listing, after: Listing) -> tuple[News, ...]:
    """Return all that may have been added between two reads; nothing: the two do not fit together.

    More than one answer is possible where a list is cut at its front and its items are hard to tell apart. No
    answer means that items were removed or changed, or that so many were added that some were never seen.
    """
    items = (*before.items, *after.items)
    if items and all(item.number is not None for item in items):
        return _numbered(before, after)
    counts = range(len(after.items) + 1)
    return tuple(after.items[-count:] if count else () for count in counts if _fits(before, after, count))


def _numbered(before: Listing, after: Listing) -> tuple[News, ...]:
    """Return what is new by its number. The last item that was known must be there still."""
    if not before.items:
        return () if before.cut or after.cut else (after.items,)
    last = max(_number(item) for item in before.items)
    if last not in map(_number, after.items):
        return ()
    return (tuple(item for item in after.items if _number(item) > last),)


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
