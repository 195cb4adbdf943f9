"""The cash boxes on the control socket: what is in them by the books, and that a person has emptied one.

``GET /v1/cash`` and ``POST /v1/cash/{device}/empty`` ``{by, counted}``. Emptying is an event of the core like a
coin: what the books say was in the box is written down together with the person's name and what they counted.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from terminal.core.cashbox import Level
from terminal.core.events import EmptyingAsked
from terminal.core.facts import BoxEmptied
from terminal.core.rules import CashRules
from terminal.core.terminal import TerminalState
from terminal.daemon import desk
from terminal.daemon.desk import By, Decides
from terminal.httpd import Problem, Request, Response, Route

_LOG = logging.getLogger(__name__)

NEARLY_FULL = 90
"""Percent of a limit from which on a person is told to empty the box."""


class _Emptying(msgspec.Struct, forbid_unknown_fields=True):
    by: By
    counted: Annotated[int, Meta(ge=0, le=1_000_000_000_00)] | None = None


class CashDesk:
    """What technicians see and say of the cash boxes.

    Args:
        rules: The limits.
        acceptors: Names of the configured acceptors.
        loop: Decides and writes down.
    """

    def __init__(self, rules: CashRules, acceptors: Sequence[str], loop: Decides) -> None:
        self._rules = rules
        self._acceptors = acceptors
        self._loop = loop

    def routes(self) -> list[Route]:
        """Return what the socket answers."""
        return [
            Route("GET", "/v1/cash", lambda _: Response.json({"boxes": self.boxes()})),
            Route("POST", "/v1/cash/{device}/empty", self._empty),
        ]

    def boxes(self) -> list[dict[str, Any]]:
        """Return each cash box, with what is in it and how much may be."""
        state = self._loop.state
        levels = dict(state.boxes) if state else {}
        names = dict.fromkeys([*self._acceptors, *levels])
        return [self._box(name, levels.get(name, Level())) for name in names]

    def troubles(self) -> list[str]:
        """Return one sentence for each box that a person should empty."""
        return [
            f"The cash box of {box['device']!r} is {'full' if box['full'] else 'nearly full'} "
            f"({box['filled_percent']} %): empty it, then terminalctl cash empty {box['device']!r}"
            for box in self.boxes()
            if (box["filled_percent"] or 0) >= NEARLY_FULL
        ]

    def _box(self, name: str, level: Level) -> dict[str, Any]:
        most = self._rules.box_pieces.get(name), self._rules.box_amount.get(name)
        parts = [100 * have // limit for have, limit in zip(_of(level), most, strict=True) if limit]
        return {
            "device": name,
            "pieces": level.pieces,
            "amount": level.amount,
            "most_pieces": most[0],
            "most_amount": most[1],
            "filled_percent": max(parts, default=None),
            "full": bool(parts) and max(parts) >= 100,  # noqa: PLR2004 - percent
        }

    def _empty(self, request: Request) -> Response:
        asked: _Emptying = request.json(_Emptying)
        name = request.params["device"]
        desk.line(asked.by, "by, which is who empties it")
        known = {box["device"]: box for box in self.boxes()}
        if name not in known:
            raise Problem(404, f"there is no cash box {name!r}; there are {', '.join(known) or 'none'}")
        before = desk.state_of(self._loop).emptied

        def emptied_now(state: TerminalState) -> BoxEmptied | None:
            found = state.emptied
            return found if found is not None and found is not before and found.device == name else None

        event = EmptyingAsked(name, asked.by, asked.counted)
        emptied = desk.decided(self._loop, event, emptied_now, "the level is as it was")
        _LOG.warning(
            "the cash box of %s was emptied by %s: %d cents in %d pieces by the books, counted %s",
            name, asked.by, emptied.amount, emptied.pieces, asked.counted,
        )  # fmt: skip
        return Response.json({"emptied": msgspec.to_builtins(emptied)})


def _of(level: Level) -> tuple[int, int]:
    return level.pieces, level.amount
