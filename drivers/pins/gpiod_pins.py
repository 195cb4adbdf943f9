"""GPIO lines through the kernel's character device: the library ``gpiod``, version 2 (libgpiod by the kernel).

    pins = "gpiod"
    chip = ""            # or "/dev/gpiochip0", or a label such as "pinctrl-rp1"

The chip with the forty pins is found by its label, because its number differs between models and kernels. The
kernel stamps each edge in its interrupt (CLOCK_MONOTONIC) and numbers the edges of each line and those of all;
a gap in the numbers says that its buffer overflowed: then it forgets the oldest. Each line has an interrupt
thread of its own, so edges of different lines may arrive in another order than they are numbered in.

Lines are freed when the process dies. Kernels of Raspberry Pi then leave an output as it was driven last
(raspberrypi/linux 6117; the dtparam strict_gpiod makes it an input), others make it an input: relays need a
hardware pull to off, and `terminald --make-safe` after it.
Debian 12 packages version 1 under the same import name, which cannot be used.
"""

from __future__ import annotations

import errno
import os
import select
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from drivers.device import DeviceFault, DeviceMissing, needs
from drivers.pins.port import Bias, Edge, Line

if TYPE_CHECKING:
    import gpiod

LABELS = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
"""Labels of the chips with the forty pins: Raspberry Pi 0 to 3, 4, 5."""

DEVICES = Path("/dev")
CONSUMER = "terminald"
_BUFFER = 1024  # edges; the most that the kernel grants one request (16 for each of 64 lines)
_VERSION = 2
_NUMBERS = 2**32


def _library() -> ModuleType:
    with needs("gpiod"):
        import gpiod  # noqa: PLC0415 - only where it is used
    if int(str(gpiod.__version__).split(".", maxsplit=1)[0]) < _VERSION:
        raise DeviceFault(
            f"the library gpiod is version {gpiod.__version__}, 2 is needed: pip install 'terminald[gpiod]'"
        )
    return gpiod


class GpiodPins:
    """The lines of one GPIO chip of the kernel."""

    widths = True

    def __init__(self, chip: str) -> None:
        """Find the chip: *chip* is its path, its label, or empty.

        Raises:
            DeviceMissing: There is no such chip.
            DeviceFault: The library is missing, or the chip may not be opened.
        """
        self._gpiod = _library()
        self._path = self._find(chip)

    def now_ns(self) -> int:
        """Read CLOCK_MONOTONIC, as the kernel does for its edges."""
        return time.monotonic_ns()

    def output(self, line: Line, *, active_low: bool, active: bool) -> GpiodOutput:
        """Drive *line*, from the first moment on to *active*."""
        gpiod = self._gpiod
        level = gpiod.line.Value.ACTIVE if active else gpiod.line.Value.INACTIVE
        settings = gpiod.LineSettings(
            direction=gpiod.line.Direction.OUTPUT, active_low=active_low, output_value=level
        )
        return GpiodOutput(gpiod, self._request({line: settings}), line, active=active)

    def edges(self, lines: Sequence[Line], *, active_low: bool, bias: Bias) -> GpiodEdges:
        """Watch *lines*, in one request, for both edges."""
        gpiod = self._gpiod
        settings = gpiod.LineSettings(
            direction=gpiod.line.Direction.INPUT,
            edge_detection=gpiod.line.Edge.BOTH,
            bias={
                "pull-up": gpiod.line.Bias.PULL_UP,
                "pull-down": gpiod.line.Bias.PULL_DOWN,
                "none": gpiod.line.Bias.DISABLED,
            }[bias],
            active_low=active_low,
            debounce_period=timedelta(),
            event_clock=gpiod.line.Clock.MONOTONIC,
        )
        return GpiodEdges(gpiod, self._request(dict.fromkeys(lines, settings)), lines)

    def _request(self, config: dict[Line, gpiod.LineSettings]) -> gpiod.LineRequest:
        with self._opened(self._path) as chip:
            for line in config:
                self._check_line(chip, line)
            try:
                request: gpiod.LineRequest = chip.request_lines(
                    dict(config.items()), consumer=CONSUMER, event_buffer_size=_BUFFER
                )
            except OSError as error:
                if error.errno != errno.EBUSY:
                    raise
                raise DeviceFault(self._who_has(chip, list(config))) from error
            return request

    def _check_line(self, chip: gpiod.Chip, line: Line) -> None:
        try:
            chip.line_offset_from_id(line)
        except (OSError, ValueError) as error:
            count = chip.get_info().num_lines
            raise DeviceFault(f"{self._path} has no line {line!r}; it has 0 to {count - 1}") from error

    def _who_has(self, chip: gpiod.Chip, lines: Sequence[Line]) -> str:
        taken = [f"{line} by {info.consumer or 'the kernel'}"
                 for line in lines if (info := chip.get_line_info(line)).used]  # fmt: skip
        return f"lines of {self._path} are in use already: {', '.join(taken) or 'by somebody'}"

    def _find(self, chip: str) -> str:
        if "/" in chip or chip.startswith("gpiochip"):
            path = str(DEVICES / chip)  # an absolute path stays as it is
            with self._opened(path):
                return path
        wanted = (chip,) if chip else LABELS
        found: list[str] = []
        for device in sorted(DEVICES.glob("gpiochip*")):
            with self._opened(str(device)) as candidate:
                label = str(candidate.get_info().label)
            if label in wanted:
                return str(device)
            found.append(label)
        raise DeviceMissing(
            f"no GPIO chip is labelled {' or '.join(wanted)}; found: {', '.join(found) or 'no chip at all'}"
        )

    @contextmanager
    def _opened(self, path: str) -> Iterator[gpiod.Chip]:
        try:
            chip = self._gpiod.Chip(path)
        except PermissionError as error:
            raise DeviceFault(f"{path} may not be opened: add the terminal's user to the group gpio") from error
        except FileNotFoundError as error:
            raise DeviceMissing(f"there is no GPIO chip {path}") from error
        except OSError as error:
            raise DeviceFault(f"{path} is no GPIO chip: {error.strerror}") from error
        try:
            yield chip
        finally:
            chip.close()


