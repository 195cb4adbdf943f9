"""A vending machine that asks for payment, on real processes: a daemon, a server, a journal between them."""

import sqlite3
from pathlib import Path

import pytest

from terminal.core.facts import EntryState
from tests.acceptance.conftest import OTHER, UID
from tests.support.machine import READER, Machine, SandboxProcess
from tests.support.waiting import wait_until

SNACKS = {"name": "snacks", "role": "machine", "driver": "simulated"}
BY_HAND = {**SNACKS, "gives_out": False}


def snacks(
    tmp_path: Path, sandbox: SandboxProcess, device: dict[str, object] = SNACKS, **vending: object
) -> Machine:
    # A guest who comes again at once is another tap: people are quick here.
    rules = {"vending": {"items": {"11": "espresso"}, **vending}, "reading": {"same_card_ms": 0}}
    return Machine(tmp_path, sandbox.url, sandbox.token_file, [READER, device], sections=rules)


def ready(machine: Machine) -> None:
    """Wait until it sells, and the products are known."""
    machine.wait("the machine takes cards", phase="ready", screen__notice="ready")
    with machine.reader() as journal:
        wait_until(lambda: journal.catalogue("main"), timeout=60, what="products")


def begin(machine: Machine, balance: int = 1000) -> None:
    """Tap, and wait for the session that the terminal begins at the machine."""
    ready(machine)
    assert machine.do("tap", uid=UID).is_success
    machine.wait("a session", phase="choosing", screen__balance=balance)


def choose(machine: Machine, item: str, price: int) -> None:
    """Choose, as soon as the machine has the session that the terminal has begun."""
    wait_until(lambda: machine.do("choose", item=item, price=price).is_success, timeout=60, what="a choice")


