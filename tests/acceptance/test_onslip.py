"""A vending machine whose wallet, catalogue, sales and reports are one realm of Onslip, killed on bad days.

The realm is a process of its own; what took effect in it is the judge. Each life of the machine ends by SIGKILL
at any moment; while it is off, its clocks go on by up to a minute. ``TERMINAL_SEED=N`` repeats a run's dice,
``TERMINAL_KILLS=N`` makes it longer.
"""

import json
import os
import random
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from terminal.core.facts import EntryKind, EntryState
from terminal.core.payload import record_of
from terminal.core.records import Entry
from terminal.journal import load_or_create_key, verify_file
from tests.support.machine import READER, Machine
from tests.support.onslip import BOOKS, Person, RealmProcess
from tests.support.seed import SEED
from tests.support.waiting import wait_until

KILLS = int(os.environ.get("TERMINAL_KILLS", "25"))
START = 100_000
UIDS = [f"04A1B2C3D4E5{n:02X}" for n in range(8)]
PRICES = {str(number): 100 + 10 * number for number in range(1, 13)}
"""Each its own: a booking tells what it was for."""

BOOKING, RECORDING = "/vouchers/", "/external-record"
BAD_DAYS = (
    {"kind": "drop", "after": True, "probability": 0.12, "path": BOOKING, "method": "POST"},
    {"kind": "half", "probability": 0.05, "path": BOOKING, "method": "POST"},
    {"kind": "status", "status": 500, "after": True, "probability": 0.05, "path": BOOKING, "method": "POST"},
    {"kind": "status", "status": 503, "after": True, "probability": 0.1, "path": RECORDING},
    {"kind": "status", "status": 504, "after": True, "probability": 0.1, "path": RECORDING},
    {"kind": "drop", "after": True, "probability": 0.2, "path": RECORDING},
    {"kind": "half", "probability": 0.1, "path": RECORDING},
    {"kind": "garbage", "after": True, "probability": 0.1, "path": RECORDING},
    {"kind": "drop", "probability": 0.05},
    {"kind": "status", "status": 500, "probability": 0.03},
    {"kind": "status", "status": 503, "retry_after_s": 1, "probability": 0.05},
    {"kind": "status", "status": 401, "probability": 0.02},
    {"kind": "hang", "after": True, "probability": 0.02},
    {"kind": "half", "probability": 0.03},
    {"kind": "drip", "ms": 2, "probability": 0.03},
    {"kind": "delay", "ms": 100, "probability": 0.2},
)
PATIENCE = {"timeout_s": 1, "first_retry_s": 1, "longest_retry_s": 2, "breaker_probe_s": 1, "stop_s": 1}
TRUSTING = {"max_sale": 1_000, "max_per_token": START, "max_total": START * 10, "unknown_tokens": True}
ROLES = dict.fromkeys(("wallet", "catalogue", "sales", "reports"), "main")
OPEN = (EntryState.PARKED, EntryState.UNKNOWN)


