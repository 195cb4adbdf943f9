"""Ways to a printer: serial, USB, network, file. Each writes and reads within a time limit.

How much was taken is always known: that decides whether a document that broke off surely did not begin (FAILED)
or may lie half printed in front of somebody (UNKNOWN).
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
import stat
import struct
import termios
import time
from collections.abc import Callable
from typing import Any, Literal, Protocol
from urllib.parse import unquote, urlsplit

from drivers.device import DeviceError, DeviceFault, DeviceMissing
from drivers.link import link_errors, open_link
from terminal.core.value import Value

Flow = Literal["none", "xonxoff", "rtscts"]
Parity = Literal["none", "even", "odd"]

_READ = 256
_BREATH_S = 0.05
"""Pause before somebody is asked again who answers at once with nothing."""
_SLICE_S = 0.25
"""Longest wait for a connection at a stretch."""


class Port(Protocol):
    """An open way to a printer. What it cannot do any more is an OSError, and then it is closed."""

    reads: bool
    """Whether a printer can answer on it at all."""

    fd: int | None
    """What becomes readable when the printer says something; None: it must be read to find out."""

    def write(self, data: bytes, wait_s: float) -> int:
        """Return how many bytes of *data* were taken; 0 if none could be within *wait_s* seconds."""

    def read(self, wait_s: float) -> bytes:
        """Return what the printer said, within *wait_s* seconds; empty if nothing."""

    def pending(self) -> int:
        """Return how many taken bytes have not left this machine, where that can be known; else 0."""

    def close(self) -> None:
        """Let it go; bytes that have not left are dropped."""


class Serial(Value, frozen=True):
    """``serial:///dev/serial/by-id/usb-…``."""

    path: str


class Usb(Value, frozen=True):
    """``usb://04b8:0e15`` or, where there are several of one model, ``usb://04b8:0e15/SERIALNUMBER``."""

    vendor: int
    product: int
    number: str = ""


class Network(Value, frozen=True):
    """``tcp://192.168.1.20:9100``."""

    host: str
    port: int


class File(Value, frozen=True):
    """``file:///dev/usb/lp0`` or a file that documents are added to."""

    path: str


Address = Serial | Usb | Network | File


class Line(Value, frozen=True):
    """Settings of a serial line, 8 data bits and 1 stop bit; *connect_s* is the time limit of the network."""

    baudrate: int = 9600
    parity: Parity = "none"
    flow: Flow = "none"
    connect_s: float = 5.0


def parse(port: str) -> Address:
    """Return the address that the option *port* writes.

    Raises:
        ValueError: It is none of the four forms; one sentence.
    """
    url = urlsplit(port)
    path = unquote(url.path)
    if url.scheme in {"serial", "file"} and not url.netloc and len(path) > 1:
        return Serial(path) if url.scheme == "serial" else File(path)
    if url.scheme == "usb":
        return _usb_address(port, url.netloc, path.strip("/"))
    if url.scheme == "tcp" and path in {"", "/"}:
        return _network_address(port, url.netloc)
    hint = ""
    if port.startswith("/"):
        hint = f" (for a serial line write serial://{port}, for a device file or a plain file file://{port})"
    raise ValueError(
        f"{port!r} is no printer's port: expected serial:///dev/…, usb://VENDOR:PRODUCT, tcp://HOST:PORT "
        f"or file:///…{hint}"
    )


def open_port(address: Address, line: Line, go_on: Callable[[], bool] = lambda: True) -> Port:
    """Open the way to a printer.

    Args:
        address: Where it is.
        line: How to speak to it.
        go_on: Called between two short waits; False: give up.

    Raises:
        OSError: It is not there.
        DeviceMissing: It is not there.
        DeviceFault: It is there and cannot be used; or the library for it is not installed.
    """
    match address:
        case Serial():
            return _open_serial(address, line)
        case Usb():
            from drivers.printers import usb_port  # noqa: PLC0415 - only who has such a printer needs pyusb

            return usb_port.open_usb(address.vendor, address.product, address.number)
        case Network():
            return _open_network(address, line.connect_s, go_on)
        case File():
            return _open_file(address.path)


