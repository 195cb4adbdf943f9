"""Questions to the journal, on read-only connections: for the daemon's threads, and for technicians.

A reader never writes and never stops the daemon from writing.
"""

from __future__ import annotations

import msgspec

from terminal.core.cashbox import Level
from terminal.core.catalogue import Product
from terminal.core.events import CachedWallet, Ended, Exposure
from terminal.core.facts import ReleaseKind
from terminal.core.paper import Document
from terminal.core.printing import name_of
from terminal.core.records import OpenPayout, WaitingPrint
from terminal.core.stamp import Stamp, elapsed_ms
from terminal.journal.books import OPEN, books
from terminal.journal.entry_reads import stamp_of
from terminal.journal.report_reads import ReportReads
from terminal.journal.rows import Books, OpenRelease, OpenSession

_pieces = msgspec.json.Decoder(tuple[Product, ...])
_document = msgspec.json.Decoder(Document)


class JournalReader(ReportReads):
    """A journal opened for reading only; usable from any thread, also beside a running daemon.

    Every method raises JournalError, with a sentence, where the file cannot be read.
    """

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
                    release, ReleaseKind(kind), key, device, detail, stamp_of(*stamp), _document_of(document)
                )
                for release, kind, key, device, detail, document, *stamp in rows
            ]

    def waiting_prints(self) -> list[WaitingPrint]:
        """Return the documents whose last try failed or ended unknown, and that nobody has given up."""
        with self._reading() as db:
            return [
                WaitingPrint(release, key, _document.decode(document), Ended(ended), stamp_of(*stamp))
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
                OpenPayout(payout, device, amount, mark, session, stamp_of(*stamp))
                for payout, device, amount, mark, session, *stamp in rows
            ]

    def open_sessions(self) -> list[OpenSession]:
        """Return the coin sessions that are not closed, oldest first."""
        with self._reading() as db:
            return [
                OpenSession(
                    session, token, held, stamp_of(*opened), stamp_of(*coin) if coin[0] is not None else None
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
        return None if row is None else CachedWallet(row[0], elapsed_ms(stamp_of(*row[1:]), now))

    def catalogue(self, backend: str) -> tuple[Product, ...]:
        """Return the products that *backend* told last; none if it never did."""
        with self._reading() as db:
            row = db.execute("SELECT products FROM catalogue WHERE backend = ?", (backend,)).fetchone()
        return () if row is None else _pieces.decode(row[0])

    def settings_told(self, backend: str) -> str | None:
        """Return what *backend* told last of how this terminal is to be set; None if it never did."""
        with self._reading() as db:
            row = db.execute("SELECT settings FROM settings_told WHERE backend = ?", (backend,)).fetchone()
        return None if row is None else str(row[0])

    def exposure(self, token: str, now: Stamp) -> Exposure:
        """Return what is given on trust: to *token*, and by this terminal in all."""
        with self._reading() as db:
            debits, credits_ = db.execute(_EXPOSURE_OF_TOKEN, (token,)).fetchone()
            total, count, oldest = db.execute(_EXPOSURE).fetchone()
            created = db.execute(
                "SELECT wall_ms, mono_ms, boot, synced FROM entries WHERE seq = ?", (oldest,)
            ).fetchone()
        oldest_ms = None if created is None else elapsed_ms(stamp_of(*created), now)
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


def _document_of(text: str | None) -> Document | None:
    return None if text is None else _document.decode(text)