def test_card_first(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with snacks(tmp_path, sandbox) as machine:
        begin(machine)
        choose(machine, "11", 25)
        machine.wait("the result", screen__notice="confirmed", screen__balance=975)
        machine.wait_delivered()
        assert machine.stop() == 0
    (booked,) = sandbox.booked()
    assert (booked["token"], booked["amount"], booked["description"]) == (UID.lower(), -25, "Espresso")
    with machine.reader() as journal:
        (entry,) = journal.entries()
        assert (entry.key, entry.pieces[0].id) == (booked["key"], "espresso")


def test_selection_first_at_a_price_of_the_machine(tmp_path: Path, sandbox: SandboxProcess) -> None:
    """The server lists the espresso at 25 cents; the guest has read 40 on the machine."""
    with snacks(tmp_path, sandbox) as machine:
        ready(machine)
        choose(machine, "11", 40)
        machine.wait("a token is asked for", phase="waiting for a token", screen__amount=40)
        machine.do("tap", uid=UID)
        machine.wait("the result", screen__notice="confirmed", screen__amount=40)
        machine.wait_delivered()
    assert [each["amount"] for each in sandbox.booked()] == [-40]
    assert "the server lists it at 25 cents" in details(machine)


def test_who_cannot_pay_gets_nothing(tmp_path: Path, sandbox: SandboxProcess) -> None:
    record = tmp_path / "record"
    with snacks(tmp_path, sandbox, {**SNACKS, "record": str(record)}) as machine:
        ready(machine)
        choose(machine, "12", 11)
        machine.do("tap", uid=OTHER)
        machine.wait("the refusal", screen__notice="refused", screen__words="The balance is not sufficient.")
        machine.wait("the next guest", phase="ready")
        choose(machine, "12", 10)  # the machine was told no, and takes the next choice
        machine.do("untap")
        machine.do("tap", uid=OTHER)
        machine.wait("the result", screen__notice="confirmed")
        machine.wait_delivered()
    assert [each["amount"] for each in sandbox.booked()] == [-10]
    assert len(record.read_text().splitlines()) == 1


@pytest.mark.parametrize("authorize", ["balance", "charge"])
def test_a_failed_vend_is_made_good_by_itself(tmp_path: Path, sandbox: SandboxProcess, authorize: str) -> None:
    with snacks(tmp_path, sandbox, authorize=authorize) as machine:
        begin(machine)
        assert machine.do("fail_next").is_success
        choose(machine, "11", 25)
        status = machine.wait("the refusal", screen__notice="refused")
        assert "not charged" in status["screen"]["words"]
        if authorize == "balance":
            machine.wait("it is void", queue__voided=1)
        else:
            machine.wait("both are booked", queue__delivered=2, queue__queued=0)
    assert [each["amount"] for each in sandbox.booked()] == ([] if authorize == "balance" else [-25, 25])


def test_silence_after_the_approval_waits_for_a_person(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with snacks(tmp_path, sandbox, BY_HAND, release_s=1) as machine:
        begin(machine)
        choose(machine, "11", 25)
        machine.wait("nobody can tell", screen__notice="unknown", queue__parked=1)
        # The machine says it after all: a person has it before them, and nothing is charged by itself.
        wait_until(lambda: machine.do("succeed").is_success, timeout=60, what="the machine's late answer")
        machine.wait("the next guest", phase="ready")
        with machine.reader() as journal:
            (entry,) = journal.entries()
            assert entry.state is EntryState.PARKED
        assert sandbox.booked() == []
        answer = machine.ask("POST", f"journal/{entry.seq}/retry", {"by": "staff", "reason": "it came out"})
        assert answer.is_success, answer.text
        machine.wait("it is charged", queue__delivered=1)
    assert [each["amount"] for each in sandbox.booked()] == [-25]


@pytest.mark.parametrize("how", ["kill", "unplug"])
def test_what_was_under_way_when_the_machine_was_lost_is_unknown(
    tmp_path: Path, sandbox: SandboxProcess, how: str
) -> None:
    record = tmp_path / "record"
    with snacks(tmp_path, sandbox, {**SNACKS, "record": str(record)}) as machine:
        begin(machine)
        assert machine.do("silent_next").is_success
        choose(machine, "11", 25)
        wait_until(lambda: record.exists() and record.read_text(), timeout=60, what="the piece")
        if how == "kill":
            machine.kill()
            machine.start()
        else:
            assert machine.do("unplug", "snacks").is_success
            machine.wait("nobody can tell", screen__notice="unknown")
            assert machine.do("plug", "snacks").is_success
        machine.wait("a person must look", queue__parked=1)
        machine.do("untap")
        begin(machine, balance=975)  # what is parked may still be charged
        choose(machine, "11", 25)
        machine.wait("the next is charged", queue__parked=1, queue__delivered=1)
    assert len(record.read_text().splitlines()) == 2
    assert [each["amount"] for each in sandbox.booked()] == [-25]


def test_cash_sales_are_noted(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with snacks(tmp_path, sandbox) as machine:
        ready(machine)
        assert machine.do("cash_sale", item="12", price=150).is_success
        wait_until(lambda: sold(machine) == [("snacks", "12", 150)], timeout=60, what="the sale on the books")
        with machine.reader() as journal:
            assert journal.entries() == []
            assert journal.books().accepted == 0
        assert journal_is_whole(machine)


def test_cash_of_the_machine_fills_the_wallet(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with snacks(tmp_path, sandbox, machine_revalue=True, machine_multivend=True) as machine:
        begin(machine)
        wait_until(
            lambda: machine.do("revalue", amount=500).is_success, timeout=60, what="a session at the machine"
        )
        machine.wait("it is credited", screen__notice="credited", screen__balance=1500)
        choose(machine, "12", 1500)
        machine.wait("all of it is spent", screen__notice="confirmed", screen__balance=0)
        machine.wait_delivered()
        with machine.reader() as journal:
            books = journal.books()
            assert (books.accepted, books.credited, books.held) == (500, 500, 0)
    assert sorted(each["amount"] for each in sandbox.booked()) == [-1500, 500]


def test_a_machine_that_takes_no_cards_says_so(tmp_path: Path, sandbox: SandboxProcess) -> None:
    with snacks(tmp_path, sandbox) as machine:
        begin(machine)
        assert machine.do("end_session").is_success
        machine.wait("it is over", screen__notice="cancelled")
        assert machine.do("disable").is_success
        status = machine.wait("out of order", phase="ready", screen__notice="out of order")
        assert status["screen"]["words"] == "The machine takes no cards at the moment."
        assert all(each["health"] == "ok" for each in status["devices"]), "that is no fault"
        assert machine.do("enable").is_success
        machine.wait_works()


def ask_the_file(machine: Machine, question: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{machine.journal}?mode=ro", uri=True) as db:
        found = db.execute(question).fetchall()
    db.close()
    return found


def sold(machine: Machine) -> list[tuple[object, ...]]:
    return ask_the_file(machine, "SELECT device, item, amount FROM sales_reported")


def details(machine: Machine) -> str:
    return " ".join(str(row[0]) for row in ask_the_file(machine, "SELECT detail FROM releases"))


def journal_is_whole(machine: Machine) -> bool:
    return machine.ctl("journal", "verify").returncode == 0
