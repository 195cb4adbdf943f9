"""Access tokens: fetched once, renewed in time and upon 401, and never told to anybody."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from terminal.backends import bearer
from terminal.backends.bearer import Credentials, read_credentials
from terminal.backends.satellite import access as satellite_access
from terminal.backends.satellite import adapter as satellite
from terminal.core.delivery import Answer, Outcome
from terminal.core.events import WalletAnswer
from terminal.settings.secrets import FileSecret
from tests.backends.making import UID
from tests.backends.satellite_making import (
    CLIENT_ID,
    CLIENT_SECRET,
    CREDENTIALS,
    STAFF,
    Server,
    adapter,
    checked_in,
    published_sale,
    sold,
)

SALE = "POST /tx/new"
PLAIN = sold(published_sale(""))


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.says(SALE, 200, {"id": 1})
    yield server
    assert server.wrong == []


class Clock:
    """What the adapter reads for time, turned by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(satellite_access, "time", clock)
    monkeypatch.setattr(bearer, "time", clock)
    monkeypatch.setattr(satellite, "time", clock)
    return clock


def test_one_token_serves_many_calls(server: Server) -> None:
    backend = adapter(server)
    assert server.tokens == 0, "nothing is fetched before it is needed"
    assert [backend.deliver(PLAIN, 1).outcome for _ in range(3)] == [Outcome.DELIVERED] * 3
    assert server.tokens == 1


@pytest.mark.parametrize(
    ("expires_in", "good_s", "over_s"),
    [(3600, 3530, 3545), (30, 26, 28), (None, 3530, 3545), ("soon", 3530, 3545), (10**12, 86_300, 86_345)],
)
def test_a_token_is_renewed_before_it_ends(
    server: Server, clock: Clock, *, expires_in: Any, good_s: int, over_s: int
) -> None:
    server.expires_in = expires_in
    backend = adapter(server)
    for now, tokens in ((0, 1), (good_s, 1), (over_s, 2)):
        clock.now = 1000.0 + now
        assert backend.deliver(PLAIN, 1).outcome is Outcome.DELIVERED
        assert server.tokens == tokens


def test_a_token_that_the_server_does_not_take_any_more_is_renewed_once(server: Server) -> None:
    backend = adapter(server)
    backend.deliver(PLAIN, 1)
    server.tokens += 1  # the one in hand does not count any more
    assert backend.deliver(PLAIN, 1).outcome is Outcome.DELIVERED
    assert server.tokens == 3
    assert len(server.called(SALE)) == 2, "what was answered 401 was not done, and is sent again"


def test_a_server_that_takes_no_token_denies_this_terminal(server: Server) -> None:
    server.says(SALE, 401, {"error": "access_denied", "error_description": "OAuth2 authentication required"})
    answer = adapter(server).deliver(PLAIN, 1)
    assert answer.outcome is Outcome.DENIED
    assert "OAuth2 authentication required" in answer.words
    assert (server.tokens, len(server.called(SALE))) == (2, 2)


