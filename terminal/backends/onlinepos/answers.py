"""What an answer of OnlinePOS means: every shape in which it says no, and yes only where that is said. Pure.

It says no with status 200 in many ways, so a status proves nothing but a denial:

    {"ERROR": "Unknown Card - CardInfo"}        {"status": "ERROR", "error": "Hash Not Matching!"}
    {"error": "Input fail!"}                    <fail> voucherno is not unique! </fail>
    {"info": {"type": "1", "num": 5, "text": "No location"}}

What holds none of them and not what a call answers when it has done its work either, may have been done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec

from terminal.backends.onlinepos import xml as onlinepos_xml
from terminal.backends.onlinepos.reading import bare
from terminal.backends.onlinepos.values import Unreadable
from terminal.backends.replies import Reply, judge, plain
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value

_T = TypeVar("_T")

GOOD = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
PAGED = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.PARTIAL_CONTENT})
"""All of it, none at all, one page of more."""

_FAILURES = ("error", "fail")
_BAD = frozenset({"error", "fail", "failed"})
_DENIALS = ("hash not matching", "have access to this call", "user not found")
_WRAPPED = 3  # levels: {"info": {"info": {"num": …}}}

_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Failure(Value, frozen=True):
    """A no. *code*: of the stock calls. *both*: the same answer says yes, too."""

    words: str
    code: int | None = None
    both: bool = False

    @property
    def denied(self) -> bool:
        """Whether it is about us and not about what was asked."""
        return any(each in self.words.lower() for each in _DENIALS)


def parse(body: bytes) -> Any:
    """Return JSON with Decimal numbers, or XML as JSON would have it: ``{"fail": "…"}``; None for nothing.

    Raises:
        Unreadable: It is neither, or a web page.
    """
    head = body[:200].lstrip().lower()
    if not body.strip():
        return None
    if head.startswith((b"<!doctype html", b"<html")):
        raise Unreadable("found a web page: is something else before the server?")
    if head.startswith((b"<", b"\xef\xbb\xbf<")):
        root = onlinepos_xml.read(body)
        return {root.name: root.plain()}
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation, RecursionError):
        raise Unreadable(f"found {len(body)} bytes that are neither JSON nor XML") from None


def failure(found: Any) -> Failure | None:
    """Return the no in an answer that was parsed, in any case and however wrapped; None if there is none."""
    for _ in range(_WRAPPED):
        if not isinstance(found, dict):
            return None
        fields = {bare(str(name)): value for name, value in found.items()}
        told = _told(fields)
        if told is not None:
            return told
        if len(fields) != 1:
            return None
        found = next(iter(fields.values()))
    return None


def _told(fields: Mapping[str, Any]) -> Failure | None:
    status = fields.get("status")
    status = status.strip().lower() if isinstance(status, str) else ""
    words = next((text for name in _FAILURES if (text := _words(fields.get(name)))), "")
    if status in _BAD or words:
        yes = (status and status not in _BAD) or _words(fields.get("ordernumber") or fields.get("cardnumber"))
        return Failure(words or "the server says ERROR, and not why", both=bool(yes))
    if fields.keys() & set(_FAILURES) and len(fields) == 1:  # <fail></fail>
        return Failure("the server says that it failed, and not why")
    if "num" in fields and fields.keys() & {"text", "type"}:
        num = str(fields["num"]).strip()
        code = int(num) if num.isascii() and num.isdigit() and len(num) < 10 else None  # noqa: PLR2004 - digits
        return Failure(_words(fields.get("text")) or f"the server says error {num[:20]}", code)
    return None


def _words(value: Any) -> str:
    if isinstance(value, dict | list):
        return plain(msgspec.json.encode(value).decode()) if value else ""
    return "" if value is None or value is False else plain(str(value))


def judged(reply: Reply, read: Callable[[Any], _T], good: frozenset[HTTPStatus] = GOOD) -> _T | Answer:
    """Return what a call has answered, as *read* reads it, or what became of the call.

    Args:
        reply: The whole answer.
        read: Takes what was parsed; raises Unreadable where that lacks what the call answers when it is done.
        good: The statuses with which it may do so.
    """
    try:
        found = parse(reply.body)
    except Unreadable as error:
        if reply.good:
            return Answer(
                Outcome.UNKNOWN, f"the server answered {reply.title}, unreadable: {error}", reply.status
            )
        return judge(reply)
    no = failure(found)
    if not reply.good:
        return judge(reply, no.words if no else _words(found) if isinstance(found, str) else None)
    if no is not None:
        if no.both:
            return Answer(Outcome.UNKNOWN, f"the server said both yes and no: {no.words}", reply.status)
        return Answer(Outcome.DENIED if no.denied else Outcome.REFUSED, no.words, reply.status)
    if reply.status not in good:
        return Answer(
            Outcome.UNKNOWN, f"the server answered {reply.title}, which this call never does", reply.status
        )
    try:
        return read(found)
    except Unreadable as error:
        return Answer(Outcome.UNKNOWN, f"the server answered {reply.title}, but: {error}", reply.status)
