"""Adapters: one small file for each kind of server, imported when it is asked for.

Adding one is a file and a line here. Each class names its ``Options`` (a msgspec struct) and is made as
``Class(name, options, terminal_id=…, credential=…, tenure=…, transport=…)``; the roles that it may have are in
``terminal.backends.protocol``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

BACKENDS: dict[str, str] = {
    "pointofsale": "terminal.backends.pointofsale.adapter:PointOfSale",
    "satellite": "terminal.backends.satellite.adapter:Satellite",
    "onlinepos": "terminal.backends.onlinepos.adapter:OnlinePosServer",
    "kensium": "terminal.backends.kensium.adapter:Kensium",
    "onslip": "terminal.backends.onslip.adapter:Onslip360",
}


class UnknownBackend(LookupError):  # noqa: N818 - what it is, as a person would say it
    """No adapter of that type; the sentence names the known ones, and the one that was probably meant."""

    def __init__(self, kind: str) -> None:
        import difflib  # noqa: PLC0415 - for a mistake only

        near = difflib.get_close_matches(kind, BACKENDS, n=1)
        self.suggestion: str | None = near[0] if near else None
        words = f"no backend of type {kind!r}; known: {', '.join(sorted(BACKENDS))}"
        super().__init__(words + (f" (did you mean {near[0]!r}?)" if near else ""))

    def __str__(self) -> str:
        return str(self.args[0])


def find(kind: str) -> type[Any]:
    """Return the class of the adapter of type *kind*, imported now.

    Raises:
        UnknownBackend: There is none of that type.
    """
    place = BACKENDS.get(kind)
    if place is None:
        raise UnknownBackend(kind)
    module, _, name = place.partition(":")
    found: type[Any] = getattr(import_module(module), name)
    return found


def placed(kind: str, plays: frozenset[str]) -> dict[str, frozenset[str]]:
    """Return what else the adapter of type *kind* is made with: its roles, if it wants to know them."""
    return {"plays": plays} if getattr(find(kind), "placed", False) else {}
