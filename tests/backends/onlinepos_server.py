"""A server on this machine that answers as OnlinePOS's tests tell it to, and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from terminal.httpd import Drop, Request, Response, Route, Server, Takeover

Answering = Callable[[Request], Response | Drop | Takeover]

PATHS = ("/api/{a}", "/api/{a}/{b}", "/api/{a}/{b}/{c}", "/api/{a}/{b}/{c}/{d}")


class Peer:
    """What was asked, and where."""

    def __init__(self, url: str, asked: list[Request]) -> None:
        self.url = url
        self.asked = asked


@contextmanager
def serving(answer: Answering) -> Iterator[Peer]:
    """Serve on a port of this machine until the end of the block."""
    asked: list[Request] = []

    def handle(request: Request) -> Response | Drop | Takeover:
        asked.append(request)
        return answer(request)

    routes = [Route(method, path, handle) for method in ("GET", "POST") for path in PATHS]
    server = Server(routes, ("127.0.0.1", 0))
    server.start()
    try:
        yield Peer(f"http://127.0.0.1:{server.address[1]}/api", asked)
    finally:
        server.stop()


def json(text: str, status: int = 200) -> Response:
    """Answer JSON."""
    return Response(status, text.encode(), {"Content-Type": "application/json"})


def xml(text: str) -> Response:
    """Answer XML as this server does: in ISO-8859-1."""
    head = '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
    return Response(200, (head + text).encode("iso-8859-1"), {"Content-Type": "text/xml"})
