"""Records on their way into a file: as CSV or JSON lines, each once, one at a time, however many there are."""

from __future__ import annotations

import csv
import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Literal

from terminal.cli.errors import Trouble, WrongUse
from terminal.cli.export import Record, as_csv
from terminal.cli.out_file import OutFile

if TYPE_CHECKING:
    from decimal import Decimal

Form = Literal["csv", "jsonl"]
_Texts = dict[str, str | None]


def kroner(cents: int) -> Decimal:
    """Return an amount as it is written: 1250 cents are 12.50."""
    from decimal import Decimal  # noqa: PLC0415 - not for any other command

    return Decimal(cents).scaleb(-2)


class Known:
    """Which records there were, in a temporary file of SQLite: of any number, in little memory."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None)
        self._base.execute("PRAGMA cache_size = -2048")  # KiB
        self._base.execute("BEGIN")
        self._base.execute("CREATE TABLE known (key TEXT PRIMARY KEY, told BLOB) STRICT, WITHOUT ROWID")

    def close(self) -> None:
        """Forget all."""
        self._base.close()

    def add(self, key: Sequence[object], line: str) -> Literal["new", "same", "other"]:
        """Return whether a record of that key is new, or the same again, or another one; keep a new one."""
        name, told = "\n".join(map(str, key)), hashlib.blake2b(line.encode(), digest_size=8).digest()
        row = self._base.execute("SELECT told FROM known WHERE key = ?", (name,)).fetchone()
        if row is not None:
            return "same" if row[0] == told else "other"
        self._base.execute("INSERT INTO known VALUES (?, ?)", (name, told))
        return "new"


def two_things(what: str) -> Trouble:
    """Return what to say where the server contradicts itself."""
    return Trouble(f"The server tells two different things of the {what}: nothing can be relied on.")


class Sheet:
    """What a file of records is like.

    Args:
        form: Of the file.
        fields: Of each record, in order.
        key: Those that tell one record from another; none: each is a record of its own.
    """

    def __init__(self, form: Form, fields: Sequence[str], key: Sequence[str]) -> None:
        self.form = form
        self.fields = tuple(fields)
        self.key = tuple(key)

    def heads(self) -> list[str]:
        """Return the lines before the first record."""
        return list(as_csv(self.fields, ())) if self.form == "csv" else []

    def line(self, record: Record) -> str:
        """Return a record as a line."""
        if tuple(record) != self.fields:
            raise AssertionError(f"a record has the fields {[*record]}")
        if self.form == "csv":
            return next(islice(as_csv((), [record]), 1, 2))
        import msgspec  # noqa: PLC0415 - not for any other command

        return msgspec.json.encode(record).decode() + "\n"

    def read(self, line: str) -> _Texts:
        """Return the texts of a record in a file that was written so.

        Raises:
            WrongUse: It holds something else.
        """
        import msgspec  # noqa: PLC0415 - see above

        try:
            if self.form == "csv":
                (values,) = csv.reader([line], strict=True)
                return dict(zip(self.fields, values, strict=True))
            found = msgspec.json.decode(line)
            return {name: None if found[name] is None else str(found[name]) for name in self.fields}
        except (ValueError, KeyError, TypeError, csv.Error):
            raise WrongUse("The file to go on with was not written by this command in this format.") from None


class Tally:
    """How many records were written, and how many of those in the file are told otherwise now."""

    def __init__(self) -> None:
        self.written = 0
        self.before = 0
        self.changed = 0
        self.limited = False


def put(
    file: OutFile,
    sheet: Sheet,
    records: Callable[[_Texts | None], Iterable[Record]],
    *,
    limit: int | None = None,
    latest: str = "",
) -> Tally:
    """Write *records* into *file*, each once.

    Args:
        file: Entered already.
        sheet: What it is like.
        records: Gives them; is given the record of the file that has the greatest value of *latest*, if any.
        limit: How many are written at most.
        latest: A field.

    Raises:
        Trouble: Two different records have one key.
        WrongUse: What is there already is no such file.
    """
    tally = Tally()
    with _spilled(), closing(Known()) as known:
        last = _take(file, sheet, known, tally, latest)
        for record in _fresh(records(last), sheet, known, tally):
            if tally.written == limit:
                tally.limited = True
                break
            file.write(sheet.line(record))
            tally.written += 1
    return tally


@contextmanager
def _spilled() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Trouble(
            f"What was written cannot be noted in a temporary file ({error}): is there room in /var/tmp?"
        ) from None


def _take(file: OutFile, sheet: Sheet, known: Known, tally: Tally, latest: str) -> _Texts | None:
    """Learn what the file holds already; return its latest record."""
    last: _Texts | None = None
    heads = sheet.heads()
    count = -1
    for count, line in enumerate(file.before()):
        if count < len(heads):
            if line != heads[count]:
                raise WrongUse("The file to go on with was not written by this command in this format.")
            continue
        record = sheet.read(line)
        known.add([record[name] for name in sheet.key], line)
        tally.before += 1
        if last is None or (record[latest] or "") > (last[latest] or ""):
            last = record
    for head in heads[count + 1 :]:
        file.write(head)
    return last


def _fresh(records: Iterable[Record], sheet: Sheet, known: Known, tally: Tally) -> Iterator[Record]:
    """Give the records that were not there yet."""
    for record in records:
        if sheet.key:
            key = [record[name] for name in sheet.key]
            told = known.add(key, sheet.line(record))
            if told == "other" and not tally.before:
                named = (f"{name} {value}" for name, value in zip(sheet.key, key, strict=True))
                raise two_things(", ".join(named))
            tally.changed += told == "other"
            if told != "new":
                continue
        yield record
