"""The serial port of an MDB adapter: Qibixx's MDB Pi Hat (/dev/ttyAMA0) and MDB-USB (/dev/ttyACM0).

What a driver needs of an adapter is :class:`Adapter`; another make is another class of that shape. One adapter
may be read by one thread only. The vending machine's side (``C``) and the changer's side (``M``, ``R``) are two
directions on the bus: two devices with one adapter each.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Literal, Protocol

from drivers.device import DeviceFault, DeviceMissing
from drivers.link import end_read, link_errors, open_link
from drivers.mdb.lines import Line, LineSplitter, make

if TYPE_CHECKING:
    import serial

BAUDRATE = 115_200
"""Bits a second between the adapter and the Pi; the bus itself has 9600."""

ANSWER_S = 1.0
"""How long an adapter may take for an answer of its own."""

_TRIES = 3
_WRITE_S = 2.0
_MOST_BYTES = 4096
_LAST_S = 0.5
"""How long close() lets the last lines go out."""

Tell = Callable[[Literal[">", "<", "!"], bytes, str], None]
"""Shows a technician who listens what goes over the wire: DeviceThread._traffic."""


class Reply(Enum):
    """What a peripheral answered where it answered no data."""

    ACK = "ack"
    NONE = "none"  # no answer, or a NAK


class Adapter(Protocol):
    """What a driver needs of an adapter."""

    def open(self) -> str:
        """Open it and see what it is; return that in a few words.

        Raises:
            DeviceMissing: It is not there, or does not answer.
            DeviceFault: It is there and is no such adapter.
        """

    def send(self, *words: str) -> None:
        """Send a line."""

    def read(self, wait_s: float) -> list[Line]:
        """Return the lines that have come, noise left out; if there is none, wait at most *wait_s*."""

    def ask(
        self, words: tuple[str, ...], wanted: Callable[[Line], bool], wait_s: float, *, drop: bool = False
    ) -> Line | None:
        """Send a line and return the first one that *wanted* is true of.

        Others are kept for read(), or with *drop* those before it are not.
        """

    def exchange(self, block: bytes, wait_s: float) -> bytes | Reply:
        """As master of the bus, send *block* (without checksum); return the peripheral's answer."""

    def close(self) -> None:
        """Let it go."""

    def interrupt(self) -> None:
        """End a read of another thread."""


class LinePort:
    """A serial line that says text lines; what any adapter of that kind begins with."""

    def __init__(self, port: str, tell: Tell, baudrate: int = BAUDRATE) -> None:
        self._port = port
        self._tell = tell
        self._baudrate = baudrate
        self._splitter = LineSplitter()
        self._waiting: deque[Line] = deque()
        self._link: serial.Serial | None = None
        self._hold = threading.Lock()  # guards _link, which interrupt() uses from other threads
        self.strange = 0
        """Lines in a row that were none of an adapter."""
        self.heard_at = 0.0
        """When (time.monotonic) the last line came, noise too."""

    def open_port(self) -> None:
        """Open the line, and forget what came before."""
        link = open_link(self._port, self._baudrate, ANSWER_S, _WRITE_S)
        with self._hold:
            self._link = link
        self._splitter = LineSplitter()
        self._waiting.clear()
        self.strange = 0
        self.heard_at = time.monotonic()
        with link_errors(self._port):
            link.reset_input_buffer()

    def send(self, *words: str) -> None:
        """Send a line."""
        self._write(make(*words), ",".join(words))

    def read(self, wait_s: float) -> list[Line]:
        """Return the lines that have come; see Adapter."""
        if not self._waiting:
            self._fetch(wait_s)
        lines = list(self._waiting)
        self._waiting.clear()
        return lines

    def close(self) -> None:
        """Let the last lines go out, within reason, and close the line."""
        with self._hold:
            link, self._link = self._link, None
            if link is None:
                return
            try:
                until = time.monotonic() + _LAST_S
                while getattr(link, "out_waiting", 0) and time.monotonic() < until:
                    time.sleep(0.01)
            finally:
                link.close()

    def interrupt(self) -> None:
        """End a read of another thread, or one that is about to begin."""
        with self._hold:
            if self._link is not None:
                end_read(self._link)

    # -- bytes -----------------------------------------------------------------------------------------

    def _opened(self) -> serial.Serial:
        if self._link is None:
            raise DeviceMissing(f"the MDB adapter on {self._port} is not open")
        return self._link

    def _write(self, raw: bytes, meaning: str = "") -> None:
        link = self._opened()
        self._tell(">", raw, meaning)
        with link_errors(self._port):
            link.write(raw)

    def _fetch(self, wait_s: float) -> None:
        """Take what has come; if nothing has, wait for a byte, at most *wait_s*."""
        link = self._opened()
        with link_errors(self._port):
            got = b""
            if not link.in_waiting:
                if link.timeout != wait_s:
                    link.timeout = wait_s
                got = link.read(1)
            while len(got) < _MOST_BYTES and (waiting := link.in_waiting):
                got += link.read(waiting)
        for line in self._splitter.feed(got):
            self._tell("<" if line.words else "!", line.raw, line.meaning)
            self.strange = 0 if line.words else self.strange + 1
            if line.words:
                self.heard_at = time.monotonic()
            if line.words and not line.noise:
                self._waiting.append(line)


