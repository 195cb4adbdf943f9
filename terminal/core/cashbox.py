"""What is in the cash boxes, and whether one is full. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from terminal.core.events import Place
from terminal.core.facts import BoxEmptied, CashKind, CashMoved, Fact
from terminal.core.rules import CashRules
from terminal.core.value import Value


class Level(Value, frozen=True):
    """What the books say is in a cash box: *pieces* coins and bills, *amount* cents together."""

    pieces: int = 0
    amount: int = 0


Levels = Mapping[str, Level]
"""By the name of the acceptor that fills the box."""


def after(levels: Levels, facts: Iterable[Fact]) -> Levels:
    """Return the levels as *facts* leave them."""
    for fact in facts:
        match fact:
            case CashMoved(kind=CashKind.IN, place=Place.BOX):
                before = levels.get(fact.device, Level())
                levels = {**levels, fact.device: Level(before.pieces + 1, before.amount + fact.amount)}
            case BoxEmptied():
                levels = {**levels, fact.device: Level()}
            case _:
                pass
    return levels


def full(rules: CashRules, levels: Levels) -> frozenset[str]:
    """Return the acceptors whose cash box takes no more."""
    return frozenset(
        device
        for device, level in levels.items()
        if level.pieces >= rules.box_pieces.get(device, level.pieces + 1)
        or level.amount >= rules.box_amount.get(device, level.amount + 1)
    )
