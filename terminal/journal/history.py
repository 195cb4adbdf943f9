"""How an entry came to stand where it stands: its attempts and decisions, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from terminal.core.delivery import Outcome
from terminal.core.facts import EntryState
from terminal.journal import standing
from terminal.journal.standing import Standing

STEPS = """
SELECT entry, seq, outcome, state, words, '' FROM attempts
UNION ALL
SELECT entry, seq, action, state, words, by FROM decisions
ORDER BY 1, 2
"""
"""Every step of every entry, in the order in which `followed` wants those of one."""


def followed(begins: Standing, steps: Iterable[Any]) -> Iterator[tuple[int, Standing]]:
    """Give the number of each step, and where the entry stands after it.

    Raises:
        ValueError: They could not have happened in this order.
        DecisionRefused: Likewise, a person's.
    """
    at = begins
    for _, seq, what, state, words, by in steps:
        match what:
            case "started":
                at = standing.started(at, seq)
            case "free":
                at = standing.freed(at)
            case "abandon":
                at = standing.abandoned(at, words)
            case "park":
                at = standing.parked(at, EntryState(state), words)
            case "retry" | "void":
                at = standing.decided(at, what, by, words)
            case _:
                at = standing.ended(at, Outcome(what), EntryState(state), words)
        yield seq, at
