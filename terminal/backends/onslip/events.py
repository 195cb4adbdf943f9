"""What changes in a realm of Onslip, told as it happens: one event stream, made anew for each connection.

    POST ~realm/event-streams  {"state": "pending", "queries": [{"resource": "products", "query": "", …}, …]}
    GET  ~realm/event-streams/<id>/stream      data: {"operation": "update", "resource": "products", …}

The id is a secret: who has it can read the stream. No event has a number to resume from, so a stream that broke
is never taken up again: a new one comes first, and then everything is read again. How often the server shows
that it is still there is not documented; one that is silent for too long is taken as gone.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from terminal.backends.onslip.json import read_json
from terminal.backends.onslip.models import Unreadable, read
from terminal.backends.onslip.models_realm import ClientInfo, Event
from terminal.backends.onslip.options import OnslipOptions
from terminal.backends.onslip.realm import Realm
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_paths import entity
from terminal.backends.protocol import CATALOGUE, SETTINGS, Stopping
from terminal.backends.replies import InDoubt, Streamed, hide
from terminal.backends.sse import Overlong, Parser
from terminal.core.delivery import LONGEST_RETRY_AFTER_MS, Answer, Outcome
from terminal.core.value import replace

_LOG = logging.getLogger(__name__)

ASK_S = 20.0
"""Seconds that each request may take, up to the beginning of its answer."""

_OPERATIONS = ("create", "update", "delete")
_LONGEST_ID = 1000
_SHORT = 4  # characters of an id that is too common to be hidden
_TILLS = "tills"

Changed = Callable[[frozenset[str]], None]


class Events:
    """Listens to what changes in a realm.

    Args:
        rest: Speaks with it.
        realm: What it tells of us.
        options: How it is listened to, and which till this terminal is.
    """

    def __init__(self, rest: Onslip, realm: Realm, options: OnslipOptions) -> None:
        self._rest = rest
        self._realm = realm
        self._options = options

    def follow(self, changed: Changed, stop: Stopping) -> Answer | None:
        """Make a stream and listen to it until it ends; see ``FollowedBackend``."""
        if not self._options.events:
            return None
        info = self._realm.allowed("events", ASK_S)
        if isinstance(info, Answer):
            return info
        till = self._options.till or (info.till.id if info.till is not None else None)
        asked = _seen(info, till)
        if not asked:
            return Answer(Outcome.DENIED, "the key may see nothing of what could change: have it given more")
        made = self._made(asked, till)
        if isinstance(made, Answer):
            return made
        answer = self._listened(made, asked, till, changed, stop)
        return replace(answer, words=_without(made, answer.words))

    def _made(self, asked: frozenset[str], till: int | None) -> str | Answer:
        """Make a stream; return its id.

        That a query may name an id is inferred: where the server does not understand it, it tells of all tills.
        """
        path = entity(self._rest.realm, "event-streams")
        found = self._rest.post(path, _wanted(asked, till), ASK_S)
        if isinstance(found, Answer) and found.outcome is Outcome.REFUSED and _TILLS in asked:
            found = self._rest.post(path, _wanted(asked, None), ASK_S)
        if isinstance(found, Answer):
            return found
        id_ = found.body.get("id") if isinstance(found.body, dict) else None
        if not isinstance(id_, str) or not 0 < len(id_) <= _LONGEST_ID or id_ in (".", ".."):
            return Answer(Outcome.UNKNOWN, "the server made an event stream, and did not tell its id")
        return id_

    def _listened(
        self, id_: str, asked: frozenset[str], till: int | None, changed: Changed, stop: Stopping
    ) -> Answer:
        opened = self._rest.stream(
            entity(self._rest.realm, "event-streams", id_, "stream"),
            ASK_S,
            silence_s=self._options.events_silence_s,
            signed=self._options.events_signed,
        )
        if isinstance(opened, Answer):
            return self._unopened(opened)
        with contextlib.closing(opened), stop.waking(opened.hang_up):
            changed(asked)
            return _heard(opened, asked, till, changed, stop)

    def _unopened(self, answer: Answer) -> Answer:
        if answer.outcome is Outcome.REFUSED:  # that it is not there (any more) is no refusal of streams
            return replace(answer, outcome=Outcome.BUSY)
        if answer.outcome is Outcome.DENIED and not self._options.events_signed:
            return replace(answer, words=f"{answer.words}; it may want events_signed = true")
        return answer


def _heard(
    opened: Streamed, asked: frozenset[str], till: int | None, changed: Changed, stop: Stopping
) -> Answer:
    """Read events to the end; return why that came."""
    parser = Parser()
    told = False
    words = "the server ended the event stream"
    try:
        for piece in opened.pieces:
            for message in parser.feed(piece):
                try:
                    event = read(Event, read_json(message.data.encode()))
                except (Unreadable, ValueError) as error:
                    if not told:
                        _LOG.info("an event is passed over, and others like it: %s", error)
                    told = True
                    continue
                if event.resource in asked and _ours(event, till):
                    changed(frozenset({event.resource}))
    except (InDoubt, Overlong) as error:
        words = str(error)
    if stop.is_set():
        return Answer(Outcome.UNSENT, "this terminal is stopping")
    wait_ms = None if parser.retry_ms is None else min(parser.retry_ms, LONGEST_RETRY_AFTER_MS)
    return Answer(Outcome.UNKNOWN, words, retry_after_ms=wait_ms)


def _seen(info: ClientInfo, till: int | None) -> frozenset[str]:
    """Return what may be listened to: one resource that may not be seen would have all of them refused."""
    allowed = {each for each in CATALOGUE | SETTINGS if f"show-{each}" in info.permissions}
    return frozenset(allowed if till is not None else allowed - {_TILLS})


def _wanted(asked: frozenset[str], till: int | None) -> dict[str, Any]:
    own = {_TILLS: f"id:{till}"} if till is not None else {}
    return {
        "state": "pending",
        "queries": [
            {"resource": each, "query": own.get(each, ""), "operations": list(_OPERATIONS)}
            for each in sorted(asked)
        ],
    }


def _ours(event: Event, till: int | None) -> bool:
    return event.resource != _TILLS or event.payload.get("id") == till


def _without(id_: str, words: str) -> str:
    """Return *words* without the id, however a server or something before it may have quoted it."""
    written = (
        dict.fromkeys((id_, quote(id_, safe=""), quote(id_, safe=":@")), "[secret]")
        if len(id_) > _SHORT
        else {}
    )
    return hide(words, written)
