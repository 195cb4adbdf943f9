"""The pen of the journal: rows into the chain, and where entries stand, within one transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from terminal.core.stamp import Stamp
from terminal.core.value import Value, replace
from terminal.journal import chain, standing
from terminal.journal.chain import Cell, Head
from terminal.journal.standing import Standing

_MOST_KNOWN = 256
_ENTRY = (
    "SELECT seq, backend, token, amount, description, tag, payload, "
    "kind, state, held, words, attempts, first_attempt, in_doubt, compensate, sent, reference "
    "FROM entries WHERE key = ?"
)
_CHANGE = (
    "UPDATE entries SET state = ?, held = ?, words = ?, attempts = ?, first_attempt = ?, in_doubt = ?, "
    "compensate = ?, sent = ?, reference = ? WHERE seq = ?"
)


def _insert(table: str) -> str:
    names = (*chain.columns(table), "hash")
    marks = [f"?{number}" for number in range(1, len(names) + 1)]
    if table == "entries":
        # What has become of an entry begins as what it was added with.
        for derived in ("state", "held", "words"):
            marks.append(marks[names.index(f"added_{derived}")])
        names += ("state", "held", "words")
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(marks)})"  # noqa: S608 - our names


_INSERT = {table: _insert(table) for table in chain.CONTENT}


class Known(Value, frozen=True):
    """An entry as the facts about it need it; *payload* as it is kept, in JSON."""

    seq: int
    key: str
    backend: str
    token: str | None
    amount: int
    description: str
    tag: str
    payload: str | None
    standing: Standing


@dataclass(slots=True)
class Scribe:
    """Writes rows within a transaction that somebody else began.

    Attributes:
        head: The end of the chain so far.
        known: Entries as they stand; whoever undoes what was written forgets them.
    """

    db: sqlite3.Connection
    key: bytes
    head: Head
    now: Stamp
    known: dict[str, Known]

    def append(self, table: str, *content: Cell) -> int:
        """Add a row to the chain and return its number."""
        seq = self.head.seq + 1
        values = chain.row(seq, self.now, content)
        digest = chain.link(self.key, self.head.hash, table, values)
        self.db.execute(_INSERT[table], (*values, digest))
        self.head = Head(seq, digest)
        return seq

    def entry(self, key: str) -> Known:
        """Return the entry with this key.

        Raises:
            ValueError: There is none.
        """
        found = self.known.get(key)
        if found is not None:
            return found
        row = self.db.execute(_ENTRY, (key,)).fetchone()
        if row is None:
            raise ValueError("A fact names an entry that is not in the journal.")
        seq, backend, token, amount, description, tag, payload, *stands = row
        known = Known(seq, key, backend, token, amount, description, tag, payload, standing.kept(stands))
        return self._remember(known)

    def stand(self, entry: Known, after: Standing) -> None:
        """Keep where *entry* stands now."""
        if after == entry.standing:
            return
        self.db.execute(
            _CHANGE,
            (
                after.state.value,
                after.held,
                after.words,
                after.attempts,
                after.first_attempt,
                after.in_doubt,
                after.compensate,
                after.sent,
                after.reference,
                entry.seq,
            ),
        )
        self._remember(replace(entry, standing=after))

    def _remember(self, entry: Known) -> Known:
        """Spare the facts that follow on *entry* the reading of what has just been read or written here."""
        if len(self.known) >= _MOST_KNOWN:
            self.known.clear()
        self.known[entry.key] = entry
        return entry
