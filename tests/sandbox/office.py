"""A Satellite server to talk to, and sales for it."""

from __future__ import annotations

import copy
import json
import ssl
from pathlib import Path
from typing import Any

import httpx

from terminal.sandbox import Sandbox
from terminal.sandbox.satellite.rules import SatelliteRules
from terminal.sandbox.satellite.server import Satellite

CLIENT = ("1_known", "kn0wn-s3cret")
AGENT = "terminald/1.0/80POS (Linux; kiosk-1)"
GUEST = "04A1B2C3D4E5F6"
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Reads no certificates: that takes longer than a whole test."""

PUBLISHED: dict[str, Any] = json.loads((Path(__file__).parent / "satellite_published.json").read_text())


def v5_sale(code: str = "GJXS0LM6RYG37") -> dict[str, Any]:
    """A sale as v5 wants it."""
    body = copy.deepcopy(PUBLISHED)
    del body["event_id"]
    body |= {"context": 3, "createdAt": 1_696_185_089, "recordedBy": 789, "code": code}
    for item in body["items"]:
        for ticket in item["tickets"]:
            ticket["barcode"] = ticket["barcode"].replace(PUBLISHED["code"], code)
    return body


class Clock:
    """A wall clock that is set by hand."""

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def __call__(self) -> int:
        return self.ms

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.ms += int(seconds * 1000)


class Office:
    """A running server, and a device that says exactly what the test says. Headers of None are left out."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        rules = SatelliteRules(**options.pop("rules", {}))
        self.sandbox = Sandbox(satellite=rules, client=CLIENT, now_ms=self.clock, **options)
        self.sandbox.start()
        self.satellite.know(
            "product", (3, "Family Pass", 150), (4, "Adult", 30), (8, "Adult", None), (9, "Child", None)
        )
        self.satellite.add_delegate(789, "Kiri Te Kanawa", GUEST, "D789")
        self._http = httpx.Client(trust_env=False, timeout=30, verify=NO_TLS)
        self._token = ""

    @property
    def satellite(self) -> Satellite:
        assert self.sandbox.satellite is not None
        return self.sandbox.satellite

    @property
    def token(self) -> str:
        """An access token, fetched when it is first wanted."""
        if not self._token:
            self._token = self.ask_token().json()["access_token"]
        return self._token

    def ask_token(self, client: tuple[str, str] = CLIENT, **more: Any) -> httpx.Response:
        """Ask for an access token."""
        body = {"grant_type": "client_credentials", "client_id": client[0], "client_secret": client[1], **more}
        return self.plain("POST", "/api/oauth/v2/token", json=body)

    def plain(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request without a token."""
        headers = {"User-Agent": AGENT, **more.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        return self._http.request(method, self.sandbox.base + path, headers=headers, **more)

    def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request with the token."""
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        return self.plain(method, path, headers=headers, **more)

    def sell(self, body: object, generation: str = "old", **more: Any) -> httpx.Response:
        """Record a sale."""
        path = "/api/ticket/transaction" if generation == "old" else "/api/v5/tx/new.json"
        return self("POST", path, json=body, **more)

    def admin(self, method: str, what: str, body: object = None) -> httpx.Response:
        """Ask as a tester."""
        return self._http.request(method, f"{self.sandbox.base}/sandbox/satellite/{what}", json=body)

    def codes(self) -> dict[str, int]:
        """How often each purchase code took effect, as a tester is told."""
        told: dict[str, int] = self.admin("GET", "counters").json()["codes"]
        return told

    def close(self) -> None:
        """Stop."""
        self._http.close()
        self.sandbox.stop()
