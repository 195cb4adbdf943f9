"""How an entry came to stand where it stands: its attempts and decisions, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from terminal.core.delivery import Outcome
from terminal.core.facts import EntryState
from terminal.journal import standing
from terminal.journal.standing import Standing


def steps(where: str = "") -> str:
    """Return the question for the steps of entries, each entry's in their order; *where* says which rows."""
    return (
        f"SELECT entry, seq, outcome, state, words, '', coalesce(told, '') FROM attempts {where} "  # noqa: S608 - our own words
        f"UNION ALL SELECT entry, seq, action, state, words, by, '' FROM decisions {where} ORDER BY 1, 2"
    )


def followed(begins: Standing, steps: Iterable[Any]) -> Iterator[tuple[int, Standing]]:
    """Give the number of each step, and where the entry stands after it.

    Raises:
        ValueError: They could not have happened in this order.
        DecisionRefused: Likewise, a person's.
    """
    at = begins
    for _, seq, what, state, words, by, told in steps:
        match what:
            case "started":
                at = standing.started(at, seq)
            case "free":
                at = standing.freed(at)
            case "abandon":
                at = standing.abandoned(at, words)
            case "park":
                at = standing.parked(at, seq, EntryState(state), words)
            case "retry" | "void":
                at = standing.decided(at, what, by, words)
            case "delivered" if state is None:  # by a person; a try that ended so has a state
                at = standing.decided(at, what, by, words)
            case _:
                at = standing.ended(at, seq, Outcome(what), EntryState(state), words, told)
        yield seq, at