class Day:
    """The machine, its guests, the realm, and a clock that never goes back."""

    def __init__(self, folder: Path, realm: RealmProcess, authorize: str) -> None:
        self.folder, self.realm = folder, realm
        self.dice = random.Random(SEED)
        self.given_file = folder / "given.jsonl"
        self.environment = {"TERMINAL_MOVED_NS": "0"}
        release = {"name": "machine", "role": "release", "driver": "simulated", "delay_ms": 20}
        panel = {"name": "panel", "role": "buttons", "driver": "simulated", "buttons": [*PRICES, "cancel"]}
        vending = {"authorize": authorize, "show_s": 1, "deadline_ms": 400, "release_s": 1}
        self.machine = Machine(
            folder,
            "",
            realm.key_file,
            [READER, panel, release | {"record": str(self.given_file)}],
            sections={
                "backends.main": realm.backend(events_silence_s=30, settling_seconds=1),
                "roles": ROLES,
                "vending": vending,
                "offline": TRUSTING,
                "sync": PATIENCE,
                "reading": {"same_card_ms": 0},
            },
            environment=self.environment,
            within=(sys.executable, "-m", "tests.support.moved_clock"),
        )
        self.reports = 0

    # -- its lives -------------------------------------------------------------------------------------

    def start(self, *, after_s: float) -> None:
        """Switch it on, after it has been off for so long by its clocks."""
        moved = int(self.environment["TERMINAL_MOVED_NS"]) + round(after_s * 1e9)
        self.environment["TERMINAL_MOVED_NS"] = str(moved)
        self.machine.start()
        wait_until(lambda: self.machine.status()["phase"] != "starting", what="a state")

    def live(self) -> None:
        """Sell, close the day, lose the line, and die."""
        for _ in range(self.dice.randrange(2, 7)):
            self.buy()
            luck = self.dice.random()
            if luck < 0.15:
                self.leave()
                self.close()
            elif luck < 0.25:
                self.realm.onslip("POST", "cut", {})
        threading.Event().wait(self.dice.uniform(0, 0.4))  # a moment that is random on purpose
        self.machine.kill()

    def buy(self) -> None:
        """A guest chooses, and holds out a token; sometimes nothing comes out."""
        mood = self.dice.random()
        if mood < 0.15:
            self.machine.do("fail_next", "machine")
        elif mood < 0.2:
            self.machine.do("silent_next", "machine")
        self.machine.do("button", "panel", name=self.dice.choice([*PRICES]))
        self.machine.do("tap", uid=self.dice.choice(UIDS))
        threading.Event().wait(self.dice.uniform(0, 0.3))  # likewise
        self.machine.do("untap")
        if self.dice.random() < 0.5:
            self.machine.do("button", "panel", name="cancel")

    def leave(self) -> None:
        """Let nobody be at the machine."""
        self.machine.do("button", "panel", name="cancel")
        self.machine.wait("nobody", phase="ready")

    def lose(self) -> None:
        """Sell until the answer to a booking is lost."""
        before = self.realm.faults_happened()
        lost = {"kind": "drop", "after": True, "path": BOOKING, "method": "POST", "count": 1}
        self.realm.onslip_faults(lost)
        for _ in range(50):
            if self.realm.faults_happened() > before:
                return
            self.buy()
            self.leave()
        pytest.fail("nothing was booked")

    def close(self) -> bool:
        """A person asks for a Z report; return whether it was made: nobody must be at the machine."""
        answer = self.machine.ask("POST", "reports/z", {"by": "Ada", "printed": False})
        assert answer.status_code in (200, 409), answer.text
        self.reports += answer.status_code == 200
        return answer.status_code == 200

    # -- after that ------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        with self.machine.reader() as journal:
            return journal.entries(limit=1_000_000)

    def given(self) -> set[str]:
        """Return the entries for which a piece came out."""
        lines = self.given_file.read_text().splitlines() if self.given_file.exists() else []
        pieces = [json.loads(line)["release"] for line in lines]
        assert len(pieces) == len(set(pieces)), "a release was repeated"
        return {each.rpartition("/")[0] for each in pieces}

    def settle(self, person: Person) -> list[Entry]:
        """Let *person* decide until nothing waits for anybody; return the entries."""
        for _ in range(20):
            assert self.machine.ask("POST", "sync").is_success
            self.machine.wait_delivered()
            entries = self.entries()
            waiting = [each for each in entries if each.state in OPEN]
            if not waiting:
                return entries
            # First things first, as the words of a refund ask for: its debit before it.
            for entry in sorted(waiting, key=lambda each: each.seq):
                action = person.decide(entry, known(self.entries()), given=entry.key in self.given())
                body = {"by": "Ada", "reason": "looked at the realm"}
                answer = self.machine.ask("POST", f"journal/{entry.seq}/{action}", body)
                assert answer.is_success, answer.text
                self.machine.wait_delivered()
        pytest.fail(f"still waiting for a person: {waiting}")


def known(entries: list[Entry]) -> Counter[tuple[str, int]]:
    """Return what is booked by our books: token and cents."""
    return Counter(
        (each.token or "", -each.amount if each.kind is EntryKind.DEBIT else each.amount)
        for each in entries
        if each.state is EntryState.DELIVERED and each.kind in (EntryKind.DEBIT, EntryKind.REFUND)
    )


