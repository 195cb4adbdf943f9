"""Whatever happens, in whatever order: the books balance, and the journal is whole."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from terminal.core.delivery import Outcome
from terminal.core.events import Ended
from terminal.core.facts import (
    CashKind,
    EntryAbandoned,
    EntryFreed,
    EntryKind,
    EntryParked,
    EntryState,
    PersonDecided,
    ReleaseIntended,
    ReleaseKind,
    ReleaseSettled,
    SessionClosed,
    SessionOpened,
)
from terminal.core.stamp import Stamp
from terminal.journal import Journal
from terminal.journal.errors import DecisionRefused, NotQueued
from tests.journal.making import KEY, coin, credit, debit, ended, started, taken, unclaimed

OUTCOMES = [
    (Outcome.DELIVERED, EntryState.DELIVERED),
    (Outcome.REFUSED, EntryState.PARKED),
    (Outcome.REFUSED, EntryState.QUEUED),
    (Outcome.REFUSED, EntryState.UNKNOWN),
    (Outcome.DENIED, EntryState.QUEUED),
    (Outcome.BUSY, EntryState.QUEUED),
    (Outcome.UNSENT, EntryState.QUEUED),
    (Outcome.UNKNOWN, EntryState.QUEUED),
    (Outcome.UNKNOWN, EntryState.UNKNOWN),
]
SETTLED = (EntryState.DELIVERED, EntryState.VOIDED)


class Life(RuleBasedStateMachine):
    """A terminal's life: sales, coins, tries, persons and restarts in any order."""

    def __init__(self):
        super().__init__()
        self.count = 0
        self.accepted = 0

        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "journal.db"
        self.journal = Journal.open(self.path, KEY, boot="b")

    def teardown(self):
        self.journal.close()
        self.folder.cleanup()

    def commit(self, *facts):
        self.count += 1
        # A Pi without a clock: wall times jump, and start in 1970.
        now = Stamp(self.count * 977 % 5000, self.count, f"boot {self.count % 3}", synced=self.count % 2 == 0)
        self.journal.commit(facts, now, urgent=self.count % 2 == 0, durable=self.count % 4 == 0)

    def some(self, data):
        return data.draw(st.sampled_from(self.journal.entries(limit=500)))

    @property
    def any_entry(self):
        return bool(self.journal.entries(limit=1))

    @rule(amount=st.integers(0, 500), held=st.booleans(), vend=st.booleans(), token=st.sampled_from("AB"))
    def sell(self, amount, held, vend, token):
        key = f"d{self.count}"
        intent = [ReleaseIntended(f"{key}/0", ReleaseKind.VEND, key, "relay")] if vend else []
        self.commit(debit(key, token=token, amount=amount, held=held), *intent)

    @precondition(lambda self: self.journal.open_releases())
    @rule(ended=st.sampled_from(Ended))
    def settle(self, ended):
        release = self.journal.open_releases()[0]
        after = EntryFreed(release.key) if ended is Ended.DONE else EntryAbandoned(release.key, "not given")
        self.commit(ReleaseSettled(release.release, ended), after)

    @precondition(lambda self: self.any_entry)
    @rule(data=st.data())
    def start(self, data):
        entry = self.some(data)
        try:
            self.commit(started(entry.key))
        except NotQueued:
            assert entry.state is not EntryState.QUEUED
        else:
            assert entry.state is EntryState.QUEUED

    @precondition(lambda self: self.journal.sending())
    @rule(data=st.data(), result=st.sampled_from(OUTCOMES))
    def end(self, data, result):
        entry = data.draw(st.sampled_from(self.journal.sending()))
        self.commit(ended(entry.key, *result, words="ä" * (self.count % 5)))

    @precondition(lambda self: self.any_entry)
    @rule(data=st.data(), state=st.sampled_from([EntryState.PARKED, EntryState.UNKNOWN]))
    def park(self, data, state):
        self.commit(EntryParked(self.some(data).key, state, "look"))

    @precondition(lambda self: self.any_entry)
    @rule(data=st.data(), action=st.sampled_from(["void", "retry"]))
    def decide(self, data, action):
        entry = self.some(data)
        may_be = entry.state not in (*SETTLED, EntryState.SENDING)
        may_be = may_be and (action == "void" or entry.kind is not EntryKind.UNCLAIMED)
        try:
            self.commit(PersonDecided(entry.key, action, "Ada", "because"))
        except DecisionRefused:
            assert not may_be
        else:
            assert may_be

    @precondition(lambda self: any(entry.kind is EntryKind.DEBIT for entry in self.journal.entries(limit=500)))
    @rule(data=st.data())
    def abandon(self, data):
        debits = [entry for entry in self.journal.entries(limit=500) if entry.kind is EntryKind.DEBIT]
        self.commit(EntryAbandoned(data.draw(st.sampled_from(debits)).key, "nothing came out"))

    @rule(token=st.sampled_from([None, "A"]), amount=st.sampled_from([10, 20, 50, 100, 200]))
    def insert(self, token, amount):
        sessions = self.journal.open_sessions()
        session = sessions[-1].session if sessions else f"s{self.count}"
        opened = [] if sessions and token is None else [SessionOpened(session, token)]
        self.commit(*opened, coin(amount, session))
        self.accepted += amount

    @precondition(lambda self: self.journal.open_sessions())
    @rule(
        how=st.sampled_from(["credit", "unclaimed", "return", "spend", "write off"]), part=st.integers(1, 200)
    )
    def pay_out(self, how, part):
        (session, *_) = self.journal.open_sessions()
        name, held, key = session.session, session.held, f"c{self.count}"
        close = SessionClosed(name, how)
        part = min(part, held)
        match how:
            case "credit" if held:
                self.commit(credit(key, amount=held), taken(CashKind.CREDITED, held, name, key), close)
            case "unclaimed" if held:
                self.commit(unclaimed(key, amount=held), taken(CashKind.UNCLAIMED, held, name, key), close)
            case "spend" if held:
                self.commit(debit(key, amount=part), taken(CashKind.SPENT, part, name, key))
            case "return" if held:
                self.commit(taken(CashKind.RETURNED, part, name))
            case "write off" if held:
                self.commit(taken(CashKind.WRITTEN_OFF, part, name))
            case _:
                self.commit(close)

    @rule()
    def restart(self):
        self.journal.close()
        self.journal = Journal.open(self.path, KEY, boot="b")

    @rule()
    def look_after(self):
        self.journal._behind = 10_000
        self.journal.maintain()

    @invariant()
    def nothing_is_lost(self):
        books = self.journal.books()
        assert books.accepted == self.accepted
        assert books.accepted == (
            books.credited + books.spent + books.returned + books.held + books.written_off
        )
        assert min(books.credited, books.spent, books.returned, books.held, books.written_off) >= 0
        entries = self.journal.entries(limit=1000)
        debits = [entry for entry in entries if entry.kind is EntryKind.DEBIT]
        assert sum(books.debits.values()) == sum(entry.amount for entry in debits)
        assert sum(self.journal.counts().values()) == len(entries)
        for entry in entries:
            refund = self.journal.entry(f"{entry.key}-refund")
            assert (refund is not None) == (entry.compensate and entry.state is EntryState.DELIVERED)
            if entry.kind is EntryKind.UNCLAIMED:
                assert entry.state in (EntryState.PARKED, EntryState.UNKNOWN, EntryState.VOIDED)
        assert self.journal.verify() == []


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
