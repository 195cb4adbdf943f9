"""A server that checks signatures as Hawk says, and clients of it."""

from __future__ import annotations

import itertools
import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import httpx

from terminal.backends import hawk
from terminal.backends.hawk import Key, Target
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_place import Place

SECRET = bytes(range(32))
SHOWN = b64encode(SECRET).decode()
KEY = Key("key:kiosk+door1@demo.example", SECRET)
CREDENTIAL = json.dumps({"key_id": KEY.id, "key": SHOWN}, separators=(",", ":"))
BASE = "https://test.onslip360.com/v1/"
NOW_S = 1_767_225_600
SKEW_S = 60

Handler = Callable[[httpx.Request], httpx.Response]


class Server:
    """Answers signed requests by the rules of the reference; what is wrong with one is its answer."""

    def __init__(self) -> None:
        self.now_s = NOW_S
        self.down: dict[str, Callable[[httpx.Request], Exception]] = {}
        self.asked: list[httpx.Request] = []
        self.answers: list[Handler | httpx.Response] = []
        self.key_id = KEY.id
        self.nonces: set[str] = set()

    def says(self, status: int, body: Any = None, **headers: str) -> None:
        """Answer the next request so."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append(httpx.Response(status, content=content, headers=sent))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if host in self.down:
            raise self.down[host](request)
        self.asked.append(request)
        refused = self.refuse(request)
        if refused is not None:
            return refused
        answer = self.answers.pop(0) if self.answers else httpx.Response(204)
        return answer(request) if callable(answer) else answer

    def refuse(self, request: httpx.Request) -> httpx.Response | None:
        told = hawk.attributes(request.headers["authorization"])
        target = Target(
            request.method,
            request.url.raw_path.decode(),
            request.headers["host"].partition(":")[0],
            request.url.port or 443,
        )
        proof = hawk.mac(KEY, target, ts=told["ts"], nonce=told["nonce"], hashed=told.get("hash", ""))
        body = request.read()
        if told["id"] != self.key_id:
            return challenge('error="Unknown credentials"')
        if told["mac"] != proof:
            return challenge('error="Bad mac"')
        if body and told["hash"] != hawk.payload_hash(request.headers["content-type"], body):
            return challenge('error="Bad payload hash"')
        if told["nonce"] in self.nonces:
            return challenge('error="Invalid nonce"')
        self.nonces.add(told["nonce"])
        if abs(int(told["ts"]) - self.now_s) > SKEW_S:
            tsm = hawk.timestamp_mac(KEY, str(self.now_s))
            return challenge(f'ts="{self.now_s}", tsm="{tsm}", error="Stale timestamp"')
        return None

    def hosts(self) -> list[str]:
        """The servers that were asked, in order."""
        return [request.url.host for request in self.asked]


def challenge(attributes: str) -> httpx.Response:
    return httpx.Response(401, headers={"WWW-Authenticate": f"Hawk {attributes}"})


def client(
    handler: Handler,
    *,
    base: str = BASE,
    credential: Callable[[], str] = lambda: CREDENTIAL,
    wall_s: Callable[[], int] = lambda: NOW_S,
    acting_for: str = "",
    allow_http: bool = False,
) -> Onslip:
    """Return a client whose network is *handler*."""
    numbers = itertools.count()
    return Onslip(
        Place(base, "demo.example", acting_for=acting_for, allow_http=allow_http),
        credential=credential,
        wall_s=wall_s,
        nonce=lambda: f"nonce{next(numbers)}",
        transport=httpx.MockTransport(handler),
    )
