"""Callers that wait become one transaction; none harms another."""

import sqlite3
import threading

import pytest

from terminal.core.facts import AttemptStarted, EntryState, SessionOpened
from terminal.journal.errors import JournalUnwritable
from terminal.journal.group import GroupCommit, Work
from tests.journal.making import NOW, coin, debit


class Stage:
    """A group whose transactions wait until the test lets them go on."""

    def __init__(self):
        self.group = GroupCommit(self.perform)
        self.batches = []
        self.entered = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.threads = []

    def perform(self, batch):
        self.batches.append([work.facts[0] for work in batch])
        self.entered.release()
        assert self.go_on.acquire(timeout=30)
        for work in batch:
            work.error = None

    def submit(self, name, *, urgent=False, facts=1):
        work = Work([name] * facts, NOW, urgent=urgent, durable=True)
        thread = threading.Thread(target=self.group.submit, args=(work,))
        thread.start()
        self.threads.append(thread)

    def end(self):
        self.go_on.release(len(self.threads))
        for thread in self.threads:
            thread.join(30)
            assert not thread.is_alive()

    def wait_until_waiting(self, count):
        deadline = threading.Event()
        for _ in range(30_000):
            with self.group._guard:
                if len(self.group._urgent) + len(self.group._others) == count:
                    return
            deadline.wait(0.001)
        raise AssertionError


def test_the_urgent_are_in_the_next_transaction_and_the_others_are_bounded():
    stage = Stage()
    stage.submit("first")
    assert stage.entered.acquire(timeout=30)
    for number in range(40):
        stage.submit(f"slow {number}")
        stage.wait_until_waiting(number + 1)
    stage.submit("tap", urgent=True)
    stage.wait_until_waiting(41)
    stage.end()
    assert stage.batches[0] == ["first"]
    assert stage.batches[1][0] == "tap"
    assert len(stage.batches[1]) == 33
    assert stage.batches[1][1:] == [f"slow {number}" for number in range(32)]
    assert stage.batches[2] == [f"slow {number}" for number in range(32, 40)]


def test_a_caller_with_many_facts_is_not_joined_by_more():
    stage = Stage()
    stage.submit("first")
    assert stage.entered.acquire(timeout=30)
    for number in range(3):
        stage.submit(f"bulk {number}", facts=500)
        stage.wait_until_waiting(number + 1)
    stage.end()
    assert [len(batch) for batch in stage.batches] == [1, 1, 1, 1]


def test_a_leader_that_breaks_down_takes_nobody_with_it():
    class BreakdownError(Exception):
        pass

    def perform(batch):
        if batch[0].facts == ["bad"]:
            raise BreakdownError
        for work in batch:
            work.error = None

    group = GroupCommit(perform)
    with pytest.raises(BreakdownError):
        group.submit(Work(["bad"], NOW, urgent=False, durable=True))
    group.submit(Work(["good"], NOW, urgent=False, durable=True))


