"""Questions to the journal, on read-only connections: for the daemon's threads, and for technicians.

A reader never writes and never stops the daemon from writing.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from terminal.core.cashbox import Level
from terminal.core.catalogue import Product
from terminal.core.events import CachedWallet, Ended, Exposure
from terminal.core.facts import EntryKind, EntryState, ReleaseKind
from terminal.core.paper import Document
from terminal.core.printing import name_of
from terminal.core.records import OpenPayout, WaitingPrint
from terminal.core.stamp import Stamp, elapsed_ms
from terminal.journal.books import KEPT, OPEN, books
from terminal.journal.readpool import ReadPool
from terminal.journal.rows import Books, Entry, OpenRelease, OpenSession, Story, StoryEvent

_ENTRY = (
    "SELECT e.seq, e.key, e.kind, e.backend, e.token, e.amount, e.pieces, e.description, e.tag, e.session, "
    "e.refers_to, e.held, e.state, e.words, e.wall_ms, e.mono_ms, e.boot, e.synced, e.in_doubt, e.attempts, "
    "e.compensate, a.wall_ms, a.mono_ms, a.boot, a.synced "
    "FROM entries AS e LEFT JOIN attempts AS a ON a.seq = e.first_attempt "
)
_OPEN = f"SELECT seq FROM entries INDEXED BY entries_open WHERE state = ? AND {OPEN}"  # noqa: S608 - our own words
_VOIDED = "SELECT seq FROM entries INDEXED BY entries_voided WHERE state = 'voided' AND state = ?"
_HELD = f"SELECT seq FROM entries INDEXED BY entries_open WHERE held = 1 AND {KEPT}"  # noqa: S608 - our own words
_ALL = "SELECT count(*) FROM entries WHERE ? = 0"  # in the narrowest index, not in the table
_HEAD_OF_LANE = f"(SELECT seq FROM entries WHERE lane = ? AND state = 'queued' AND {OPEN} ORDER BY seq LIMIT 1)"  # noqa: S608 - our own words

_pieces = msgspec.json.Decoder(tuple[Product, ...])
_document = msgspec.json.Decoder(Document)


class JournalReader(ReadPool):
    """A journal opened for reading only; usable from any thread, also beside a running daemon.

    Every method raises JournalError, with a sentence, where the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._counted = (0, 0)  # the last number that was counted, and how many entries there were up to it

    # -- entries -----------------------------------------------------------------------------------------

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
        return None if row is None else _stamp(*row)

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
            events = [
                StoryEvent(_stamp(*stamp), what, how, words)
                for _, *stamp, what, how, words in db.execute(_STORY, (seq,))
            ]
        return Story(entry, tuple(events))

    def _entries(self, where: str, *values: object) -> list[Entry]:
        with self._reading() as db:
            return [_as_entry(row) for row in db.execute(_ENTRY + where, values)]

    # -- what is open in the world -----------------------------------------------------------------------

    def open_releases(self) -> list[OpenRelease]:
        """Return the releases that were intended and not settled, oldest first."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT r.release, r.kind, e.key, r.device, r.detail, r.document, "
                "r.wall_ms, r.mono_ms, r.boot, r.synced "
                "FROM releases AS r INDEXED BY releases_open JOIN entries AS e ON e.seq = r.entry "
                "WHERE r.ended IS NULL AND r.settled IS NULL ORDER BY r.seq"
            )
            return [
                OpenRelease(
                    release, ReleaseKind(kind), key, device, detail, _stamp(*stamp), _document_of(document)
                )
                for release, kind, key, device, detail, document, *stamp in rows
            ]

    def waiting_prints(self) -> list[WaitingPrint]:
        """Return the documents whose last try failed or ended unknown, and that nobody has given up."""
        with self._reading() as db:
            return [
                WaitingPrint(release, key, _document.decode(document), Ended(ended), _stamp(*stamp))
                for release, key, document, ended, *stamp in db.execute(_WAITING_PRINTS)
            ]

    def papers(self, seq: int) -> tuple[tuple[str, Document], ...]:
        """Return what was printed for the entry *seq*: each document with its last try."""
        with self._reading() as db:
            rows = db.execute(_PAPERS, (seq,)).fetchall()
        last = {name_of(release): (release, _document.decode(document)) for release, document in rows}
        return tuple(last.values())

    def open_payouts(self) -> list[OpenPayout]:
        """Return the payouts that were intended and not settled, oldest first."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT p.payout, p.device, p.amount, p.mark, s.session, "
                "p.wall_ms, p.mono_ms, p.boot, p.synced FROM payouts AS p "
                "INDEXED BY payouts_open LEFT JOIN sessions AS s ON s.seq = p.session "
                "WHERE p.ended IS NULL AND p.settled IS NULL ORDER BY p.seq"
            )
            return [
                OpenPayout(payout, device, amount, mark, session, _stamp(*stamp))
                for payout, device, amount, mark, session, *stamp in rows
            ]

    def open_sessions(self) -> list[OpenSession]:
        """Return the coin sessions that are not closed, oldest first."""
        with self._reading() as db:
            return [
                OpenSession(
                    session, token, held, _stamp(*opened), _stamp(*coin) if coin[0] is not None else None
                )
                for session, token, held, *opened, c1, c2, c3, c4 in db.execute(_OPEN_SESSIONS)
                for coin in ((c1, c2, c3, c4),)
            ]

    def marks(self) -> dict[str, str]:
        """Return how far each acceptor that counts by itself is on the books; see events.DeviceMarked."""
        with self._reading() as db:
            return dict(db.execute("SELECT device, mark FROM acceptors WHERE mark <> ''"))

    def boxes(self) -> dict[str, Level]:
        """Return what is in the cash box of each acceptor that ever took anything."""
        with self._reading() as db:
            rows = db.execute("SELECT device, pieces, amount FROM acceptors ORDER BY device")
            return {device: Level(pieces, amount) for device, pieces, amount in rows}

    # -- caches and sums ---------------------------------------------------------------------------------

    def wallet(self, token: str, now: Stamp) -> CachedWallet | None:
        """Return what the server last told of a token's wallet."""
        with self._reading() as db:
            row = db.execute(
                "SELECT balance, wall_ms, mono_ms, boot, synced FROM wallets WHERE token = ?", (token,)
            ).fetchone()
        return None if row is None else CachedWallet(row[0], elapsed_ms(_stamp(*row[1:]), now))

    def catalogue(self, backend: str) -> tuple[Product, ...]:
        """Return the products that *backend* told last; none if it never did."""
        with self._reading() as db:
            row = db.execute("SELECT products FROM catalogue WHERE backend = ?", (backend,)).fetchone()
        return () if row is None else _pieces.decode(row[0])

    def exposure(self, token: str, now: Stamp) -> Exposure:
        """Return what is given on trust: to *token*, and by this terminal in all."""
        with self._reading() as db:
            debits, credits_ = db.execute(_EXPOSURE_OF_TOKEN, (token,)).fetchone()
            total, count, oldest = db.execute(_EXPOSURE).fetchone()
            created = db.execute(
                "SELECT wall_ms, mono_ms, boot, synced FROM entries WHERE seq = ?", (oldest,)
            ).fetchone()
        oldest_ms = None if created is None else elapsed_ms(_stamp(*created), now)
        return Exposure(debits, credits_, total, count, oldest_ms)

    def books(self) -> Books:
        """Return the sums of the whole journal, at one moment."""
        with self._reading() as db:
            db.execute("BEGIN")
            return books(db)


