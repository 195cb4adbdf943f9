"""Coins from the pulses of all lines of one acceptor: pure, over one PulseCounter for each line.

What only shows when the lines stand together:

* An acceptor reports one coin at a time. Lines that are active at the same moment are crosstalk, a supply that
  breaks down, or somebody's noise: every group that takes part is in doubt.
* The kernel numbers the edges of each line and those of all lines. A gap in a line's own numbers puts doubt on
  that line. A gap in the common numbers that no line has accounted for yet puts doubt on what is under way on
  the lines of which nothing was heard since, and on nothing else; where no line ever accounts for it, a whole
  coin may have passed unseen, and that is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from drivers.coins.pulses import Coin, PulseCounter, Result, Shape, Span, Table, Unknown
from drivers.pins.port import Edge, Line
from terminal.core.value import Value

_TOGETHER = "lines {lines} were active at the same moment: crosstalk, or a weak supply"
_UNSEEN = "{count} edges were lost, and nobody knows on which line: this machine was too busy"
_MOST_ENDED = 256


class Told(Value, frozen=True):
    """What a line told; *line* is None where nobody knows which one it was."""

    line: Line | None
    result: Result


class PulseLines:
    """Counts the pulses of all lines. The rules of PulseCounter hold for each of them.

    Args:
        shape: What a pulse looks like.
        tables: What pulses are worth, by line.
        t_ns: When this begins.
        active: Whether a line is active then.
    """

    def __init__(
        self, shape: Shape, tables: Mapping[Line, Table], *, t_ns: int, active: Callable[[Line], bool]
    ) -> None:
        self._end_ns = shape.end_ns
        self._counters = {
            line: PulseCounter(shape, table, t_ns=t_ns, active=active(line)) for line, table in tables.items()
        }
        # Groups that have ended while another one was under way: that one may overlap with them.
        self._ended: deque[tuple[Line, tuple[Span, ...]]] = deque(maxlen=_MOST_ENDED)
        # Edges that were lost and that no line has accounted for, how many of them were told, when the last of
        # them was missed, and on which lines they may have been. And those that a look at a line found missing.
        self._owed = 0
        self._told_owed = 0
        self._owed_at = t_ns
        self._perhaps: set[Line] = set()
        self._found: dict[Line, int] = {}

    def feed(self, edge: Edge) -> list[Told]:
        """Take an edge; return what had ended before it."""
        lost = self._account(edge)
        ended = self._counters[edge.line].feed(edge.t_ns, active=edge.active, lost=lost)
        return self._told([(edge.line, result) for result in ended], edge.t_ns)

    def tick(self, t_ns: int, active: Callable[[Line], bool]) -> list[Told]:
        """Take the time, after all edges up to it were fed; return what has ended by now.

        *active* reads the level of a line, where that tells something that no edge did.
        """
        ended: list[tuple[Line, Result]] = []
        for line, counter in self._counters.items():
            if counter.busy and line in self._perhaps:
                counter.lose()
            seen: list[Result] = []
            if counter.curious(t_ns):
                before = counter.active
                seen = counter.look(t_ns, active=active(line))
                if counter.active is not before:  # it found out by itself that an edge was lost
                    self._owed -= 1
                    self._found[line] = self._found.get(line, 0) + 1
            ended += [(line, result) for result in (*seen, *counter.tick(t_ns))]
        return self._told(ended, t_ns) + self._unseen(t_ns)

    def due(self) -> int | None:
        """Return when tick() will have something to do if no edge comes; None: never."""
        times = [counter.due() for counter in self._counters.values()]
        return min((t for t in (*times, self._unseen_due()) if t is not None), default=None)

    def abandon(self, words: str) -> list[Told]:
        """End all that is under way as Unknown, for the reason *words*."""
        return [
            Told(line, result) for line, counter in self._counters.items() for result in counter.abandon(words)
        ]

    @property
    def busy(self) -> bool:
        """Whether something is under way on any line."""
        return any(counter.busy for counter in self._counters.values())

    @property
    def falling(self) -> bool:
        """Whether what is under way may still become a coin."""
        return any(counter.busy and not counter.stuck for counter in self._counters.values())

    @property
    def stuck(self) -> list[Line]:
        """The lines that have been active for longer than any pulse is."""
        return [line for line, counter in self._counters.items() if counter.stuck]

    @property
    def restless(self) -> list[Line]:
        """The lines whose doubtful signals do not end."""
        return [line for line, counter in self._counters.items() if counter.restless]

    # -- edges that were lost --------------------------------------------------------------------------

    def _account(self, edge: Edge) -> bool:
        """Return whether edges of this line were lost of which nothing was told yet."""
        found = self._found.pop(edge.line, 0)
        self._owed += found + edge.missed - edge.lost
        lost = edge.lost - min(edge.lost, found)
        # Those that were told by _unseen were lost so long ago that they cannot belong to what begins now.
        told = min(lost, self._told_owed)
        self._told_owed = max(0, min(self._told_owed - told, self._owed))
        if edge.missed > 0:
            self._perhaps, self._owed_at = set(self._counters), edge.t_ns
        self._perhaps.discard(edge.line)  # its own numbers tell what it lost
        if self._owed <= 0:
            self._perhaps.clear()
        return lost > told

    def _unseen_due(self) -> int | None:
        return self._owed_at + self._end_ns if self._owed > self._told_owed else None

    def _unseen(self, t_ns: int) -> list[Told]:
        """Tell of edges that no line has accounted for in time: a whole coin may have passed unseen."""
        due = self._unseen_due()
        if due is None or t_ns < due:
            return []
        count, self._told_owed = self._owed - self._told_owed, self._owed
        return [Told(None, Unknown(count, _UNSEEN.format(count=count), lost=True))]

    # -- one coin at a time ----------------------------------------------------------------------------

    def _told(self, ended: list[tuple[Line, Result]], t_ns: int) -> list[Told]:
        """Return what *ended* as it is told, in the order in which it began."""
        self._ended.extend((line, result.spans) for line, result in ended if not _lost(result))
        told = [Told(line, self._alone(line, result, t_ns)) for line, result in ended]
        if not self.busy:
            self._ended.clear()
        return sorted(told, key=lambda each: each.result.spans[:1])

    def _alone(self, line: Line, result: Result, t_ns: int) -> Result:
        """Return *result*, as a doubt where another line was active at the same moment."""
        if not isinstance(result, Coin) or len(self._counters) == 1:
            return result
        groups = [(other, counter.spans(t_ns)) for other, counter in self._counters.items()]
        others = {
            str(other)
            for other, spans in (*self._ended, *groups)
            if other != line and _overlap(result.spans, spans)
        }
        if not others:
            return result
        words = _TOGETHER.format(lines=" and ".join(sorted({str(line), *others})))
        return Unknown(result.pulses, words, result.spans)


def _lost(result: Result) -> bool:
    """Return whether edges of it were lost: then nobody knows when its pulses were."""
    return isinstance(result, Unknown) and result.lost


def _overlap(some: tuple[Span, ...], others: tuple[Span, ...]) -> bool:
    return any(one[0] < other[1] and other[0] < one[1] for one in some for other in others)
