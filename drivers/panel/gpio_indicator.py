"""Lamps and a buzzer on GPIO lines.

    [[devices]]
    name = "lamps"
    role = "indicator"
    driver = "gpio"
    lamp = 16                                   # every signal that `lamps` does not name
    lamps = { ready = 5, busy = 6, refused = "GPIO13", call_staff = 19 }
    buzzer = 26

One lamp is enough: each signal has a rhythm of its own (drivers/panel/patterns.py). With several, only the
lamp of the present signal is lit, in the same rhythm; two signals may share one. The buzzer must be an active
one, which sounds as long as it has current. Lamps and buzzers want a transistor or a relay board: a pin drives
no more than a small LED.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit, Found, Signal
from drivers.device import DeviceThread
from drivers.panel.patterns import PATTERNS
from drivers.pins import Line, Output, PinOptions, Pins, check_line, drive_once, open_pins
from drivers.pins.board import pins_found

_MS = 1_000_000

_Name = Literal["ready", "busy", "accepted", "offline", "refused", "call_staff"]
_NAMES: dict[Signal, _Name] = {
    Signal.READY: "ready",
    Signal.BUSY: "busy",
    Signal.ACCEPTED: "accepted",
    Signal.OFFLINE: "offline",
    Signal.REFUSED: "refused",
    Signal.CALL_STAFF: "call_staff",
}


class GpioIndicatorOptions(PinOptions, frozen=True, kw_only=True):
    """Options of the driver ``gpio``."""

    lamp: Annotated[
        int | str | None,
        Meta(description="Line of the lamp for signals that `lamps` does not name: number or name (`GPIO16`)."),
    ] = None
    lamps: Annotated[
        dict[_Name, int | str],
        Meta(
            description="Lines of lamps of their own, by signal: `ready`, `busy`, `accepted`, `offline` "
            "(accepted on trust), `refused`, `call_staff`."
        ),
    ] = msgspec.field(default_factory=dict)
    active_low: Annotated[bool, Meta(description="Whether a low level lights the lamps.")] = False
    buzzer: Annotated[
        int | str | None, Meta(description="Line of a buzzer that sounds by itself (an active one).")
    ] = None
    buzzer_active_low: Annotated[bool, Meta(description="Whether a low level sounds the buzzer.")] = False

    def __post_init__(self) -> None:
        """Check what only shows when the options stand together."""
        if self.lamp is None and not self.lamps and self.buzzer is None:
            raise ValueError("neither lamp, lamps nor buzzer is given; an indicator needs one of them")
        places = [("lamp", self.lamp), *((f"lamps.{name}", line) for name, line in self.lamps.items())]
        for what, line in [*places, ("buzzer", self.buzzer)]:
            if line is None:
                continue
            check_line(line, what)
            if line == self.buzzer and what != "buzzer":
                raise ValueError(f"{what} and buzzer are both {line!r}; they are two lines")

    @property
    def lamp_lines(self) -> list[Line]:
        """The lines of all lamps, each once."""
        return [line for line in dict.fromkeys([self.lamp, *self.lamps.values()]) if line is not None]


class GpioIndicator(DeviceThread):
    """Lights lamps and sounds a buzzer; see the module's text."""

    role: ClassVar[str] = "indicator"
    Options: ClassVar[type[DriverOptions]] = GpioIndicatorOptions

    def __init__(self, name: str, options: GpioIndicatorOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._signal: Signal | None = None
        self._since_ns: int | None = None  # None: it begins when it is first shown
        self._pins: Pins | None = None
        self._outputs: dict[Line, Output] = {}
        self._lit: set[Line] = set()

    @staticmethod
    def make_safe(options: Any) -> None:
        """Put out the lamps and the buzzer; see drivers.contract.MakesSafe."""
        lamps = [(line, options.active_low, False) for line in options.lamp_lines]
        buzzer = [] if options.buzzer is None else [(options.buzzer, options.buzzer_active_low, False)]
        drive_once(options, [*lamps, *buzzer])

    @staticmethod
    def scan() -> list[Found]:
        """Return the board's pins, if it has any."""
        return pins_found("indicator", "gpio")

    # -- for the daemon --------------------------------------------------------------------------------

    def show(self, signal: Signal) -> None:
        """Show *signal* until the next one; kept while the device is away."""
        self._order(lambda: self._begin(signal), lambda _words: self._begin(signal))

    # -- its life --------------------------------------------------------------------------------------

    def _open(self) -> Condition | None:
        """Take every line; all is off from the moment on in which the lines become outputs."""
        options = self._options
        pins = open_pins(options)
        for line in options.lamp_lines:
            self._outputs[line] = pins.output(line, active_low=options.active_low, active=False)
        if options.buzzer is not None:
            self._outputs[options.buzzer] = pins.output(
                options.buzzer, active_low=options.buzzer_active_low, active=False
            )
        self._pins = pins
        return None

    def _serve(self) -> None:
        self._work(0)
        self._work(self._drive())

    def _close(self) -> None:
        outputs = self._outputs
        self._pins, self._outputs, self._lit = None, {}, set()
        with ExitStack() as closing:
            for output in outputs.values():
                closing.callback(output.close)

    # -- signals ---------------------------------------------------------------------------------------

    def _begin(self, signal: Signal) -> None:
        """Begin a signal anew; one that lasts and is shown already goes on instead."""
        if signal is not self._signal or not PATTERNS[signal].lasting:
            self._signal, self._since_ns = signal, None

    def _drive(self) -> float | None:
        """Drive the lines as the signal wants it now; return the seconds until that changes, None: never."""
        pins, signal = self._pins, self._signal
        if pins is None or signal is None:
            return None
        if self._since_ns is None:
            self._since_ns = pins.now_ns()
        ms = (pins.now_ns() - self._since_ns) // _MS
        pattern = PATTERNS[signal]
        lamp = self._options.lamps.get(_NAMES[signal], self._options.lamp)
        wanted: set[Line] = set()
        waits: list[int] = []
        for line, rhythm in ((lamp, pattern.lamp), (self._options.buzzer, pattern.buzzer)):
            on, change_ms = rhythm.at(ms)
            if line is not None:
                wanted |= {line} if on else set()
                waits += [] if change_ms is None else [change_ms]
        for line in self._lit ^ wanted:
            self._outputs[line].set(active=line in wanted)
        self._lit = wanted
        return min(waits) / 1000 if waits else None
