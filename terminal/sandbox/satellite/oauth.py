"""OAuth2 as FOSOAuthServerBundle has it: ``client_credentials``, tokens that expire, errors in its words.

(FriendsOfSymfony/oauth2-php, ``lib/OAuth2.php``; the words for a missing token are the bundle's entry point's.)
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from urllib.parse import parse_qsl

from terminal.httpd import Request, Response
from terminal.sandbox.satellite.rules import Answered, SatelliteRules, read_json
from terminal.sandbox.satellite.store import Client, SatelliteStore

_BEARER = re.compile(r"Bearer\s+(\S+)")
_FORM = "application/x-www-form-urlencoded"
_OTHER_GRANTS = ("password", "refresh_token", "authorization_code")


class Gate:
    """Gives out tokens, and looks at them.

    Args:
        store: What is remembered.
        rules: How it behaves now.
        now_ms: The wall clock, in milliseconds.
        secret: Makes what nobody can guess.
    """

    def __init__(
        self,
        store: SatelliteStore,
        rules: Callable[[], SatelliteRules],
        now_ms: Callable[[], int],
        secret: Callable[[], str],
    ) -> None:
        self._store = store
        self._rules = rules
        self._now_ms = now_ms
        self._secret = secret

    def token(self, request: Request) -> Response:
        """Answer a request for a token.

        Raises:
            Answered: It gets none.
        """
        asked = _fields(request)
        grant = asked.get("grant_type")
        if not isinstance(grant, str) or not grant:
            raise _refused(400, "invalid_request", "Invalid grant_type parameter or parameter missing")
        client = self._client(asked.get("client_id"), asked.get("client_secret"))
        if grant in _OTHER_GRANTS:
            words = "The grant type is unauthorized for this client_id"
            raise _refused(400, "unauthorized_client", words)
        if grant != "client_credentials":
            raise _refused(400, "invalid_request", "Invalid grant_type parameter or parameter missing")
        token, life_s, now = self._secret(), self._rules().token_s, self._now_ms()
        self._store.add_token(token, client.id, now, now + life_s * 1000)
        body = {"access_token": token, "expires_in": life_s, "token_type": "bearer", "scope": None}
        return Response.json(body, headers={"Cache-Control": "no-store"})

    def _client(self, id_: object, secret: object) -> Client:
        client = self._store.client(id_) if isinstance(id_, str) else None
        given = secret.encode() if isinstance(secret, str) else b""
        if client is None or not hmac.compare_digest(client.secret.encode(), given):
            status = self._rules().client_status
            raise _refused(status, "invalid_client", "The client credentials are invalid")
        return client

    def passed(self, request: Request) -> Client:
        """Return who asks.

        Raises:
            Answered: 401: nobody who may.
        """
        bearer = _BEARER.fullmatch(request.headers.get("authorization", ""))
        if bearer is None:
            raise _unauthenticated("access_denied", "OAuth2 authentication required")
        found = self._store.token(bearer[1])
        if found is None:
            raise _unauthenticated("invalid_grant", "The access token provided is invalid.")
        client, expires_ms = found
        if expires_ms <= self._now_ms():
            raise _unauthenticated("invalid_grant", "The access token provided has expired.")
        return client


def _fields(request: Request) -> dict[str, object]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _FORM:
        return dict(parse_qsl(request.body.decode("latin-1"), keep_blank_values=True))
    body = read_json(request)
    return body if isinstance(body, dict) else {}


def _refused(status: int, error: str, words: str) -> Answered:
    headers = {"Cache-Control": "no-store"}
    return Answered(Response.json({"error": error, "error_description": words}, status, headers))


def _unauthenticated(error: str, words: str) -> Answered:
    challenge = f'Bearer realm="Service", error="{error}", error_description="{words}"'
    body = {"error": error, "error_description": words}
    return Answered(Response.json(body, 401, {"WWW-Authenticate": challenge}))
