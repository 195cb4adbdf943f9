"""What every printer keeps to: one body of tests, run on each of them by a small bench.

DONE only if the whole document is on the paper; FAILED only if nothing of it is; UNKNOWN otherwise. Every order
is answered exactly once, whatever happens. Nothing is printed twice. What is wrong is said, and over as soon as
a person has put it right.
"""

from __future__ import annotations

import random
import re
from abc import ABC, abstractmethod
from collections import Counter
from enum import Enum
from typing import ClassVar

import pytest

from drivers.contract import Emit
from drivers.device import DeviceThread
from terminal.core.events import Ended, Health, PrintEnded
from terminal.core.paper import Columns, Document, Rule, Text
from tests.support.waiting import Inbox, wait_until

NAME = "printer under test"
LINES = 30
LINE = re.compile(r"(j\d+) line (\d+) of it")


class Trouble(Enum):
    """What a person can do to a printer, and undo; with a word that its health must then have."""

    PAPER = "paper is out"
    COVER = "cover is open"
    OFFLINE = "offline"


class Break(Enum):
    """What happens in the middle of a document."""

    PAPER_ENDS = "the paper ends"
    STOPS_READING = "it takes no more bytes"
    DIES = "its cable breaks in mid-line"
    POWER_FAILS = "its power goes"


def document(job: str) -> Document:
    """A document by whose lines it can be told what of it was printed."""
    head = (Text("A receipt", align="center", bold=True, large=True), Rule())
    body = tuple(Columns(f"{job} line {number} of it", "1,00") for number in range(LINES))
    return Document(head + body)


class PrinterBench(ABC):
    """A printer under test, what it emits, and the hands of whoever stands before it.

    Attributes:
        steps: How many steps the random walk has.
    """

    steps: ClassVar[int] = 12

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.jobs: list[str] = []
        self._device: DeviceThread | None = None

    # -- what each bench does its own way --------------------------------------------------------------------

    @abstractmethod
    def make(self, emit: Emit) -> DeviceThread:
        """Return the printer, named NAME, impatient, not started."""

    @abstractmethod
    def trouble(self, what: Trouble) -> None:
        """Do this to it."""

    @abstractmethod
    def undo(self, what: Trouble) -> None:
        """Put it right."""

    @abstractmethod
    def arm(self, what: Break) -> None:
        """Let this happen in the middle of the next document."""

    @abstractmethod
    def mend(self, what: Break) -> None:
        """Put it right, whether or not it has happened."""

    @abstractmethod
    def lose(self) -> None:
        """Take its power."""

    @abstractmethod
    def bring_back(self) -> None:
        """Undo lose()."""

    @abstractmethod
    def paper(self) -> str:
        """Return all that was ever printed."""

    @abstractmethod
    def clear(self) -> None:
        """Let go of everything but the printer; it has been stopped."""

    # -- what all share --------------------------------------------------------------------------------------

    @property
    def device(self) -> DeviceThread:
        """The printer."""
        if self._device is None:
            self._device = self.make(self.inbox.put)
        return self._device

    def close(self) -> None:
        """Stop the printer and let everything go."""
        if self._device is not None:
            self._device.stop()
        self.clear()

    def start(self) -> None:
        """Start it and wait until it works."""
        self.device.start()
        self.expect(Health.OK)

    def expect(self, *healths: Health, words: str = "") -> None:
        """Wait until it is one of these."""
        wait_until(
            lambda: self.device.condition.health in healths and words in self.device.condition.words,
            timeout=60,
            what=f"{healths} {words}",
        )

    def order(self) -> str:
        """Order the next document; return its job."""
        job = f"j{len(self.jobs)}"
        self.jobs.append(job)
        self.device.print(job, document(job))  # type: ignore[attr-defined]
        return job

    def ends(self) -> Counter[str]:
        """How often each job was answered."""
        return Counter(event.job for event in self.inbox.of(PrintEnded))

    def ended(self, job: str) -> PrintEnded:
        """Wait for the answer to *job*."""
        return self.inbox.wait(
            lambda _: [event for event in self.inbox.of(PrintEnded) if event.job == job], timeout=60, what=job
        )[0]

    def printed(self, job: str) -> list[int]:
        """The numbers of the lines of *job* on the paper, in their order."""
        return [int(number) for name, number in LINE.findall(self.paper()) if name == job]

    def check(self) -> None:
        """Hold all that was said against the paper."""
        for job in self.jobs:
            self.ended(job)
        assert self.ends() == Counter(self.jobs), "every order is answered exactly once"
        for event in self.inbox.of(PrintEnded):
            lines = self.printed(event.job)
            assert lines == list(range(len(lines))), "no line twice, none left out"
            if event.ended is Ended.DONE:
                assert len(lines) == LINES, event
            elif event.ended is Ended.FAILED:
                assert lines == [], event
            assert event.ended is Ended.DONE or event.words


