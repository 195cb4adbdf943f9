"""Receipt printers that understand ESC/POS: serial, USB, network, or a device file.

    [[devices]]
    name = "receipts"
    role = "printer"
    driver = "escpos"
    options = { port = "serial:///dev/serial/by-id/usb-…", baudrate = 38400, profile = "TM-T88V" }

python-escpos composes the bytes; they are sent from here, in pieces, with time limits and status questions. How
surely a document was printed depends on the printer, and PrintEnded says no more than is known:

* a printer that answers ``GS r``: DONE means that it worked off everything up to the cut;
* one that answers only real-time questions: DONE means that it took everything and was well afterwards;
* one that answers nothing: DONE means that it took everything.

Nothing sent: FAILED. Broken off after the first byte, or fallen silent before it was confirmed: UNKNOWN, and a
person looks; no document is ever sent twice.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit, Found
from drivers.device import DeviceError, DeviceFault, DeviceMissing, DeviceThread, needs, words_of
from drivers.printers import ports
from drivers.printers.compose import ComposeError, Composer, Cut, composer
from drivers.printers.ports import Flow, Line, Parity, Port
from drivers.printers.scan import printers
from drivers.printers.status import Status
from drivers.printers.talk import Talk
from terminal.core.events import Ended, Health, PrintEnded
from terminal.core.paper import Document

_CHUNK = 512
_SLICE_S = 0.5
"""Longest wait at a stretch: between two the heartbeat shows and stop() is heard."""
_TRIES = 3
"""So often a printer that has answered before is asked until its silence counts."""
_REMEMBERED = 1000
"""Jobs that are known not to be printed again."""
_BLIND = "it answers no status questions: whether paper is in it is not known"


class EscposOptions(DriverOptions, frozen=True):
    """Options of the driver ``escpos``."""

    port: Annotated[
        str,
        Meta(
            description="Where the printer is: serial:///dev/serial/by-id/…, usb://VENDOR:PRODUCT (or "
            "usb://VENDOR:PRODUCT/SERIAL), tcp://HOST:9100, file:///dev/usb/lp0, or file:///… for a plain file."
        ),
    ]
    baudrate: Annotated[int, Meta(ge=300, le=4_000_000, description="Bits a second, serial only.")] = 9600
    parity: Annotated[Parity, Meta(description="Parity bit, serial only.")] = "none"
    flow: Annotated[Flow, Meta(description="How the printer says that it is busy, serial only.")] = "none"
    profile: Annotated[
        str, Meta(description="Model, as python-escpos calls it, such as TM-T88V; `simple` for poor ones.")
    ] = "default"
    columns: Annotated[int, Meta(ge=0, le=128, description="Characters in a line; 0: as the profile says.")] = 0
    charset: Annotated[str, Meta(description="Code page that text is printed in.")] = "CP858"
    leave_chinese: Annotated[
        bool, Meta(description="Whether to switch off two-byte signs, where umlauts come out as Chinese.")
    ] = False
    cut: Annotated[Cut, Meta(description="How the paper is cut.")] = "full"
    status: Annotated[
        Literal["auto", "always", "none"],
        Meta(
            description="Whether the printer answers questions: `auto` finds out, `always`: its silence means "
            "that it is off, `none`: it is never asked."
        ),
    ] = "auto"
    answer_ms: Annotated[
        int, Meta(ge=50, le=5_000, description="Time to answer a question in, in milliseconds.")
    ] = 1000
    check_s: Annotated[
        float, Meta(ge=0.1, le=3600, description="Seconds between two looks at paper and cover.")
    ] = 10.0
    stall_s: Annotated[
        float, Meta(ge=0.1, le=600, description="Seconds without taking a byte after which it is given up.")
    ] = 10.0
    finish_s: Annotated[
        float, Meta(ge=0.1, le=600, description="Seconds to print what was sent, where it confirms.")
    ] = 30.0
    connect_s: Annotated[float, Meta(ge=0.1, le=20, description="Seconds to connect in, network only.")] = 5.0

    def __post_init__(self) -> None:
        """Refuse a port that is none; what only the library knows is found when the printer is opened."""
        ports.parse(self.port)


class EscposPrinter(DeviceThread):
    """An ESC/POS printer; see the module's text."""

    role = "printer"
    Options: ClassVar[type[DriverOptions]] = EscposOptions

    def __init__(self, name: str, options: EscposOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._composer: Composer | None = None
        self._port: Port | None = None
        self._talk: Talk | None = None
        self._answers = options.status == "always"
        self._sent = 0
        self._trouble = ""
        self._jobs: deque[str] = deque(maxlen=_REMEMBERED)

    @staticmethod
    def scan() -> list[Found]:
        """Return the USB printers that are plugged in; one on a serial line or network cannot be seen."""
        return printers()

    def print(self, job: str, document: Document) -> None:
        """Print *document*, once.

        Raises:
            ValueError: This job was ordered before; it is not printed again.
        """
        if job in self._jobs:
            raise ValueError(f"print job {job!r} was ordered before and is not printed again")
        self._jobs.append(job)
        self._order(
            lambda: self._print(job, document),
            lambda words: self._emit(PrintEnded(job, Ended.FAILED, words)),
        )

    # -- life ------------------------------------------------------------------------------------------

    def _open(self) -> Condition:
        options = self._options
        if self._composer is None:
            self._composer = self._new_composer()
        line = Line(options.baudrate, options.parity, options.flow, options.connect_s)
        self._port = ports.open_port(ports.parse(options.port), line)
        self._talk = Talk(self._port, options.answer_ms / 1000)
        return self._judge(self._look())

    def _new_composer(self) -> Composer:
        options = self._options
        try:
            with needs("printer"):
                return composer(
                    options.profile,
                    options.charset,
                    columns=options.columns,
                    cut=options.cut,
                    leave_chinese=options.leave_chinese,
                )
        except ComposeError as error:
            raise DeviceFault(str(error)) from error

    def _serve(self) -> None:
        self._work(self._options.check_s)
        condition = self._judge(self._refreshed(self._look if self._answers else self._overhear))
        self._report(condition.health, condition.words)

    def _close(self) -> None:
        port, self._port, self._talk = self._port, None, None
        if port is not None:
            port.close()

    def _opened(self) -> tuple[Port, Talk]:
        if self._port is None or self._talk is None:
            raise DeviceMissing("it is not open")
        return self._port, self._talk

    # -- how it is -------------------------------------------------------------------------------------

    def _look(self) -> Status | None:
        """Return how the printer says it is; None if it never says anything."""
        _, talk = self._opened()
        if self._options.status == "none":
            return None
        for _ in range(_TRIES):
            self._beat()
            status = talk.status()
            if status is not None:
                self._answers = True
                if not (talk.confirms or talk.owed or status.problem()):
                    talk.probe()
                return status
            if not self._answers or self._stopping.is_set():
                return None
        raise DeviceMissing("it does not answer any more: is it switched on, and its cable in?")

    def _overhear(self) -> Status | None:
        """Return what it last told unasked; an OSError if the way to it no longer exists."""
        _, talk = self._opened()
        talk.listen()
        return talk.told

    def _refreshed(self, look: Callable[[], Status | None]) -> Status | None:
        """Return what *look* says, opened anew if need be: network printers hang up when nothing comes."""
        try:
            self._overhear()
            return look()
        except OSError:
            self._close()
            self._open()
            return look()

    def _judge(self, status: Status | None) -> Condition:
        if status is not None and (problem := status.problem()):
            return Condition(Health.FAILED, problem)
        if self._trouble:
            return Condition(Health.DEGRADED, self._trouble)
        if status is None:
            return Condition(Health.OK, _BLIND if self._options.status == "auto" else "")
        warning = status.warning()
        return Condition(Health.DEGRADED if warning else Health.OK, warning)

    # -- printing --------------------------------------------------------------------------------------

    def _print(self, job: str, document: Document) -> None:
        self._sent = 0
        words = "its driver failed unexpectedly"
        ended: Ended | None = None
        try:
            ended, words = self._carry_out(document)
        except (DeviceError, OSError) as error:
            words = words_of(error)
            raise
        finally:
            if ended is None:
                ended = Ended.UNKNOWN if self._sent else Ended.FAILED
            if ended is Ended.UNKNOWN:
                self._trouble = (
                    f"nobody knows whether the last document was printed ({words}): look at the paper"
                )
            elif ended is Ended.DONE:
                self._trouble = ""
            self._emit(PrintEnded(job, ended, words))

    def _carry_out(self, document: Document) -> tuple[Ended, str]:
        try:
            data = self._composer.compose(document) if self._composer else b""
        except ComposeError as error:
            return Ended.FAILED, str(error)
        status = self._refreshed(self._look)
        problem = status.problem() if status is not None else ""
        if problem:
            self._report(Health.FAILED, problem)
            return Ended.FAILED, f"nothing was printed: {problem}"
        self._send(data)
        return self._finish()

    def _send(self, data: bytes) -> None:
        """Send *data*; raises where the printer stops taking it. How far it came is in *_sent*."""
        port, talk = self._opened()
        moved_at = time.monotonic()
        while (piece := data[self._sent : self._sent + _CHUNK]) or port.pending():
            self._beat()
            before = self._sent, port.pending()
            if piece:
                self._sent += port.write(piece, _SLICE_S)
            else:
                time.sleep(_SLICE_S / 10)
            patience = _SLICE_S if self._stopping.is_set() else self._options.stall_s
            if (self._sent, port.pending()) != before:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at >= patience:
                raise DeviceFault(self._why_stalled(talk))

    def _why_stalled(self, talk: Talk) -> str:
        status = talk.status() if self._answers and not self._stopping.is_set() else None
        why = (status.problem() if status is not None else "") or "it took no more data"
        return f"printing broke off: {why}" if self._sent else f"nothing was printed: {why}"

    def _finish(self) -> tuple[Ended, str]:
        """Wait until the printer has worked off what it took, as far as it can tell."""
        _, talk = self._opened()
        if not self._answers:
            return Ended.DONE, "it took everything; whether it printed it, this printer cannot tell"
        confirms = talk.confirms
        if confirms and not talk.tell_when_done():
            raise DeviceFault(self._why_stalled(talk))
        deadline = time.monotonic() + self._options.finish_s
        while True:
            self._beat()
            status = self._look()
            problem = status.problem() if status is not None else ""
            if problem:
                self._report(Health.FAILED, problem)
                return Ended.UNKNOWN, f"printing broke off: {problem}"
            if not confirms:
                return Ended.DONE, "it took everything and is well; it does not confirm the last line"
            if talk.owed == 0:
                return Ended.DONE, ""
            if self._stopping.is_set() or time.monotonic() >= deadline:
                talk.owed = 0
                return Ended.UNKNOWN, "it did not confirm in time that everything was printed"
            talk.listen(_SLICE_S)