_EXPOSURE_OF_TOKEN = f"""
SELECT coalesce(sum(CASE WHEN kind = 'debit' THEN amount END), 0),
       coalesce(sum(CASE WHEN kind IN ('credit', 'refund') AND state <> 'parked' THEN amount END), 0)
FROM entries INDEXED BY entries_open WHERE lane = ? AND {OPEN}
"""  # noqa: S608 - our own words
_EXPOSURE = f"""
SELECT coalesce(sum(amount), 0), count(*), min(seq)
FROM entries INDEXED BY entries_open WHERE kind = 'debit' AND state <> 'parked' AND {OPEN}
"""  # noqa: S608 - our own words
_OPEN_SESSIONS = """
SELECT s.session,
       coalesce((SELECT token FROM sessions WHERE session = s.session AND event = 'claimed'
                 ORDER BY seq DESC LIMIT 1), s.token),
       (SELECT coalesce(sum(amount), 0) FROM cash WHERE session = s.seq),
       s.wall_ms, s.mono_ms, s.boot, s.synced, c.wall_ms, c.mono_ms, c.boot, c.synced
FROM sessions AS s INDEXED BY sessions_open
LEFT JOIN cash AS c ON c.seq = (SELECT max(seq) FROM cash WHERE session = s.seq AND kind = 'in')
WHERE s.event = 'opened' AND s.closed IS NULL ORDER BY s.seq
"""
_WAITING_PRINTS = """
SELECT o.release, e.key, i.document, o.ended, i.wall_ms, i.mono_ms, i.boot, i.synced
FROM releases AS o INDEXED BY releases_waiting
JOIN releases AS i ON i.seq > o.entry AND i.seq < o.seq AND i.settled = o.seq AND i.document IS NOT NULL
JOIN entries AS e ON e.seq = o.entry
WHERE o.kind = 'print' AND o.settled IS NULL AND o.detail = '' AND (o.ended = 'failed' OR o.ended = 'unknown')
ORDER BY o.seq
"""
_PAPERS = """
SELECT release, document FROM releases
WHERE entry = ?1 AND seq > ?1 AND kind = 'print' AND ended IS NULL AND document IS NOT NULL ORDER BY seq
"""
_STORY = """
SELECT seq, wall_ms, mono_ms, boot, synced, 'added', added_state, added_words FROM entries WHERE seq = ?1
UNION ALL
SELECT seq, wall_ms, mono_ms, boot, synced, 'attempt',
       CASE WHEN status IS NULL THEN outcome ELSE outcome || ' (HTTP ' || status || ')' END, words
FROM attempts WHERE entry = ?1 AND seq > ?1
UNION ALL
SELECT seq, wall_ms, mono_ms, boot, synced, CASE by WHEN '' THEN 'terminal' ELSE by END,
       action, words FROM decisions WHERE entry = ?1 AND seq > ?1
UNION ALL
SELECT seq, wall_ms, mono_ms, boot, synced, kind, coalesce(ended, 'intended'),
       CASE WHEN ended IS NULL THEN device || ': ' || detail ELSE words END
FROM releases WHERE entry = ?1 AND seq > ?1
ORDER BY 1
"""


def _stamp(wall_ms: int, mono_ms: int, boot: str, synced: int) -> Stamp:
    return Stamp(wall_ms, mono_ms, boot, bool(synced))


def _document_of(text: str | None) -> Document | None:
    return None if text is None else _document.decode(text)


def _as_entry(row: tuple[Any, ...]) -> Entry:
    seq, key, kind, backend, token, amount, pieces, description, tag, session, refers_to, held, *rest = row
    state, words, wall_ms, mono_ms, boot, synced, in_doubt, attempts, compensate, *first = rest
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
        created=_stamp(wall_ms, mono_ms, boot, synced),
        first_attempted=None if first[0] is None else _stamp(*first),
        in_doubt=bool(in_doubt),
        attempts=attempts,
        compensate=bool(compensate),
    )
