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

A printer that can (``GS a``) tells by itself when its paper ends or its cover opens; the thread sleeps until it
does. One that cannot is asked now and then.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import ClassVar

from drivers.contract import Condition, DriverOptions, Emit, Found, Picture, Traffic
from drivers.device import DeviceError, DeviceFault, DeviceMissing, DeviceThread, words_of
from drivers.printers import ports
from drivers.printers.compose import ComposeError, Composer
from drivers.printers.options import EscposOptions
from drivers.printers.ports import Line, Port
from drivers.printers.preview import composer_of, picture
from drivers.printers.scan import printers
from drivers.printers.status import TELL_CHANGES, Status
from drivers.printers.talk import Talk
from terminal.core.events import Ended, Health, PrintEnded
from terminal.core.paper import Document

__all__ = ["EscposOptions", "EscposPrinter"]

_CHUNK = 512
_SLICE_S = 0.5
"""Longest wait at a stretch: between two the heartbeat shows and stop() is heard."""
_GRACE_S = 2.0
"""So long a document that is being printed may still take when the device is to stop."""
_TICK_S = 1.0
"""How often a port is read that cannot be waited for, where the printer tells changes by itself."""
_SICK_S = 2.0
"""How often a printer that is not well and tells nothing by itself is asked, at least."""
_BLIND_LOOKS = 6
"""A printer that never answered is asked this many times more rarely: it may only have been off."""
_REOPEN_S = 2.0
"""A printer that hangs up twice within this is not there."""
_TRIES = 3
"""So often a printer that has answered before is asked until its silence counts."""
_REMEMBERED = 1000
"""Jobs that are known not to be printed again."""
_MOST_ZEROS = 8192
"""More than any command of a document is long."""
_BLIND = "it answers no status questions: whether paper is in it is not known"
_GIBBERISH = (
    "what it answers makes no sense: is it an ESC/POS printer, and are its baudrate and parity right? "
    "If it prints well all the same, set status to none"
)


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
        # What is known of this printer, however often its port is opened:
        self._answers = options.status == "always"
        self._confirms = False
        self._owed = 0
        self._zeros = 0  # how many are due after a document that broke off
        self._trouble = ""
        self._jobs: deque[str] = deque(maxlen=_REMEMBERED)
        # The document under way:
        self._printing = False
        self._sent = 0
        self._stop_by: float | None = None
        # When to do what next:
        self._look_at = 0.0
        self._reopen_at = 0.0
        self._hold = threading.Lock()  # guards _wake_fd, which _interrupt uses from other threads
        self._wake_fd = -1

    @staticmethod
    def scan() -> list[Found]:
        """Return the USB printers that are plugged in; one on a serial line or network cannot be seen."""
        return printers()

    @staticmethod
    def preview(options: EscposOptions, documents: Sequence[Document]) -> Picture:
        """Return what *documents* look like on this printer's paper."""
        return picture(composer_of(options), documents)

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
            self._composer = composer_of(self._options)
        with self._hold:
            if self._wake_fd < 0:
                self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        line = Line(options.baudrate, options.parity, options.flow, options.connect_s)
        with self._resting():  # the resolver of names has time limits of its own
            self._port = ports.open_port(ports.parse(options.port), line, self._go_on)
        self._talk = Talk(self._port, options.answer_ms / 1000, self._go_on, self._hear)
        self._talk.owed = self._owed
        # Who has been lost is not asked as patiently as who is about to be.
        return self._judge(self._look(1 if self._answers else _TRIES))

    def _serve(self) -> None:
        self._work(0)
        if self._stopping.is_set():
            return
        self._wait_until(self._look_at)
        asks = self._options.status != "none" and time.monotonic() >= self._look_at
        condition = self._judge(self._refreshed(self._look if asks else self._overhear, idle=True))
        self._report(condition.health, condition.words)

    def _wait_until(self, moment: float) -> None:
        """Wait for that moment, an order, or something that the printer says."""
        port, talk = self._opened()
        wait_s = max(0.0, moment - time.monotonic())
        if port.fd is None:
            self._work(min(wait_s, _TICK_S) if talk.told else wait_s)
            return
        poll = select.poll()
        poll.register(port.fd, select.POLLIN)
        poll.register(self._wake_fd, select.POLLIN)
        with self._resting():
            ready = dict(poll.poll(int(wait_s * 1000) + 1))
        if self._wake_fd in ready:
            os.eventfd_read(self._wake_fd)

    def _interrupt(self) -> None:
        with self._hold:
            if self._wake_fd >= 0:
                os.eventfd_write(self._wake_fd, 1)

    def _close(self) -> None:
        port, talk, self._port, self._talk = self._port, self._talk, None, None
        with self._hold:
            if self._wake_fd >= 0:
                os.close(self._wake_fd)
            self._wake_fd = -1
        if port is None:
            return
        try:
            if talk is not None:
                self._owed = talk.owed
                if not self._zeros:
                    talk.bye()
        finally:
            port.close()

    def _opened(self) -> tuple[Port, Talk]:
        if self._port is None or self._talk is None:
            raise DeviceMissing("it is not open")
        return self._port, self._talk

    def _go_on(self) -> bool:
        """Show that the thread turns; return whether it may: a document may be finished while it stops."""
        self._beat()
        if not self._stopping.is_set():
            return True
        if self._stop_by is None:
            self._stop_by = time.monotonic() + _GRACE_S
        return self._printing and time.monotonic() < self._stop_by

    def _hear(self, traffic: Traffic) -> None:
        self._traffic(traffic.way, traffic.raw, traffic.meaning)

    # -- how it is -------------------------------------------------------------------------------------

    def _look(self, tries: int = _TRIES) -> Status | None:
        """Return how the printer says it is; None if it never says anything. It must not be busy."""
        status = self._ask(tries)
        wait_s = self._options.check_s
        if status is not None and not status.problem():
            self._learn()
        elif status is not None:
            wait_s = min(wait_s, _SICK_S)
        elif not self._answers:
            wait_s *= _BLIND_LOOKS
        self._look_at = time.monotonic() + wait_s
        return status

    def _ask(self, tries: int = _TRIES) -> Status | None:
        """Return how the printer says it is; None if it never says anything, or there is no time to wait."""
        _, talk = self._opened()
        if self._options.status == "none":
            return None
        for _ in range(tries):
            status = talk.status()
            if status is not None:
                self._answers = True
                return status
            if not self._go_on() or not (self._answers or talk.noise):
                return None
        if talk.noise:
            raise DeviceFault(_GIBBERISH)
        raise DeviceMissing("it does not answer any more: is it switched on, and its cable in?")

    def _learn(self) -> None:
        """Find out what else a printer can do that answers, is well, and has nothing to do."""
        _, talk = self._opened()
        if self._zeros:
            self._sent = 0
            self._send(bytes(self._zeros))  # or it would take what follows for the rest of a picture
            self._sent = 0
        if not (self._confirms or talk.confirms or talk.owed):
            talk.probe()
        elif talk.owed and (self._confirms or talk.confirms):
            talk.settle()
        self._confirms = self._confirms or talk.confirms
        if self._confirms and self._options.automatic == "auto" and not talk.asked_to_tell:
            talk.tell_changes()

    def _overhear(self) -> Status | None:
        """Return what it said last, asked or unasked; an OSError if the way to it no longer exists."""
        _, talk = self._opened()
        talk.listen()
        return talk.known

    def _refreshed(self, look: Callable[[], Status | None], *, idle: bool = False) -> Status | None:
        """Return what *look* says, opened anew if need be: network printers hang up when nothing comes."""
        try:
            self._overhear()
            return look()
        except OSError:
            if idle and time.monotonic() < self._reopen_at:
                raise
            self._reopen_at = time.monotonic() + _REOPEN_S
            self._let_go()
            self._open()
            return self._overhear()

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
        self._printing = True
        words = "its driver failed unexpectedly"
        ended: Ended | None = None
        try:
            ended, words = self._carry_out(document)
        except (DeviceError, OSError) as error:
            words = words_of(error)
            raise
        finally:
            self._printing = False
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
        if not self._go_on():
            return Ended.FAILED, "nothing was printed: the printer is being stopped"
        _, talk = self._opened()
        # The document's start (ESC @) ends the automatic status.
        self._send(bytes(self._zeros) + data + (TELL_CHANGES if talk.told else b""))
        return self._finish(talk)

    def _send(self, data: bytes) -> None:
        """Send *data*; raises where the printer stops taking it. How far it came is in *_sent*.

        A command that was cut in two would take what comes next for its rest. So zeros go before that, which
        are white in a picture, and nothing outside of it.
        """
        port, talk = self._opened()
        moved_at = time.monotonic()
        while (piece := data[self._sent : self._sent + _CHUNK]) or port.pending():
            before = self._sent, port.pending()
            if piece:
                taken = port.write(piece, _SLICE_S)
                self._sent += taken
                self._zeros = min(len(data), _MOST_ZEROS) if self._sent else self._zeros
                self._traffic(">", piece[:taken], "part of a document")
            else:
                time.sleep(_SLICE_S / 10)
            patience = _SLICE_S if self._stopping.is_set() else self._options.stall_s
            if (self._sent, port.pending()) != before:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at >= patience or self._tells_trouble(talk):
                raise DeviceFault(self._why_stalled(talk))
            if not self._go_on():
                raise DeviceFault("printing broke off: the printer is being stopped")
        self._zeros = 0

    def _tells_trouble(self, talk: Talk) -> bool:
        talk.listen()
        return talk.told and talk.known is not None and bool(talk.known.problem())

    def _why_stalled(self, talk: Talk) -> str:
        if self._answers and not self._stopping.is_set() and not self._tells_trouble(talk):
            talk.status()
        why = (talk.known.problem() if talk.known is not None else "") or "it took no more data"
        return f"printing broke off: {why}" if self._sent else f"nothing was printed: {why}"

    def _finish(self, talk: Talk) -> tuple[Ended, str]:
        """Wait until the printer has worked off what it took, as far as it can tell."""
        if not self._answers:
            return Ended.DONE, "it took everything; whether it printed it, this printer cannot tell"
        if self._confirms and not talk.tell_when_done():
            raise DeviceFault(self._why_stalled(talk))
        deadline = time.monotonic() + self._options.finish_s
        while True:
            status = self._ask()
            problem = status.problem() if status is not None else ""
            if problem:
                self._report(Health.FAILED, problem)
                return Ended.UNKNOWN, f"printing broke off: {problem}"
            if status is not None and not self._confirms:
                return Ended.DONE, "it took everything and is well; it does not confirm the last line"
            if status is not None and talk.owed == 0:
                if not talk.surplus:
                    return Ended.DONE, ""
                # More answers than questions: one of them was something else.
                talk.tell_when_done()
            if not self._go_on() or time.monotonic() >= deadline:
                return Ended.UNKNOWN, "it did not confirm in time that everything was printed"
            talk.listen(_SLICE_S)
