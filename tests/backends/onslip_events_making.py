"""Somebody who listens to a realm of Onslip, and a server that says what a test says."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

import httpx

from terminal.backends.onslip.events import Events
from terminal.backends.onslip.options import OnslipOptions
from terminal.backends.onslip.realm import Realm as Told
from terminal.backends.onslip.rest import Onslip
from terminal.backends.protocol import CATALOGUE, SETTINGS
from terminal.core.delivery import Answer
from terminal.core.value import replace
from terminal.daemon.rounds import Stop
from tests.backends.onslip_rest_making import CREDENTIAL, NOW_S
from tests.sandbox.realm import Realm
from tests.support.waiting import Inbox

EVERYTHING = CATALOGUE | SETTINGS
ID = "s3cret/stream+id=="
INFO = {
    "company": {"name": "Demo", "alias": "demo.example"},
    "permissions": ["use-event-streams", *(f"show-{each}" for each in EVERYTHING)],
    "service-endpoints": [],
    "merchant-params": {"vat-rates": [], "available-features": [], "required-features": []},
    "till": {"name": "Kiosk", "id": 7},
}


_NONCES = itertools.count()


class Listener:
    """Listens once; what it heard is in *inbox*, and why it ended in *answer*."""

    def __init__(self, rest: Onslip, options: OnslipOptions) -> None:
        self.rest = rest
        self.events = Events(rest, Told(rest, "main"), options)
        self.inbox = Inbox()
        self.stop = Stop()
        self.first: Callable[[], object] = lambda: None
        self.answer: Answer | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        self.answer = self.events.follow(self._heard, self.stop)

    def _heard(self, names: frozenset[str]) -> None:
        if not self.inbox.events:
            self.first()
        self.inbox.put(names)

    def start(self) -> Listener:
        """Listen from now on; return when everything is to be read."""
        self._thread.start()
        self.inbox.wait(bool, what="the stream to begin")
        return self

    def heard(self, count: int) -> list[object]:
        """Return the first *count* things that were told."""
        return list(self.inbox.wait(lambda events: events[:count] if len(events) >= count else ()))

    def ended(self) -> Answer:
        """Return why it ended."""
        self._thread.join(30)
        assert not self._thread.is_alive()
        assert self.answer is not None
        return self.answer

    def close(self) -> None:
        """End, whatever it is at."""
        self.stop.set()
        self.rest.close()
        if self._thread.is_alive():
            self.ended()


def options(url: str, **more: Any) -> OnslipOptions:
    """As an operator sets them, but for silences that no operator may set."""
    return OnslipOptions(url=url, realm="demo.example", allow_http=True, **{"events_silence_s": 3600.0, **more})


def rest_of(set_: OnslipOptions, now_s: int, transport: httpx.BaseTransport | None = None) -> Onslip:
    """A client as the adapter has it."""
    return Onslip(
        set_.place,
        credential=lambda: CREDENTIAL,
        wall_s=lambda: now_s,
        nonce=lambda: f"events{next(_NONCES)}",
        transport=transport,
    )


def listener(realm: Realm, **more: Any) -> Listener:
    """Somebody at the sandbox."""
    set_ = options(f"{realm.sandbox.base}/v1/", **{"till": 7, **more})
    return Listener(rest_of(set_, realm.clock.ms // 1000), set_)


class Script:
    """A server that answers as it is told, and keeps what it was asked."""

    def __init__(self, *lines: str, **more: Any) -> None:
        self.info: dict[str, Any] = INFO
        self.made: list[httpx.Response] = [httpx.Response(200, json={"id": ID, "state": "pending"})]
        self.kind = "text/event-stream"
        self.pieces: Iterable[bytes] = [f"{line}\n".encode() for line in lines]
        self.refuses: httpx.Response | None = None
        self.asked: list[httpx.Request] = []
        set_ = options("https://test.onslip360.com/v1/", **more)
        self.listener = Listener(rest_of(set_, NOW_S, httpx.MockTransport(self)), set_)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.method == "POST":
            return self.made.pop(0)
        if not request.url.path.endswith("/stream"):
            return httpx.Response(200, json=self.info)
        if self.refuses is not None:
            return self.refuses
        return httpx.Response(200, content=iter(self.pieces), headers={"Content-Type": self.kind})

    def queries(self) -> list[dict[str, str]]:
        """What each stream was made of."""
        bodies = [json.loads(each.content) for each in self.asked if each.method == "POST"]
        return [{each["resource"]: each["query"] for each in body["queries"]} for body in bodies]

    def run(self) -> tuple[list[object], Answer]:
        """Listen until it ends; return what was heard, and why it ended."""
        answer = self.listener.events.follow(self.listener.inbox.put, self.listener.stop)
        assert answer is not None
        return list(self.listener.inbox.events), answer


def event(resource: str, operation: str = "update", **payload: Any) -> str:
    """One event, as it goes over the wire."""
    return f"data: {json.dumps({'operation': operation, 'resource': resource, 'payload': payload})}\n"


def without(listened: Listener) -> OnslipOptions:
    """The same options with no events."""
    found: OnslipOptions = replace(listened.events._options, events=False)
    return found
