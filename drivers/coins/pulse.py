"""A coin or bill acceptor with a pulse output: DG600F, CH-926 and their kin, on GPIO lines.

    [[devices]]
    name = "coins"
    role = "coin_acceptor"
    driver = "pulse"
    line = "GPIO17"            # the pulse output, through an opto-coupler
    inhibit_line = "GPIO27"    # the acceptor's inhibit input
    coins = { 1 = 10, 2 = 20, 5 = 50, 10 = 100, 20 = 200 }

One wire tells the coins, one forbids them; nothing can be asked. What was inserted while nobody listened is
lost for ever, so the acceptor is forbidden to take anything before it is listened to, after it was lost, and
whenever nobody wants money. A coin that was already falling is counted all the same. An acceptor cannot be told
which coins to take: the last coin may be worth more than the room that was left.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from drivers.coins.pulses import Coin, PulseCounter, Result, Shape, Table
from drivers.contract import Condition, DriverOptions, Emit, Found
from drivers.device import DeviceThread
from drivers.pins import Edges, Output, PinOptions, Pins, check_line, drive_once, open_pins
from drivers.pins.board import pins_found
from terminal.core.events import CoinInserted, CoinUnrecognised, Health

_MS = 1_000_000
_LAST_COIN_NS = 2_000 * _MS
"""How long a coin that is falling when the driver is stopped is waited for."""


class PulseOptions(PinOptions, frozen=True, kw_only=True):
    """Options of the driver ``pulse``."""

    line: Annotated[int | str, Meta(description="Line of the pulses: its number, or its name (`GPIO17`).")]
    inhibit_line: Annotated[int | str, Meta(description="Line that forbids coins.")]
    inhibit_level: Annotated[
        Literal["high", "low"], Meta(description="Level of `inhibit_line` that forbids coins.")
    ] = "high"
    active_low: Annotated[
        bool, Meta(description="Whether a pulse is low (an open collector with a pull-up) or high.")
    ] = True
    bias: Annotated[
        Literal["pull-up", "pull-down", "none"], Meta(description="Resistor inside the processor on `line`.")
    ] = "pull-up"
    coins: Annotated[
        dict[str, int],
        Meta(description="What a number of pulses is worth, in cents: { 1 = 10, 2 = 20 }. Or `unit`."),
    ] = msgspec.field(default_factory=dict)
    unit: Annotated[
        int, Meta(ge=0, le=100_000, description="What each pulse is worth, in cents; 0: `coins` tells.")
    ] = 0
    min_ms: Annotated[
        int, Meta(ge=1, le=10_000, description="Shortest pulse, in milliseconds; shorter ones are spikes.")
    ] = 20
    max_ms: Annotated[
        int,
        Meta(
            ge=1, le=10_000, description="Longest pulse, in milliseconds; a longer one makes the coin doubtful."
        ),
    ] = 150
    gap_ms: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000,
            description="Shortest gap between pulses, in milliseconds; a shorter one is a bounce.",
        ),
    ] = 10
    end_ms: Annotated[
        int, Meta(ge=1, le=10_000, description="Quiet after the last pulse of a coin, in milliseconds.")
    ] = 300

    def __post_init__(self) -> None:
        """Check what only shows when the options stand together."""
        check_line(self.line, "line")
        check_line(self.inhibit_line, "inhibit_line")
        if self.line == self.inhibit_line:
            raise ValueError(f"line and inhibit_line are both {self.line!r}; they are two lines")
        if bool(self.coins) == bool(self.unit):
            raise ValueError("exactly one of coins (pulses -> cents) and unit (cents a pulse) must be given")
        for pulses, cents in self.coins.items():
            if not pulses.isdecimal() or not int(pulses) or cents <= 0:
                raise ValueError(f"coins: {pulses} = {cents}; expected pulses = cents, both more than 0")
        if self.min_ms >= self.max_ms:
            raise ValueError(f"min_ms is {self.min_ms}, max_ms {self.max_ms}; min_ms must be the smaller one")
        if self.gap_ms >= self.end_ms:
            raise ValueError(f"gap_ms is {self.gap_ms}, end_ms {self.end_ms}; gap_ms must be the smaller one")

    @property
    def table(self) -> Table:
        """What pulses are worth."""
        return Table({int(pulses): cents for pulses, cents in self.coins.items()}, self.unit)


class PulseAcceptor(DeviceThread):
    """Counts pulses, and forbids coins; see the module's text."""

    role: ClassVar[str] = "coin_acceptor"
    Options: ClassVar[type[DriverOptions]] = PulseOptions

    def __init__(self, name: str, options: PulseOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._table = options.table
        self._room = 0  # cents that may still come in
        self._forbidden = True
        self._pins: Pins | None = None
        self._inhibit: Output | None = None
        self._edges: Edges | None = None
        self._counter: PulseCounter | None = None

    @staticmethod
    def make_safe(options: Any) -> None:
        """Forbid coins; see drivers.contract.MakesSafe."""
        drive_once(options, [(options.inhibit_line, options.inhibit_level == "low", True)])

    @staticmethod
    def scan() -> list[Found]:
        """Return the board's pins, if it has any."""
        return pins_found("coin_acceptor", "pulse")

    # -- for the daemon --------------------------------------------------------------------------------

    def accept(self, limit: int) -> None:
        """Take money up to *limit* cents; a later call replaces the limit. Kept while the device is away."""
        self._order(lambda: self._remember(limit), lambda _words: self._remember(limit))

    def inhibit(self) -> None:
        """Take no money."""
        self.accept(0)

    # -- its life --------------------------------------------------------------------------------------

    def _open(self) -> Condition | None:
        options = self._options
        pins = open_pins(options)
        self._inhibit = pins.output(
            options.inhibit_line, active_low=options.inhibit_level == "low", active=True
        )
        self._forbidden = True
        self._edges = pins.edges([options.line], active_low=options.active_low, bias=options.bias)
        shape = Shape(
            min_ns=options.min_ms * _MS,
            max_ns=options.max_ms * _MS,
            gap_ns=options.gap_ms * _MS,
            end_ns=options.end_ms * _MS,
            widths=pins.widths,
        )
        active = self._edges.active(options.line)
        self._counter = PulseCounter(shape, self._table, t_ns=pins.now_ns(), active=active)
        self._pins = pins
        return None

    def _serve(self) -> None:
        self._work(0)
        pins, edges, counter = self._pins, self._edges, self._counter
        if pins is None or edges is None or counter is None:
            raise RuntimeError("served while closed")
        self._apply(counter)
        self._listen(pins, edges, counter)

    def _close(self) -> None:
        """Forbid coins first; then, if there is no hurry, hear out the coin that is falling."""
        inhibit, self._inhibit = self._inhibit, None
        pins, edges, counter = self._pins, self._edges, self._counter
        self._pins = self._edges = self._counter = None
        with ExitStack() as closing:
            if inhibit is not None:
                closing.callback(inhibit.close)
            if edges is not None:
                closing.callback(edges.close)
            if counter is not None:
                closing.callback(lambda: self._tell(counter.abandon("the acceptor was lost meanwhile")))
            if inhibit is not None:
                inhibit.set(active=True)
            if self._stopping.is_set() and pins is not None and edges is not None and counter is not None:
                until = pins.now_ns() + _LAST_COIN_NS
                while counter.busy and pins.now_ns() < until:
                    self._listen(pins, edges, counter, until)

    def _interrupt(self) -> None:
        edges = self._edges
        if edges is not None:
            edges.wake()

    # -- coins -----------------------------------------------------------------------------------------

    def _listen(self, pins: Pins, edges: Edges, counter: PulseCounter, until: int | None = None) -> None:
        """Take the edges that come until the counter wants to know the time."""
        # Read before the edges are: no edge up to this moment can be missed by telling it to the counter.
        now = pins.now_ns()
        times = [t for t in (counter.due(), until) if t is not None]
        with self._resting():
            came = edges.wait(max(0, min(times) - now) / 1e9 if times else None)
        for edge in came:
            self._tell(counter.feed(edge.t_ns, active=edge.active, lost=edge.lost))
        if not came:
            self._tell(counter.tick(now))

    def _tell(self, results: list[Result]) -> None:
        for result in results:
            if isinstance(result, Coin):
                self._room -= result.cents
                if self._counter is not None:
                    self._apply(self._counter)
                self._emit(CoinInserted(self.name, result.cents))
            else:
                self._emit(CoinUnrecognised(self.name, result.pulses, result.words))

    def _remember(self, limit: int) -> None:
        self._room = limit

    def _apply(self, counter: PulseCounter) -> None:
        """Forbid or allow coins, as the room and the state of the line say."""
        if counter.stuck:
            self._report(Health.FAILED, "its pulse line stays active: check its supply, wiring and active_low")
        else:
            self._report(Health.OK)
        forbid = counter.stuck or self._room < self._table.smallest
        if self._inhibit is not None and forbid is not self._forbidden:
            self._inhibit.set(active=forbid)
            self._forbidden = forbid
