"""Benches: each has lines of one kind, and hands on the other end of the wires. One test body runs on all."""

import itertools
import sys
import time
from types import ModuleType

from drivers.pins import PinOptions, open_pins
from drivers.pins.gpiod_pins import GpiodPins
from drivers.pins.rpi_pins import RpiPins
from drivers.pins.simulated import SimulatedPins, chip_of, number_of
from tests.drivers.standins.gpiod_ext import Kernel
from tests.drivers.standins.rpi_gpio import RpiGpio

MS = 1_000_000
_count = itertools.count()


class Bench:
    """What a test can do to lines, whatever is behind them. Levels are physical; times nanoseconds."""

    pins = ""
    chip = ""
    pins_class: type

    def __init__(self, monkeypatch):
        self._monkeypatch = monkeypatch
        self.now = None

    def stop_clock(self):
        """From now on the drivers' clock stands still unless a train moves it."""
        self.now = time.monotonic_ns()
        self._monkeypatch.setattr(self.pins_class, "now_ns", lambda _pins: self.now)

    def open(self):
        return open_pins(PinOptions(**self.options))

    @property
    def options(self):
        return {"pins": self.pins, "chip": self.chip}

    def drive(self, line, high):
        self.train(line, [(self.now or time.monotonic_ns(), high)])


class GpiodBench(Bench):
    pins = "gpiod"
    chip = "/dev/gpiochip0"
    pins_class = GpiodPins

    def __init__(self, monkeypatch):
        super().__init__(monkeypatch)
        self.kernel = Kernel()
        self.kernel.add_chip(self.chip, "pinctrl-bcm2711")
        for module in ("chip", "line_settings", "line_request"):
            monkeypatch.setattr(f"gpiod.{module}._ext", self.kernel.ext)

    def train(self, line, levels):
        self.kernel.train(self.chip, number_of(line), levels)
        if self.now is not None:
            self.now = max(self.now, levels[-1][0])

    def high(self, line):
        return self.kernel.wires(self.chip)[number_of(line)].high

    def history(self, line):
        return list(self.kernel.history.get((self.chip, number_of(line)), []))

    def taken(self, line):
        return self.kernel.wires(self.chip)[number_of(line)].request is not None

    def lose(self, line, edges):
        self.kernel.wires(self.chip)[number_of(line)].to_lose = edges

    def wire(self, output, target):
        self.kernel.follow[self.chip, number_of(output)] = lambda high: self.drive(target, high)

    def break_output(self, line):
        request = self.kernel.wires(self.chip)[number_of(line)].request
        request.broken = OSError(5, "Input/output error")


class RpiBench(Bench):
    pins = "rpi"
    pins_class = RpiPins

    def __init__(self, monkeypatch):
        super().__init__(monkeypatch)
        self.gpio = RpiGpio()
        package = ModuleType("RPi")
        package.GPIO = self.gpio
        monkeypatch.setitem(sys.modules, "RPi", package)
        monkeypatch.setitem(sys.modules, "RPi.GPIO", self.gpio)

    def train(self, line, levels):
        for t_ns, high in levels:
            if self.now is not None:
                self.now = max(self.now, t_ns)
            self.gpio.move(number_of(line), high)

    def high(self, line):
        return self.gpio.high.get(number_of(line), False)

    def history(self, line):
        return list(self.gpio.history.get(number_of(line), []))

    def taken(self, line):
        return number_of(line) in self.gpio.detect

    def wire(self, output, target):
        self.gpio.follow[number_of(output)] = lambda high: self.drive(target, high)

    def break_output(self, line):
        self.gpio.broken = True


class SimulatedBench(Bench):
    pins = "simulated"
    pins_class = SimulatedPins

    def __init__(self, monkeypatch):
        super().__init__(monkeypatch)
        self.chip = f"bench {next(_count)}"
        self.lines = chip_of(self.chip)

    def train(self, line, levels):
        self.lines.train(line, levels)
        if self.now is not None:
            self.now = max(self.now, levels[-1][0])

    def high(self, line):
        return self.lines.high(line)

    def history(self, line):
        return self.lines.history(line)

    def taken(self, line):
        return bool(self.lines.owner(line))

    def lose(self, line, edges):
        self.lines.lose(line, edges)

    def wire(self, output, target):
        self.lines.wire(output, target)

    def break_output(self, line):
        self.lines.pull()


BENCHES = {"simulated": SimulatedBench, "gpiod": GpiodBench, "rpi": RpiBench}
WITH_WIDTHS = ["simulated", "gpiod"]


def pulses(start_ns, count, width_ms=50, gap_ms=50, *, active_high=False):
    """Return the levels of a group of pulses, as (t_ns, high), and when it ended."""
    levels, t = [], start_ns
    for _ in range(count):
        levels += [(t, active_high), (t + width_ms * MS, not active_high)]
        t += (width_ms + gap_ms) * MS
    return levels, t - gap_ms * MS
