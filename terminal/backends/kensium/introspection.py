"""What a server's schema has of what is needed, asked for type by type; ``kensium.schema`` compares it. Pure.

Introspection of a whole schema is as long as the tenant's content types are many; only the types are asked for
that are on the way to something that is used.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import msgspec

from terminal.backends.kensium.graphql import Call
from terminal.backends.kensium.sheet import CHANGES, QUERIES, Part, member, within
from terminal.core.value import Value

_REF = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }"
_ROOTS = "query Roots { __schema { queryType { name } mutationType { name } } }"
_TYPE = (
    "query TypeOf($name: String!) { __type(name: $name) { kind name "
    f"fields(includeDeprecated: true) {{ name type {{ {_REF} }} "
    f"args {{ name defaultValue type {{ {_REF} }} }} }} "
    f"inputFields {{ name defaultValue type {{ {_REF} }} }} "
    "enumValues(includeDeprecated: true) { name } } }"
)
_DEEPEST = 5


class Ref(Value, frozen=True):
    """The type of a field or an argument."""

    name: str
    kind: str
    many: bool = False
    required: bool = False

    @property
    def words(self) -> str:
        """How it is written in a schema."""
        return (f"[{self.name}]" if self.many else self.name) + ("!" if self.required else "")


class Known(Value, frozen=True):
    """A field with its arguments, or a member of an input."""

    type: Ref
    args: dict[str, Known]
    default: bool = False


class Type(Value, frozen=True):
    """A type as a server tells it: its fields or members, or its words."""

    kind: str
    members: dict[str, Known]
    words: tuple[str, ...] = ()


class Schema(Value, frozen=True):
    """The types of a server that were asked for. It can be written as JSON, and read again."""

    query: str
    mutation: str
    types: dict[str, Type]


_decode = msgspec.json.Decoder().decode
_schemas = msgspec.json.Decoder(Schema)  # made once, here: of two first threads, one would crash


def read_schema(text: bytes) -> Schema:
    """Return the schema that ``msgspec.json.encode`` wrote.

    Raises:
        ValueError: It is none.
    """
    return _schemas.decode(text)


def read_stored(text: bytes) -> Schema:
    """Return the schema of a file: what was written here, or the answer to an introspection of all types.

    Raises:
        ValueError: It is neither.
    """
    found = _decode(text)
    told = _object(found)
    told = _object(_object(told.get("data", told)).get("__schema"))
    if not told:
        return read_schema(text)
    query, mutation = (_text(_object(told.get(root)).get("name")) for root in ("queryType", "mutationType"))
    types = {"": Type("", {})} | {name: _type(each) for name, each in _named(told.get("types"))}
    return Schema(query, mutation, types)


# -- asking --------------------------------------------------------------------------------------------


def explore(names: Mapping[str, str]) -> Generator[Call, Any, Schema]:
    """Ask for the types that are needed: yields calls, is sent what is in their fields, returns them all.

    Args:
        names: What the server calls otherwise; see ``KensiumOptions.names``.
    """
    told = _object((yield Call("Roots", _ROOTS, ("__schema",))))
    query, mutation = (_text(_object(told.get(root)).get("name")) for root in ("queryType", "mutationType"))
    schema = Schema(query, mutation, {"": Type("", {})})
    while True:
        walk = Walk(schema, names)
        for _ in walk.steps():
            pass
        if not walk.unknown:
            return schema
        for name in dict.fromkeys(walk.unknown):
            found = yield Call("TypeOf", _TYPE, ("__type",), variables={"name": name})
            schema.types[name] = _type(_object(found))


def _type(told: Mapping[str, Any]) -> Type:
    members = {name: _known(each) for name, each in _named(told.get("fields"))}
    members |= {name: _known(each) for name, each in _named(told.get("inputFields"))}
    return Type(_text(told.get("kind")), members, tuple(name for name, _ in _named(told.get("enumValues"))))


def _known(told: Mapping[str, Any]) -> Known:
    args = {name: _known(each) for name, each in _named(told.get("args"))}
    return Known(_ref(told.get("type")), args, told.get("defaultValue") is not None)


def _ref(told: Any) -> Ref:
    """Unwrap a type: required is what its outermost layer says, and one list is all that there is."""
    required = many = False
    layer = _object(told)
    for depth in range(_DEEPEST):
        kind, inner = layer.get("kind"), layer.get("ofType")
        if kind not in ("NON_NULL", "LIST"):
            break
        required |= kind == "NON_NULL" and not depth
        many |= kind == "LIST"
        layer = _object(inner)
    return Ref(_text(layer.get("name")), _text(layer.get("kind")), many, required)


def _named(told: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for each in told if isinstance(told, list) else ():
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            yield each["name"], each


def _object(told: Any) -> Mapping[str, Any]:
    return told if isinstance(told, dict) else {}


def _text(told: Any) -> str:
    return told if isinstance(told, str) else ""


# -- what is needed ------------------------------------------------------------------------------------


class Step(Value, frozen=True):
    """One thing that is needed. *known*: what the server has for it; None: nothing."""

    path: str
    part: Part
    owner: str
    theirs: str
    known: Known | None
    others: tuple[str, ...]  # what else is beside it and needed by nobody


class Walk:
    """Goes over all that is needed, as far as types are known; *unknown*: what is to be asked for."""

    def __init__(self, schema: Schema, names: Mapping[str, str]) -> None:
        self._schema = schema
        self._names = names
        self.unknown: list[str] = []

    def steps(self) -> Iterator[Step]:
        """Give each thing, what holds it before what it holds."""
        yield from self._within(self._schema.query, QUERIES, "", within)
        yield from self._within(self._schema.mutation, CHANGES, "", within)

    def theirs(self, path: str, name: str) -> str:
        """Return what the server calls it; empty: it has no such thing, and somebody knows that."""
        return self._names.get(path, name)

    def _within(
        self, type_name: str, parts: tuple[Part, ...], outer: str, join: Callable[[str, str], str]
    ) -> Iterator[Step]:
        found = self._schema.types.get(type_name)
        if found is None:
            self.unknown.append(type_name)
            return
        yield from self._members(found.members, type_name, parts, outer, join)

    def _members(
        self,
        members: Mapping[str, Known],
        owner: str,
        parts: tuple[Part, ...],
        outer: str,
        join: Callable[[str, str], str],
    ) -> Iterator[Step]:
        used = {self.theirs(join(outer, part.name), part.name) for part in parts}
        others = tuple(name for name in members if name not in used)
        for part in parts:
            path = join(outer, part.name)
            theirs = self.theirs(path, part.name)
            if not theirs:
                continue
            known = members.get(theirs)
            yield Step(path, part, owner, theirs, known, others)
            if known is None:
                continue
            yield from self._members(known.args, f"{owner}.{theirs}", part.args, path, member)
            if part.parts:
                yield from self._within(known.type.name, part.parts, path, join)
            elif known.type.kind == "ENUM" and known.type.name not in self._schema.types:
                self.unknown.append(known.type.name)
