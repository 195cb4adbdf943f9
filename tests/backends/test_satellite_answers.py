"""What each answer of Satellite's server means, and what may come instead of one."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.protocol import DelegateReply, TerminalInfo
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import replace
from tests.backends import satellite_calls
from tests.backends.making import UID
from tests.backends.satellite_calls import CHECK_IN, SALE
from tests.backends.satellite_making import CODE, NOON, STAFF, Server, adapter, checked_in, published_sale, sold

server = satellite_calls.server

old = satellite_calls.old


# -- what an answer means ------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["sale", "check-in"])
@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, Outcome.DELIVERED) for status in (200, 201, 202, 204)),
        *((status, Outcome.REFUSED) for status in (400, 402, 404, 405, 409, 410, 413, 415, 422)),
        *((status, Outcome.DENIED) for status in (401, 403, 301, 302, 307, 308)),
        *((status, Outcome.BUSY) for status in (429, 503)),
        *((status, Outcome.UNKNOWN) for status in (500, 501, 502, 504, 599)),
    ],
)
def test_each_status_is_read_as_what_it_proves(
    server: Server, call: str, status: int, outcome: Outcome
) -> None:
    server.says(SALE if call == "sale" else CHECK_IN, status, {"code": 1503, "message": "Because."})
    answer = adapter(server).deliver(sold(published_sale("")) if call == "sale" else checked_in(), 1)
    assert (answer.outcome, answer.status) == (outcome, status)
    assert status // 100 == 3 or "Because." in answer.words


@pytest.mark.parametrize(
    "body", [None, {"id": 1}, [], "ok", b"<?xml version='1.0'?><result/>", b"created", b"[" * 100_000]
)
def test_any_2xx_is_a_success_whatever_it_says(server: Server, body: Any) -> None:
    server.says(SALE, 200, body)
    answer = adapter(server).deliver(sold(), 1)
    assert answer.outcome is Outcome.DELIVERED
    assert len(answer.words) <= 500


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b" <html>Welcome</html>", "a web page"),
        (b"<!DOCTYPE HTML>", "a web page"),
        (b"\xff\xfe", "no text"),
        (b"\0ok", "no text"),
    ],
)
def test_nonsense_is_sent_again_and_then_is_a_persons_affair(server: Server, body: bytes, words: str) -> None:
    server.says(SALE, 200, body)
    backend = adapter(server)
    first = backend.deliver(sold(), 1)
    again = [backend.deliver(replace(sold(), in_doubt=True), 1) for _ in range(4)]
    assert words in first.words
    outcomes = [answer.outcome for answer in (first, *again)]
    assert outcomes == [Outcome.UNKNOWN] * 4 + [Outcome.REFUSED]
    assert "to send it again does no harm" in again[-1].words
    # A person has sent it again: the same patience once more.
    assert backend.deliver(replace(sold(), in_doubt=True), 1).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "body", "known"),
    [
        (409, None, True),
        (409, {"message": "No."}, True),
        (400, {"code": 400, "message": f"{CODE} already exists."}, True),
        (422, {"message": "This purchase code has already been used"}, True),
        (400, {"error": "Duplicate purchase code"}, True),
        (
            400,
            {"code": 400, "message": "Validation Failed", "errors": {"code": ["This is already used."]}},
            True,
        ),
        (
            400,
            {"errors": {"children": {"code": {"errors": ["This value is already used."]}}}},
            True,
        ),
        (500, {"message": f"Duplicate code {CODE}"}, True),
        (400, {"message": "Error code 17: the event is already closed"}, False),
        (400, {"message": f"Sale {CODE}: the event is already closed"}, False),
        (400, {"code": 400, "message": "Validation Failed", "errors": {"items": ["already sold"]}}, False),
        (422, {"message": "The code must have 13 characters."}, False),
    ],
)
def test_a_code_that_the_server_knows_is_ours_only_if_we_may_have_sent_it(
    server: Server, status: int, body: Any, *, known: bool
) -> None:
    server.says(SALE, status, body)
    backend, fresh = adapter(server), sold()
    doubted = replace(fresh, in_doubt=True, first_attempted=NOON, attempts=1)
    said = list(body.values())[-1] if body else "409 Conflict"
    first, again = backend.deliver(fresh, 1), backend.deliver(doubted, 1)
    assert first.outcome is Outcome.REFUSED
    assert again.outcome is (Outcome.DELIVERED if known else Outcome.REFUSED)
    assert again.words.startswith("recorded before: ") is known
    assert first.words in again.words
    assert not isinstance(said, str) or said in first.words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"code": 1301, "message": "No such type"}, "1301: No such type"),
        ({"error": "invalid_x", "error_description": "It is wrong."}, "invalid_x: It is wrong."),
        ({"error": {"code": 7, "message": "Inner"}}, "7: Inner"),
        ({"message": "M", "errors": {"items": ["bad"]}}, 'M: {"items":["bad"]}'),
        ({"strange": True}, '{"strange": true}'),
        (["a", 1], '["a", 1]'),
        (b"plain\x1b[31m words", "plain [31m words"),
        (b"<html>", "the server answered 400 Bad Request"),
        ({"code": True, "message": 7}, '{"code": true, "message": 7}'),
    ],
)
def test_the_servers_own_words_are_kept(server: Server, body: Any, words: str) -> None:
    server.says(SALE, 400, body)
    assert adapter(server).deliver(sold(), 1) == Answer(Outcome.REFUSED, words, 400)


def test_busy_says_when(server: Server) -> None:
    server.says(SALE, 503, None, Retry_After="7")
    assert adapter(server).deliver(sold(), 1).retry_after_ms == 7000


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (httpx.ConnectError("x"), Outcome.UNSENT),
        (httpx.ConnectTimeout("x"), Outcome.UNSENT),
        (httpx.ReadTimeout("x"), Outcome.UNKNOWN),
        (httpx.RemoteProtocolError("x"), Outcome.UNKNOWN),
        (ConnectionResetError(104, "reset"), Outcome.UNKNOWN),
    ],
)
def test_what_breaks_on_the_way_is_read_as_what_it_proves(
    server: Server, error: Exception, outcome: Outcome
) -> None:
    server.breaks(SALE, error)
    assert adapter(server).deliver(sold(), 1).outcome is outcome


# -- whatever comes ------------------------------------------------------------------------------------


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["id", "code", "message", "error", "errors", "meta", "links", "next", "total", "data", "devices",
             "name", "price", "_type", "access_token", "expires_in", "error_description"]
        ) | st.text(max_size=5),
        inner,
        max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip

_body = st.binary(max_size=200) | _json.map(msgspec.json.encode)


@given(status=st.integers(200, 599), body=_body, token=st.none() | _body, sure=st.booleans())
def test_no_answer_raises_and_none_is_endless(
    status: int, body: bytes, token: bytes | None, *, sure: bool
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            granted = b'{"access_token": "tok-123456", "expires_in": 60}' if token is None else token
            return httpx.Response(200 if sure else status, content=granted)
        return httpx.Response(status, content=body)

    for generation in ("old", "v5"):
        backend = adapter(answer, generation=generation, price_field="data.price", ping_field="data.next")
        for each in (sold(), sold(published_sale(STAFF), in_doubt=True), checked_in()):
            answered = backend.deliver(each, 5)
            assert isinstance(answered, Answer)
            assert len(answered.words) < 1500
            assert answered.words.isprintable()
        assert isinstance(backend.delegate(UID, 5), DelegateReply)
        assert isinstance(backend.terminal(5), TerminalInfo | Answer)
        assert isinstance(backend.ping(5), float | Answer | None)
