"""GraphQL as Kensium POS answers it: one POST, and an answer that is judged by its body before its status.

Its platform answers 400 whenever there is an error in the result, though part of what was asked may have been
done, and 401 where a rule about permissions failed, perhaps with no body. So: a body that is whole and says
that there is nothing in the field is a refusal, and all that is less is in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from terminal.backends.kensium.openid import Access
from terminal.backends.kensium.options import KensiumOptions
from terminal.backends.replies import Reply, hide, judge, plain
from terminal.core.delivery import Answer, Outcome
from terminal.core.value import Value, replace

if TYPE_CHECKING:
    import httpx

NOT_AUTHENTICATED = "NOT_AUTHENTICATED"
NOT_AUTHORIZED = "NOT_AUTHORIZED"
_GENERIC = "FUSION_ERROR"

_MOST_ERRORS = 20
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_MISSING = object()


class Call(Value, frozen=True):
    """One operation with one field.

    Attributes:
        name: Of the operation.
        document: The text of it.
        path: Where its result stands in ``data``.
        changes: Whether it changes anything on the server.
        variables: Values of its variables.
        secrets: What is never told of it, and what is shown for that.
    """

    name: str
    document: str
    path: tuple[str, ...]
    changes: bool = False
    variables: dict[str, Any] = msgspec.field(default_factory=dict)
    secrets: dict[str, str] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        """Without the document, which holds codes and PINs."""
        return f"Call({self.name!r})"


class Trouble(Value, frozen=True):
    """One error of an answer.

    Attributes:
        code: The stable part; empty if there is none.
        message: For technicians.
        prop: The property that a check refused; empty: none is named.
        check: The check; empty: none is named.
        path: The field that it befell; empty: the whole request.
    """

    code: str
    message: str
    prop: str = ""
    check: str = ""
    path: str = ""

    @property
    def words(self) -> str:
        """What it says, in one sentence."""
        told = f"{self.message or 'no reason is given'} ({self.code or 'no code'})"
        if self.prop or self.check:
            told += f": {self.prop or 'a property'} does not pass {self.check or 'a check'}"
        return told


class Found(Value, frozen=True):
    """What was asked for: None if the server has no such thing. *troubles*: of parts of it, which are null."""

    data: Any
    troubles: tuple[Trouble, ...] = ()


class GraphQL:
    """Asks one tenant.

    Args:
        options: Where it is.
        agent: What this client calls itself.
        credential: Returns the client's id and secret as JSON; raises OSError or ValueError with a sentence.
        transport: Stands in for the network.
    """

    def __init__(
        self,
        options: KensiumOptions,
        *,
        agent: str,
        credential: Callable[[], str],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = options.graphql_url
        self._access = Access(options, agent=agent, credential=credential, spent=is_spent, transport=transport)

    def __repr__(self) -> str:
        return f"GraphQL({self.url!r})"

    def ask(self, call: Call, timeout_s: float) -> Found | Answer:
        """Send *call* and return what is in its field, or what became of it, within *timeout_s* seconds.

        It is sent once; again only where the server did not accept the token, and did nothing.
        """
        body: dict[str, Any] = {"query": call.document, "operationName": call.name}
        if call.variables:
            body["variables"] = call.variables
        reply = self._access.post(self.url, body, timeout_s)
        if isinstance(reply, Answer):
            return replace(reply, words=self._hide(reply.words, call))
        result = read(reply, call)
        if isinstance(result, Answer):
            return replace(result, words=self._hide(result.words, call))
        return replace(result, troubles=tuple(self._hidden(each, call) for each in result.troubles))

    def close(self) -> None:
        """Close every connection; a call under way ends at once as UNKNOWN, a later one is UNSENT."""
        self._access.close()

    def _hidden(self, told: Trouble, call: Call) -> Trouble:
        code, message, prop, check, path = (
            self._hide(each, call) for each in (told.code, told.message, told.prop, told.check, told.path)
        )
        return Trouble(code, message, prop, check, path)

    def _hide(self, text: str, call: Call) -> str:
        return self._access.hide(hide(text, call.secrets))


def is_spent(reply: Reply) -> bool:
    """Return whether *reply* says that the token does not count (any more), and surely nothing was done."""
    body = _body(reply)
    if body is None:
        return reply.status == HTTPStatus.UNAUTHORIZED
    troubles = _troubles(body)
    if body.get("data") is not None and _broke(troubles):
        return False  # something was executed, and nobody knows how far: whatever the status says
    refused = bool(troubles) and all(each.code == NOT_AUTHENTICATED for each in troubles)
    return _is_empty(body.get("data")) and (refused or reply.status == HTTPStatus.UNAUTHORIZED)


def read(reply: Reply, call: Call) -> Found | Answer:
    """Return what *reply* means for *call*. Pure."""
    body = _body(reply)
    if body is None or not (reply.good or _is_clients(reply.status)):
        return _without_a_result(reply, call)
    troubles, field = _troubles(body), _at(body.get("data", _MISSING), call.path)
    if field is not None and field is not _MISSING:
        return Found(field, troubles)
    if troubles:
        executed = body.get("data", _MISSING) is not _MISSING
        return _refused(troubles, reply.status, call, executed=executed)
    if field is _MISSING or call.changes or not reply.good:
        words = f"the server answered {reply.title} with neither an error nor what was asked for"
        return Answer(Outcome.UNKNOWN, words, reply.status)
    return Found(None)


# -- reading -------------------------------------------------------------------------------------------


def _refused(troubles: tuple[Trouble, ...], status: int, call: Call, *, executed: bool) -> Answer:
    """Read errors about a field that is null: what each one means, and of several the worst.

    The generic code, or none, is what a server says when it broke: of a change that had begun, nobody knows how
    far it came.
    """
    words = "; ".join(each.words for each in troubles)
    codes = {each.code for each in troubles}
    if call.changes and executed and _broke(troubles):
        return Answer(Outcome.UNKNOWN, words, status)
    denied = codes & {NOT_AUTHENTICATED, NOT_AUTHORIZED} or status in (
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
    )
    return Answer(Outcome.DENIED if denied else Outcome.REFUSED, words, status)


def _broke(troubles: tuple[Trouble, ...]) -> bool:
    return any(each.code in (_GENERIC, "") for each in troubles)


def _without_a_result(reply: Reply, call: Call) -> Answer:
    """Read what is no answer of GraphQL: of a change only what the platform refuses beforehand is a no."""
    answer = judge(reply)
    body = _body(reply)
    begun = body is not None and "data" in body
    if reply.good:
        words = f"the server answered {reply.title} with something that is no result of GraphQL: check the url"
        return Answer(Outcome.UNKNOWN, words, reply.status)
    if call.changes and (reply.status == HTTPStatus.BAD_REQUEST or begun):
        # It says so of changes that were made in part, too: this one cannot be read, or had begun.
        return replace(answer, outcome=Outcome.UNKNOWN)
    return answer


def _body(reply: Reply) -> dict[str, Any] | None:
    """Return the body of an answer of GraphQL; None if it is none."""
    try:
        found = _decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation, RecursionError):
        return None
    if not isinstance(found, dict) or not ("data" in found or found.get("errors")):
        return None
    errors = found.get("errors")
    sound = errors is None or (isinstance(errors, list) and all(isinstance(each, dict) for each in errors))
    return found if sound and isinstance(found.get("data"), dict | None) else None


def _troubles(body: Mapping[str, Any]) -> tuple[Trouble, ...]:
    return tuple(_trouble(each) for each in (body.get("errors") or [])[:_MOST_ERRORS])


def _trouble(error: Mapping[str, Any]) -> Trouble:
    extensions = _object(error.get("extensions"))
    data = _object(extensions.get("data"))
    path = error.get("path")
    return Trouble(
        code=_text(extensions.get("code")),
        message=_text(error.get("message")),
        prop=_text(data.get("Property")),
        check=_text(data.get("ValidationType")),
        path=plain(".".join(str(each) for each in path)) if isinstance(path, list) else "",
    )


def _object(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _text(found: Any) -> str:
    return plain(found) if isinstance(found, str) else ""


def _at(data: Any, path: tuple[str, ...]) -> Any:
    """Return what stands at *path*; None where it, or what holds it, is null; missing if it is not told of."""
    for name in path:
        if data is None or data is _MISSING:
            return data
        data = data.get(name, _MISSING) if isinstance(data, dict) else _MISSING
    return data


def _is_empty(data: Any) -> bool:
    return data is None or all(each is None for each in data.values())


def _is_clients(status: int) -> bool:
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
