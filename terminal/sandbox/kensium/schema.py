"""The schema that a tenant really has: that of the contract, with what is missing, renamed or of another type.

graphql-core does the work. It is imported late: only testers have this server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from terminal.sandbox.kensium.rules import KensiumRules, failed
from terminal.sandbox.kensium.sdl import SDL

if TYPE_CHECKING:
    import graphql

Handler = Callable[[Any, dict[str, Any]], Any]
"""Answers a field: who asks and the arguments go in, by their names in the contract."""


class Tenant(msgspec.Struct, frozen=True):
    """A schema that answers, and what its root fields are called in the contract."""

    schema: Any
    roots: dict[str, str]


def build(rules: KensiumRules, handlers: Mapping[str, Handler]) -> Tenant:
    """Return the schema under *rules*; *handlers* answer the fields ``Type.field`` that are more than values.

    Raises:
        ValueError: graphql-core is not there, or a rule names what the contract does not have.
    """
    try:
        import graphql  # noqa: PLC0415 - only this server wants it
    except ImportError:
        raise ValueError("the Kensium server needs graphql-core: pip install graphql-core") from None
    variant = _Variant(rules, graphql.parse(SDL))
    try:
        schema = graphql.build_ast_schema(variant.document)
    except (TypeError, graphql.GraphQLError) as error:
        raise ValueError(f"there can be no such schema: {error}") from None
    mistakes = graphql.validate_schema(schema)
    if mistakes:
        raise ValueError(f"there can be no such schema: {mistakes[0].message}")
    for path, place in variant.places.items():
        _attach(schema.type_map[place[0]], place, path, _resolver(path, rules, handlers.get(path)))
    roots = {
        name: path.partition(".")[2]
        for path, (type_, name, argument) in variant.places.items()
        if type_ in ("Query", "Mutation") and argument is None
    }
    return Tenant(schema, roots)


class _Variant:
    """The document of the contract, changed by the rules.

    Attributes:
        document: What is left of it.
        places: By path in the contract: the type, its member and that one's argument, as they are called now.
    """

    def __init__(self, rules: KensiumRules, document: graphql.DocumentNode) -> None:
        self.places: dict[str, tuple[str, str, str | None]] = {}
        self._missing = set(rules.missing)
        self._renamed = dict(rules.renamed)
        self._types = dict(rules.types)
        known = self._types_of(document)
        definitions = [self._changed(definition, known) for definition in document.definitions]
        self.document = _with(document, definitions=tuple(definitions))
        broken = set(rules.broken) - self.places.keys()
        left = sorted({*self._missing, *self._renamed, *self._types, *broken})
        if left:
            raise ValueError(f"{left[0]}: the schema has no such type, field, argument or value")

    def _types_of(self, document: graphql.DocumentNode) -> dict[str, str]:
        """Return what each type is called now, by its name in the contract."""
        names = {each.name.value for each in document.definitions if hasattr(each, "name") and each.name}
        return {name: self._renamed.pop(name, name) for name in names}

    def _changed(self, definition: Any, known: Mapping[str, str]) -> Any:
        type_ = definition.name.value
        changes: dict[str, Any] = {"name": _named(known[type_])}
        for part in ("fields", "values"):
            members = getattr(definition, part, None)
            if members:
                changes[part] = self._left(members, type_, known, (known[type_],))
        return _with(definition, **changes)

    def _left(
        self, members: Any, above: str, known: Mapping[str, str], place: tuple[str, ...]
    ) -> tuple[Any, ...]:
        """Return those of *members* (fields, arguments, values) that there are, as they are now."""
        left = []
        for member in members:
            path = f"{above}.{member.name.value}"
            if path in self._missing:
                self._missing.remove(path)
                continue
            name = self._renamed.pop(path, member.name.value)
            here = (*place, name)
            self.places[path] = (here[0], here[1], here[2] if len(here) > 2 else None)  # noqa: PLR2004 - an argument's
            changes: dict[str, Any] = {"name": _named(name)}
            if hasattr(member, "type"):
                changes["type"] = self._typed(path, member.type, known)
            if getattr(member, "arguments", None):
                changes["arguments"] = self._left(member.arguments, path, known, here)
            left.append(_with(member, **changes))
        return tuple(left)

    def _typed(self, path: str, node: Any, known: Mapping[str, str]) -> Any:
        import graphql  # noqa: PLC0415 - as above

        if path in self._types:
            text = self._types.pop(path)
            try:
                return graphql.parse_type(text)
            except graphql.GraphQLError:
                raise ValueError(f"{path}: {text} is no type") from None
        return _renamed(node, known)


def _renamed(node: Any, known: Mapping[str, str]) -> Any:
    """Return a reference to a type, by what that is called now."""
    if hasattr(node, "name"):
        return _with(node, name=_named(known.get(node.name.value, node.name.value)))
    return _with(node, type=_renamed(node.type, known))


def _with(node: Any, **changes: Any) -> Any:
    """Return a node with other parts: no version of graphql-core lets all of them be set."""
    return type(node)(**{name: getattr(node, name) for name in node.keys} | changes)


def _named(name: str) -> Any:
    import graphql  # noqa: PLC0415 - as above

    return graphql.NameNode(value=name)


def _attach(type_: Any, place: tuple[str, str, str | None], path: str, resolve: Callable[..., Any]) -> None:
    """Let a field be answered, and what is passed to it be known by its name in the contract."""
    import graphql  # noqa: PLC0415 - as above

    _, name, argument = place
    known_as = path.rpartition(".")[2]
    if argument is not None:
        type_.fields[name].args[argument].out_name = known_as
    elif isinstance(type_, graphql.GraphQLEnumType):
        type_.values[name].value = known_as
    elif isinstance(type_, graphql.GraphQLInputObjectType):
        type_.fields[name].out_name = known_as
    else:
        type_.fields[name].resolve = resolve


def _resolver(path: str, rules: KensiumRules, handler: Handler | None) -> Callable[..., Any]:
    name = path.rpartition(".")[2]

    def value(source: Any, _info: Any, **_given: Any) -> Any:
        if path in rules.broken:
            raise failed(f"{path} cannot be answered.")
        return source.get(name)

    def answer(source: Any, info: Any, **given: Any) -> Any:
        return value(source, info) if path in rules.broken or handler is None else handler(info.context, given)

    return value if handler is None else answer
