"""Questions about entries: where each stands, what is next in its lane, what happened to it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from terminal.core.catalogue import Product
from terminal.core.facts import EntryKind, EntryState
from terminal.core.payload import Payload
from terminal.core.reconcile_evidence import Evidence
from terminal.core.reconcile_words import in_words
from terminal.core.stamp import Stamp
from terminal.journal.books import KEPT, OPEN
from terminal.journal.errors import JournalError
from terminal.journal.readpool import ReadPool
from terminal.journal.rows import Entry, Story, StoryEvent

_ENTRY = (
    "SELECT e.seq, e.key, e.kind, e.backend, e.token, e.amount, e.pieces, e.description, e.tag, e.session, "
    "e.refers_to, e.held, e.state, e.words, e.wall_ms, e.mono_ms, e.boot, e.synced, e.in_doubt, e.attempts, "
    "e.compensate, e.payload, e.sent, e.reference, a.told, a.wall_ms, a.mono_ms, a.boot, a.synced "
    "FROM entries AS e LEFT JOIN attempts AS a ON a.seq = e.first_attempt "
)
# Asked for a few entries only: a join would cost every entry that is sent.
_SENT = (
    "SELECT wall_ms, mono_ms, boot, synced FROM attempts WHERE seq = ?1 "
    "UNION ALL SELECT wall_ms, mono_ms, boot, synced FROM decisions WHERE seq = ?1"
)
_NAMED_BY_ANOTHER = frozenset({EntryKind.REFUND.value, EntryKind.RECORD.value})
_CALLED = "SELECT reference FROM entries WHERE key = ?"
_OPEN = f"SELECT seq FROM entries INDEXED BY entries_open WHERE state = ? AND {OPEN}"  # noqa: S608 - our own words
_VOIDED = "SELECT seq FROM entries INDEXED BY entries_voided WHERE state = 'voided' AND state = ?"
_HELD = f"SELECT seq FROM entries INDEXED BY entries_open WHERE held = 1 AND {KEPT}"  # noqa: S608 - our own words
_ALL = "SELECT count(*) FROM entries WHERE ? = 0"  # in the narrowest index, not in the table
_HEAD_OF_LANE = f"(SELECT seq FROM entries WHERE lane = ? AND state = 'queued' AND {OPEN} ORDER BY seq LIMIT 1)"  # noqa: S608 - our own words

_DOUBTFUL = (
    "SELECT seq FROM entries INDEXED BY entries_open "  # noqa: S608 - our own words
    f"WHERE (state = 'sending' OR state = 'unknown') AND {OPEN} "
    "UNION ALL SELECT seq FROM entries INDEXED BY entries_in_doubt "
    "WHERE in_doubt = 1 AND state = 'queued' AND backend = ?1 "
    # Given up by a person, perhaps before all had settled: that takes minutes, and so many facts take hours.
    "UNION ALL SELECT seq FROM entries INDEXED BY entries_in_doubt "
    "WHERE in_doubt = 1 AND state = 'voided' AND backend = ?1 "
    "AND sent > (SELECT coalesce(max(seq), 0) FROM attempts) - 10000"
)

_pieces = msgspec.json.Decoder(tuple[Product, ...])
_evidence = msgspec.json.Decoder(Evidence)
_payload: msgspec.json.Decoder[Payload] = msgspec.json.Decoder(Payload)


class EntryReads(ReadPool):
    """What JournalReader asks of entries."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._counted = (0, 0)  # the last number that was counted, and how many entries there were up to it

    def entry(self, key: str) -> Entry | None:
        """Return the entry with this idempotency key."""
        return next(iter(self._entries("WHERE e.key = ?", key)), None)

    def entry_by_seq(self, seq: int) -> Entry | None:
        """Return the entry with this number."""
        return next(iter(self._entries("WHERE e.seq = ?", seq)), None)

    def entry_by_reference(self, reference: str) -> Entry | None:
        """Return the one entry of which receipts say this reference (receipt.reference), if there is one."""
        found = self._entries("WHERE ltrim(substr(e.key, -12), '-/:._') = ? LIMIT 2", reference)
        return found[0] if len(found) == 1 else None

    def entries(
        self, state: EntryState | None = None, limit: int = 50, before: int | None = None
    ) -> list[Entry]:
        """Return the newest *limit* entries, newest first, of one *state*, with numbers below *before*."""
        below = (1 << 63) - 1 if before is None else before
        order = "ORDER BY e.seq DESC LIMIT ?"
        if state is None:
            return self._entries(f"WHERE e.seq < ? {order}", below, limit)
        if state is EntryState.DELIVERED:
            return self._entries(f"WHERE e.seq < ? AND e.state = ? {order}", below, state.value, limit)
        # A few among many: found in the small index of their own.
        few = _VOIDED if state is EntryState.VOIDED else _OPEN
        return self._entries(f"WHERE e.seq IN ({few} AND seq < ?) {order}", state.value, below, limit)

    def next_in_lane(self, lane: str) -> Entry | None:
        """Return the oldest queued entry of *lane*; None if there is none, or if it is held."""
        found = self._entries(f"WHERE e.seq = {_HEAD_OF_LANE} AND e.held = 0", lane)
        return found[0] if found else None

    def pending_lanes(self) -> list[str]:
        """Return the lanes (a token, or a key where there is none) with queued entries, oldest first."""
        with self._reading() as db:
            rows = db.execute(
                f"SELECT lane FROM entries WHERE state = 'queued' AND {OPEN} GROUP BY lane ORDER BY min(seq)"  # noqa: S608 - our own words
            )
            return [lane for (lane,) in rows]

    def sending(self) -> list[Entry]:
        """Return the entries of which an attempt began that has not ended, oldest first."""
        return self._entries(f"WHERE e.seq IN ({_OPEN}) ORDER BY e.seq", EntryState.SENDING.value)

    def doubtful(self, backend: str) -> list[Entry]:
        """Return the entries of *backend* that are being sent, or that it may have booked, oldest first.

        These are SENDING, UNKNOWN, QUEUED in doubt, and VOIDED in doubt not long ago.
        """
        return self._entries(f"WHERE e.seq IN ({_DOUBTFUL}) AND e.backend = ?1 ORDER BY e.seq", backend)

    def held(self) -> list[Entry]:
        """Return the entries (settled ones too) whose releases are not settled, oldest first."""
        return self._entries(f"WHERE e.seq IN ({_HELD}) ORDER BY e.seq")

    def oldest_queued(self) -> Stamp | None:
        """Return when the oldest queued entry was committed."""
        with self._reading() as db:
            row = db.execute(
                "SELECT wall_ms, mono_ms, boot, synced FROM entries WHERE seq = "  # noqa: S608 - our own words
                f"(SELECT min(seq) FROM entries INDEXED BY entries_open WHERE state = 'queued' AND {OPEN})"
            ).fetchone()
        return None if row is None else stamp_of(*row)

    def counts(self) -> dict[EntryState, int]:
        """Return how many entries stand in each state."""
        with self._reading() as db:
            db.execute("BEGIN")
            found = dict.fromkeys(EntryState, 0)
            for state, count in db.execute(
                f"SELECT state, count(*) FROM entries INDEXED BY entries_open WHERE {OPEN} GROUP BY state"  # noqa: S608 - our own words
            ):
                found[EntryState(state)] = count
            (voided,) = db.execute("SELECT count(*) FROM entries WHERE state = 'voided'").fetchone()
            every = self._count(db)
        found[EntryState.VOIDED] = voided
        found[EntryState.DELIVERED] = every - sum(found.values())
        return found

    def _count(self, db: sqlite3.Connection) -> int:
        """Return the number of entries; none ever goes and all numbers rise, so only new ones are counted."""
        seen, before = self._counted
        new = db.execute("SELECT count(*) FROM entries WHERE seq > ?" if seen else _ALL, (seen,)).fetchone()[0]
        (last,) = db.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()
        self._counted = (last, before + new)
        return before + int(new)

    def story(self, seq: int) -> Story | None:
        """Return everything that happened to the entry *seq*, in order; None if there is no such entry."""
        entry = self.entry_by_seq(seq)
        if entry is None:
            return None
        with self._reading() as db:
            try:
                events = [
                    StoryEvent(stamp_of(*stamp), what, how, _with_told(words, how, told))
                    for _, *stamp, what, how, words, told in db.execute(_STORY, (seq,))
                ]
            except msgspec.MsgspecError as error:
                raise altered(self.path, error) from error
        return Story(entry, tuple(events))

    def _entries(self, where: str, *values: object) -> list[Entry]:
        with self._reading() as db:
            try:
                return [_as_entry(db, row) for row in db.execute(_ENTRY + where, values).fetchall()]
            except msgspec.MsgspecError as error:
                raise altered(self.path, error) from error


