"""The client of Onslip's API: what it sends, what answers mean, and that nothing in doubt is repeated."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_access import target
from terminal.backends.onslip.rest_answers import Found, Listed, Overtaken, Unchanged
from terminal.backends.onslip.rest_paths import Search, entity, escaped, listing
from terminal.backends.onslip.rest_place import checked_base, read_credentials
from terminal.core.delivery import Answer, Outcome
from tests.backends.onslip_rest_making import BASE, CREDENTIAL, KEY, NOW_S, SHOWN, Server, client

TILL = entity("demo.example", "tills", 7)
TILLS = listing("demo.example", "tills")


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def onslip(server: Server) -> Iterator[Onslip]:
    made = client(server)
    yield made
    made.close()


# -- what is sent --------------------------------------------------------------------------------------


def test_a_request_is_what_the_published_sdks_send(server: Server, onslip: Onslip) -> None:
    server.says(200, {"id": 7})
    onslip.patch(TILL, {"client-version": "1.2.3"}, 30)
    (sent,) = server.asked
    assert str(sent.url) == "https://test.onslip360.com/v1/~demo.example/tills/7"
    assert sent.content == b'{"client-version":"1.2.3"}'
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["accept"] == "application/json"
    assert sent.headers["user-agent"] == "terminald/0.1.0"
    assert sent.headers["authorization"].startswith(f'Hawk id="{KEY.id}", ts="{NOW_S}", nonce="nonce0", hash="')
    assert "if-match" not in sent.headers


def test_paths_and_parameters_are_written_as_the_published_sdks_do() -> None:
    assert entity("demo.example") == "~demo.example"
    assert TILL == "~demo.example/tills/7"
    assert TILLS == "~demo.example/tills/"
    assert entity("d", "locations", "2:receipt-logo") == "~d/locations/2:receipt-logo"
    assert entity("d", "a/b?c;d e") == "~d/a%2Fb%3Fc%3Bd%20e"
    search = Search('updated>"2026-01-01T00:00:00.000Z"', "name", deleted=True)
    wanted = "q=updated%3E%222026-01-01T00%3A00%3A00.000Z%22;s=name;o=0;c=1000;d=t"
    assert search.parameters(0, 1000) == wanted
    assert Search().parameters(100, 50) == "o=100;c=50"
    assert escaped('a"b=c:d[e]<f>\\') == r"a\"b\=c\:d\[e\]\<f\>" + "\\\\"


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_a_part_that_leads_elsewhere_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="no part of a path"):
        entity("demo.example", "tills", part)
    with pytest.raises(ValueError, match="no part of a path"):
        entity(part, "tills")


@given(st.lists(st.text(min_size=1).filter(lambda it: it not in {".", ".."}), min_size=1), st.text())
def test_what_is_signed_is_what_was_asked_for(parts: list[str], query: str) -> None:
    """However a path was written: httpx neither changes it nor takes anything of it for something else."""
    try:
        asked = f"{listing('demo.example', *parts)}?{Search(query).parameters(0, 1)}"
    except UnicodeEncodeError:  # half of a pair, which is no text
        return
    url = httpx.URL(BASE + asked)
    assert target("GET", url).path == f"/v1/{asked}"
    assert httpx.URL(str(url)).raw_path == url.raw_path
    path, _, parameters = asked.partition("?")
    assert [unquote(each) for each in path.rstrip("/").split("/")[1:]] == parts
    if query:
        assert unquote(parameters.partition(";")[0]) == f"q={query}"


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://Test.Onslip360.com/v1/x", "test.onslip360.com", 443),
        ("https://test.onslip360.com:8443/v1/x", "test.onslip360.com", 8443),
        ("http://127.0.0.1/v1/x", "127.0.0.1", 80),
        ("http://[::1]:8080/v1/x", "[::1]", 8080),
    ],
)
def test_host_and_port_are_signed_as_they_are_sent(url: str, host: str, port: int) -> None:
    signed = target("GET", httpx.URL(url))
    assert (signed.host, signed.port) == (host, port)


def test_no_two_requests_have_one_nonce(server: Server, onslip: Onslip) -> None:
    for _ in range(3):
        assert isinstance(onslip.get(TILL, 30), Found)
    assert len(server.nonces) == 3


def test_who_acts_for_another_says_so_in_the_id(server: Server) -> None:
    server.key_id = f"{KEY.id} usr:anna@demo.example"
    assert isinstance(client(server, acting_for="anna").get(TILL, 30), Found)


def test_money_goes_both_ways_as_numbers(server: Server, onslip: Onslip) -> None:
    server.says(200, b'{"id": 3, "price": 19.10}')
    found = onslip.put(TILL, {"price": Decimal("19.10")}, 30)
    assert server.asked[0].content == b'{"price":19.10}'
    assert isinstance(found, Found)
    assert found.body == {"id": 3, "price": Decimal("19.10")}


def test_delete_and_a_post_without_a_body_sign_none(server: Server, onslip: Onslip) -> None:
    onslip.delete(TILL, 30)
    onslip.post(TILL, None, 30)
    for sent in server.asked:
        assert "hash=" not in sent.headers["authorization"]
        assert "content-type" not in sent.headers
    assert [sent.method for sent in server.asked] == ["DELETE", "POST"]


def test_a_report_is_a_method_of_its_own(server: Server, onslip: Onslip) -> None:
    server.says(200, [{"updated": "2026-01-01T00:00:00.000Z"}])
    found = onslip.report(TILL, {"type": "revisions"}, 30)
    assert found == Found([{"updated": "2026-01-01T00:00:00.000Z"}])
    assert (server.asked[0].method, server.asked[0].content) == ("REPORT", b'{"type":"revisions"}')


# -- ETags ---------------------------------------------------------------------------------------------


def test_an_etag_comes_back_exactly_as_it_was_received(server: Server, onslip: Onslip) -> None:
    server.says(200, {"id": 7}, ETag='W/"a,b"')
    found = onslip.get(TILL, 30)
    assert isinstance(found, Found)
    server.says(304)
    assert onslip.get(TILL, 30, etag=found.etag) == Unchanged()
    server.says(412, {"message": "It was changed", "code": "conflict"})
    assert onslip.patch(TILL, {}, 30, etag=found.etag) == Overtaken("It was changed (conflict)")
    server.says(412)
    assert isinstance(onslip.put(TILL, {}, 30, etag=found.etag), Overtaken)
    _, read, *written = server.asked
    assert read.headers["if-none-match"] == 'W/"a,b"'
    assert [sent.headers["if-match"] for sent in written] == ['W/"a,b"'] * 2


def test_a_304_or_412_that_nobody_asked_for_is_no_success(server: Server, onslip: Onslip) -> None:
    server.says(304)
    got = onslip.get(TILL, 30)
    server.says(412)
    written = onslip.patch(TILL, {}, 30)
    assert isinstance(got, Answer)
    assert isinstance(written, Answer)
    assert (got.outcome, written.outcome) == (Outcome.DENIED, Outcome.REFUSED)


def test_an_etag_that_could_not_be_sent_back_is_none(server: Server, onslip: Onslip) -> None:
    odd = httpx.Response(200, content=b"{}", headers=[(b"ETag", b'"\xfc"')])
    server.answers.append(odd)
    assert onslip.get(TILL, 30) == Found({}, "")
    server.answers.append(httpx.Response(204, headers=[(b"ETag", b'"\ta"')]))
    assert onslip.get(TILL, 30) == Found(None, "")


@pytest.mark.parametrize("etag", ['"a"\r\nX: y', '"ü"'])
def test_an_etag_that_no_header_can_hold_is_not_sent(server: Server, onslip: Onslip, etag: str) -> None:
    with pytest.raises(ValueError, match="ETag"):
        onslip.get(TILL, 30, etag=etag)
    assert server.asked == []


# -- what answers mean ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "outcome", "words"),
    [
        (400, {"message": "Bad price", "code": "invalid"}, Outcome.REFUSED, "Bad price (invalid)"),
        (404, {"message": "No such till"}, Outcome.REFUSED, "No such till"),
        (404, b"<html>nginx</html>", Outcome.BUSY, "check the url"),
        (403, {"code": "missing-permission"}, Outcome.DENIED, "missing-permission"),
        (401, {"message": "no"}, Outcome.DENIED, "no"),
        (429, {"message": "slowly"}, Outcome.BUSY, "slowly"),
        (503, b"down for maintenance", Outcome.BUSY, "down for maintenance"),
        (500, {"message": "oops"}, Outcome.UNKNOWN, "oops"),
        (502, b"<html>", Outcome.UNKNOWN, "502"),
        (302, None, Outcome.DENIED, "never followed"),
        (200, b"<html>log in</html>", Outcome.UNKNOWN, "no JSON"),
        (200, b'{"id": 7', Outcome.UNKNOWN, "no JSON"),
        (400, {"message": f"your key {SHOWN} of {KEY.id} is bad"}, Outcome.REFUSED, "your key [secret]"),
        (400, [1], Outcome.REFUSED, "[1]"),
        (400, {"message": 7, "code": None}, Outcome.REFUSED, "7"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_an_answer_means(
    server: Server, onslip: Onslip, *, method: str, status: int, body: Any, outcome: Outcome, words: str
) -> None:
    server.says(status, body)
    answer = onslip.get(TILL, 30) if method == "GET" else onslip.post(TILLS, {"name": "door"}, 30)
    assert isinstance(answer, Answer)
    assert (answer.outcome, answer.status) == (outcome, status)
    assert words in answer.words
    assert SHOWN not in answer.words
    assert KEY.id not in answer.words
    assert len(server.asked) == 1


def test_how_long_to_wait_is_passed_on(server: Server, onslip: Onslip) -> None:
    server.says(429, {"message": "slowly"}, Retry_After="7")
    answer = onslip.post(TILLS, {}, 30)
    assert isinstance(answer, Answer)
    assert answer.retry_after_ms == 7000


def test_an_answer_without_end_is_not_read_to_its_end(server: Server, onslip: Onslip) -> None:
    server.says(200, b"[" + b"0," * 200_000 + b"0]")
    answer = onslip.post(TILLS, {}, 30)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNKNOWN
    assert "longer than" in answer.words


# -- lists ---------------------------------------------------------------------------------------------


def paged(server: Server, entities: list[Any], **headers: str) -> None:
    """Answer as a list of *entities* does, whatever part of it is asked for."""

    def page(request: httpx.Request) -> httpx.Response:
        server.answers.append(page)
        asked = dict(each.split("=") for each in request.url.query.decode().split(";"))
        start, count = int(asked["o"]), int(asked["c"])
        return httpx.Response(200, json=entities[start : start + count], headers=headers)

    server.answers.append(page)


@pytest.mark.parametrize(("size", "requests"), [(0, 1), (1, 1), (3, 1), (4, 2), (6, 2), (7, 3)])
def test_a_list_is_read_to_its_end(server: Server, onslip: Onslip, size: int, requests: int) -> None:
    paged(server, list(range(size)), **{"X-Total-Count": str(size)})
    assert onslip.list(TILLS, 30, page=3) == Listed(tuple(range(size)))
    assert len(server.asked) == requests


def test_without_a_count_an_empty_page_is_the_end(server: Server, onslip: Onslip) -> None:
    paged(server, [1, 2, 3, 4])
    assert onslip.list(TILLS, 30, page=3) == Listed((1, 2, 3, 4))
    assert [sent.url.query for sent in server.asked] == [b"o=0;c=3", b"o=3;c=3", b"o=4;c=3"]


def test_an_empty_page_is_the_end_whatever_the_count_says(server: Server, onslip: Onslip) -> None:
    paged(server, [1, 2], **{"X-Total-Count": "9"})
    assert onslip.list(TILLS, 30, page=2) == Listed((1, 2))


@pytest.mark.parametrize("headers", [{}, {"X-Total-Count": "21"}])
def test_a_list_without_end_is_given_up(server: Server, onslip: Onslip, headers: dict[str, str]) -> None:
    paged(server, list(range(10**4)), **headers)
    answer = onslip.list(TILLS, 30, page=3, most=20)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.REFUSED
    assert len(server.asked) <= 7


def test_a_list_that_changes_meanwhile_is_read_anew(server: Server, onslip: Onslip) -> None:
    for page, total in (([1, 2], 4), ([3], 3), ([2, 3], 3), ([4], 3)):
        server.says(200, page, X_Total_Count=str(total))
    assert onslip.list(TILLS, 30, page=2) == Listed((2, 3, 4))


def test_a_list_that_never_rests_is_tried_later(server: Server, onslip: Onslip) -> None:
    for total in range(10, 30):
        server.says(200, [1, 2], X_Total_Count=str(total))
    answer = onslip.list(TILLS, 30, page=2)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.BUSY
    assert len(server.asked) == 6


def test_the_etag_of_a_list_is_told_only_if_one_answer_held_all_of_it(server: Server, onslip: Onslip) -> None:
    paged(server, [1, 2, 3], ETag='"x"', **{"X-Total-Count": "3"})
    assert onslip.list(TILLS, 30, page=3) == Listed((1, 2, 3), '"x"')
    assert onslip.list(TILLS, 30, page=2) == Listed((1, 2, 3))
    server.answers.clear()
    server.says(304)
    assert onslip.list(TILLS, 30, etag='"x"') == Unchanged()
    assert server.asked[-1].headers["if-none-match"] == '"x"'


def test_an_etag_is_never_asked_about_a_later_page(server: Server, onslip: Onslip) -> None:
    paged(server, [1, 2, 3], ETag='"y"', **{"X-Total-Count": "3"})
    assert onslip.list(TILLS, 30, page=2, etag='"x"') == Listed((1, 2, 3))
    assert [sent.headers.get("if-none-match") for sent in server.asked] == ['"x"', None]


def test_a_list_of_which_a_part_fails_is_none(server: Server, onslip: Onslip) -> None:
    server.says(200, [1, 2], X_Total_Count="4")
    server.says(500)
    answer = onslip.list(TILLS, 30, page=2)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNKNOWN


def test_what_is_no_list_is_none(server: Server, onslip: Onslip) -> None:
    server.says(200, {"id": 7})
    answer = onslip.list(TILLS, 30)
    assert isinstance(answer, Answer)
    assert "no list" in answer.words


@pytest.mark.parametrize("page", [0, 1001])
def test_a_page_has_bounds(onslip: Onslip, page: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        onslip.list(TILLS, 30, page=page)


def test_all_pages_share_one_time(server: Server, onslip: Onslip, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 1.0, 31.0])
    monkeypatch.setattr("terminal.backends.onslip.rest.monotonic", lambda: next(now))
    server.says(200, [1, 2], X_Total_Count="4")
    answer = onslip.list(TILLS, 30, page=2)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNSENT
    assert len(server.asked) == 1


def test_the_configuration_names_what_may_be_sent_to() -> None:
    for base in ("http://test.onslip360.com/v1/", "ftp://x/", "https://", "https://u:p@x/", "https://x/?a=b"):
        with pytest.raises(ValueError, match=r"https://"):
            client(Server(), base=base)
    assert checked_base("http://10.0.0.2/v1", allow_http=True) == "http://10.0.0.2/v1/"
    for base in ("https://[fd00::2]:8443/v1/", "https://onslip/", "https://an-onslip_2.example./v1/"):
        assert checked_base(base, allow_http=False) == base


def test_nothing_of_the_key_is_in_a_repr(onslip: Onslip) -> None:
    onslip.get(TILL, 30)
    for shown in (repr(onslip), repr(onslip._access), repr(read_credentials(CREDENTIAL))):
        assert SHOWN not in shown
        assert "\\x00\\x01" not in shown
