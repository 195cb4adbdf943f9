"""Options of the driver ``pulse``: which lines there are, what they are worth, and what forbids which coin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from drivers.coins.pulses import Shape, Table
from drivers.pins import Line, PinOptions, check_line

_MS = 1_000_000


class PulseOptions(PinOptions, frozen=True, kw_only=True):
    """Options of the driver ``pulse``."""

    line: Annotated[
        int | str | None,
        Meta(
            description="Line of the pulses: its number, or its name (`GPIO17`). With `coins` or `unit`. "
            "Or `lines`."
        ),
    ] = None
    lines: Annotated[
        dict[str, int | dict[str, int]],
        Meta(
            description="Lines of an acceptor with one for each coin, and what a pulse on each is worth, in "
            "cents: { GPIO17 = 10, GPIO22 = 20 }. Where several coins share one, by number of pulses: "
            "{ GPIO17 = { 1 = 10, 2 = 20 } }."
        ),
    ] = msgspec.field(default_factory=dict)
    inhibit_line: Annotated[
        int | str | None,
        Meta(
            description="Line that forbids all coins. It may be left out where `inhibit_lines` forbid them all."
        ),
    ] = None
    inhibit_lines: Annotated[
        dict[str, int],
        Meta(
            description="Lines that forbid one coin each, and which, in cents: { GPIO5 = 10, GPIO6 = 20 }. "
            "A coin that is worth more than may still come in is forbidden."
        ),
    ] = msgspec.field(default_factory=dict)
    inhibit_level: Annotated[
        Literal["high", "low"],
        Meta(description="Level of `inhibit_line` and `inhibit_lines` that forbids coins."),
    ] = "high"
    trust_inhibit_s: Annotated[
        int,
        Meta(
            ge=0,
            le=3_600,
            description="Seconds for which a forbidden coin may still come: it was on its way. What comes "
            "later is noise, or the wire of the inhibit line is broken: recorded, and never credited. 0: it is "
            "always credited.",
        ),
    ] = 5
    active_low: Annotated[
        bool, Meta(description="Whether a pulse is low (an open collector with a pull-up) or high.")
    ] = True
    bias: Annotated[
        Literal["pull-up", "pull-down", "none"],
        Meta(description="Resistor inside the processor on `line` or `lines`."),
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
        int,
        Meta(
            ge=1,
            le=10_000,
            description="Quiet after the last pulse of a coin, in milliseconds; more than the longest gap "
            "between two of its pulses.",
        ),
    ] = 300

    def __post_init__(self) -> None:
        """Check what only shows when the options stand together."""
        self._check_values()
        self._check_inhibits()
        self._check_distinct()
        if self.min_ms >= self.max_ms:
            raise ValueError(f"min_ms is {self.min_ms}, max_ms {self.max_ms}; min_ms must be the smaller one")
        if self.gap_ms >= self.end_ms:
            raise ValueError(f"gap_ms is {self.gap_ms}, end_ms {self.end_ms}; gap_ms must be the smaller one")
        if self.lines and self.end_ms <= self.max_ms + self.gap_ms:
            raise ValueError(
                f"end_ms is {self.end_ms}; with several lines it must be more than max_ms and gap_ms together "
                f"({self.max_ms + self.gap_ms}), or crosstalk would be seen too late"
            )

    @property
    def tables(self) -> dict[Line, Table]:
        """What pulses are worth, by line."""
        if self.line is not None:
            return {self.line: Table(_numbers(self.coins), self.unit)}
        return {
            as_line(line): Table({1: worth} if isinstance(worth, int) else _numbers(worth))
            for line, worth in self.lines.items()
        }

    @property
    def forbids(self) -> dict[Line, int | None]:
        """What each inhibit line forbids: coins of so many cents; None: all."""
        every: dict[Line, int | None] = {} if self.inhibit_line is None else {self.inhibit_line: None}
        return every | {as_line(line): cents for line, cents in self.inhibit_lines.items()}

    @property
    def shape(self) -> Shape:
        """What a pulse looks like."""
        return Shape(
            min_ns=self.min_ms * _MS,
            max_ns=self.max_ms * _MS,
            gap_ns=self.gap_ms * _MS,
            end_ns=self.end_ms * _MS,
        )

    # -- checks ----------------------------------------------------------------------------------------

    def _check_values(self) -> None:
        if (self.line is None) is not bool(self.lines):
            raise ValueError("exactly one of line (one for all coins) and lines (line = cents) must be given")
        if self.lines and (self.coins or self.unit):
            raise ValueError("lines say by themselves what a pulse is worth; coins and unit are for one line")
        if self.line is not None and bool(self.coins) == bool(self.unit):
            raise ValueError("exactly one of coins (pulses -> cents) and unit (cents a pulse) must be given")
        _check_coins(self.coins, "coins")
        for line, worth in self.lines.items():
            if isinstance(worth, int):
                _check_cents(worth, f"lines: {line}")
            elif not worth:
                raise ValueError(f"lines: {line} has no coins; expected pulses = cents")
            else:
                _check_coins(worth, f"lines: {line}")

    def _check_inhibits(self) -> None:
        if self.inhibit_line is None and not self.inhibit_lines:
            raise ValueError(
                "neither inhibit_line nor inhibit_lines is given; an acceptor that nothing can forbid to take "
                "coins takes them while nobody counts"
            )
        known = {cents for table in self.tables.values() for cents in table.coins.values()}
        for line, cents in self.inhibit_lines.items():
            _check_cents(cents, f"inhibit_lines: {line}")
            if cents % self.unit if self.unit else cents not in known:
                raise ValueError(f"inhibit_lines: {line} = {cents}; this acceptor has no coin of {cents} cents")
        free = known - set(self.inhibit_lines.values())
        if self.inhibit_line is None and free:
            raise ValueError(
                f"nothing forbids coins of {', '.join(map(str, sorted(free)))} cents: neither inhibit_line nor "
                "one of inhibit_lines"
            )

    def _check_distinct(self) -> None:
        places = [("line", self.line), ("inhibit_line", self.inhibit_line)]
        places += [(f"lines.{line}", as_line(line)) for line in self.lines]
        places += [(f"inhibit_lines.{line}", as_line(line)) for line in self.inhibit_lines]
        seen: dict[str, str] = {}
        for what, line in places:
            if line is None:
                continue
            check_line(line, what)
            other = seen.setdefault(str(line).upper().removeprefix("GPIO"), what)
            if other != what:
                raise ValueError(f"{other} and {what} are both {line!r}; they are two lines")


def as_line(text: str) -> Line:
    """Return the line that a key of a table names: TOML's keys are texts, numbers of lines are not."""
    return int(text) if text.isdecimal() else text


def _numbers(coins: Mapping[str, int]) -> dict[int, int]:
    return {int(pulses): cents for pulses, cents in coins.items()}


def _check_coins(coins: Mapping[str, int], what: str) -> None:
    for pulses, cents in coins.items():
        if not pulses.isdecimal() or not int(pulses) or cents <= 0:
            raise ValueError(f"{what}: {pulses} = {cents}; expected pulses = cents, both more than 0")


def _check_cents(cents: int, what: str) -> None:
    if cents <= 0:
        raise ValueError(f"{what} = {cents}; expected cents, more than 0")
