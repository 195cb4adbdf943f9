"""The way to Onslip's servers: the clock, the endpoints, the key, and what really goes over the wire."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from terminal.backends import hawk
from terminal.backends.hawk import Key, Target
from terminal.backends.onslip import rest_access as onslip_rest_access
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Found, Listed
from terminal.backends.onslip.rest_paths import Search, entity, listing
from terminal.backends.onslip.rest_place import Credentials, Place, read_credentials
from terminal.core.delivery import Answer, Outcome
from tests.backends.onslip_rest_making import BASE, CREDENTIAL, KEY, NOW_S, SHOWN, Server, challenge, client

TILL = entity("demo.example", "tills", 7)
CONFIGURED, FIRST, SECOND = "test.onslip360.com", "a.onslip360.com", "b.onslip360.com"
Call = Callable[[Onslip], Any]


def read(onslip: Onslip) -> Any:
    return onslip.get(TILL, 30)


def write(onslip: Onslip) -> Any:
    return onslip.post(TILL, {"name": "door"}, 30)


CALLS = pytest.mark.parametrize("call", [read, write])


@pytest.fixture
def server() -> Server:
    return Server()


# -- the clock -----------------------------------------------------------------------------------------


@CALLS
@pytest.mark.parametrize("wrong_s", [-300, 300, 10**8])
def test_a_wrong_clock_is_repaired_once_and_stays_repaired(server: Server, call: Call, wrong_s: int) -> None:
    onslip = client(server, wall_s=lambda: NOW_S + wrong_s)
    assert call(onslip) == Found(None)
    assert len(server.asked) == 2
    assert len(server.nonces) == 2, "the repeat has a nonce of its own"
    assert call(onslip) == Found(None)
    assert len(server.asked) == 3


def test_a_clock_that_is_set_later_is_repaired_again(server: Server) -> None:
    now_s = [NOW_S - 300]
    onslip = client(server, wall_s=lambda: now_s[0])
    read(onslip)
    now_s[0] = NOW_S
    assert read(onslip) == Found(None)
    assert len(server.asked) == 4


@pytest.mark.parametrize("proof", ["", hawk.timestamp_mac(Key("x", b"another key"), str(NOW_S)), "é"])
def test_a_time_without_its_proof_moves_no_clock(server: Server, proof: str) -> None:
    onslip = client(server, wall_s=lambda: NOW_S)
    lie = f'Hawk ts="{NOW_S + 9999}", tsm="{proof}", error="Stale timestamp"'
    server.answers.append(httpx.Response(401, headers={"WWW-Authenticate": lie.encode()}))
    answer = write(onslip)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.DENIED
    assert len(server.asked) == 1
    assert write(onslip) == Found(None)
    assert hawk.attributes(server.asked[-1].headers["authorization"])["ts"] == str(NOW_S)


def test_what_is_refused_for_its_time_again_is_not_sent_a_third_time() -> None:
    server = Server()
    times = iter([NOW_S + 1000, NOW_S + 2000, NOW_S + 3000])

    def moving(request: httpx.Request) -> httpx.Response:
        server.now_s = next(times)
        return server(request)

    answer = write(client(moving))
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.DENIED
    assert len(server.asked) == 2


def test_a_refusal_at_our_own_time_is_not_one_for_the_clock(server: Server) -> None:
    proof = hawk.timestamp_mac(KEY, str(NOW_S))
    server.answers.append(challenge(f'ts="{NOW_S}", tsm="{proof}", error="Invalid nonce"'))
    assert isinstance(write(client(server)), Answer)
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 403, 500])
def test_only_a_401_proves_that_nothing_was_done(server: Server, status: int) -> None:
    proof = hawk.timestamp_mac(KEY, str(NOW_S + 500))
    server.says(
        status, None, WWW_Authenticate=f'Hawk ts="{NOW_S + 500}", tsm="{proof}", error="Stale timestamp"'
    )
    assert isinstance(write(client(server)), Answer)
    assert len(server.asked) == 1


# -- endpoints -----------------------------------------------------------------------------------------


def with_endpoints(server: Server, *hosts: str, base: str = BASE, **options: Any) -> Onslip:
    """A client that has been told *hosts*."""
    onslip = client(server, base=base, **options)
    told = [{"uri": host if "://" in host else f"https://{host}/v1"} for host in hosts]
    server.says(200, {"realm": "demo.example", "service-endpoints": told})
    assert isinstance(onslip.client_info(30), Found)
    server.asked.clear()
    return onslip


def refused(request: httpx.Request) -> Exception:
    return httpx.ConnectError("refused", request=request)


def lost(request: httpx.Request) -> Exception:
    return httpx.ReadTimeout("lost", request=request)


def test_the_endpoints_that_the_server_names_come_first(server: Server) -> None:
    onslip = with_endpoints(server, FIRST, SECOND)
    assert read(onslip) == Found(None)
    assert server.hosts() == [FIRST]
    assert onslip._access.bases == (f"https://{FIRST}/v1/", f"https://{SECOND}/v1/", BASE)


@CALLS
def test_what_did_not_arrive_goes_to_the_next_signed_for_it(server: Server, call: Call) -> None:
    onslip = with_endpoints(server, FIRST, SECOND)
    server.down = {FIRST: refused, SECOND: refused}
    assert call(onslip) == Found(None)
    assert server.hosts() == [CONFIGURED]
    server.down = {}
    call(onslip)
    assert server.hosts() == [CONFIGURED, CONFIGURED], "who answered is asked first from now on"


def test_a_write_that_may_have_arrived_goes_nowhere_else(server: Server) -> None:
    onslip = with_endpoints(server, FIRST, SECOND)
    server.down = {FIRST: lost}
    for call in (write, lambda it: it.patch(TILL, {}, 30), lambda it: it.delete(TILL, 30)):
        answer = call(onslip)
        assert isinstance(answer, Answer)
        assert answer.outcome is Outcome.UNKNOWN
    assert server.asked == []


def test_a_read_leaves_time_for_the_others_and_a_write_takes_all(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    onslip = with_endpoints(server, FIRST, SECOND)
    monkeypatch.setattr(onslip_rest_access, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    given: list[float] = []

    def remember(request: httpx.Request) -> Exception:
        given.append(request.extensions["timeout"]["read"])
        return refused(request)

    server.down = dict.fromkeys((FIRST, SECOND, CONFIGURED), remember)
    read(onslip)
    write(onslip)
    assert given == [10, 15, 30, 30, 30, 30]


def test_a_read_that_may_have_arrived_goes_on(server: Server) -> None:
    onslip = with_endpoints(server, FIRST, SECOND)
    server.down = {FIRST: lost}
    assert read(onslip) == Found(None)
    assert server.hosts() == [SECOND]


@CALLS
def test_where_nobody_can_be_reached_nothing_was_sent(server: Server, call: Call) -> None:
    onslip = with_endpoints(server, FIRST)
    server.down = {FIRST: refused, CONFIGURED: refused}
    answer = call(onslip)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNSENT


@pytest.mark.parametrize("status", [400, 401, 403, 409, 429, 500, 503])
def test_an_answer_is_an_answer_and_nobody_else_is_asked(server: Server, status: int) -> None:
    onslip = with_endpoints(server, FIRST, SECOND)
    server.says(status)
    assert isinstance(read(onslip), Answer)
    assert server.hosts() == [FIRST]


@pytest.mark.parametrize(
    "uri",
    [
        "http://evil.example/v1/",
        "https://user:word@evil.example/",
        "https://evil.example/?a=b",
        "https://",
        "https://evil.example:99999/",
        "javascript:alert(1)",
        "https://ev il.example/",
        "https://999.1.1.1/",
        "https://evil..example/",
        f"https://{'e' * 64}.example/",
        "https://[v1.x]/",
        f"https://evil.example/{'x' * 70_000}/",
        "",
    ],
)
def test_an_endpoint_that_nothing_may_be_sent_to_is_passed_over(server: Server, uri: str) -> None:
    onslip = client(server)
    server.says(200, {"service-endpoints": [{"uri": uri}, {"uri": f"https://{FIRST}/v1/"}]} if uri else {})
    onslip.client_info(30)
    assert onslip._access.bases == ((f"https://{FIRST}/v1/", BASE) if uri else (BASE,))


@pytest.mark.parametrize(
    "body",
    [[], None, {"service-endpoints": None}, {"service-endpoints": ["x", {}, {"uri": 7}, None]}],
)
def test_what_is_no_client_info_names_nobody(server: Server, body: Any) -> None:
    onslip = client(server)
    server.says(200, body)
    onslip.client_info(30)
    assert onslip._access.bases == (BASE,)


def test_over_a_connection_that_others_can_write_to_nobody_is_named(server: Server) -> None:
    onslip = client(server, base="http://10.0.0.2:443/v1/", allow_http=True)
    server.says(200, {"service-endpoints": [{"uri": "https://evil.example/v1/"}]})
    assert isinstance(onslip.client_info(30), Found)
    assert onslip._access.bases == ("http://10.0.0.2:443/v1/",)


def test_endpoints_that_are_told_again_stay_in_the_order_that_works(server: Server) -> None:
    onslip = with_endpoints(server, FIRST)
    server.down = {FIRST: refused}
    read(onslip)
    server.says(200, {"service-endpoints": [{"uri": f"https://{FIRST}/v1/"}]})
    onslip.client_info(30)
    assert onslip._access.bases[0] == BASE


def test_endpoints_without_end_are_not_kept(server: Server) -> None:
    onslip = with_endpoints(server, *(f"e{number}.onslip360.com" for number in range(100)))
    assert len(onslip._access.bases) == 8
    assert onslip._access.bases[-1] == BASE


# -- the key -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        "[]",
        '{"key_id":"a"}',
        '{"key_id":"","key":"AAEC"}',
        '{"key_id":"a","key":""}',
        '{"key_id":"a","key":"no base64!"}',
        '{"key_id":"a","key":"AAE"}',
        '{"key_id":"a","key":7}',
        "[" * 100_000,
    ],
)
def test_what_is_no_key_is_said_so_without_a_word_of_it(server: Server, text: str) -> None:
    answer = read(client(server, credential=lambda: text))
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.DENIED
    assert '{"key_id":"…","key":"…"}' in answer.words
    assert len(text) < 5 or text not in answer.words
    assert server.asked == []


def test_the_key_is_decoded_before_it_is_used() -> None:
    read = read_credentials(CREDENTIAL)
    assert (read.key_id, read.secret()) == (KEY.id, KEY.secret)
    assert read_credentials(read.text()) == read == Credentials(KEY.id, SHOWN)


def test_a_key_that_was_replaced_is_taken_up_after_a_denial(server: Server) -> None:
    kept = [json.dumps({"key_id": "key:old@demo.example", "key": SHOWN})]
    onslip = client(server, credential=lambda: kept[0])
    answer = read(onslip)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.DENIED
    kept[0] = CREDENTIAL
    assert read(onslip) == Found(None)


def test_a_key_that_works_is_read_once(server: Server) -> None:
    times: list[None] = []

    def credential() -> str:
        times.append(None)
        return CREDENTIAL

    onslip = client(server, credential=credential)
    assert times == []
    for _ in range(3):
        read(onslip)
    assert len(times) == 1


def test_an_id_that_no_header_can_hold_is_not_sent(server: Server) -> None:
    bad = json.dumps({"key_id": 'a", mac="', "key": SHOWN})
    answer = read(client(server, credential=lambda: bad))
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.DENIED
    assert server.asked == []


def test_after_the_end_nothing_is_sent(server: Server) -> None:
    onslip = client(server)
    read(onslip)
    onslip.close()
    answer = read(onslip)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNSENT
    assert len(server.asked) == 1


def test_a_challenge_of_another_kind_is_a_denial(server: Server) -> None:
    server.answers.append(challenge('error="Unknown credentials"'))
    answer = read(client(server))
    assert isinstance(answer, Answer)
    assert (answer.outcome, answer.status) == (Outcome.DENIED, 401)


# -- the wire ------------------------------------------------------------------------------------------


@contextmanager
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """A bare socket that keeps what it receives of one request and answers with an empty list."""
    received: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            got = b""
            while b"\r\n\r\n" not in got:
                got += connection.recv(65_536)
            received.append(got)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1/", received
        thread.join(30)


def test_the_request_line_on_a_real_socket_is_the_one_that_is_signed() -> None:
    path = listing(
        "demo.example", "locations", "2:logo", "stock-balances", "@2016-12-31T23:00:00.000Z", "å b;c"
    )
    search = Search('updated>"2026-01-01T00:00:00.000Z" AND name="å;&+~\'%3A"', "-id", deleted=True)
    with listening() as (base, received):
        onslip = Onslip(
            Place(base, "demo.example", allow_http=True),
            credential=lambda: CREDENTIAL,
            wall_s=lambda: NOW_S,
            nonce=lambda: "Ab3dE6",
        )
        assert onslip.list(path, 30, search, page=3) == Listed(())
        onslip.close()
    head = received[0].decode("ascii").split("\r\n")
    method, asked, _ = head[0].split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    host, _, port = headers["host"].partition(":")
    told = hawk.attributes(headers["authorization"])
    assert told["mac"] == hawk.mac(KEY, Target(method, asked, host, int(port)), ts=str(NOW_S), nonce="Ab3dE6")
    assert asked.startswith(
        "/v1/~demo.example/locations/2:logo/stock-balances/@2016-12-31T23:00:00.000Z/%C3%A5%20b%3Bc/"
    )
    assert asked.endswith("%27%253A%22;s=-id;o=0;c=3;d=t")
    assert headers["user-agent"] == "terminald/0.1.0"
