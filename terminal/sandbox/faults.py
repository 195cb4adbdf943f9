"""Bad days on demand: what can go wrong between a terminal and its server, drawn from a seeded lot."""

from __future__ import annotations

import functools
import random
import select
import socket
import threading
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from terminal.httpd import Drop, Reply, Response, Takeover
from terminal.httpd.wire import render

_PORTAL = b"<!doctype html><title>Welcome</title><p>Please accept our conditions to use this network."


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to misbehave.

    Attributes:
        kind: ``delay`` waits *ms*, then goes on; ``status`` answers *status*; ``drop`` closes without an
            answer; ``hang`` never answers; ``drip`` sends the true answer, one byte every *ms*; ``half`` sends
            half of it and closes; ``mislabel`` sends it whole as what it is not (``image/png``); ``garbage``
            answers 200 with a page that is no answer at all, as the portal of a wireless network does.
        after: Whether it happens after the request took effect; else before, and it takes none. ``drip``,
            ``half`` and ``mislabel`` are always after.
        method: Which requests it meets; ``*``: all.
        path: Only requests whose path holds this text.
        probability: In how many of them it happens.
        count: How often at most; None: for ever.
        ms: Milliseconds, for ``delay`` and ``drip``.
        status: For ``status``.
        retry_after_s: For ``status``: its ``Retry-After``.
        words: For ``status``: the body's words.
    """

    kind: Literal["delay", "status", "drop", "hang", "drip", "half", "mislabel", "garbage"]
    after: bool = False
    method: Literal["*", "GET", "POST", "PUT", "PATCH", "DELETE", "REPORT"] = "*"
    path: str = ""
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0
    count: Annotated[int, Meta(ge=0)] | None = None
    ms: Annotated[int, Meta(ge=0, le=3_600_000)] = 100
    status: Annotated[int, Meta(ge=300, le=599)] = 500
    retry_after_s: Annotated[int, Meta(ge=0)] | None = None
    words: str = "told to fail"

    def is_after(self) -> bool:
        """Return whether the request has taken effect when it happens."""
        return self.after or self.kind in ("drip", "half", "mislabel")

    def meets(self, method: str, path: str) -> bool:
        """Return whether it happens to such requests."""
        return self.method in ("*", method) and self.path in path


class Faults:
    """The faults in force. Each draws from one seeded lot, so that a run can be repeated."""

    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._faults: list[Fault] = []
        self._ending = threading.Event()
        self._happened = 0

    def set(self, *faults: Fault, seed: int | None = None) -> None:
        """Let these happen from now on, in this order, in place of those before."""
        with self._lock:
            self._faults = list(faults)
            if seed is not None:
                self._random.seed(seed)

    def clear(self) -> None:
        """Behave."""
        self.set()

    def left(self) -> list[Fault]:
        """Return what is in force, with the counts that are left."""
        with self._lock:
            return list(self._faults)

    @property
    def happened(self) -> int:
        """How many faults happened so far."""
        with self._lock:
            return self._happened

    def end(self) -> None:
        """Wake everybody who is being delayed: the server stops."""
        self._ending.set()

    def begin(self) -> None:
        """The server starts (again)."""
        self._ending.clear()

    def before(self, method: str, path: str = "") -> Reply | None:
        """Let happen what happens before a request is looked at; an answer stands in for that of the server."""
        for fault in self._draw(method, path, after=False):
            if fault.kind == "delay":
                if self._ending.wait(fault.ms / 1000):
                    return Drop()  # the machine went off meanwhile
            else:
                return _instead(fault)
        return None

    def after(self, method: str, response: Response, path: str = "") -> Reply:
        """Let happen what happens once *response* stands for something that took effect."""
        for fault in self._draw(method, path, after=True):
            if fault.kind == "delay":
                if self._ending.wait(fault.ms / 1000):
                    return Drop()  # the machine went off meanwhile
            elif fault.kind == "drip":
                data = render(response, keep_alive=False)
                return Takeover(functools.partial(_drip, data=data, pause_s=fault.ms / 1000))
            elif fault.kind == "mislabel":
                headers = {**response.headers, "Content-Type": "image/png"}
                return msgspec.structs.replace(response, headers=headers)
            elif fault.kind == "half":
                data = render(response, keep_alive=False)
                return Takeover(functools.partial(_half, data=data))
            else:
                return _instead(fault)
        return response

    def _draw(self, method: str, path: str, *, after: bool) -> list[Fault]:
        """Return the delays that happen, and the first other fault that does."""
        drawn: list[Fault] = []
        with self._lock:
            for number, fault in enumerate(self._faults):
                if fault.is_after() != after or not fault.meets(method, path) or fault.count == 0:
                    continue
                if self._random.random() >= fault.probability:
                    continue
                if fault.count is not None:
                    self._faults[number] = msgspec.structs.replace(fault, count=fault.count - 1)
                self._happened += 1
                drawn.append(fault)
                if fault.kind != "delay":
                    break
        return drawn


def _instead(fault: Fault) -> Reply:
    if fault.kind == "drop":
        return Drop()
    if fault.kind == "hang":
        return Takeover(_hang)
    if fault.kind == "garbage":
        return Response(200, _PORTAL, {"Content-Type": "text/html"})
    headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
    return Response.json({"message": fault.words}, fault.status, headers)


def _hang(sock: socket.socket) -> None:
    """Say nothing until the client leaves or the server stops."""
    sock.settimeout(None)
    while sock.recv(4096):
        pass


def _drip(sock: socket.socket, data: bytes, pause_s: float) -> None:
    for number in range(len(data)):
        sock.sendall(data[number : number + 1])
        if select.select([sock], [], [], pause_s)[0]:  # the client left, or the server stops
            return


def _half(sock: socket.socket, data: bytes) -> None:
    sock.sendall(data[: len(data) - max(1, (len(data) - data.index(b"\r\n\r\n") - 4) // 2)])
