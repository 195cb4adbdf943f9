"""What each server's own page names: ``<server>.toml`` beside this file, one table for each call or entity."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Self

from msgspec import Struct, convert

from tests.contracts.code import Symbol, module, places, users

SERVERS = ("pointofsale", "satellite", "onslip", "kensium", "onlinepos")
_BESIDE = Path(__file__).parent


class Call(Struct, frozen=True, forbid_unknown_fields=True):
    """A call, or an entity that calls share.

    Attributes:
        name: As the page writes it.
        code: The symbols that make it or read it, within the adapter's package or else.
        sent: The names that are sent, those in the path not counted.
        told: The names that are answered.
        why: Why nothing else of the program uses it; empty: something does.
    """

    name: str
    code: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    why: str = ""


class Sheet(Struct, frozen=True, forbid_unknown_fields=True):
    """All that one server's page names.

    Attributes:
        title: What the server is called.
        package: Where its adapter is.
        through: Symbols that every call goes through.
        call: The calls, in the page's order.
        unused: Why names are not used: ``name``, or ``call: name`` where that is so in one call only.
    """

    title: str
    package: str
    call: tuple[Call, ...]
    through: tuple[str, ...] = ()
    unused: dict[str, tuple[str, ...]] = {}

    @classmethod
    def read(cls, server: str) -> Self:
        """Return the sheet of *server*."""
        return convert(tomllib.loads((_BESIDE / f"{server}.toml").read_text("utf-8")), cls)

    def symbol(self, written: str) -> Symbol:
        """Return the symbol that the sheet writes as ``module.name``, or ``cli.onslip.tills:Tills``."""
        of, _, name = written.partition(":")
        if name:
            return Symbol(f"terminal.{of}", name)
        of, _, name = written.partition(".")
        return Symbol(f"terminal.backends.{self.package}.{of}", name)

    def written(self, symbol: Symbol) -> str:
        """Return how the document writes *symbol*."""
        short = symbol.module.removeprefix("terminal.").removeprefix(f"backends.{self.package}.")
        return f"{short}.{symbol.name}" if symbol.name else short

    def why_not(self, call: Call, name: str) -> str:
        """Return why *name* is not used in *call*; empty: the sheet gives no reason."""
        for reason, names in self.unused.items():
            if f"{call.name}: {name}" in names or name in names:
                return reason
        return ""


class Used(Struct, frozen=True):
    """What became of one call: the places of each name, and who makes the call."""

    call: Call
    places: dict[str, tuple[Symbol, ...]]
    users: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        """The names that stand nowhere."""
        return [name for name, found in self.places.items() if not found]


def used(sheet: Sheet, call: Call) -> Used:
    """Return where *call* and its names are in the program."""
    own = [sheet.symbol(each) for each in call.code]
    starts = [*own, *(map(sheet.symbol, sheet.through) if own else ())]
    names = dict.fromkeys([*call.sent, *call.told])
    found = {name: tuple(places(name, starts)) for name in names}
    by = sorted({name for symbol in own for name in users(symbol)})
    return Used(call, found, tuple(by))


@cache
def everything(server: str) -> tuple[Sheet, tuple[Used, ...]]:
    """Return the sheet of *server*, and what became of each of its calls."""
    sheet = Sheet.read(server)
    return sheet, tuple(used(sheet, call) for call in sheet.call)


def unknown_symbols(sheet: Sheet) -> list[str]:
    """Return what the sheet calls code and is none."""
    named = [*sheet.through, *(each for call in sheet.call for each in call.code)]
    return [each for each in named if not _is_defined(sheet.symbol(each))]


def _is_defined(symbol: Symbol) -> bool:
    of = module(symbol.module)
    return of is not None and symbol.name in of.defined
