"""Serial lines by a name that stays, or by URL.

    /dev/serial/by-id/usb-FTDI_…    the adapter of this serial number, wherever it is plugged in
    /dev/serial/by-path/…           whatever is plugged in there
    socket://10.0.0.7:4001          a serial server; rfc2217:// one that sets the baud rate; loop:// for trials

Everything that a serial line can do wrong comes out as a DeviceError. Three families of errors mean that
(pyserial's manual names the first two; the third comes from setting an odd parity on a pseudo-terminal).
"""

from __future__ import annotations

import errno
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.contract import Found
from drivers.device import DeviceError, DeviceFault, DeviceMissing, needs, words_of

if TYPE_CHECKING:
    import serial

_STABLE = Path("/dev/serial/by-id")
_OWN = Path("/dev/serial0")
"""The line on GPIO 14 and 15, whatever UART is behind it (Raspberry Pi documentation, "Configure UARTs")."""


def open_link(
    url_or_path: str,
    baudrate: int,
    timeout: float | None,
    write_timeout: float | None,
    *,
    exclusive: bool = True,
    extra: str = "serial",
) -> serial.Serial:
    """Open a serial line; close it by its close().

    Args:
        url_or_path: A path of a device, or a URL of pyserial's.
        baudrate: Bits a second; 8 data bits, no parity, 1 stop bit.
        timeout: Seconds that a read waits for; None: for ever.
        write_timeout: Seconds that a write waits for; None: for ever, should the other end stop reading.
        exclusive: Whether nobody else may have it open (a device only; who does not ask, is not stopped).
        extra: The extra that brings pyserial to whoever asks, for the sentence where it is missing.

    Raises:
        DeviceMissing: It is not there.
        DeviceFault: It is there and cannot be opened.
    """
    with needs(extra):
        import serial  # noqa: PLC0415 - only where a serial line is used
    with link_errors(url_or_path, extra):
        if "://" in url_or_path:
            # A URL knows no lock: what is behind it decides who may talk to it.
            return serial.serial_for_url(
                url_or_path, baudrate=baudrate, timeout=timeout, write_timeout=write_timeout
            )
        return serial.Serial(
            url_or_path,
            baudrate=baudrate,
            timeout=timeout,
            write_timeout=write_timeout,
            exclusive=exclusive,
        )


def end_read(link: serial.Serial) -> None:
    """End a read of another thread, also one that is about to begin; *link* must be open.

    Only lines of this machine can do so. With the others a read ends by its own time limit, if it has one.
    """
    cancel = getattr(link, "cancel_read", None)
    if cancel is not None:
        cancel()


def adapters() -> list[str]:
    """Return the lasting names of the serial adapters that are plugged in, and of the Pi's own line."""
    found = sorted(str(path) for path in _STABLE.glob("*"))
    return [*found, str(_OWN)] if _OWN.exists() else found


def lines_found(role: str, driver: str, what: str, wired: str, **options: object) -> list[Found]:
    """Return every serial line as one that *driver* may be for: none tells what hangs on it.

    Args:
        role: Of the driver.
        driver: Its name.
        what: What may be on a line, for "a serial line, with … or anything else".
        wired: When to take one, for "take this one only if …".
        options: Further options, besides `port`.
    """
    return [
        Found(
            role,
            driver,
            {"port": path, **options},
            f"a serial line, with {what} or anything else: {path.rpartition('/')[2]}",
            f"All serial devices look alike: take this one only if {wired}.",
        )
        for path in adapters()
    ]


@contextmanager
def link_errors(url_or_path: str, extra: str = "serial") -> Iterator[None]:
    """Turn everything that using the serial line *url_or_path* may raise into a DeviceError."""
    with needs(extra):
        import serial  # noqa: PLC0415 - only where a serial line is used
    try:
        yield
    except serial.SerialTimeoutException as error:
        raise DeviceFault(f"{url_or_path} takes no more bytes: the device does not read") from error
    except (OSError, termios.error) as error:  # SerialException is an OSError
        raise _classed(url_or_path, error) from error
    except (ValueError, TypeError) as error:
        # pyserial: a bad URL or setting, and what a thread meets when its port is closed under it.
        raise DeviceFault(f"{url_or_path} cannot be used: {error}") from error


def _classed(where: str, error: OSError | termios.error) -> DeviceError:
    number = _number(error)
    if number == errno.ENOENT:
        return DeviceMissing(f"there is no {where}; there are: {_present()}")
    if number in (errno.EACCES, errno.EPERM):
        return DeviceFault(f"{where} may not be opened: add the terminal's user to the group dialout")
    if number in (errno.EAGAIN, errno.EBUSY):
        return DeviceFault(f"{where} is in use by another program")
    if number in (errno.EINVAL, errno.ENOTTY):
        return DeviceFault(f"{where} refuses the settings of a serial line: {words_of(error)}")
    return DeviceMissing(f"{where} does not answer: {words_of(error)}")


def _number(error: BaseException | None) -> int | None:
    """Return the errno of *error*, or of the one that it was made of: pyserial drops some on the way."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    if isinstance(error, termios.error) and error.args:
        return int(error.args[0])
    return None if error is None else _number(error.__context__)


def _present() -> str:
    return ", ".join(adapters()) or f"no serial lines in {_STABLE}"
