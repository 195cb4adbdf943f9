"""Onslip's entities as values: how they are made of JSON values, and such values of them. Pure.

What the server knows and this terminal does not, be it a new field, a new word of an enumeration or an extended
property (``_<namespace>-<name>``), is carried along and written back: an entity that is replaced whole loses
nothing. What is known is checked; an answer that breaks the contract is Unreadable, in one sentence.

The resources are in the modules beside this one (``onslip.models_till`` and so on). Property names are the
server's with underscores for hyphens. Each class stands for a new entity as well as a stored one; what only the
server sets (``SERVER_OWNED``) is read and never sent. Field sets: Onslip's Tills page and the types of its
TypeScript SDK 1.37.5.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from terminal.backends.onslip.models_values import Base64, Id, Moment, Number, kind_of
from terminal.core.value import Value, replace

SERVER_OWNED = frozenset({"id", "created", "updated", "updated-by", "updated-from"})
"""Wire names of what only the server sets of an entity: never part of a PUT, POST or PATCH."""

_first_use = threading.Lock()
"""msgspec learns a class at its first use, and two threads that are first at once would end the process."""

_OTHERS = "(others)"
_AT = re.compile(r" - at `\$\.?([^`]*)`$")

_M = TypeVar("_M", bound="Model")
_P = TypeVar("_P", bound="Patch")


class Unreadable(Exception):  # noqa: N818 - an outcome of reading, not a fault of the program
    """What the server sent is not what the contract says; one sentence says what was found and where."""


class Model(Value, frozen=True, rename="kebab", kw_only=True):
    """Base of all objects of the API. *others*: what the server sent beside the fields, by its names."""

    others: Any = msgspec.field(default_factory=dict, name=_OTHERS)

    def __repr__(self) -> str:
        """Of what is not known, only the names: it may be a secret."""
        names = [name for name in self.__struct_fields__ if name != "others"]
        told = [f"{name}={getattr(self, name)!r}" for name in names if getattr(self, name) is not None]
        told += [f"others={sorted(self.others)}"] if self.others else []
        return f"{type(self).__name__}({', '.join(told)})"

    def extended(self, namespace: str) -> dict[str, str]:
        """Return the extended properties of *namespace*, by their names within it."""
        start = f"_{namespace}-"
        return {
            name.removeprefix(start): value
            for name, value in self.others.items()
            if name.startswith(start) and isinstance(value, str)
        }


class Entity(Model, frozen=True, kw_only=True):
    """Base of what has a resource of its own. A new one has no id, created and updated; a stored one has."""

    id: Id | None = None
    created: Moment | None = None
    updated: Moment | None = None
    deleted: Moment | None = None
    updated_by: Id | None = None
    updated_from: Id | None = None
    tags: tuple[str, ...] | None = None
    labels: tuple[Id, ...] | None = None


class Patch(Value, frozen=True, rename="kebab", kw_only=True):
    """Base of what a PATCH sends: UNSET leaves a field as it is, None clears it."""


class EntityPatch(Patch, frozen=True, kw_only=True):
    """What every entity lets a PATCH change. ``deleted=None`` brings one back [inferred]."""

    deleted: Moment | UnsetType | None = UNSET
    tags: tuple[str, ...] | UnsetType | None = UNSET
    labels: tuple[Id, ...] | UnsetType | None = UNSET


# -- reading -------------------------------------------------------------------------------------------


def read(kind: type[_M], found: Any) -> _M:
    """Return *found*, a JSON value with Decimal numbers as ``read_json`` makes it, as a *kind*.

    Raises:
        Unreadable: A required field is missing, or one has another type than the contract says.
    """
    try:
        with _first_use:
            value = msgspec.convert(found, kind, dec_hook=_hook)
        carried: _M = _carry(value, found)
    except msgspec.ValidationError as error:
        raise Unreadable(_sentence(kind, str(error))) from None
    except (RecursionError, OverflowError) as error:
        why = "it is nested too deeply, or has a date out of range"
        raise Unreadable(f"found a {kind.__name__} that cannot be read: {why}") from error
    return carried


def read_stored(kind: type[_M], found: Any) -> _M:
    """Return *found* as a *kind* that the server stores: with id, created and updated.

    Raises:
        Unreadable: As ``read``, or one of the three is missing.
    """
    value = read(kind, found)
    for name in ("id", "created", "updated"):
        if getattr(value, name, None) is None:
            raise Unreadable(f"found a {kind.__name__} without {name}; expected one that the server stores")
    return value


def read_patch(kind: type[_P], found: Any) -> _P:
    """Return the known part of what a person wants to change, a JSON value as ``read`` takes it.

    Raises:
        Unreadable: A field has another type than the contract says, or is cleared that must not be.
    """
    try:
        with _first_use:
            return msgspec.convert(found, kind, dec_hook=_hook)
    except msgspec.ValidationError as error:
        raise Unreadable(_sentence(kind, str(error))) from None
    except (RecursionError, OverflowError):
        raise Unreadable(f"found a {kind.__name__} that cannot be read") from None


def _hook(kind: type[Any], found: Any) -> Any:
    if issubclass(kind, Number):
        return kind.read(found)
    if not isinstance(found, str):
        raise ValueError(f"Expected a text, got {kind_of(found)}")  # noqa: TRY004 - as msgspec reports it
    if issubclass(kind, Base64):
        return kind.read(found)
    return kind(found)


def _carry(value: Any, found: Any) -> Any:
    if isinstance(value, Model):
        fields = dict(zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True))
        del fields[_OTHERS]
        changed: dict[str, Any] = {
            name: _carry(getattr(value, name), found[wire]) for wire, name in fields.items() if wire in found
        }
        return replace(value, **changed, others={k: each for k, each in found.items() if k not in fields})
    if isinstance(value, tuple):
        return tuple(_carry(each, other) for each, other in zip(value, found, strict=True))
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def _sentence(kind: type, said: str) -> str:
    at = _AT.search(said)
    where = f" at {at[1]}" if at and at[1] else ""
    return f"found a {kind.__name__} that cannot be read{where}: {_AT.sub('', said).replace('`', '')}"


# -- writing -------------------------------------------------------------------------------------------


def plainly(value: Any) -> Any:
    """Return a value as objects, lists, texts and numbers (Decimal), complete with what the server set."""
    if isinstance(value, Model):
        own = _members(value)
        del own[_OTHERS]
        return {name: plainly(each) for name, each in own.items() if each is not None} | value.others
    if isinstance(value, Patch):
        return {name: plainly(each) for name, each in _members(value).items() if each is not UNSET}
    if isinstance(value, Decimal):
        return Decimal(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime):
        return _moment(value)
    return [plainly(each) for each in value] if isinstance(value, tuple) else value


def _members(value: Model | Patch) -> dict[str, Any]:
    names: Mapping[str, str] = dict(zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True))
    return {wire: getattr(value, name) for wire, name in names.items()}


def _moment(value: datetime) -> str:
    utc = value.astimezone(UTC)
    exact = "microseconds" if utc.microsecond % 1000 else "milliseconds"
    return utc.replace(tzinfo=None).isoformat(timespec=exact) + "Z"
