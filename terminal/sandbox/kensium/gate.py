"""The OpenID provider of the Kensium server: a discovery document, and tokens for client credentials.

As OpenIddict answers them, which Orchard Core stands on: an application may use the one flow that it was
given, whatever scopes it asks for change nothing of what it may do, and no refresh token comes with this flow.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote_plus

from terminal.httpd import Problem, Request, Response
from terminal.sandbox.kensium.rules import KensiumRules
from terminal.sandbox.kensium.store import Application, KensiumStore
from terminal.sandbox.satellite.rules import ADDRESS, Answered

TOKEN_PATH = "/connect/token"
_BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_BASIC = re.compile(r"Basic +([A-Za-z0-9+/]+=*)", re.IGNORECASE)
_FORM = "application/x-www-form-urlencoded"
_OTHER_GRANTS = ("authorization_code", "password", "refresh_token", "implicit")
_SCOPES = ("openid", "profile", "email", "phone", "roles")


class KensiumGate:
    """Gives out tokens, and looks at them.

    Args:
        store: What is remembered.
        rules: How it behaves now.
        now_ms: The wall clock, in milliseconds.
        secret: Makes what nobody can guess.
        prefix: Where the tenant begins: its address without the host.
    """

    def __init__(
        self,
        store: KensiumStore,
        rules: Callable[[], KensiumRules],
        now_ms: Callable[[], int],
        secret: Callable[[], str],
        prefix: str,
    ) -> None:
        self._store = store
        self._rules = rules
        self._now_ms = now_ms
        self._secret = secret
        self._prefix = prefix

    def discovery(self, request: Request) -> Response:
        """Tell where tokens are to be had.

        Raises:
            Problem: There is no such document here, or the Host is none.
        """
        host = request.headers.get("host", "")
        if not self._rules().discovery:
            raise Problem(404, "there is nothing at this address")
        if not ADDRESS.fullmatch(host):
            raise Problem(400, "Host: expected a host and a port")
        base = f"http://{host}{self._prefix}"
        return Response.json(
            {
                "issuer": f"{base}/",
                "token_endpoint": f"{base}{TOKEN_PATH}",
                "jwks_uri": f"{base}/.well-known/jwks",
                "grant_types_supported": ["client_credentials"],
                "scopes_supported": list(_SCOPES),
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            }
        )

    def token(self, request: Request) -> Response:
        """Answer a request for a token.

        Raises:
            Answered: It gets none.
        """
        asked = _form(request)
        grant = asked.get("grant_type")
        if not grant:
            raise _refused("invalid_request", "the parameter grant_type is missing")
        if grant != "client_credentials" and grant not in _OTHER_GRANTS:
            raise _refused("unsupported_grant_type", "there is no such grant_type")
        application = self._application(request, asked)
        if grant != "client_credentials":
            raise _refused("unauthorized_client", "this application may not use this grant_type")
        for scope in asked.get("scope", "").split():
            if scope not in _SCOPES:
                raise _refused("invalid_scope", f"this application may not ask for {scope[:40]}")
        token, life_s = self._secret(), self._rules().token_s
        self._store.add_token(token, application, self._now_ms() + life_s * 1000)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": life_s}
        return Response.json(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})

    def _application(self, request: Request, asked: dict[str, str]) -> Application:
        id_, secret = asked.get("client_id"), asked.get("client_secret")
        basic = _basic(request)
        if basic is not None:
            if secret is not None or id_ not in (None, basic[0]):
                raise _refused("invalid_request", "credentials come in the body or in the header, not in both")
            id_, secret = basic
        if not id_:
            raise _refused("invalid_request", "the parameter client_id is missing")
        application = self._store.application(id_)
        known = application.secret if application is not None else ""
        if application is None or not hmac.compare_digest(known.encode(), (secret or "").encode()):
            raise _refused("invalid_client", "the client credentials are wrong", 401)
        return application

    def passed(self, request: Request) -> Application:
        """Return who asks, with what the token allows.

        Raises:
            Answered: 401: nobody whom the server knows.
        """
        bearer = _BEARER.fullmatch(request.headers.get("authorization", ""))
        found = None if bearer is None else self._store.bearer(bearer[1], self._now_ms())
        if found is not None:
            return found
        headers = {"WWW-Authenticate": "Bearer" if bearer is None else 'Bearer error="invalid_token"'}
        if self._rules().challenge == "empty":
            raise Answered(Response(401, b"", headers))
        error = {"message": "Sign in first.", "extensions": {"code": "NOT_AUTHENTICATED"}}
        raise Answered(Response.json({"errors": [error]}, 401, headers))


def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form, each of which may come once.

    Raises:
        Answered: There is no such form.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise _refused("invalid_request", f"Content-Type: expected {_FORM}")
    try:
        pairs = parse_qsl(
            request.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50
        )
    except (UnicodeDecodeError, ValueError):
        raise _refused("invalid_request", "the body is no form") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _refused("invalid_request", "a parameter comes twice")
    return fields


def _basic(request: Request) -> tuple[str, str] | None:
    """Return id and secret of RFC 6749, 2.3.1: each is encoded as in a form before they are put together."""
    found = _BASIC.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        return None
    try:
        id_, colon, secret = base64.b64decode(found[1], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise _refused("invalid_request", "Authorization: expected id and secret in base64")
    return unquote_plus(id_), unquote_plus(secret)


def _refused(error: str, words: str, status: int = 400) -> Answered:
    headers = {"Cache-Control": "no-store"}
    if status == 401:  # noqa: PLR2004 - which always says how to do better
        headers["WWW-Authenticate"] = f'Basic error="{error}"'
    return Answered(Response.json({"error": error, "error_description": words}, status, headers))
