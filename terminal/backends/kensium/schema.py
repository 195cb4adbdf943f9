"""The schema check: what a server of Kensium POS has otherwise than it is needed, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from terminal.backends.kensium.introspection import Known, Ref, Schema, Step, Walk
from terminal.backends.kensium.sheet import Mark, Part, Shape, member, word
from terminal.core.value import Value

_NEAR = 0.6

_SCALARS: Mapping[Shape, frozenset[str]] = {
    Shape.TEXT: frozenset({"String", "ID", "Id", "Guid", "Uri"}),
    Shape.AMOUNT: frozenset({"Decimal", "String", "Money", "Currency", "Amount"}),
    Shape.WHOLE: frozenset({"Int", "Short", "Long", "UInt", "Byte", "Milliseconds"}),
    Shape.FLAG: frozenset({"Boolean"}),
    Shape.MOMENT: frozenset({"DateTime", "DateTimeOffset", "Date", "LocalDateTime", "String"}),
}


class Finding(Value, frozen=True):
    """What a server has otherwise.

    Attributes:
        path: Of what, as the option ``names`` wants it.
        what: How it differs.
        mark: How sure the name was.
        words: One sentence: what was found, where, what was expected, what to do.
        near: What the server has that may be meant; None if there is nothing like it.
    """

    path: str
    what: Literal["missing", "renamed", "other type", "missing word", "wanted", "left out"]
    mark: Mark
    words: str
    near: str | None = None


def check(schema: Schema, names: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return what a server has otherwise than it is needed; empty: nothing.

    Args:
        schema: As ``explore`` found it.
        names: The same as there.
    """
    walk = Walk(schema, names)
    return tuple(finding for step in walk.steps() for finding in _look(step, schema, walk))


def _look(step: Step, schema: Schema, walk: Walk) -> Iterator[Finding]:
    part, known = step.part, step.known
    if known is None:
        yield _missing(step)
        return
    wrong = _differs(part, known.type, is_sent=step.path.endswith(")"))
    if wrong:
        words = f"{step.path} is {known.type.words} on the server; expected {wrong}"
        yield Finding(step.path, "other type", part.mark, words)
        return
    if known.type.kind == "ENUM":
        yield from _words(step, schema.types[known.type.name].words, walk)
    asked = {walk.theirs(member(step.path, each.name), each.name) for each in part.args}
    yield from _wanted(step, known.args, asked)
    if step.path.endswith(")") and part.parts:
        asked = {walk.theirs(member(step.path, each.name), each.name) for each in part.parts}
        yield from _wanted(step, schema.types[known.type.name].members, asked)


def _missing(step: Step) -> Finding:
    near = _near(step.theirs, step.others)
    owner = step.owner or "the server"
    words = f"{step.path} is missing: {owner} has no {step.theirs}; expected {_wanting(step.part)}. "
    if near is None:
        words += f'If the server has no such thing, set names."{step.path}" = "".'
        return Finding(step.path, "missing", step.part.mark, words)
    words += f'It has {near}; if that is it, set names."{step.path}" = "{near}".'
    return Finding(step.path, "renamed", step.part.mark, words, near)


def _words(step: Step, theirs: tuple[str, ...], walk: Walk) -> Iterator[Finding]:
    wanted = {each: walk.theirs(word(step.path, each.name), each.name) for each in step.part.words}
    others = tuple(each for each in theirs if each not in wanted.values())
    for each, name in wanted.items():
        if name and name not in theirs:
            path = word(step.path, each.name)
            near = _near(name, others)
            words = (
                f"{path} is missing: the enumeration has {', '.join(theirs) or 'no words'}; expected {name}. "
            )
            words += f'Set names."{path}" = "{near or ""}"' + (
                f" if {near} is it." if near else " if it has none."
            )
            yield Finding(path, "missing word", each.mark, words, near)


def _wanted(step: Step, theirs: Mapping[str, Known], asked: set[str]) -> Iterator[Finding]:
    """Say what the server wants and nobody here sends."""
    for name, known in theirs.items():
        if known.type.required and not known.default and name not in asked:
            path = member(step.path, name)
            words = (
                f"{path} is wanted by the server ({known.type.words}) and is not sent; expected no such thing"
            )
            yield Finding(path, "wanted", step.part.mark, words)


def _differs(part: Part, theirs: Ref, *, is_sent: bool) -> str:
    """Return what was expected of a type; empty: it is that."""
    expected = _wanting(part)
    if part.many != theirs.many:
        return expected
    if part.shape is Shape.OBJECT:
        fits = theirs.kind == "INPUT_OBJECT" if is_sent else theirs.kind in ("OBJECT", "INTERFACE")
    elif part.shape is Shape.WORD:
        # What is read is a text either way; what is sent is bare for an enumeration and quoted for a text.
        fits = theirs.kind == "ENUM" or (not is_sent and theirs.name in _SCALARS[Shape.TEXT])
    elif theirs.kind == "ENUM":
        fits = part.shape is Shape.TEXT and not is_sent
    else:
        fits = theirs.kind == "SCALAR" and theirs.name in _SCALARS[part.shape]
    return "" if fits else expected


def _wanting(part: Part) -> str:
    if part.shape in _SCALARS:
        names = ", ".join(sorted(_SCALARS[part.shape]))
        told = f"{part.shape.value} ({names})"
    else:
        told = part.shape.value
    return f"a list, each {told}" if part.many else told


def _near(name: str, others: Iterable[str]) -> str | None:
    import difflib  # noqa: PLC0415 - for a difference only

    lower = {each.lower(): each for each in others}
    found = difflib.get_close_matches(name.lower(), list(lower), n=1, cutoff=_NEAR)
    return lower[found[0]] if found else None