class QibixxAdapter(LinePort):
    """The text protocol of Qibixx, over a serial line; see drivers.mdb.lines."""

    def open(self) -> str:
        """Open the line and ask for the version; see Adapter."""
        self.open_port()
        self._write(b"\r\n")  # ends whatever another program had begun
        for _ in range(_TRIES):
            version = self.ask(("V",), lambda line: line.begins("v"), ANSWER_S)
            if version is not None:
                self._waiting.clear()  # what it said before it was asked belongs to a life before this one
                return f"firmware {version.words[1] if len(version.words) > 1 else 'unknown'} on {self._port}"
        if self.strange:
            raise DeviceFault(f"what comes over {self._port} are no lines of an MDB adapter: is it one?")
        raise DeviceMissing(f"no MDB adapter answers on {self._port}: is it there, has it power?")

    def ask(
        self, words: tuple[str, ...], wanted: Callable[[Line], bool], wait_s: float, *, drop: bool = False
    ) -> Line | None:
        """Send a line and return its answer; see Adapter. What had come before is no answer to it."""
        self.send(*words)
        until = time.monotonic() + wait_s
        seen = len(self._waiting)
        while True:
            for at in range(seen, len(self._waiting)):
                if wanted(self._waiting[at]):
                    found = self._waiting[at]
                    del self._waiting[at]
                    for _ in range(at if drop else 0):
                        self._waiting.popleft()
                    return found
            seen = len(self._waiting)
            left = until - time.monotonic()
            if left <= 0:
                return None
            self._fetch(left)

    def exchange(self, block: bytes, wait_s: float = ANSWER_S) -> bytes | Reply:
        """Send a block as master of the bus (``R,xx,yyyy``); the adapter adds the checksum and acknowledges.

        A line that came before is never taken for the answer.

        Raises:
            DeviceMissing: The adapter itself does not answer.
            DeviceFault: Its answer is none.
        """
        self._waiting = deque(line for line in self._waiting if not line.begins("p"))
        words = ("R", block[:1].hex().upper(), *([block[1:].hex().upper()] if block[1:] else []))
        answer = self.ask(words, lambda line: line.begins("p"), wait_s)
        if answer is None:
            raise DeviceMissing(f"the MDB adapter on {self._port} does not answer {','.join(words)}")
        said = answer.words[1].upper() if len(answer.words) == 2 else ""  # noqa: PLR2004 - p and the answer
        if said in ("ACK", "NACK"):
            return Reply.ACK if said == "ACK" else Reply.NONE
        try:
            data = bytes.fromhex(said)
        except ValueError:
            data = b""
        if not data:
            raise DeviceFault(f"the MDB adapter on {self._port} answers {answer.meaning!r}, which is no answer")
        return data
