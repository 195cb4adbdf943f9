"""Documents of GraphQL, written from what is known of the server.

Values are written into them as literals, by one strict writer, and are not sent as variables: a variable must
name its type, and the types' names are told nowhere but by introspection. A terminal that was started anew
without a network could not write the one document that matters, and a stored name that is not true any more
would be another reason to fail. What a server calls otherwise is written so under an alias, so that answers
are always read by the names of the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import msgspec

from terminal.backends.kensium.graphql import Call
from terminal.backends.kensium.sheet import Part, Shape, member, named, within, word

_INT32 = 2**31


class Unsupported(ValueError):  # noqa: N818 - an outcome of asking, not a fault of the program
    """What was asked for is none of a server's things, or not of its kind; one sentence says which."""


class Writer:
    """Writes operations for one server.

    Args:
        names: What it calls otherwise, by path; empty: it has no such thing. See ``KensiumOptions.names``.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = dict(names)

    def operation(
        self,
        kind: Literal["query", "mutation"],
        fields: tuple[Part, ...],
        args: Mapping[str, Any],
        secrets: Mapping[str, str] | None = None,
    ) -> Call:
        """Return the call of the last of *fields*, each of which is in the one before it.

        Args:
            kind: Whether it changes anything.
            fields: From the outermost one.
            args: By the names of the pages; None: not given.
            secrets: What is never told of it, and what is shown for that.

        Raises:
            Unsupported: An argument is of another kind than the server takes, or it has none such.
        """
        path, outer = "", []
        for field in fields[:-1]:
            path = within(path, field.name)
            outer.append(self._alias(field.name, path))
        text = self._field(fields[-1], within(path, fields[-1].name), args)
        for alias in reversed(outer):
            text = f"{alias} {{ {text} }}"
        names = tuple(field.name for field in fields)
        name = "".join(each[0].upper() + each[1:] for each in names)
        document = f"{kind} {name} {{ {text} }}"
        return Call(name, document, names, changes=kind == "mutation", secrets=dict(secrets or {}))

    def _field(self, field: Part, path: str, args: Mapping[str, Any]) -> str:
        given = [(named(field.args, name), value) for name, value in args.items() if value is not None]
        written = [self._member(part, member(path, part.name), value) for part, value in given]
        arguments = f"({', '.join(written)})" if written else ""
        return f"{self._alias(field.name, path)}{arguments}{self._selection(field, path)}"

    def _selection(self, field: Part, path: str) -> str:
        """Return what is wanted of an object: all that the server has; its type's name if that is nothing."""
        if field.shape is not Shape.OBJECT:
            return ""
        wanted = [(part, within(path, part.name)) for part in field.parts]
        texts = [
            self._alias(part.name, inner) + self._selection(part, inner)
            for part, inner in wanted
            if self._names.get(inner) != ""
        ]
        return f" {{ {' '.join(texts) or '__typename'} }}"

    def _alias(self, name: str, path: str) -> str:
        theirs = self._theirs(name, path)
        return name if theirs == name else f"{name}: {theirs}"

    def _member(self, part: Part, path: str, value: Any) -> str:
        return f"{self._theirs(part.name, path)}: {self._value(part, path, value)}"

    def _value(self, part: Part, path: str, value: Any) -> str:
        if part.many:
            return f"[{', '.join(self._one(part, path, each) for each in value)}]"
        return self._one(part, path, value)

    def _one(self, part: Part, path: str, value: Any) -> str:
        if part.shape is Shape.OBJECT:
            members = [
                self._member(named(part.parts, name), member(path, name), each)
                for name, each in value.items()
                if each is not None
            ]
            return f"{{{', '.join(members)}}}"
        if part.shape is Shape.WORD:
            if value not in {each.name for each in part.words}:
                known = ", ".join(each.name for each in part.words)
                raise Unsupported(f"found {str(value)[:40]!r} for {path}; expected one of {known}")
            return self._theirs(value, word(path, value))
        return literal(part.shape, path, value)

    def _theirs(self, name: str, path: str) -> str:
        """Return what the server calls it. What it has not is never left out in silence where it was given."""
        theirs = self._names.get(path, name)
        if not theirs:
            raise Unsupported(f"this server has no {path}, as the option `names` says")
        return theirs


def literal(shape: Shape, path: str, value: Any) -> str:
    """Return *value* as it stands in a document.

    Raises:
        Unsupported: It is of another kind; the sentence does not hold it.
    """
    if shape is Shape.FLAG and isinstance(value, bool):
        return "true" if value else "false"
    if shape is Shape.WHOLE and isinstance(value, int) and not isinstance(value, bool):
        if -_INT32 <= value < _INT32:
            return str(value)
    elif shape is Shape.AMOUNT and isinstance(value, Decimal):
        if value.is_finite():
            return f'"{value:f}"'
    elif shape in (Shape.TEXT, Shape.MOMENT) and isinstance(value, str):
        try:
            # The escapes of JSON are a part of those of GraphQL.
            return msgspec.json.encode(value).decode()
        except UnicodeEncodeError:
            raise Unsupported(f"found a text for {path} that is no Unicode") from None
    raise Unsupported(f"found something else for {path}; expected {shape.value}")
