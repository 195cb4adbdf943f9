"""A client of Onslip's API (onslip360.com): its verbs, its lists page by page, and what its answers mean.

    GET    ~demo.example/products/?o=0;c=100   -> [{…}, …]          X-Total-Count: 131, ETag: "…"
    PATCH  ~demo.example/tills/7               If-Match: "…"  -> {…}, or 412: somebody else has changed it
    REPORT ~demo.example/tills/7               {"type": "revisions"}
    errors                                     {"message": "…", "code": "…"}

Nothing here raises for what a server or a network does. Numbers with a fraction are Decimals, both ways
(``onslip.json``). Nothing but a GET is ever repeated that may have arrived.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any

from terminal.backends.onslip.json import read_json, write_json
from terminal.backends.onslip.rest_access import Access, Request
from terminal.backends.onslip.rest_answers import (
    Found,
    Listed,
    Overtaken,
    Unchanged,
    endpoints,
    said,
    total_count,
)
from terminal.backends.onslip.rest_paths import Search, entity
from terminal.backends.onslip.rest_place import Place
from terminal.backends.replies import Reply, Streamed, judge
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import replace

if TYPE_CHECKING:
    import httpx

PAGE = 100
"""Entities that are asked for at once: what one answer may hold in bytes is bounded."""

LARGEST_PAGE = 1000
"""More the server never sends."""

MOST = 20_000
"""Entities of a list beyond which it is not read to its end: no machine sells so many things."""

EVENTS = "text/event-stream"

_BEGINNINGS = 3  # of a list that changes while it is read


class Onslip:
    """Speaks with one realm; for any thread.

    Args:
        place: Where, and as whom.
        credential: Returns the key as JSON (``onslip.rest_place.Credentials``); raises OSError or ValueError.
        wall_s: Returns this machine's seconds since 1970.
        nonce: Returns a text that was never used before, printable ASCII without quotes.
        transport: Stands in for the network.

    Raises:
        ValueError: Nothing may be sent to the base of *place*, or its realm is none.
    """

    def __init__(
        self,
        place: Place,
        *,
        credential: Callable[[], str],
        wall_s: Callable[[], int],
        nonce: Callable[[], str],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.realm = place.realm
        self._home = entity(place.realm)
        self._access = Access(place, credential=credential, wall_s=wall_s, nonce=nonce, transport=transport)

    def __repr__(self) -> str:
        return f"Onslip({self.realm!r})"

    @property
    def offset_s(self) -> int:
        """By how many seconds the server's clock was ahead of ours when it last proved its time; else 0."""
        return self._access.offset_s

    def client_info(self, timeout_s: float) -> Found | Answer:
        """Read who we are to this realm, and use the endpoints that it names from now on."""
        sent = self._access.call(Request("GET", self._home), timeout_s)
        if isinstance(sent, Answer):
            return sent
        reply, base = sent
        found = self._read(reply)
        if isinstance(found, Found):
            self._access.adopt(endpoints(found.body), named_by=base)
        return found

    def get(self, path: str, timeout_s: float, *, etag: str = "") -> Found | Unchanged | Answer:
        """Fetch one entity; Unchanged if it is still what *etag* stands for.

        Args:
            path: Of ``onslip.rest_paths``; a few have no realm, such as ``health/alive``.
            timeout_s: For everything together.
            etag: As it was received.

        Raises:
            ValueError: *etag* is none that may stand in a header.
        """
        reply = self._send(Request("GET", path, None, _condition("If-None-Match", etag)), timeout_s)
        if isinstance(reply, Reply) and etag and reply.status == HTTPStatus.NOT_MODIFIED:
            return Unchanged()
        return self._read(reply)

    def list(
        self,
        path: str,
        timeout_s: float,
        search: Search = Search(),  # noqa: B008 - a frozen value
        *,
        etag: str = "",
        page: int = PAGE,
        most: int = MOST,
    ) -> Listed | Unchanged | Answer:
        """Fetch a list to its end, page by page, or nothing of it.

        Args:
            path: Of ``onslip.rest_paths.listing``.
            timeout_s: For all pages together.
            search: What of it, in which order.
            etag: Of a list that was fetched before.
            page: Entities that are asked for at once, 1 to LARGEST_PAGE.
            most: Entities beyond which the list is not read: the answer is REFUSED.

        Raises:
            ValueError: *etag* is none that may stand in a header, or *page* is out of range.
        """
        if not 1 <= page <= LARGEST_PAGE:
            raise ValueError(f"a page has 1 to {LARGEST_PAGE} entities, and not {page}")
        until = monotonic() + timeout_s
        for _ in range(_BEGINNINGS):
            read = self._pages(path, until, search, etag=etag, page=page, most=most)
            if read is not None:
                return read
        return Answer(Outcome.BUSY, "the list changes faster than it can be read")

    def post(self, path: str, body: Any, timeout_s: float) -> Found | Answer:
        """Create an entity, or do what stands behind *path*. A lost answer is UNKNOWN: look before a repeat.

        Args:
            path: Where to.
            body: What ``onslip.json.write_json`` can write; None: no body at all.
            timeout_s: For everything together.

        Raises:
            ValueError: *body* cannot be written.
        """
        return self._read(self._send(Request("POST", path, _written(body)), timeout_s))

    def put(self, path: str, body: Any, timeout_s: float, *, etag: str = "") -> Found | Overtaken | Answer:
        """Replace an entity as a whole; with *etag* only while it is what that stands for. See ``patch``."""
        return self._write("PUT", path, body, timeout_s, etag)

    def patch(self, path: str, body: Any, timeout_s: float, *, etag: str = "") -> Found | Overtaken | Answer:
        """Change the fields that *body* names (None clears one); with *etag* only while nobody else has.

        Raises:
            ValueError: *body* cannot be written, or *etag* is none that may stand in a header.
        """
        return self._write("PATCH", path, body, timeout_s, etag)

    def delete(self, path: str, timeout_s: float) -> Found | Answer:
        """Delete an entity; the server keeps it, marked as deleted."""
        return self._read(self._send(Request("DELETE", path), timeout_s))

    def report(self, path: str, body: Any, timeout_s: float) -> Found | Answer:
        """Ask about an entity by the method REPORT, such as ``{"type": "revisions"}``.

        Raises:
            ValueError: *body* cannot be written.
        """
        return self._read(self._send(Request("REPORT", path, _written(body)), timeout_s))

    def stream(self, path: str, timeout_s: float, *, silence_s: float, signed: bool) -> Streamed | Answer:
        """Begin to read what comes without an end: server-sent events.

        Args:
            path: As of ``get``.
            timeout_s: Until it begins.
            silence_s: How long a piece of it may be waited for.
            signed: Whether it is to be said who asks.
        """
        accept = (("Accept", EVENTS),)
        reply = self._send(Request("GET", path, None, accept, silence_s, signed), timeout_s)
        if isinstance(reply, Streamed):
            kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind == EVENTS:
                return reply
            reply.close()
        found = self._read(reply)
        if isinstance(found, Answer):
            return found
        return Answer(Outcome.UNKNOWN, "the server answered, but with no events: is something else before it?")

    def close(self) -> None:
        """Close every connection; a call under way ends at once as UNKNOWN, a later one is UNSENT."""
        self._access.close()

    # -- one request -----------------------------------------------------------------------------------

    def _send(self, request: Request, timeout_s: float) -> Reply | Answer:
        sent = self._access.call(request, timeout_s)
        return sent if isinstance(sent, Answer) else sent[0]

    def _write(
        self, method: str, path: str, body: Any, timeout_s: float, etag: str
    ) -> Found | Overtaken | Answer:
        request = Request(method, path, _written(body), _condition("If-Match", etag))
        reply = self._send(request, timeout_s)
        if isinstance(reply, Reply) and etag and reply.status == HTTPStatus.PRECONDITION_FAILED:
            return Overtaken(self._access.hide(said(reply)))
        return self._read(reply)

    def _read(self, reply: Reply | Answer) -> Found | Answer:
        if isinstance(reply, Answer):
            return reply
        if not reply.good:
            answer = judge(reply, said(reply))
            return replace(answer, words=self._access.hide(answer.words))
        if reply.status == HTTPStatus.NO_CONTENT or not reply.body.strip():
            return Found(None, _etag(reply))
        try:
            return Found(read_json(reply.body), _etag(reply))
        except ValueError:
            words = f"the server answered {reply.title}, but no JSON: is something else before it?"
            return Answer(Outcome.UNKNOWN, words, reply.status)

    # -- lists -----------------------------------------------------------------------------------------

    def _pages(
        self, path: str, until: float, search: Search, *, etag: str, page: int, most: int
    ) -> Listed | Unchanged | Answer | None:
        """Read from the beginning; None: the list has changed meanwhile."""
        entities: list[Any] = []
        total: int | None = None
        tag = ""
        while total is None or len(entities) < total:
            left_s = until - monotonic()
            if left_s <= 0:
                return Answer(Outcome.UNSENT, f"no time was left after {len(entities)} entities of the list")
            # The ETag of a part says nothing of the whole.
            condition = _condition("If-None-Match", "" if entities else etag)
            asked = f"{path}?{search.parameters(len(entities), page)}"
            reply = self._send(Request("GET", asked, None, condition), left_s)
            if isinstance(reply, Reply) and condition and reply.status == HTTPStatus.NOT_MODIFIED:
                return Unchanged()
            found = self._read(reply)
            if isinstance(found, Answer) or isinstance(reply, Answer):
                return found if isinstance(found, Answer) else None
            if not isinstance(found.body, list):
                return Answer(Outcome.UNKNOWN, "the server answered with something that is no list")
            told = total_count(reply)
            if entities and told != total:
                return None
            if max(told or 0, len(entities) + len(found.body)) > most:
                return Answer(Outcome.REFUSED, f"the list has more than {most} entities")
            tag = "" if entities else found.etag
            total = told
            entities += found.body
            if not found.body:
                break
        return Listed(tuple(entities), tag)


def _written(body: Any) -> bytes | None:
    return None if body is None else write_json(body)


def _etag(reply: Reply) -> str:
    """Return the ETag of an answer; one that could not be sent back is none."""
    etag = reply.headers.get("etag", "")
    return etag if _is_sendable(etag) else ""


def _is_sendable(etag: str) -> bool:
    return etag.isascii() and etag.isprintable()


def _condition(name: str, etag: str) -> tuple[tuple[str, str], ...]:
    if not _is_sendable(etag):
        raise ValueError("an ETag is printable ASCII")
    return ((name, etag),) if etag else ()
