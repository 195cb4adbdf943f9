"""A server that ignores idempotency keys: what may have been booked is looked for, not sent again blindly."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import UID
from tests.support.machine import READER, Machine, SandboxProcess
from tests.support.waiting import wait_until

RELAY = {"name": "machine", "role": "release", "driver": "simulated"}
QUICK = {"first_retry_s": 1, "longest_retry_s": 1, "breaker_probe_s": 1, "timeout_s": 2}
LOST = {"kind": "drop", "after": True, "method": "POST", "count": 1}
POSTS = "POST /pos/wallets/token/{token}/transactions"
ME = ("--by", "Kim Doe", "--reason", "booked: receipt 4711")


def terminal(folder: Path, server: SandboxProcess, dialect: str, *, alone: bool = False) -> Machine:
    sections = {
        "vending": {"one_product": "1" if dialect == "pretix" else "espresso", "show_s": 1},
        "sync": QUICK,
    }
    backend = {"dialect": dialect, "settling_seconds": 1, "alone": alone}
    return Machine(folder, server.url, server.token_file, [READER, RELAY], sections=sections, backend=backend)


def served(folder: Path, dialect: str) -> SandboxProcess:
    return SandboxProcess(folder, "--dialect", dialect, "--wallet", f"{UID}=1000")


def posts(server: SandboxProcess) -> int:
    return server.admin("GET", "counters")["requests"].get(POSTS, 0)


def tap(coffee: Machine) -> Any:
    coffee.wait("products", screen__notice="ready")
    coffee.do("tap", uid=UID)
    return coffee.wait("the coffee", screen__notice="confirmed")


def test_a_lost_reply_is_parked_as_unknown_and_settled_by_name(tmp_path: Path) -> None:
    with served(tmp_path, "pretix") as server, terminal(tmp_path, server, "pretix") as coffee:
        server.faults(LOST)
        tap(coffee)
        status = coffee.wait("the doubt", queue__unknown=1, queue__queued=0, queue__sending=0)
        assert any("1 entry is unknown (perhaps booked" in words for words in status["problems"])
        with coffee.reader() as journal:
            (entry,) = journal.entries()
        # A technician reads what happened, what it means, and what to do.
        number = str(entry.seq)
        told = " ".join(coffee.ctl("journal", "show", number).stdout.split())
        assert "It cannot be told whether a booking of -0.25 got through" in told
        assert "others may have booked on the same account meanwhile" in told
        assert re.search(r"Before \([^)]*\): balance 10\.00\b.*Now \([^)]*\): balance 9\.75\b", told)
        assert f"terminalctl journal resolve {number} --delivered" in told
        assert UID not in told
        assert coffee.ctl("status").returncode == 1
        # Neither an order to deliver nor a new start sends it again.
        assert coffee.ctl("sync", "now").returncode == 0
        assert coffee.stop() == 0
        coffee.start()
        coffee.do("untap")
        tap(coffee)  # another sale goes out and shows that the server is served
        coffee.wait("the other debit", queue__delivered=1, queue__unknown=1)
        assert posts(server) == 2
        assert coffee.ctl("journal", "void", number, *ME, "--yes").returncode == 0
        status = coffee.wait("settled", queue__unknown=0, queue__voided=1)
        assert status["problems"] == []
        assert coffee.ctl("status").returncode == 0
        told = coffee.ctl("journal", "show", number).stdout
        assert "Kim Doe" in told
        assert "booked: receipt 4711" in told
        assert [each["key"] for each in server.booked()].count(entry.key) == 1
        assert posts(server) == 2


def test_a_lost_request_is_sent_again_by_a_person(tmp_path: Path) -> None:
    """Nobody but the person who looked on the server can know that nothing was booked."""
    with served(tmp_path, "pretix") as server, terminal(tmp_path, server, "pretix") as coffee:
        server.faults({**LOST, "after": False})
        tap(coffee)
        coffee.wait("the doubt", queue__unknown=1)
        assert server.booked() == []
        with coffee.reader() as journal:
            (entry,) = journal.entries()
        assert coffee.ctl("journal", "retry", str(entry.seq), *ME, "--yes").returncode == 0
        coffee.wait("delivered", queue__delivered=1, queue__unknown=0)
        assert [(each["key"], each["amount"]) for each in server.booked()] == [(entry.key, -25)]


@pytest.mark.parametrize("after", [False, True], ids=["not booked", "booked"])
def test_where_nobody_else_books_a_balance_tells_and_nobody_is_asked(tmp_path: Path, after: bool) -> None:  # noqa: FBT001 - a case
    with (
        served(tmp_path, "pretix") as server,
        terminal(tmp_path, server, "pretix", alone=True) as coffee,
    ):
        server.faults({**LOST, "after": after})
        tap(coffee)
        coffee.wait("delivered", queue__delivered=1, queue__unknown=0)
        assert [each["amount"] for each in server.booked()] == [-25]
        assert posts(server) == (1 if after else 2)


@pytest.mark.parametrize(
    "fault", [LOST, {"kind": "status", "status": 500, **{k: LOST[k] for k in ("after", "method", "count")}}]
)
def test_with_keys_the_same_fault_is_one_booking_and_delivered(
    tmp_path: Path, fault: dict[str, object]
) -> None:
    with served(tmp_path, "documented") as server, terminal(tmp_path, server, "documented") as coffee:
        server.faults(fault)
        tap(coffee)
        status = coffee.wait("delivered", queue__delivered=1)
        assert status["queue"]["unknown"] == 0
        assert posts(server) == 2
        assert server.admin("GET", "counters")["repeats"] == 1
        with coffee.reader() as journal:
            (entry,) = journal.entries()
        assert [(each["key"], each["amount"]) for each in server.booked()] == [(entry.key, -25)]


@pytest.mark.parametrize("after", [False, True], ids=["not booked", "booked"])
def test_a_kill_while_it_is_being_sent_leaves_it_unknown(tmp_path: Path, after: bool) -> None:  # noqa: FBT001 - a case
    with served(tmp_path, "pretix") as server, terminal(tmp_path, server, "pretix") as coffee:
        server.faults({"kind": "hang", "after": after, "method": "POST"})
        tap(coffee)
        wait_until(lambda: posts(server) == 1, what="the request at the server")
        coffee.kill()
        server.faults()
        coffee.start()
        status = coffee.wait("the doubt", queue__unknown=1, queue__queued=0, queue__sending=0)
        assert any("perhaps booked" in words for words in status["problems"])
        coffee.ctl("sync", "now")
        coffee.do("untap")
        tap(coffee)
        coffee.wait("the other debit", queue__delivered=1, queue__unknown=1)
        assert posts(server) == 2
        assert len(server.booked()) == 1 + after
