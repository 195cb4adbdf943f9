"""HTTP/1.1 as bytes: requests read, answers written, routes matched. Pure: no socket is touched here.

Only what a small JSON server needs of RFC 9112, and strictly: a request that could be read in two ways is
refused, never guessed at.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from socket import socket
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

_REQUEST_LINE = re.compile(r"([A-Z]{1,16}) (/[!-~]*) HTTP/1\.([01])")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
_ONCE = frozenset({"authorization", "content-length", "content-type", "host"})
_first_use = threading.Lock()
"""msgspec learns a class at its first use, and two threads that are first at once would end the process."""

_LONGEST_LENGTH = 12  # digits of a Content-Length


class Problem(Exception):  # noqa: N818 - it is an answer, not a fault of the program
    """The answer to a request that cannot be served: a *status* (4xx, 5xx) and one sentence.

    A handler may raise it; the sentence goes to the client as ``{"error": words}``.
    """

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class Head(msgspec.Struct, frozen=True):
    """A request's first lines. Header names are in lower case; *length* is that of the body, in bytes.

    *target* is path and query exactly as they were sent.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    length: int
    keep_alive: bool
    target: str


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One request. Its repr is left plain on purpose: paths hold UIDs and headers hold secrets.

    Attributes:
        method: ``GET``, ``POST``, ...
        path: As sent, still percent-encoded, without the query.
        params: What stood in the ``{names}`` of the route, decoded.
        query: The query's fields, decoded; of a repeated one the last.
        headers: By lower-case name.
        body: The whole body.
        target: Path and query exactly as they were sent, which is what signatures are over.
    """

    method: str
    path: str
    params: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    target: str = ""

    def json(self, shape: Any = Any) -> Any:
        """Return the body read as JSON, checked against *shape* (any type that msgspec knows).

        Raises:
            Problem: 415 if it is not sent as ``application/json`` (so no other site's form can send it),
                400 if it is no JSON or not of that shape.
        """
        if self.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise Problem(415, "the body must be sent as Content-Type: application/json")
        try:
            with _first_use:
                return msgspec.json.decode(self.body, type=shape)
        except msgspec.DecodeError as error:
            raise Problem(400, f"the body is not what is expected here: {error}") from None


class Response(msgspec.Struct, frozen=True):
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)

    @classmethod
    def json(cls, data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """Answer *data* (anything that msgspec can encode) as JSON."""
        return cls(status, msgspec.json.encode(data), {"Content-Type": "application/json", **(headers or {})})


class Drop(msgspec.Struct, frozen=True):
    """No answer at all: the connection is closed, as by a server that died after its work."""


class Takeover(msgspec.Struct, frozen=True):
    """The connection is given to *serve*, which owns it until it returns; then it is closed."""

    serve: Callable[[socket], None]


Reply = Response | Drop | Takeover
Handler = Callable[[Request], Reply]


class Route(msgspec.Struct, frozen=True):
    """*handler* answers *method* on *pattern*, in which ``{name}`` stands for one path segment.

    A slash at the end counts: ``/a`` and ``/a/`` are two paths.
    """

    method: str
    pattern: str
    handler: Handler


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes = [(_compile(route.pattern), route) for route in routes]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the route and its parameters.

        Raises:
            Problem: 404 if nothing is at *path*, 405 if something is, but not for *method*.
        """
        allowed = set()
        for pattern, route in self._routes:
            if match := pattern.fullmatch(path):
                if route.method == method:
                    return route, {name: unquote(value) for name, value in match.groupdict().items()}
                allowed.add(route.method)
        if allowed:
            raise Problem(405, f"this address understands only {', '.join(sorted(allowed))}")
        raise Problem(404, "there is nothing at this address")


def _compile(pattern: str) -> re.Pattern[str]:
    pieces = re.split(r"\{(\w+)\}", pattern)
    literals = [re.escape(piece) if n % 2 == 0 else f"(?P<{piece}>[^/]+)" for n, piece in enumerate(pieces)]
    return re.compile("".join(literals))


def parse_head(raw: bytes) -> Head:
    """Read a request's first lines; *raw* ends before the empty line.

    Raises:
        Problem: 400 for what is no HTTP/1.x request, 501 for a body without a length.
    """
    first, *lines = raw.decode("latin-1").split("\r\n")
    match = _REQUEST_LINE.fullmatch(first)
    if match is None:
        raise Problem(400, "this is no HTTP/1.1 request")
    method, target, minor = match.groups()
    headers = _parse_headers(lines)
    if "transfer-encoding" in headers:
        raise Problem(501, "send the body with a Content-Length, not with a Transfer-Encoding")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit() and len(length) <= _LONGEST_LENGTH):
        raise Problem(400, "the Content-Length is no number")
    path, _, query = target.partition("?")
    wishes = {word.strip().lower() for word in headers.get("connection", "").split(",")}
    keep_alive = minor == "1" and "close" not in wishes
    fields = dict(parse_qsl(query, keep_blank_values=True))
    return Head(method, path, fields, headers, int(length), keep_alive, target)


def _parse_headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise Problem(400, "a header line is malformed")
        name, value = match[1].lower(), match[2]
        if name in headers:
            if name in _ONCE:
                raise Problem(400, f"the header {name} stands there twice")
            value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers


def problem(error: Problem) -> Response:
    """Return the answer that tells *error*."""
    return Response.json({"error": error.words}, error.status)


def render(response: Response, *, keep_alive: bool, head_only: bool = False) -> bytes:
    """Return *response* as bytes, ready to send. *head_only*: it answers a HEAD request.

    Raises:
        ValueError: A header would break the line.
    """
    status = response.status
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    lines = [f"HTTP/1.1 {status} {phrase}", f"Content-Length: {len(response.body)}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if not keep_alive:
        lines.append("Connection: close")
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header of the answer holds a line break")
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head if head_only else head + response.body
