"""Documents over restarts, whatever happens: on paper once, or again with a mark, or given up on the books."""

from __future__ import annotations

from random import Random

import pytest

from terminal.core import printing
from terminal.core.decision import Wanted
from terminal.core.effects import Print
from terminal.core.events import Ended, Health
from terminal.core.facts import ReleaseKind
from terminal.core.paper import Text
from terminal.core.printing import Queue
from terminal.core.receipt import as_copy
from terminal.core.records import OpenRelease
from terminal.core.value import replace
from tests.core.making import START
from tests.core.print_desk import PAPER, Desk, kiosk, receipt, ticket

# -- restarts ------------------------------------------------------------------------------------------


def test_a_print_under_way_is_a_copy_after_the_restart() -> None:
    desk = Desk(kiosk())
    desk.want(receipt())
    desk.restarts()
    desk.passes(60_000)
    assert len(desk.orders) == 1, "nobody has said that the printer is well"
    desk.says("paper", Health.OK)
    desk.passes(0)
    assert desk.orders[-1] == Print("k1/receipt/2-copy-1", "paper", as_copy(PAPER, 1, "en_GB"))


def test_what_waited_is_found_again_as_what_it_was() -> None:
    desk = Desk(kiosk())
    desk.want(receipt(1))
    desk.want(receipt(2))
    desk.ends(Ended.UNKNOWN)
    desk.restarts()
    desk.says("paper", Health.OK)
    desk.passes(0)
    assert desk.last == ("k1/receipt/2-copy-1", "paper", False)
    desk.ends(Ended.DONE)
    desk.passes(0)
    assert desk.last == ("k2/receipt/2", "paper", True)
    desk.ends(Ended.DONE)
    desk.restarts()
    assert desk.queue.jobs == ()


@pytest.mark.parametrize(
    ("off_ms", "boot", "synced", "printed"),
    [
        (800_000, "", True, True),
        (900_000, "", True, False),
        (800_000, "b", True, True),
        (900_000, "b", True, False),
        (900_000, "b", False, True),  # no clock can tell
    ],
)
def test_the_limit_counts_over_restarts(off_ms: int, boot: str, *, synced: bool, printed: bool) -> None:
    desk = Desk(kiosk(receipt_wait_s=900))
    desk.want(receipt())
    desk.ends(Ended.FAILED)
    desk.want(ticket(2))
    desk.restarts(off_ms, boot=boot, synced=synced)
    names = [job.wanted.name for job in desk.queue.jobs]
    assert names == (["k1/receipt"] if printed else []) + ["k2/ticket-1"]
    assert desk.books.given_up == (set() if printed else {"k1/receipt"})


def test_the_tries_count_over_restarts() -> None:
    desk = Desk(kiosk(tries=3))
    desk.want(ticket())
    for _ in range(3):
        desk.restarts()
        desk.says("paper", Health.OK)
        desk.passes(0)
    assert len(desk.orders) == 3
    assert desk.books.given_up == {"k1/ticket-1/3-copy-2"}


def test_a_release_without_a_document_is_no_print_to_repeat() -> None:
    trial = OpenRelease("k1/trial", ReleaseKind.PRINT, "k1", "paper", "trial", START)
    pulse = OpenRelease("k1/0", ReleaseKind.VEND, "k1", "relay", "Espresso", START)
    assert printing.restore(kiosk(), [trial, pulse], [], START) == ((), Queue(("paper",)))


# -- whatever happens ----------------------------------------------------------------------------------


class Mill:
    """Printers that really print, tear and lie still, and a terminal that is killed beside them."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = Random(seed)
        printers = ("left", "right")[: rng.randrange(1, 3)]
        rules = {"tries": rng.randrange(1, 6), "receipt_wait_s": rng.choice((0, 60, 900)), "print_s": 60}
        self.desk = Desk(kiosk(*printers, **rules))
        self.paper: list[tuple[str, str]] = []  # what is on it, were it torn: the document, and its mark
        self.answers: list[tuple[str, Ended]] = []
        self.seen = 0
        self.wanted: set[str] = set()

    def step(self) -> None:
        rng, desk = self.rng, self.desk
        match rng.randrange(9):
            case 0 | 1:
                number = rng.randrange(30)
                self._want((receipt, ticket)[number % 2](number))
            case 2 | 3 | 4 if self.answers:
                release, ended = self.answers.pop(rng.randrange(len(self.answers)))
                desk.ends(ended, release)
            case 5 | 6:
                desk.says(rng.choice(desk.job.printers), rng.choice(list(Health)))
            case 7:
                desk.passes(rng.choice((0, 1_000, 30_000, 120_000, 1_000_000)))
            case 8 if rng.random() < 0.3:
                boot = rng.choice(("", f"boot {rng.random()}"))
                desk.restarts(rng.choice((1_000, 1_000_000)), boot=boot, synced=rng.random() < 0.5)
                self.answers = []
        self._print()

    def _want(self, wanted: Wanted) -> None:
        if wanted.name in self.wanted:
            tries = [release for release, row in self.desk.books.rows.items() if row.fact.key == wanted.key]
            wanted = replace(wanted, after=tries[-1])
        if self.desk.want(wanted):
            self.wanted.add(wanted.name)

    def _print(self) -> None:
        """Let the printers work on what they were ordered."""
        for order in self.desk.orders[self.seen :]:
            name = order.job.split("/")[0]
            begins = self.rng.random() < 0.7
            if begins:
                first = order.document.lines[0]
                assert isinstance(first, Text)
                self.paper.append((name, first.text if order.document != PAPER else ""))
            whole = begins and self.rng.random() < 0.7
            honest = Ended.DONE if whole else Ended.UNKNOWN if begins else Ended.FAILED
            if self.rng.random() < 0.8:
                self.answers.append((order.job, honest if self.rng.random() < 0.8 else Ended.UNKNOWN))
        self.seen = len(self.desk.orders)

    def end(self) -> None:
        """Everything is mended, and time passes."""
        for _ in range(200):
            for release, ended in self.answers:
                self.desk.ends(ended, release)
            self.answers = []
            for printer in self.desk.job.printers:
                self.desk.says(printer, Health.OK)
            self.desk.passes(60_000)
            self.desk.ends(Ended.DONE) if self.desk.orders else None
            self._print()

    def audit(self) -> None:
        pieces: dict[str, list[str]] = {}
        for name, mark in self.paper:
            pieces.setdefault(name, []).append(mark)
        for name, marks in pieces.items():
            assert len(set(marks)) == len(marks), f"{name} is on paper twice and does not say so: {marks}"
        assert self.desk.queue.jobs == ()
        assert self.desk.books.opened() == []
        assert self.desk.books.waiting() == [], "lost: nobody prints it, and nobody gave it up"
        for name in self.wanted:
            tries = [row for release, row in self.desk.books.rows.items() if release.startswith(name)]
            assert tries[-1].ended is Ended.DONE or tries[-1].fact.release in self.desk.books.given_up


@pytest.mark.parametrize("block", range(10))
def test_no_document_is_lost_and_none_is_doubled_without_a_mark(block: int) -> None:
    for seed in range(40 * block, 40 * block + 40):
        mill = Mill(seed)
        try:
            for _ in range(120):
                mill.step()
            mill.end()
            mill.audit()
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise
