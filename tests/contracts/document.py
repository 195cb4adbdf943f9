"""``docs/contracts.md``, made from the sheets and the program: ``python -m tests.contracts``."""

from __future__ import annotations

from collections.abc import Iterable

from tests.contracts.code import ROOT, Symbol
from tests.contracts.sheets import SERVERS, Sheet, Used, everything

PATH = ROOT / "docs" / "contracts.md"

_HEAD = """\
# What the servers offer, and what the terminal uses of it

Every call and every name on the pages of the five servers, with the place in the program that writes or reads
it (the nearest one to the call), or why a terminal does not. Places are below `terminal/backends/<server>/`,
else below `terminal/`.

This page is generated from the program and the lists in `tests/contracts/`: `make contracts`. A test holds it.
"""


def document() -> str:
    """Return the whole page."""
    parts = [_HEAD, _overview()]
    for server in SERVERS:
        sheet, calls = everything(server)
        parts.append(f"## {sheet.title}\n")
        parts.extend(_call(sheet, each) for each in calls)
    return "\n".join(parts)


def _overview() -> str:
    rows = ["| Server | Calls and entities | Names | Used | Not used |", "|---|---|---|---|---|"]
    for server in SERVERS:
        sheet, calls = everything(server)
        names = sum(len(each.places) for each in calls)
        missing = sum(len(each.missing) for each in calls)
        rows.append(f"| {sheet.title} | {len(calls)} | {names} | {names - missing} | {missing} |")
    return "\n".join(rows) + "\n"


def _call(sheet: Sheet, found: Used) -> str:
    lines = [f"### {found.call.name}\n", _who(sheet, found)]
    rows = [*_names(sheet, found, "Sent", found.call.sent), *_names(sheet, found, "Told", found.call.told)]
    if rows:
        lines.extend(["", *rows])
    return "\n".join(lines) + "\n"


def _who(sheet: Sheet, found: Used) -> str:
    if not found.call.code:
        return f"Not used: {found.call.why}."
    code = ", ".join(f"`{each}`" for each in found.call.code)
    if not found.users:
        return f"{code}. {found.call.why}."
    by = ", ".join(f"`{sheet.written(Symbol(each, ''))}`" for each in found.users)
    return f"{code}, used by {by}."


def _names(sheet: Sheet, found: Used, title: str, names: Iterable[str]) -> list[str]:
    groups: dict[str, list[str]] = {}
    for name in names:
        at = found.places[name]
        where = f"in `{sheet.written(at[0])}`" if at else f"not used: {sheet.why_not(found.call, name)}"
        groups.setdefault(where, []).append(f"`{name}`")
    return [f"- {title} {', '.join(some)}: {where}" for where, some in groups.items()]
