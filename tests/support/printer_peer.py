"""The other end of a printer's cable: a receipt printer that takes bytes, answers, runs out of paper, dies.

On a pseudo-terminal (a serial printer) or on a TCP port (a network printer). It answers real-time questions at
once, and ``GS r`` in its turn: only when everything before it has been worked off, which an offline printer
does not do.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import tty
from pathlib import Path
from typing import Self

from tests.support.waiting import wait_until


class PrinterPeer:
    """A printer; its attributes may be changed while it runs.

    Attributes:
        paper_out, cover_open, near_end: How it is.
        silent: It answers nothing at all.
        confirms: Whether it answers ``GS r``.
        questions: The real-time questions that it answers.
        out_after, stalls_after, dies_after: After so many bytes of documents its paper is out; it takes no more
            bytes; its cable breaks.
        received: What it worked off, without questions.
    """

    def __init__(self) -> None:
        self.paper_out = self.cover_open = self.near_end = self.silent = False
        self.confirms = True
        self.questions = {1, 2, 3, 4}
        self.out_after: int | None = None
        self.stalls_after: int | None = None
        self.dies_after: int | None = None
        self.received = bytearray()
        self.asked = 0
        self._waiting = bytearray()
        self._owed = 0
        self._fds: tuple[int, ...] = ()
        self._stop = threading.Event()
        self._thread = threading.Thread()

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    # -- hands -----------------------------------------------------------------------------------------

    def plug(self) -> None:
        """Connect it, switched on."""
        self._stop.clear()
        self._waiting.clear()
        self._connect()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Pull its cable; what it had not printed is gone."""
        self._stop.set()
        self._thread.join()
        self._disconnect()

    def put_paper_in(self) -> None:
        """A new roll; it goes on with what it has."""
        self.out_after = None
        self.paper_out = False

    def say(self, data: bytes) -> None:
        """Send something unasked."""
        os.write(self._fds[0], data)

    def wait_for(self, what: bytes) -> None:
        """Wait until it has worked off *what*."""
        wait_until(lambda: what in self.received, what=f"{what!r} on paper")

    # -- the cable -------------------------------------------------------------------------------------

    def _connect(self) -> None:
        raise NotImplementedError

    def _disconnect(self) -> None:
        for fd in self._fds:
            os.close(fd)
        self._fds = ()

    # -- the printer -----------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            if self.stalls_after is not None and len(self.received) >= self.stalls_after:
                self._stop.wait(0.01)
                continue
            data = self._read()
            if self.dies_after is not None and len(self.received) + len(data) >= self.dies_after:
                self._disconnect()
                return
            self._waiting += data
            self._answer_at_once()
            self._work_off()

    def _read(self) -> bytes:
        if not select.select([self._fds[0]], [], [], 0.01)[0]:
            return b""
        try:
            return os.read(self._fds[0], 256)
        except OSError:
            return b""

    def _answer_at_once(self) -> None:
        while (at := self._waiting.find(b"\x10\x04")) >= 0 and len(self._waiting) > at + 2:
            question = self._waiting[at + 2]
            del self._waiting[at : at + 3]
            self.asked += 1
            if not self.silent and question in self.questions:
                self.say(bytes((self._status(question),)))

    def _status(self, question: int) -> int:
        offline = self.paper_out or self.cover_open
        paper = 0x0C * self.near_end | 0x60 * self.paper_out
        return 0x12 | (0x08 * offline, 0x04 * self.cover_open | 0x20 * self.paper_out, 0, paper)[question - 1]

    def _work_off(self) -> None:
        while self._waiting and not (self.paper_out or self.cover_open):
            if self._waiting[:1] in (b"\x10", b"\x1d") and len(self._waiting) < 3:
                return
            if self._waiting.startswith(b"\x1dr\x01"):
                del self._waiting[:3]
                if self.confirms and not self.silent:
                    self.say(bytes((0x03 * self.near_end,)))
                continue
            self.received.append(self._waiting.pop(0))
            if self.out_after is not None and len(self.received) >= self.out_after:
                self.paper_out = True


class SerialPrinter(PrinterPeer):
    """A serial printer; *path* is its device, under the same name after each plug()."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.path = folder / "printer"

    @property
    def port(self) -> str:
        """The driver's option."""
        return f"serial://{self.path}"

    def _connect(self) -> None:
        controller, device = os.openpty()
        tty.setraw(controller)
        tty.setraw(device)
        # The device stays open here, or the controller would see an end whenever the driver lets go.
        self._fds = (controller, device)
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        self.path.symlink_to(os.ttyname(device))

    def _disconnect(self) -> None:
        super()._disconnect()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()


class NetworkPrinter(PrinterPeer):
    """A network printer on a port of its own of the loopback; it serves one connection at a time."""

    def __init__(self) -> None:
        super().__init__()
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.number = found.getsockname()[1]
        self._server: socket.socket | None = None
        self._hangs_up = threading.Event()
        self.connections = 0

    @property
    def port(self) -> str:
        """The driver's option."""
        return f"tcp://127.0.0.1:{self.number}"

    def hang_up(self) -> None:
        """Close the connection, as network printers do when nothing comes for a while."""
        wait_until(lambda: self._fds, what="a connection")
        self._hangs_up.set()
        wait_until(lambda: not self._hangs_up.is_set(), what="the end of the connection")

    def _connect(self) -> None:
        self._server = socket.create_server(("127.0.0.1", self.number))
        self._server.setblocking(False)

    def _close_connection(self) -> None:
        fds, self._fds = self._fds, ()
        for fd in fds:
            os.close(fd)

    def _disconnect(self) -> None:
        self._close_connection()
        if self._server is not None:
            self._server.close()
            self._server = None

    def _read(self) -> bytes:
        if self._hangs_up.is_set():
            self._close_connection()
            self._hangs_up.clear()
        if not self._fds and self._server is not None:
            if not select.select([self._server], [], [], 0.01)[0]:
                return b""
            connection, _ = self._server.accept()
            self._fds = (connection.detach(),)
            self.connections += 1
        data = b""
        with contextlib.suppress(OSError, ValueError, IndexError):
            if not select.select([self._fds[0]], [], [], 0.01)[0]:
                return b""
            data = os.read(self._fds[0], 256)
        if not data:
            self._close_connection()
        return data
