"""A release or payout happens at most once: the ids that were ordered lately, so that none is done again."""

from __future__ import annotations

from collections import OrderedDict

_KEPT = 1000
"""The daemon makes each id once and keeps it in its journal; this net is for a mistake there only."""


class Once:
    """Remembers the last ids; *what*: of what they are."""

    def __init__(self, what: str = "release") -> None:
        self._what = what
        self._seen: OrderedDict[str, None] = OrderedDict()

    def take(self, release: str) -> None:
        """Take a new id.

        Raises:
            ValueError: It was taken before. No event answers for the second order: it could be mistaken for
                the outcome of the first.
        """
        if release in self._seen:
            raise ValueError(f"{self._what} {release} was ordered before; it is not carried out again")
        self._seen[release] = None
        if len(self._seen) > _KEPT:
            self._seen.popitem(last=False)
