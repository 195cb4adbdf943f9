"""A simulated printer. Hands: paper_out, paper_low, paper_in, cover_open, cover_close, ...

Also offline, online, tear_next, hang_next, unplug, plug, and paper, which shows what it printed as a picture.
It keeps its paper as lines of text, too. Like a real one it prints nothing while it is not well, and says so by
itself. When it stops half-way, nobody can tell what stands on the paper: it says so until the next document is
whole.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit, Picture
from drivers.device import DeviceFault, DeviceMissing
from drivers.printers import plain
from drivers.printers.options import EscposOptions
from drivers.printers.preview import composer_of, picture
from drivers.printers.status import Status
from drivers.simulated import RecordPath, SimulatedDevice, whole
from terminal.core.events import Ended, Health, PrintEnded
from terminal.core.paper import Document, Drawer
from terminal.core.value import replace

_KEPT = 200


class SimulatedPrinterOptions(DriverOptions, frozen=True, kw_only=True):
    """Options of the simulated printer."""

    columns: Annotated[int, Meta(ge=16, le=80, description="Characters in a line.")] = 42
    profile: Annotated[
        str,
        Meta(
            description="Model whose paper `terminalctl sim paper` draws, as python-escpos calls it; POS-5890 "
            "has narrow paper."
        ),
    ] = "TM-T88V"
    record: RecordPath = ""


class SimulatedPrinter(SimulatedDevice):
    """A printer whose paper can be read.

    Attributes:
        papers: The last documents as lines of text, oldest first; a torn one holds what was printed of it.
        drawers: How often the cash drawer was opened.
    """

    role: ClassVar[str] = "printer"
    Options: ClassVar[type[DriverOptions]] = SimulatedPrinterOptions

    def __init__(self, name: str, options: SimulatedPrinterOptions, emit: Emit) -> None:
        super().__init__(name, emit, options.record)
        self._options = options
        self._status = Status()
        self._trouble = ""
        self._tear = False
        self._hang = False
        self.papers: deque[tuple[str, ...]] = deque(maxlen=_KEPT)
        self._documents: deque[Document] = deque(maxlen=_KEPT)
        self.drawers = 0
        self.hands |= {
            "paper_out": self.paper_out,
            "paper_low": self.paper_low,
            "paper_in": self.paper_in,
            "cover_open": self.cover_open,
            "cover_close": self.cover_close,
            "offline": self.offline,
            "online": self.online,
            "tear_next": self.tear_next,
            "hang_next": self.hang_next,
            "paper": self.paper,
        }

    @staticmethod
    def preview(options: SimulatedPrinterOptions, documents: Sequence[Document]) -> Picture:
        """Return what *documents* look like on the paper of a printer with its profile and columns."""
        told = EscposOptions(port="file:///dev/null", profile=options.profile, columns=options.columns)
        return picture(composer_of(told), documents, squeeze=True)

    def print(self, job: str, document: Document) -> None:
        """Print *document*, once; PrintEnded answers."""
        self._order(
            lambda: self._put_out(job, document),
            lambda words: self._emit(PrintEnded(job, Ended.FAILED, words)),
        )

    def paper_out(self) -> None:
        """Take the paper out."""
        self._become(paper_out=True, paper_near_end=False)

    def paper_low(self) -> None:
        """Let the paper near its end."""
        self._become(paper_out=False, paper_near_end=True)

    def paper_in(self) -> None:
        """Put a new roll in."""
        self._become(paper_out=False, paper_near_end=False)

    def cover_open(self) -> None:
        """Open its cover."""
        self._become(cover_open=True)

    def cover_close(self) -> None:
        """Close its cover."""
        self._become(cover_open=False)

    def offline(self) -> None:
        """Press its online button."""
        self._become(offline=True)

    def online(self) -> None:
        """Press its online button again."""
        self._become(offline=False)

    def tear_next(self) -> None:
        """Let the paper end half-way through the next document."""
        with self._hold:
            self._tear = True

    def hang_next(self) -> None:
        """Let it stop reading half-way through the next document."""
        with self._hold:
            self._hang = True

    def paper(self, number: int = 1) -> dict[str, Any]:
        """Return the last documents that it printed, up to *number* of them, as a picture: PNG in base64."""
        whole(number, "number")
        with self._hold:
            found = list(self._documents)[-number:]
        if not found:
            raise ValueError(f"{self.name} has printed nothing yet")
        try:
            seen = self.preview(self._options, found)
        except DeviceFault as error:
            raise ValueError(error.words) from error
        png = base64.b64encode(seen.png).decode()
        return {"png": png, "width": seen.width, "height": seen.height, "documents": len(found)}

    def _become(self, **how: bool) -> None:
        with self._hold:
            self._status = replace(self._status, **how)
        self._order(self._tell, lambda _words: None)

    def _tell(self) -> None:
        self._check_plug()
        condition = self._judge()
        self._report(condition.health, condition.words)

    def _judge(self) -> Condition:
        with self._hold:
            if problem := self._status.problem():
                return Condition(Health.FAILED, problem)
            warning = self._trouble or self._status.warning()
            return Condition(Health.DEGRADED if warning else Health.OK, warning)

    def _open(self) -> Condition | None:
        super()._open()
        return self._judge()

    def _put_out(self, job: str, document: Document) -> None:
        try:
            self._check_plug()
        except DeviceMissing as error:
            self._emit(PrintEnded(job, Ended.FAILED, error.words))
            raise
        try:
            ended = self._print(job, document)
        except DeviceFault as error:
            self._emit(PrintEnded(job, Ended.FAILED, error.words))
            raise
        self._emit(ended)
        self._tell()

    def _print(self, job: str, document: Document) -> PrintEnded:
        lines = tuple(plain.lines(document, self._options.columns))
        drawers = sum(isinstance(line, Drawer) for line in document.lines)
        with self._hold:
            if problem := self._status.problem():
                return PrintEnded(job, Ended.FAILED, f"nothing was printed: {problem}")
            complete = not (self._tear or self._hang)
            if not complete:
                lines, drawers = lines[: len(lines) // 2], 0
                document = Document(document.lines[: len(document.lines) // 2])
            self._record.write("document", job=job, lines=lines, whole=complete)
            self.papers.append(lines)
            self._documents.append(document)
            for _ in range(drawers):
                self._record.write("drawer", job=job)
                self.drawers += 1
            if complete:
                self._trouble = ""
                return PrintEnded(job, Ended.DONE)
            return PrintEnded(job, Ended.UNKNOWN, self._break_off())

    def _break_off(self) -> str:
        words = "printing broke off: it took no more data"
        if self._tear:
            self._status = replace(self._status, paper_out=True)
            words = f"printing broke off: {self._status.problem()}"
        self._tear = self._hang = False
        self._trouble = f"nobody knows whether the last document was printed ({words}): look at the paper"
        return words
