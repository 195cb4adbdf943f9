"""Calls of OnlinePOS as values, and what is sent for one: its path, headers and the bytes of its body. Pure.

Forms for the old calls, JSON for the newer ones, multipart for one; signed by a field among the others, by a
header over the bytes of the body, by a field in each of many objects, or not at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from terminal.backends.onlinepos.answers import GOOD
from terminal.backends.onlinepos.hash import Credentials, HashScheme, body_hash
from terminal.backends.onlinepos.values import Unreadable
from terminal.core.value import Value

_T = TypeVar("_T")

JSON = "application/json"
XML = "application/xml"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

_encoder = msgspec.json.Encoder(decimal_format="number")
_PORTS = {"http": 80, "https": 443}
_LONGEST_PAGE = 6  # digits


class Request(Value, frozen=True):
    """What is asked for.

    Attributes:
        path: After the base; ``{firmaid}`` in it stands for the company number.
        call: Its name in ``onlinepos.hash.ORDERS``; empty where no values are signed.
        body: The fields of a form, a value of JSON, or None.
        kind: What *body* becomes.
        signed: ``values``: a field ``hash``; ``each``: one in every object of the lists in *body*; ``body``:
            a header over the bytes that are sent; ``query``: a header, where the options want that of reads.
        company: Whether ``firmaid`` is the first field of the JSON.
        accept: The format of the answer.
    """

    method: str
    path: str
    call: str = ""
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    kind: str = FORM
    signed: Literal["", "values", "each", "body", "query"] = ""
    company: bool = False
    accept: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Call(Generic[_T]):
    """A request, and how what it answers is read.

    Attributes:
        read: Takes the answer as it was parsed; raises Unreadable where it lacks what says that it was done.
        good: The statuses of an answer to *read*.
        private: Card numbers and UIDs that no sentence may repeat.
    """

    request: Request
    read: Callable[[Any], _T]
    good: frozenset[HTTPStatus] = GOOD
    private: tuple[str, ...] = field(default=(), repr=False)


class Sent(Value, frozen=True):
    """What goes over the wire."""

    path: str
    headers: dict[str, str]
    content: bytes | None

    def __repr__(self) -> str:
        """Tell nothing of headers and body: they are secrets."""
        return f"Sent({self.path.partition('?')[0]!r})"


class Signing(Value, frozen=True):
    """How calls are signed and forms are written, as ``OnlinePosOptions`` has it."""

    scheme: HashScheme = HashScheme()
    charset: str = "utf-8"
    reads: Literal["none", "empty", "query"] = "none"

    def signs(self, request: Request) -> bool:
        """Return whether *request* is signed, which takes a key."""
        return bool(request.signed) and (request.signed != "query" or self.reads != "none")


def segment(text: str) -> str:
    """Return *text* as one segment of a path."""
    return quote(text, safe="")


def compose(request: Request, mine: Credentials, signing: Signing) -> Sent:
    """Return what is sent for *request*.

    Raises:
        ValueError: It cannot be signed, or a form has a character that its charset lacks.
    """
    headers = {
        "token": mine.token,
        "firmaid": str(mine.firmaid),
        "Accept": request.accept,
        **dict(request.headers),
    }
    query = urlencode(request.query, quote_via=quote)
    content = None
    if request.body is not None:
        headers["Content-Type"], content = _body(request, mine, signing)
    if request.signed == "body":
        headers["hash"] = body_hash(content or b"", mine)
    elif request.signed == "query" and signing.reads != "none":
        headers["hash"] = body_hash(query.encode() if signing.reads == "query" else b"", mine)
    path = "/" + request.path.replace("{firmaid}", str(mine.firmaid))
    return Sent(f"{path}?{query}" if query else path, headers, content)


def _body(request: Request, mine: Credentials, signing: Signing) -> tuple[str, bytes]:
    body = request.body
    if request.signed == "values":
        body = {"hash": _sign(request, body, mine, signing), **body}
    elif request.signed == "each":
        body = {
            name: [{"hash": _sign(request, each, mine, signing), **each} for each in objects]
            for name, objects in body.items()
        }
    if request.kind == JSON:
        named = {"firmaid": mine.firmaid, **body} if request.company else body
        return f"{JSON};charset=UTF-8", _encoder.encode(named)
    texts = {name: _text(value) for name, value in body.items()}
    if request.kind == MULTIPART:
        return _multipart(texts)
    return FORM, urlencode(texts, encoding=signing.charset, errors="strict").encode("ascii")


def _sign(request: Request, fields: Mapping[str, Any], mine: Credentials, signing: Signing) -> str:
    """Return the hash of values as they are sent: JSON is always in UTF-8."""
    texts = {name: _text(value) for name, value in fields.items()}
    return signing.scheme.sign(request.call, texts, mine, "utf-8" if request.kind == JSON else signing.charset)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _multipart(fields: Mapping[str, str]) -> tuple[str, bytes]:
    """Return fields as RFC 7578 has them; the boundary is of what stands between it, and so not in that."""
    seed = hashlib.sha256(repr(sorted(fields.items())).encode()).hexdigest()
    boundary = f"terminald-{seed[:40]}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return f"{MULTIPART}; boundary={boundary}", ("".join(parts) + f"--{boundary}--\r\n").encode()


# -- pages ---------------------------------------------------------------------------------------------


class Page(Value, Generic[_T], frozen=True):
    """One page of a list.

    Attributes:
        items: What is on it.
        number: Which it is, from 1.
        last: How many there are; None where that is not told.
        link: The address of the next one; None: there is none.
    """

    items: tuple[_T, ...]
    number: int = 1
    last: int | None = None
    link: str | None = None


def next_page(link: str, base: str, path: str) -> int:
    """Return the number of the page that *link* leads to; the link itself is never followed.

    OnlinePOS prints its links with http://: what is sent there would show the token to everybody on the way.

    Args:
        link: As the answer has it.
        base: Where the API is.
        path: What was asked for, without its query.

    Raises:
        Unreadable: It leads elsewhere, or to no page.
    """
    try:
        parts, ours = urlsplit(link), urlsplit(base)
        port = parts.port or _PORTS.get(parts.scheme)
        our_port = ours.port or _PORTS.get(ours.scheme)
    except ValueError:  # broken brackets, no number for a port
        raise Unreadable("found a link to the next page that is no address") from None
    usual = port in _PORTS.values() and our_port in _PORTS.values()
    here = parts.hostname == ours.hostname and (port == our_port or usual) and parts.scheme in _PORTS
    if not here or parts.username or parts.path != ours.path.rstrip("/") + path:
        raise Unreadable("found a link to the next page that leads elsewhere; it is not followed")
    name, _, number = parts.query.partition("=")
    if name != "page" or not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_PAGE):
        raise Unreadable("found a link to the next page that names no page")
    return int(number)
