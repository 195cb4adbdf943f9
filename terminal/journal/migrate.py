"""The schema: numbered SQL files, applied in order, each together with the note that it ran.

SQLite's ``user_version`` is the number of the last one: read at every start, it costs nothing. sqlite-utils
applies them and keeps the notes; it is loaded only where there is something to apply.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database

_FILES = (
    "0001_initial.sql",
    "0002_money.sql",
    "0003_tickets.sql",
    "0004_reports.sql",
    "0005_records.sql",
    "0006_evidence.sql",
    "0007_payments.sql",
)
LATEST = len(_FILES)
"""The version of the schema that this software reads and writes."""


def version(db: sqlite3.Connection) -> int:
    """Return the version of the schema of *db*; 0: it has none yet."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def too_new(path: Path, found: int) -> str:
    """Return the sentence for a journal of a later version."""
    return (
        f"The journal {path} was written by a newer version of terminald (schema {found}; this one knows "
        f"{LATEST}): install that version again. Nothing was changed."
    )


def migrate(db: sqlite3.Connection, latest: int = LATEST) -> None:
    """Bring *db* forward to the schema *latest*; each step happens whole or not at all."""
    from sqlite_utils import Database, Migrations  # noqa: PLC0415 - 0.1 s that a start with nothing to do is spared

    migrations = Migrations("journal")
    for number, name in enumerate(_FILES[:latest], start=1):
        migrations(name=name.removesuffix(".sql"))(_step(number, name))
    migrations.apply(Database(db, execute_plugins=False))


def _step(number: int, name: str) -> Callable[[Database], None]:
    def apply(db: Database) -> None:
        for statement in statements(read(name)):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {number}")

    return apply


def read(name: str) -> str:
    """Return the text of one migration."""
    from importlib import resources  # noqa: PLC0415 - late, as sqlite-utils is

    return (resources.files("terminal.journal") / "migrations" / name).read_text(encoding="utf-8")


def statements(script: str) -> Iterator[str]:
    """Split *script* into statements; sqlite3's own executescript would commit the transaction around them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