def test_a_renewal_that_fails_after_a_401_sent_nothing(server: Server) -> None:
    backend = adapter(server)
    backend.deliver(PLAIN, 1)
    server.tokens += 1

    def fail() -> httpx.Response:
        raise httpx.ReadTimeout("x")

    server.token_answer = fail
    assert backend.deliver(PLAIN, 1).outcome is Outcome.UNSENT


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (
            400,
            {"error": "invalid_client", "error_description": "The client credentials are invalid"},
            Outcome.DENIED,
        ),
        (401, {"error": "invalid_client"}, Outcome.DENIED),
        (400, {"error": "unauthorized_client"}, Outcome.DENIED),
        (403, None, Outcome.DENIED),
        (404, {"code": 404, "message": "Not Found"}, Outcome.DENIED),
        (301, None, Outcome.DENIED),
        (404, "not here", Outcome.BUSY),
        (429, None, Outcome.BUSY),
        (503, None, Outcome.BUSY),
        (500, None, Outcome.UNSENT),
        (502, "<html>", Outcome.UNSENT),
        (200, None, Outcome.UNSENT),
        (200, "<html>welcome</html>", Outcome.UNSENT),
        (200, {"access_token": ""}, Outcome.UNSENT),
        (200, {"access_token": "two words"}, Outcome.UNSENT),
        (200, {"access_token": "line\nbreak"}, Outcome.UNSENT),
        (200, {"access_token": 7}, Outcome.UNSENT),
        (200, [], Outcome.UNSENT),
    ],
)
def test_no_token_means_that_nothing_of_the_sale_was_sent(
    server: Server, status: int, body: Any, outcome: Outcome
) -> None:
    content = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    server.token_answer = lambda: httpx.Response(status, text=content)
    answer = adapter(server).deliver(PLAIN, 1)
    assert answer.outcome is outcome
    assert "no access token" in answer.words
    assert server.asked == []
    if isinstance(body, dict) and "error" in body:
        assert body["error"] in answer.words


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), ConnectionResetError(104, "reset")]
)
def test_a_token_that_is_lost_on_the_way_leaves_no_doubt(server: Server, error: Exception) -> None:
    def fail() -> httpx.Response:
        raise error

    server.token_answer = fail
    assert adapter(server).deliver(PLAIN, 1).outcome is Outcome.UNSENT
    assert adapter(server).delegate(UID, 1).answer is WalletAnswer.NO_ANSWER


def test_credentials_that_were_replaced_are_taken_up(server: Server) -> None:
    kept = ['{"client_id":"old","client_secret":"old"}']
    backend = adapter(server, credential=lambda: kept[0])
    server.token_answer = lambda: httpx.Response(400, json={"error": "invalid_client"})
    assert backend.deliver(PLAIN, 1).outcome is Outcome.DENIED
    server.wrong.clear()  # the old ones are what this server does not expect
    server.token_answer = None
    kept[0] = CREDENTIALS
    assert backend.deliver(PLAIN, 1).outcome is Outcome.DELIVERED


# -- several at once -----------------------------------------------------------------------------------


