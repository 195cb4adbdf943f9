"""What a server's answer means, whichever server it is. Pure: no library that does I/O is loaded here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from terminal.core.delivery import LONGEST_RETRY_AFTER_MS, Answer, Outcome
from terminal.core.events import WalletAnswer

LARGEST_BODY = 262_144
"""Bytes of an answer that are read; no answer of a server that speaks our language is longer."""

MOST_WORDS = 500

_LATER = frozenset({409, 429, 503})
_DENIED = frozenset({401, 403})


class NotSent(Exception):  # noqa: N818 - an outcome, not a fault
    """Surely nothing of the request reached the server; one sentence says why."""


class InDoubt(Exception):  # noqa: N818 - an outcome, not a fault
    """The request, or a part of it, may have reached the server; one sentence says what happened."""


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """A server's whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body read as JSON; None if it is none (or ``null``, or nested beyond all reason)."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None

    @property
    def good(self) -> bool:
        """Whether the status is 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def foreign(self) -> bool:
        """Whether it holds a text that is no JSON, as of a proxy or a portal in front of the server."""
        return bool(self.body.strip()) and self.json() is None and self.body.strip() != b"null"

    @property
    def own(self) -> bool:
        """Whether it holds an object or a list of JSON, as hardly anything does that stands before an API."""
        return isinstance(self.json(), dict | list)

    @property
    def title(self) -> str:
        """The status in words, like ``404 Not Found``."""
        known = self.status in HTTPStatus._value2member_map_
        return f"{self.status} {HTTPStatus(self.status).phrase}" if known else str(self.status)

    def words(self) -> str:
        """Return the server's own words: the body in printable characters, bounded; empty for a web page."""
        return "" if self.page else plain(self.body[: 4 * MOST_WORDS].decode("utf-8", "replace"))

    @property
    def page(self) -> bool:
        """Whether it holds a web page (or another kind of XML)."""
        return self.body.lstrip()[:1] == b"<"


@dataclass(frozen=True, slots=True, repr=False)
class Streamed(Reply):
    """The head of an answer that goes on: its body is still to come. To be closed by who has it.

    Attributes:
        pieces: The rest as it comes; raises InDoubt where that ends in a way it should not.
        hang_up: Ends it, from any thread: who reads is at its end at once.
        close: Gives the connection back; by the thread that reads.
    """

    pieces: Iterator[bytes]
    hang_up: Callable[[], None]
    close: Callable[[], None]


def plain(text: str) -> str:
    """Return *text* in printable characters, bounded."""
    text = "".join(char if char.isprintable() else " " for char in text[: 4 * MOST_WORDS]).strip()
    return text if len(text) <= MOST_WORDS else text[: MOST_WORDS - 1] + "…"


def judge(reply: Reply, said: str | None = None, *, slash: str = "") -> Answer:
    """Return what an answer means that is not 2xx.

    Args:
        reply: The answer.
        said: The server's words in it, where somebody read them.
        slash: What to set for a server that wants its addresses to end with a slash; empty: there is nothing.

    A redirect is surely not booked, and a matter of configuration: so the backend pauses and nothing is parked
    or lost. A 404 in words that are no JSON comes from something in front of the server (a proxy that is being
    updated, a wrong path), not from the server: nothing is booked, and later it may be.
    """
    status, said = reply.status, reply.words() if said is None else said
    if status in _DENIED:
        return Answer(Outcome.DENIED, _says(reply.title, said), status)
    if status in _LATER:
        wait_ms = retry_after_ms(reply.headers)
        return Answer(Outcome.BUSY, _says(reply.title, said), status, wait_ms, foreign=not reply.own)
    if status == HTTPStatus.NOT_FOUND and reply.foreign:
        words = "something before the server answered 404, not the server itself: check the url"
        return Answer(Outcome.BUSY, words, status)
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Answer(Outcome.REFUSED, said or f"the server answered {reply.title}", status)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Answer(Outcome.DENIED, _redirected(reply, slash), status)
    return Answer(Outcome.UNKNOWN, _says(reply.title, said), status)


def _says(title: str, said: str) -> str:
    return f"the server answered {title}" + (f": {said}" if said else "")


def _redirected(reply: Reply, slash: str) -> str:
    # The address itself is not told: it may hold a UID.
    hint = "check the url"
    if slash and reply.headers.get("location", "").partition("?")[0].endswith("/"):
        hint = f"check the url, or set {slash}"
    return f"the server answered {reply.title}, which is never followed: {hint}"


def retry_after_ms(headers: Mapping[str, str]) -> int | None:
    """Return what ``Retry-After`` asks for (RFC 9110, 10.2.3), bounded; None if it says nothing usable.

    A date in it is compared with the answer's own ``Date``: our clock may be wrong.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        from email.utils import parsedate_to_datetime  # noqa: PLC0415 - 10 ms for what servers hardly send

        try:
            until, now = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("date", ""))
            seconds = (until - now).total_seconds()
        except (ValueError, TypeError):  # no dates, or one with and one without a zone
            return None
    return min(max(0, round(seconds * 1000)), LONGEST_RETRY_AFTER_MS)


def not_told(answer: Answer) -> WalletAnswer:
    """Return what a look-up that failed with *answer* says: we are not accepted, or there was no answer."""
    return WalletAnswer.DENIED if answer.outcome is Outcome.DENIED else WalletAnswer.NO_ANSWER


def hide(text: str, secrets: Mapping[str, str]) -> str:
    """Return *text* with each key of *secrets*, in whatever case, replaced by its value."""
    for secret, shown in secrets.items():
        at = text.lower().find(secret.lower()) if secret else -1
        while at >= 0:
            text = text[:at] + shown + text[at + len(secret) :]
            at = text.lower().find(secret.lower(), at + len(shown))
    return text
