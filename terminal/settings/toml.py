"""Values as TOML writes them. Python reads TOML but does not write it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def key(name: str) -> str:
    """Return a key, quoted where it must be."""
    return name if _BARE.fullmatch(name) else text(name)


def text(value: str) -> str:
    """Return a basic string: JSON's form is one, but for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def value(given: object) -> str:
    """Return *given* in one line.

    Raises:
        TypeError: TOML has no such value (None, a set, …).
    """
    match given:
        case bool():
            return "true" if given else "false"
        case int() | float():
            return repr(given)
        case str():
            return text(given)
        case Mapping():
            inner = ", ".join(f"{key(name)} = {value(each)}" for name, each in given.items())
            return f"{{ {inner} }}" if inner else "{}"
        case Sequence():
            return f"[{', '.join(value(each) for each in given)}]"
    raise TypeError(f"TOML has no {type(given).__name__}")


def lines(tables: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Give the lines of a document: first the plain options of a table, then the tables in it."""
    deep = {name: each for name, each in tables.items() if _is_deep(each)}
    for name, each in tables.items():
        if name not in deep and each is not None:
            yield f"{key(name)} = {value(each)}"
    for name, each in deep.items():
        where = f"{path}.{key(name)}" if path else key(name)
        for table in [each] if isinstance(each, Mapping) else each:
            if isinstance(each, Sequence) or not _is_only_tables(table):
                yield ""
                yield f"[{where}]" if isinstance(each, Mapping) else f"[[{where}]]"
            yield from lines(table, where)


def _is_only_tables(table: Mapping[str, Any]) -> bool:
    """Say whether the headers of the tables in *table* say that it is there."""
    return bool(table) and all(_is_deep(each) for each in table.values())


def _is_deep(each: object) -> bool:
    if isinstance(each, Mapping):
        return True
    return isinstance(each, list | tuple) and bool(each) and all(isinstance(one, Mapping) for one in each)
