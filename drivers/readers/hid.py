"""Readers that type like a keyboard (keyboard wedges; USB readers for 125 kHz or 13.56 MHz of many makers).

    [[devices]]
    name = "front reader"
    role = "reader"
    driver = "hid"
    device = "/dev/input/by-id/usb-Sycreader_RFID_Technology_Co.__Ltd_SYC_ID_IC_USB_Reader-event-kbd"
    form = "decimal"       # 0008844356
    digits = 10
    refuse_random = false  # a reader for 125 kHz

The reader is grabbed, so that what it types goes nowhere else: not to the page of a kiosk, not to a login.

It types each number once, or now and then while the token lies there, and nothing when it goes. So a token
counts as gone when nothing was typed for ``gone_ms``, wherever it is by then; the same number within that time
is the same tap, another number another token.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit, Found
from drivers.device import DeviceError, DeviceFault, DeviceMissing, DeviceThread
from drivers.readers.hid_text import EVENT, Form, Typed, Typing, number
from drivers.readers.presence import Presence
from drivers.readers.uid import Chip, ReaderOptions, identify
from terminal.core.events import Health

KEYBOARDS = Path("/dev/input/by-id")

EVIOCGRAB = 0x40044590
"""_IOW('E', 0x90, int) of uapi/linux/input.h; not 0: nobody else gets the events of this device any more."""

SETTLE_S = 2.0
"""What a reader may take, from being plugged in, to type the number of a token that lies on it."""

_EVENTS_AT_ONCE = 256


class HidOptions(ReaderOptions, frozen=True, kw_only=True):
    """Options of the driver `hid`."""

    device: Annotated[
        str,
        Meta(min_length=1, max_length=256, description="The reader: /dev/input/by-id/…-event-kbd."),
    ]
    form: Annotated[
        Form,
        Meta(description="How it writes numbers; `wiegand`: the last three bytes as 134,62532 or 13462532."),
    ] = "decimal"
    digits: Annotated[
        int,
        Meta(
            ge=0,
            le=25,
            description="How many digits it types for each token, where these are always as many; others are "
            "then refused as torn. 0: any number of them.",
        ),
    ] = 0
    bytes: Annotated[
        Literal[3, 4, 5, 7, 8, 10], Meta(description="How many bytes a `decimal` number stands for.")
    ] = 4
    refuse_random: Annotated[
        bool,
        Meta(
            description="Whether 4 bytes that begin with 08 (made up at each touch) or 88 (half a number) are "
            "refused. False where this reader tells 125 kHz tags, or parts of longer numbers."
        ),
    ] = True
    silence_ms: Annotated[
        int,
        Meta(
            ge=20,
            le=5_000,
            description="Pause within a number, in milliseconds, after which what was typed is dropped.",
        ),
    ] = 200
    gone_ms: Annotated[
        int,
        Meta(
            ge=100,
            le=60_000,
            description="Time without typing, in milliseconds, after which a token counts as gone. Longer than "
            "the pauses of a reader that repeats itself while a token lies there.",
        ),
    ] = 1000

    def __post_init__(self) -> None:
        """Check what only shows when the options stand together."""
        if self.form == "hex" and self.digits % 2:
            raise ValueError("`digits` is odd, but two hex digits are a byte")


class HidReader(DeviceThread):
    """A reader that is a keyboard to the computer."""

    role: ClassVar[str] = "reader"
    Options: ClassVar[type[DriverOptions]] = HidOptions
    settle_s: ClassVar[float] = SETTLE_S

    def __init__(self, name: str, options: HidOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._silence_s = options.silence_ms / 1000
        self._presence = Presence(name, emit, self._judge, options.gone_ms / 1000, self.settle_s)
        self._clock: Callable[[], float] = time.monotonic
        self._typing = Typing(options.silence_ms)
        self._heard_at = 0.0
        self._fd = -1
        self._wake_fd = -1
        self._hold = threading.Lock()  # guards _wake_fd, which _interrupt uses from other threads

    @staticmethod
    def scan() -> list[Found]:
        """Return every keyboard: a reader of this kind cannot be told from one by looking."""
        return [
            Found(
                "reader",
                "hid",
                {"device": path},
                f"a keyboard, or a reader that types like one: {path.rpartition('/')[2]}",
                " ".join(_cautions(path)),
            )
            for path in _keyboards()
        ]

    # -- the life --------------------------------------------------------------------------------------

    def _open(self) -> Condition:
        self._fd = _grabbed(self._options.device)
        with self._hold:
            self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._typing = Typing(self._options.silence_ms)
        self._heard_at = self._clock()
        self._presence.opened(self._heard_at)
        return Condition(Health.OK, self._options.device)

    def _serve(self) -> None:
        now = self._clock()
        if self._wait(self._wait_s(now)):
            typed = self._typing.feed(self._read())
            self._heard_at = self._clock()
        else:
            typed = self._typing.silent() if now - self._heard_at >= self._silence_s else []
            self._presence.silent(now)
        for each in typed:
            self._take(each)

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        with self._hold:
            wake_fd, self._wake_fd = self._wake_fd, -1
        for each in (fd, wake_fd):
            if each >= 0:
                os.close(each)  # the kernel ends the grab, too

    def _interrupt(self) -> None:
        with self._hold:
            if self._wake_fd >= 0:
                os.eventfd_write(self._wake_fd, 1)

    # -- waiting and reading ---------------------------------------------------------------------------

    def _wait_s(self, now: float) -> float | None:
        """Return the seconds after which silence means something; None: it never does."""
        waits = [self._presence.left_s(now)]
        if self._typing.pending:
            waits.append(max(0.0, self._heard_at + self._silence_s - now))
        return min((each for each in waits if each is not None), default=None)

    def _wait(self, seconds: float | None) -> bool:
        """Wait for events, or until somebody interrupts; return whether there are events."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        poll.register(self._wake_fd, select.POLLIN)
        with self._resting():
            ready = dict(poll.poll(None if seconds is None else seconds * 1000))
        if self._wake_fd in ready:
            os.eventfd_read(self._wake_fd)
        found = ready.get(self._fd, 0)
        if found and not found & select.POLLIN:
            raise DeviceMissing(f"{self._options.device} was unplugged")
        return bool(found)

    def _read(self) -> bytes:
        try:
            raw = os.read(self._fd, EVENT.size * _EVENTS_AT_ONCE)
        except OSError as error:
            raise DeviceMissing(f"{self._options.device} was unplugged: {error.strerror}") from error
        if not raw:
            raise DeviceMissing(f"{self._options.device} was unplugged")
        return raw

    # -- what it says ----------------------------------------------------------------------------------

    def _take(self, typed: Typed) -> None:
        signs = len(typed.text)
        if not typed.ended:
            self._traffic("!", typed.text.encode(), f"{signs} characters without Enter or Tab, dropped")
            self._log.warning(
                "%s: %d characters were typed without Enter or Tab after them: is the reader set to send one?",
                self.name,
                signs,
            )
            return
        self._traffic("<", typed.text.encode(), f"{signs} characters")
        # Where numbers always are as long, the length says well enough whether it is a whole one.
        whole = typed.whole or bool(self._options.digits)
        self._presence.seen(Typed(typed.text, whole=whole), self._clock())

    def _judge(self, typed: Typed) -> str:
        its = self._options
        raw = number(typed, its.form, its.digits, its.bytes)
        return identify(raw, its, Chip.UNKNOWN if its.refuse_random else Chip.PLAIN)


