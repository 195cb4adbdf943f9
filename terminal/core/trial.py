"""A technician tries a device that gives out or prints. Pure.

A piece that came out for nothing must be explained like any other (I1), and is never paid for: so a trial is an
entry of no cents, settled in the same commit by the technician's name, under which the release is intended.
"""

from __future__ import annotations

from terminal.core.catalogue import Product
from terminal.core.effects import Effect, Print, Release
from terminal.core.events import Ended, TrialAsked
from terminal.core.facts import (
    EntryAdded,
    EntryKind,
    EntryState,
    Fact,
    PersonDecided,
    ReleaseIntended,
    ReleaseKind,
    ReleaseSettled,
)
from terminal.core.value import Value

PATIENCE_MS = 60_000
"""How long a trial that nobody answers keeps the next one waiting."""

_SILENT = "The device did not answer before the next trial."


class Trial(Value, frozen=True):
    """The last trial that was asked for.

    Attributes:
        ticket: The ticket of whoever asked.
        words: Why it was refused; empty if it was not.
        key: Key of the entry that explains it; empty if it was refused.
        release: Id of the release, while it is under way.
        begun_ms: Monotonic milliseconds at which it began.
    """

    ticket: str
    words: str = ""
    key: str = ""
    release: str = ""
    begun_ms: int = 0


def begin(
    asked: TrialAsked, key: str, backend: str, before: Trial | None
) -> tuple[str, tuple[Fact, ...], Effect]:
    """Return the id of the release, the facts that explain it, and the order.

    *before* is a trial that was never answered: nobody can tell how it ended.
    """
    left = before.release if before else ""
    given_up: tuple[Fact, ...] = (ReleaseSettled(left, Ended.UNKNOWN, _SILENT),) if left else ()
    words = f"Trial of {asked.device}"
    pieces = (asked.what,) if isinstance(asked.what, Product) else ()
    entry = EntryAdded(
        key=key,
        kind=EntryKind.UNCLAIMED,  # the only kind that no server ever hears of
        backend=backend,
        token=None,
        amount=0,
        pieces=pieces,
        description=words,
        state=EntryState.PARKED,
        words=words,
    )
    settled = PersonDecided(key, "void", asked.by, words)
    if isinstance(asked.what, Product):
        release = f"{key}/0"
        kind, detail = ReleaseKind.VEND, asked.what.name
        order: Effect = Release(release, asked.device, asked.what)
    else:
        release = f"{key}/trial"
        kind, detail = ReleaseKind.PRINT, "trial"
        order = Print(release, asked.device, asked.what)
    intent = ReleaseIntended(release, kind, key, asked.device, detail)
    return release, (*given_up, entry, settled, intent), order
