"""What a run of the terminal decides, looked at event by event: the rules that hold of every job."""

from __future__ import annotations

from dataclasses import dataclass, field

from terminal.core.decision import Decision
from terminal.core.effects import DeliverNow, OpenSlot, PairToken, Print, Release, Show
from terminal.core.events import CoinInserted, Event, Health, ReportAsked, TokenPresented
from terminal.core.facts import (
    CashKind,
    CashMoved,
    EntryAbandoned,
    EntryAdded,
    EntryFreed,
    EntryKind,
    EntryParked,
    ReleaseIntended,
    ReleaseSettled,
    ReportMade,
)
from terminal.core.job import Job
from terminal.core.report import ReportKind
from terminal.core.terminal import TerminalState
from terminal.core.topup import TopupState
from tests.core.making import OTHER, STAFF, UID


@dataclass
class Watch:
    """What a run has decided so far, and the rules that hold of it."""

    job: Job
    held: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    intended: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    ordered: set[str] = field(default_factory=set)
    in_machine: int = 0
    closed: int = 0

    def look(self, event: Event, made: Decision[TerminalState]) -> None:
        for fact in made.facts:
            self._fact(fact)
        self._money(event, made)
        self._world(made)
        self._reports(event, made)
        if isinstance(event, TokenPresented):
            assert any(isinstance(effect, Show) for effect in made.effects), "a tap was swallowed"
        if not made.state.job.under_way:
            assert not self.held, "nobody sees to a debit that is held"

    def _fact(self, fact: object) -> None:
        match fact:
            case EntryAdded(key=key):
                assert key not in self.keys, "a key was given twice"
                self.keys.add(key)
                if fact.held:
                    assert fact.kind is EntryKind.DEBIT
                    self.held.add(key)
            case EntryFreed(key=key) | EntryAbandoned(key=key) | EntryParked(key=key):
                assert key in self.held, "a debit came to an end twice"
                self.held.remove(key)
            case ReleaseIntended(release=release, key=key):
                assert key in self.keys, "a release that no entry explains"
                assert release not in self.intended, "the same release was intended twice"
                self.intended.add(release)
            case ReleaseSettled(release=release):
                assert release in self.intended - self.settled
                self.settled.add(release)
            case _:
                pass

    def _reports(self, event: Event, made: Decision[TerminalState]) -> None:
        """A Z report ends a period while nobody is at the machine, and its number never comes again."""
        found = [fact.report for fact in made.facts if isinstance(fact, ReportMade)]
        assert len(found) <= isinstance(event, ReportAsked)
        for report in found:
            assert report.kind is ReportKind.Z
            assert report.number > self.closed
            assert made.state.job.idle
            assert not made.state.broken
            assert not made.state.stopping
            self.closed = report.number
        if isinstance(event, ReportAsked):
            answer = made.state.reported
            assert answer is not None
            assert answer.ticket == event.ticket
            assert not (answer.words and made.facts), "what is refused leaves nothing behind"

    def _world(self, made: Decision[TerminalState]) -> None:
        """Nothing touches the world before, or without, the fact that explains it (I1, I4)."""
        for effect in made.effects:
            match effect:
                case Release(release=name) | Print(job=name):
                    assert name in {fact.release for fact in made.facts if isinstance(fact, ReleaseIntended)}
                    assert name not in self.ordered
                    self.ordered.add(name)
                case DeliverNow(key=key):
                    assert key in self.keys
                case OpenSlot(limit=limit):
                    self._slot(limit, made.state)
                case Show(screen=screen):
                    assert not any(uid in repr(screen) for uid in (UID, OTHER, STAFF)), (
                        "a full UID on the screen"
                    )
                case PairToken():
                    assert made.state.pairing is not None
                case _:
                    pass

    def _slot(self, limit: int, state: TerminalState) -> None:
        assert self.job.kind == "topup"
        assert limit > 0
        assert not state.broken
        assert not state.stopping
        assert state.health.get("slot") in (Health.OK, Health.DEGRADED)
        assert self.in_machine + limit <= self.job.topup.max_session

    def _money(self, event: Event, made: Decision[TerminalState]) -> None:
        moved = [fact for fact in made.facts if isinstance(fact, CashMoved)]
        came = [fact.amount for fact in moved if fact.kind is CashKind.IN]
        assert came == ([event.amount] if isinstance(event, CoinInserted) else [])
        self.in_machine += sum(came) - sum(fact.amount for fact in moved if fact.kind is not CashKind.IN)
        if isinstance(made.state.job, TopupState):
            purse = made.state.job.purse
            assert self.in_machine == (purse.amount if purse else 0)
        else:
            assert self.in_machine == 0
