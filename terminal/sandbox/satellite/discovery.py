"""Device discovery: a device asks with its code and a secret of its own until staff has added it.

The method is there only for some minutes after each look at the page, and the credentials are told only for
some minutes after the device was added.
"""

from __future__ import annotations

import hmac
import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from terminal.httpd import Request, Response
from terminal.sandbox.satellite.page import PATH, page
from terminal.sandbox.satellite.rules import (
    Generation,
    SatelliteRules,
    agent_code,
    host,
    iso,
    not_found,
    read_json,
    refused,
)
from terminal.sandbox.satellite.store import Client, DeviceRequest, SatelliteStore

MOST_PENDING = 100
LONGEST = 200
"""Characters of what a device says of itself."""

_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")
_SHORTEST_SECRET = 16
_METHODS = ("/api/device-request/new", "/api/v5/device-request/new.json")
_NEAR = re.compile(r"(localhost|[0-9.]+|\[[0-9a-f:.]+\]|[0-9a-z-]+\.local)(:[0-9]+)?", re.IGNORECASE)


class Discovery:
    """The method and the page.

    Args:
        store: What is remembered.
        rules: How it behaves now.
        now_ms: The wall clock, in milliseconds.
        secret: Makes what nobody can guess.
    """

    def __init__(
        self,
        store: SatelliteStore,
        rules: Callable[[], SatelliteRules],
        now_ms: Callable[[], int],
        secret: Callable[[], str],
    ) -> None:
        self._store = store
        self._rules = rules
        self._now_ms = now_ms
        self._secret = secret
        self._lock = threading.Lock()
        self._open_until_ms = 0

    def open(self) -> None:
        """Let devices ask for some minutes more."""
        until = self._now_ms() + self._rules().discovery_s * 1000
        with self._lock:
            self._open_until_ms = max(self._open_until_ms, until)

    def _is_open(self) -> bool:
        with self._lock:
            return self._now_ms() < self._open_until_ms

    # -- what a device asks ----------------------------------------------------------------------------

    def ask(self, request: Request, generation: Generation) -> Response:
        """Answer a device that wants to be let in.

        Raises:
            Answered: It is refused.
        """
        if not self._is_open():
            raise not_found(f"device discovery is closed: open the page {PATH}")
        code, secret, wanted = self._read(request, generation)
        with self._store.transaction():
            known = self._store.request(code)
            if known is not None and not hmac.compare_digest(known.secret.encode(), secret.encode()):
                raise refused(409, "This code is already in use by another device.")
            if known is None and self._pending() >= MOST_PENDING:
                raise refused(429, "Too many devices wait to be added.")
            agent = request.headers.get("user-agent", "")[:LONGEST]
            self._store.ask(code, secret, agent, wanted, self._now_ms())
            told = self._store.request(code)
        if told is None:
            raise not_found()
        return Response.json(self._shown(told, f"http://{host(request)}/api"))

    def _read(self, request: Request, generation: Generation) -> tuple[str, str, str | None]:
        body = read_json(request)
        fields = body if isinstance(body, dict) else {}
        mistakes: dict[str, list[str]] = {}
        strict = self._rules().strict
        shortest = {"code": 1, "secret": _SHORTEST_SECRET if strict else 1}
        for name, least in shortest.items():
            if not _is_text(fields.get(name), least):
                mistakes[name] = [f"This field must be a text of {least} to {LONGEST} characters."]
        wanted = fields.get("preferredType")
        if wanted is not None and not _is_text(wanted, 1):
            mistakes["preferredType"] = [f"This field must be a text of 1 to {LONGEST} characters."]
        if strict:
            known = {"code", "secret", "preferredType"} if generation == "v5" else {"code", "secret"}
            mistakes |= {str(name): ["There is no such field."] for name in fields.keys() - known}
            if "code" not in mistakes and not _CODE.fullmatch(fields["code"]):
                mistakes["code"] = ["This field must be letters, digits and . _ -"]
        if mistakes:
            raise refused(400, "Validation Failed", mistakes)
        if strict and agent_code(request) != fields["code"]:
            raise refused(400, "User-Agent: expected the device code that is asked with")
        return fields["code"], fields["secret"], wanted

    def _pending(self) -> int:
        return sum(each.cleared_ms is None for each in self._store.requests())

    def _shown(self, request: DeviceRequest, address: str) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": request.id,
            "code": request.code,
            "secret": request.secret,
            "agent": request.agent,
            "apiUrl": address,
            "createdAt": iso(request.created_ms),
            "updatedAt": iso(request.updated_ms),
        }
        if request.wanted is not None:
            shown["preferredType"] = request.wanted
        if request.cleared_ms is None:
            return shown
        client = self._store.client(request.client or "")
        if client and self._now_ms() < request.cleared_ms + self._rules().exposed_s * 1000:
            shown |= {"clientId": client.id, "clientSecret": client.secret}
        return shown | {"clearedAt": iso(request.cleared_ms), "clearedStatus": "added"}

    # -- what staff does -------------------------------------------------------------------------------

    def page(self, request: Request) -> Response:
        """Show who asked, and let devices ask for some minutes more."""
        called = _near(request)
        self.open()
        addresses = [f"http://{called}{method}" for method in _METHODS]
        return page(addresses, self._store.requests(), self._rules().discovery_s)

    def add(self, request: Request) -> Response:
        """Take the page's form: add a device.

        Raises:
            Answered: It comes from the page of somebody else, or names no device.
        """
        if request.headers.get("origin") != f"http://{_near(request)}":
            raise refused(403, "this form stands on another page")
        (text,) = parse_qs(request.body.decode("latin-1")).get("id", [""])[:1]
        asked = next((each for each in self._store.requests() if str(each.id) == text), None)
        if asked is None:
            raise not_found()
        self._approve(asked)
        return Response(303, b"", {"Location": PATH})

    def approve(self, code: str) -> bool:
        """Add the device *code*; False: none of that code has asked."""
        asked = self._store.request(code)
        if asked is not None:
            self._approve(asked)
        return asked is not None

    def _approve(self, asked: DeviceRequest) -> None:
        with self._store.transaction():
            present = self._store.request(asked.code)
            if present is None or present.cleared_ms is not None:
                return  # the first acceptance counts
            client = Client(f"{asked.id}_{self._secret()}", self._secret(), asked.code)
            self._store.clear_request(present, client, self._now_ms())


def _near(request: Request) -> str:
    """Return by which host the page was called: an address or a name of this network, no site's."""
    called = host(request)
    if not _NEAR.fullmatch(called):
        raise refused(403, "this page is called by an IP address, localhost or a name in .local")
    return called


def _is_text(value: object, least: int) -> bool:
    return isinstance(value, str) and least <= len(value) <= LONGEST
