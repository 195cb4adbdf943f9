"""Stands in for ``gpiod._ext``, the compiled half of gpiod 2: a kernel with chips that exist in this process.

The Python half that drivers call (Chip, LineRequest, LineSettings, EdgeEvent) is the installed one.
"""

import errno
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import gpiod
from gpiod.edge_event import EdgeEvent
from gpiod.line import Bias, Direction, Edge, Value
from gpiod.line_info import LineInfo


@dataclass
class Wire:
    high: bool = False
    request: "Request | None" = None
    consumer: str = ""
    settings: "LineSettings | None" = None
    driven: bool = False
    to_lose: int = 0
    seqno: int = 0


@dataclass
class LineSettings:
    direction: int
    edge_detection: int
    bias: int
    drive: int
    active_low: bool
    debounce_period: int
    event_clock: int
    output_value: int


class LineConfig:
    def __init__(self):
        self.lines = {}

    def add_line_settings(self, offsets, settings):
        for offset in offsets:
            self.lines[offset] = settings

    def set_output_values(self, values):
        raise NotImplementedError


class Kernel:
    """All chips of the machine; ``ext`` goes where the compiled half was."""

    def __init__(self):
        self.chips = {}
        self.denied = set()
        self.history = {}
        self.follow = {}
        self.lock = threading.RLock()
        self.ext = SimpleNamespace(
            Chip=self.open_chip, LineConfig=LineConfig, LineSettings=LineSettings, **_constants()
        )

    def add_chip(self, path, label, lines=28):
        self.chips[path] = (label, [Wire() for _ in range(lines)])

    def wires(self, path):
        return self.chips[path][1]

    def open_chip(self, path):
        if path in self.denied:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        if path not in self.chips:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return ExtChip(self, path)

    def train(self, path, offset, levels):
        """Drive an input from outside through (t_ns, high); who reads it finds all edges at once."""
        with self.lock:
            wire = self.wires(path)[offset]
            wire.driven = True
            events = []
            for t_ns, high in levels:
                if high == wire.high:
                    continue
                wire.high = high
                request = wire.request
                if request is None or wire.settings.edge_detection == Edge.NONE.value:
                    continue
                wire.seqno += 1
                request.global_seqno += 1
                if wire.to_lose:
                    wire.to_lose -= 1
                    continue
                rising = high != wire.settings.active_low
                kind = EdgeEvent.Type.RISING_EDGE if rising else EdgeEvent.Type.FALLING_EDGE
                events.append(EdgeEvent(kind.value, t_ns, offset, request.global_seqno, wire.seqno))
            if events:
                wire.request.push(events)

    def drive_output(self, path, offset, *, high):
        wire = self.wires(path)[offset]
        wire.high = high
        self.history.setdefault((path, offset), []).append(high)
        if (target := self.follow.get((path, offset))) is not None:
            target(high)


def _constants():
    real = gpiod._ext
    return {name: getattr(real, name) for name in dir(real) if name.isupper()}


class ExtChip:
    def __init__(self, kernel, path):
        self.kernel = kernel
        self.path = path
        self.fd = -1
        self.label, self.lines = kernel.chips[path]

    def get_info(self):
        return gpiod.ChipInfo(Path(self.path).name, self.label, len(self.lines))

    def line_offset_from_id(self, name):
        if name.startswith("GPIO") and name[4:].isdecimal() and int(name[4:]) < len(self.lines):
            return int(name[4:])
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    def get_line_name(self, offset):
        return f"GPIO{offset}"

    def get_line_info(self, offset, watch):
        wire = self.lines[offset]
        no = (Bias.UNKNOWN.value, 1, Edge.NONE.value, 1, False, 0)
        used = wire.request is not None
        direction = Direction.INPUT.value
        return LineInfo(offset, f"GPIO{offset}", used, wire.consumer, direction, False, *no)

    def request_lines(self, config, consumer, event_buffer_size):
        with self.kernel.lock:
            if any(self.lines[offset].request is not None for offset in config.lines):
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            return Request(self, config.lines, consumer)

    def close(self):
        self.kernel = None


class Request:
    def __init__(self, chip, lines, consumer):
        self.kernel = chip.kernel
        self.path = chip.path
        self.chip_name = Path(chip.path).name
        self.offsets = list(lines)
        self.num_lines = len(lines)
        self.fd = os.eventfd(0, os.EFD_NONBLOCK)
        self.queue = []
        self.global_seqno = 0
        self.wires = {offset: chip.lines[offset] for offset in lines}
        self.broken = None
        for offset, settings in lines.items():
            wire = self.wires[offset]
            wire.request, wire.consumer, wire.settings, wire.seqno = self, consumer, settings, 0
            if settings.direction == Direction.OUTPUT.value:
                active = settings.output_value == Value.ACTIVE.value
                self.kernel.drive_output(self.path, offset, high=active != settings.active_low)
            elif not wire.driven:
                wire.high = settings.bias == Bias.PULL_UP.value

    def push(self, events):
        self.queue += events
        os.eventfd_write(self.fd, 1)

    def read_edge_events(self, max_events):
        with self.kernel.lock:
            limit = max_events or 64
            events, self.queue = self.queue[:limit], self.queue[limit:]
            if not self.queue:
                os.eventfd_read(self.fd)
            return events

    def get_values(self, offsets, values):
        for index, offset in enumerate(offsets):
            wire = self.wires[offset]
            values[index] = Value.ACTIVE if wire.high != wire.settings.active_low else Value.INACTIVE

    def set_values(self, values):
        if self.broken:
            raise self.broken
        for offset, value in values.items():
            settings = self.wires[offset].settings
            if settings.direction != Direction.OUTPUT.value:
                raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
            high = (value is Value.ACTIVE) != settings.active_low
            self.kernel.drive_output(self.path, offset, high=high)

    def release(self):
        with self.kernel.lock:
            for wire in self.wires.values():
                wire.request, wire.consumer, wire.settings = None, "", None
            os.close(self.fd)