_STORY = """
SELECT seq, wall_ms, mono_ms, boot, synced, 'added', added_state, added_words, NULL FROM entries WHERE seq = ?1
UNION ALL
SELECT seq, wall_ms, mono_ms, boot, synced, 'attempt',
       CASE WHEN status IS NULL THEN outcome ELSE outcome || ' (HTTP ' || status || ')' END, words, told
FROM attempts WHERE entry = ?1 AND seq > ?1
UNION ALL
SELECT seq, wall_ms, mono_ms, boot, synced, CASE by WHEN '' THEN 'terminal' ELSE by END,
       action, words, NULL FROM decisions WHERE entry = ?1 AND seq > ?1
UNION ALL
SELECT seq, wall_ms, mono_ms, boot, synced, kind, coalesce(ended, 'intended'),
       CASE WHEN ended IS NULL THEN device || ': ' || detail ELSE words END, NULL
FROM releases WHERE entry = ?1 AND seq > ?1
ORDER BY 1
"""


def altered(path: Path, error: msgspec.MsgspecError) -> JournalError:
    """Return the error for a row of the journal at *path* that holds what cannot be read."""
    return JournalError(
        f"An entry of the journal {path} was altered: what it is made of cannot be read ({error}). Run "
        "`terminalctl journal verify`, which names it, and put a backup there."
    )


