"""The example file: every option of every section, backend and driver, made from the structs that check them.

Lines that begin with ``#`` and a letter are options at their default: take the ``#`` away to change them.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
import msgspec.inspect as kinds

import drivers
from terminal import backends
from terminal.core import ticket_rules
from terminal.settings import sections, toml, words
from terminal.settings.draft import SECTIONS

WIDTH = 100

_HEAD = """\
A configuration of terminald with every option there is.

Options without a # must be given; those behind a # stand at their default, or at an example where \
that is said. Amounts are whole cents. Paths that do not begin with / are taken from where terminald is started.

No secret stands in this file: each has a file of its own, or comes from systemd as a credential. \
`terminalctl config check FILE` finds every mistake in a file; `terminalctl config show` prints what is in \
force; `terminalctl config example` prints this."""

_ACTIVE = {("reader", "pcsc"): "front reader", ("release", "relay"): "coffee"}
"""Drivers whose blocks are not behind a #: the least that a vending terminal needs."""

_CHOSEN = {"job": "vending", "wallet": "main", "credential": "pos-token", "one_product": "espresso"}
"""Values of options that the example decides; all others stand at their default."""

_GIVEN: dict[tuple[str, str], dict[str, Any]] = {
    ("backend", "satellite"): {"credential": "satellite"},
    ("backend", "onlinepos"): {"credential": "onlinepos", "wallet": "deposit"},
    ("backend", "onslip"): {"credential": "onslip"},
    ("backend", "kensium"): {"credential": "kensium"},
    ("release", "relay"): {"line": 22},
    ("reader", "pn532"): {"port": "/dev/ttyAMA0"},
    ("reader", "rdm6300"): {"port": "/dev/serial0"},
    ("reader", "hid"): {"device": "/dev/input/by-id/usb-Sycreader_USB_Reader_08FF20140315-event-kbd"},
    ("coin_acceptor", "pulse"): {"line": 17, "inhibit_line": 27, "coins": {"1": 50, "2": 100, "4": 200}},
    ("machine", "mdb"): {"port": "/dev/ttyAMA0"},
    ("printer", "escpos"): {"port": "file:///dev/usb/lp0"},
    ("buttons", "gpio"): {"buttons": {"espresso": 5, "cancel": 6}},
    ("indicator", "gpio"): {"lamp": 16, "buzzer": 26},
}
"""What drivers and adapters need beyond their defaults, as it would be on a Raspberry Pi."""

_IN_BLOCKS: dict[type[msgspec.Struct], dict[str, Any]] = {
    ticket_rules.TicketProduct: {"id": "adult", "name": "Adult", "price": 3000},
    ticket_rules.ChildTickets: {"product": "child", "name": "Child", "count": 2},
    ticket_rules.Discount: {"name": "Group", "from_quantity": 10, "percent": 15},
}
"""What blocks within a section show beyond their defaults."""

_PLAIN = {"a text", "true or false", "the path of a file", "the path of a file, or an empty text"}
"""What is allowed, where the default says as much."""


def text() -> str:
    """Return the whole file."""
    lines = [*_comment(_HEAD), ""]
    for name, kind in SECTIONS.items():
        if name == "roles":
            lines += _backends()
        lines += [*_comment(_summary(kind)), f"[{name}]", *_options(kind, name, _CHOSEN), ""]
    return "\n".join([*lines, *_devices()]).rstrip() + "\n"


def _backends() -> Iterator[str]:
    yield from _comment(_summary(sections.BackendHead))
    for number, kind in enumerate(backends.BACKENDS):
        plugin = backends.find(kind)
        name = f"backends.{kind if number else 'main'}"
        given = {**_CHOSEN, "type": kind, **_GIVEN.get(("backend", kind), {})}
        yield from _comment(f"Type {kind}. {_summary(_module(plugin))}")
        lines = [f"[{name}]", *_options(sections.BackendHead, name, given, explain=not number)]
        lines += [*_options(plugin.Options, name, given), ""]
        yield from _behind(lines) if number else lines


def _devices() -> Iterator[str]:
    yield from [*_comment(_summary(sections.DeviceHead) + " One block for each device."), ""]
    for number, key in enumerate(sorted(drivers.DRIVERS, key=lambda key: key not in _ACTIVE)):
        role, driver = key
        plugin = drivers.find(role, driver)
        name = _ACTIVE.get(key, f"{driver} {role}".replace("_", " "))
        given = {"name": name, "role": role, "driver": driver, **_GIVEN.get(key, {})}
        yield from _comment(f"Role {role}, driver {driver}. {_summary(_module(plugin))}")
        lines = ["[[devices]]", *_options(sections.DeviceHead, "devices", given, explain=not number)]
        lines += [*_options(plugin.Options, "devices", given), ""]
        yield from lines if key in _ACTIVE else _behind(lines)


def _behind(lines: Iterable[str]) -> Iterator[str]:
    """Put a block behind #; comments and defaults are behind one already."""
    for line in lines:
        yield line if not line or line.startswith("#") else f"#{line}"


def _options(
    kind: type[msgspec.Struct], path: str, given: Mapping[str, Any], *, explain: bool = True
) -> Iterator[str]:
    """Give the options of a table, each with its comment; what is *given* or required is not behind a #."""
    tables: list[str] = []
    for field in msgspec.structs.fields(kind):
        name, default = field.encode_name, _default(field)
        shown = given.get(name, sample(field.type) if default is None else default)
        unset = "" if field.required or default is not None else " Not set by default."
        if (inner := _table_in_list(field.type)) is not None:
            # As an option and as blocks it would stand there twice, which TOML does not allow.
            block = [f"[[{path}.{name}]]", *_options(inner, f"{path}.{name}", _IN_BLOCKS.get(inner, {}))]
            tables += ["", *_comment(f"{_said(field.type)} One block for each:"), *_behind(block)]
            continue
        if explain:
            yield from _comment(_explained(field.type) + unset)
        active = field.required or name in given
        yield f"{'' if active else '#'}{toml.key(name)} = {toml.value(shown)}"
    yield from tables


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.required:
        return None
    made = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return msgspec.to_builtins(made, str_keys=True)


def _explained(kind: Any) -> str:
    """Return an option's description with what is allowed, where that says more."""
    said = _said(kind)
    allowed = words.allowed(kind)
    if allowed in _PLAIN:
        return said
    return f"{said} {allowed[:1].upper()}{allowed[1:]}.".strip()


def _said(kind: Any) -> str:
    """Return an option's description."""
    _, notes = words.strip(kinds.type_info(kind))
    return str(notes.get("description", "")).strip()


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


def _module(plugin: Any) -> Any:
    """Return the module of a driver or adapter: its text says what it is for."""
    return sys.modules[plugin.__module__]


def _summary(kind: Any) -> str:
    """Return the first paragraph of a docstring, in one line."""
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())


def _comment(said: str) -> Iterator[str]:
    for paragraph in said.splitlines():
        for line in textwrap.wrap(paragraph, WIDTH - 2, break_long_words=False, break_on_hyphens=False) or [""]:
            yield f"# {line}".rstrip()
