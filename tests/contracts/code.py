"""Where a name stands in the program: read from its source, so that nobody has to keep a list.

A *symbol* is what a module defines at its top, a function, a class or a constant; or a method. The names in it
lead to others; what can be reached so from the function that makes a call is what has to do with that call.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from terminal.backends import BACKENDS

ROOT = Path(__file__).resolve().parents[2]
_SEPARATE = str.maketrans(dict.fromkeys("{}()[],:.!=$#&?/", " "))


class Symbol(NamedTuple):
    """A symbol by the module that defines it, such as ``terminal.backends.onlinepos.cards``, and its name."""

    module: str
    name: str


class Module:
    """The source of one module."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._body = ast.parse(path.read_text("utf-8")).body

    @cached_property
    def defined(self) -> dict[str, list[ast.stmt]]:
        """The statements that define each symbol."""
        found: dict[str, list[ast.stmt]] = {}
        for statement in _flat(self._body):
            for name in _names(statement):
                found.setdefault(name, []).append(statement)
            if isinstance(statement, ast.ClassDef):
                for method in statement.body:
                    if isinstance(method, ast.FunctionDef):
                        found[f"{statement.name}.{method.name}"] = [method]
        return found

    @cached_property
    def attributes(self) -> set[str]:
        """The names behind a dot."""
        nodes = (node for statement in self._body for node in ast.walk(statement))
        return {node.attr for node in nodes if isinstance(node, ast.Attribute)}

    @cached_property
    def imported(self) -> dict[str, Symbol]:
        """What names of other modules mean here; a symbol without a name is a module itself."""
        found = {}
        for statement in self._body:
            for node in ast.walk(statement):
                if isinstance(node, ast.ImportFrom) and node.module:
                    for alias in node.names:
                        whole = f"{node.module}.{alias.name}"
                        is_module = _path(whole) is not None
                        meant = Symbol(whole, "") if is_module else Symbol(node.module, alias.name)
                        found[alias.asname or alias.name] = meant
        return found

    def words(self, name: str) -> set[str]:
        """Return every word that the symbol *name* writes out: in its strings, and as names of fields."""
        found: set[str] = set()
        for statement in self.defined.get(name, ()):
            comments = {id(each) for node in ast.walk(statement) for each in _docstring(node)}
            for node in ast.walk(statement):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in comments:
                    found |= {node.value, *node.value.translate(_SEPARATE).split()}
                elif isinstance(node, ast.JoinedStr):
                    found |= _numbered(node)
                elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                    found.add(node.target.id)
                elif isinstance(node, ast.keyword) and node.arg:
                    found.add(node.arg)
        return found

    def leads_to(self, name: str) -> Iterator[Symbol]:
        """Return the symbols that the symbol *name* names."""
        for statement in self.defined.get(name, ()):
            for node in ast.walk(statement):
                if isinstance(node, ast.Name):
                    if node.id in self.defined:
                        yield Symbol(self.name, node.id)
                    elif node.id in self.imported and self.imported[node.id].name:
                        yield self.imported[node.id]
                elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    if node.value.id == "self":
                        yield Symbol(self.name, f"{name.partition('.')[0]}.{node.attr}")
                    of = self.imported.get(node.value.id)
                    if of is not None and not of.name:
                        yield Symbol(of.module, node.attr)


@cache
def module(name: str) -> Module | None:
    """Return the module of that name; None: it is none of this program."""
    path = _path(name)
    return None if path is None else Module(name, path)


@cache
def modules() -> tuple[str, ...]:
    """Return the names of all modules of the program."""
    paths = sorted((ROOT / "terminal").rglob("*.py"))
    return tuple(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths)


@cache
def reached(start: Symbol) -> tuple[Symbol, ...]:
    """Return *start* and what it leads to among the adapters, nearest first."""
    found: dict[Symbol, None] = {start: None}
    queue = [start]
    while queue:
        symbol = queue.pop(0)
        of = module(symbol.module)
        for each in of.leads_to(symbol.name) if of is not None else ():
            if each not in found and each.module.startswith("terminal.backends."):
                found[each] = None
                queue.append(each)
    return tuple(found)


def places(word: str, starts: Iterable[Symbol]) -> list[Symbol]:
    """Return the symbols that write *word* out, of those that *starts* lead to, nearest first."""
    found: dict[Symbol, None] = {}
    for start in starts:
        for symbol in reached(start):
            if _bare(word) in _words(symbol):
                found[symbol] = None
    return list(found)


@cache
def users(symbol: Symbol) -> tuple[str, ...]:
    """Return the other modules that name *symbol*; its own, if only that does and *symbol* is a class."""
    named = {name for name in modules() if name != symbol.module and symbol in _named(name)}
    if f"{symbol.module}:{symbol.name.partition('.')[0]}" in BACKENDS.values():
        named.add("terminal.backends")
    if "." in symbol.name:
        # A method is called by its name alone: those count that know its package.
        package = symbol.module.rpartition(".")[0]
        attribute = symbol.name.rpartition(".")[2]
        named |= {name for name in modules() if name != symbol.module and (package, attribute) in _called(name)}
    if (
        not named
        and symbol.name[:1].isupper()
        and any(symbol in reached_here for reached_here in _within(symbol))
    ):
        named.add(symbol.module)
    return tuple(sorted(named))


def _within(symbol: Symbol) -> Iterator[set[Symbol]]:
    of = module(symbol.module)
    assert of is not None
    return (set(of.leads_to(each)) for each in of.defined if each != symbol.name)


@cache
def _named(name: str) -> frozenset[Symbol]:
    of = module(name)
    assert of is not None
    return frozenset(symbol for each in of.defined for symbol in of.leads_to(each))


@cache
def _called(name: str) -> frozenset[tuple[str, str]]:
    of = module(name)
    assert of is not None
    packages = {symbol.module.rpartition(".")[0] for symbol in of.imported.values()} | {name.rpartition(".")[0]}
    return frozenset((package, each) for package in packages for each in of.attributes)


@cache
def _words(symbol: Symbol) -> set[str]:
    of = module(symbol.module)
    return {_bare(word) for word in of.words(symbol.name)} if of is not None else set()


def _bare(word: str) -> str:
    """Return *word* as servers' pages mix it: one field is cardNumber, cardnumber and card_number."""
    return word.replace("_", "").replace("-", "").lower()


@cache
def _path(name: str) -> Path | None:
    at = ROOT.joinpath(*name.split("."))
    return next((path for path in (at.with_suffix(".py"), at / "__init__.py") if path.is_file()), None)


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.If):
            yield from _flat([*statement.body, *statement.orelse])
        else:
            yield statement


def _names(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            each = [node for target in targets for node in ast.walk(target)]
            return [node.id for node in each if isinstance(node, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _docstring(node: ast.AST) -> Iterator[ast.Constant]:
    match node:
        case (
            ast.FunctionDef(body=[ast.Expr(value=ast.Constant() as words), *_])
            | ast.ClassDef(body=[ast.Expr(value=ast.Constant() as words), *_])
        ):
            yield words


def _numbered(text: ast.JoinedStr) -> set[str]:
    """Return the names that a text such as ``f"ean_{number}"`` may stand for."""
    match text.values:
        case [ast.Constant(value=str(begin)), ast.FormattedValue()]:
            return {f"{begin}{number}" for number in range(1, 10)}
    return set()
