"""One call of the OnlinePOS server: who asks, what with, in which format the answer is to be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from email import message_from_bytes
from email.message import Message
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from terminal.httpd import Request, Response
from terminal.sandbox.onlinepos import hash as hashes
from terminal.sandbox.onlinepos.print import document, said, text
from terminal.sandbox.onlinepos.rules import OnlinePosRules
from terminal.sandbox.onlinepos.store import OnlinePosStore
from terminal.sandbox.onlinepos.things import Company, Effect

WRONG_HASH = "Hash Not Matching!"
NO_ACCESS = "You don't have access to this call!"
NO_USER = "User not found!"
NO_PERMISSION = "Credentials incorrect, lacking permissions"
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_MULTIPART = "multipart/form-data"
_MISSING = re.compile(r"Object missing required field `(\w+)`(?: - at `\$(.*)`)?")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+?)`.*")
_PLACE = re.compile(r".* - at `\$(.*)`")
_T = TypeVar("_T")


class Answered(Exception):  # noqa: N818 - an answer
    """The request goes no further: this is the answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


class Invalid(ValueError):  # noqa: N818 - an answer
    """A body is not as the call wants it; its words are those of the server."""


def forbidden(rules: OnlinePosRules, words: str) -> Answered:
    """Return a 403 in the dress that is set."""
    match rules.forbidden:
        case "json":
            return Answered(Response.json({"error": words}, 403))
        case "xml":
            return Answered(document(text("fail", words), 403))
        case "empty":
            return Answered(Response(403))
    return Answered(Response(403, words.encode(), {"Content-Type": "text/html; charset=UTF-8"}))


class Call:
    """What a handler is given.

    Args:
        name: Of the call, as permissions and hashes know it.
        request: As it came.
        company: Who asks.
        rules: How the server behaves now.
        store: What is remembered.
        now_ms: The wall clock, in milliseconds.
    """

    def __init__(
        self,
        name: str,
        request: Request,
        company: Company,
        *,
        rules: OnlinePosRules,
        store: OnlinePosStore,
        now_ms: Callable[[], int],
    ) -> None:
        self.name = name
        self.request = request
        self.company = company
        self.rules = rules
        self.store = store
        self.now_ms = now_ms()

    # -- what was sent ---------------------------------------------------------------------------------

    @property
    def params(self) -> dict[str, str]:
        """What stood in the path."""
        return self.request.params

    @property
    def query(self) -> dict[str, str]:
        """What stood in the query."""
        return self.request.query

    @cached_property
    def form(self) -> dict[str, str]:
        """The fields of a form; a body of another type has none."""
        if not self._is(_FORM):
            return {}
        raw = self.request.body.decode("latin-1")
        pairs = parse_qsl(raw, keep_blank_values=True, encoding=self.rules.charset, errors="replace")
        return dict(pairs)

    @cached_property
    def multipart(self) -> dict[str, str]:
        """The fields of a form in parts; a body of another type has none."""
        if not self._is(_MULTIPART):
            return {}
        kind = self.request.headers["content-type"].encode("latin-1", "replace")
        whole = message_from_bytes(b"Content-Type: " + kind + b"\r\n\r\n" + self.request.body)
        parts = whole.get_payload() if whole.is_multipart() else []
        found: dict[str, str] = {}
        for part in parts:
            name = part.get_param("name", header="content-disposition") if isinstance(part, Message) else None
            if isinstance(part, Message) and isinstance(name, str):
                raw = part.get_payload(decode=True)
                found[name] = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
        return found

    def body(self, decoder: msgspec.json.Decoder[_T]) -> _T:
        """Return a JSON body.

        Raises:
            Invalid: It is none, or not of that shape.
        """
        raw = self.request.body if self._is(_JSON) else b"{}"
        try:
            return decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Invalid(_words(str(error))) from None

    def _is(self, kind: str) -> bool:
        return self.request.headers.get("content-type", "").partition(";")[0].strip().lower() == kind

    # -- hashes ----------------------------------------------------------------------------------------

    def hashed_as(self, values: Mapping[str, object], call: str | None = None) -> str:
        """Return the right hash of *values*, as they were sent: JSON is in UTF-8."""
        rules = self.rules
        charset = "utf-8" if self._is(_JSON) else rules.charset
        return hashes.of_values(rules.scheme, self.company, call or self.name, values, charset)

    def needs_form_hash(self) -> None:
        """Go on only if the form has the right hash.

        Raises:
            Answered: 403.
        """
        if not hashes.is_same(self.form.get("hash", ""), self.hashed_as(self.form)):
            raise self.forbidden(WRONG_HASH)

    def needs_header_hash(self) -> None:
        """Go on only if the header ``hash`` fits the body.

        Raises:
            Answered: 403.
        """
        expected = hashes.of_bytes(self.company, self.request.body)
        if not hashes.is_same(self.request.headers.get("hash", ""), expected):
            raise self.forbidden(WRONG_HASH)

    def needs_query_hash(self) -> None:
        """Go on only if the header ``hash`` fits the query, where that is looked at.

        Raises:
            Answered: 403.
        """
        over = self.rules.scheme.gets
        if over == "unchecked":
            return
        query = self.request.target.partition("?")[2] if over == "query" else ""
        if not hashes.is_same(
            self.request.headers.get("hash", ""), hashes.of_bytes(self.company, query.encode())
        ):
            raise self.forbidden(WRONG_HASH)

    def forbidden(self, words: str) -> Answered:
        """Return a 403."""
        return forbidden(self.rules, words)

    # -- what is answered ------------------------------------------------------------------------------

    @property
    def wants_json(self) -> bool:
        """Whether the answer is to be JSON, where the call has both."""
        return _JSON in self.request.headers.get("accept", "").lower()

    def answer(self, data: Any, markup: Callable[[], str]) -> Response:
        """Answer in the format that was asked for."""
        return Response.json(data) if self.wants_json else document(markup())

    def error(self, words: str) -> Response:
        """Answer 200 with an error, as most calls do."""
        return Response.json({"ERROR": words}) if self.wants_json else said("fail", words)

    def took_effect(self, amount: int | None = None, **refs: str) -> None:
        """Note what this call changed."""
        firmaid = self.company.firmaid
        self.store.add_effect(
            Effect(call=self.name, refs=refs, amount=amount, firmaid=firmaid, at_ms=self.now_ms)
        )


def _words(error: str) -> str:
    """Return what msgspec found in the words of the server."""
    if match := _MISSING.fullmatch(error):
        place = _dotted(match[2] or "")
        return f"The {place}{'.' if place else ''}{match[1]} field is required."
    if match := _UNKNOWN.fullmatch(error):
        return f"The {match[1]} field is unknown."
    if match := _PLACE.fullmatch(error):
        return f"The {_dotted(match[1])} field is invalid."
    return "The body is invalid."


def _dotted(place: str) -> str:
    return re.sub(r"\[(\d+|\.\.\.)\]", r".\1", place).strip(".")
