"""The way to a tenant of Kensium POS: OpenID Connect, the client credentials flow, a token with each call.

    GET  {url}/.well-known/openid-configuration   -> {"issuer": …, "token_endpoint": …, …}
    POST {token_endpoint}  grant_type=client_credentials&…   -> {"access_token": …, "expires_in": 3600, …}

What OAuth2 says of the request and the answer is oauthlib's; the wire is ours: bounded, no redirects, one
deadline. A server that tells an issuer or an endpoint of somebody else gets no secret. Where it tells nothing
(404), the path of its platform is taken. (OpenID Connect Discovery 1.0, 4.3; RFC 6749, 2.3.1 and 4.4.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from terminal.backends.bearer import (
    Bearer,
    Credentials,
    Granted,
    is_word,
    life_s,
    never_sent,
    read_credentials,
)
from terminal.backends.http import Http, sentence
from terminal.backends.kensium.options import KensiumOptions
from terminal.backends.replies import Reply, judge, plain
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value

if TYPE_CHECKING:
    import httpx

LARGEST = 2_097_152
"""Bytes of an answer that are read: a page of items, or a type with all fields of a tenant, may be long."""

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_GRANT = "client_credentials"
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_TOLD = ("access_token", "token_type", "scope", "error", "error_description")
_HINT = ", from the tenant's page Security / OpenID Connect / Applications"


class Endpoint(Value, frozen=True):
    """Where tokens are given out, and how the client says who it is there."""

    url: str
    auth: Literal["body", "basic"]


class Access:
    """Sends calls to one tenant, each with an access token.

    Args:
        options: Where it is.
        agent: What this client calls itself.
        credential: Returns the client's id and secret as JSON; raises OSError or ValueError with a sentence. It
            is asked for each new token.
        spent: Whether an answer says that the token does not count (any more), and surely nothing was done.
        transport: Stands in for the network.
    """

    def __init__(
        self,
        options: KensiumOptions,
        *,
        agent: str,
        credential: Callable[[], str],
        spent: Callable[[Reply], bool],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._options = options
        self._credential = credential
        self._http = Http(
            options.base,
            credential=None,
            agent=agent,
            ca_file=options.ca_file,
            transport=transport,
            largest=LARGEST,
        )
        self._bearer = Bearer(self._fetch, spent)
        self._endpoint: Endpoint | None = None  # belongs to who fetches a token

    def __repr__(self) -> str:
        return f"Access({self._options.base!r})"

    def post(self, url: str, body: Mapping[str, Any], timeout_s: float) -> Reply | Answer:
        """Send *body* as JSON and return the reply, or what became of it, within *timeout_s* seconds.

        A token that the server does not take (any more) is renewed, once.
        """

        def exchange(authorization: str, left_s: float) -> Reply | Answer:
            return self._http.call("POST", url, left_s, json=body, headers={"Authorization": authorization})

        return self._bearer.send(exchange, time.monotonic() + timeout_s)

    def hide(self, text: str) -> str:
        """Return *text* without the secrets of this server."""
        return self._bearer.hide(text)

    def close(self) -> None:
        """Close every connection; a call under way ends at once as UNKNOWN, a later one is UNSENT."""
        self._http.close()

    # -- a token ---------------------------------------------------------------------------------------

    def _fetch(self, until: float) -> Granted | Answer:
        try:
            mine = read_credentials(self._credential(), _HINT)
        except (OSError, ValueError) as error:
            return Answer(Outcome.DENIED, f"no secret for this server: {sentence(error)}")
        self._bearer.conceal(mine.client_secret, mine.client_id)
        if self._endpoint is None:
            found = self._discover(until)
            if isinstance(found, Answer):
                return found
            self._endpoint = found
        left_s = until - time.monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to fetch an access token")
        body, headers = asked(mine, self._endpoint, self._options.scope)
        reply = self._http.call("POST", self._endpoint.url, left_s, content=body, headers=headers)
        if isinstance(reply, Answer):
            return Answer(Outcome.UNSENT, f"no access token: {reply.words}")
        if reply.status in _GONE:
            self._endpoint = None  # it may have moved: next time the server is asked anew
        return granted(reply, self._options.scope)

    def _discover(self, until: float) -> Endpoint | Answer:
        left_s = until - time.monotonic()
        if left_s <= 0:
            return Answer(Outcome.UNSENT, "no time was left to ask where access tokens are given out")
        reply = self._http.call("GET", self._options.discovery_url, left_s)
        if isinstance(reply, Answer):
            return Answer(Outcome.UNSENT, f"no access token: {reply.words}")
        return discovered(reply, self._options)


def discovered(reply: Reply, options: KensiumOptions) -> Endpoint | Answer:
    """Read what a server tells of itself; where it tells nothing, take what the options say."""
    if reply.status in _GONE:
        return Endpoint(options.token_url, "basic" if options.client_auth == "basic" else "body")
    if not reply.good:
        return never_sent(judge(reply, said(reply)))
    told = reply.json()
    if not isinstance(told, dict):
        words = f"{options.discovery_url} answered something that is no OpenID Connect configuration"
        return Answer(Outcome.UNSENT, f"no access token: {words}: check the url", reply.status)
    wrong = _unlike(told, options)
    if wrong:
        return Answer(Outcome.DENIED, f"no access token: {wrong}", reply.status)
    return Endpoint(told["token_endpoint"], _auth(told, options))


def asked(mine: Credentials, endpoint: Endpoint, scope: str) -> tuple[bytes, dict[str, str]]:
    """Return the body of the question for a token, and its headers."""
    from oauthlib.oauth2 import BackendApplicationClient  # noqa: PLC0415 - slow, and not before it is needed

    client = BackendApplicationClient(mine.client_id)
    wanted = scope or None
    if endpoint.auth == "body":
        body = client.prepare_request_body(
            include_client_id=True, client_secret=mine.client_secret, scope=wanted
        )
        return body.encode(), _FORM
    return client.prepare_request_body(scope=wanted).encode(), _FORM | {"Authorization": _basic(mine)}


def granted(reply: Reply, scope: str) -> Granted | Answer:
    """Read the answer to the question for a token."""
    if not reply.good:
        return never_sent(judge(reply, said(reply)))
    from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error  # noqa: PLC0415 - see ``asked``

    found = reply.json()
    told = found if isinstance(found, dict) else {}
    # Only texts reach the library, and never what is no JSON: it would read that as a form.
    texts = {name: told[name] for name in _TOLD if isinstance(told.get(name), str)}
    try:
        token = BackendApplicationClient("").parse_request_body_response(
            msgspec.json.encode(texts).decode(), scope=texts.get("scope", scope).split() or None
        )
    except OAuth2Error as error:
        return _none(plain(str(error.description or error.error)), reply)
    if not is_word(token.get("access_token")):
        return _none("the access token is no word of printable ASCII", reply)
    if str(token.get("token_type", "")).lower() != "bearer":
        return _none("its token_type is not Bearer", reply)
    return Granted(str(token["access_token"]), life_s(told.get("expires_in")))


def said(reply: Reply) -> str:
    """Return why the server gives no token, in its words (RFC 6749, 5.2)."""
    found = reply.json()
    if not isinstance(found, dict):
        return reply.words() if found is None else ""
    told = [plain(found[name]) for name in ("error", "error_description") if isinstance(found.get(name), str)]
    return ": ".join(each for each in told if each)


def _none(why: str, reply: Reply) -> Answer:
    return Answer(Outcome.UNSENT, f"no access token in the answer to the question for one: {why}", reply.status)


def _unlike(told: Mapping[str, Any], options: KensiumOptions) -> str:
    """Say what is wrong with a configuration; empty: it is that of the server that the secret is for."""
    issuer, endpoint = told.get("issuer"), told.get("token_endpoint")
    if not (isinstance(issuer, str) and issuer.rstrip("/") == options.base):
        other = plain(issuer) if isinstance(issuer, str) else "none"
        return f"the issuer that {options.base} tells is another ({other}): url must be the issuer's address"
    # The same place to the letter, so that no spelling of an address can lead elsewhere.
    if not (is_word(endpoint) and str(endpoint).startswith(_origin(options.base) + "/")):
        return "the token endpoint that the server tells is elsewhere: the secret is not sent there"
    grants = told.get("grant_types_supported")
    if isinstance(grants, list) and _GRANT not in grants:
        return "the server offers no client credentials flow: allow it on its OpenID Connect pages"
    return ""


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])


def _auth(told: Mapping[str, Any], options: KensiumOptions) -> Literal["body", "basic"]:
    if options.client_auth != "discovered":
        return options.client_auth
    ways = told.get("token_endpoint_auth_methods_supported")
    # Unsaid means Basic (Discovery 1.0, 3).
    return "body" if isinstance(ways, list) and "client_secret_post" in ways else "basic"


def _basic(mine: Credentials) -> str:
    from base64 import b64encode  # noqa: PLC0415 - for servers that want it so
    from urllib.parse import quote_plus  # noqa: PLC0415 - the same

    # Both are encoded as in a form first (RFC 6749, 2.3.1).
    pair = f"{quote_plus(mine.client_id)}:{quote_plus(mine.client_secret)}"
    return f"Basic {b64encode(pair.encode()).decode()}"
