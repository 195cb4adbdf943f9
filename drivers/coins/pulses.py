"""Coins from the pulses of one line: a pure state machine. Edges and the time go in, coins and doubts come out.

An acceptor with a pulse output closes a switch once for each unit of a coin's value, or a number of times that
says which coin it was. Pulses that follow each other make one group; a long enough quiet ends it. What is not
surely a coin is *never* one: it comes out as Unknown, for a person to see.

    too short                            a spike: no pulse, and no doubt either
    two parts with a gap that is none    one pulse that bounced, if one part alone is long enough; else a doubt
    too long                             the whole group is in doubt
    an edge was lost                     the whole group is in doubt
    a count that is not in the table     in doubt

Widths and gaps: DG600F 25, 45, 65 or 100 ms, the host should want 20 ms or more (its manual, SparkFun
COM-11636); parallel mechs about 100 ms; others up to some hundred ms.
"""

from __future__ import annotations

from collections import deque

from terminal.core.value import Value

Span = tuple[int, int]
"""When a pulse began, and when it ended; nanoseconds."""

LOOK_NS = 1_000_000_000
"""How often a line that stays active is looked at: the edge that ended it may have been lost."""

_RESTLESS_NS = 10_000_000_000
_MOST_SPANS = 1_000
_LOST = "edges were lost: this machine was too busy"


class Shape(Value, frozen=True):
    """What a pulse looks like; times in nanoseconds.

    Attributes:
        min_ns: Shortest pulse.
        max_ns: Longest pulse.
        gap_ns: Shortest gap between two pulses; what is shorter is a bounce within one.
        end_ns: Quiet after a pulse that ends the group.
        widths: Whether edges to inactive are reported. Else pulses are counted by their first edge, and two
            nearer than min_ns + gap_ns are one that bounced.
    """

    min_ns: int
    max_ns: int
    gap_ns: int
    end_ns: int
    widths: bool = True


class Table(Value, frozen=True):
    """What a number of pulses is worth, in cents: by *coins* (pulses -> cents), else *unit* cents a pulse."""

    coins: dict[int, int]
    unit: int = 0

    def cents(self, pulses: int) -> int | None:
        """Return the value of a group; None if there is no such coin."""
        if pulses in self.coins:
            return self.coins[pulses]
        return pulses * self.unit or None

    @property
    def smallest(self) -> int:
        """The least that a coin is worth."""
        return min([*self.coins.values(), *([self.unit] if self.unit else [])])


class Coin(Value, frozen=True):
    """A coin of *cents*; *spans*: its pulses, oldest first."""

    cents: int
    pulses: int
    spans: tuple[Span, ...] = ()


class Unknown(Value, frozen=True):
    """A group that is no known coin; *words* say why, for a technician.

    *spans* as in Coin, and what flickered; *lost*: edges of it were lost, so it may have been any coin.
    """

    pulses: int
    words: str
    spans: tuple[Span, ...] = ()
    lost: bool = False


Result = Coin | Unknown


