"""What a terminal sells of an OnlinePOS company, and what is known of its products: read whole, and kept.

GET getProductStructure       products in their groups, with choices, parts and price groups
GET offer                     where offers are applied
GET taw/products              where what is sold out is not sold
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

from terminal.backends.http import sentence
from terminal.backends.onlinepos import goods, takeaway
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.goods import Structure
from terminal.backends.onlinepos.options import OnlinePosOptions
from terminal.backends.onlinepos.options_wallets import Step
from terminal.backends.onlinepos.pricing import Shop
from terminal.backends.onlinepos.shelf import payable, sold
from terminal.backends.onlinepos.values import local
from terminal.backends.onlinepos.wire import Call
from terminal.backends.protocol import TerminalInfo
from terminal.core.delivery import Answer, Outcome

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

FRESH_S = 3_600
"""For how long what was read of the products is taken for what they are, where nobody reads the catalogue."""


def wall() -> datetime:
    """Return this machine's moment: offers hold on some days and at some hours."""
    return datetime.now(UTC)


class Catalogue:
    """The products of a company; for any thread.

    Args:
        pos: Speaks with the server.
        options: What of it is sold here.
        name: What the backend is called in the configuration.
        wall: Returns this moment.
        step: What its cards pay in; None: it is not they who pay.
    """

    def __init__(
        self,
        pos: OnlinePos,
        options: OnlinePosOptions,
        name: str,
        wall: Callable[[], datetime] = wall,
        *,
        step: Step | None = None,
    ) -> None:
        self._pos = pos
        self._wanted = options.wanted
        self._with_offers = options.offers
        self._without_sold_out = options.sold_out
        self._name = name
        self._wall = wall
        self._step = step or Step()
        self._said: frozenset[str] = frozenset()
        self._shop: tuple[Shop, float] | None = None

    def terminal(self, timeout_s: float) -> TerminalInfo | Answer:
        """Read what is sold here, everything within *timeout_s* seconds."""
        until = time.monotonic() + timeout_s
        structure = self._structure(timeout_s)
        if isinstance(structure, Answer):
            return structure
        offers: tuple[goods.Offer, ...] | Answer = ()
        if self._with_offers:
            offers = self._more(goods.offers(), until)
        if isinstance(offers, Answer):
            return offers
        groups: tuple[takeaway.TakeawayGroup, ...] | Answer = ()
        if self._without_sold_out:
            groups = self._more(takeaway.products(), until)
        if isinstance(groups, Answer):
            return groups
        gone = {each.id for group in groups for each in group.products if each.sold_out}
        try:
            at = local(self._wall()).wall
        except OSError as error:  # this machine knows no time zones
            return Answer(Outcome.UNSENT, sentence(error))
        found, left_out = sold(structure, offers, at, self._wanted, gone)
        products, unpaid = payable(found, self._step)
        self._tell((*left_out, *unpaid))
        return TerminalInfo(products)

    def shop(self, timeout_s: float) -> Shop | Answer:
        """Return what is known of the products; it is read where nothing is, or nothing was for an hour.

        What is known counts on while the server does not tell anything new.
        """
        known = self._shop
        if known is not None and time.monotonic() - known[1] < FRESH_S:
            return known[0]
        found = self._structure(timeout_s)
        known = self._shop
        if known is not None:
            return known[0]
        return found if isinstance(found, Answer) else Shop(found, self._wanted.pricing)

    def _more(self, call: Call[_T], until: float) -> _T | Answer:
        left_s = until - time.monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, f"no time was left to read {call.request.path}")
        return self._pos.do(call, left_s)

    def _structure(self, timeout_s: float) -> Structure | Answer:
        found = self._pos.do(goods.structure(), timeout_s)
        if isinstance(found, Structure):
            self._shop = Shop(found, self._wanted.pricing), time.monotonic()
        return found

    def _tell(self, left_out: Iterable[str]) -> None:
        """Say what is not sold; once, until that changes."""
        said = frozenset(left_out)
        for words in sorted(said - self._said):
            _LOG.warning("%s: %s", self._name, words)
        self._said = said
