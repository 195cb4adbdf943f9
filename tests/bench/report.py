"""What a measurement says, and how it is shown: a table for people, JSON for programs."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measure.

    Attributes:
        measure: What was measured.
        goal: What it should be, in words.
        value: What it is; *unit* follows it.
        met: Whether the goal is met; None: there is none, the row is for comparison.
        baseline: What it was compared with in the same run, and how that did.
        noise: Smallest and largest of the repeats, or how many there were.
    """

    measure: str
    goal: str
    value: float
    unit: str
    met: bool | None
    baseline: str = ""
    noise: str = ""

    @property
    def verdict(self) -> str:
        """One word."""
        return {True: "met", False: "MISSED", None: "-"}[self.met]


def at_most(measure: str, value: float, limit: float, unit: str = "", **more: str) -> Row:
    """Return a row whose goal is a largest value."""
    return Row(measure, f"<= {limit:g} {unit}".strip(), value, unit, value <= limit, **more)


def at_least(measure: str, value: float, limit: float, unit: str = "", **more: str) -> Row:
    """Return a row whose goal is a smallest value."""
    return Row(measure, f">= {limit:g} {unit}".strip(), value, unit, value >= limit, **more)


def spread(values: Sequence[float], unit: str = "") -> str:
    """Return the smallest and the largest of *values*."""
    return f"{min(values):.3g}-{max(values):.3g} {unit}".strip()


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which *share* of *values* lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the ratio of the medians of two series that were taken in turns."""
    return statistics.median(ours) / statistics.median(theirs)


def blocks(ours: Sequence[float], theirs: Sequence[float], number: int = 5) -> list[float]:
    """Return the ratio in each of *number* stretches of the run: how much it wavers."""
    size = max(1, len(ours) // number)
    return [
        ratio(ours[at : at + size], theirs[at : at + size])
        for at in range(0, size * number, size)
        if ours[at : at + size]
    ]


def table(rows: Sequence[Row]) -> str:
    """Return *rows* as a table for people."""
    head = ("measure", "goal", "measured", "", "baseline of the same run", "noise")
    cells = [head] + [
        (row.measure, row.goal, f"{row.value:.3g} {row.unit}".strip(), row.verdict, row.baseline, row.noise)
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def as_json(rows: Sequence[Row]) -> str:
    """Return *rows* for programs."""
    return json.dumps([asdict(row) | {"verdict": row.verdict} for row in rows], indent=1)