def evidence_in_words(told: str) -> str:
    """Return what a server told before a try, from the JSON that is kept."""
    return in_words(_evidence.decode(told))


def _with_told(words: str, how: str, told: str | None) -> str:
    if told is None:
        return words
    more = (
        f"before it the server told: {evidence_in_words(told)}" if how == "started" else f"called {told} there"
    )
    return f"{words}; {more}" if words else more


def stamp_of(wall_ms: int, mono_ms: int, boot: str, synced: int) -> Stamp:
    """Return the moment that the columns of a row hold."""
    return Stamp(wall_ms, mono_ms, boot, bool(synced))


def _as_entry(db: sqlite3.Connection, row: tuple[Any, ...]) -> Entry:
    seq, key, kind, backend, token, amount, pieces, description, tag, session, refers_to, held, *rest = row
    state, words, wall_ms, mono_ms, boot, synced, in_doubt, attempts, compensate, payload, *rest = rest
    sent, reference, told, *first = rest
    if not reference and refers_to is not None and kind in _NAMED_BY_ANOTHER:
        (reference,) = db.execute(_CALLED, (refers_to,)).fetchone() or ("",)
    left = None if sent is None else db.execute(_SENT, (sent,)).fetchone()
    return Entry(
        seq=seq,
        key=key,
        kind=EntryKind(kind),
        backend=backend,
        token=token,
        amount=amount,
        pieces=_pieces.decode(pieces),
        description=description,
        tag=tag,
        session=session,
        refers_to=refers_to,
        held=bool(held),
        state=EntryState(state),
        words=words,
        created=stamp_of(wall_ms, mono_ms, boot, synced),
        first_attempted=None if first[0] is None else stamp_of(*first),
        in_doubt=bool(in_doubt),
        attempts=attempts,
        compensate=bool(compensate),
        payload=None if payload is None else _payload.decode(payload),
        before=None if told is None else _evidence.decode(told),
        sent=None if left is None else stamp_of(*left),
        reference=reference,
    )
