"""What `onslip probe` finds: one line for each thing that was looked at."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

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
    set: Mapping[str, str] = MappingProxyType({})
