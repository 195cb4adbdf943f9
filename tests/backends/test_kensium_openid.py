"""OpenID Connect: where tokens are given out is told by the server itself, and by nobody else."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from terminal.backends import bearer
from terminal.backends.kensium import openid as kensium_openid
from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.graphql import Found
from terminal.core.delivery import Answer, Outcome
from tests.backends.kensium_making import (
    BASE,
    CLIENT_ID,
    CLIENT_SECRET,
    CONFIGURATION,
    CREDENTIALS,
    Clock,
    Tenant,
    client,
)

HEALTH = Documents().environment()
TOKEN, DISCOVERY, GRAPHQL = "/connect/token", "/.well-known/openid-configuration", "/api/graphql"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(kensium_openid, "time", clock)
    monkeypatch.setattr(bearer, "time", clock)
    return clock


def ask(tenant: Tenant, **changes: Any) -> Found | Answer:
    return client(tenant, **changes).ask(HEALTH, 30)


def refused(tenant: Tenant, **changes: Any) -> Answer:
    answer = ask(tenant, **changes)
    assert isinstance(answer, Answer)
    for secret in (CLIENT_SECRET, CLIENT_ID):
        assert secret not in answer.words
    return answer


def test_where_tokens_are_is_asked_once_and_one_token_serves_many_calls() -> None:
    tenant = Tenant()
    graphql = client(tenant)
    assert tenant.asked == [], "nothing is fetched before it is needed"
    assert [graphql.ask(HEALTH, 30) for _ in range(3)] == [Found(None)] * 3
    assert tenant.paths() == [DISCOVERY, TOKEN, GRAPHQL, GRAPHQL, GRAPHQL]


def test_the_client_says_who_it_is_in_the_body() -> None:
    tenant = Tenant()
    ask(tenant)
    sent = parse_qs(tenant.asked[1][1], strict_parsing=True)
    assert sent == {
        "grant_type": ["client_credentials"],
        "client_id": [CLIENT_ID],
        "client_secret": [CLIENT_SECRET],
    }
    assert tenant.headers[1]["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in tenant.headers[1]


@pytest.mark.parametrize(
    ("methods", "client_auth", "basic"),
    [
        (["client_secret_basic"], "discovered", True),
        (None, "discovered", True),
        (["client_secret_basic", "client_secret_post"], "discovered", False),
        (["client_secret_post"], "basic", True),
        (["client_secret_basic"], "body", False),
    ],
)
def test_or_in_a_header_as_the_server_or_the_operator_says(
    methods: list[str] | None, client_auth: str, *, basic: bool
) -> None:
    tenant = Tenant(configuration=CONFIGURATION | {"token_endpoint_auth_methods_supported": methods})
    assert ask(tenant, client_auth=client_auth) == Found(None)
    sent = parse_qs(tenant.asked[1][1])
    assert ("client_secret" in sent) is not basic
    if basic:
        kind, _, pair = tenant.headers[1]["authorization"].partition(" ")
        assert kind == "Basic"
        assert base64.b64decode(pair) == b"kiosk-one:s3cret%2B%2F%3D%25%26word"


def test_a_scope_is_asked_for_only_where_one_is_set() -> None:
    tenant = Tenant()
    ask(tenant, scope="pos store")
    assert parse_qs(tenant.asked[1][1])["scope"] == ["pos store"]


@pytest.mark.parametrize("client_auth", ["discovered", "basic"])
def test_a_server_that_tells_nothing_is_asked_at_the_path_of_its_platform(client_auth: str) -> None:
    tenant = Tenant(configuration=None)
    changes = {"token_path": "/oauth/token", "client_auth": client_auth}
    assert ask(tenant, **changes) == Found(None)
    assert tenant.paths() == [DISCOVERY, "/oauth/token", GRAPHQL]
    assert ("authorization" in tenant.headers[1]) is (client_auth == "basic")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"issuer": "https://other.example.com/store1"}, "issuer"),
        ({"issuer": "https://pos.example.com"}, "issuer"),
        ({"issuer": "http://pos.example.com/store1"}, "issuer"),
        ({"issuer": None}, "issuer"),
        ({"issuer": [BASE]}, "issuer"),
        ({"token_endpoint": "https://other.example.com/connect/token"}, "elsewhere"),
        ({"token_endpoint": "http://pos.example.com/connect/token"}, "elsewhere"),
        ({"token_endpoint": "https://pos.example.com:8443/connect/token"}, "elsewhere"),
        ({"token_endpoint": "https://pos.example.com.evil.example/token"}, "elsewhere"),
        ({"token_endpoint": "https://pos.example.com@evil.example/token"}, "elsewhere"),
        ({"token_endpoint": "https://pos.example.com/to ken"}, "elsewhere"),
        ({"token_endpoint": "/connect/token"}, "elsewhere"),
        ({"token_endpoint": None}, "elsewhere"),
        ({"token_endpoint": 7}, "elsewhere"),
        ({"grant_types_supported": ["authorization_code"]}, "client credentials flow"),
    ],
)
def test_who_tells_of_somebody_else_gets_no_secret(change: dict[str, Any], words: str) -> None:
    tenant = Tenant(configuration=CONFIGURATION | change)
    answer = refused(tenant)
    assert answer.outcome is Outcome.DENIED
    assert words in answer.words
    assert tenant.paths() == [DISCOVERY]


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b"<html>welcome</html>", Outcome.UNSENT),
        (200, b"[]", Outcome.UNSENT),
        (200, b'{"issuer"', Outcome.UNSENT),
        (302, b"", Outcome.DENIED),
        (401, b"", Outcome.DENIED),
        (500, b"", Outcome.UNSENT),
        (503, b"", Outcome.BUSY),
    ],
)
def test_what_is_no_configuration_sends_nothing_and_is_asked_for_again(
    status: int, body: bytes, outcome: Outcome
) -> None:
    told = [httpx.Response(status, content=body, headers={"location": "https://other.example.com/"})]
    tenant = Tenant()

    def network(request: httpx.Request) -> httpx.Response:
        if told and request.url.path.endswith(DISCOVERY):
            return told.pop()
        return tenant(request)

    graphql = client(network)
    answer = graphql.ask(HEALTH, 30)
    assert isinstance(answer, Answer)
    assert answer.outcome is outcome
    assert "no access token" in answer.words
    assert tenant.asked == []
    assert graphql.ask(HEALTH, 30) == Found(None)


def test_an_endpoint_that_went_away_is_looked_for_again() -> None:
    tenant = Tenant()
    tenant.token_answer = lambda: httpx.Response(404)
    graphql = client(tenant)
    answer = graphql.ask(HEALTH, 30)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.DENIED
    tenant.token_answer = None
    tenant.configuration = CONFIGURATION | {"token_endpoint": f"{BASE}/connect/v2/token"}
    assert graphql.ask(HEALTH, 30) == Found(None)
    assert tenant.paths() == [DISCOVERY, TOKEN, DISCOVERY, "/connect/v2/token", GRAPHQL]


@pytest.mark.parametrize(
    ("expires_in", "good_s", "over_s"),
    [(3600, 3530, 3545), (30, 26, 28), (None, 3530, 3545), ("1", 3530, 3545)],
)
def test_a_token_is_renewed_before_it_ends(clock: Clock, expires_in: Any, good_s: int, over_s: int) -> None:
    tenant = Tenant(expires_in=expires_in)
    graphql = client(tenant)
    for now, tokens in ((0, 1), (good_s, 1), (over_s, 2)):
        clock.now = 1000.0 + now
        assert graphql.ask(HEALTH, 30) == Found(None)
        assert tenant.tokens == tokens
    assert tenant.paths().count(DISCOVERY) == 1


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_token_that_does_not_count_any_more_is_renewed_once(status: int) -> None:
    tenant = Tenant()
    graphql = client(tenant)
    graphql.ask(HEALTH, 30)
    error = {"message": "x", "path": ["environment"], "extensions": {"code": "NOT_AUTHENTICATED"}}
    tenant.says(status, {"data": {"environment": None}, "errors": [error]})
    assert graphql.ask(HEALTH, 30) == Found(None)
    assert tenant.tokens == 2
    for _ in range(2):
        tenant.says(status, {"data": {"environment": None}, "errors": [error]})
    answer = graphql.ask(HEALTH, 30)
    assert isinstance(answer, Answer)
    assert (answer.outcome, tenant.tokens) == (Outcome.DENIED, 3)


def test_a_401_with_no_body_is_a_token_that_does_not_count() -> None:
    tenant = Tenant()
    graphql = client(tenant)
    graphql.ask(HEALTH, 30)
    tenant.tokens += 1
    assert graphql.ask(HEALTH, 30) == Found(None)
    assert len(tenant.operations()) == 3


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, {"error": "invalid_client", "error_description": "The client is unknown."}, Outcome.DENIED),
        (400, {"error": "invalid_scope"}, Outcome.DENIED),
        (401, {"error": "invalid_client"}, Outcome.DENIED),
        (301, None, Outcome.DENIED),
        (429, None, Outcome.BUSY),
        (500, None, Outcome.UNSENT),
        (200, None, Outcome.UNSENT),
        (200, "access_token=form&token_type=Bearer", Outcome.UNSENT),
        (200, "<html>", Outcome.UNSENT),
        (200, [], Outcome.UNSENT),
        (200, {"error": "invalid_client"}, Outcome.UNSENT),
        (200, {"token_type": "Bearer"}, Outcome.UNSENT),
        (200, {"access_token": "", "token_type": "Bearer"}, Outcome.UNSENT),
        (200, {"access_token": "two words", "token_type": "Bearer"}, Outcome.UNSENT),
        (200, {"access_token": 7, "token_type": "Bearer"}, Outcome.UNSENT),
        (200, {"access_token": "t", "token_type": "mac"}, Outcome.UNSENT),
        (200, {"access_token": "t"}, Outcome.UNSENT),
    ],
)
def test_no_token_means_that_nothing_was_sent(status: int, body: Any, outcome: Outcome) -> None:
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    tenant = Tenant(token_answer=lambda: httpx.Response(status, text=text))
    answer = refused(tenant)
    assert answer.outcome is outcome
    assert "no access token" in answer.words
    assert tenant.operations() == []
    if isinstance(body, dict) and "error_description" in body:
        assert "invalid_client: The client is unknown." in answer.words


@pytest.mark.parametrize(
    "told", [{"scope": "other"}, {"scope": ["a"]}, {"expires_in": "soon"}, {"expires_at": {}}]
)
def test_what_else_a_token_comes_with_does_no_harm(told: dict[str, Any]) -> None:
    granted = {"access_token": "opaque-token-0", "token_type": "bearer"} | told
    tenant = Tenant(token_answer=lambda: httpx.Response(200, json=granted))
    assert ask(tenant, scope="pos") == Found(None)


@pytest.mark.parametrize("text", ["", "secret", "{}", '{"client_id":"a"}', "[" * 100_000])
def test_what_is_no_credentials_is_a_sentence(text: str) -> None:
    tenant = Tenant()
    answer = refused(tenant, credential=lambda: text)
    assert answer.outcome is Outcome.DENIED
    assert "client_id" in answer.words
    assert tenant.asked == []


def test_credentials_that_were_replaced_are_taken_up_with_the_next_token() -> None:
    tenant, held = Tenant(), [CREDENTIALS]
    graphql = client(tenant, credential=lambda: held[0])
    graphql.ask(HEALTH, 30)
    held[0] = '{"client_id":"other","client_secret":"another-one"}'
    tenant.tokens += 1
    assert graphql.ask(HEALTH, 30) == Found(None)
    assert parse_qs(tenant.asked[-2][1])["client_id"] == ["other"]


def test_an_error_that_repeats_secrets_does_not_tell_them() -> None:
    gossip = {"error": "invalid_client", "error_description": f"{CLIENT_ID.upper()} has not {CLIENT_SECRET}"}
    answer = refused(Tenant(token_answer=lambda: httpx.Response(400, json=gossip)))
    assert answer.words == "no access token: invalid_client: [secret] has not [secret]"
    tenant = Tenant()
    tenant.says(400, {"errors": [{"message": "bad opaque-token-1", "extensions": {"code": "X"}}]})
    answer = refused(tenant)
    assert answer.words == "bad [secret] (X)"


def test_several_that_need_a_token_fetch_one() -> None:
    tenant, go_on, fetching = Tenant(), threading.Event(), threading.Event()

    def network(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(TOKEN):
            fetching.set()
            assert go_on.wait(30)
        return tenant(request)

    graphql = client(network)
    answers: list[Found | Answer] = []
    threads = [threading.Thread(target=lambda: answers.append(graphql.ask(HEALTH, 60))) for _ in range(6)]
    for thread in threads:
        thread.start()
    assert fetching.wait(30)
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert answers == [Found(None)] * 6
    assert (tenant.tokens, tenant.paths().count(DISCOVERY)) == (1, 1)


def test_no_time_sends_nothing_and_neither_does_one_that_is_closed() -> None:
    tenant = Tenant()
    graphql = client(tenant)
    for answer in (graphql.ask(HEALTH, 0), (graphql.close(), graphql.ask(HEALTH, 30))[1]):
        assert isinstance(answer, Answer)
        assert answer.outcome is Outcome.UNSENT
    assert tenant.asked == []
    assert repr(graphql) == f"GraphQL('{BASE}/api/graphql')"