def test_many_that_need_a_token_fetch_one(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is held while it fetches, until all others have come to ask for a token, too."""
    go_on, asked = threading.Event(), threading.Semaphore(0)

    def slowly() -> httpx.Response:
        assert go_on.wait(30)
        return httpx.Response(200, json={"access_token": server.token, "expires_in": 3600})

    server.token_answer = slowly
    backend = adapter(server._answer)  # without the server's lock: several calls can be in it at once
    take = backend._access._bearer._take

    def counted(until: float) -> str | Answer:
        asked.release()
        return take(until)

    monkeypatch.setattr(backend._access._bearer, "_take", counted)
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(backend.deliver(PLAIN, 60))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert asked.acquire(timeout=30)
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert [answer.outcome for answer in answers] == [Outcome.DELIVERED] * 8
    assert server.tokens == 1


def test_two_that_are_answered_401_together_renew_once(server: Server) -> None:
    """Both have sent the token that does not count any more, before either may go on."""
    backend = adapter(server)
    backend.deliver(PLAIN, 1)
    server.tokens += 1
    stale, meet = f"Bearer {server.token[:-1]}1", threading.Barrier(2)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") == stale:
            meet.wait(30)
        return server(request)

    backend = adapter(answer)
    held = backend._access._bearer
    held._token, held._until = stale.removeprefix("Bearer "), time.monotonic() + 600
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(backend.deliver(PLAIN, 60))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [each.outcome for each in answers] == [Outcome.DELIVERED] * 2
    assert server.tokens == 3, "the first one, the one that was spoilt, and one renewal for both"


def test_who_waits_for_a_token_waits_no_longer_than_his_call(server: Server) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def never() -> httpx.Response:
        begun.set()
        assert go_on.wait(60)
        return httpx.Response(500)

    server.token_answer = never
    backend = adapter(server._answer)
    first = threading.Thread(target=backend.deliver, args=(PLAIN, 60))
    first.start()
    assert begun.wait(30)
    answer = backend.deliver(PLAIN, 0.05)
    go_on.set()
    first.join(60)
    assert answer == Answer(Outcome.UNSENT, "an access token was not fetched in time")


def test_close_ends_it(server: Server) -> None:
    backend = adapter(server)
    backend.close()
    answer = backend.deliver(PLAIN, 1)
    assert answer.outcome is Outcome.UNSENT
    assert "stopping" in answer.words


def test_no_time_sends_nothing(server: Server) -> None:
    for each in (PLAIN, checked_in(), sold(published_sale(STAFF))):
        assert adapter(server).deliver(each, 0).outcome is Outcome.UNSENT
    assert (server.asked, server.tokens) == ([], 0)


# -- secrets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "secret", "{}", '{"client_id":"a"}', '{"client_id":"","client_secret":"b"}', "[" * 100_000, "[1]"],
)
def test_what_is_no_credentials_is_a_sentence(server: Server, text: str) -> None:
    with pytest.raises(ValueError, match="in one line without spaces"):
        read_credentials(text)
    answer = adapter(server, credential=lambda: text).deliver(PLAIN, 1)
    assert answer.outcome is Outcome.DENIED
    assert "client_id" in answer.words
    assert "satellite discover" in answer.words
    assert server.tokens == 0


def test_the_file_of_a_secret_holds_what_is_written_for_it(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "tickets-login"
    backend = adapter(server, credential=FileSecret("tickets", file))
    assert "does not exist" in backend.deliver(PLAIN, 1).words
    file.write_text(Credentials(CLIENT_ID, CLIENT_SECRET).text() + "\n")
    file.chmod(0o600)
    assert backend.deliver(PLAIN, 1).outcome is Outcome.DELIVERED


def test_nothing_that_is_said_holds_a_secret_or_a_uid(
    server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A server that repeats all that it knows, in every answer."""

    def gossip(status: int, *uids: str) -> httpx.Response:
        told = [*uids, *(uid.lower() for uid in uids), CLIENT_ID, CLIENT_SECRET.upper()]
        told += server.given[-2:]  # the one that counts, and the one that did before it
        words = " ".join(told).replace("M", "\\u004d", 1)
        return httpx.Response(status, text=f'{{"message": "{words}", "errors": {{"code": ["{words}"]}}}}')

    tokens: set[str] = set()
    said: list[object] = [Credentials(CLIENT_ID, CLIENT_SECRET)]
    calls = {
        SALE: STAFF, "POST /interaction/new/check-in": UID, "GET /device/list": "", "POST /device/ping": "",
        f"GET /delegate/rfid:{UID}": UID, f"GET /delegate/rfid:{STAFF}": STAFF,
    }  # fmt: skip
    with caplog.at_level("DEBUG"):
        for status in (200, 400, 401, 403, 404, 409, 422, 500, 503):
            server.token_answer = None
            backend = adapter(server)
            server.answers = {
                call: lambda status=status, uid=uid: gossip(status, uid) for call, uid in calls.items()
            }
            said += [backend, backend._access, *_all(backend)]
            tokens.update(server.given)
            server.given.clear()
            server.token_answer = lambda status=status: gossip(status)
            said += _all(adapter(server))
    printed = capfd.readouterr()
    heard = (repr(said) + str(said) + caplog.text + printed.out + printed.err).lower()
    assert "…e5f6" in heard
    assert "[secret]" in heard
    assert len(server.asked) > 40
    assert len(tokens) > 10
    for secret in (UID, STAFF, CLIENT_ID, CLIENT_SECRET, *tokens):
        assert secret.lower() not in heard


def _all(backend: Any) -> list[object]:
    return [
        backend.deliver(sold(published_sale(STAFF)), 1),
        backend.deliver(sold(published_sale(STAFF), in_doubt=True), 1),
        backend.deliver(checked_in(), 1),
        backend.delegate(UID, 1),
        backend.terminal(1),
        backend.ping(1),
    ]
