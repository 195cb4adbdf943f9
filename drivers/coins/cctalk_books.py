"""How far a ccTalk acceptor is told, and what of that is on the books."""

from __future__ import annotations

import time
from collections.abc import Callable

from drivers.coins.cctalk_credits import Mark, News, news, parse
from terminal.core.events import DeviceMarked
from terminal.core.value import replace

MARK_EVENTS = 3
"""Events without money that are left without a mark: fewer than a device still knows."""

MARK_S = 5.0
"""How long they are."""


class Books:
    """What is known of one device.

    Attributes:
        known: How far it is told; None: nothing is known of any device.
        opened: Whether it may have taken something since: it then is no small thing if it forgets its events.
    """

    def __init__(self, name: str, emit: Callable[[DeviceMarked], None]) -> None:
        self._name = name
        self._emit = emit
        self._unmarked = 0
        self._told_at = 0.0
        self._watched = False
        self.known: Mark | None = None
        self.opened = True

    def resume(self, mark: str) -> bool:
        """Go on from *mark*; return whether it is one."""
        self.known = parse(mark)
        self.opened = self.known is None or self.known.opened
        return self.known is not None

    def news(self, now: Mark) -> News:
        """Return what is new at *now*."""
        return news(self.known, now, watched=self._watched)

    def look_away(self) -> None:
        """Note that the device is not asked any more for a while."""
        self._watched = False

    def has(self, now: Mark) -> bool:
        """Whether all up to *now* is told."""
        known = self.known
        return known is not None and replace(now, opened=known.opened) == known

    def told(self, mark: Mark, *, marked: bool) -> None:
        """Note that all up to *mark* is told, with an event that carries the mark or with one that does not."""
        self.known = mark
        self._told_at = time.monotonic()
        self._unmarked = 0 if marked else self._unmarked + 1

    def stand(self, now: Mark) -> None:
        """Note that the device stands at *now*, all of it told; the first of a device is put on the books."""
        before, self.known, self._watched = self.known, now, True
        if before is None or before.device != now.device or self._unmarked >= MARK_EVENTS:
            self.mark()

    def tidy(self) -> None:
        """Put on the books what was told without a mark, once no more comes."""
        if self._unmarked and time.monotonic() >= self._told_at + MARK_S:
            self.mark()

    def set_opened(self, *, opened: bool) -> None:
        """Note, on the books too, whether it may take something from now on: a reset is a loss then."""
        if self.opened is not opened and self.known is not None:
            self.opened = opened
            self.known = replace(self.known, opened=opened)
            self.mark()

    def mark(self) -> None:
        """Put on the books where the device stands."""
        if self.known is not None:
            self._unmarked = 0
            self._emit(DeviceMarked(self._name, self.known.text))