class PrinterContract:
    """The tests. A subclass has the fixture ``bench``."""

    def test_a_document_is_printed_once(self, bench: PrinterBench) -> None:
        bench.start()
        jobs = [bench.order() for _ in range(3)]
        assert [bench.ended(job).ended for job in jobs] == [Ended.DONE] * 3
        bench.check()

    @pytest.mark.parametrize("what", Trouble)
    def test_a_printer_that_is_not_well_says_why_prints_nothing_and_recovers(
        self, bench: PrinterBench, what: Trouble
    ) -> None:
        bench.start()
        bench.trouble(what)
        bench.expect(Health.FAILED, words=what.value)
        ended = bench.ended(bench.order())
        assert ended.ended is Ended.FAILED
        assert what.value in ended.words
        bench.undo(what)
        bench.expect(Health.OK)
        assert bench.ended(bench.order()).ended is Ended.DONE
        bench.check()

    @pytest.mark.parametrize("what", Break)
    def test_a_document_that_breaks_off_is_unknown_until_the_next_is_whole(
        self, bench: PrinterBench, what: Break
    ) -> None:
        bench.start()
        bench.arm(what)
        ended = bench.ended(bench.order())
        assert ended.ended is Ended.UNKNOWN
        bench.mend(what)
        bench.expect(Health.DEGRADED, words="look at the paper")
        assert bench.ended(bench.order()).ended is Ended.DONE
        bench.expect(Health.OK)
        bench.check()

    def test_it_comes_back_by_itself_when_its_power_does(self, bench: PrinterBench) -> None:
        bench.start()
        bench.lose()
        bench.expect(Health.MISSING, Health.FAILED)
        assert bench.ended(bench.order()).ended is Ended.FAILED
        bench.bring_back()
        bench.expect(Health.OK)
        assert bench.ended(bench.order()).ended is Ended.DONE
        bench.check()

    def test_orders_are_answered_once_when_it_is_stopped(self, bench: PrinterBench) -> None:
        bench.start()
        bench.arm(Break.POWER_FAILS)
        for _ in range(5):
            bench.order()
        bench.device.stop()
        bench.order()
        bench.check()

    def test_orders_are_answered_once_when_it_is_given_up(self, bench: PrinterBench) -> None:
        bench.start()
        bench.arm(Break.STOPS_READING)
        for _ in range(5):
            bench.order()
        bench.device.abandon()
        bench.check()

    def test_whatever_happens_the_paper_is_what_was_said(self, bench: PrinterBench) -> None:
        chance = random.Random(4)
        bench.start()
        for _ in range(bench.steps):
            what = chance.choice([*Trouble, *Break, None])
            if isinstance(what, Break):
                bench.arm(what)
            elif what is not None:
                bench.trouble(what)
            jobs = [bench.order() for _ in range(chance.randint(1, 2))]
            for job in jobs:
                bench.ended(job)
            if isinstance(what, Break):
                bench.mend(what)
            elif what is not None:
                bench.undo(what)
            bench.expect(Health.OK, Health.DEGRADED)
        # What was put right last may not have been noticed yet.
        wait_until(lambda: bench.ended(bench.order()).ended is Ended.DONE, what="a whole document")
        bench.check()
