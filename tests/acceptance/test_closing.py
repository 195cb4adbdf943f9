"""The end of the day of a real kiosk that is killed around it: by its schedule, by a person, in mid-sale.

Each life of the kiosk begins seconds before a closing time, or has just missed it, and ends by SIGKILL: at any
moment, or as soon as a Z report is being written down. ``TERMINAL_SEED=N`` repeats a run.
"""

import os
import random
import sqlite3
import sys
import threading
import time
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path

import msgspec

from terminal.core.closing_rules import ClosingRules
from terminal.core.facts import EntryKind, EntryState
from terminal.core.report import Grand, Report, ReportKind, Sum
from terminal.journal import load_or_create_key, verify_file
from tests.support.kiosk import GUEST, SANDBOX, Kiosk, sale_of
from tests.support.machine import SandboxProcess
from tests.support.seed import SEED
from tests.support.waiting import wait_until

LIVES = int(os.environ.get("TERMINAL_KILLS", "20"))
MINUTE_NS = 60_000_000_000
RULES = ClosingRules(
    schedules=("* * * * *",), groups={"4": "Entry", "3": "Entry"}, vat={"Entry": 2500}, printed=True
)
SECTION = {name: value for name, value in msgspec.structs.asdict(RULES).items() if value is not None}
ACTS = (*GUEST, ("tear_next", "printer", {}))
BUYING = (GUEST[-1], *GUEST[1:3], *GUEST[4:6])
"""A guest who pays in two coins."""


class Day:
    """The kiosk, and the time that it believes in: it never goes back."""

    def __init__(self, folder: Path, sandbox: SandboxProcess) -> None:
        self.dice = random.Random(SEED)
        self.environment = {"TERMINAL_MOVED_NS": "0"}
        self.kiosk = Kiosk(
            folder,
            sandbox,
            tickets={"max_tickets": 12},
            sections={"closing": SECTION, "printing": {"receipt_wait_s": 3_600, "tries": 100}},
            environment=self.environment,
            within=(sys.executable, "-m", "tests.support.moved_clock"),
        )
        self.note = folder / "journal.db.report"
        self.refused = 0

    def start(self) -> None:
        """Start so that its next closing time comes within some seconds."""
        moved = int(self.environment["TERMINAL_MOVED_NS"])
        before_ns = round(self.dice.uniform(0, 2) * 1e9)
        self.environment["TERMINAL_MOVED_NS"] = str(moved + (-before_ns - time.time_ns() - moved) % MINUTE_NS)
        self.kiosk.start()
        wait_until(lambda: self.kiosk.status()["phase"] != "starting", what="a state")

    def live(self) -> None:
        """Sell, read and close, and die."""
        noted = self.noted()
        for _ in range(self.dice.randrange(2, 16)):
            for verb, device, args in BUYING if self.dice.random() < 0.3 else (self.dice.choice(ACTS),):
                self.kiosk.do(verb, device, **args)
                if self.dice.random() < 0.12:
                    self.ask(self.dice.choice("xz"))
        if self.dice.random() < 0.6:
            self.kiosk.do("button", "panel", name="cancel")
            self.wait_noted(noted)
        threading.Event().wait(self.dice.uniform(0, 0.01))  # a moment that is random on purpose
        self.kiosk.kill()

    def ask(self, kind: str) -> None:
        """A person asks for a report, whoever is at the machine."""
        asked = {"by": "Ada", "printed": kind == "z"}
        answer = self.kiosk.ask("POST", f"reports/{kind}", asked)
        assert answer.status_code in (200, 409), answer.text
        self.refused += answer.status_code == 409

    def noted(self) -> bytes:
        return self.note.read_bytes() if self.note.exists() else b""

    def wait_noted(self, before: bytes) -> None:
        """Return as soon as a Z report is being made; also where a guest keeps that from happening."""
        pause, until = threading.Event(), time.monotonic() + 2
        while self.noted() == before and time.monotonic() < until:
            pause.wait(0.001)


def test_kills_around_the_closing_time_lose_no_report_and_no_cent(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, *SANDBOX) as sandbox:
        day = Day(tmp_path, sandbox)
        kiosk = day.kiosk
        for _ in range(LIVES):
            day.start()
            day.live()
        day.start()
        kiosk.do("button", "panel", name="cancel")
        kiosk.wait_paper()
        assert kiosk.stop() == 0
    with kiosk.reader() as journal:
        reports = list(journal.each_report())
        x = journal.made_report(ReportKind.X, "", reports[-1].closed, RULES.sorted_by)
    check_numbers(reports, x)
    check_sums(kiosk, [*reports, x])
    check_paper(kiosk, reports)
    check_no_sale_was_cut(kiosk)
    assert verify_file(kiosk.journal, load_or_create_key(tmp_path / "journal.db.key"), None) == []
    by = Counter(each.by for each in reports)
    assert by[""] > LIVES // 6, f"hardly any closing by the schedule ({by}): this proves nothing"
    assert by["Ada"], "no closing by a person"
    assert day.refused, "nobody was ever at the machine"


def check_numbers(reports: list[Report], x: Report) -> None:
    """1 to n, without a gap, and each goes on where the last one ended; grand totals only grow."""
    assert [each.number for each in reports] == list(range(1, len(reports) + 1))
    periods = [*reports, x]
    assert [each.after for each in periods] == [0, *(each.upto for each in reports)]
    grand = Grand()
    for each in periods:
        grand = Grand(grand.sales + each.sales, grand.returns + each.returns)
        assert each.grand == grand


def check_sums(kiosk: Kiosk, periods: list[Report]) -> None:
    """All reports together, with the open period, are what the journal holds, and what fell into it."""
    with kiosk.reader() as journal:
        books, entries = journal.books(), journal.entries(limit=1_000_000)
    sold = [each for each in entries if each.kind is EntryKind.SALE]
    assert len(sold) > LIVES // 8, "hardly anything was sold: this proves nothing"
    assert all(each.state is not EntryState.VOIDED for each in sold)
    total = sum(each.amount for each in sold)
    assert sum((each.sales for each in periods), Sum()) == Sum(len(sold), total)
    methods: defaultdict[str, int] = defaultdict(int)
    for payment in (payment for each in sold for payment in sale_of(each).payments):
        methods[payment.method.value] += payment.amount
    paid: Counter[str] = Counter()
    for each in periods:
        paid.update({method.method: method.sales.amount for method in each.methods})
        assert each.cash.held_before + each.cash.taken == (
            each.cash.spent + each.cash.returned + each.cash.unclaimed + each.cash.held_after
        )
        assert sum(coins.value * coins.pieces for coins in each.cash.denominations) == each.cash.taken
        assert {group.group for group in each.groups} <= {"Entry"}
        assert sum(vat.gross for vat in each.vats) == each.sales.amount
    assert paid == methods
    assert sum(each.cash.taken for each in periods) == books.accepted == kiosk.money()["coin"]
    assert sum(each.cash.spent for each in periods) == books.spent == total
    assert sum(each.cash.returned for each in periods) == books.returned
    assert sum(out.paid.amount for each in periods for out in each.cash.paid_out) == books.returned


def check_paper(kiosk: Kiosk, reports: list[Report]) -> None:
    """Every Z report is whole on paper; one that came onto it twice says that it is a copy."""
    whole: Counter[int] = Counter()
    seen: set[str] = set()
    for paper in kiosk.papers():
        if paper.kind != "report":
            continue
        assert bool(paper.copy) == paper.lines[0].strip().startswith("COPY"), paper.lines[:3]
        assert paper.copy or paper.key not in seen, f"{paper.key} came onto paper twice, unmarked"
        seen.add(paper.key)
        numbers = [
            each.number for each in reports if f"Z report no. {each.number}" in map(str.strip, paper.lines)
        ]
        assert len(numbers) <= 1
        whole.update(numbers if paper.whole else ())
    assert sorted(whole) == [each.number for each in reports]


def check_no_sale_was_cut(kiosk: Kiosk) -> None:
    """No Z report stands between a guest's first coin and the sale that it pays for."""
    asked = (
        "SELECT count(*) FROM reports AS r JOIN cash AS coin ON coin.kind = 'in' AND coin.seq < r.seq "
        "JOIN cash AS sale ON sale.session = coin.session AND sale.kind = 'spent' AND sale.seq > r.seq"
    )
    with closing(sqlite3.connect(kiosk.journal)) as db:
        assert db.execute(asked).fetchone() == (0,)
