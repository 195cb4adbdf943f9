"""What the adapter makes of everything that a server, a network or somebody in between can do to a call."""

from __future__ import annotations

import socket

import httpx
import pytest

from terminal.backends.pointofsale.adapter import PointOfSale
from terminal.backends.protocol import TerminalInfo
from terminal.backends.replies import Reply, judge
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import WalletAnswer
from terminal.httpd import Request, Response, Route, Server
from terminal.sandbox import Fault, Sandbox
from tests.backends.failures_making import WALLET, Connect, Start
from tests.backends.making import ENOUGH_S, SECRET, UID, adapter, answering, entry, requests

PORTAL = "<html><h1>Welcome to our WLAN</h1></html>"


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


def test_a_name_that_no_name_server_can_be_asked_for_was_sent_nothing_at_once() -> None:
    answer = adapter("https://pos..example.org/").deliver(entry(), ENOUGH_S)
    assert answer == Answer(
        Outcome.UNSENT,
        "cannot connect to pos..example.org: the name pos..example.org cannot be resolved: "
        "it is no name of a host",
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
