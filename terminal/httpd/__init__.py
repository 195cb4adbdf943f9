"""A small HTTP/JSON server over TCP or a Unix socket: plain threads, keep-alive, everything bounded.

The control socket and the sandbox stand on it. The standard library's server would wake up twice a second to
ask whether it should stop, bounds neither a request's time nor its headers as a whole, and cannot stop while a
client keeps an idle connection; this one blocks in ``accept``, and ``stop`` wakes everybody.

    server = Server([Route("GET", "/v1/journal/{seq}", show)], "/run/terminald/control.sock")
    server.start()
"""

from terminal.httpd.listen import CannotListen, Listen
from terminal.httpd.server import Limits, Server
from terminal.httpd.wire import Drop, Handler, Problem, Reply, Request, Response, Route, Takeover

__all__ = [
    "CannotListen",
    "Drop",
    "Handler",
    "Limits",
    "Listen",
    "Problem",
    "Reply",
    "Request",
    "Response",
    "Route",
    "Server",
    "Takeover",
]