def _grabbed(device: str) -> int:
    """Open *device* so that nobody else gets what it types; return the file's number."""
    try:
        fd = os.open(device, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        there = ", ".join(_keyboards()) or f"no keyboards in {KEYBOARDS}"
        raise DeviceMissing(f"there is no {device}; there are: {there}") from error
    except PermissionError as error:
        raise DeviceFault(f"{device} may not be opened: {_GROUP}") from error
    except OSError as error:
        raise DeviceMissing(f"{device} cannot be opened: {error.strerror}") from error
    try:
        fcntl.ioctl(fd, EVIOCGRAB, 1)
    except OSError as error:
        os.close(fd)
        raise _not_grabbed(device, error) from error
    return fd


def _not_grabbed(device: str, error: OSError) -> DeviceError:
    if error.errno == errno.EBUSY:
        return DeviceFault(
            f"{device} is grabbed by another program, which gets all that it types: stop that one"
        )
    if error.errno == errno.ENODEV:
        return DeviceMissing(f"{device} was unplugged")
    return DeviceFault(f"{device} is no input device, or none that can be grabbed: {error.strerror}")


_GROUP = "add the terminal's user to the group input"


def _keyboards() -> list[str]:
    return sorted(str(path) for path in KEYBOARDS.glob("*-event-kbd"))


def _cautions(path: str) -> Iterator[str]:
    yield "A keyboard looks just like it, and would be grabbed: take this one only if it is the reader."
    if not os.access(path, os.R_OK):
        yield f"It may not be opened: {_GROUP}."
