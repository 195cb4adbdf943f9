"""The port to GPIO lines: what a driver may do with them, and a queue that two of the three ways share."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Literal, Protocol

from terminal.core.value import Value

Line = int | str
"""Number of a line on its chip, or its name."""

Bias = Literal["pull-up", "pull-down", "none"]
"""The resistor inside the processor that holds an input while nothing drives it."""


class Edge(Value, frozen=True):
    """A line became active or inactive.

    Attributes:
        line: The line as it was named where it was opened.
        t_ns: When, on the clock of Pins.now_ns.
        active: What it became.
        lost: How many edges of this line, since the one before that is known, were lost.
        missed: How many edges of any line were lost since the edge that came before this one. Those of a line
            from which nothing comes afterwards show here only. -1: this edge was counted as one of them.
    """

    line: Line
    t_ns: int
    active: bool
    lost: int = 0
    missed: int = 0


class Output(Protocol):
    """A line that is driven."""

    def set(self, *, active: bool) -> None:
        """Drive it; raises DeviceError or OSError if that fails."""

    def close(self) -> None:
        """Drive it to the level it was opened with, and let it go; harmless if done already."""


class Edges(Protocol):
    """Lines that are watched."""

    def wait(self, timeout_s: float | None) -> tuple[Edge, ...]:
        """Return the edges that came, oldest first; none after *timeout_s* or a wake().

        Blocks without polling. Raises DeviceError or OSError when the lines are lost.
        """

    def active(self, line: Line) -> bool:
        """Return whether *line* is active now."""

    def wake(self) -> None:
        """End a wait(), the present or the next one. The only method for other threads; never raises."""

    def close(self) -> None:
        """Let the lines go; harmless if done already."""


class Pins(Protocol):
    """The lines of one chip. One thread uses an object of it; each driver has its own.

    Attributes:
        widths: Whether both edges of a pulse are reported. Where False, only those that make a line active
            are, because this way to the pins cannot tell the two apart reliably.
    """

    @property
    def widths(self) -> bool:
        """See the class."""

    def output(self, line: Line, *, active_low: bool, active: bool) -> Output:
        """Drive *line*. It has the level *active* from the same moment on in which it becomes an output."""

    def edges(self, lines: Sequence[Line], *, active_low: bool, bias: Bias) -> Edges:
        """Watch *lines*."""

    def now_ns(self) -> int:
        """Read the clock of the edges' time stamps."""


class EdgeQueue:
    """Edges from another thread to the one that waits for them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._edges: deque[Edge] = deque()
        self._woken = False
        self._broken: Exception | None = None

    def put(self, *edges: Edge) -> None:
        """Hand over *edges* at once."""
        with self._changed:
            self._edges.extend(edges)
            self._changed.notify_all()

    def fail(self, error: Exception) -> None:
        """Have the present or next wait() raise *error*."""
        with self._changed:
            self._broken = error
            self._changed.notify_all()

    def wake(self) -> None:
        """End the present or the next wait()."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def wait(self, timeout_s: float | None) -> tuple[Edge, ...]:
        """See Edges.wait."""
        with self._changed:
            self._changed.wait_for(lambda: self._edges or self._woken or self._broken, timeout_s)
            self._woken = False
            if self._broken is not None:
                raise self._broken
            edges = tuple(self._edges)
            self._edges.clear()
            return edges
