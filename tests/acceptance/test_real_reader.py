"""A real reader: cards on pcscd's virtual reader, read by the driver that reads the real ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.machine import Machine, SandboxProcess
from tests.support.pcscd import PcscDaemon
from tests.support.virtual_card import VirtualCard
from tests.support.waiting import wait_until

FIRST, SECOND, THIRD = "04A1B2C3D4E5F6", "04112233445566", "DE12AB34"

FRONT = {"name": "front", "role": "reader", "driver": "pcsc"}
RELAY = {"name": "machine", "role": "release", "driver": "simulated"}
# Not the time between two taps tells a card that stayed from one that came back, but the reader.
RULES = {"vending": {"one_product": "espresso", "show_s": 1}, "reading": {"same_card_ms": 0}}


@pytest.fixture
def pcscd() -> Iterator[PcscDaemon]:
    with PcscDaemon() as daemon:
        yield daemon


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SandboxProcess]:
    wallets = [f"--wallet={uid}=1000" for uid in (FIRST, SECOND, THIRD)]
    with SandboxProcess(tmp_path, *wallets) as started:
        yield started


@pytest.fixture
def coffee(tmp_path: Path, server: SandboxProcess, pcscd: PcscDaemon) -> Iterator[Machine]:
    machine = Machine(
        tmp_path, server.url, server.token_file, [FRONT, RELAY], sections=RULES, environment=pcscd.env
    )
    with machine:
        machine.wait("products", screen__notice="ready")
        wait_until(lambda: health(machine) == "ok", what="the reader")
        yield machine


def health(coffee: Machine) -> str:
    return coffee.status()["devices"][0]["health"]


def debits(server: SandboxProcess) -> list[tuple[str, int]]:
    return [(each["token"].upper(), each["amount"]) for each in server.booked()]


def test_each_card_that_is_laid_on_is_one_debit_for_its_uid(
    coffee: Machine, server: SandboxProcess, pcscd: PcscDaemon
) -> None:
    with VirtualCard(pcscd.port, FIRST):
        coffee.wait("the first debit", queue__delivered=1)
        # It stays on the reader for the next customer's screen, and that changes nothing.
        coffee.wait("the next customer", phase="ready")
        coffee.wait_delivered()
    assert debits(server) == [(FIRST, -25)]
    with VirtualCard(pcscd.port, SECOND):
        coffee.wait("the second debit", queue__delivered=2)
    # The first one once more, after it had been taken away: that is another purchase.
    coffee.wait("the next customer", phase="ready")
    with VirtualCard(pcscd.port, FIRST):
        coffee.wait("the third debit", queue__delivered=3)
    assert debits(server) == [(FIRST, -25), (SECOND, -25), (FIRST, -25)]
    with coffee.reader() as journal:
        assert [entry.key for entry in journal.entries()] == [each["key"] for each in server.booked()][::-1]


@pytest.mark.parametrize("end", [PcscDaemon.stop, PcscDaemon.kill], ids=["stopped", "killed"])
def test_it_goes_on_by_itself_after_the_reader_daemon(
    coffee: Machine, server: SandboxProcess, pcscd: PcscDaemon, end
) -> None:
    first = VirtualCard(pcscd.port, FIRST)
    with first:
        coffee.wait("the first debit", queue__delivered=1)
        coffee.wait("the next customer", phase="ready")
        end(pcscd)
        wait_until(lambda: health(coffee) == "missing", timeout=60, what="a missing reader")
        told = coffee.ctl("status")
        assert told.returncode == 1, told.stdout
        (problem,) = coffee.status()["problems"]
        assert "'front' is missing: the PC/SC service does not" in problem
        assert problem in told.stdout
        pcscd.start()
        wait_until(lambda: health(coffee) == "ok", timeout=60, what="the reader again")
        assert coffee.ctl("status").returncode == 0
        # The card was there all the time: it is read anew, and it is the same tap.
        first.wait_read(2)
    coffee.wait("nothing new", phase="ready", queue__queued=0, queue__delivered=1)
    with VirtualCard(pcscd.port, THIRD):
        coffee.wait("the debit of another card", queue__delivered=2)
    assert debits(server) == [(FIRST, -25), (THIRD, -25)]


def test_a_reader_that_comes_after_the_daemon(
    tmp_path: Path, server: SandboxProcess, pcscd: PcscDaemon
) -> None:
    pcscd.stop()
    coffee = Machine(
        tmp_path, server.url, server.token_file, [FRONT, RELAY], sections=RULES, environment=pcscd.env
    )
    with coffee:
        wait_until(lambda: health(coffee) == "missing", timeout=60, what="a missing reader")
        pcscd.start(readers=False)
        wait_until(
            lambda: "no reader: is it plugged in?" in coffee.status()["devices"][0]["words"],
            timeout=60,
            what="words about the reader",
        )
        pcscd.restart()
        wait_until(lambda: health(coffee) == "ok", timeout=60, what="the reader")
        with VirtualCard(pcscd.port, SECOND):
            coffee.wait("a debit", queue__delivered=1)
        assert coffee.stop() == 0
    assert debits(server) == [(SECOND, -25)]
