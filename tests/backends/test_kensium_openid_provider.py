"""OpenID Connect by a provider that is not ours, over sockets: it says what it gave, and what that opened."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from terminal.backends import bearer
from terminal.backends.kensium.documents import Documents
from terminal.backends.kensium.graphql import Found, GraphQL
from terminal.backends.kensium.options import KensiumOptions
from terminal.core.delivery import Answer, Outcome
from tests.backends.kensium_making import Clock
from tests.support.openid import BOTH, Provider, Providers
from tests.support.tls import certified

HEALTH = Documents().environment()
ID, SECRET = "kiosk-one", "s3cret+/=%&word:~"
POST, BASIC = BOTH
Connect = Callable[..., GraphQL]


@pytest.fixture(scope="module")
def providers() -> Iterator[Providers]:
    with Providers() as providers:
        yield providers


@pytest.fixture
def provider(providers: Providers) -> Provider:
    """One that knows us."""
    providers.know(ID, SECRET, scope="pos")
    return providers.open()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Return a client of a provider, with ``credential`` and options if wanted."""
    made: list[GraphQL] = []

    def connect(url: str, credential: Callable[[], str] = lambda: held(SECRET), **options: Any) -> GraphQL:
        told = msgspec.convert({"url": url, "scope": "pos", **options}, KensiumOptions)
        made.append(GraphQL(told, agent="terminald/test", credential=credential))
        return made[-1]

    yield connect
    for each in made:
        each.close()


def held(secret: str) -> str:
    return json.dumps({"client_id": ID, "client_secret": secret})


def denied(graphql: GraphQL) -> str:
    answer = graphql.ask(HEALTH, 30)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.DENIED
    assert SECRET not in answer.words
    return answer.words


# -- in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [POST, BASIC])
@pytest.mark.parametrize("auth", ["discovered", "told"])
def test_what_discovery_tells_gets_a_token_that_opens(
    providers: Providers, connect: Connect, method: str, auth: str
) -> None:
    providers.know(ID, SECRET, method)
    # A provider that takes both does not take both of each client: then it is the operator who says it.
    provider = providers.open((method,) if auth == "discovered" else BOTH)
    told = "body" if method == POST else "basic"
    graphql = connect(provider.issuer, client_auth=auth if auth == "discovered" else told)
    assert [graphql.ask(HEALTH, 30) for _ in range(3)] == [Found(None)] * 3
    assert provider.counts() == {"discoveries": 1, "tokens": 1, "errors": [], "calls": 3, "closed": 0}


def test_it_is_read_over_tls_too(providers: Providers, connect: Connect, tmp_path: Path) -> None:
    providers.know(ID, SECRET)
    certificate = certified(tmp_path)[1]
    tls = {"key": str(tmp_path / "key.pem"), "certificate": str(certificate)}
    provider = providers.open(tls=tls)
    graphql = connect(provider.issuer, ca_file=str(certificate))
    assert graphql.ask(HEALTH, 30) == Found(None)
    # A provider behind a proxy that it does not know of: it tells addresses without TLS.
    bare = providers.open(tls=tls, bare=True)
    trusting = ssl.create_default_context(cafile=certificate)
    told = httpx.get(f"{bare.issuer}/.well-known/openid-configuration", verify=trusting).json()
    assert told["issuer"].startswith("https://")
    assert told["token_endpoint"].startswith("http://")
    words = denied(connect(bare.issuer, ca_file=str(certificate)))
    assert "the token endpoint that the server tells is elsewhere" in words
    assert bare.counts()["tokens"] == 0


# -- how long ------------------------------------------------------------------------------------------


