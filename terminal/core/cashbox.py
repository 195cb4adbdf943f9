"""What is in the cash boxes, and whether one is full. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from terminal.core.rules import CashRules
from terminal.core.value import Value


class Level(Value, frozen=True):
    """What the books say is in a cash box: *pieces* coins and bills, *amount* cents together."""

    pieces: int = 0
    amount: int = 0


Levels = Mapping[str, Level]
"""By the name of the acceptor that fills the box."""


def put(levels: Levels, acceptor: str, amount: int) -> Levels:
    """Return the levels with one more piece of *amount* cents in the box of *acceptor*."""
    before = levels.get(acceptor, Level())
    return {**levels, acceptor: Level(before.pieces + 1, before.amount + amount)}


def full(rules: CashRules, levels: Levels) -> frozenset[str]:
    """Return the acceptors whose cash box takes no more."""
    return frozenset(
        device
        for device, level in levels.items()
        if level.pieces >= rules.box_pieces.get(device, level.pieces + 1)
        or level.amount >= rules.box_amount.get(device, level.amount + 1)
    )
