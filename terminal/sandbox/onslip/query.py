"""What is asked of a list of the Onslip server: ``?q=…;s=…;o=…;c=…;d=…``, of which only what is documented."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import msgspec

from terminal.sandbox.onslip.rules import Refusal, moment_ms, wrong

MOST = 1000
"""Most entities in one answer, and how many there are if nobody asks for fewer."""

Entity = dict[str, Any]

_NAMES = frozenset({"q", "ql", "s", "o", "c", "d"})
_TERM = re.compile(r'([a-z_][a-z0-9_.-]*)([:=<>])("(?:[^"\\]|\\.)*"|(?:[^\s"\\:=<>\[\]]|\\.)+)')
_BETWEEN = " AND "
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MOMENTS = frozenset({"date", "expires", "start-date", "end-date"})
"""Moments that clients write."""

_TIMES = MOMENTS | {"created", "updated", "deleted"}
_OWNED = frozenset({"id", "created", "updated", "deleted", "updated-by", "updated-from"})


class Asked(msgspec.Struct, frozen=True):
    """What a list is asked for."""

    matches: Callable[[Entity], bool]
    sort: str = ""
    offset: int = 0
    count: int = MOST
    deleted: bool = False

    def page(self, entities: list[Entity]) -> tuple[list[Entity], int]:
        """Return those of *entities* (in order of creation) that are asked for, and how many match in all."""
        found = [it for it in entities if (self.deleted or "deleted" not in it) and self.matches(it)]
        if self.sort:
            name = self.sort.removeprefix("-")
            found.sort(key=lambda it: _order(_value(it, name)), reverse=self.sort.startswith("-"))
        return found[self.offset : self.offset + self.count], len(found)


def read_asked(target: str, fields: frozenset[str], *, members: bool, strict: bool) -> Asked:
    """Return what the query of *target*, as it was sent, asks for.

    Args:
        target: Path and query.
        fields: What the entities of the list may have.
        members: Whether a query may look into lists.
        strict: Whether unknown parameters are refused.

    Raises:
        Refusal: It asks for what is not documented.
    """
    said = _parameters(target.partition("?")[2], strict=strict)
    sort = said.get("s", "")
    if sort and _first(sort.removeprefix("-")) not in fields | _OWNED:
        raise wrong(f"s: these have no field {sort.removeprefix('-')}")
    if said.get("d", "f") not in ("t", "f"):
        raise wrong("d: expected t or f")
    return Asked(
        matches=read_filter(said.get("q", ""), fields, members=members),
        sort=sort,
        offset=_number(said.get("o", "0"), "o"),
        count=min(MOST, _number(said.get("c", str(MOST)), "c")),
        deleted=said.get("d") == "t",
    )


def read_filter(text: str, fields: frozenset[str], *, members: bool) -> Callable[[Entity], bool]:
    """Return the test that a ``q`` stands for. An empty one is passed by all.

    Raises:
        Refusal: It is not of the known forms ``name>"text"``, ``name:5``, joined by AND.
    """
    place = 0
    tests: list[Callable[[Entity], bool]] = []
    while text:
        match = _TERM.match(text, place)
        if match is None:
            raise _bad_query('expected name>"value", name<value, name=value or name:value, joined by AND')
        if _first(match[1]) not in fields | _OWNED:
            raise _bad_query(f"these have no field {match[1]}")
        tests.append(_test(match[1], match[2], match[3], members=members))
        place = match.end()
        if place == len(text):
            break
        if not text.startswith(_BETWEEN, place):
            raise _bad_query("only AND may join two conditions")
        place += len(_BETWEEN)
    return lambda entity: all(test(entity) for test in tests)


def _test(name: str, operator: str, written: str, *, members: bool) -> Callable[[Entity], bool]:
    quoted = written.startswith('"')
    wanted = re.sub(r"\\(.)", r"\1", written[1:-1] if quoted else written)
    if name in _TIMES and not (quoted and _MOMENT.fullmatch(wanted)):
        raise _bad_query(f"{name}: expected a time in quotes, such as 2026-01-01T00:00:00.000Z")

    def test(entity: Entity) -> bool:
        value = _value(entity, name)
        if isinstance(value, list):
            if not members:
                raise _bad_query(f"{name} is a list: it cannot be asked for its members")
            return operator in ":=" and wanted in [_text(each) for each in value]
        if value is None:
            return False
        if operator in ":=" and name not in _TIMES:
            return _text(value) == wanted
        pair = (moment_ms(value), moment_ms(wanted)) if name in _TIMES else _comparable(value, wanted)
        if pair is None:
            return False
        left, right = pair
        if operator in ":=":
            return bool(left == right)
        return bool(left > right if operator == ">" else left < right)

    return test


def _comparable(value: Any, wanted: str) -> tuple[Any, Any] | None:
    if isinstance(value, str):
        return value, wanted
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value, float(wanted)
    except ValueError:
        raise _bad_query(f"{wanted}: expected a number") from None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _value(entity: Entity, name: str) -> Any:
    found: Any = entity
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _order(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool | int | float):
        return 1, value
    return (2, value) if isinstance(value, str) else (0, 0)


def _first(name: str) -> str:
    return name.partition(".")[0]


def _parameters(query: str, *, strict: bool) -> dict[str, str]:
    said: dict[str, str] = {}
    for part in query.split(";") if query else []:
        name, equals, value = part.partition("=")
        if strict and ("&" in part or not equals or name not in _NAMES or name in said):
            raise wrong("the query knows q, ql, s, o, c and d, each once, joined by semicolons")
        said[name] = unquote(value)
    return said


def _number(text: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise wrong(f"{name}: expected a whole number")
    return int(text)


def _bad_query(words: str) -> Refusal:
    return Refusal(400, "bad-query", f"q: {words}")
