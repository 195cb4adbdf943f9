"""Answers that go on: read as they come, bounded by their silence, and hung up by anybody."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.backends.line import Line
from terminal.backends.replies import InDoubt, NotSent, Reply, Streamed
from tests.support.tls import certified
from tests.support.waiting import wait_until

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
ENOUGH_S = 30.0


class Peer:
    """Takes one connection after the other, reads a request, says *script*, and then waits for the end."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.script: list[bytes] = []
        self.requests: list[bytes] = []
        self.left = threading.Event()
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self._listener.getsockname()[1]}/stream"
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            with raw, contextlib.suppress(OSError):
                raw.settimeout(ENOUGH_S)
                sock = raw if self._context is None else self._context.wrap_socket(raw, server_side=True)
                with sock:
                    self._talk(sock)

    def _talk(self, sock: socket.socket) -> None:
        asked = b""
        while not asked.endswith(b"\r\n\r\n"):
            piece = sock.recv(65536)
            if not piece:
                return
            asked += piece
        self.requests.append(asked)
        for piece in self.script:
            if not piece:
                return
            sock.sendall(piece)
        try:
            sock.recv(1)
        finally:
            self.left.set()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(ENOUGH_S)
        assert not self._thread.is_alive()
        self._listener.close()


@pytest.fixture(params=[False, True], ids=["plain", "TLS"])
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Peer, Line]]:
    context, certificate = certified(tmp_path) if request.param else (None, None)
    peer = Peer(context)
    line = Line("127.0.0.1", "test/1", str(certificate or ""), None)
    yield peer, line
    line.close()
    peer.close()


def opened(line: Line, peer: Peer, silence_s: float = ENOUGH_S) -> Streamed:
    found = line.stream(peer.url, {"Accept": "text/event-stream"}, ENOUGH_S, silence_s)
    assert isinstance(found, Streamed)
    return found


@pytest.mark.parametrize(
    ("head", "piece"),
    [(HEAD + b"\r\n", b"data: 1\n\n"), (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"9\r\ndata: 1\n\n\r\n")],
    ids=["to the end", "chunked"],
)
def test_what_comes_is_here_before_the_end_and_anybody_can_hang_up(
    peer: tuple[Peer, Line], head: bytes, piece: bytes
) -> None:
    server, line = peer
    server.script = [head, piece]
    found = opened(line, server)
    with contextlib.closing(found):
        assert (found.status, found.headers["content-type"]) == (200, "text/event-stream")
        assert next(found.pieces) == b"data: 1\n\n"
        thread = threading.Timer(0, found.hang_up)
        thread.start()
        with contextlib.suppress(InDoubt):
            assert list(found.pieces) == []
        thread.join()
    assert server.left.wait(ENOUGH_S), "the server sees it"
    (asked,) = server.requests
    assert b"accept: text/event-stream" in asked.lower()
    assert b"connection: close" in asked.lower()


def test_closing_the_line_ends_it_too(peer: tuple[Peer, Line]) -> None:
    server, line = peer
    server.script = [HEAD + b"\r\n"]
    with contextlib.closing(opened(line, server)) as found:
        line.close()
        with contextlib.suppress(InDoubt):
            assert list(found.pieces) == []
    assert server.left.wait(ENOUGH_S)
    with pytest.raises(NotSent):
        opened(line, server)


def test_silence_is_an_error_that_says_so(peer: tuple[Peer, Line]) -> None:
    server, line = peer
    server.script = [HEAD + b"\r\n", b": hello\n"]
    with contextlib.closing(opened(line, server, silence_s=0.3)) as found:
        assert next(found.pieces) == b": hello\n"
        with pytest.raises(InDoubt, match=r"nothing was heard from 127\.0\.0\.1 for 0\.3 s"):
            next(found.pieces)


def test_a_chunk_that_is_broken_off_is_an_error(peer: tuple[Peer, Line]) -> None:
    server, line = peer
    server.script = [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"ff\r\ndata", b""]
    with contextlib.closing(opened(line, server)) as found:
        assert next(found.pieces) == b"data"
        with pytest.raises(InDoubt, match=r"the connection to 127\.0\.0\.1 broke"):
            next(found.pieces)


def test_any_other_answer_is_read_whole_in_its_time(peer: tuple[Peer, Line]) -> None:
    server, line = peer
    server.script = [b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n", b"no"]
    found = line.stream(server.url, {}, ENOUGH_S, ENOUGH_S)
    assert not isinstance(found, Streamed)
    assert isinstance(found, Reply)
    assert (found.status, found.body) == (404, b"no")
    server.script = [b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n", b"n"]
    with pytest.raises(InDoubt, match="did not answer within"):
        line.stream(server.url, {}, 0.5, ENOUGH_S)


@pytest.mark.parametrize("script", [[], [HEAD]], ids=["nothing", "half a head"])
def test_a_head_that_does_not_come_is_waited_for_only_so_long(
    peer: tuple[Peer, Line], script: list[bytes]
) -> None:
    server, line = peer
    server.script = script
    with pytest.raises(InDoubt, match=r"did not answer within 0\.5 s"):
        line.stream(server.url, {}, 0.5, ENOUGH_S)
    assert server.left.wait(ENOUGH_S)


def test_no_connection_is_left_in_the_pool(peer: tuple[Peer, Line]) -> None:
    server, line = peer
    server.script = [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0\r\n\r\n"]
    for number in range(1, 4):
        with contextlib.closing(opened(line, server)) as found:
            assert list(found.pieces) == []
        wait_until(lambda: len(server.requests) == number, what="the request")  # noqa: B023 - waited for here
    assert server.left.wait(ENOUGH_S)
