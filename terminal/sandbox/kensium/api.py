"""The addresses of the Kensium server: counted, spoilt by faults; GraphQL over HTTP as Orchard Core speaks it.

200 says that there was no error at all; with any, it is 400, and what took effect all the same stands in the
data beside it. 401 and 403 may come without a body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from terminal.httpd import Reply, Request, Response, Route
from terminal.sandbox.desk import Desk
from terminal.sandbox.kensium.gate import TOKEN_PATH, KensiumGate
from terminal.sandbox.kensium.queries import Caller
from terminal.sandbox.kensium.rules import EXECUTE, KensiumRules, Refusal, failed, forbidden
from terminal.sandbox.kensium.schema import Handler, Tenant
from terminal.sandbox.satellite.rules import Answered

if TYPE_CHECKING:
    import graphql

PREFIX = "/kensium"
GRAPHQL = f"{PREFIX}/api/graphql"
NEEDS = {
    "customer": "ViewCustomers",
    "item": "ViewInventory",
    "itemWarehouse": "ViewInventory",
    "itemSerialLot": "ViewInventory",
    "sale": "ViewSales",
    "giftcard": "FindGiftCardByCode",
    "giftcardAdd": "CreateGiftCard",
    "giftcardEdit": "EditGiftCard",
    "purchaseAdd": "AddPurchase",
}
"""The permission that a root field needs, by its name in the contract; others look at more than the field."""

_MOST_TOKENS = 20_000


class Asked(msgspec.Struct, frozen=True):
    """One request of GraphQL."""

    query: str = ""
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815 - the standard's


_read = msgspec.json.Decoder(Asked)  # made once, here: of two first threads, one would crash


class KensiumApi:
    """The handlers.

    Args:
        desk: Where requests arrive.
        gate: Who lets them in.
        tenant: Returns the schema as it is now.
        rules: How the server behaves now.
        now_ms: The wall clock, in milliseconds.
    """

    def __init__(
        self,
        desk: Desk,
        gate: KensiumGate,
        tenant: Callable[[], Tenant],
        rules: Callable[[], KensiumRules],
        now_ms: Callable[[], int],
    ) -> None:
        self._desk = desk
        self._gate = gate
        self._tenant = tenant
        self._rules = rules
        self._now_ms = now_ms

    def routes(self) -> list[Route]:
        """Return what it answers, and where."""
        return [
            self._route("GET", f"{PREFIX}/.well-known/openid-configuration", self._gate.discovery),
            self._route("GET", f"{PREFIX}/.well-known/jwks", lambda _: Response.json({"keys": []})),
            self._route("POST", f"{PREFIX}{TOKEN_PATH}", self._gate.token),
            self._route("POST", GRAPHQL, self._graphql, self._about),
            self._route("GET", GRAPHQL, self._graphql, self._about),
        ]

    def _route(
        self,
        method: str,
        path: str,
        handler: Callable[[Request], Reply],
        about: Callable[[Request], str] = lambda request: request.path,
    ) -> Route:
        def answer(request: Request) -> Reply:
            try:
                return handler(request)
            except Answered as answered:
                return answered.response

        return Route(method, path, self._desk.serve(f"{method} {path}", answer, about=about))

    def _about(self, request: Request) -> str:
        """Return the address with what is asked for there, and count that: faults may meet one field alone."""
        try:
            asked = _asked(request)
            roots = [self._known_as(each) for each in _roots(_parsed(asked.query), asked.operationName)]
        except Answered:
            roots = []
        for each in roots:
            self._desk.count(each)
        return "#".join([request.path, *roots])

    def _known_as(self, name: str) -> str:
        return self._tenant().roots.get(name, name)

    def _graphql(self, request: Request) -> Response:
        caller = Caller(self._gate.passed(request), self._now_ms())
        if not caller.may(EXECUTE):
            return Response(403, b"", {})
        asked = _asked(request)
        document = _parsed(asked.query)
        self._check(request, document, asked)
        roots = [self._known_as(each) for each in _roots(document, asked.operationName)]
        if self._rules().permissions == "validation":
            for name in roots:
                if name in NEEDS and not caller.may(NEEDS[name]):
                    raise _refused(forbidden(NEEDS[name]), 401)
        return self._executed(document, asked, caller)

    def _check(self, request: Request, document: graphql.DocumentNode, asked: Asked) -> None:
        import graphql  # noqa: PLC0415 - only this server wants it

        rules = list(graphql.specified_rules)
        if not self._rules().introspection:
            rules.append(graphql.NoSchemaIntrospectionCustomRule)
        mistakes = graphql.validate(self._tenant().schema, document, rules)
        if mistakes:
            raise Answered(Response.json({"errors": [_shown(each) for each in mistakes]}, 400))
        operation = graphql.get_operation_ast(document, asked.operationName)
        if request.method == "GET" and operation is not None and operation.operation.value != "query":
            raise _refused(failed("What changes something is sent by POST."), 405)

    def _executed(self, document: graphql.DocumentNode, asked: Asked, caller: Caller) -> Response:
        import graphql  # noqa: PLC0415 - as above

        result = graphql.execute_sync(
            self._tenant().schema,
            document,
            context_value=caller,
            variable_values=asked.variables,
            operation_name=asked.operationName,
        )
        if result.errors:
            errors = [_shown(each) for each in result.errors]
            return Response.json({"errors": errors, "data": result.data}, 400)
        return Response.json({"data": result.data})


def guarded(handlers: dict[str, Handler]) -> dict[str, Handler]:
    """Return *handlers*, each of which refuses who may not have that field."""

    def guard(permission: str, handler: Handler) -> Handler:
        def handle(caller: Caller, asked: dict[str, Any]) -> Any:
            caller.need(permission)
            return handler(caller, asked)

        return handle

    needs = {path: NEEDS.get(path.partition(".")[2]) for path in handlers}
    return {
        path: handler if (needed := needs[path]) is None else guard(needed, handler)
        for path, handler in handlers.items()
    }


def _asked(request: Request) -> Asked:
    """Return what is asked, in whichever of the three ways.

    Raises:
        Answered: In none of them.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if request.method == "GET":
            asked = msgspec.convert({"query": "", **_of_query(request.query)}, Asked)
        elif kind == "application/graphql":
            asked = Asked(request.body.decode())
        elif kind == "application/json":
            asked = _read.decode(request.body)
        else:
            raise _refused(failed("Content-Type: expected application/json or application/graphql."), 415)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _refused(failed(f"This is no request of GraphQL: {error}.")) from None
    if not asked.query:
        raise _refused(failed("There is no query."))
    return asked


