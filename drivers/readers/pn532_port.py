"""The three ways to a PN532: UART, I2C and SPI. Whole frames out, bytes of frames in.

    serial:///dev/serial/by-id/...   or a plain path; 115200 8N1 (UM0701-02, 6.2.4: HSU)
    i2c:///dev/i2c-1                 address 24; each read begins with a byte that is 01 once a frame is ready
    spi:///dev/spidev0.0             mode 0, lowest bit first; a status read (02) says 01 once a frame is ready

I2C: UM0701-02, 6.2.3, through the library smbus2. SPI: 6.2.5, through spidev; the controllers of a Pi send the
highest bit first only, so the bytes are turned here. On both a frame must be read in one go, so as many bytes
are read as the longest answer has that is ever asked for here.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from drivers.device import DeviceError, DeviceFault, DeviceMissing, needs, words_of
from drivers.link import link_errors, open_link

if TYPE_CHECKING:
    import serial
    import smbus2
    import spidev

RATES = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000)
"""Bits a second by the number that SetSerialBaudRate gives them (UM0701-02, 7.2.6)."""
RATE = 115200
"""The speed at power-on, and the one that is used here."""

_SLICE_S = 0.05  # longest read of a serial line; the next slice sees that it was asked to stop
_WRITE_S = 1.0
_POLL_S = 0.002
_SETTLE_S = 0.005
_LONGEST_READ = 72
"""More than the longest answer here: READ_SIG with its frame has 43 bytes."""

_I2C_ADDRESS = 0x24
_READY = 0x01
_SPI_WRITE, _SPI_STATUS, _SPI_READ = 0x01, 0x02, 0x03
_SPI_HZ = 1_000_000
_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

_FLUSH = b"\x55\x55" + bytes(280)
"""Wakes a chip that sleeps; and where it waits for the rest of a frame that will never come, is that rest.
Zeros before a frame are no harm, however many."""


class Port(Protocol):
    """One way to one chip. Every method raises DeviceMissing or DeviceFault, with a sentence."""

    where: str
    advice: str
    """What a technician should look at when nobody answers."""
    stream: bool
    """Whether receive() gives bytes as they come; else it gives one frame and what the bus shows after it."""

    def send(self, frame: bytes) -> None:
        """Send one frame; what was said before and not read is thrown away."""

    def receive(self, timeout_s: float) -> bytes:
        """Return what the chip says, as soon as it says something; empty if it does not within *timeout_s*."""

    def wake(self) -> None:
        """Wake the chip if it sleeps."""

    def rates(self) -> tuple[int, ...]:
        """Return the speeds at which the chip may have been left, the usual one first; empty: no such thing."""

    def set_rate(self, rate: int) -> bool:
        """Speak at *rate* from now on; return whether this line can."""

    def close(self) -> None:
        """Let it go."""


def open_port(url: str) -> Port:
    """Open the way that *url* tells.

    Raises:
        DeviceMissing: It is not there.
        DeviceFault: It cannot be opened, or *url* tells no way.
    """
    scheme, colon, path = url.partition("://")
    if not colon:
        scheme, path = "serial", url
    openers: dict[str, Callable[[str], Port]] = {"serial": UartPort, "i2c": I2cPort, "spi": SpiPort}
    opener = openers.get(scheme)
    if opener is None or not path.startswith("/"):
        raise DeviceFault(
            f"port is {url!r}; expected serial:///dev/serial/by-id/…, a path such as /dev/ttyAMA0, "
            "i2c:///dev/i2c-1 or spi:///dev/spidev0.0"
        )
    return opener(path)


class UartPort:
    """A serial line."""

    stream = True
    advice = "is the board set to UART (HSU), are TX and RX crossed, is the console off that line?"

    def __init__(self, path: str) -> None:
        self.where = path
        self._link: serial.Serial = open_link(path, RATE, _SLICE_S, _WRITE_S, extra="pn532")

    def send(self, frame: bytes) -> None:
        """See Port."""
        with link_errors(self.where):
            self._link.reset_input_buffer()
            self._link.write(frame)

    def receive(self, timeout_s: float) -> bytes:
        """See Port."""
        until = time.monotonic() + timeout_s
        with link_errors(self.where):
            while not (data := self._link.read(max(1, self._link.in_waiting))):
                if time.monotonic() >= until:
                    break
        return bytes(data)

    def wake(self) -> None:
        """See Port."""
        self.send(_FLUSH)

    def rates(self) -> tuple[int, ...]:
        """See Port."""
        return (RATE, *sorted((rate for rate in RATES if rate != RATE), reverse=True))

    def set_rate(self, rate: int) -> bool:
        """See Port."""
        try:
            with link_errors(self.where):
                # All that was written goes out at the old speed first.
                self._link.flush()
                self._link.baudrate = rate
        except DeviceFault:
            return False  # this line has no such speed
        return True

    def close(self) -> None:
        """See Port."""
        self._link.close()


class I2cPort:
    """An I2C bus. A read that the chip does not acknowledge means that it is not ready."""

    stream = False
    advice = f"is the board set to I2C (address {_I2C_ADDRESS:02X}), are SDA and SCL wired?"

    def __init__(self, path: str) -> None:
        self.where = path
        with needs("pn532"):
            import smbus2  # noqa: PLC0415 - only who has such a board needs the library
        self._message = smbus2.i2c_msg
        with _bus_errors(path, "i2c"):
            self._bus: smbus2.SMBus = smbus2.SMBus(path)

    def send(self, frame: bytes) -> None:
        """See Port."""
        with _bus_errors(self.where, "i2c"):
            try:
                self._bus.i2c_rdwr(self._message.write(_I2C_ADDRESS, frame))
            except OSError as error:
                # On the other two ways nobody knows whether it was heard; here, too, the chip's ACK tells.
                if not _unheard(error):
                    raise

    def receive(self, timeout_s: float) -> bytes:
        """See Port."""
        with _bus_errors(self.where, "i2c"):
            return self._read(_LONGEST_READ + 1)[1:] if _wait(self._ready, timeout_s) else b""

    def wake(self) -> None:
        """See Port."""
        _wait(self._ready, 0)
        time.sleep(_SETTLE_S)

    def rates(self) -> tuple[int, ...]:
        """See Port."""
        return ()

    def set_rate(self, rate: int) -> bool:
        """See Port."""
        return False

    def close(self) -> None:
        """See Port."""
        self._bus.close()

    def _ready(self) -> bool:
        try:
            return self._read(1) == bytes([_READY])
        except OSError as error:
            if _unheard(error):
                return False
            raise

    def _read(self, size: int) -> bytes:
        message = self._message.read(_I2C_ADDRESS, size)
        self._bus.i2c_rdwr(message)
        return bytes(message)


class SpiPort:
    """An SPI bus."""

    stream = False
    advice = "is the board set to SPI, are all four wires right (CE0 is spidev0.0, CE1 spidev0.1)?"

    def __init__(self, path: str) -> None:
        self.where = path
        with needs("pn532"):
            import spidev  # noqa: PLC0415 - only who has such a board needs the library
        self._bus: spidev.SpiDev = spidev.SpiDev()
        with _bus_errors(path, "spi"):
            try:
                self._bus.open_path(path)
                self._bus.max_speed_hz = _SPI_HZ
                self._bus.mode = 0
            except OSError:
                self._bus.close()
                raise

    def send(self, frame: bytes) -> None:
        """See Port."""
        self._transfer(_SPI_WRITE, frame)

    def receive(self, timeout_s: float) -> bytes:
        """See Port."""
        return self._transfer(_SPI_READ, bytes(_LONGEST_READ)) if _wait(self._ready, timeout_s) else b""

    def wake(self) -> None:
        """See Port."""
        self._ready()  # the chip is selected, which wakes it
        time.sleep(_SETTLE_S)

    def rates(self) -> tuple[int, ...]:
        """See Port."""
        return ()

    def set_rate(self, rate: int) -> bool:
        """See Port."""
        return False

    def close(self) -> None:
        """See Port."""
        self._bus.close()

    def _ready(self) -> bool:
        return self._transfer(_SPI_STATUS, b"\x00") == bytes([_READY])

    def _transfer(self, what: int, data: bytes) -> bytes:
        with _bus_errors(self.where, "spi"):
            said = self._bus.xfer2(list((bytes([what]) + data).translate(_TURNED)))
        return bytes(said[1:]).translate(_TURNED)


def _wait(ready: Callable[[], bool], timeout_s: float) -> bool:
    until = time.monotonic() + timeout_s
    while not ready():
        if time.monotonic() >= until:
            return False
        time.sleep(_POLL_S)
    return True


def _unheard(error: OSError) -> bool:
    """Whether *error* says that nobody acknowledged on the I2C bus; some controllers call it a time-out."""
    return error.errno in (errno.EREMOTEIO, errno.ENXIO, errno.ETIMEDOUT, errno.EIO)


@contextmanager
def _bus_errors(path: str, bus: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _classed(path, bus, error) from error


def _classed(path: str, bus: str, error: OSError) -> DeviceError:
    if error.errno == errno.ENOENT:
        pattern = "i2c-*" if bus == "i2c" else "spidev*"
        there = ", ".join(sorted(str(found) for found in Path("/dev").glob(pattern))) or "none of its kind"
        return DeviceMissing(
            f"there is no {path}; there are: {there}. Switch it on: sudo raspi-config nonint do_{bus} 0"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return DeviceFault(f"{path} may not be opened: add the terminal's user to the group {bus}")
    number = error.errno or 0
    return DeviceMissing(f"{path} does not work: {os.strerror(number) if number else words_of(error)}")
