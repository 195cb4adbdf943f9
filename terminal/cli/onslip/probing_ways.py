"""How the server wants to be asked where its documentation is silent. Only reads, and an echo, are tried."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import httpx

from terminal.backends.onslip.models_catalogue import Product
from terminal.backends.onslip.models_till import Till
from terminal.backends.onslip.options import IDENTIFIER, OnslipOptions
from terminal.backends.onslip.realm import Realm
from terminal.backends.onslip.rest import Onslip
from terminal.backends.onslip.rest_answers import Found
from terminal.backends.onslip.rest_paths import Search, entity, escaped, listing
from terminal.cli.finding import Finding
from terminal.cli.onslip import access
from terminal.cli.onslip.access import Server
from terminal.core.delivery import Answer

QUERIES = (
    'identifiers:"{identifier}"',
    'identifiers="{identifier}"',
    "identifiers:{identifier}",
    'identifiers:["{identifier}"]',
)
"""Forms in which a member of a list may be asked for."""

_SAMPLE = 50
_ECHO = "health/echo"


class Ways:
    """Tries forms of questions.

    Args:
        server: Who is asked.
        client: By whom.
        realm: What the server has told already.
        options: Of the backend.
    """

    def __init__(self, server: Server, client: Onslip, realm: Realm, options: OnslipOptions) -> None:
        self._server = server
        self._client = client
        self._realm = realm
        self._options = options
        self._timeout_s = server.timeout_s

    def look(self) -> Iterator[Finding]:
        """Give what is found."""
        yield from self._separators()
        yield self._members()
        yield self._hashes()

    def _separators(self) -> Iterator[Finding]:
        products = self._realm.entities("products", Product, self._timeout_s)
        enough = not isinstance(products, Answer) and len(products) > 1
        for sign in ";&":
            name = f"parameters by {sign}"
            if not enough:
                yield Finding(name, "unknown", "it takes two products to find out")
                continue
            path = f"{listing(self._client.realm, 'products')}?o=0{sign}c=1"
            answer = self._client.get(path, self._timeout_s)
            works = isinstance(answer, Found) and isinstance(answer.body, list) and len(answer.body) == 1
            needed = sign == ";"  # it is what this program writes
            told = "understood" if works else "not understood"
            yield Finding(name, "ok" if works else "trouble" if needed else "note", told)

    def _members(self) -> Finding:
        """Ask for a voucher that is there by one of its identifiers, which is never shown."""
        what = "vouchers by identifier"
        path = f"{listing(self._client.realm, 'vouchers')}?{Search().parameters(0, _SAMPLE)}"
        answer = self._client.get(path, self._timeout_s)
        if not isinstance(answer, Found):
            return Finding(what, "unknown", "the vouchers cannot be read")
        listed = answer.body if isinstance(answer.body, list) else []
        sample = next((each for each in listed if _identifiers(each)), None)
        if sample is None:
            return Finding(what, "unknown", "it takes a voucher with an identifier to find out")
        for form in dict.fromkeys([self._options.voucher_query, *QUERIES]):
            if self._finds(form, sample):
                return Finding(what, "ok", form, {"voucher_lookup": "query", "voucher_query": form})
        told = "no form of a query finds one: a list of all vouchers is kept here"
        return Finding(what, "note", told, {"voucher_lookup": "list"})

    def _finds(self, form: str, sample: dict[str, Any]) -> bool:
        """Return whether a query finds the voucher, and none that has not that identifier."""
        wanted = _identifiers(sample)[0]
        search = Search(form.replace(IDENTIFIER, escaped(wanted)))
        path = f"{listing(self._client.realm, 'vouchers')}?{search.parameters(0, _SAMPLE)}"
        answer = self._client.get(path, self._timeout_s)
        if not isinstance(answer, Found) or not isinstance(answer.body, list):
            return False
        ids = [each.get("id") for each in answer.body if isinstance(each, dict)]
        folded = wanted.casefold()
        exact = all(folded in (it.casefold() for it in _identifiers(each)) for each in answer.body)
        return exact and sample.get("id") in ids

    def _hashes(self) -> Finding:
        """Change a body behind its signature, where even that does no harm: does the server notice?"""
        what = "payload hashes"
        tills = self._realm.entities("tills", Till, self._timeout_s)
        asked: list[tuple[str, str, dict[str, str]]] = []
        if not isinstance(tills, Answer) and tills:
            path = entity(self._client.realm, "tills", tills[0].id or 0)
            asked.append(("REPORT", path, {"type": "revisions"}))
        asked.append(("POST", _ECHO, {"payload": "probe"}))
        for method, path, body in asked:
            if not isinstance(_call(self._client, method, path, body, self._timeout_s), Found):
                continue
            if isinstance(self._altered(method, path, body, signed=False), Found):
                continue  # it needs no signature, and so tells nothing
            answer = self._altered(method, path, body, signed=True)
            if isinstance(answer, Found):
                return Finding(what, "note", "not checked by the server")
            if answer.status == HTTPStatus.UNAUTHORIZED:
                return Finding(what, "ok", "checked by the server")
        return Finding(what, "unknown", "cannot be found out without writing something")

    def _altered(self, method: str, path: str, body: dict[str, str], *, signed: bool) -> Found | Answer:
        transport = Altering(_transport(self._server), signed=signed)
        client = access.client(self._server, transport=transport)
        try:
            return _call(client, method, path, body, self._timeout_s)
        finally:
            client.close()


class Altering(httpx.BaseTransport):
    """Changes requests when they are signed already: a space more in the body, or no signature.

    Args:
        inner: The way on.
        signed: Whether the signature stays, and the body changes.
    """

    def __init__(self, inner: httpx.BaseTransport, *, signed: bool) -> None:
        self._inner = inner
        self._signed = signed

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send *request* on, changed."""
        left_out = {"content-length"} if self._signed else {"content-length", "authorization"}
        headers = [(name, value) for name, value in request.headers.items() if name not in left_out]
        body = request.read() + (b" " if self._signed else b"")
        return self._inner.handle_request(
            httpx.Request(
                request.method, request.url, headers=headers, content=body, extensions=request.extensions
            )
        )

    def close(self) -> None:
        """Close every connection."""
        self._inner.close()


def _transport(server: Server) -> httpx.BaseTransport:
    import ssl  # noqa: PLC0415 - for one question

    from terminal.backends.transport import Transport  # noqa: PLC0415 - likewise

    return Transport(ssl.create_default_context(cafile=server.place.ca_file or None))


def _call(client: Onslip, method: str, path: str, body: dict[str, str], timeout_s: float) -> Found | Answer:
    ask = client.report if method == "REPORT" else client.post
    return ask(path, body, timeout_s)


def _identifiers(body: object) -> list[str]:
    found = body.get("identifiers") if isinstance(body, dict) else None
    return [each for each in found if isinstance(each, str) and each] if isinstance(found, list) else []