def _of_query(fields: dict[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {name: fields[name] for name in ("query", "operationName") if name in fields}
    if "variables" in fields:
        told["variables"] = msgspec.json.decode(fields["variables"])
    return told


def _parsed(text: str) -> graphql.DocumentNode:
    import graphql  # noqa: PLC0415 - as above

    try:
        return graphql.parse(text, max_tokens=_MOST_TOKENS)
    except graphql.GraphQLError as error:
        raise Answered(Response.json({"errors": [_shown(error)]}, 400)) from None
    except RecursionError:
        raise _refused(failed("The query is nested too deeply.")) from None


def _roots(document: graphql.DocumentNode, name: str | None) -> list[str]:
    """Return the root fields of an operation, through its fragments."""
    import graphql  # noqa: PLC0415 - as above

    operation = graphql.get_operation_ast(document, name)
    if operation is None:
        return []
    fragments = {
        it.name.value: it for it in document.definitions if isinstance(it, graphql.FragmentDefinitionNode)
    }
    return list(_fields(operation.selection_set, fragments))


def _fields(selected: graphql.SelectionSetNode, fragments: dict[str, Any]) -> Iterator[str]:
    import graphql  # noqa: PLC0415 - as above

    for each in selected.selections:
        if isinstance(each, graphql.FieldNode):
            yield each.name.value
        elif isinstance(each, graphql.InlineFragmentNode):
            yield from _fields(each.selection_set, fragments)
        elif isinstance(each, graphql.FragmentSpreadNode):
            left = {name: it for name, it in fragments.items() if name != each.name.value}
            if each.name.value in fragments:
                yield from _fields(fragments[each.name.value].selection_set, left)


def _refused(refusal: Refusal, status: int = 400) -> Answered:
    error = {"message": refusal.words, "extensions": refusal.extensions}
    return Answered(Response.json({"errors": [error]}, status))


def _shown(error: graphql.GraphQLError) -> dict[str, Any]:
    """Return an error as it is answered; one that nothing else is known of is FUSION_ERROR."""
    return {**error.formatted, "extensions": {"code": "FUSION_ERROR", **(error.extensions or {})}}