@pytest.mark.parametrize("authorize", ["balance", "charge"])
def test_kills_on_bad_days_book_once_record_once_and_lose_nothing(tmp_path: Path, authorize: str) -> None:
    goods = [f"--product={id_}={price}" for id_, price in PRICES.items()]
    with RealmProcess(tmp_path, *goods, *(f"--wallet={uid}={START}" for uid in UIDS)) as realm:
        day = Day(tmp_path, realm, authorize)
        day.start(after_s=0)
        wait_until(lambda: realm.onslip("GET", "counters")["requests"], what="it to ask what is sold")
        day.machine.wait("somebody to serve", phase="ready")
        day.machine.stop()
        realm.onslip_faults(*BAD_DAYS, seed=SEED)
        for _ in range(KILLS // 2):
            day.start(after_s=day.dice.choice([0, 40, 60]))
            day.live()
        happened = realm.faults_happened()
        realm.onslip_faults()
        day.start(after_s=60)
        day.lose()
        person = Person(realm)
        entries = day.settle(person)
        day.leave()
        assert day.close()
        entries = day.settle(person)
        assert day.machine.stop() == 0
        check_vouchers(realm, entries, person)
        check_records(realm, entries)
        check_order(realm, entries)
        check_reports(realm, entries)
    assert verify_file(day.machine.journal, load_or_create_key(tmp_path / "journal.db.key"), None) == []
    check_fair(entries, day.given(), person)
    kinds = Counter(each.kind for each in entries if each.state is EntryState.DELIVERED)
    assert happened > KILLS
    assert kinds[EntryKind.RECORD] > KILLS // 6, "hardly anything was sold: this proves nothing"
    assert kinds[EntryKind.REPORT] == day.reports
    assert person.closed, "no booking of which nobody knew"


def check_vouchers(realm: RealmProcess, entries: list[Entry], person: Person) -> None:
    """Each booking of ours took effect once, no other did, and both sides' balances are equal to the cent."""
    booked = person.booked()
    assert booked == known(entries) + person.closed
    left = dict.fromkeys(UIDS, START)
    for (token, cents), times in booked.items():
        left[token] += cents * times
    tokens = realm.tokens()
    there = {tokens[each["id"]]: round(each["payment"]["balance"] * 100) for each in realm.entities("vouchers")}
    assert there == left


def check_records(realm: RealmProcess, entries: list[Entry]) -> None:
    """Every booking that stands is recorded once, for what was paid; nothing else is."""
    by_key = {each.key: each for each in entries}
    booked = [each for each in entries if each.state is EntryState.DELIVERED]
    sold = {each.key for each in booked if each.kind is EntryKind.DEBIT and not each.compensate}
    back = {
        each.key
        for each in booked
        if each.kind is EntryKind.REFUND and record_of(each.refers_to or "") in by_key
    }
    receipts = {
        each["receipt"]["reference"]: each["receipt"]
        for each in realm.entities(BOOKS)
        if each["type"] == "receipt"
    }
    times = realm.references(BOOKS)
    assert {key: times[key] for key in receipts} == dict.fromkeys(map(record_of, sold | back), 1)
    for key, receipt in receipts.items():
        of = by_key[by_key[key].refers_to or ""]
        cents = round(receipt["total-amount"] * 100)
        assert cents == (of.amount if of.kind is EntryKind.DEBIT else -of.amount)
    assert {each.key for each in entries if each.kind is EntryKind.RECORD} == set(receipts)


def check_order(realm: RealmProcess, entries: list[Entry]) -> None:
    """No record came before its payment: of its token and amount, so many bookings had come at least."""
    by_key = {each.key: each for each in entries}
    tokens = realm.tokens()
    paid: Counter[tuple[str, int]] = Counter()
    for effect in realm.effects():
        if effect["operation"] == "book":
            paid[tokens[effect["id"]], effect["thousandths"] // 10] += 1
        for key in effect["references"]:
            record = by_key.get(key)
            if record is None or record.kind is not EntryKind.RECORD:
                continue
            of = by_key[record.refers_to or ""]
            what = (of.token or "", -of.amount if of.kind is EntryKind.DEBIT else of.amount)
            assert paid[what] > 0, f"{key} was recorded before it was paid"
            paid[what] -= 1


def check_reports(realm: RealmProcess, entries: list[Entry]) -> None:
    """Each Z report became three records, each once, in their order."""
    reports = [each for each in reversed(entries) if each.kind is EntryKind.REPORT]
    times = realm.references(BOOKS)
    parts = {
        each.key: [
            f"{record['type']} {record[record['type']]['type']}"
            for record in realm.entities(BOOKS)
            if record["type"] != "receipt" and each.key in record["description"]
        ]
        for each in reports
    }
    wanted = ["batch close", "report z-report", "batch open"]
    assert parts == {each.key: wanted for each in reports}
    assert [times[each.key] for each in reports] == [3] * len(reports)


def check_fair(entries: list[Entry], given: set[str], person: Person) -> None:
    """Whoever got nothing has paid nothing, or waits for nobody: it was made good, or closed by hand."""
    refunded = {each.refers_to for each in entries if each.kind is EntryKind.REFUND}
    for debit in (each for each in entries if each.kind is EntryKind.DEBIT):
        if debit.state is EntryState.DELIVERED and debit.key not in given:
            assert debit.key in refunded, debit
        if debit.state is EntryState.VOIDED and debit.key in given:
            assert person.closed[debit.token or "", -debit.amount], debit
