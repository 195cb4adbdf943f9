"""A table of the configuration against its struct: every mistake, not only the first. Pure.

msgspec stops at the first mistake. So each option is converted on its own, and what does not fit is taken
apart until the smallest wrong piece is found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec

from terminal.core.value import Value
from terminal.settings import words

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
WRONG: Final = object()
"""What a check returns in the place of a value that is wrong."""


class Mistake(Value, frozen=True):
    """One mistake in a configuration.

    Attributes:
        path: Where it stands: ``offline.max_sale``, ``devices["front reader"].pin``, ``offline.deny[2]`` (the
            second one).
        found: What stands there, as TOML writes it; never a secret.
        expected: What is allowed there, in words.
        hint: What to do, if that is not plain from *expected*; may be empty.
    """

    path: str
    found: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        """Return it as one sentence."""
        tail = f" ({self.hint})" if self.hint else ""
        return f"{self.path}: found {self.found}; expected {self.expected}{tail}"


@dataclass(slots=True)
class Checker:
    """Gathers the mistakes of many tables."""

    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(self, path: str, found: str, expected: str, hint: str = "") -> None:
        """Note one mistake."""
        self.mistakes.append(Mistake(path, found, expected, hint))

    def table(
        self,
        table: Mapping[str, Any],
        kind: type[msgspec.Struct],
        path: str,
        also: frozenset[str] = frozenset(),
    ) -> dict[str, Any]:
        """Check *table* against the struct *kind*; return its options that are right by themselves.

        Args:
            table: As TOML gave it.
            kind: What it should be.
            path: Where it stands.
            also: Options that somebody else checks: they are known here.
        """
        fields = {each.encode_name: each for each in msgspec.structs.fields(kind)}
        good: dict[str, Any] = {}
        before = len(self.mistakes)
        for key, each in fields.items():
            where = join(path, key)
            if key in table:
                value = self.value(table[key], each.type, where)
                if value is not WRONG:
                    good[each.name] = value
            elif each.required:
                self.wrong(where, "nothing", words.allowed(each.type), "it must be given")
        for key in table:
            if key not in fields and key not in also:
                self.unknown(table[key], join(path, key), key, [*fields, *also])
        if len(self.mistakes) == before:
            self._together({key: table[key] for key in fields if key in table}, kind, path)
        return good

    def value(self, value: object, kind: Any, path: str) -> Any:
        """Check one value against a type; return it converted, or WRONG."""
        try:
            return msgspec.convert(value, kind, str_keys=True)
        except msgspec.ValidationError as error:
            before = len(self.mistakes)
            self._take_apart(value, kind, path)
            if len(self.mistakes) == before:  # each piece is right: it is the whole that is not
                self.wrong(path, words.found(value), words.allowed(kind), _own_words(error))
            return WRONG

    def unknown(self, value: object, path: str, key: str, known: list[str]) -> None:
        """Note an option that does not exist; a secret among them gets words of its own."""
        if words.is_secret_name(key) and not isinstance(value, Mapping):
            self.secret(path)
            return
        found = "an unknown section" if isinstance(value, Mapping) else "an unknown option"
        self.wrong(path, found, words.listed(sorted(known)), words.did_you_mean(key, known))

    def secret(self, path: str) -> None:
        """Note a secret that stands in the file."""
        self.wrong(
            path,
            "a secret (not shown)",
            "no secret in this file",
            'write it to a file of its own and name that by token_file = "…", or name a credential of systemd '
            'by credential = "…"; then replace the secret, for it was readable here',
        )

    def _take_apart(self, value: object, kind: Any, path: str) -> None:
        """Find the smallest wrong pieces of a value that does not fit *kind*."""
        bare = _bare(kind)
        origin, inner = get_origin(bare) or bare, get_args(bare)
        if isinstance(value, Mapping) and isinstance(bare, type) and issubclass(bare, msgspec.Struct):
            self.table(value, bare, path)
        elif isinstance(value, Mapping) and origin is dict and inner:
            for key, each in value.items():
                self.value(key, inner[0], f"the name {join(path, key)}")
                self.value(each, inner[1], join(path, key))
        elif isinstance(value, list) and origin in _LISTS and inner:
            for number, each in enumerate(value, 1):
                self.value(each, inner[0], f"{path}[{number}]")
        elif origin in (Union, UnionType) and (one := _only_alike(value, inner)) is not None:
            self._take_apart(value, one, path)
        else:
            texts = inner if origin is Literal else ()
            hint = words.did_you_mean(value, texts) if isinstance(value, str) else ""
            self.wrong(path, words.found(value), words.allowed(kind), hint)

    def _together(self, table: dict[str, Any], kind: type[msgspec.Struct], path: str) -> None:
        """Let the struct itself judge options that are right one by one (its ``__post_init__``)."""
        try:
            msgspec.convert(table, kind, str_keys=True)
        except msgspec.ValidationError as error:
            self.wrong(path, "options that do not go together", "options that do", _own_words(error))


_LISTS = (list, tuple, set, frozenset)


def join(path: str, key: str) -> str:
    """Return the path of *key* in the table at *path*, quoted as TOML wants it."""
    name = key if _PLAIN.fullmatch(key) else words.found(key)
    return f"{path}.{name}" if path else name


def _bare(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _only_alike(value: object, members: tuple[Any, ...]) -> Any:
    """Return the one member of a union that *value* was meant for, if that is plain."""
    real = [member for member in members if member is not NoneType]
    if len(real) == 1:
        return real[0]
    shape = "table" if isinstance(value, Mapping) else "list" if isinstance(value, list) else "plain"
    alike = [member for member in real if _shape(member) == shape]
    return alike[0] if len(alike) == 1 and shape != "plain" else None


def _shape(kind: Any) -> str:
    bare = _bare(kind)
    origin = get_origin(bare) or bare
    if origin in _LISTS:
        return "list"
    table = origin is dict or (isinstance(origin, type) and issubclass(origin, msgspec.Struct))
    return "table" if table else "plain"


def _own_words(error: msgspec.ValidationError) -> str:
    """Return what a struct's own check says, without msgspec's path (`` - at `$.x` ``)."""
    return str(error).split(" - at `")[0]
