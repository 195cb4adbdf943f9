"""Which orders OnlinePOS lists: the last ones before a try, and what came after them.

GET exportSales/v20/{time}             where no order is known yet: of the last hour, of the last day, and so on
GET exportSales/v20/withId/{order}     from an order on, that included [assumed]; else from the one before it

Numbers of orders grow. An order that was opened earlier and paid later appears below others: it is not ours,
for ours are paid when they are made.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic

from terminal.backends.onlinepos import sales
from terminal.backends.onlinepos.client import OnlinePos
from terminal.backends.onlinepos.kiosk import Listed, compared, listed, unread
from terminal.backends.onlinepos.orders import Line
from terminal.backends.onlinepos.values import Unreadable
from terminal.backends.onlinepos.wire import Call, Page
from terminal.core.delivery import Answer, Outcome
from terminal.core.reconcile_evidence import Item, Listing, OrderLine, folded
from terminal.core.stamp import Stamp
from terminal.core.value import Value, replace

_LOG = logging.getLogger(__name__)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WINDOWS = (timedelta(hours=1), *(timedelta(days=each) for each in (1, 7, 30, 60, 120, 240, 480)), None)
"""How far back the last order is looked for: no more is read than some of them; None: all that there are."""

_OWN = timedelta(days=7)
"""How far back one of our own is looked for."""

_MOST_LINES = 20_000
"""Of orders that are read at once: some 40 MB."""

_KEPT = 2
"""Orders that are kept beside a try: the last one tells what is new, the one before it is for people."""

UNSEEN = "no order of this terminal was found in the export yet: one that is missing there may be booked"

_DENIED = (
    "(sales cannot be exported with this token: let OnlinePOS allow that, or set orders_read_back = false)"
)


class _Made(Value, frozen=True):
    """An order that the server has confirmed, and which its export did not show yet."""

    number: str
    lines: tuple[OrderLine, ...]
    after: int | None
    at_s: float


class Seen:
    """The orders of a company as it exports them; for any thread.

    It watches whether what the server has confirmed is listed as it was sent. If not, its lists prove nothing.

    Args:
        pos: Speaks with the server.
        name: What the backend is called in the configuration.
        department: Ours alone; empty: none is.
        alone: Whether nobody else sells at all.
        settling_s: After how many seconds a confirmed order is listed, if ever.
    """

    def __init__(self, pos: OnlinePos, name: str, *, department: str, alone: bool, settling_s: float) -> None:
        self._pos = pos
        self._name = name
        self._department = department
        self._own = alone or bool(department)
        self._settling_s = settling_s
        self._lock = threading.Lock()
        self._last: tuple[int, ...] = ()
        self._ours: Item | None = None
        self._made: _Made | None = None
        self._doubt = UNSEEN

    def doubt(self, before: Listing | None) -> str:
        """Return why an order that is not listed may be there all the same; empty: it is not.

        Args:
            before: What stands beside the try: an order of our department in it shows that they are listed so.
        """
        shown = before is not None and any(item.mark for item in before.items)
        return "" if shown and self._doubt == UNSEEN else self._doubt

    def made(self, number: str, lines: tuple[Line, ...], before: Listing | None) -> None:
        """Note an order that the server has confirmed."""
        after = max((item.number or 0 for item in before.items), default=None) if before else None
        with self._lock:
            self._made = _Made(number, compared(lines), after, monotonic())

    def latest(self, at: Stamp, until: float) -> Listing | Answer:
        """Return the last orders that there are at the moment *at*; read until monotonic second *until*."""
        with self._lock:
            after = None if self._made is None else self._made.after
            known = self._last if after is None else (after, *self._last)
        found: tuple[Listed, ...] | Answer = ()
        if known:
            found = self._from(known, until)
            if isinstance(found, Answer):
                self._forget()
                if found.outcome is Outcome.REFUSED:  # it may be too much since then: the last hour is enough
                    found = ()
        found = found or self._last_ones(at, until)
        if isinstance(found, Answer):
            return unread(found)
        self._check(found)
        items = [each.item for each in found]
        with self._lock:
            self._last = _numbers(items[-_KEPT:])
            self._ours = next((item for item in reversed(items) if item.mark), self._ours)
            ours = [self._ours] if self._ours is not None and self._ours not in items[-_KEPT:] else []
        return Listing((*ours, *items[-_KEPT:]), cut=bool(items))

    def since(self, before: Listing, until: float) -> Listing | Answer:
        """Return all orders from the last one on that was listed *before*, that one included.

        REFUSED: there are too many of them.
        """
        numbers = _numbers(before.items[-_KEPT:])
        found = self._from(numbers, until) if numbers else self._all(until)
        if isinstance(found, Answer):
            return found
        return Listing(tuple(each.item for each in found), cut=bool(numbers))

    # -- reading ---------------------------------------------------------------------------------------

    def _last_ones(self, at: Stamp, until: float) -> tuple[Listed, ...] | Answer:
        """Return the orders of the shortest window that has the last one, and if possible one of our own."""
        found: tuple[Listed, ...] = ()
        for window in _WINDOWS:
            more = self._within(at, window, until)
            if isinstance(more, Answer):
                denied = more.outcome is Outcome.DENIED
                return more if denied or not found else found  # the last one is known: that is enough
            found = more
            if self._enough(found, window):
                break
        return found

    def _enough(self, found: tuple[Listed, ...], window: timedelta | None) -> bool:
        """Return whether there is a last order, and one of our own, unless that would be longer ago."""
        own = not self._department or any(each.item.mark for each in found)
        return bool(found) and (own or window is None or window >= _OWN)

    def _within(self, at: Stamp, window: timedelta | None, until: float) -> tuple[Listed, ...] | Answer:
        if window is None:
            return self._all(until)
        moment = max(_EPOCH, _EPOCH + timedelta(milliseconds=at.wall_ms) - window)
        return self._read(lambda page: sales.lines_since(moment, page), until)

    def _all(self, until: float) -> tuple[Listed, ...] | Answer:
        return self._read(sales.lines, until)

    def _from(self, numbers: Sequence[int], until: float) -> tuple[Listed, ...] | Answer:
        """Return the orders from the first of *numbers* on, which may be left out; the last of them is not."""
        first, last = min(numbers), max(numbers)
        found = self._read(lambda page: sales.lines_from_order(first, page), until)
        if isinstance(found, Answer) or any(each.item.number == last for each in found):
            return found
        again = self._read(lambda page: sales.lines_from_order(last - 1, page), until)
        return found if isinstance(again, Answer) else again

    def _read(
        self, page: Callable[[int], Call[Page[sales.SoldLine]]], until: float
    ) -> tuple[Listed, ...] | Answer:
        left_s = until - monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to read which orders there are")
        found = self._pos.gather(page, left_s, most=_MOST_LINES)
        if isinstance(found, Answer):
            if found.outcome in (Outcome.DENIED, Outcome.REFUSED) and found.status is not None:
                return replace(found, words=f"{found.words} {_DENIED}")
            return found
        try:
            return listed(sales.distinct(found), self._department)
        except Unreadable as error:
            return Answer(Outcome.UNSENT, f"which orders there are cannot be read: {error}")

    # -- whether lists prove anything ------------------------------------------------------------------

    def _forget(self) -> None:
        with self._lock:
            self._last, self._made = (), None

    def _check(self, orders: tuple[Listed, ...]) -> None:
        """Look whether the order that was confirmed last is listed as it was sent."""
        with self._lock:
            made = self._made
        if made is None:
            return
        new = [each for each in orders if (each.item.number or 0) > (made.after or 0)]
        of_number = [each for each in new if str(each.order_number) == made.number]
        # One that only looks like ours is ours where nobody else sells the like.
        if any(self._is(made, each.item) for each in of_number or new * self._own):
            doubt = ""
        elif of_number or monotonic() - made.at_s >= self._settling_s:
            where = f" for the department {self._department!r}" if self._department else ""
            doubt = (
                f"the server confirmed the order {made.number}, and does not export it as it was sent{where}"
            )
        else:
            return
        with self._lock:
            self._made = None if self._made is made else self._made
            told, self._doubt = self._doubt, doubt
        if doubt and told in ("", UNSEEN):
            _LOG.error(
                "%s: %s: of orders whose answer is lost a person is asked (department, order_extras)",
                self._name, doubt,
            )  # fmt: skip

    def _is(self, made: _Made, item: Item) -> bool:
        ours = not self._department or item.mark == self._department
        return ours and folded(item.lines) == folded(made.lines)


def _numbers(items: Sequence[Item]) -> tuple[int, ...]:
    return tuple(item.number for item in items if item.number is not None)
