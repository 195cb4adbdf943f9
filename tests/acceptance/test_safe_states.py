"""Whatever ends a terminal, slots end closed and relays released: by the command that its unit runs then."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import UID
from tests.support.board import Board
from tests.support.machine import PANEL, READER, SCRIPTS, Machine, SandboxProcess
from tests.support.waiting import wait_until

RELAY, INHIBIT, LAMP = 22, 27, 16
MINUTE_MS = 60_000
RELEASE = {"name": "coffee", "role": "release", "driver": "relay", "pins": "rpi", "line": RELAY,
           "pulse_ms": MINUTE_MS}  # fmt: skip
SLOT = {"name": "slot", "role": "coin_acceptor", "driver": "pulse", "pins": "rpi", "line": 17,
        "inhibit_line": INHIBIT, "inhibit_level": "low", "coins": {"1": 100}}  # fmt: skip
LAMPS = {"name": "lamps", "role": "indicator", "driver": "gpio", "pins": "rpi", "lamp": LAMP}


def make_safe(machine: Machine, board: Board) -> subprocess.CompletedProcess[str]:
    """What the unit's ExecStopPost runs."""
    return subprocess.run(
        [str(SCRIPTS / "terminald"), "--config", str(machine.config), "--make-safe"],
        env={**os.environ, **board.environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path, tmp_path / "journal.db")


def kiosk(
    tmp_path: Path, sandbox: SandboxProcess, board: Board, *devices: dict[str, object], job: str
) -> Machine:
    return Machine(
        tmp_path,
        sandbox.url,
        sandbox.token_file,
        [READER, PANEL, LAMPS, *devices],
        job=job,
        sections={"vending": {"one_product": "espresso"}} if job == "vending" else {},
        environment=board.environment,
    )


def test_a_relay_that_is_pulled_at_a_sigkill_is_released(
    tmp_path: Path, sandbox: SandboxProcess, board: Board
) -> None:
    with kiosk(tmp_path, sandbox, board, RELEASE, job="vending") as coffee:
        coffee.wait("products", screen__notice="ready")
        assert coffee.do("tap", uid=UID).is_success
        wait_until(lambda: board.high(RELAY), what="the relay to be pulled")
        coffee.kill()
        assert board.high(RELAY), "nobody has released it"
        done = make_safe(coffee, board)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == "In their safe state: lamps, coffee.\n"
        assert not board.high(RELAY)
        assert not board.high(LAMP)
        # A person decides about the sale; it is not given out again.
        coffee.start()
        coffee.wait("the unknown release", queue__parked=1)
        assert [drive.high for drive in board.drives(RELAY)].count(True) == 1


def test_a_slot_that_is_open_at_a_sigkill_is_closed(
    tmp_path: Path, sandbox: SandboxProcess, board: Board
) -> None:
    with kiosk(tmp_path, sandbox, board, SLOT, job="topup") as receptor:
        wait_until(lambda: board.high(INHIBIT), what="the slot to open (low forbids)")
        receptor.kill()
        assert board.high(INHIBIT)
        assert make_safe(receptor, board).returncode == 0
        assert not board.high(INHIBIT)


def test_at_a_start_outputs_are_safe_before_the_journal_is_opened(
    tmp_path: Path, sandbox: SandboxProcess, board: Board
) -> None:
    with kiosk(tmp_path, sandbox, board, RELEASE, SLOT, job="topup") as machine:
        wait_until(lambda: board.high(INHIBIT), what="the slot to open")
        first, *later = board.drives(RELAY)
        assert (first.high, first.watched) == (False, False), "there was no journal yet"
        assert any(drive.watched for drive in later)
        assert not board.drives(INHIBIT)[0].high
        assert not board.drives(INHIBIT)[0].watched
        assert machine.stop() == 0
        assert not board.high(INHIBIT)


def test_a_terminal_that_cannot_start_leaves_its_outputs_safe(
    tmp_path: Path, sandbox: SandboxProcess, board: Board
) -> None:
    machine = kiosk(tmp_path, sandbox, board, RELEASE, SLOT, job="topup")
    machine.journal.mkdir()
    machine.spawn()
    assert machine.wait_end() == 1
    assert "journal.db was used (Is a directory)" in machine.tail()
    assert [board.high(line) for line in (RELAY, INHIBIT, LAMP)] == [False, False, False]


def test_who_runs_keeps_its_outputs(tmp_path: Path, sandbox: SandboxProcess, board: Board) -> None:
    """A technician types either command beside the running service: no relay drops, no slot closes."""
    with kiosk(tmp_path, sandbox, board, RELEASE, SLOT, job="topup") as machine:
        wait_until(lambda: board.high(INHIBIT), what="the slot to open")
        refused = make_safe(machine, board)
        assert refused.returncode == 1
        assert "A terminald is running" in refused.stderr
        second = subprocess.run(
            [str(SCRIPTS / "terminald"), "--config", str(machine.config)],
            env={**os.environ, **board.environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert "in use by another terminald" in second.stderr
        assert board.high(INHIBIT)
        assert machine.process is not None
        assert {drive.pid for line in (RELAY, INHIBIT, LAMP) for drive in board.drives(line)} == {
            machine.process.pid
        }


def test_what_is_wrong_in_the_configuration_does_not_keep_a_slot_open(
    tmp_path: Path, sandbox: SandboxProcess, board: Board
) -> None:
    """Somebody edited the file meanwhile: what can be read of it is brought to its safe state."""
    with kiosk(tmp_path, sandbox, board, RELEASE, SLOT, job="topup") as machine:
        wait_until(lambda: board.high(INHIBIT), what="the slot to open")
        machine.kill()
        text = machine.config.read_text()
        machine.config.write_text(
            text.replace('job = "topup"', 'job = "bananas"').replace("line = 22", "lime = 22")
        )
        done = make_safe(machine, board)
        assert done.returncode == 1
        assert "In their safe state: lamps, slot." in done.stderr
        assert "lime" in done.stderr
        assert not board.high(INHIBIT)
        machine.config.write_text("[[devices]\n")
        done = make_safe(machine, board)
        assert done.returncode == 1
        assert "because none is known" in done.stderr
