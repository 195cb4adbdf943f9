"""The HTTP server against real sockets: what it answers, and how it treats clients that misbehave."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.httpd import (
    CannotListen,
    Drop,
    Limits,
    Problem,
    Request,
    Response,
    Route,
    Server,
    Takeover,
)
from terminal.httpd.wire import parse_head, render

SECRET_PATH = "04A1B2C3D4"


class Note(msgspec.Struct, forbid_unknown_fields=True):
    text: str


def _show(request: Request) -> Response:
    return Response.json({"params": request.params, "query": request.query})


def _note(request: Request) -> Response:
    return Response.json({"said": request.json(Note).text}, 201)


def _break(_: Request) -> Response:
    raise RuntimeError("wires crossed")


def _forbid(_: Request) -> Response:
    raise Problem(403, "not you")


def _length(request: Request) -> Response:
    return Response.json(len(request.body))


def _bad_header(_: Request) -> Response:
    return Response(200, b"", {"X-Bad": "a\r\nb: c"})


ROUTES = [
    Route("GET", "/v1/journal/{seq}", _show),
    Route("GET", "/v1/journal/{seq}/", lambda _: Response.json("with slash")),
    Route("POST", "/note", _note),
    Route("POST", "/length", _length),
    Route("GET", "/break/{uid}", _break),
    Route("GET", "/forbid", _forbid),
    Route("GET", "/bad-header", _bad_header),
    Route("GET", "/drop", lambda _: Drop()),
    Route("GET", "/raw", lambda _: Takeover(lambda sock: sock.sendall(b"bytes of its own"))),
]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(ROUTES, ("127.0.0.1", 0), limits=Limits(head=2048, body=4096, connections=4))
    server.start()
    yield server
    server.stop()


def _connect(server: Server) -> http.client.HTTPConnection:
    host, port = server.address
    return http.client.HTTPConnection(str(host), int(port), timeout=30)


def _ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, object]:
    data = None if body is None else json.dumps(body)
    if data is not None:
        headers.setdefault("Content-Type", "application/json")
    connection.request(method, path, data, headers)
    answer = connection.getresponse()
    text = answer.read()
    return answer.status, json.loads(text) if text else None


def _raw(server: Server, data: bytes) -> bytes:
    with socket.create_connection(server.address, timeout=30) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        received = b""
        while piece := sock.recv(65536):
            received += piece
    return received


def test_routes_parameters_and_keep_alive(server: Server) -> None:
    with closing(_connect(server)) as connection:
        assert _ask(connection, "GET", "/v1/journal/a%20b?limit=5&q=") == (
            200,
            {"params": {"seq": "a b"}, "query": {"limit": "5", "q": ""}},
        )
        sock = connection.sock
        assert _ask(connection, "POST", "/note", {"text": "Grüße"}) == (201, {"said": "Grüße"})
        assert _ask(connection, "GET", "/v1/journal/7/") == (200, "with slash")
        assert connection.sock is sock, "the connection must have been kept"


def test_wrong_addresses_methods_and_handlers_are_sentences(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(_connect(server)) as connection:
        assert _ask(connection, "GET", "/nowhere")[0] == 404
        assert _ask(connection, "GET", "/v1/journal/a/b")[0] == 404
        assert _ask(connection, "GET", "/note") == (405, {"error": "this address understands only POST"})
        assert _ask(connection, "GET", "/forbid") == (403, {"error": "not you"})
        status, data = _ask(connection, "GET", f"/break/{SECRET_PATH}")
        assert status == 500
        assert "wires" not in str(data)
        assert _ask(connection, "GET", "/bad-header")[0] == 500
        assert _ask(connection, "GET", "/v1/journal/7")[0] == 200
    assert "wires crossed" in caplog.text
    assert SECRET_PATH not in caplog.text


def test_a_head_request_has_no_body(server: Server) -> None:
    answer = _raw(server, b"HEAD /note HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert answer.endswith(b"\r\n\r\n")


def test_bodies_are_checked(server: Server) -> None:
    with closing(_connect(server)) as connection:
        assert _ask(connection, "POST", "/note", {"text": 5})[0] == 400
        assert _ask(connection, "POST", "/note", {"text": "a", "more": 1})[0] == 400
        assert _ask(connection, "POST", "/note", {"text": "a"}, **{"Content-Type": "text/plain"})[0] == 415
        connection.request("POST", "/note", "{", {"Content-Type": "application/json; charset=utf-8"})
        assert connection.getresponse().read().startswith(b'{"error":"the body is not what is expected')


def test_bodies_and_heads_are_bounded(server: Server) -> None:
    with closing(_connect(server)) as connection:
        connection.request("POST", "/length", b"x" * 4096)
        assert json.loads(connection.getresponse().read()) == 4096
        connection.request("POST", "/length", b"x" * 4097)
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Connection")) == (413, "close")
        answer.read()
    assert _raw(server, b"GET /%s HTTP/1.1\r\n\r\n" % (b"a" * 5000)).startswith(b"HTTP/1.1 431 ")
    assert _raw(server, b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 1000).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /a HTTP/2.0\r\n\r\n", 400),
        (b"GET http://elsewhere/ HTTP/1.1\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /a HTTP/1.1\r\nA: b\r\n folded\r\n\r\n", 400),
        (b"POST /length HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400),
        (b"POST /length HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /length HTTP/1.1\r\nContent-Length: 9999999999999999\r\n\r\n", 400),
        (b"POST /length HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    ],
)
def test_ambiguous_requests_are_refused(server: Server, data: bytes, status: int) -> None:
    assert _raw(server, data).startswith(b"HTTP/1.1 %d " % status)


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    post = b"POST /length HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
    answer = _raw(server, post + b"GET /v1/journal/1/ HTTP/1.1\r\nConnection: close\r\n\r\n" + post)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.index(b"\r\n\r\n3") < answer.index(b"with slash")


def test_expect_continue(server: Server) -> None:
    answer = _raw(server, b"POST /length HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nab")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_a_dropped_reply_and_a_connection_taken_over(server: Server) -> None:
    assert _raw(server, b"GET /drop HTTP/1.1\r\n\r\n") == b""
    assert _raw(server, b"GET /raw HTTP/1.1\r\n\r\n") == b"bytes of its own"


def test_one_connection_too_many_is_told(server: Server) -> None:
    connections = [_connect(server) for _ in range(4)]
    for connection in connections:
        assert _ask(connection, "GET", "/v1/journal/1")[0] == 200
    assert _raw(server, b"").startswith(b"HTTP/1.1 503 ")
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("data", [b"", b"GET /a HT", b"POST /length HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"])
def test_a_slow_client_is_closed(data: bytes) -> None:
    server = Server(ROUTES, ("127.0.0.1", 0), limits=Limits(request_s=0.05, idle_s=0.05))
    server.start()
    try:
        with socket.create_connection(server.address, timeout=30) as sock:
            sock.sendall(data)
            assert sock.recv(100) == b""
    finally:
        server.stop()


def test_a_dripping_client_is_closed_though_each_byte_is_in_time() -> None:
    server = Server(ROUTES, ("127.0.0.1", 0), limits=Limits(request_s=0.3, idle_s=30))
    server.start()
    try:
        with socket.create_connection(server.address, timeout=0.02) as sock:
            deadline = time.monotonic() + 30
            closed = False
            while not closed and time.monotonic() < deadline:
                try:
                    sock.sendall(b"G")
                    closed = sock.recv(100) == b""
                except TimeoutError:
                    continue
                except ConnectionError:
                    closed = True
        assert closed
    finally:
        server.stop()


def test_stop_closes_idle_connections_and_lets_answers_finish() -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(_: Request) -> Response:
        entered.set()
        assert leave.wait(30)
        return Response.json("finished")

    server = Server([Route("GET", "/slow", slow)], ("127.0.0.1", 0))
    server.start()
    with closing(_connect(server)) as idle, closing(_connect(server)) as busy:
        idle.connect()
        busy.request("GET", "/slow")
        assert entered.wait(30)
        stopper = threading.Thread(target=server.stop, kwargs={"grace_s": 30})
        stopper.start()
        assert idle.sock.recv(100) == b""
        leave.set()
        assert json.loads(busy.getresponse().read()) == "finished"
        stopper.join(30)
        assert not stopper.is_alive()


def test_the_same_port_serves_again_after_a_stop(server: Server) -> None:
    host, port = server.address
    with closing(_connect(server)) as connection:
        assert _ask(connection, "GET", "/v1/journal/1")[0] == 200
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, port), timeout=30)
    again = Server(ROUTES, (str(host), int(port)))
    again.start()
    with closing(_connect(again)) as connection:
        assert _ask(connection, "GET", "/v1/journal/1")[0] == 200
    again.stop()


def test_a_taken_port_is_a_sentence(server: Server) -> None:
    with pytest.raises(CannotListen, match="in use"):
        Server(ROUTES, server.address).start()
    with pytest.raises(CannotListen, match="up to 65535"):
        Server(ROUTES, ("127.0.0.1", 65_536)).start()


# -- Unix sockets --------------------------------------------------------------------------------------


def _unix(path: Path, data: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(30)
        sock.connect(str(path))
        sock.sendall(data)
        return sock.recv(65536)


def test_a_unix_socket_has_its_mode_answers_and_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    server = Server(ROUTES, path, mode=0o600)
    server.start()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert server.address == str(path)
    assert _unix(path, b"GET /v1/journal/1 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 200 OK")
    server.stop()
    assert not path.exists()
    server.stop()


def test_a_dead_socket_file_is_replaced_and_a_living_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    server = Server(ROUTES, path)
    server.start()
    with pytest.raises(CannotListen, match="another process already answers"):
        Server(ROUTES, path).start()
    assert _unix(path, b"GET /v1/journal/1 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 200 OK")
    server.stop()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("precious")
    with pytest.raises(CannotListen, match="no socket"):
        Server(ROUTES, path).start()
    assert path.read_text() == "precious"


@pytest.mark.parametrize("name", ["nowhere/control.sock", "x" * 120])
def test_an_impossible_path_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(CannotListen, match="cannot listen on"):
        Server(ROUTES, tmp_path / name).start()


def test_a_socket_file_of_somebody_else_survives_our_stop(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    server = Server(ROUTES, path)
    server.start()
    # Bound elsewhere and moved in, so that the file system cannot hand out our inode number again.
    other = Server(ROUTES, tmp_path / "other.sock")
    other.start()
    (tmp_path / "other.sock").replace(path)
    server.stop()
    assert path.exists()
    other.stop()


# -- pure ----------------------------------------------------------------------------------------------


@given(st.binary(max_size=300))
def test_any_bytes_are_a_head_or_a_problem(raw: bytes) -> None:
    status = None
    try:
        head = parse_head(raw)
    except Problem as error:
        status = error.status
    assert status in (400, 501) if status is not None else head.path.startswith("/")


@given(st.text(max_size=40))
def test_no_header_value_breaks_out_of_its_line(value: str) -> None:
    response = Response(200, b"body", {"X-Words": value})
    try:
        rendered = render(response, keep_alive=True)
    except ValueError:
        return
    assert rendered.count(b"\r\n") == 4


def test_the_log_stays_quiet_for_ordinary_clients(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), closing(_connect(server)) as connection:
        _ask(connection, "GET", "/v1/journal/1")
    assert caplog.records == []