def test_sixteen_threads(journal):
    failures = []
    start = threading.Barrier(16)

    def produce(number):
        start.wait(30)
        for step in range(25):
            try:
                durable = (number + step) % 3 != 0
                urgent = number == 0
                journal.commit(
                    [debit(f"{number}-{step}", token=f"T{number}")], NOW, urgent=urgent, durable=durable
                )
                if journal.entry(f"{number}-{step}") is None:
                    failures.append((number, step))
            except Exception as error:  # noqa: BLE001 - the top of a thread
                failures.append(error)

    threads = [threading.Thread(target=produce, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert failures == []
    assert journal.counts()[EntryState.QUEUED] == 400
    assert journal.next_in_lane("T7").key == "7-0"
    assert [entry.seq for entry in journal.entries(limit=500)] == list(range(400, 0, -1))
    assert journal.verify() == []


def works(*facts_of_each):
    return [Work(facts, NOW, urgent=False, durable=True) for facts in facts_of_each]


def test_a_bad_caller_harms_only_itself(journal):
    journal.commit([debit("there")], NOW)
    batch = works(
        [debit("a")],
        [debit("b"), debit("there")],
        [SessionOpened("s1", None), coin(100)],
        [debit("c"), debit("d", amount="much")],
        [debit("e", amount=1 << 70)],
        [debit("f")],
    )
    journal._perform(batch)
    assert [work.error is None for work in batch] == [True, False, True, False, False, True]
    assert all(isinstance(work.error, (ValueError, OverflowError)) for work in batch if work.error)
    assert [entry.key for entry in journal.entries()] == ["f", "a", "there"]
    assert journal.books().held == 100
    journal.commit([debit("g")], NOW)
    assert journal.verify() == []


def test_a_transaction_of_bad_callers_only_leaves_nothing(journal):
    batch = works([debit("a", token=None)], [coin()])
    journal._perform(batch)
    assert all(isinstance(work.error, ValueError) for work in batch)
    journal.commit([debit("b")], NOW)
    assert journal.entry("b").seq == 1
    assert journal.verify() == []


def test_a_probe_writes_and_leaves_the_chain_alone(journal):
    with journal._reading() as db:
        before = db.execute("PRAGMA data_version").fetchone()
        journal.probe(NOW)
        assert db.execute("PRAGMA data_version").fetchone() != before
    journal.commit([debit()], NOW)
    assert journal.entry("d1").seq == 1
    assert journal.verify() == []


def test_a_closed_journal_takes_nothing(journal):
    journal.close()
    with pytest.raises(JournalUnwritable, match="closed"):
        journal.commit([debit()], NOW)
    journal.close()


def test_only_what_need_not_be_durable_is_written_without_a_sync(journal):
    def level():
        return journal._db.execute("PRAGMA synchronous").fetchone()[0]

    journal._perform([Work([debit("a")], NOW, urgent=False, durable=False)])
    assert level() == 1
    mixed = works([debit("b")])
    journal._perform([Work([debit("c")], NOW, urgent=False, durable=False), *mixed])
    assert level() == 2


def test_what_a_power_cut_may_take_is_bounded(journal):
    def level():
        return journal._db.execute("PRAGMA synchronous").fetchone()[0]

    levels = []
    for number in range(150):
        journal.commit([debit(f"k{number}")], NOW, durable=False)
        levels.append(level())
    assert levels.count(2) == 2
    assert levels.index(2) == 64


def test_what_a_bad_caller_undid_is_not_remembered(journal):
    journal.commit([debit("a")], NOW)
    batch = works([AttemptStarted("a"), debit("a")], [AttemptStarted("a")])
    journal._perform(batch)
    assert isinstance(batch[0].error, ValueError)
    assert batch[1].error is None, "nothing of the try before has begun"
    assert journal.verify() == []


def test_what_a_failed_disk_undid_is_not_remembered(journal):
    journal.commit([debit("a")], NOW)
    whole = journal._db

    class NoSync:
        in_transaction = False

        def execute(self, statement, *values):
            if statement == "COMMIT":
                whole.execute("ROLLBACK")
                raise sqlite3.OperationalError("disk I/O error")
            return whole.execute(statement, *values)

    journal._db = NoSync()
    with pytest.raises(JournalUnwritable):
        journal.commit([AttemptStarted("a")], NOW)
    journal._db = whole
    journal.commit([AttemptStarted("a")], NOW)
    assert journal.entry("a").attempts == 1
    assert journal.verify() == []


def test_the_writer_s_settings_are_those_of_money(journal):
    def pragma(name):
        return journal._db.execute(f"PRAGMA {name}").fetchone()[0]

    assert (pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")) == ("wal", 2, 1)
    assert pragma("wal_autocheckpoint") == 0
    with pytest.raises(sqlite3.IntegrityError):
        journal._db.execute("INSERT INTO wallets VALUES ('t', 'much', 0, 0, 'b', 0)")
    tables = journal._db.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'").fetchall()
    assert [name for name, strict in tables if not strict and not name.startswith(("sqlite_", "_sqlite"))] == []
