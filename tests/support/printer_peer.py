"""The other end of a printer's cable: a receipt printer that takes bytes, answers, runs out of paper, dies.

On a pseudo-terminal (a serial printer) or on a TCP port (a network printer). It answers real-time questions at
once, and ``GS r`` in its turn: only when everything before it has been worked off, which an offline printer
does not do. It tells changes by itself after ``GS a``, until ``ESC @`` or its power goes. It knows how long
each command is, so one that was cut in two takes its rest from whatever follows.

It lives in a thread, or as a program of its own that outlives the daemon, and takes orders (see
tests.support.remote, and printer_process for the other end)::

    python -m tests.support.printer_peer --serial /tmp/printer --paper /tmp/paper
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import select
import socket
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.support.remote import Orders, Refused
from tests.support.waiting import wait_until

_LENGTHS = {
    **dict.fromkeys([b"\x1b@", b"\x1b2", b"\x1c."], 2),
    **dict.fromkeys([b"\x1b" + bytes((c,)) for c in b"t!Ead3-"], 3),
    **dict.fromkeys([b"\x1d" + bytes((c,)) for c in b"hwHfVar"], 3),
    b"\x1bp": 5,
}
"""Commands of a fixed length."""


def command_at(data: bytes | bytearray) -> int | None:
    """Return the length of what *data* begins with, a sign or a command; None: more is needed to tell."""
    if data[0] not in (0x1B, 0x1C, 0x1D):
        return 1
    if len(data) < 2:
        return None
    head = bytes(data[:2])
    if head in _LENGTHS:
        return _LENGTHS[head]
    counted: dict[bytes, tuple[int, Callable[[], int]]] = {
        b"\x1b*": (5, lambda: 5 + (3 if data[2] >= 32 else 1) * (data[3] | data[4] << 8)),
        b"\x1dk": (4, lambda: 4 + data[3]),
        b"\x1d(": (5, lambda: 5 + (data[3] | data[4] << 8)),
        b"\x1dv": (8, lambda: 8 + (data[4] | data[5] << 8) * (data[6] | data[7] << 8)),
    }
    if head not in counted:
        return 2
    least, length = counted[head]
    return length() if len(data) >= least else None


class PrinterPeer:
    """A printer; its attributes may be changed while it runs.

    Attributes:
        paper_out, cover_open, near_end, offline: How it is.
        silent: It answers nothing at all.
        confirms: Whether it answers ``GS r``.
        automatic: Whether it knows ``GS a``.
        questions: The real-time questions that it answers.
        late_s: How long it takes to answer.
        babbles: It says rubbish without end.
        out_after, stalls_after, dies_after, fails_after: After so many bytes of documents its paper is out; it
            takes no more bytes; its cable breaks; its power fails.
        received: What it worked off, without questions.
        drawers: How often it opened the drawer.
        paper: A file that gets what it works off, as it does so.
    """

    def __init__(self, paper: Path | None = None) -> None:
        self.paper_out = self.cover_open = self.near_end = self.offline = self.silent = self.babbles = False
        self.confirms = self.automatic = True
        self.questions = {1, 2, 3, 4}
        self.late_s = 0.0
        self.out_after: int | None = None
        self.stalls_after: int | None = None
        self.dies_after: int | None = None
        self.fails_after: int | None = None
        self.received = bytearray()
        self.asked = 0
        self.told = 0
        self.drawers = 0
        self.powered = True
        self.paper = paper
        self._waiting = bytearray()
        self._late: list[tuple[float, bytes]] = []
        self._tells = 0
        self._was: bytes | None = None
        self._fds: tuple[int, ...] = ()
        self._stop = threading.Event()
        self._thread = threading.Thread()
        self._random = random.Random(1)

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    # -- hands -----------------------------------------------------------------------------------------

    def plug(self) -> None:
        """Connect it, switched on."""
        self._stop.clear()
        self._forget()
        self.powered = True
        self._connect()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Pull its cable; what it had not printed is gone."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._disconnect()

    def power_off(self) -> None:
        """Switch it off; its cable stays, and takes bytes to nowhere."""
        self.powered = False

    def power_on(self) -> None:
        """Switch it on again; it has forgotten everything."""
        self.fails_after = None
        self.powered = True

    def put_paper_in(self) -> None:
        """A new roll; it goes on with what it has."""
        self.out_after = None
        self.paper_out = False

    def say(self, data: bytes) -> None:
        """Send something unasked."""
        with contextlib.suppress(OSError, IndexError):  # nobody reads it, or nobody is there
            os.write(self._fds[0], data)

    def wait_for(self, what: bytes) -> None:
        """Wait until it has worked off *what*."""
        wait_until(lambda: what in self.received, what=f"{what!r} on paper")

    # -- the cable -------------------------------------------------------------------------------------

    def _connect(self) -> None:
        raise NotImplementedError

    def _disconnect(self) -> None:
        fds, self._fds = self._fds, ()
        for fd in fds:
            os.close(fd)

    # -- the printer -----------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stop.is_set():
            if not self.powered:
                self._forget()
                self._read()
                continue
            self._tell_changes()
            self._say_late()
            if self.babbles:
                self.say(self._random.randbytes(64))
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

    def _forget(self) -> None:
        self._waiting.clear()
        self._late.clear()
        self._tells, self._was = 0, None

    def _read(self) -> bytes:
        if not select.select([self._fds[0]], [], [], 0.01)[0]:
            return b""
        try:
            return os.read(self._fds[0], 256)
        except OSError:
            return b""

    def _answer(self, data: bytes) -> None:
        if self.silent:
            return
        if self.late_s:
            self._late.append((time.monotonic() + self.late_s, data))
        else:
            self.say(data)

    def _say_late(self) -> None:
        while self._late and self._late[0][0] <= time.monotonic():
            self.say(self._late.pop(0)[1])

    def _answer_at_once(self) -> None:
        while (at := self._waiting.find(b"\x10\x04")) >= 0 and len(self._waiting) > at + 2:
            question = self._waiting[at + 2]
            del self._waiting[at : at + 3]
            self.asked += 1
            if question in self.questions:
                self._answer(bytes((self._status(question),)))

    @property
    def tells(self) -> bool:
        """Whether it tells changes by itself at the moment."""
        return bool(self._tells)

    @property
    def _stands(self) -> bool:
        return self.paper_out or self.cover_open or self.offline

    def _status(self, question: int) -> int:
        paper = 0x0C * self.near_end | 0x60 * self.paper_out
        two = 0x04 * self.cover_open | 0x20 * self.paper_out
        return 0x12 | (0x08 * self._stands, two, 0, paper)[question - 1]

    def _tell_changes(self) -> None:
        if not self._tells:
            return
        one = 0x10 | 0x08 * self._stands | 0x20 * self.cover_open
        now = bytes((one, 0, 0x03 * self.near_end | 0x0C * self.paper_out, 0))
        if now != self._was:
            self._was = now
            self.told += 1
            self._answer(now)

    def _work_off(self) -> None:
        while self._waiting and not self._stands:
            if self._waiting[0] == 0x10 and len(self._waiting) < 3:
                return  # half a question
            length = command_at(self._waiting)
            if length is None or length > len(self._waiting):
                return
            command = bytes(self._waiting[:length])
            del self._waiting[:length]
            self._carry_out(command)
            if self.out_after is not None and len(self.received) >= self.out_after:
                self.paper_out = True
            if self.fails_after is not None and len(self.received) >= self.fails_after:
                self.powered = False
                return

    def _carry_out(self, command: bytes) -> None:
        if command == b"\x1dr\x01":
            if self.confirms:
                self._answer(bytes((0x03 * self.near_end,)))
            return
        if command.startswith(b"\x1da"):
            self._tells, self._was = command[2] * self.automatic, None
            self._tell_changes()
            return
        if command == b"\x00":
            return
        if command == b"\x1b@":
            self._tells = 0
        self.drawers += command.startswith(b"\x1bp")
        self.received += command
        if self.paper is not None:
            with self.paper.open("ab") as paper:
                paper.write(command)


class SerialPrinter(PrinterPeer):
    """A serial printer; *path* is its device, under the same name after each plug()."""

    def __init__(self, folder: Path, name: str = "printer", paper: Path | None = None) -> None:
        super().__init__(paper)
        self.path = folder / name

    @property
    def port(self) -> str:
        """The driver's option."""
        return f"serial://{self.path}"

    def _connect(self) -> None:
        controller, device = os.openpty()
        tty.setraw(controller)
        tty.setraw(device)
        os.set_blocking(controller, False)
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

    def __init__(self, paper: Path | None = None) -> None:
        super().__init__(paper)
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

    def power_off(self) -> None:
        """Switch it off: nobody takes connections any more."""
        self.unplug()
        self.powered = False

    def power_on(self) -> None:
        """Switch it on again."""
        if not self.powered:
            self.unplug()
            self.fails_after = None
            self.plug()

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
        if not self.powered:
            self._disconnect()
            self._stop.wait(0.01)
            return b""
        if self._hangs_up.is_set():
            self._close_connection()
            self._hangs_up.clear()
        if not self._fds and self._server is not None:
            if not select.select([self._server], [], [], 0.01)[0]:
                return b""
            connection, _ = self._server.accept()
            connection.setblocking(False)
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