def test_a_token_is_renewed_before_it_ends(
    provider: Provider, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(bearer, "time", clock)
    graphql = connect(provider.issuer)
    begun = clock.now
    for passed, tokens in ((0, 1), (535, 1), (545, 2)):  # of 600, less the minute that is left for the way
        clock.now = begun + passed
        assert graphql.ask(HEALTH, 2000) == Found(None)
        assert provider.counts()["tokens"] == tokens
    assert provider.counts()["closed"] == 0


def test_a_token_that_ended_by_the_providers_clock_is_renewed_once(
    providers: Providers, provider: Provider, connect: Connect
) -> None:
    graphql = connect(provider.issuer)
    assert graphql.ask(HEALTH, 30) == Found(None)
    providers.order("later", s=700)
    try:
        assert [graphql.ask(HEALTH, 30) for _ in range(2)] == [Found(None)] * 2
    finally:
        providers.order("later", s=0)
    assert provider.counts() == {"discoveries": 1, "tokens": 2, "errors": [], "calls": 3, "closed": 1}


def test_a_provider_that_began_anew_with_other_keys_gives_a_new_token(
    provider: Provider, connect: Connect
) -> None:
    graphql = connect(provider.issuer)
    assert graphql.ask(HEALTH, 30) == Found(None)
    provider.restart()
    assert [graphql.ask(HEALTH, 30) for _ in range(2)] == [Found(None)] * 2
    assert provider.counts() == {"discoveries": 0, "tokens": 1, "errors": [], "calls": 2, "closed": 1}


# -- not in --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [POST, BASIC])
def test_another_secret_is_denied(providers: Providers, connect: Connect, method: str) -> None:
    providers.know(ID, SECRET, method)
    provider = providers.open((method,))
    words = denied(connect(provider.issuer, lambda: held("an0ther-s3cret")))
    assert "invalid_client" in words
    assert "an0ther-s3cret" not in words
    assert (provider.counts()["tokens"], provider.counts()["errors"]) == (0, ["invalid_client"])


def test_a_client_that_was_revoked_is_denied_until_it_is_known_again(
    providers: Providers, provider: Provider, connect: Connect
) -> None:
    secret = [SECRET]
    graphql = connect(provider.issuer, lambda: held(secret[0]))
    assert graphql.ask(HEALTH, 30) == Found(None)
    assert providers.order("revoke", id=ID)["revoked"]
    provider.restart()  # and what it gave out counts no more
    assert "invalid_client" in denied(graphql)
    providers.know(ID, "a-new-0ne", scope="pos")
    assert "invalid_client" in denied(graphql)
    secret[0] = "a-new-0ne"
    assert graphql.ask(HEALTH, 30) == Found(None)
    assert provider.counts()["tokens"] == 1


def test_a_scope_that_is_not_for_us_is_denied(provider: Provider, connect: Connect) -> None:
    assert "invalid_scope" in denied(connect(provider.issuer, scope="pos office"))
    assert provider.counts()["tokens"] == 0


@pytest.mark.parametrize("scope", ["", "nobody-knows-this"])
def test_a_token_without_the_scope_opens_nothing(provider: Provider, connect: Connect, scope: str) -> None:
    denied(connect(provider.issuer, scope=scope))
    counts = provider.counts()
    assert (counts["tokens"], counts["calls"], counts["closed"]) == (1, 0, 1)


# -- a provider that sends us elsewhere ----------------------------------------------------------------


def test_another_issuer_gets_no_secret(providers: Providers, connect: Connect) -> None:
    providers.know(ID, SECRET)
    provider = providers.open(issuer="https://elsewhere.example")
    words = denied(connect(f"http://127.0.0.1:{provider.port}"))
    assert f"the issuer that http://127.0.0.1:{provider.port} tells is another" in words
    assert "https://elsewhere.example" in words
    assert provider.counts() == {"discoveries": 1, "tokens": 0, "errors": [], "calls": 0, "closed": 0}


@pytest.mark.parametrize(
    "headers",
    [{"x-forwarded-host": "elsewhere.example"}, {"x-forwarded-proto": "ftp"}, {"host": "127.0.0.1"}],
)
def test_an_endpoint_elsewhere_gets_no_secret(
    providers: Providers, connect: Connect, headers: dict[str, str]
) -> None:
    providers.know(ID, SECRET)
    provider = providers.open(headers=headers)
    words = denied(connect(provider.issuer))
    assert "the token endpoint that the server tells is elsewhere" in words
    assert (provider.counts()["discoveries"], provider.counts()["tokens"]) == (1, 0)
