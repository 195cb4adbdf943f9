"""Event streams of the Onslip server: a stream collects from its creation on, and is gone once it is left."""

from __future__ import annotations

import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from terminal.httpd import Reply, Request, Takeover
from terminal.sandbox.onslip.query import Entity, read_filter
from terminal.sandbox.onslip.resources import RESOURCES
from terminal.sandbox.onslip.rules import OnslipRules, Refusal, forbidden, missing, wrong

_MOST = 64
_KEEP_ALIVE_S = 15.0
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
    b"Connection: close\r\n\r\n: welcome\n\n"
)
_Operation = Literal["create", "update", "delete"]


class StreamQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a stream is about."""

    resource: str
    query: str = ""
    operations: Annotated[tuple[_Operation, ...], Meta(min_length=1)] = ("create", "update", "delete")


class NewStream(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a stream is made of."""

    queries: Annotated[list[StreamQuery], Meta(min_length=1, max_length=50)]
    state: Literal["pending"] = "pending"


class _Stream:
    def __init__(self, id_: str, asked: NewStream, tests: list[Callable[[Entity], bool]]) -> None:
        self.id = id_
        self.asked = asked
        self.active = False
        self._tests = tests
        self._queue: deque[bytes] = deque()
        self._ended = False
        self._woken, self._waker = socket.socketpair()

    def offer(self, operation: str, resource: str, entity: Entity) -> None:
        for query, test in zip(self.asked.queries, self._tests, strict=True):
            if query.resource == resource and operation in query.operations and test(entity):
                event = {"operation": operation, "resource": resource, "payload": entity}
                self._queue.append(b"data: " + msgspec.json.encode(event) + b"\n\n")
                self._wake()
                return

    def end(self) -> None:
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        self._waker.setblocking(False)
        try:
            self._waker.send(b"!")
        except BlockingIOError:
            return  # it has been woken often enough

    def close(self) -> None:
        self._woken.close()
        self._waker.close()

    def serve(self, sock: socket.socket) -> None:
        """Send what happens until the client leaves, the server stops, or the stream is ended."""
        sock.sendall(_HEAD)
        while not self._ended:
            ready = select.select([sock, self._woken], [], [], _KEEP_ALIVE_S)[0]
            if sock in ready:
                return
            if not ready:
                sock.sendall(b":\n\n")
                continue
            self._woken.recv(4096)
            while self._queue and not self._ended:
                sock.sendall(self._queue.popleft())

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "state": "active" if self.active else "pending",
            "queries": msgspec.to_builtins(self.asked.queries),
        }


class EventStreams:
    """All streams. They live in memory: a server that starts anew has none.

    Args:
        rules: How the server behaves now.
        secret: Makes what nobody can guess.
    """

    def __init__(self, rules: Callable[[], OnslipRules], secret: Callable[[], str]) -> None:
        self._rules = rules
        self._secret = secret
        self._lock = threading.Lock()
        self._streams: dict[str, _Stream] = {}

    def open(self, new: NewStream, permissions: frozenset[str]) -> dict[str, Any]:
        """Make a stream, which collects from now on.

        Raises:
            Refusal: It asks for what is not there, or may not be seen.
        """
        tests = []
        for query in new.queries:
            if query.resource not in RESOURCES:
                raise wrong(f"queries: there is no resource {query.resource}")
            if f"show-{query.resource}" not in permissions:
                raise forbidden(f"show-{query.resource}")
            fields = RESOURCES[query.resource].fields
            tests.append(read_filter(query.query, fields, members=self._rules().members))
        with self._lock:
            if len(self._streams) >= _MOST:
                self._collect()
            stream = _Stream(self._secret(), new, tests)
            self._streams[stream.id] = stream
            return stream.shown()

    def _collect(self) -> None:
        """Take away the oldest that nobody reads."""
        unused = next((it for it in self._streams.values() if not it.active), None)
        if unused is None:
            raise Refusal(429, "too-many", "too many event streams", {"Retry-After": "1"})
        del self._streams[unused.id]
        unused.close()

    def shown(self) -> list[dict[str, Any]]:
        """Return all streams."""
        with self._lock:
            return [each.shown() for each in self._streams.values()]

    def find(self, id_: str) -> dict[str, Any]:
        """Return one stream.

        Raises:
            Refusal: There is none.
        """
        with self._lock:
            if id_ not in self._streams:
                raise missing("there is no such event stream (any more)")
            return self._streams[id_].shown()

    def remove(self, id_: str) -> None:
        """Let a stream be gone.

        Raises:
            Refusal: There is none.
        """
        self.find(id_)
        self._drop(id_)

    def publish(self, operation: str, resource: str, entity: Entity) -> None:
        """Tell every stream that asked for it."""
        with self._lock:
            for stream in self._streams.values():
                stream.offer(operation, resource, entity)

    def cut(self) -> int:
        """Break every stream that is being read; how many there were."""
        with self._lock:
            active = [each for each in self._streams.values() if each.active]
            for each in active:
                each.end()
        return len(active)

    def clear(self) -> None:
        """Let all streams be gone."""
        for each in self.shown():
            self._drop(each["id"])

    def read(self, request: Request) -> Reply:
        """Answer the events of a stream; its id is the secret that lets one in.

        Raises:
            Refusal: There is none, or somebody reads it.
        """
        id_ = request.params["id"]
        if "text/event-stream" not in request.headers.get("accept", ""):
            raise Refusal(406, "not-acceptable", "expected Accept: text/event-stream")
        with self._lock:
            stream = self._streams.get(id_)
            if stream is None:
                raise missing("there is no such event stream (any more)")
            if stream.active:
                raise Refusal(409, "active", "this event stream is being read")
            stream.active = True

        def serve(sock: socket.socket) -> None:
            try:
                stream.serve(sock)
            finally:
                self._drop(id_)
                stream.close()

        return Takeover(serve)

    def _drop(self, id_: str) -> None:
        with self._lock:
            stream = self._streams.pop(id_, None)
            if stream is None:
                return
            if stream.active:
                stream.end()
            else:
                stream.close()
