"""A relay that gives out a piece: a pulse on a GPIO line, and, where there is a contact, its confirmation.

    [[devices]]
    name = "coffee"
    role = "release"
    driver = "relay"
    line = "GPIO22"                         # every product, unless `lines` names it
    lines = { espresso = 23, latte = 24 }   # one relay for each product
    pulse_ms = 500
    confirm_line = "GPIO25"                 # the machine's "vend done" contact

Without `confirm_line`, DONE means no more than that the relay was pulled for its time. With it, DONE means that
the contact closed, and if it does not close in time nobody can tell: UNKNOWN. FAILED is said only where the
relay was surely not pulled. Wire relays so that a line that nobody drives is off.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from drivers.contract import Condition, DriverOptions, Emit, Found
from drivers.device import DeviceError, DeviceThread, words_of
from drivers.pins import Edges, Line, Output, PinOptions, Pins, check_line, drive_once, open_pins
from drivers.pins.board import pins_found
from drivers.releases.once import Once
from terminal.core.catalogue import Product
from terminal.core.events import Ended, Health, ReleaseEnded

_SHORT_S = 2.0
"""A pulse as short as this is finished when the terminal stops; a longer one is cut off."""


class RelayOptions(PinOptions, frozen=True, kw_only=True):
    """Options of the driver ``relay``."""

    line: Annotated[
        int | str | None, Meta(description="Line of the relay: its number, or its name (`GPIO22`).")
    ] = None
    lines: Annotated[
        dict[str, int | str], Meta(description="Lines of the relays of single products, by product id.")
    ] = msgspec.field(default_factory=dict)
    active_low: Annotated[bool, Meta(description="Whether a low level pulls the relays.")] = False
    pulse_ms: Annotated[
        int, Meta(ge=1, le=60_000, description="How long a relay is pulled, in milliseconds.")
    ] = 500
    confirm_line: Annotated[
        int | str | None, Meta(description="Line of a contact that closes when the piece came out.")
    ] = None
    confirm_active_low: Annotated[bool, Meta(description="Whether the closed contact pulls its line low.")] = (
        True
    )
    confirm_bias: Annotated[
        Literal["pull-up", "pull-down", "none"],
        Meta(description="Resistor inside the processor on `confirm_line`."),
    ] = "pull-up"
    confirm_ms: Annotated[
        int,
        Meta(
            ge=1,
            le=600_000,
            description="Milliseconds, from the pull of the relay on, in which the contact must close.",
        ),
    ] = 10_000

    def __post_init__(self) -> None:
        """Check what only shows when the options stand together."""
        if self.line is None and not self.lines:
            raise ValueError("neither line nor lines is given; a relay needs a line")
        places = [("line", self.line), ("confirm_line", self.confirm_line)]
        for what, line in [*places, *((f"lines.{product}", line) for product, line in self.lines.items())]:
            if line is None:
                continue
            check_line(line, what)
            if line == self.confirm_line and what != "confirm_line":
                raise ValueError(f"{what} and confirm_line are both {line!r}; they are two lines")

    @property
    def relay_lines(self) -> list[Line]:
        """The lines of all relays, each once."""
        return [line for line in dict.fromkeys([self.line, *self.lines.values()]) if line is not None]


class Relay(DeviceThread):
    """Pulls a relay for each release; see the module's text."""

    role: ClassVar[str] = "release"
    Options: ClassVar[type[DriverOptions]] = RelayOptions

    def __init__(self, name: str, options: RelayOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._once = Once()
        self._pins: Pins | None = None
        self._outputs: dict[Line, Output] = {}
        self._confirm: Edges | None = None

    @staticmethod
    def make_safe(options: Any) -> None:
        """Release every relay; see drivers.contract.MakesSafe."""
        drive_once(options, [(line, options.active_low, False) for line in options.relay_lines])

    @staticmethod
    def scan() -> list[Found]:
        """Return the board's pins, if it has any."""
        return pins_found("release", "relay")

    # -- for the daemon --------------------------------------------------------------------------------

    def release(self, release: str, product: Product) -> None:
        """Give out one piece of *product*, once; ReleaseEnded answers.

        Raises:
            ValueError: This release was ordered before.
        """
        self._once.take(release)
        self._order(
            lambda: self._give_out(release, product),
            lambda words: self._emit(ReleaseEnded(release, Ended.FAILED, words)),
        )

    # -- its life --------------------------------------------------------------------------------------

    def _open(self) -> Condition | None:
        """Take every line; the relays are off from the moment on in which their lines become outputs."""
        options = self._options
        pins = open_pins(options)
        for line in options.relay_lines:
            self._outputs[line] = pins.output(line, active_low=options.active_low, active=False)
        if options.confirm_line is not None:
            self._confirm = pins.edges(
                [options.confirm_line], active_low=options.confirm_active_low, bias=options.confirm_bias
            )
        self._pins = pins
        return None

    def _close(self) -> None:
        outputs, confirm = self._outputs, self._confirm
        self._pins, self._outputs, self._confirm = None, {}, None
        with ExitStack() as closing:
            if confirm is not None:
                closing.callback(confirm.close)
            for output in outputs.values():
                closing.callback(output.close)

    def _interrupt(self) -> None:
        confirm = self._confirm
        if confirm is not None:
            confirm.wake()

    # -- releases --------------------------------------------------------------------------------------

    def _give_out(self, release: str, product: Product) -> None:
        """Pull the relay of *product*; whatever happens, the release is answered once."""
        answer = ReleaseEnded(release, Ended.FAILED, f"{self.name} failed before the relay was pulled")
        try:
            line = self._options.lines.get(str(product.id), self._options.line)
            output = None if line is None else self._outputs.get(line)
            if output is None:
                words = f"{self.name} has no relay for the product {product.id}"
                answer = ReleaseEnded(release, Ended.FAILED, words)
                return
            if self._already_closed():
                words = f"the confirmation contact of {self.name} is closed before anything was given out"
                answer = ReleaseEnded(release, Ended.FAILED, words)
                self._report(Health.DEGRADED, words)
                return
            started_ns = self._pins.now_ns() if self._pins is not None else 0
            output.set(active=True)
            answer = ReleaseEnded(release, Ended.UNKNOWN, f"{self.name} failed while the relay was pulled")
            answer = self._finish(release, output, started_ns)
        except (DeviceError, OSError) as error:
            answer = ReleaseEnded(release, answer.ended, f"{answer.words}: {words_of(error)}")
            raise
        finally:
            self._emit(answer)

    def _finish(self, release: str, output: Output, started_ns: int) -> ReleaseEnded:
        """Hold the relay for its time, let it go, and see whether the machine confirms."""
        seconds = self._options.pulse_ms / 1000
        whole = self._pause(seconds)
        if not whole and seconds <= _SHORT_S:
            left = seconds - ((self._pins.now_ns() - started_ns) / 1e9 if self._pins is not None else 0)
            time.sleep(max(0.0, left))
            whole = True
        output.set(active=False)
        if not whole:
            return ReleaseEnded(release, Ended.UNKNOWN, f"{self.name} was stopped while the relay was pulled")
        if self._confirm is None or self._pins is None:
            return ReleaseEnded(release, Ended.DONE)
        if self._confirmed(self._confirm, self._pins, started_ns):
            self._report(Health.OK)
            return ReleaseEnded(release, Ended.DONE)
        words = f"the contact of {self.name} did not confirm within {self._options.confirm_ms} ms"
        self._report(Health.DEGRADED, words)
        return ReleaseEnded(release, Ended.UNKNOWN, words)

    def _already_closed(self) -> bool:
        """Return whether the contact is closed now, before anything came out that it could confirm."""
        confirm, line = self._confirm, self._options.confirm_line
        return confirm is not None and line is not None and confirm.active(line)

    def _confirmed(self, confirm: Edges, pins: Pins, started_ns: int) -> bool:
        """Wait for the contact to close, at most until its time is over or the device is to stop."""
        until = started_ns + self._options.confirm_ms * 1_000_000
        while True:
            now = pins.now_ns()
            with self._resting():
                edges = confirm.wait(max(0, until - now) / 1e9)
            if any(edge.active and edge.t_ns >= started_ns for edge in edges):  # earlier ones confirm nothing
                return True
            if not edges and (now >= until or self._stopping.is_set()):
                return False
