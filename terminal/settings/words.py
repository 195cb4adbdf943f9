"""What a type allows and what was found, in words for a technician. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec.inspect as kinds

SHOWN = 40  # characters of a wrong value that are repeated to the technician

_SECRET = re.compile(r"(^|_)(token|password|passwd|secret|api_?key|access_?key|bearer|authorization)$")


def is_secret_name(key: str) -> bool:
    """Say whether an option of this name would hold a secret (``token``, ``api_key``, ``db_password``)."""
    return _SECRET.search(key.lower().replace("-", "_")) is not None


def found(value: object) -> str:
    """Return a value as it stands in TOML, cut to a readable length; tables and lists by their kind only."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(_cut(value), ensure_ascii=False)
        case Mapping():
            return "a table"
        case list() | tuple():
            return "an empty list" if not value else "a list"
        case _:
            return _cut(str(value))


def choices(options: Iterable[object]) -> str:
    """Return the allowed values as words: ``"a" or "b"``, ``one of "a", "b", "c"``."""
    names = [found(option) for option in options]
    match names:
        case []:
            return "nothing: there is none"
        case [only]:
            return only
        case [first, second]:
            return f"{first} or {second}"
        case _:
            return "one of " + ", ".join(names)


def listed(names: Iterable[str]) -> str:
    """Return names as words: ``id, job, locale``; where there are none, that."""
    return ", ".join(names) or "nothing: there is none"


def did_you_mean(word: object, options: Iterable[str]) -> str:
    """Return ``did you mean "…"?`` for the nearest of *options*, or nothing where none is near."""
    import difflib  # noqa: PLC0415 - for a mistake only

    near = difflib.get_close_matches(str(word).lower(), list(options), n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else ""


def strip(kind: kinds.Type) -> tuple[kinds.Type, dict[str, Any]]:
    """Return a type without its metadata, and the metadata: description, examples, expected."""
    notes: dict[str, Any] = {}
    while isinstance(kind, kinds.Metadata):
        notes = {**(kind.extra_json_schema or {}), **(kind.extra or {}), **notes}
        kind = kind.type
    if isinstance(kind, kinds.UnionType):
        real = [each for each in kind.types if not isinstance(each, kinds.NoneType)]
        if len(real) == 1:  # a type or None: TOML has no None, so it is the type
            kind, inner = strip(real[0])
            notes = {**inner, **notes}
    return kind, notes


def allowed(kind: Any) -> str:
    """Return what an annotated type allows, as words: ``a whole number from 0 to 500``."""
    return _allowed(kinds.type_info(kind))


def _allowed(kind: kinds.Type) -> str:
    kind, notes = strip(kind)
    if "expected" in notes:
        return str(notes["expected"])
    match kind:
        case kinds.BoolType():
            return "true or false"
        case kinds.IntType():
            return "a whole number" + _range(kind)
        case kinds.FloatType():
            return "a number" + _range(kind)
        case kinds.StrType():
            return "a text" + _text(kind)
        case kinds.LiteralType():
            return choices(kind.values)
        case kinds.EnumType():
            return choices(member.value for member in kind.cls)
        case kinds.ListType() | kinds.VarTupleType() | kinds.SetType() | kinds.FrozenSetType():
            return f"a list{_length(kind)}; each item {_allowed(kind.item_type)}"
        case kinds.DictType():
            return f"a table; each value {_allowed(kind.value_type)}"
        case kinds.StructType():
            return "a table with " + listed(field.encode_name for field in kind.fields)
        case kinds.UnionType():
            return " or ".join(_allowed(each) for each in kind.types if not isinstance(each, kinds.NoneType))
        case _:
            return "another value"


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _range(kind: kinds.IntType | kinds.FloatType) -> str:
    least, most = kind.ge, kind.le
    if isinstance(kind, kinds.IntType):  # whole numbers: "greater than 0" is "at least 1"
        least = least if kind.gt is None else kind.gt + 1
        most = most if kind.lt is None else kind.lt - 1
    parts = [
        f"from {least} to {most}" if least is not None and most is not None else "",
        f"of at least {least}" if least is not None and most is None else "",
        f"of at most {most}" if least is None and most is not None else "",
        f"above {kind.gt}" if isinstance(kind, kinds.FloatType) and kind.gt is not None else "",
        f"below {kind.lt}" if isinstance(kind, kinds.FloatType) and kind.lt is not None else "",
        f"that is a multiple of {kind.multiple_of}" if kind.multiple_of is not None else "",
    ]
    return "".join(f" {part}" for part in parts if part)


def _text(kind: kinds.StrType) -> str:
    match kind.min_length, kind.max_length:
        case None, None:
            length = ""
        case 1, None:
            length = " that is not empty"
        case None, most:
            length = f" of at most {most} characters"
        case least, None:
            length = f" of at least {least} characters"
        case least, most:
            length = f" of {least} to {most} characters"
    return length if kind.pattern is None else f"{length} that fits {kind.pattern}"


def _length(
    kind: kinds.ListType | kinds.VarTupleType | kinds.SetType | kinds.FrozenSetType,
) -> str:
    match kind.min_length, kind.max_length:
        case None, None:
            return ""
        case None, most:
            return f" of at most {most}"
        case least, None:
            return f" of at least {least}"
        case least, most:
            return f" of {least} to {most}"
