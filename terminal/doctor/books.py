"""The journal: SQLite, the file, the key of its chain. A look: `terminalctl journal verify` reads all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from terminal.doctor.case import Case
from terminal.doctor.finding import Finding, ok, trouble, warning
from terminal.doctor.system import Node
from terminal.doctor.who import READ, WRITE, may
from terminal.journal.errors import JournalError
from terminal.journal.reads import JournalReader

_SQLITE = (3, 37)  # STRICT tables
_WAL = "\x02\x02"  # bytes 18 and 19 of a database in WAL mode (SQLite, "Database File Format", 1.3)
_OTHERS = 0o077


def sqlite(case: Case) -> Iterator[Finding]:
    """Whether SQLite is new enough."""
    version = ".".join(map(str, case.system.sqlite))
    needed = ".".join(map(str, _SQLITE))
    if case.system.sqlite >= _SQLITE:
        yield ok("SQLite", f"SQLite is {version}.")
    else:
        words = f"SQLite is {version}, and {needed} is needed: it comes with the system, or with Python."
        yield trouble(
            "SQLite", words, "sudo apt-get update && sudo apt-get install --only-upgrade libsqlite3-0"
        )


def journal(case: Case) -> Iterator[Finding]:
    """Whether the journal can be opened and written by who writes it."""
    check = "journal"
    if case.settings is None:
        return
    path, who = case.settings.journal.path, case.who
    node = case.system.node(path)
    folder = str(PurePath(path).parent)
    if node is None:
        place = case.system.node(folder)
        if place is not None and not may(who, place, READ | WRITE):
            yield trouble(check, f"{who.name} may not write in {folder}.", f"sudo chown {who.name} {folder}")
        else:
            yield ok(check, f"{path} is not there yet; the first start makes it.")
        return
    if not may(who, node, READ | WRITE):
        words = f"{who.name} may not write {path}: it was perhaps made by somebody else."
        yield trouble(check, words, f"sudo chown {who.name} {path} {path}*")
        return
    try:
        with JournalReader(case.system.path(path)) as reader:
            reader.counts()
    except JournalError as error:
        yield trouble(check, str(error), "sudo systemctl restart terminald; journalctl -u terminald -n 50")
        return
    mode = (case.system.read(path) or "")[18:20]
    if mode == _WAL:
        yield ok(check, f"{path} can be read and is in WAL mode.")
    else:
        words = f"{path} is not in WAL mode: another program has changed it."
        yield warning(check, words, "sudo systemctl restart terminald")


def key(case: Case) -> Iterator[Finding]:
    """Whether the key of the journal's chain is there, and nobody else's."""
    check = "journal key"
    if case.settings is None:
        return
    path, who = case.settings.journal.key_file or f"{case.settings.journal.path}.key", case.who
    node = case.system.node(path)
    if node is None:
        if case.system.node(case.settings.journal.path):
            words = f"The key {path} is missing, and the journal cannot be used without it."
            yield trouble(check, words, f"sudo install -o {who.name} -m 600 BACKUP-OF-THE-KEY {path}")
        else:
            yield ok(check, f"{path} is not there yet; the first start makes it.")
    elif node.mode & _OTHERS:
        words = f"The key {path} is open to others (mode {node.mode:04o}): the terminal does not start with it."
        yield trouble(check, words, f"sudo chmod 600 {path}")
    elif not _owned(case, node):
        yield trouble(check, f"{who.name} may not read the key {path}.", f"sudo chown {who.name} {path}")
    else:
        yield ok(check, f"{path} belongs to {who.name} alone.")


def _owned(case: Case, node: Node) -> bool:
    return may(case.who, node, READ)
