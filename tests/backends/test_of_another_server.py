"""Entries that a server of another kind left behind, under the name that an adapter has now: none is booked."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from terminal import backends
from terminal.core.delivery import Outcome
from terminal.core.facts import EntryKind
from terminal.core.value import replace
from tests.backends.making import ENOUGH_S, entry

OPTIONS: dict[str, dict[str, Any]] = {
    "pointofsale": {"url": "https://pos.example.com"},
    "pointofsale by reads": {"url": "https://pos.example.com", "idempotency": "none"},
    "satellite": {"url": "https://pos.example.com/api/v5", "device_code": "80POS", "generation": "v5"},
    "onslip": {"url": "https://pos.example.com/v1/", "realm": "demo.example"},
    "onlinepos": {"url": "https://pos.example.com"},
    "kensium": {"url": "https://pos.example.com"},
}
CASES = [
    (kind, what)
    for kind in OPTIONS
    for what in EntryKind
    if what is EntryKind.REFUND or what not in backends.find(kind.split(maxsplit=1)[0]).kinds
]


@pytest.mark.parametrize(("kind", "what"), CASES, ids=lambda each: getattr(each, "value", each))
def test_what_it_does_not_book_is_refused_and_nothing_is_sent(kind: str, what: EntryKind) -> None:
    sent: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        sent.append(str(request.url))
        return httpx.Response(200, json={})

    adapter_of = backends.find(kind.split(maxsplit=1)[0])
    adapter = adapter_of(
        "main",
        msgspec.convert(OPTIONS[kind], adapter_of.Options),
        terminal_id="kiosk-1",
        credential=lambda: '{"client_id": "a", "client_secret": "b"}',
        transport=httpx.MockTransport(server),
    )
    refers_to = "kiosk-1-P" if what is EntryKind.REFUND else None
    left = replace(entry("kiosk-1-A", what, uid=None, pieces=(), amount=300), refers_to=refers_to)
    adapter.guarantee(what)
    answer = adapter.deliver(left, ENOUGH_S)
    adapter.close()
    assert answer.outcome is Outcome.REFUSED, answer
    assert sent == []
