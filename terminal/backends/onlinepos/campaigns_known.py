"""Whether OnlinePOS has the campaigns that the configuration names: looked for once, and not for each sale.

    GET campaign/campaignList?show_inactive=1

What a card gets in a campaign that there is not is not documented: nothing is booked then, and that is said.
"""

from __future__ import annotations

import logging
from time import monotonic

from terminal.backends.onlinepos import campaigns
from terminal.backends.onlinepos.client import OnlinePos
from terminal.core.delivery import Answer
from terminal.core.value import Value

_LOG = logging.getLogger(__name__)

MISSING_S = 600.0
"""For how long what was not there counts as missing: somebody may make it in the back office."""

_UNREAD_S = 60.0  # for how long a list that could not be read is not asked for again


class _Told(Value, frozen=True):
    """What the server told last. *ids*: None where it did not tell; *until*: a monotonic second."""

    ids: frozenset[int] | None = None
    until: float = 0.0


class Campaigns:
    """The campaigns of a company; for any thread.

    Args:
        pos: Speaks with the server.
        name: What the backend is called in the configuration.
    """

    def __init__(self, pos: OnlinePos, name: str) -> None:
        self._pos = pos
        self._name = name
        self._told = _Told()
        self._said = frozenset[int]()

    def lack(self, campaign: int | None, option: str, until: float) -> str:
        """Return why nothing can be booked in *campaign*; empty: it is there, or nobody can tell.

        Args:
            campaign: Its id; None: it is not set, and nothing lacks.
            option: What it is set by.
            until: The monotonic second until which this must be done.
        """
        if campaign is None:
            return ""
        told = self._told
        if campaign not in (told.ids or ()) and told.until <= monotonic() < until:
            told = self._told = self._ask(until)
        if told.ids is None or campaign in told.ids:
            return ""
        words = (
            f"the server has no campaign {campaign}, which is set as {option}: nothing is booked until that is "
            "put right"
        )
        if campaign not in self._said:
            self._said |= {campaign}
            _LOG.error("%s: %s", self._name, words)
        return words

    def _ask(self, until: float) -> _Told:
        found = self._pos.do(campaigns.campaigns(inactive=True), until - monotonic())
        if isinstance(found, Answer):
            _LOG.warning("%s: the campaigns could not be read: %s", self._name, found.words)
            return _Told(None, monotonic() + _UNREAD_S)
        return _Told(frozenset(each.id for each in found), monotonic() + MISSING_S)
