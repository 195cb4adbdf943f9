"""What a look at a server finds (`onslip probe`, `onlinepos probe`): one line for each thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from terminal.cli import tables
from terminal.core.value import Value

State = Literal["ok", "note", "off", "unknown", "trouble"]
"""``off``: a part of the terminal cannot be used; ``unknown``: nobody can tell; ``trouble``: to be mended."""


class Finding(Value, frozen=True):
    """One thing that was looked at.

    Attributes:
        what: In a word or two.
        state: How it is.
        words: What was found, for a technician.
        set: What follows from it for the options of the backend.
    """

    what: str
    state: State
    words: str
    set: Mapping[str, Any] = MappingProxyType({})


_COLOURS: Mapping[State, str | None] = {
    "ok": "green", "note": None, "off": "yellow", "unknown": "yellow", "trouble": "red",
}  # fmt: skip


def table(found: Iterable[Finding]) -> str:
    """Return what was found, for a person."""
    shown = [(each.what, tables.Cell(each.state, _COLOURS[each.state]), each.words) for each in found]
    return tables.table(("what", "is", "found"), shown)


def rows(found: Iterable[Finding]) -> list[dict[str, str]]:
    """Return what was found, for a program."""
    return [{"what": each.what, "state": each.state, "words": tables.clean(each.words)} for each in found]
