"""What a network does to a call: it takes long, it breaks, it is not private; and connections that idle."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpcore
import pytest

from terminal.backends import transport
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import WalletAnswer
from terminal.sandbox import Fault, Sandbox
from tests.backends.failures_making import WALLET, Connect, Start
from tests.backends.making import ENOUGH_S, UID, adapter, answering, entry, posts
from tests.support.tls import certified
from tests.support.waiting import wait_until

# -- time ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="hang"),
        Fault(kind="hang", after=True),
        Fault(kind="drip", ms=20),
        Fault(kind="delay", ms=3_600_000),
    ],
)
def test_no_server_holds_a_call_beyond_its_time(start: Start, connect: Connect, fault: Fault) -> None:
    sandbox = start()
    sandbox.faults.set(fault)
    began = time.monotonic()
    answer = connect(sandbox).deliver(entry(), 0.3)
    # The drip would take six seconds and the others for ever: only the time-out of the call can end them.
    assert time.monotonic() - began < 5
    assert answer == Answer(Outcome.UNKNOWN, "127.0.0.1 did not answer within 0.3 s")
    assert connect(sandbox).balance(UID, 0.1).answer is WalletAnswer.NO_ANSWER


def test_a_dead_resolver_holds_no_call_beyond_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(60) and [])
    answer = adapter("https://pos.example.org/").deliver(entry(), 0.1)
    over.set()
    assert answer == Answer(Outcome.UNSENT, "no connection to pos.example.org within 0.1 s")


def test_the_second_address_gets_its_share_of_the_time(
    sandbox: Sandbox, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    real = transport.httpcore.SyncBackend.connect_tcp

    def connect_tcp(self: object, host: str, port: int, timeout: float, *rest: object) -> object:
        tried.append(host)
        if host == "127.0.0.2":
            raise transport.httpcore.ConnectTimeout
        return real(self, host, port, timeout, *rest)  # type: ignore[arg-type]

    found = [(2, 1, 6, "", (address, 0)) for address in ("127.0.0.2", "127.0.0.1")]
    monkeypatch.setattr(transport.httpcore.SyncBackend, "connect_tcp", connect_tcp)
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: found if host == "localhost" else resolve(host, *rest, **more),
    )
    backend = adapter(
        sandbox.url.replace("127.0.0.1", "localhost"),
        dialect="pretix" if "/api/" in sandbox.url else "documented",
    )
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    assert tried == ["127.0.0.2", "127.0.0.1"]
    backend.close()


def test_close_ends_a_call_under_way_and_lets_none_begin(start: Start, connect: Connect) -> None:
    sandbox = start()
    sandbox.faults.set(Fault(kind="hang"))
    backend = connect(sandbox)
    answers: list[Answer] = []
    caller = threading.Thread(target=lambda: answers.append(backend.deliver(entry(), 600)))
    caller.start()
    wait_until(lambda: posts(sandbox) == 1)
    backend.close()
    caller.join(30)
    assert [answer.outcome for answer in answers] == [Outcome.UNKNOWN]
    assert backend.deliver(entry(), 1) == Answer(Outcome.UNSENT, "this terminal is stopping")


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    answer = answering(200, b'{"data": "' + b"x" * 300_000 + b'"}').deliver(entry(), 1)
    assert (answer.outcome, answer.words) == (
        Outcome.UNKNOWN,
        "the answer of pos.example.org is longer than 262144 bytes",
    )


# -- TLS -----------------------------------------------------------------------------------------------


@pytest.fixture
def https(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server with a certificate of its own making; its address and its certificate."""
    context, certificate = certified(tmp_path)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve_tls, args=(listener, context))
    thread.start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}/", certificate
    listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    listener.close()


def _serve_tls(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            raw, _ = listener.accept()
        except OSError:
            return
        with raw:
            try:
                with context.wrap_socket(raw, server_side=True) as secured:
                    secured.settimeout(30)
                    while not secured.recv(65536).endswith(b"\r\n\r\n"):
                        pass
                    body = WALLET.encode()
                    secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                    secured.recv(1)
            except OSError:
                continue


def test_a_certificate_that_nobody_vouches_for_is_refused(https: tuple[str, Path]) -> None:
    url, certificate = https
    answer = adapter(url).deliver(entry(), ENOUGH_S)
    assert answer.outcome is Outcome.UNSENT
    assert answer.words == "the certificate of 127.0.0.1 is not trusted: self-signed certificate"
    trusting = adapter(url, ca_file=str(certificate))
    assert trusting.balance(UID, ENOUGH_S).balance == 125
    trusting.close()


def test_a_certificate_for_another_name_is_refused(https: tuple[str, Path]) -> None:
    url, certificate = https
    answer = adapter(url.replace("127.0.0.1", "127.0.0.2"), ca_file=str(certificate)).deliver(entry(), 1)
    assert answer.outcome is Outcome.UNSENT


def test_a_ca_file_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    answer = adapter("https://127.0.0.1:1/", ca_file=str(missing)).deliver(entry(), 1)
    assert answer == Answer(Outcome.UNSENT, f"ca_file {missing} cannot be used: No such file or directory")


# -- an idle connection --------------------------------------------------------------------------------


def test_a_kept_connection_that_the_server_closes_on_the_request_is_in_doubt() -> None:
    """The server takes the second request of a connection and closes without a word."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        sock, _ = listener.accept()
        with sock:
            body = WALLET.encode()
            sock.recv(65536)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            sock.recv(65536)

    server = threading.Thread(target=serve)
    server.start()
    backend = adapter(f"http://127.0.0.1:{listener.getsockname()[1]}/")
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    assert backend.deliver(entry(), ENOUGH_S).outcome is Outcome.UNKNOWN
    server.join()
    listener.close()
    backend.close()


def test_a_server_that_answers_and_closes_before_it_has_read_all_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Early(httpcore.NetworkStream):
        """Has answered, and takes nothing any more."""

        def __init__(self, *_: object) -> None:
            self._sock = socket.socket()

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            raise httpcore.WriteError("broken pipe")

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return b"HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

        def close(self) -> None:
            self._sock.close()

        def get_extra_info(self, info: str) -> object:
            return self._sock if info == "socket" else None

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", Early)
    backend = adapter("http://127.0.0.1:9/")
    assert backend.deliver(entry(), ENOUGH_S).outcome is Outcome.DENIED
    backend.close()


def test_a_request_leaves_in_one_piece(monkeypatch: pytest.MonkeyPatch, start: Start, connect: Connect) -> None:
    pieces: list[bytes] = []
    connect_tcp = httpcore.SyncBackend.connect_tcp

    def watched(*values: Any) -> httpcore.NetworkStream:
        stream = connect_tcp(*values)
        write = stream.write

        def noted(buffer: bytes, timeout: float | None = None) -> None:
            pieces.append(buffer)
            write(buffer, timeout)

        monkeypatch.setattr(stream, "write", noted)
        return stream

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", watched)
    assert connect(start()).deliver(entry(), ENOUGH_S).outcome is Outcome.DELIVERED
    assert [piece.split(b" ")[0] for piece in pieces] == [b"POST"]
    assert pieces[0].endswith(b"}")
