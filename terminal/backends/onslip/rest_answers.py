"""What Onslip's API answers, as values. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from terminal.backends.onslip.json import read_json
from terminal.backends.replies import Reply, plain
from terminal.core.value import Value


class Found(Value, frozen=True):
    """What the server answered to a request that it carried out.

    Attributes:
        body: JSON; None: there was no body.
        etag: As received, quotes included; empty if there was none.
    """

    body: Any
    etag: str = ""


class Listed(Value, frozen=True):
    """A whole list. *etag* only where one answer held all of it: else it does not speak for the whole."""

    entities: tuple[Any, ...]
    etag: str = ""


class Unchanged(Value, frozen=True):
    """What was asked for is as it was when the ETag was given."""


class Overtaken(Value, frozen=True):
    """Nothing was written: the entity is not what it was when the ETag was given. Read it again."""

    words: str = ""


def said(reply: Reply) -> str:
    """Return the server's own words for an error: its message and code; else what is readable of the body."""
    try:
        body = read_json(reply.body)
    except ValueError:
        return reply.words()
    if not isinstance(body, dict):
        return reply.words()
    message, code = body.get("message"), body.get("code")
    told = message if isinstance(message, str) else ""
    if isinstance(code, str) and code:
        told = f"{told} ({code})" if told else code
    return plain(told) or reply.words()


def total_count(reply: Reply) -> int | None:
    """Return how many entities the whole list has; None where the server does not tell it."""
    text = reply.headers.get("x-total-count", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None  # noqa: PLR2004 - digits


def endpoints(body: Any) -> Iterator[str]:
    """Give the addresses that a ClientInfo names."""
    told = body.get("service-endpoints") if isinstance(body, dict) else None
    for each in told if isinstance(told, list) else ():
        uri = each.get("uri") if isinstance(each, dict) else None
        if isinstance(uri, str):
            yield uri