class FdPort:
    """A port that is a file descriptor: serial line, network connection, device file or file."""

    def __init__(self, owner: Any, fd: int, *, reads: bool, ends: bool = True) -> None:
        """Take over an open one.

        Args:
            owner: Has close().
            fd: Is non-blocking.
            reads: See Port.
            ends: Whether reading nothing means that the other end is gone; a USB printer may just have
                nothing to say, and then tells no better that it has.
        """
        self.reads = reads
        self.fd = fd if reads and ends else None
        self._owner = owner
        self._fd = fd
        self._ends = ends

    def write(self, data: bytes, wait_s: float) -> int:
        """See Port."""
        if not self._ready(select.POLLOUT, wait_s):
            return 0
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0

    def read(self, wait_s: float) -> bytes:
        """See Port."""
        if not self.reads or not self._ready(select.POLLIN, wait_s):
            return b""
        try:
            data = os.read(self._fd, _READ)
        except BlockingIOError:
            return b""
        if not data and self._ends:
            raise OSError(errno.EPIPE, "the printer's end was closed")
        if not data:
            time.sleep(min(wait_s, _BREATH_S))
        return data

    def pending(self) -> int:
        """See Port."""
        try:
            answer = fcntl.ioctl(self._fd, termios.TIOCOUTQ, struct.pack("i", 0))
        except OSError:
            return 0  # a file has no queue
        count: int = struct.unpack("i", answer)[0]
        return count

    def close(self) -> None:
        """See Port."""
        try:
            # The kernel would wait 30 s for a serial printer that is off to take the rest.
            if self.pending() and os.isatty(self._fd):
                termios.tcflush(self._fd, termios.TCOFLUSH)
        except termios.error:
            pass  # it is gone, and what it had not taken with it
        finally:
            self._owner.close()

    def _ready(self, what: int, wait_s: float) -> bool:
        poll = select.poll()
        poll.register(self._fd, what)
        return bool(poll.poll(max(0, int(wait_s * 1000))))


def _usb_address(port: str, pair: str, number: str) -> Usb:
    vendor, colon, product = pair.partition(":")
    try:
        ids = (int(vendor, 16), int(product, 16))
    except ValueError:
        ids = (-1, -1)
    if not colon or not all(0 <= one <= 0xFFFF for one in ids):  # noqa: PLR2004 - ids have 16 bits
        raise ValueError(
            f"{port!r}: expected usb://VENDOR:PRODUCT with four hexadecimal digits each, as lsusb shows them, "
            "such as usb://04b8:0e15"
        )
    return Usb(*ids, number)


def _network_address(port: str, netloc: str) -> Network:
    url = urlsplit(f"//{netloc}")
    try:
        number = url.port
    except ValueError:
        number = None
    if not url.hostname or not number or url.username is not None:
        raise ValueError(f"{port!r}: expected tcp://HOST:PORT, such as tcp://192.168.1.20:9100")
    return Network(url.hostname, number)


def _open_serial(address: Serial, line: Line) -> FdPort:
    device = open_link(address.path, line.baudrate, 0, 0, extra="printer")
    try:
        with link_errors(address.path, "printer"):
            device.parity = {"none": "N", "even": "E", "odd": "O"}[line.parity]
            device.xonxoff = line.flow == "xonxoff"
            device.rtscts = line.flow == "rtscts"
    except DeviceError:
        device.close()
        raise
    return FdPort(device, device.fileno(), reads=True)


def _open_network(address: Network, connect_s: float, go_on: Callable[[], bool]) -> FdPort:
    where = f"{address.host}:{address.port}"
    try:
        connection = _connected(address, time.monotonic() + connect_s, go_on)
    except TimeoutError as error:
        raise DeviceMissing(f"the printer {where} did not answer within {connect_s:g} s: is it on?") from error
    except OSError as error:
        raise DeviceMissing(f"the printer {where} cannot be reached: {error.strerror or error}") from error
    # A printer that was switched off says nothing: within about half a minute the kernel finds out.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    return FdPort(connection, connection.fileno(), reads=True)


def _connected(address: Network, deadline: float, go_on: Callable[[], bool]) -> socket.socket:
    """Return a connection to the first address of the host that takes one; raises OSError."""
    last: OSError = TimeoutError()
    for family, kind, protocol, _, place in socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM
    ):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.setblocking(False)
            _connect(connection, place, deadline, go_on)
        except OSError as error:
            connection.close()
            last = error
        else:
            return connection
    raise last


def _connect(connection: socket.socket, place: Any, deadline: float, go_on: Callable[[], bool]) -> None:
    number = connection.connect_ex(place)
    if number == errno.EINPROGRESS:
        poll = select.poll()
        poll.register(connection, select.POLLOUT)
        while not poll.poll(max(0, int(min(_SLICE_S, deadline - time.monotonic()) * 1000))):
            if time.monotonic() >= deadline or not go_on():
                raise TimeoutError
        number = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number:
        raise OSError(number, os.strerror(number))


def _open_file(path: str) -> FdPort:
    device = path.startswith("/dev/")
    # Under /dev nothing may be created: a file in the place of an unplugged printer would swallow receipts.
    mode = os.O_RDWR if device else os.O_WRONLY | os.O_APPEND | os.O_CREAT
    try:
        fd = os.open(path, mode | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, 0o600)
    except PermissionError as error:
        raise DeviceFault(
            f"{path} may not be opened: add the terminal's user to the group that owns it"
        ) from error
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise DeviceFault(f"{path} is in use by another program") from error
        raise DeviceMissing(f"{path} cannot be opened: {error.strerror}; is the printer plugged in?") from error
    if device and not stat.S_ISCHR(os.fstat(fd).st_mode):
        os.close(fd)
        raise DeviceFault(f"{path} is no printer but a plain file: remove it")
    return FdPort(os.fdopen(fd, "wb", buffering=0), fd, reads=device, ends=os.isatty(fd))
