"""The example file: every option of every section, backend and driver, made from the structs that check them.

Lines that begin with ``#`` and a letter are options at their default: take the ``#`` away to change them.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec
import msgspec.inspect as kinds

import drivers
from terminal import backends
from terminal.settings import sections, toml, words
from terminal.settings.draft import SECTIONS

WIDTH = 100

_HEAD = """\
A configuration of terminald with every option there is.

Options without a # must be given; those behind a # stand at their default. Amounts are whole cents.
No secret stands in this file: each has a file of its own, or comes from systemd as a credential.
`terminalctl config check FILE` finds every mistake in a file; `terminalctl config show` prints what
is in force. This file is made by `terminalctl config example`."""

_ACTIVE_DEVICES = {("reader", "pcsc"): "front reader", ("release", "relay"): "coffee"}
"""Drivers whose blocks are not behind a #: the least that a vending terminal needs."""

_CHOSEN = {"job": "vending", "credential": "pos-token"}
"""Values of options that the example decides; all others stand at their default."""


def text() -> str:
    """Return the whole file."""
    lines = [*_comment(_HEAD), ""]
    for name, kind in SECTIONS.items():
        if name == "roles":
            lines += _backends()
        lines += [*_comment(_summary(kind)), f"[{name}]", *_options(kind, name), ""]
    lines += _devices()
    return "\n".join(lines).rstrip() + "\n"


def block(
    title: str, options: dict[str, Any], kinds_: tuple[type[msgspec.Struct], ...], path: str
) -> list[str]:
    """Return the lines of one backend or device; *options* are given, the others stand at their default."""
    lines = [title]
    for kind in kinds_:
        lines += _options(kind, path, options)
    return [*lines, ""]


def _backends() -> Iterator[str]:
    for number, kind in enumerate(backends.BACKENDS):
        plugin = backends.find(kind)
        name = "main" if number == 0 else kind
        yield from _comment(_summary(sections.BackendHead) if number == 0 else "")
        yield from _comment(f"Type {kind}: {_summary(plugin)}")
        given = {"type": kind}
        lines = block(f"[backends.{name}]", given, (sections.BackendHead, plugin.Options), f"backends.{name}")
        yield from lines if number == 0 else _behind(lines)


def _devices() -> Iterator[str]:
    yield from _comment(_summary(sections.DeviceHead) + " One block for each device.")
    yield ""
    for role, driver in sorted(drivers.DRIVERS, key=lambda key: key not in _ACTIVE_DEVICES):
        plugin = drivers.find(role, driver)
        yield from _comment(f"{role}, {driver}: {_summary(plugin)}")
        name = _ACTIVE_DEVICES.get((role, driver), f"{driver} {role}".replace("_", " "))
        given = {"name": name, "role": role, "driver": driver}
        lines = block("[[devices]]", given, (sections.DeviceHead, plugin.Options), "devices")
        yield from lines if (role, driver) in _ACTIVE_DEVICES else _behind(lines)


def _behind(lines: list[str]) -> Iterator[str]:
    """Put a block behind #: its options, but not the comments between them, which are behind one already."""
    for line in lines:
        yield line if not line or line.startswith("#") else f"#{line}"


def _options(kind: type[msgspec.Struct], path: str, given: dict[str, Any] | None = None) -> Iterator[str]:
    deep: list[str] = []
    chosen = {**_CHOSEN, **(given or {})}
    for field in msgspec.structs.fields(kind):
        name = toml.key(field.encode_name)
        yield from _comment(_explained(field.type))
        default = _default(field)
        if field.encode_name in chosen:
            yield f"{name} = {toml.value(chosen[field.encode_name])}"
        elif field.required:
            yield f"{name} = {toml.value(sample(field.type))}"
        elif default is None:
            yield f"#{name} = {toml.value(sample(field.type))}"
        else:
            yield f"#{name} = {toml.value(default)}"
        if (inner := _table_in_list(field.type)) is not None:
            deep += ["", *_behind([f"[[{path}.{name}]]", *_options(inner, f"{path}.{name}")])]
    yield from deep


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.required:
        return None
    made = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return msgspec.to_builtins(made, str_keys=True)


def _explained(kind: Any) -> str:
    """Return an option's description with what is allowed, where that says more."""
    _, notes = words.strip(kinds.type_info(kind))
    said = str(notes.get("description", "")).strip()
    allowed = words.allowed(kind)
    if allowed in {"a text", "true or false"}:
        return said
    return f"{said} {allowed[:1].upper()}{allowed[1:]}.".strip()


def sample(kind: Any) -> Any:
    """Return a value that fits a type: its own example, or the least that is allowed."""
    bare, notes = words.strip(kinds.type_info(kind))
    if notes.get("examples"):
        return notes["examples"][0]
    return _sample(bare)


def _sample(bare: kinds.Type) -> Any:
    match bare:
        case kinds.BoolType():
            return False
        case kinds.IntType():
            return next(each for each in (bare.ge, bare.gt and bare.gt + 1, bare.le, 0) if each is not None)
        case kinds.FloatType():
            return next(each for each in (bare.ge, bare.le, 0.0) if each is not None)
        case kinds.StrType():
            return "x" * (bare.min_length or 1)
        case kinds.LiteralType():
            return bare.values[0]
        case kinds.EnumType():
            return next(iter(bare.cls)).value
        case kinds.UnionType():
            return _sample(
                next(words.strip(each)[0] for each in bare.types if not isinstance(each, kinds.NoneType))
            )
        case kinds.DictType() | kinds.StructType():
            return {}
    return []


def _table_in_list(kind: Any) -> type[msgspec.Struct] | None:
    bare, _ = words.strip(kinds.type_info(kind))
    if isinstance(bare, kinds.ListType | kinds.VarTupleType):
        item, _ = words.strip(bare.item_type)
        if isinstance(item, kinds.StructType):
            return item.cls
    return None


def _summary(kind: Any) -> str:
    """Return the first paragraph of a class's docstring, in one line."""
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())


def _comment(said: str) -> Iterator[str]:
    for paragraph in said.splitlines():
        for line in textwrap.wrap(paragraph, WIDTH - 2, break_long_words=False, break_on_hyphens=False) or [""]:
            yield f"# {line}".rstrip()
