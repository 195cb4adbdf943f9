"""GPIO lines in this process, with hands: drive, train, wire, and a history of what was driven.

    pins = "simulated"
    chip = "bench"       # one chip for each name; drivers that name the same chip share its lines

As strict as a real chip: a line has one owner at a time, an input cannot be driven by a driver, and a pulled
chip fails every call.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from drivers.device import DeviceFault, DeviceMissing
from drivers.pins.port import Bias, Edge, EdgeQueue, Line
from terminal.core.value import Value

_chips: dict[str, SimulatedChip] = {}
_guard = threading.Lock()


def simulated_chip(name: str = "") -> SimulatedPins:
    """Return the lines of the simulated chip *name*.

    Raises:
        DeviceMissing: Somebody pulled it.
    """
    chip = chip_of(name)
    chip.check()
    return SimulatedPins(chip)


def chip_of(name: str = "") -> SimulatedChip:
    """Return the simulated chip *name* itself, for its hands; it is made when it is first asked for."""
    with _guard:
        return _chips.setdefault(name, SimulatedChip(name))


class _Change(Value, frozen=True):
    """The level of a line changed; *lost*: nobody is to hear of it."""

    t_ns: int
    high: bool
    lost: bool


_Watcher = Callable[[int, list[_Change]], None]


@dataclass
class _Wire:
    """The physical level of one line, and who is on it."""

    high: bool = False
    driven: bool = False  # from outside; else a bias may hold it
    owner: str = ""
    watcher: _Watcher | None = None
    history: list[bool] = field(default_factory=list)
    leads_to: list[int] = field(default_factory=list)
    to_lose: int = 0


class SimulatedChip:
    """The lines and the hands that move them. Levels here are physical: high or low."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._wires: dict[int, _Wire] = {}
        self._lock = threading.RLock()
        self._present = True
        self._on_pull: list[Callable[[], None]] = []

    # -- hands -----------------------------------------------------------------------------------------

    def drive(self, line: Line, *, high: bool, t_ns: int | None = None) -> None:
        """Drive an input from outside, at *t_ns* of the monotonic clock (None: now)."""
        self.train(line, [(time.monotonic_ns() if t_ns is None else t_ns, high)])

    def train(self, line: Line, levels: Sequence[tuple[int, bool]]) -> None:
        """Drive an input through (t_ns, high) levels; who watches it gets all of them at once."""
        with self._lock:
            wire = self._wire(line)
            if wire.owner == "output":
                raise ValueError(f"line {line} is an output; it cannot be driven from outside")
            wire.driven = True
            self._move(number_of(line), levels)

    def lose(self, line: Line, edges: int = 1) -> None:
        """Let the next *edges* of *line* be lost, as by a buffer that overflowed."""
        self._wire(line).to_lose = edges

    def wire(self, output: Line, target: Line) -> None:
        """Lay a wire: *target* follows *output* from now on."""
        with self._lock:
            self._wire(output).leads_to.append(number_of(target))
            self._wire(target).driven = True
            self._move(number_of(target), [(time.monotonic_ns(), self._wire(output).high)])

    def high(self, line: Line) -> bool:
        """Return the level of *line*."""
        return self._wire(line).high

    def owner(self, line: Line) -> str:
        """Return what *line* is: ``output``, ``input`` or, when nobody has it, the empty text."""
        return self._wire(line).owner

    def history(self, line: Line) -> list[bool]:
        """Return the levels that a driver gave *line*, from the one it became an output with."""
        with self._lock:
            return list(self._wire(line).history)

    def pull(self) -> None:
        """Take the chip away: every call of its users fails from now on."""
        with self._lock:
            self._present = False
            for tell in list(self._on_pull):
                tell()

    def put_back(self) -> None:
        """Bring the chip back."""
        self._present = True

    # -- for SimulatedPins -----------------------------------------------------------------------------

    def check(self) -> None:
        """Raise DeviceMissing where the chip was pulled."""
        if not self._present:
            raise DeviceMissing(f"the simulated GPIO chip {self._name!r} is gone")

    def claim(self, line: Line, owner: str) -> None:
        """Take *line*; raises DeviceFault if somebody has it."""
        with self._lock:
            self.check()
            wire = self._wire(line)
            if wire.owner:
                raise DeviceFault(f"line {line} of the simulated GPIO chip is in use already")
            wire.owner = owner

    def free(self, line: Line) -> None:
        """Give *line* back."""
        with self._lock:
            wire = self._wire(line)
            wire.owner, wire.watcher = "", None

    def give(self, line: Line, *, high: bool) -> None:
        """Drive an output."""
        with self._lock:
            self.check()
            self._wire(line).history.append(high)
            self._move(number_of(line), [(time.monotonic_ns(), high)])

    def watch(self, line: Line, watcher: _Watcher, *, idle: bool) -> None:
        """Call *watcher* with all changes of one movement; *idle* is what a bias makes of the line."""
        with self._lock:
            wire = self._wire(line)
            wire.watcher = watcher
            if not wire.driven:
                wire.high = idle

    def tell_pull(self, tell: Callable[[], None]) -> None:
        """Have *tell* called when the chip is pulled."""
        with self._lock:
            self._on_pull.append(tell)

    def forget_pull(self, tell: Callable[[], None]) -> None:
        """Undo tell_pull."""
        with self._lock:
            if tell in self._on_pull:
                self._on_pull.remove(tell)

    def _wire(self, line: Line) -> _Wire:
        with self._lock:
            return self._wires.setdefault(number_of(line), _Wire())

    def _move(self, number: int, levels: Sequence[tuple[int, bool]]) -> None:
        wire = self._wire(number)
        changes: list[_Change] = []
        for t_ns, high in levels:
            if high is wire.high:
                continue
            wire.high = high
            changes.append(_Change(t_ns, high, wire.to_lose > 0))
            wire.to_lose = max(0, wire.to_lose - 1)
        if wire.watcher is not None and changes:
            wire.watcher(number, changes)
        for target in wire.leads_to:
            self._move(target, levels)


