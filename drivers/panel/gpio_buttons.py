"""Push buttons on GPIO lines.

    [[devices]]
    name = "front"
    role = "buttons"
    driver = "gpio"
    buttons = { espresso = 5, latte = "GPIO6", cancel = 13 }

A press counts when the button is still pressed `hold_ms` after its contact closed, so that a spike on a long
wire buys nothing; what follows within `repeat_ms` is the same press. A button that stays pressed is one press;
after `stuck_s` the device says so, since nobody presses that long and the next customer would press in vain.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit, Found
from drivers.device import DeviceThread
from drivers.pins import Edge, Edges, Line, PinOptions, Pins, check_line, open_pins
from drivers.pins.board import pins_found
from terminal.core.events import ButtonPressed, Health

_MS = 1_000_000
_LOOK_NS = 1_000 * _MS
"""How often a button that is held is looked at: not every way to the pins tells when it is let go."""


class GpioButtonsOptions(PinOptions, frozen=True, kw_only=True):
    """Options of the driver ``gpio``."""

    buttons: Annotated[
        dict[str, int | str],
        Meta(
            min_length=1,
            description="Lines of the buttons: product id, `cancel` or `confirm` = number or name of a line.",
        ),
    ]
    active_low: Annotated[bool, Meta(description="Whether a pressed button pulls its line low.")] = True
    bias: Annotated[
        Literal["pull-up", "pull-down", "none"],
        Meta(description="Resistor inside the processor on the lines."),
    ] = "pull-up"
    hold_ms: Annotated[
        int, Meta(ge=1, le=1000, description="How long a button must be pressed to count, in milliseconds.")
    ] = 20
    repeat_ms: Annotated[
        int, Meta(ge=1, le=10_000, description="Within this time a second press is the first, in milliseconds.")
    ] = 150
    stuck_s: Annotated[
        int, Meta(ge=1, le=3_600, description="A button that is pressed for so many seconds is told as stuck.")
    ] = 30

    def __post_init__(self) -> None:
        """Check what only shows when the options stand together."""
        seen: dict[Line, str] = {}
        for button, line in self.buttons.items():
            check_line(line, f"buttons.{button}")
            if line in seen:
                raise ValueError(f"buttons: {seen[line]} and {button} are on the same line {line!r}")
            seen[line] = button


class GpioButtons(DeviceThread):
    """Watches buttons; see the module's text."""

    role: ClassVar[str] = "buttons"
    Options: ClassVar[type[DriverOptions]] = GpioButtonsOptions

    def __init__(self, name: str, options: GpioButtonsOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._buttons = {line: button for button, line in options.buttons.items()}
        self._pins: Pins | None = None
        self._edges: Edges | None = None
        self._closing: dict[Line, int] = {}  # contacts that closed, and when they will count as pressed
        self._pressed_at: dict[Line, int] = {}

    @staticmethod
    def scan() -> list[Found]:
        """Return the board's pins, if it has any."""
        return pins_found("buttons", "gpio")

    def _open(self) -> Condition | None:
        options = self._options
        pins = open_pins(options)
        self._edges = pins.edges(list(self._buttons), active_low=options.active_low, bias=options.bias)
        self._pins = pins
        self._closing, self._pressed_at = {}, {}
        # Who holds a button while the terminal starts has chosen nothing; but it may be stuck.
        now = pins.now_ns()
        self._held = {line: now for line in self._buttons if self._edges.active(line)}
        return None

    def _close(self) -> None:
        edges = self._edges
        self._pins = self._edges = None
        with ExitStack() as closing:
            if edges is not None:
                closing.callback(edges.close)

    def _interrupt(self) -> None:
        edges = self._edges
        if edges is not None:
            edges.wake()

    def _serve(self) -> None:
        self._work(0)
        pins, edges = self._pins, self._edges
        if pins is None or edges is None:
            raise RuntimeError("served while closed")
        now = pins.now_ns()
        dues = [*self._closing.values(), *([now + _LOOK_NS] if self._held else [])]
        with self._resting():
            came = edges.wait(max(0, min(dues) - now) / 1e9 if dues else None)
        for edge in came:
            self._take(edge)
        if not came:
            self._settle(now, edges)
            self._look_for_stuck(now, edges)

    def _take(self, edge: Edge) -> None:
        last = self._pressed_at.get(edge.line)
        if not edge.active:
            if edge.t_ns < self._closing.get(edge.line, 0):
                del self._closing[edge.line]  # a spike or a bounce; a bounce closes the contact again
        elif last is None or edge.t_ns - last >= self._options.repeat_ms * _MS:
            self._closing.setdefault(edge.line, edge.t_ns + self._options.hold_ms * _MS)

    def _settle(self, now: int, edges: Edges) -> None:
        """Count the contacts that have been closed for long enough."""
        for line in [line for line, due in self._closing.items() if due <= now]:
            held_since = self._closing.pop(line)
            if edges.active(line):
                self._pressed_at[line] = self._held[line] = held_since
                self._emit(ButtonPressed(self.name, self._buttons[line]))

    def _look_for_stuck(self, now: int, edges: Edges) -> None:
        """Tell of buttons that nobody can be pressing any more."""
        self._held = {line: since for line, since in self._held.items() if edges.active(line)}
        stuck_ns = self._options.stuck_s * 1_000 * _MS
        stuck = [self._buttons[line] for line, since in self._held.items() if now - since >= stuck_ns]
        if not stuck:
            self._report(Health.OK)
            return
        which = f"button {stuck[0]!r} is" if len(stuck) == 1 else f"buttons {', '.join(map(repr, stuck))} are"
        self._report(
            Health.DEGRADED,
            f"{which} pressed for more than {self._options.stuck_s} s: stuck, wired to the wrong level "
            "(active_low) or without its resistor (bias)",
        )
