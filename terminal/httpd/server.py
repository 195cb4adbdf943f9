"""The server: connections, threads, time limits."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from pathlib import Path

import msgspec

from terminal.httpd.listen import CannotListen, Listen, listen_tcp, listen_unix
from terminal.httpd.wire import (
    Drop,
    Head,
    Problem,
    Request,
    Response,
    Route,
    Router,
    Takeover,
    parse_head,
    problem,
    render,
)

_LOG = logging.getLogger(__name__)
_END = b"\r\n\r\n"
_CHUNK = 65_536
_LAST_S = 1.0


class Limits(msgspec.Struct, frozen=True):
    """How much and how long a client may take.

    Attributes:
        head: Bytes of a request's first lines together.
        body: Bytes of its body.
        request_s: Seconds for a whole request to arrive, from its first byte on; also for taking an answer.
        idle_s: Seconds that a connection may stay open between two requests.
        connections: Open at once; one more is answered 503.
    """

    head: int = 16_384
    body: int = 65_536
    request_s: float = 10.0
    idle_s: float = 60.0
    connections: int = 64


class Server:
    """Serves *routes* on a TCP address or a Unix socket, each connection on a thread of its own.

    Args:
        routes: What it answers; the first match counts.
        listen: ``(host, port)``, where port 0 lets the system choose, or the path of a Unix socket.
        mode: Permissions of the Unix socket.
        limits: How much and how long a client may take.
    """

    def __init__(
        self, routes: list[Route], listen: Listen, *, mode: int = 0o660, limits: Limits | None = None
    ) -> None:
        self._router = Router(routes)
        self._listen = listen
        self._mode = mode
        self._limits = limits or Limits()
        self._listener: socket.socket | None = None
        self._inode: tuple[int, int] | None = None
        self._acceptor: threading.Thread | None = None
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}
        self._stopping = False

    @property
    def address(self) -> tuple[str, int] | str:
        """Where it listens: host and port as they really are, or the socket's path."""
        if isinstance(self._listen, (str, Path)):
            return str(self._listen)
        if self._listener is None:
            return self._listen
        host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    def start(self) -> None:
        """Listen and serve; returns when clients can connect.

        Raises:
            CannotListen: The address is taken or not ours to take.
        """
        self._stopping = False
        try:
            if isinstance(self._listen, tuple):
                self._listener = listen_tcp(self._listen)
            else:
                self._listener, self._inode = listen_unix(Path(self._listen), self._mode)
        except OSError as error:
            raise CannotListen(f"cannot listen on {self._listen}: {error.strerror or error}") from error
        self._acceptor = threading.Thread(
            target=self._accept, args=(self._listener,), name="httpd", daemon=True
        )
        self._acceptor.start()

    def stop(self, grace_s: float = 1.0) -> None:
        """Stop listening and close every connection; answers under way get *grace_s* seconds to finish."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        with self._lock:
            self._stopping = True
            threads = dict(self._open)
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # wakes the blocked accept
        if self._acceptor is not None:
            self._acceptor.join()
        listener.close()
        self._unlink()
        # An idle reader wakes up with "end of file"; one that is answering finds it when it next reads.
        _shut(threads, socket.SHUT_RD)
        _join(threads, grace_s)
        _shut(threads, socket.SHUT_RDWR)
        _join(threads, _LAST_S)  # a handler that does not come back is a daemon thread: it holds up nobody

    def _unlink(self) -> None:
        """Remove our socket file, but not one that somebody else has put in its place."""
        if self._inode is None or isinstance(self._listen, tuple):
            return
        with contextlib.suppress(FileNotFoundError):
            path = Path(self._listen)
            info = path.stat()
            if (info.st_dev, info.st_ino) == self._inode:
                path.unlink()

    # -- threads ---------------------------------------------------------------------------------------

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except ConnectionAbortedError:
                continue
            except OSError as error:
                if self._stopping:
                    return
                _LOG.warning("cannot accept a connection: %s", error.strerror)  # too many open files, ...
                time.sleep(0.1)
                continue
            self._welcome(connection)

    def _welcome(self, connection: socket.socket) -> None:
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(target=self._serve, args=(connection,), name="httpd", daemon=True)
        with self._lock:
            welcome = not self._stopping and len(self._open) < self._limits.connections
            if welcome:
                self._open[connection] = thread
        if welcome:
            self._start(thread, connection)
            return
        connection.settimeout(self._limits.request_s)
        with connection, contextlib.suppress(OSError):
            connection.sendall(render(problem(Problem(503, "too many connections")), keep_alive=False))

    def _start(self, thread: threading.Thread, connection: socket.socket) -> None:
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads: this client must come again
            _LOG.warning("cannot start a thread for a connection")
            with self._lock:
                del self._open[connection]
            connection.close()

    def _serve(self, connection: socket.socket) -> None:
        conversation = _Conversation(connection, self._limits, self._router)
        try:
            while conversation.turn() and not self._stopping:
                pass
        except OSError as error:  # the client left, or is too slow
            _LOG.debug("a client was lost: %s", type(error).__name__)
        finally:
            with self._lock:
                del self._open[connection]
            connection.close()


class _Conversation:
    """One connection: requests in, answers out, one after the other."""

    def __init__(self, connection: socket.socket, limits: Limits, router: Router) -> None:
        self._socket = connection
        self._limits = limits
        self._router = router
        self._buffer = b""

    def turn(self) -> bool:
        """Read one request and answer it. Returns whether another may follow.

        Raises:
            OSError: The connection is lost, or the client too slow.
        """
        try:
            raw = self._read_head()
            if raw is None:
                return False
            head = parse_head(raw)
            body = self._read_body(head)
        except Problem as error:
            self._refuse(error)
            return False
        reply = self._answer(head, body)
        self._socket.settimeout(self._limits.request_s)
        if isinstance(reply, bytes):
            self._socket.sendall(reply)
            return head.keep_alive
        if isinstance(reply, Takeover):
            reply.serve(self._socket)
        return False

    def _answer(self, head: Head, body: bytes) -> bytes | Drop | Takeover:
        """Ask the handler; an answer comes back as bytes."""
        route = None
        try:
            route, params = self._router.find(head.method, head.path)
            request = Request(head.method, head.path, params, head.query, head.headers, body, head.target)
            reply = route.handler(request)
            return self._render(head, reply) if isinstance(reply, Response) else reply
        except Problem as error:
            return self._render(head, problem(error))
        except Exception:  # noqa: BLE001 - the boundary: one bad handler must not end the server
            # The route's pattern, never the path: paths hold UIDs.
            _LOG.exception("%s %s failed", head.method, route.pattern if route else "?")
            words = "this request failed inside the server; its log says why"
            return self._render(head, problem(Problem(500, words)))

    @staticmethod
    def _render(head: Head, response: Response) -> bytes:
        return render(response, keep_alive=head.keep_alive, head_only=head.method == "HEAD")

    def _read_head(self) -> bytes | None:
        """Return the first lines of the next request; None if the client has closed."""
        deadline = None if self._buffer else time.monotonic() + self._limits.idle_s
        if deadline is not None and not self._more(deadline):
            return None
        deadline = time.monotonic() + self._limits.request_s
        while (end := self._buffer.find(_END)) < 0:
            if len(self._buffer) > self._limits.head:
                break
            if not self._more(deadline):
                return None
        if not 0 <= end <= self._limits.head:
            raise Problem(431, f"the request's first lines are longer than {self._limits.head} bytes")
        raw, self._buffer = self._buffer[:end], self._buffer[end + len(_END) :]
        return raw

    def _read_body(self, head: Head) -> bytes:
        if head.length > self._limits.body:
            raise Problem(413, f"the body is longer than {self._limits.body} bytes")
        if head.headers.get("expect", "").lower() == "100-continue":
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        deadline = time.monotonic() + self._limits.request_s
        while len(self._buffer) < head.length:
            if not self._more(deadline):
                raise ConnectionResetError("the client closed in the middle of a body")
        body, self._buffer = self._buffer[: head.length], self._buffer[head.length :]
        return body

    def _more(self, deadline: float) -> bool:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        data = self._socket.recv(_CHUNK)
        self._buffer += data
        return bool(data)

    def _refuse(self, error: Problem) -> None:
        """Answer, then read on for a moment: closing with unread data would destroy the answer on its way."""
        self._socket.settimeout(self._limits.request_s)
        self._socket.sendall(render(problem(error), keep_alive=False))
        self._socket.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + 1.0
        with contextlib.suppress(TimeoutError):
            while self._more(deadline):
                self._buffer = b""


def _join(connections: dict[socket.socket, threading.Thread], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for thread in connections.values():
        thread.join(max(0.0, deadline - time.monotonic()))


def _shut(connections: dict[socket.socket, threading.Thread], how: int) -> None:
    for connection, thread in connections.items():
        if thread.is_alive():
            with contextlib.suppress(OSError):  # it closed by itself
                connection.shutdown(how)
