"""A tenant of Kensium POS as tests of its client need it: discovery, tokens, and GraphQL by graphql-core."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx
import msgspec
from graphql import GraphQLSchema, build_schema, graphql_sync

from terminal.backends.kensium.graphql import GraphQL
from terminal.backends.kensium.options import KensiumOptions
from terminal.sandbox.kensium.sdl import SDL

BASE = "https://pos.example.com/store1"
CLIENT_ID, CLIENT_SECRET = "kiosk-one", "s3cret+/=%&word"
CREDENTIALS = json.dumps({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}, separators=(",", ":"))
CONFIGURATION = {
    "issuer": f"{BASE}/",
    "token_endpoint": f"{BASE}/connect/token",
    "grant_types_supported": ["client_credentials"],
    "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
}
SCHEMA = build_schema(SDL)
AGENT = "terminald/test"


@dataclass
class Tenant:
    """Answers as the platform does; what is wrong with a request is its answer.

    Attributes:
        configuration: What discovery tells; None: it is not there.
        tokens: How many were given out; the last one counts.
        token_answer: Instead of a token.
        answers: Instead of results, one for each request, first come first served.
        asked: Path and body of each request in order.
    """

    schema: GraphQLSchema = SCHEMA
    root: Any = None
    configuration: Any = field(default_factory=lambda: dict(CONFIGURATION))
    tokens: int = 0
    expires_in: Any = 3600
    token_answer: Callable[[], httpx.Response] | None = None
    answers: list[Callable[[], httpx.Response]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    headers: list[httpx.Headers] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    @property
    def token(self) -> str:
        """The one that counts."""
        return f"opaque-token-{self.tokens}"

    def says(self, status: int, body: Any = None, **headers: str) -> None:
        """Answer the next operation so."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.answers.append(lambda: httpx.Response(status, content=content, headers=headers))

    def operations(self) -> list[str]:
        """The bodies that came to the endpoint of GraphQL."""
        return [body for path, body in self.asked if path.endswith("/api/graphql")]

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [path.removeprefix("/store1") for path, _ in self.asked]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            path, body = request.url.path, request.read().decode()
            self.asked.append((path, body))
            self.headers.append(request.headers)
            if path.endswith("/.well-known/openid-configuration"):
                return self._configured()
            if path.endswith("/api/graphql"):
                return self._result(request, body)
            return self.token_answer() if self.token_answer else self._granted(body)

    def _configured(self) -> httpx.Response:
        told = self.configuration
        return httpx.Response(404, text="<html>") if told is None else httpx.Response(200, json=told)

    def _granted(self, body: str) -> httpx.Response:
        told = parse_qs(body, strict_parsing=True)
        if told.get("grant_type") != ["client_credentials"]:
            return httpx.Response(400, json={"error": "unsupported_grant_type"})
        self.tokens += 1
        granted = {"access_token": self.token, "token_type": "Bearer", "expires_in": self.expires_in}
        return httpx.Response(200, json=granted)

    def _result(self, request: httpx.Request, body: str) -> httpx.Response:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return httpx.Response(401)
        if self.answers:
            return self.answers.pop(0)()
        told = json.loads(body)
        result = graphql_sync(
            self.schema,
            told["query"],
            self.root,
            variable_values=told.get("variables"),
            operation_name=told["operationName"],
        )
        formatted: dict[str, Any] = dict(result.formatted)
        if result.errors and not any(each.path for each in result.errors):
            del formatted["data"]  # nothing was executed (GraphQL, 7.1.2)
        return httpx.Response(400 if result.errors else 200, json=formatted)


class Clock:
    """What is read for time, turned by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


def options(**changes: Any) -> KensiumOptions:
    """Return the options of the tenant."""
    return msgspec.convert({"url": BASE, **changes}, KensiumOptions)


def client(
    tenant: Callable[[httpx.Request], httpx.Response],
    credential: Callable[[], str] = lambda: CREDENTIALS,
    **changes: Any,
) -> GraphQL:
    """Return a client whose network is *tenant*."""
    return GraphQL(
        options(**changes), agent=AGENT, credential=credential, transport=httpx.MockTransport(tenant)
    )
