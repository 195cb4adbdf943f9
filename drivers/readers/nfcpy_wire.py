"""The wires under nfcpy: a serial line that does not do what nfcpy's own does, and a place to listen at.

Why the line is another one: see the list in ``nfcpy_port.py``.
"""

from __future__ import annotations

import errno
import termios
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from drivers.link import open_link
from drivers.readers.nfcpy_words import meaning_of_datagram

if TYPE_CHECKING:
    import serial

Hear = Callable[[Literal[">", "<", "!"], bytes, str], None]

FIRST_ANSWER_MS = 1500
"""How long a serial adapter may take for its first bytes: on a Raspberry Pi a second more than it should."""

WRITE_S = 1.0


def line(path: str, hear: Callable[[Literal[">", "<"], bytes], None]) -> Any:
    """Return a serial line as nfcpy uses one, open.

    Raises:
        DeviceMissing, DeviceFault: As drivers.link does.
    """
    from nfc.clf.transport import TTY  # noqa: PLC0415 - loaded before

    class Line(TTY):  # type: ignore[misc]  # nfcpy ships no types
        """The line; see the module's text."""

        def __init__(self) -> None:
            self._heard = False
            self.tty: serial.Serial | None = None
            super().__init__(path)

        @property
        def port(self) -> str:
            """A name for `stty` that no line has."""
            return ""

        def open(self, port: str, baudrate: int = 115200) -> None:
            """Open it, whatever it is said to be called, for nobody else."""
            self.close()
            self.tty = open_link(path, baudrate, timeout=0.05, write_timeout=WRITE_S, extra="nfc")

        def read(self, timeout: float) -> bytearray:
            """Return a frame; *timeout* in milliseconds."""
            try:
                frame = super().read(timeout if self._heard else max(timeout, FIRST_ANSWER_MS))
            except LookupError as error:
                raise OSError(errno.EIO, "a frame was torn") from error
            self._heard = True
            hear("<", bytes(frame))
            return bytearray(frame)

        def write(self, frame: bytes) -> None:
            """Send a frame."""
            hear(">", bytes(frame))
            try:
                super().write(frame)
            except termios.error as error:
                raise OSError(*error.args) from error

        def close(self) -> None:
            """Close it, also where it is gone."""
            tty, self.tty = self.tty, None
            if tty is not None:
                tty.close()

    return Line()


def tap(transport: Any, hear: Callable[[Literal[">", "<"], bytes], None]) -> None:
    """Have *hear* told what goes through *transport*, an object of nfcpy's."""
    write, read = transport.write, transport.read

    def tapped_write(frame: bytes, *arguments: Any, **named: Any) -> None:
        hear(">", bytes(frame))
        write(frame, *arguments, **named)

    def tapped_read(*arguments: Any, **named: Any) -> Any:
        frame = read(*arguments, **named)
        hear("<", bytes(frame or b""))
        return frame

    transport.write, transport.read = tapped_write, tapped_read


def tap_datagrams(device: Any, hear: Hear) -> None:
    """The same for what goes to and from a tag over UDP."""
    send, receive = device._send_data, device._recv_data  # noqa: SLF001 - nfcpy has no other place to listen at

    def tapped_send(kind: str, data: bytes, address: Any) -> None:
        hear(">", bytes(data), meaning_of_datagram(kind, bytes(data)))
        send(kind, data, address)

    def tapped_receive(wait_s: float | None, *kinds: str) -> Any:
        kind, data, address = receive(wait_s, *kinds)
        hear("<", bytes(data), meaning_of_datagram(kind, bytes(data)))
        return kind, data, address

    device._send_data, device._recv_data = tapped_send, tapped_receive  # noqa: SLF001 - as above
