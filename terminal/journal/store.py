"""The journal: opened by one daemon, written by any of its threads, read by all.

A commit is one transaction and one sync of the write-ahead log. What may take long (checkpoints, the check of a
large file) is done by `Journal.maintain`, away from the customers.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from terminal.core.facts import Fact, ReportMade
from terminal.core.report import Report
from terminal.core.stamp import Stamp
from terminal.journal import carrying, chain
from terminal.journal.backup import Progress, backup
from terminal.journal.boot import RESERVE, Lock, beside, look_over, reserve, reserved, suspect
from terminal.journal.chain import Head
from terminal.journal.connect import connect_to_write
from terminal.journal.errors import (
    DecisionRefused,
    JournalDamaged,
    JournalError,
    JournalUnwritable,
    explain,
)
from terminal.journal.group import GroupCommit, Work
from terminal.journal.opening import Opened, open_file
from terminal.journal.reads import JournalReader
from terminal.journal.scribe import Known, Scribe
from terminal.journal.tenure import Tenure
from terminal.journal.writes import write

_CHECKPOINT_FACTS = 1000  # some 4 MB of log: then maintain() brings them into the file
_OVERDUE_FACTS = 20_000  # maintain() did not come: a commit does it, before the log fills the disk
_MOST_ROWS = 3  # that one fact becomes
_MOST_LOOSE = 64  # commits without a sync in a row: what a power cut takes is bounded

# What a caller's facts can be wrong in; it harms that caller only.
_CALLERS_FAULT = (
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    DecisionRefused,
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
)


class Journal(JournalReader):
    """The open journal; reading is inherited.

    Attributes:
        set_aside: A sentence for the technician, if a damaged file was set aside at open.
    """

    def __init__(self, path: Path, key: bytes, lock: Lock, opened: Opened) -> None:
        super().__init__(path)
        self.set_aside = opened.set_aside
        self._key = key
        self._lock = lock
        self._db = opened.db
        self._head: Head | None = opened.head
        self._unchecked = opened.unchecked
        self._known: dict[str, Known] = {}
        self._sync_is_full = True
        self._loose = 0
        self._behind = _CHECKPOINT_FACTS  # facts in the log since the last checkpoint; at first, who knows
        self._closed = False
        self._reserved = reserved(path) or 0
        self._reserving = threading.Lock()
        self._upkeep = threading.Lock()
        self._writing = threading.Lock()
        self._group = GroupCommit(self._perform)
        self._reserve(opened.head.seq, RESERVE // 2)

    @classmethod
    def open(cls, path: Path, key: bytes, *, boot: str) -> Self:
        """Open the journal at *path*, made where there is none, for writing by this process alone.

        Args:
            path: The file; its directory exists.
            key: The key of the chain, 16 to 64 bytes; see load_or_create_key.
            boot: Id of this boot of the machine; noted beside the number reached.

        Raises:
            JournalInUse: Another daemon has it.
            JournalTooNew: A newer version wrote it.
            JournalKeyWrong: It was chained with another key.
            JournalUnwritable: The disk is full, read-only or failing.
        """
        path = Path(path)
        if len(key) not in chain.KEY_SIZES:
            raise ValueError(f"the chain's key has {len(key)} bytes, not 16 to 64")
        with contextlib.ExitStack() as undo:
            lock = Lock(path)
            undo.callback(lock.release)
            opened = open_file(path, key, boot)
            undo.callback(opened.db.close)
            try:
                journal = cls(path, key, lock, opened)
            except OSError as error:
                raise explain(error, path) from error
            undo.pop_all()
        return journal

    def close(self) -> None:
        """Bring everything into the one file, and let another process have it; refuse commits from now on."""
        with self._upkeep, self._writing:
            if self._closed:
                return
            self._closed = True
            super().close()
            # The facts are in the log already: where this fails, the next start does it.
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.close()
            self._lock.release()

    # -- writing -----------------------------------------------------------------------------------------

    def commit(self, facts: Sequence[Fact], now: Stamp, *, urgent: bool = False, durable: bool = True) -> None:
        """Write *facts*, all or none, in this order. Any thread; returns when they are on the disk.

        Args:
            facts: What happened.
            now: When; each fact carries it.
            urgent: Goes into the very next transaction, before callers who wait longer.
            durable: False: survives the end of the process, but perhaps not a power cut.

        Raises:
            JournalUnwritable: Nothing of it is in the journal; the sentence says why.
            DecisionRefused: A person's decision does not fit; nothing of it is in the journal.
            NotQueued: An attempt was to begin on an entry that must not go; nothing of it is in the journal.
            ValueError: The facts contradict the journal: a mistake of the program.
        """
        self._group.submit(Work(facts, now, urgent=urgent, durable=durable))

    def probe(self, now: Stamp) -> None:
        """Write something that says nothing, durably: whether the journal can be written (again).

        Raises:
            JournalUnwritable: It cannot.
        """
        self.commit((), now, urgent=True)

    def _perform(self, batch: Sequence[Work]) -> None:
        """Do one transaction for the group; its leader is alone here, but for close()."""
        with self._writing:
            try:
                written = self._transact(batch)
            except (sqlite3.Error, OSError) as error:
                self._head = None  # read again from the disk before the next one
                self._known.clear()
                for work in batch:
                    work.error = self._noted(explain(error, self.path))
                return
            for work in written:
                work.error = None
            self._behind += sum(len(work.facts) for work in written)
            if self._behind >= _OVERDUE_FACTS:
                self._behind = 0
                with contextlib.suppress(sqlite3.Error):  # it will be tried again; the facts are safe
                    self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _transact(self, batch: Sequence[Work]) -> list[Work]:
        """Write what can be written of *batch* and return that; raise where the disk fails: then nothing is."""
        if self._closed:
            for work in batch:
                work.error = JournalUnwritable(f"The journal {self.path} is closed: terminald is stopping.")
            return []
        loose = self._loose + len(batch)
        durable = loose > _MOST_LOOSE or any(work.durable for work in batch)
        self._sync_fully(durable)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            head = self._head or self._read_head()
            self._reserve(head.seq, _MOST_ROWS * sum(len(work.facts) for work in batch))
            scribe = Scribe(self._db, self._key, head, batch[0].now, self._known)
            written = [work for work in batch if self._write(scribe, work, alone=len(batch) == 1)]
            if written:
                sealed = chain.sealed(self._key, scribe.head)
                self._db.execute("UPDATE meta SET value = ? WHERE name = 'head'", (sealed,))
                report = _closing(written)
                if report is not None:
                    carrying.about(self.path, self._key, report)
                self._db.execute("COMMIT")
                self._head = scribe.head
                self._loose = 0 if durable else loose
                if report is not None:
                    carrying.made(self.path, self._key, report)
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        return written

    def _write(self, scribe: Scribe, work: Work, *, alone: bool) -> bool:
        """Write one caller's facts, and tell whether that went well; if not, nothing of them is left."""
        before = scribe.head
        scribe.now = work.now
        if not alone:
            self._db.execute("SAVEPOINT caller")
        try:
            for fact in work.facts:
                write(scribe, fact)
            if not work.facts:
                self._db.execute("UPDATE meta SET value = value + 1 WHERE name = 'probes'")
        except _CALLERS_FAULT as error:
            work.error = _as_mistake(error)
            scribe.head = before
            self._known.clear()
            if not alone:
                self._db.execute("ROLLBACK TO caller")
            return False
        finally:
            if not alone and self._db.in_transaction:
                self._db.execute("RELEASE caller")
        return True

    def _sync_fully(self, wanted: bool) -> None:  # noqa: FBT001 - the setting itself
        if wanted is not self._sync_is_full:
            self._db.execute(f"PRAGMA synchronous = {'FULL' if wanted else 'NORMAL'}")
            self._sync_is_full = wanted

    def _read_head(self) -> Head:
        (text,) = self._db.execute("SELECT value FROM meta WHERE name = 'head'").fetchone()
        head = chain.unsealed(text)
        if head is None:
            raise sqlite3.DatabaseError("the head of the chain cannot be read")
        return head

    def _reserve(self, seq: int, ahead: int) -> None:
        """See to it that numbers up to *seq* + *ahead* are noted as in use; OSError where that fails."""
        if seq + ahead > self._reserved:
            with self._reserving:
                reserve(self.path, seq + ahead + RESERVE)
                self._reserved = seq + ahead + RESERVE

    # -- upkeep ------------------------------------------------------------------------------------------

    def maintain(self) -> None:
        """Do what may take long, on connections of its own; to be called now and then, in the background.

        Raises:
            JournalDamaged: The file is damaged; the next start sets it aside.
            JournalUnwritable: The disk fails.
        """
        with self._upkeep:
            head = self._head
            if self._closed:
                return
            try:
                if head is not None:
                    self._reserve(head.seq, RESERVE // 2)
                if self._behind >= _CHECKPOINT_FACTS:
                    self._checkpoint()
                if self._unchecked:
                    with self._reading() as db:
                        look_over(db, self.path)
                    self._unchecked = False
            except (sqlite3.Error, OSError) as error:
                raise self._noted(explain(error, self.path)) from error

    def _noted(self, error: JournalError) -> JournalError:
        """Return *error*; damage is noted for the next start, which may come after a clean stop."""
        if isinstance(error, JournalDamaged):
            suspect(self.path)
        return error

    def _checkpoint(self) -> None:
        """Bring the log into the file, as far as no reader needs it; writers go on meanwhile."""
        behind = self._behind
        with contextlib.closing(connect_to_write(self.path)) as db:
            _, in_log, done = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if in_log == done:
            self._behind -= behind

    def tenure(self, backend: str, now: Callable[[], Stamp]) -> Tenure:
        """Return what remembers, over restarts, since when the secret of *backend* is in use."""
        return Tenure(beside(self.path, f".since-{backend}"), self._key, now)

    # -- looking after it --------------------------------------------------------------------------------

    def verify(self, progress: Progress | None = None) -> list[str]:
        """Return what is wrong with the chain and with what follows from it, as sentences; none: it is whole.

        *progress* is called with how many rows are done, and how many there are.
        """
        from terminal.journal.check import verify  # noqa: PLC0415 - a technician asks for it, not a sale

        with self._reading() as db:
            return verify(db, self.path, self._key, progress)

    def backup(self, path: Path, progress: Progress | None = None, *, keep: int = 3) -> None:
        """Copy the journal as it is now to *path*; *keep* copies are kept in all (path.1 is the one before).

        Raises:
            JournalError: The copy was not made; older copies are untouched.
        """
        if keep < 1:
            raise ValueError(f"at least one backup is kept, not {keep}")
        with self._reading() as db:
            backup(db, Path(path), progress or (lambda _done, _total: None), keep)


def _closing(written: Sequence[Work]) -> Report | None:
    """Return the last Z report of what was written."""
    reports = [fact.report for work in written for fact in work.facts if isinstance(fact, ReportMade)]
    return reports[-1] if reports else None


def _as_mistake(error: Exception) -> Exception:
    """Return what the caller is told; the database's words name columns, never what stands in them."""
    if isinstance(error, sqlite3.Error):
        return ValueError(f"The facts contradict the journal: {error}.")
    return error
