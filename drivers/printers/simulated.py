"""A simulated printer. Hands: paper_out, paper_low, paper_in, tear_next, unplug, plug.

It keeps its paper as lines of text. Like a real one it prints nothing without paper, and when it stops half-way
nobody can tell what stands on the paper.
"""

from __future__ import annotations

from collections import deque
from typing import Annotated, ClassVar

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit
from drivers.device import DeviceFault, DeviceMissing
from drivers.printers import plain
from drivers.simulated import RecordPath, SimulatedDevice
from terminal.core.events import Ended, Health, PrintEnded
from terminal.core.paper import Document

_KEPT = 200
_WELL = Condition(Health.OK)
_LOW = Condition(Health.DEGRADED, "the paper is near its end: bring a new roll")
_OUT = Condition(Health.FAILED, "out of paper: put in a new roll")


class SimulatedPrinterOptions(DriverOptions, frozen=True, kw_only=True):
    """Options of the simulated printer."""

    columns: Annotated[int, Meta(ge=16, le=80, description="Characters in a line.")] = 42
    record: RecordPath = ""


class SimulatedPrinter(SimulatedDevice):
    """A printer whose paper can be read.

    Attributes:
        papers: The last documents as lines of text, oldest first; a torn one holds what was printed of it.
    """

    role: ClassVar[str] = "printer"
    Options: ClassVar[type[DriverOptions]] = SimulatedPrinterOptions

    def __init__(self, name: str, options: SimulatedPrinterOptions, emit: Emit) -> None:
        super().__init__(name, emit, options.record)
        self._options = options
        self._paper = _WELL
        self._tear = False
        self.papers: deque[tuple[str, ...]] = deque(maxlen=_KEPT)
        self.hands |= {
            "paper_out": self.paper_out,
            "paper_low": self.paper_low,
            "paper_in": self.paper_in,
            "tear_next": self.tear_next,
        }

    def print(self, job: str, document: Document) -> None:
        """Print *document*, once; PrintEnded answers."""
        self._order(
            lambda: self._put_out(job, document),
            lambda words: self._emit(PrintEnded(job, Ended.FAILED, words)),
        )

    def paper_out(self) -> None:
        """Take the paper out."""
        self._set_paper(_OUT)

    def paper_low(self) -> None:
        """Let the paper near its end."""
        self._set_paper(_LOW)

    def paper_in(self) -> None:
        """Put a new roll in."""
        self._set_paper(_WELL)

    def tear_next(self) -> None:
        """Let the paper end half-way through the next document."""
        with self._hold:
            self._tear = True

    def _set_paper(self, paper: Condition) -> None:
        with self._hold:
            self._paper = paper
        self._order(self._tell_paper, lambda _words: None)

    def _tell_paper(self) -> None:
        self._check_plug()
        self._report(self._paper.health, self._paper.words)

    def _open(self) -> Condition | None:
        super()._open()
        return self._paper

    def _put_out(self, job: str, document: Document) -> None:
        try:
            self._check_plug()
        except DeviceMissing as error:
            self._emit(PrintEnded(job, Ended.FAILED, error.words))
            raise
        try:
            ended = self._print(job, tuple(plain.lines(document, self._options.columns)))
        except DeviceFault as error:
            self._emit(PrintEnded(job, Ended.FAILED, error.words))
            raise
        self._emit(ended)
        self._tell_paper()

    def _print(self, job: str, lines: tuple[str, ...]) -> PrintEnded:
        with self._hold:
            if self._paper.health is Health.FAILED:
                return PrintEnded(job, Ended.FAILED, f"{self.name} is {self._paper.words}")
            whole = not self._tear
            if not whole:
                lines = lines[: len(lines) // 2]
            self._record.write("document", job=job, lines=lines, whole=whole)
            self.papers.append(lines)
            if whole:
                return PrintEnded(job, Ended.DONE)
            self._tear, self._paper = False, _OUT
            return PrintEnded(job, Ended.UNKNOWN, f"the paper of {self.name} ended while it was printing")
