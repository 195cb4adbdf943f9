"""What the adapter makes of everything that a server, a network or somebody in between can do to a call."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest

from terminal.backends import transport
from terminal.backends.pointofsale import PointOfSale
from terminal.backends.protocol import TerminalInfo
from terminal.backends.replies import Reply, judge
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import WalletAnswer
from terminal.httpd import Request, Response, Route, Server
from terminal.sandbox import Fault, Sandbox
from tests.backends.making import ENOUGH_S, SECRET, UID, adapter, answering, entry, posts, requests
from tests.support.tls import certified
from tests.support.waiting import wait_until

Start = Callable[..., Sandbox]
Connect = Callable[..., PointOfSale]
PORTAL = "<html><h1>Welcome to our WLAN</h1></html>"
WALLET = '{"data": {"id": "wal_1", "balance": 125}}'


# -- statuses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, Outcome.REFUSED) for status in (400, 402, 404, 405, 410, 413, 415, 422)),
        *((status, Outcome.DENIED) for status in (401, 403, 301, 302, 303, 304, 307, 308)),
        *((status, Outcome.BUSY) for status in (409, 429, 503)),
        *((status, Outcome.UNKNOWN) for status in (500, 501, 502, 504, 507, 511, 599)),
    ],
)
def test_each_status_is_read_as_what_it_proves(status: int, outcome: Outcome) -> None:
    answer = answering(status, '{"detail": "Because."}').deliver(entry(), 1)
    assert (answer.outcome, answer.status) == (outcome, status)
    assert outcome is Outcome.DENIED or "Because." in answer.words


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, WALLET, Outcome.DELIVERED),
        (201, '{"id": "wal_1", "balance": 125}', Outcome.DELIVERED),
        (201, '{"id": 17, "amount": -25}', Outcome.DELIVERED),
        (202, "", Outcome.DELIVERED),
        (202, "null", Outcome.DELIVERED),
        (202, '{"message": "Accepted"}', Outcome.DELIVERED),
        (204, "", Outcome.DELIVERED),
        (200, "", Outcome.UNKNOWN),
        (200, PORTAL, Outcome.UNKNOWN),
        (202, PORTAL, Outcome.UNKNOWN),
        (200, '{"error": "log in first"}', Outcome.UNKNOWN),
        (200, "[]", Outcome.UNKNOWN),
        (200, '"ok"', Outcome.UNKNOWN),
        (200, b"\xff\xfe{", Outcome.UNKNOWN),
    ],
)
def test_a_2xx_counts_only_in_the_words_of_the_api(status: int, body: str | bytes, outcome: Outcome) -> None:
    assert answering(status, body).deliver(entry(), 1).outcome is outcome


def test_a_404_of_something_in_between_parks_nothing() -> None:
    answer = answering(404, "404 page not found\n").deliver(entry(), 1)
    assert answer.outcome is Outcome.BUSY
    assert "check the url" in answer.words
    assert answering(404, PORTAL).balance(UID, 1).answer is WalletAnswer.NO_ANSWER


def test_words_are_kept_but_printable_and_bounded() -> None:
    told = '{"products": ["Ungültig: \\"teh\\""]}'
    assert answering(400, told).deliver(entry(), 1).words == told
    assert answering(400, "a\x1b[31m\r\nb").deliver(entry(), 1).words == "a [31m  b"
    assert len(answering(422, "x" * 100_000).deliver(entry(), 1).words) == 500
    assert answering(400, PORTAL).deliver(entry(), 1).words == "the server answered 400 Bad Request"


@pytest.mark.parametrize(
    ("headers", "waits_ms"),
    [
        ({"Retry_After": "7"}, 7_000),
        ({"Retry_After": "0"}, 0),
        ({"Retry_After": "99999999999999999999"}, 3_600_000),
        (
            {
                "Retry_After": "Wed, 21 Oct 2015 07:28:30 GMT",
                "Date": "Wed, 21 Oct 2015 07:28:00 GMT",
            },
            30_000,
        ),
        (
            {
                "Retry_After": "Wed, 21 Oct 2015 07:27:00 GMT",
                "Date": "Wed, 21 Oct 2015 07:28:00 GMT",
            },
            0,
        ),
        ({"Retry_After": "Wed, 21 Oct 2015 07:28:30 GMT"}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "-5"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], waits_ms: int | None) -> None:
    assert answering(503, **headers).deliver(entry(), 1).retry_after_ms == waits_ms


def test_a_balance_counts_only_in_whole_cents() -> None:
    for balance in ("1.5", '"150"', "true", "null"):
        reply = answering(200, f'{{"data": {{"id": "w", "balance": {balance}}}}}').balance(UID, 1)
        assert (reply.answer, reply.balance) == (WalletAnswer.NO_ANSWER, None)
        assert "whole cents" in reply.words
    assert answering(200, '{"data": {"id": "w", "balance": -5}}').balance(UID, 1).balance == -5
    assert answering(200, PORTAL).balance(UID, 1).answer is WalletAnswer.NO_ANSWER


# -- redirects -----------------------------------------------------------------------------------------


def test_a_redirect_of_a_post_is_not_followed(start: Start, connect: Connect) -> None:
    sandbox = start(dialect="pretix")
    backend = connect(sandbox, dialect="documented", trailing_slash=False)
    answer = backend.deliver(entry(), ENOUGH_S)
    assert answer.outcome is Outcome.DENIED
    assert "trailing_slash = true" in answer.words
    name = "POST /pos/wallets/token/{token}/transactions without slash"
    assert sandbox.counters()["requests"] == {name: 1}


def test_only_a_server_that_has_such_an_option_is_said_to_need_it() -> None:
    reply = Reply(301, {"location": "https://server.example/tills/"}, b"")
    assert judge(reply).words.endswith("never followed: check the url")
    assert judge(reply, slash="ends = true").words.endswith("check the url, or set ends = true")
    other = Reply(301, {"location": "https://portal.example/login"}, b"")
    assert judge(other, slash="ends = true").words.endswith("check the url")


def test_a_slash_too_much_is_told(start: Start, connect: Connect) -> None:
    sandbox = start()
    assert connect(sandbox, trailing_slash=True).deliver(entry(), ENOUGH_S).status == 404
    assert requests(sandbox) == 0


# -- lost on the way -----------------------------------------------------------------------------------


def test_a_lost_reply_is_unknown_though_it_was_booked(start: Start, connect: Connect) -> None:
    sandbox = start()
    sandbox.faults.set(Fault(kind="drop", after=True, count=1))
    backend = connect(sandbox)
    assert backend.deliver(entry(), ENOUGH_S).outcome is Outcome.UNKNOWN
    assert len(sandbox.ledger.transactions("coffee-1-0001")) == 1
    assert backend.deliver(entry(), ENOUGH_S).status == 202
    assert len(sandbox.ledger.transactions("coffee-1-0001")) == 1


def test_a_lost_request_is_unknown_too(start: Start, connect: Connect) -> None:
    sandbox = start()
    sandbox.faults.set(Fault(kind="drop"))
    assert connect(sandbox).deliver(entry(), ENOUGH_S).outcome is Outcome.UNKNOWN
    assert sandbox.ledger.transactions("coffee-1-0001") == []


def test_a_server_that_is_away_was_sent_nothing(sandbox: Sandbox, backend: PointOfSale) -> None:
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN
    sandbox.away()
    answer = backend.deliver(entry(), ENOUGH_S)
    assert answer.outcome is Outcome.UNSENT
    assert answer.words == "cannot connect to 127.0.0.1: Connection refused"
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.NO_ANSWER
    sandbox.back()
    assert backend.balance(UID, ENOUGH_S).answer is WalletAnswer.KNOWN


def test_a_name_that_is_none_was_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    answer = adapter("https://pos.example.org/").deliver(entry(), ENOUGH_S)
    assert answer == Answer(
        Outcome.UNSENT,
        "cannot connect to pos.example.org: the name pos.example.org cannot be resolved: "
        "Name or service not known",
    )


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx.ConnectError("x"), Outcome.UNSENT),
        (httpx.ConnectTimeout("x"), Outcome.UNSENT),
        (httpx.PoolTimeout("x"), Outcome.UNSENT),
        (httpx.UnsupportedProtocol("x"), Outcome.UNSENT),
        (httpx.WriteTimeout("x"), Outcome.UNKNOWN),
        (httpx.WriteError("x"), Outcome.UNKNOWN),
        (httpx.ReadTimeout("x"), Outcome.UNKNOWN),
        (httpx.ReadError("x"), Outcome.UNKNOWN),
        (httpx.RemoteProtocolError("x"), Outcome.UNKNOWN),
        (httpx.LocalProtocolError("x"), Outcome.UNKNOWN),
        (httpx.CloseError("x"), Outcome.UNKNOWN),
        (httpx.DecodingError("x"), Outcome.UNKNOWN),
        (ConnectionResetError(104, "Connection reset by peer"), Outcome.UNKNOWN),
    ],
)
def test_each_failure_is_read_as_what_it_proves(error: Exception, outcome: Outcome) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    backend = adapter("https://pos.example.org/", transport=httpx.MockTransport(fail))
    assert backend.deliver(entry(), 1).outcome is outcome
    assert backend.balance(UID, 1).answer is WalletAnswer.NO_ANSWER
    assert isinstance(backend.terminal(1), Answer)


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


# -- what is wrong with products -----------------------------------------------------------------------


def _catalogue(*products: str, links: str = "{}") -> TerminalInfo | Answer:
    body = f'{{"data": {{"products": [{", ".join(products)}]}}, "links": {links}}}'
    return answering(200, body).terminal(1)


@pytest.mark.parametrize("price", ["1.5", "25.0", '"25"', "true", "null"])
def test_a_price_that_is_no_whole_number_spoils_the_answer(price: str) -> None:
    answer = _catalogue('{"id": "a", "price": 1}', f'{{"id": "b", "price": {price}}}')
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.REFUSED
    assert "price of product 'b' is no whole number of cents" in answer.words


@pytest.mark.parametrize("product", ["7", "{}", '{"id": true, "price": 1}', '{"id": 1.5, "price": 1}'])
def test_a_product_without_a_usable_id_spoils_the_answer(product: str) -> None:
    answer = _catalogue(product)
    assert isinstance(answer, Answer)
    assert "product number 1" in answer.words


def test_a_negative_price_is_not_sold_and_said_so(caplog: pytest.LogCaptureFixture) -> None:
    info = _catalogue('{"id": "a", "price": -1}', '{"id": "b", "price": 0}', '{"id": "b", "price": 9}')
    assert isinstance(info, TerminalInfo)
    assert [(each.id, each.name, each.price) for each in info.products] == [("b", "b", 0)]
    assert "product 'a' has the negative price -1" in caplog.text


@pytest.mark.parametrize(
    "body", ["{}", "[]", "null", "7", PORTAL, '{"data": {"products": {}}}', '{"data": []}']
)
def test_only_a_list_of_products_is_one(body: str) -> None:
    info = answering(200, body).terminal(1)
    if body in ("[]", '{"data": []}'):
        assert info == TerminalInfo(())
    else:
        assert isinstance(info, Answer)
        assert "no products" in info.words


@pytest.mark.parametrize(
    "link",
    ["https://evil.example.org/pos/terminal", "http://pos.example.org/pos/terminal", "https://[/", "/pos"],
)
def test_a_link_to_elsewhere_is_not_followed(link: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={"data": {"products": []}, "links": {"next": link}})

    info = adapter("https://pos.example.org/", transport=httpx.MockTransport(answer)).terminal(1)
    assert isinstance(info, Answer)
    assert "leads elsewhere" in info.words
    assert asked == ["https://pos.example.org/pos/terminal"]


def test_pages_without_end_are_not_read_for_ever() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={"data": [], "links": {"next": str(request.url)}})

    info = adapter("https://pos.example.org/", transport=httpx.MockTransport(answer)).terminal(ENOUGH_S)
    assert isinstance(info, Answer)
    assert len(asked) == 50


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


# -- secrets -------------------------------------------------------------------------------------------


def test_nothing_that_is_said_holds_a_secret_or_a_uid(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def gossip(request: Request) -> Response:
        named = f"{UID} {request.params['token']}" if request.params else ""
        text = f'{{"detail": "{named} {SECRET}"}}'
        return Response(int(status[0]), text.encode())

    status = ["400"]
    paths = ["/pos/terminal", "/pos/wallets/token/{token}", "/pos/wallets/token/{token}/transactions"]
    server = Server(
        [Route(method, path, gossip) for path in paths for method in ("GET", "POST", "PUT")], ("127.0.0.1", 0)
    )
    server.start()
    host, port = server.address
    said: list[object] = []
    with caplog.at_level("DEBUG"):
        backend = adapter(f"http://{host}:{port}/")
        for status[0] in ("200", "400", "401", "404", "500", "503"):
            said += [
                backend.deliver(entry(), ENOUGH_S),
                backend.balance(UID, ENOUGH_S),
                backend.pair(UID, "12345678", ENOUGH_S),
                backend.terminal(ENOUGH_S),
            ]
        server.stop()
        said += [backend.deliver(entry(), ENOUGH_S), backend.balance(UID, ENOUGH_S), backend]
        backend.close()
    printed = capfd.readouterr()
    heard = (repr(said) + caplog.text + printed.out + printed.err).lower()
    assert "…e5f6" in heard
    assert UID.lower() not in heard
    assert SECRET.lower() not in heard