class PulseCounter:
    """Counts the pulses of one line. Times in nanoseconds, of one clock; they may not run backwards.

    The edges of a line are fed in order. A caller that has fed all edges up to a time may then tell that time
    by tick(); it should do so at due() at the latest. Where curious() it should look() before.
    """

    def __init__(self, shape: Shape, table: Table, *, t_ns: int, active: bool) -> None:
        """Begin at *t_ns* with the line as it is then."""
        self._shape = shape
        self._table = table
        self._now = t_ns
        self._active = active and shape.widths
        self._edge_at = t_ns  # the last change of the level
        self._looked_at = t_ns
        # The pulse that is not judged yet: its first edge, and the longest part in which the line was active.
        self._first_at: int | None = None
        self._longest = 0
        # Since when the line is seen to be active though no edge said so; and, without widths, for too long.
        self._held_at: int | None = None
        self._held = False
        # The group: its pulses, what is wrong with it, and when its last pulse ended (None: there is no group).
        self._pulses = 0
        self._spans: deque[Span] = deque(maxlen=_MOST_SPANS)
        self._doubt = ""
        self._doubt_at = 0
        self._lost = False
        self._last_at: int | None = None
        if active:
            self._suspect(t_ns, "it was under way when the terminal began to look")
            if shape.widths:
                self._first_at = t_ns
            else:
                self._held_at = t_ns

    # -- for the caller --------------------------------------------------------------------------------

    def feed(self, t_ns: int, *, active: bool, lost: bool = False) -> list[Result]:
        """Take an edge; return the groups that had ended before it."""
        t_ns = max(t_ns, self._now)
        if lost or (self._held_at is not None and not active):
            self.lose()  # what was lost may have been a part of the group that is under way
        results = self.tick(t_ns, edge=True)
        if lost:
            self._suspect(t_ns, _LOST, lost=True)
        if not self._shape.widths:
            self._lead(t_ns)
        elif active is self._active:
            self._suspect(t_ns, "the signal made no sense: edges must have been lost", lost=True)
        elif active:
            self._first_at = t_ns if self._first_at is None else self._first_at
            self._active, self._edge_at = True, t_ns
        else:
            self._longest = max(self._longest, t_ns - self._edge_at)
            self._active, self._edge_at = False, t_ns
        return results

    def tick(self, t_ns: int, *, edge: bool = False) -> list[Result]:
        """Take the time (*edge*: that of an edge); return the group that has ended by now, if one has."""
        self._now = max(t_ns, self._now)
        if edge:  # what was seen to be active was the beginning of this edge's pulse, or has ended unseen
            self._held_at, self._held = None, False
        if self._first_at is not None and not self._active and self._now >= self._edge_at + self._shape.gap_ns:
            self._judge()
        if self._first_at is not None or self._last_at is None or self._held_at is not None:
            return []
        return self._end() if self._now >= self._last_at + self._shape.end_ns else []

    def due(self) -> int | None:
        """Return when tick() will have something to do if no edge comes; None: never."""
        if self._first_at is not None and not self._active:
            return self._edge_at + self._shape.gap_ns
        if self.stuck:
            return self._looked_at + LOOK_NS
        since = self._first_at if self._held_at is None else self._held_at
        if since is not None:
            return since + self._shape.max_ns + 1
        return None if self._last_at is None else self._last_at + self._shape.end_ns

    def curious(self, t_ns: int) -> bool:
        """Return whether the level at *t_ns* would tell something that no edge did; see look()."""
        if self._active and self._first_at is not None:
            return t_ns > self._first_at + self._shape.max_ns
        ends = self._last_at is not None and t_ns >= self._last_at + self._shape.end_ns
        return ends or self._held_at is not None

    def look(self, t_ns: int, *, active: bool) -> list[Result]:
        """Take the level, read after all edges up to *t_ns* were fed; return what feed() returns.

        A line that rests while its last edge says otherwise has lost one, and so has one that is active, if the
        edge that said so does not come a moment later. Where only first edges are known, nothing else tells a
        pulse from a line that stays active.
        """
        self._now = self._looked_at = max(t_ns, self._now)
        if self._active:
            return [] if active else self.feed(t_ns, active=False, lost=True)
        if not active:
            self._held_at, self._held = None, False
        elif self._held_at is None:
            self._held_at = t_ns
        elif not self._held and t_ns > self._held_at + self._shape.max_ns:
            self._held = not self._shape.widths
            self._suspect(t_ns, "the line stays active", lost=self._shape.widths)
            if self._shape.widths:
                return self.feed(t_ns, active=True)
        return []

    def lose(self) -> None:
        """Take that edges were lost before now, perhaps of this line: what is under way is in doubt."""
        if self.busy:
            self._suspect(self._edge_at, _LOST, lost=True)

    def abandon(self, words: str) -> list[Result]:
        """End the group that is under way, if one is, as Unknown for the reason *words*."""
        if not self.busy:
            return []
        self._judge()
        self._doubt, self._lost = words, True
        return self._end()

    @property
    def active(self) -> bool:
        """Whether the line is active, as far as is known; False where widths are unknown."""
        return self._active

    @property
    def busy(self) -> bool:
        """Whether a group, or what may become one, is under way."""
        return self._first_at is not None or self._last_at is not None

    @property
    def stuck(self) -> bool:
        """Whether the line has been active for longer than any pulse is."""
        if not self._shape.widths:
            return self._held
        return self._first_at is not None and self._now - self._first_at > self._shape.max_ns

    @property
    def restless(self) -> bool:
        """Whether a group that is none goes on and on: the line picks up something."""
        return bool(self._doubt) and self._now - self._doubt_at > _RESTLESS_NS

    def spans(self, t_ns: int) -> tuple[Span, ...]:
        """Return the pulses of the group that is under way, and what may be one by *t_ns*.

        None where edges were lost: then nobody knows when they were.
        """
        if self._lost:
            return ()
        if self._first_at is None:
            return tuple(self._spans)
        end = t_ns if self._active else self._edge_at
        last = ((self._first_at, end),) if end - self._first_at >= self._shape.min_ns else ()
        return (*self._spans, *last)

    # -- within a group --------------------------------------------------------------------------------

    def _suspect(self, t_ns: int, words: str, *, lost: bool = False) -> None:
        if not self._doubt:
            self._doubt, self._doubt_at = words, t_ns
        self._lost |= lost
        self._last_at = max(t_ns, self._last_at or t_ns)

    def _lead(self, t_ns: int) -> None:
        """Count a first edge, where only those are known; its pulse may last for max_ns."""
        if self._pulses and t_ns - self._edge_at < self._shape.min_ns + self._shape.gap_ns:
            return
        self._pulses += 1
        self._spans.append((t_ns, t_ns + self._shape.min_ns))
        self._edge_at = t_ns
        self._last_at = t_ns + self._shape.max_ns

    def _judge(self) -> None:
        """Decide what lies between _first_at and _edge_at: a pulse, a doubt, or nothing."""
        if self._first_at is None:
            return
        span = (self._first_at, self._edge_at)
        width = self._edge_at - self._first_at
        longest, self._first_at, self._longest = self._longest, None, 0
        if width >= self._shape.min_ns:
            self._spans.append(span)
        if width > self._shape.max_ns:
            self._pulses += 1
            self._suspect(self._edge_at, f"a pulse of {width // 1_000_000} ms is too long")
        elif longest >= self._shape.min_ns:
            self._pulses += 1
            self._last_at = self._edge_at
        elif width >= self._shape.min_ns:
            self._suspect(self._edge_at, "the signal flickered")

    def _end(self) -> list[Result]:
        pulses, doubt, lost, spans = self._pulses, self._doubt, self._lost, tuple(self._spans)
        self._pulses, self._doubt, self._lost, self._last_at = 0, "", False, None
        self._spans.clear()
        if doubt:
            return [Unknown(pulses, doubt, spans, lost)]
        cents = self._table.cents(pulses)
        if cents is None:
            return [Unknown(pulses, f"no coin of this acceptor has {pulses} pulses", spans)]
        return [Coin(cents, pulses, spans)]
