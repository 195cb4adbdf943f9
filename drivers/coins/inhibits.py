"""The inhibit inputs of an acceptor on GPIO lines: one for all coins, one for each, or both."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from drivers.pins import Line, Output, Pins

_MOST_CHANGES = 64


class Inhibits:
    """Forbids and allows coins, and remembers since when. Forbids all from its making on.

    Args:
        pins: The lines' chip.
        forbids: What each line forbids: coins of so many cents; None: all.
        smallest: The least that a coin is worth; with less room than that there is no sense in any.
        active_low: Whether the low level forbids.
    """

    def __init__(
        self, pins: Pins, forbids: Mapping[Line, int | None], *, smallest: int, active_low: bool
    ) -> None:
        self._now_ns: Callable[[], int] = pins.now_ns
        self._needs = {line: smallest if cents is None else cents for line, cents in forbids.items()}
        self._of = forbids
        self._outputs: dict[Line, Output] = {}
        try:
            for line in forbids:
                self._outputs[line] = pins.output(line, active_low=active_low, active=True)
        except BaseException:
            self.close()
            raise
        self._forbidden = dict.fromkeys(forbids, True)
        # When each line changed, and whether it forbids since; the oldest may be forgotten.
        now = pins.now_ns()
        self._changes = {line: deque([(now, True)], maxlen=_MOST_CHANGES) for line in forbids}

    def allow(self, room: int) -> None:
        """Allow coins that fit *room* cents; where only one line forbids all, any of them."""
        wanted = {line: room < needs for line, needs in self._needs.items()}
        for line in sorted(wanted, key=wanted.__getitem__, reverse=True):  # forbid first
            if wanted[line] is not self._forbidden[line]:
                self._outputs[line].set(active=wanted[line])
                self._forbidden[line] = wanted[line]
                self._changes[line].append((self._now_ns(), wanted[line]))

    def forbidden_ns(self, cents: int, t_ns: int) -> int:
        """Return for how long a coin of *cents* had been forbidden at *t_ns*; 0: it was allowed."""
        lines = [line for line, of in self._of.items() if of in (None, cents)]
        return max((self._line_ns(line, t_ns) for line in lines), default=0)

    def forbid(self) -> None:
        """Forbid all coins, now; every line is tried, whatever becomes of the others."""
        with ExitStack() as trying:
            for line, output in self._outputs.items():
                trying.callback(self._forbid, line, output)

    def close(self) -> None:
        """Forbid all coins and let the lines go."""
        with ExitStack() as closing:
            for output in self._outputs.values():
                closing.callback(output.close)

    def _forbid(self, line: Line, output: Output) -> None:
        output.set(active=True)
        self._forbidden[line] = True

    def _line_ns(self, line: Line, t_ns: int) -> int:
        before = [change for change in self._changes[line] if change[0] <= t_ns]
        if not before or not before[-1][1]:
            return 0
        return t_ns - before[-1][0]