class GpiodOutput:
    """One driven line."""

    def __init__(self, library: ModuleType, request: gpiod.LineRequest, line: Line, *, active: bool) -> None:
        self._value = library.line.Value
        self._request: gpiod.LineRequest | None = request
        self._line = line
        self._rest = active

    def set(self, *, active: bool) -> None:
        """Drive it."""
        if self._request is None:
            raise DeviceFault(f"line {self._line} is closed")
        self._request.set_value(self._line, self._value.ACTIVE if active else self._value.INACTIVE)

    def close(self) -> None:
        """Drive it to where it rests, and let it go."""
        if (request := self._request) is None:
            return
        try:
            self.set(active=self._rest)
        finally:
            self._request = None
            request.release()


class GpiodEdges:
    """Watched lines of one request: its file descriptor, and another one to be woken by."""

    def __init__(self, library: ModuleType, request: gpiod.LineRequest, lines: Sequence[Line]) -> None:
        self._library = library
        self._request = request
        self._lines = dict(zip(request.offsets, lines, strict=True))
        self._numbers = dict.fromkeys(request.offsets, 0)
        self._number = 0
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._open = True
        self._guard = threading.Lock()  # the number of a closed descriptor may soon be another file's
        self._poll = select.poll()
        self._poll.register(request.fd, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)

    def wait(self, timeout_s: float | None) -> tuple[Edge, ...]:
        """See Edges.wait."""
        # Rounded up: waking before the time would only mean to wait once more.
        timeout_ms = None if timeout_s is None else max(0, int(timeout_s * 1000) + (timeout_s > 0))
        edges: tuple[Edge, ...] = ()
        for fd, what in self._poll.poll(timeout_ms):
            if fd == self._wake:
                os.eventfd_read(self._wake)
            elif what & select.POLLIN:
                edges = tuple(self._edge(event) for event in self._request.read_edge_events())
            else:
                raise DeviceMissing("the GPIO chip is gone")
        return edges

    def active(self, line: Line) -> bool:
        """Return whether *line* is active now."""
        return self._request.get_value(line) is self._library.line.Value.ACTIVE

    def wake(self) -> None:
        """End a wait()."""
        with self._guard:
            if self._open:
                os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """Let the lines go."""
        with self._guard:
            if not self._open:
                return
            self._open = False
            os.close(self._wake)
        self._request.release()

    def _edge(self, event: gpiod.EdgeEvent) -> Edge:
        offset = event.line_offset
        lost = _ahead(event.line_seqno, self._numbers[offset]) - 1
        self._numbers[offset] = event.line_seqno
        if (ahead := _ahead(event.global_seqno, self._number)) > 0:
            missed, self._number = ahead - 1, event.global_seqno
        else:
            missed = -1
        active = event.event_type is self._library.EdgeEvent.Type.RISING_EDGE
        return Edge(self._lines[offset], event.timestamp_ns, active, lost, missed)


def _ahead(number: int, before: int) -> int:
    """Return by how much *number* is ahead of *before*; the kernel's numbers are 32 bits wide."""
    ahead = (number - before) % _NUMBERS
    return ahead - _NUMBERS if ahead >= _NUMBERS // 2 else ahead