class SimulatedPins:
    """The lines of a simulated chip, for a driver."""

    widths = True

    def __init__(self, chip: SimulatedChip) -> None:
        self._chip = chip

    def now_ns(self) -> int:
        """Read the monotonic clock."""
        return time.monotonic_ns()

    def output(self, line: Line, *, active_low: bool, active: bool) -> SimulatedOutput:
        """Drive *line*, from the first moment on to *active*."""
        return SimulatedOutput(self._chip, line, active_low=active_low, active=active)

    def edges(self, lines: Sequence[Line], *, active_low: bool, bias: Bias) -> SimulatedEdges:
        """Watch *lines* for both edges."""
        return SimulatedEdges(self._chip, lines, active_low=active_low, bias=bias)


class SimulatedOutput:
    """One driven line."""

    def __init__(self, chip: SimulatedChip, line: Line, *, active_low: bool, active: bool) -> None:
        chip.claim(line, "output")
        self._chip = chip
        self._line = line
        self._active_low = active_low
        self._rest = active
        self._open = True
        self.set(active=active)

    def set(self, *, active: bool) -> None:
        """Drive it."""
        if not self._open:
            raise DeviceFault(f"line {self._line} is closed")
        self._chip.give(self._line, high=active is not self._active_low)

    def close(self) -> None:
        """Drive it to where it rests, and let it go."""
        if self._open:
            try:
                self.set(active=self._rest)
            finally:
                self._open = False
                self._chip.free(self._line)


class SimulatedEdges:
    """Watched lines."""

    def __init__(self, chip: SimulatedChip, lines: Sequence[Line], *, active_low: bool, bias: Bias) -> None:
        self._chip = chip
        self._active_low = active_low
        self._queue = EdgeQueue()
        self._lines: dict[int, Line] = {}
        self._lost: dict[int, int] = {}
        self._missed = 0
        chip.tell_pull(self._pulled)
        try:
            for line in lines:
                chip.claim(line, "input")
                self._lines[number_of(line)] = line
                chip.watch(line, self._moved, idle=bias == "pull-up")
        except DeviceFault:
            self.close()
            raise

    def wait(self, timeout_s: float | None) -> tuple[Edge, ...]:
        """See Edges.wait."""
        return self._queue.wait(timeout_s)

    def active(self, line: Line) -> bool:
        """Return whether *line* is active now."""
        self._chip.check()
        return self._chip.high(line) is not self._active_low

    def wake(self) -> None:
        """End a wait()."""
        self._queue.wake()

    def close(self) -> None:
        """Let the lines go."""
        self._chip.forget_pull(self._pulled)
        for line in self._lines.values():
            self._chip.free(line)
        self._lines = {}

    def _moved(self, number: int, changes: list[_Change]) -> None:
        """Number edges as the kernel does: those that are lost, too. Called with the chip's lock held."""
        line = self._lines[number]
        edges: list[Edge] = []
        for each in changes:
            if each.lost:
                self._lost[number] = self._lost.get(number, 0) + 1
                self._missed += 1
                continue
            lost, missed, self._missed = self._lost.pop(number, 0), self._missed, 0
            edges.append(Edge(line, each.t_ns, each.high is not self._active_low, lost, missed))
        self._queue.put(*edges)

    def _pulled(self) -> None:
        self._queue.fail(DeviceMissing("the simulated GPIO chip is gone"))


def number_of(line: Line) -> int:
    """Return the number of *line*.

    Raises:
        DeviceFault: It is no name of a line.
    """
    text = str(line).upper().removeprefix("GPIO")
    if not text.isdecimal():
        raise DeviceFault(f"the simulated GPIO chip has no line {line!r}; it has numbers, and GPIO17 for 17")
    return int(text)
