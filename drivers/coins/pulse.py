"""A coin or bill acceptor with pulse outputs on GPIO lines: DG600F, CH-926, parallel mechs, bill validators.

One line that tells every coin, by its number of pulses:

    [[devices]]
    name = "coins"
    role = "coin_acceptor"
    driver = "pulse"
    line = "GPIO17"            # the pulse output, through an opto-coupler
    inhibit_line = "GPIO27"    # the acceptor's inhibit input
    coins = { 1 = 10, 2 = 20, 5 = 50, 10 = 100, 20 = 200 }

A parallel mech (NRI G-13, MEI, Money Controls SR3, DG600F): one line for each coin, one pulse a coin, about
100 ms; some have inhibit inputs for single coins, too:

    lines = { GPIO17 = 10, GPIO22 = 20, GPIO23 = 50, GPIO24 = 100, GPIO25 = 200 }
    inhibit_lines = { GPIO5 = 10, GPIO6 = 20, GPIO13 = 50, GPIO19 = 100, GPIO26 = 200 }

A bill validator in pulse mode (ICT, JCM, NV9): so many pulses for a bill, 50 ms with gaps of 100 (fast) to
300 ms (slow), some seconds after the bill was drawn in. In parallel mode (NV9, BV20): 100 ms on a line for each
bill. Its escrow must be switched off: a bill that is only held there is reported like one that is taken.

    line = "GPIO17"
    inhibit_line = "GPIO27"
    unit = 500                 # cents a pulse, as its switches say
    end_ms = 1000              # more than the longest gap
    trust_inhibit_s = 20       # a bill is on its way for longer than a coin

Some wires tell the coins, others forbid them; nothing can be asked. What was inserted while nobody listened is
lost for ever, so the acceptor is forbidden to take anything before it is listened to, after it was lost, and
whenever nobody wants money. A coin that was already falling is counted all the same. Without inhibit inputs for
single coins it cannot be told which to take: the last may be worth more than the room that was left.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, ClassVar

from drivers.coins.doubts import Doubts
from drivers.coins.inhibits import Inhibits
from drivers.coins.pulse_lines import PulseLines, Told
from drivers.coins.pulse_options import PulseOptions
from drivers.coins.pulses import Coin, Result, Unknown
from drivers.contract import Condition, DriverOptions, Emit, Found
from drivers.device import DeviceThread
from drivers.pins import Edges, Line, Pins, drive_once, open_pins
from drivers.pins.board import pins_found
from terminal.core.events import CoinInserted, CoinTrouble, CoinUnrecognised, Health
from terminal.core.value import Value, replace

__all__ = ["PulseAcceptor", "PulseOptions"]

_LAST_COIN_NS = 2_000_000_000
"""How long a coin that is falling when the driver is stopped is waited for."""

_SHOWN = 8
"""How many widths of pulses a technician is shown."""


class _Taken(Value, frozen=True):
    """What the driver holds while the acceptor is open."""

    pins: Pins
    inhibits: Inhibits
    edges: Edges
    lines: PulseLines


class PulseAcceptor(DeviceThread):
    """Counts pulses, and forbids coins; see the module's text."""

    role: ClassVar[str] = "coin_acceptor"
    Options: ClassVar[type[DriverOptions]] = PulseOptions

    def __init__(self, name: str, options: PulseOptions, emit: Emit) -> None:
        super().__init__(name, emit)
        self._options = options
        self._tables = options.tables
        self._room = 0  # cents that may still come in
        self._doubts = Doubts()
        self._taken: _Taken | None = None
        self._more = False  # edges came at the last look: more may have come since

    @staticmethod
    def make_safe(options: Any) -> None:
        """Forbid coins; see drivers.contract.MakesSafe."""
        drive_once(options, [(line, options.inhibit_level == "low", True) for line in options.forbids])

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
        smallest = min(table.smallest for table in self._tables.values())
        with ExitStack() as undo:
            inhibits = Inhibits(
                pins, options.forbids, smallest=smallest, active_low=options.inhibit_level == "low"
            )
            undo.callback(inhibits.close)
            edges = pins.edges(list(self._tables), active_low=options.active_low, bias=options.bias)
            undo.callback(edges.close)
            shape = replace(options.shape, widths=pins.widths)
            lines = PulseLines(shape, self._tables, t_ns=pins.now_ns(), active=edges.active)
            self._taken, self._more = _Taken(pins, inhibits, edges, lines), False
            undo.pop_all()
        return None

    def _serve(self) -> None:
        self._work(0)
        taken = self._taken
        if taken is None:
            raise RuntimeError("served while closed")
        self._apply(taken)
        self._listen(taken)

    def _close(self) -> None:
        """Forbid coins first; then, if there is no hurry, hear out the coin that is falling."""
        taken, self._taken = self._taken, None
        if taken is None:
            return
        with ExitStack() as closing:
            closing.callback(taken.inhibits.close)
            closing.callback(taken.edges.close)
            closing.callback(lambda: self._tell(taken, taken.lines.abandon("the acceptor was lost meanwhile")))
            taken.inhibits.forbid()
            if self._stopping.is_set():
                until = taken.pins.now_ns() + _LAST_COIN_NS
                while taken.lines.falling and taken.pins.now_ns() < until:
                    self._listen(taken, until)

    def _interrupt(self) -> None:
        taken = self._taken
        if taken is not None:
            taken.edges.wake()

    # -- coins -----------------------------------------------------------------------------------------

    def _listen(self, taken: _Taken, until: int | None = None) -> None:
        """Take the edges that come until the lines want to know the time."""
        # Read before the edges are: no edge up to this moment can be missed by telling it to the lines.
        now = taken.pins.now_ns()
        times = [t for t in (taken.lines.due(), self._doubts.due(), until) if t is not None]
        patience_s = max(0, min(times) - now) / 1e9 if times else None
        with self._resting():
            came = taken.edges.wait(0 if self._more else patience_s)
        for edge in came:
            self._tell(taken, taken.lines.feed(edge))
        # One line that does not rest must not keep the others from being heard out.
        self._more = bool(came)
        if not came:
            self._tell(taken, taken.lines.tick(now, taken.edges.active))

    def _tell(self, taken: _Taken, told: list[Told]) -> None:
        for line, result in ((each.line, self._in_time(taken, each.result)) for each in told):
            self._traffic("<", b"", _heard(line, result, widths=taken.pins.widths))
            if isinstance(result, Coin):
                self._room -= result.cents
                if self._taken is taken:
                    self._apply(taken)
                self._emit(CoinInserted(self.name, result.cents))
                continue
            several = line is not None and len(self._tables) > 1
            words = f"line {line}: {result.words}" if several else result.words
            self._doubts.add(taken.pins.now_ns(), words)
            trouble = CoinTrouble.LOST if result.lost else CoinTrouble.UNKNOWN
            self._emit(CoinUnrecognised(self.name, result.pulses, words, trouble))

    def _in_time(self, taken: _Taken, result: Result) -> Result:
        """Return *result*; as a doubt where it began when coins of its value had been forbidden for long."""
        trust_s = self._options.trust_inhibit_s
        if not isinstance(result, Coin) or not trust_s:
            return result
        seconds = taken.inhibits.forbidden_ns(result.cents, result.spans[0][0]) / 1e9
        if seconds <= trust_s:
            return result
        words = (
            f"a signal like a coin of {result.cents} cents, {seconds:.0f} s after that was forbidden: noise, "
            "or the wire of the inhibit line is broken"
        )
        return Unknown(result.pulses, words, result.spans)

    def _remember(self, limit: int) -> None:
        self._room = limit

    def _apply(self, taken: _Taken) -> None:
        """Forbid or allow coins, as the room and the state of the lines say."""
        trouble = _trouble(taken.lines)
        if trouble:
            self._report(Health.FAILED, trouble)
        elif doubts := self._doubts.words(taken.pins.now_ns()):
            self._report(Health.DEGRADED, doubts)
        else:
            self._report(Health.OK)
        taken.inhibits.allow(0 if trouble else self._room)


def _trouble(lines: PulseLines) -> str:
    """Return why nothing can be counted; empty: it can."""
    for which, what in ((lines.stuck, "active"), (lines.restless, "restless")):
        names = " and ".join(map(str, which))
        if len(which) == 1:
            return f"its pulse line {names} stays {what}: check its supply, wiring and active_low"
        if which:
            return f"its pulse lines {names} stay {what}: check their supply, wiring and active_low"
    return ""


def _heard(line: Line | None, result: Result, *, widths: bool) -> str:
    """Return what was heard, for a technician who listens."""
    spans = [f"{(end - begun) / 1e6:.0f}" for begun, end in result.spans]
    shown = ", ".join(spans[:_SHOWN]) + (", ..." if len(spans) > _SHOWN else "")
    seen = f" of {shown} ms" if widths and shown else ""
    said = f"{result.cents} cents" if isinstance(result, Coin) else result.words
    return f"{'some line' if line is None else line}: {result.pulses} pulses{seen}: {said}"
