"""GPIO lines through ``import RPi.GPIO``: the library of that name, or rpi-lgpio, which takes its place.

    pins = "rpi"

For machines where gpiod cannot be had. Time stamps are taken when Python is called, not when the edge came, and
which of two edges it was cannot be told (by then the level may be another one: pulses were lost so in trials).
So only the edge that makes a line active is watched, one count for each, and no width is known.

RPi.GPIO 0.7.1 watches no edges on kernels from 6.6 on and does not know the Raspberry Pi 5; rpi-lgpio does.
Never install both. Lines are BCM numbers; ``GPIO17`` means 17.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from drivers.device import DeviceFault, needs
from drivers.pins.port import Bias, Edge, EdgeQueue, Line


def _library() -> Any:
    with needs("rpi-gpio"):
        try:
            from RPi import GPIO  # noqa: PLC0415 - only where it is used, and fails off a Raspberry Pi
        except RuntimeError as error:
            raise DeviceFault(
                f"RPi.GPIO cannot be used here ({error}); on a Raspberry Pi 5 install rpi-lgpio in its place, "
                'or use pins = "gpiod"'
            ) from error
    return GPIO


class RpiPins:
    """The lines of the Raspberry Pi's forty pins."""

    widths = False

    def __init__(self) -> None:
        """Load the library.

        Raises:
            DeviceFault: The library is missing or does not work on this machine.
        """
        self._gpio = _library()
        self._gpio.setwarnings(False)
        self._gpio.setmode(self._gpio.BCM)

    def now_ns(self) -> int:
        """Read the monotonic clock."""
        return time.monotonic_ns()

    def output(self, line: Line, *, active_low: bool, active: bool) -> RpiOutput:
        """Drive *line*, from the first moment on to *active*."""
        return RpiOutput(self._gpio, _number(line), active_low=active_low, active=active)

    def edges(self, lines: Sequence[Line], *, active_low: bool, bias: Bias) -> RpiEdges:
        """Watch *lines* for becoming active."""
        edges = RpiEdges(self._gpio, self.now_ns, active_low=active_low)
        try:
            for line in lines:
                edges.add(line, bias)
        except BaseException:
            edges.close()
            raise
        return edges


class RpiOutput:
    """One driven line."""

    def __init__(self, gpio: Any, channel: int, *, active_low: bool, active: bool) -> None:
        self._gpio = gpio
        self._channel = channel
        self._active_low = active_low
        self._rest = active
        self._open = True
        with _Faults(f"line {channel}"):
            gpio.setup(channel, gpio.OUT, initial=self._level(active=active))

    def set(self, *, active: bool) -> None:
        """Drive it."""
        if not self._open:
            raise DeviceFault(f"line {self._channel} is closed")
        with _Faults(f"line {self._channel}"):
            self._gpio.output(self._channel, self._level(active=active))

    def close(self) -> None:
        """Drive it to where it rests. It stays an output: the library's clean-up would let a relay float."""
        if self._open:
            try:
                self.set(active=self._rest)
            finally:
                self._open = False

    def _level(self, *, active: bool) -> Any:
        return self._gpio.HIGH if active is not self._active_low else self._gpio.LOW


class RpiEdges:
    """Watched lines; the library calls back from a thread of its own."""

    def __init__(self, gpio: Any, clock: Callable[[], int], *, active_low: bool) -> None:
        self._gpio = gpio
        self._clock = clock
        self._active_low = active_low
        self._queue = EdgeQueue()
        self._channels: dict[Line, int] = {}

    def add(self, line: Line, bias: Bias) -> None:
        """Watch *line* too."""
        gpio, channel = self._gpio, _number(line)
        pull = {"pull-up": gpio.PUD_UP, "pull-down": gpio.PUD_DOWN, "none": gpio.PUD_OFF}[bias]
        with _Faults(f"line {channel}"):
            gpio.setup(channel, gpio.IN, pull_up_down=pull)
            self._channels[line] = channel
            gpio.add_event_detect(
                channel,
                gpio.FALLING if self._active_low else gpio.RISING,
                callback=lambda _channel: self._queue.put(Edge(line, self._clock(), active=True)),
            )

    def wait(self, timeout_s: float | None) -> tuple[Edge, ...]:
        """See Edges.wait."""
        return self._queue.wait(timeout_s)

    def active(self, line: Line) -> bool:
        """Return whether *line* is active now."""
        with _Faults(f"line {line}"):
            return bool(self._gpio.input(self._channels[line])) is not self._active_low

    def wake(self) -> None:
        """End a wait()."""
        self._queue.wake()

    def close(self) -> None:
        """Let the lines go."""
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            with _Faults(f"line {channel}"):
                self._gpio.remove_event_detect(channel)
                self._gpio.cleanup(channel)


class _Faults:
    """Turns the library's errors into a DeviceFault that says what to do."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Turn *error* into words."""
        if isinstance(error, RuntimeError) and "edge detection" in str(error):
            raise DeviceFault(
                f"RPi.GPIO cannot watch {self._what} on this kernel ({error}): install rpi-lgpio in its place, "
                'or use pins = "gpiod"'
            ) from error
        if isinstance(error, RuntimeError | ValueError):
            raise DeviceFault(f"RPi.GPIO refuses {self._what}: {error}") from error


def _number(line: Line) -> int:
    text = str(line).upper().removeprefix("GPIO")
    if not text.isdecimal():
        raise DeviceFault(f"RPi.GPIO knows lines by number (17 or 'GPIO17'), not as {line!r}")
    return int(text)
