"""Printing with its state and its books, for tests: one desk, on a clock that the test sets."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from terminal.core import printing
from terminal.core.decision import Around, Decision, Wanted
from terminal.core.effects import Print
from terminal.core.events import DeviceChanged, Ended, Health, PrintEnded
from terminal.core.facts import Fact, PrintGivenUp, ReleaseIntended, ReleaseKind, ReleaseSettled
from terminal.core.job import Job
from terminal.core.paper import Document, Text
from terminal.core.print_names import is_worth_money
from terminal.core.print_queue import REMEMBERED
from terminal.core.printing import MOST, Printing, Queue, name_of, wake_ms
from terminal.core.records import OpenRelease, WaitingPrint
from terminal.core.rules import PrintingRules
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from tests.core.making import START, topup_job

PAPER = Document((Text("Thank you"),))


def kiosk(*printers: str, **rules: int) -> Job:
    return topup_job(printers=printers or ("paper",), printing=PrintingRules(**rules))


def receipt(number: int = 1) -> Wanted:
    return Wanted(f"k{number}/receipt", f"k{number}", PAPER)


def ticket(number: int = 1) -> Wanted:
    return Wanted(f"k{number}/ticket-1", f"k{number}", PAPER)


@dataclass
class Row:
    """A try as it stands on the books."""

    fact: ReleaseIntended
    at: Stamp
    ended: Ended | None = None
    closed: bool = False


@dataclass
class Books:
    """What the journal would know."""

    rows: dict[str, Row] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    papers: dict[str, Document] = field(default_factory=dict)

    def hear(self, facts: tuple[Fact, ...], now: Stamp) -> None:
        for fact in facts:
            match fact:
                case ReleaseIntended():
                    assert fact.release not in self.rows, "a release was intended twice"
                    assert fact.kind is ReleaseKind.PRINT
                    assert fact.document is not None
                    assert fact.document == self.papers.setdefault(name_of(fact.release), fact.document)
                    if fact.repeats:
                        self._close(fact.repeats)
                    self.rows[fact.release] = Row(fact, now)
                case ReleaseSettled(release=release, ended=ended):
                    assert self.rows[release].ended is None, "a release was settled twice"
                    self.rows[release].ended = ended
                case PrintGivenUp(release=release):
                    self._close(release)
                    self.given_up.add(release)
                case _:
                    pytest.fail(f"{fact} is none of printing's business")

    def _close(self, release: str) -> None:
        row = self.rows[release]
        assert row.ended in (Ended.FAILED, Ended.UNKNOWN)
        assert not row.closed, "two successors of one try"
        row.closed = True

    def opened(self) -> list[OpenRelease]:
        return [
            OpenRelease(name, row.fact.kind, row.fact.key, row.fact.device, "", row.at, row.fact.document)
            for name, row in self.rows.items()
            if row.ended is None
        ]

    def waiting(self) -> list[WaitingPrint]:
        return [
            WaitingPrint(name, row.fact.key, self.papers[name_of(name)], row.ended, row.at)
            for name, row in self.rows.items()
            if row.ended in (Ended.FAILED, Ended.UNKNOWN) and not row.closed
        ]


class Desk:
    """Printing with its state, on a clock that the test sets."""

    def __init__(self, job: Job, *well: str) -> None:
        self.job = job
        self.printing = Printing(job)
        self.books = Books()
        self.now = START
        self.queue = Queue(job.printers)
        self.health: dict[str, Health] = {}
        self.orders: list[Print] = []
        self.stopping = False
        for printer in well or job.printers:
            self.says(printer, Health.OK)

    @property
    def around(self) -> Around:
        return Around(self.now, health=self.health, stopping=self.stopping)

    def wake_ms(self) -> int | None:
        return wake_ms(self.queue, self.health, stopping=self.stopping)

    def take(self, made: Decision[Queue]) -> tuple[Fact, ...]:
        self.books.hear(made.facts, self.now)
        self.queue = made.state
        for effect in made.effects:
            assert isinstance(effect, Print)
            assert self.books.rows[effect.job].ended is None, "ordered without an intent"
            self.orders.append(effect)
        assert sum(not is_worth_money(each.wanted.name) for each in self.queue.jobs) <= MOST
        assert len(self.queue.past) <= REMEMBERED
        assert len(self.queue.given_up) <= REMEMBERED
        assert {each.name for each in self.queue.given_up} <= {name_of(each) for each in self.books.given_up}
        assert set(self.queue.rests) <= set(self.job.printers)
        return made.facts

    def want(self, wanted: Wanted) -> tuple[Fact, ...]:
        return self.take(self.printing.add(self.queue, wanted, self.around))

    def ends(self, ended: Ended, release: str = "", words: str = "") -> tuple[Fact, ...]:
        event = PrintEnded(release or self.orders[-1].job, ended, words)
        return self.take(self.printing.ended(self.queue, event, self.around))

    def says(self, printer: str, health: Health) -> None:
        event = DeviceChanged(printer, "printer", health)
        self.queue = printing.heard(self.queue, event, self.health.get(printer))
        self.health[printer] = health

    def passes(self, ms: int) -> None:
        """Let time pass; whoever asked to be woken is."""
        end_ms = self.now.mono_ms + ms
        while (due_ms := self.wake_ms()) is not None and due_ms <= end_ms:
            self._at(max(due_ms, self.now.mono_ms))
            self.take(self.printing.passed(self.queue, self.around))
            after = self.wake_ms()
            assert after is None or after > self.now.mono_ms, "it spins"
        self._at(end_ms)

    def _at(self, mono_ms: int) -> None:
        step_ms = mono_ms - self.now.mono_ms
        self.now = replace(self.now, wall_ms=self.now.wall_ms + step_ms, mono_ms=mono_ms)

    def restarts(self, off_ms: int = 5_000, *, boot: str = "", synced: bool = True) -> tuple[Fact, ...]:
        """Everything but the books is gone."""
        now = replace(self.now, wall_ms=self.now.wall_ms + off_ms, mono_ms=self.now.mono_ms + off_ms)
        self.now = replace(now, mono_ms=7_000, boot=boot, synced=synced) if boot else now
        opened, waiting = self.books.opened(), self.books.waiting()
        self.books.hear(tuple(ReleaseSettled(each.release, Ended.UNKNOWN) for each in opened), self.now)
        facts, self.queue = printing.restore(self.job, opened, waiting, self.now)
        self.books.hear(facts, self.now)
        self.health = {}
        self.stopping = False
        return facts

    @property
    def last(self) -> tuple[str, str, bool]:
        """The last order: its release, its printer, whether it is the original."""
        order = self.orders[-1]
        return order.job, order.device, order.document == PAPER