# -- as a program ------------------------------------------------------------------------------------------


def obey(peer: PrinterPeer, order: dict[str, Any]) -> dict[str, Any]:
    """Do what it is told; return what was asked for, of what it received only how much."""
    for name, value in order.get("set", {}).items():
        if not hasattr(peer, name):
            raise Refused(f"a printer has no {name!r}")
        setattr(peer, name, set(value) if name == "questions" else value)
    if "do" in order:
        hands = {"plug", "unplug", "power_off", "power_on", "put_paper_in", "hang_up"}
        if order["do"] not in hands:
            raise Refused(f"expected one of {sorted(hands)}")
        getattr(peer, order["do"])()
    asked = {name: getattr(peer, name) for name in order.get("get", ())}
    return {name: len(value) if isinstance(value, bytearray) else value for name, value in asked.items()}


def main() -> None:
    """Be a printer until there are no more orders."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.printer_peer")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--serial", type=Path, metavar="LINK", help="be a serial printer under this name")
    place.add_argument("--tcp", action="store_true", help="be a network printer on a port of the loopback")
    parser.add_argument("--paper", type=Path, required=True, help="file that is printed on")
    options = parser.parse_args()
    peer: PrinterPeer = (
        NetworkPrinter(options.paper)
        if options.tcp
        else SerialPrinter(options.serial.parent, options.serial.name, options.paper)
    )
    orders = Orders()
    with peer:
        orders.here(getattr(peer, "port", ""))
        orders.serve(lambda order: obey(peer, order))


if __name__ == "__main__":
    main()
