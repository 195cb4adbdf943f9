"""125 kHz tags (EM4100, EM4102, TK4100) on an RDM6300, over a serial line.

    [[devices]]
    name = "badge reader"
    role = "reader"
    driver = "rdm6300"
    port = "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0"
    cut = "last 4"         # the number that is printed on the tag, and that readers like keyboards type

The module says a tag's number every 50 to 65 ms for as long as the tag lies there, and nothing when it goes. It
takes no orders. So over a line of the Pi itself nothing tells a module that is missing from one without a tag;
over a USB adapter the adapter is seen to go and to come.

EM4100 tags have nothing but this number, and blank ones that take any number are sold: it says who, and proves
nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit, Found
from drivers.device import DeviceMissing, DeviceThread
from drivers.link import end_read, lines_found, link_errors, open_link
from drivers.readers.presence import Presence
from drivers.readers.rdm6300_frames import BAUDRATE, Piece, Rdm6300Frames
from drivers.readers.uid import Chip, ReaderOptions, identify
from terminal.core.events import Health

if TYPE_CHECKING:
    import serial

IDLE_S = 1.0
"""Longest wait for a byte: a read over a network cannot be ended otherwise, and stop() is to be prompt."""

SETTLE_S = 1.0
"""What the module may take, from power on, to say what lies on it."""

_MOST_BYTES = 4096
_STRANGE_BYTES = 256
"""So many bytes without a frame between them are no torn frames of a tag on the edge of the field any more."""


class Rdm6300Options(ReaderOptions, frozen=True, kw_only=True):
    """Options of the driver `rdm6300`."""

    port: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=256,
            description="Serial line of the reader: /dev/serial/by-id/…, /dev/serial0 for the pins of the Pi, "
            "or a URL such as socket://HOST:PORT.",
        ),
    ]
    gone_ms: Annotated[
        int,
        Meta(
            ge=150,
            le=10_000,
            description="Silence after which a tag is gone, in milliseconds. The reader repeats itself every "
            "65, so the default bears four lost frames.",
        ),
    ] = 300


class Rdm6300Reader(DeviceThread):
    """A reader that says the number of the tag that lies on it, over and over."""

    role: ClassVar[str] = "reader"
    Options: ClassVar[type[DriverOptions]] = Rdm6300Options
    settle_s: ClassVar[float] = SETTLE_S

    def __init__(self, name: str, options: Rdm6300Options, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._gone_s = options.gone_ms / 1000
        self._presence = Presence(name, emit, self._judge, self._gone_s, self.settle_s)
        self._clock: Callable[[], float] = time.monotonic
        self._frames = Rdm6300Frames()
        self._strange = 0  # bytes since the last whole frame
        self._link: serial.Serial | None = None
        self._hold = threading.Lock()  # guards _link, which _interrupt uses from other threads

    @staticmethod
    def scan() -> list[Found]:
        """Return every serial line: what is wired to one cannot be told by looking."""
        return lines_found("reader", "rdm6300", "an RDM6300", "the reader is wired to it")

    # -- the life --------------------------------------------------------------------------------------

    def _open(self) -> Condition:
        link = open_link(self._options.port, BAUDRATE, IDLE_S, IDLE_S)
        with self._hold:
            self._link = link
        self._frames = Rdm6300Frames()
        self._strange = 0
        self._presence.opened(self._clock())
        return Condition(Health.OK, self._options.port)

    def _serve(self) -> None:
        if self._link is None:
            raise DeviceMissing("the serial line is closed")
        now = self._clock()
        with link_errors(self._options.port):
            chunk = _read(self._link, self._wait_s(now))
        numbers = [piece.number for piece in self._pieces(chunk) if piece.number is not None]
        for number in numbers:
            self._presence.seen(number, self._clock())
        if not numbers:
            self._presence.silent(now)

    def _close(self) -> None:
        with self._hold:
            link, self._link = self._link, None
            if link is not None:
                link.close()

    def _interrupt(self) -> None:
        with self._hold:
            if self._link is not None:
                end_read(self._link)

    def _wait_s(self, now: float) -> float:
        """Return how long to wait for a byte; one of few values, because a change costs system calls."""
        left_s = self._presence.left_s(now)
        if left_s is None:
            return IDLE_S
        return self._gone_s if left_s else 0.0

    # -- what it says ----------------------------------------------------------------------------------

    def _judge(self, number: bytes) -> str:
        return identify(number, self._options, Chip.EM4100)

    def _pieces(self, chunk: bytes) -> list[Piece]:
        """Return what *chunk* completes, told to whoever listens; bytes without end that mean nothing show."""
        pieces = self._frames.feed(chunk)
        for piece in pieces:
            self._traffic("!" if piece.number is None else "<", piece.raw, piece.meaning)
            self._strange = self._strange + len(piece.raw) if piece.number is None else 0
        if self._strange >= _STRANGE_BYTES:
            words = f"what comes over {self._options.port} are no frames of an RDM6300: is it one, wired well?"
            self._report(Health.DEGRADED, words)
        elif pieces and self._strange == 0:
            self._report(Health.OK, self._options.port)
        return pieces


def _read(link: serial.Serial, wait_s: float) -> bytes:
    """Return all that has come, within reason; if nothing has, wait for it, at most *wait_s*."""
    got = b""
    if not link.in_waiting:
        if link.timeout != wait_s:
            link.timeout = wait_s
        got = link.read(1)
    while len(got) < _MOST_BYTES and (waiting := link.in_waiting):
        got += link.read(waiting)
    return got
