"""Full, read-only and damaged disks: nothing is sold that cannot be written down, and it goes on by itself.

What is asked of the terminal here stands in docs/operations.md, for technicians.
"""

import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import UID
from tests.support.disk import SmallDisk
from tests.support.machine import PANEL, READER, Machine, SandboxProcess
from tests.support.waiting import wait_until

RELAY = {"name": "machine", "role": "release", "driver": "simulated"}
SLOT = {"name": "slot", "role": "coin_acceptor", "driver": "simulated"}
PLAIN = {
    "vending": {"one_product": "espresso", "show_s": 1},
    "topup": {"show_s": 1},
    "reading": {"same_card_ms": 0},
}
FULL = "is full: free some space; nothing is sold until then."


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with SmallDisk(tmp_path / "disk", 2_000_000) as mounted:
        yield mounted


def on(disk: SmallDisk, sandbox: SandboxProcess, job: str) -> Machine:
    devices = [READER, PANEL, RELAY if job == "vending" else SLOT]
    journal = {"journal": {"path": str(disk.folder / "journal.db"), "keep": 0}}
    return Machine(
        disk.folder.parent,
        sandbox.url,
        sandbox.token_file,
        devices,
        job=job,
        sections={**PLAIN, **journal},
        within=disk.within,
    )


def sale(coffee: Machine, delivered: int) -> None:
    coffee.wait_works()
    coffee.do("tap", uid=UID)
    coffee.wait("the coffee", screen__notice="confirmed")
    coffee.do("untap")
    coffee.wait("the debit", queue__delivered=delivered)


def refused_for(coffee: Machine, sentence: str) -> Any:
    """Tap, be told *sentence*, and return the status; nothing is given out."""
    coffee.do("tap", uid=UID)
    found = wait_until(
        lambda: (status := coffee.status()) and sentence in status["screen"]["words"] and status,
        timeout=60,
        what=f"the sentence on the screen; log:\n{coffee.tail()}",
    )
    coffee.do("untap")
    assert any(sentence in words for words in found["problems"])
    ran = coffee.ctl("status")
    assert ran.returncode == 1
    assert sentence in ran.stdout
    return found


def test_a_full_disk_sells_nothing_and_goes_on_when_there_is_room(
    disk: SmallDisk, sandbox: SandboxProcess
) -> None:
    with on(disk, sandbox, "vending") as coffee:
        sale(coffee, 1)
        disk.fill()
        refused_for(coffee, FULL)
        status = refused_for(coffee, FULL)
        assert status["screen"]["notice"] == "out of order"
        assert [each["amount"] for each in sandbox.booked()] == [-25]
        disk.free()
        coffee.wait_works()
        assert coffee.ctl("status").returncode == 0
        sale(coffee, 2)
        assert coffee.stop() == 0
    assert [each["amount"] for each in sandbox.booked()] == [-25, -25]


def test_a_coin_that_comes_while_the_disk_is_full_is_kept_and_written_later(
    disk: SmallDisk, sandbox: SandboxProcess
) -> None:
    with on(disk, sandbox, "topup") as kiosk:
        kiosk.wait_works()
        kiosk.do("tap", uid=UID)
        kiosk.wait("an open slot", phase="collecting coins")
        assert kiosk.do("coin", cents=100).is_success
        disk.fill()
        # Nobody knows yet that the disk is full, so the slot is open: this coin is in the machine.
        assert kiosk.do("coin", cents=200).is_success
        status = wait_until(
            lambda: (found := kiosk.status()) and found["problems"] and found, what="words about the disk"
        )
        assert FULL in status["problems"][0]
        # From now on the slot is closed: coins fall through.
        refusal = kiosk.do("coin", cents=50)
        assert refusal.status_code == 409
        assert "falls through" in refusal.text
        disk.free()
        kiosk.wait("both coins are on the books", phase="collecting coins", screen__amount=300)
        assert kiosk.do("coin", cents=10).is_success
        kiosk.do("button", name="confirm")
        kiosk.wait("the credit", queue__delivered=1)
        assert kiosk.ctl("journal", "verify").returncode == 0  # its sums, too
        assert kiosk.stop() == 0
    assert [each["amount"] for each in sandbox.booked()] == [310]


def test_a_disk_that_turns_read_only_sells_nothing_until_it_is_writable(
    disk: SmallDisk, sandbox: SandboxProcess
) -> None:
    """What the kernel does with a card that fails: writable when the daemon started, then read-only."""
    with on(disk, sandbox, "vending") as coffee:
        sale(coffee, 1)
        coffee.kill()  # its open files would forbid the change
        disk.remount("ro")
        coffee.spawn()
        assert coffee.wait_end() == 1
        assert "read-only" in coffee.tail().splitlines()[-1].lower()
        assert "Traceback" not in coffee.tail()
        disk.remount("rw")
        coffee.start()
        sale(coffee, 2)
    assert [each["amount"] for each in sandbox.booked()] == [-25, -25]


def test_files_that_may_not_grow_sell_nothing_until_they_may(tmp_path: Path, sandbox: SandboxProcess) -> None:
    """Any other refusal of the system to write: here a limit of the process, which needs no privilege."""
    devices = [READER, PANEL, RELAY]
    with Machine(tmp_path, sandbox.url, sandbox.token_file, devices, sections=PLAIN) as coffee:
        sale(coffee, 1)
        assert coffee.process is not None
        limits = resource.prlimit(coffee.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(coffee.process.pid, resource.RLIMIT_FSIZE, (1, limits[1]))
        refused_for(coffee, "nothing is sold until it works")
        resource.prlimit(coffee.process.pid, resource.RLIMIT_FSIZE, limits)
        sale(coffee, 2)
        assert coffee.ctl("journal", "verify").returncode == 0
    assert [each["amount"] for each in sandbox.booked()] == [-25, -25]


def test_a_damaged_journal_is_set_aside_and_a_fresh_one_goes_on(
    tmp_path: Path, sandbox: SandboxProcess
) -> None:
    devices = [READER, PANEL, RELAY]
    with Machine(tmp_path, sandbox.url, sandbox.token_file, devices, sections=PLAIN) as coffee:
        sale(coffee, 1)
        with coffee.reader() as journal:
            (before,) = journal.entries()
        assert coffee.stop() == 0
        content = coffee.journal.read_bytes()
        coffee.journal.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))
        damaged = coffee.journal.read_bytes()
        coffee.start()
        aside = tmp_path / "journal.db.damaged-1"
        assert aside.read_bytes() == damaged  # kept as it was found, for a person
        ran = coffee.ctl("status")
        assert ran.returncode == 1
        (problem,) = (words for words in coffee.status()["problems"] if "set aside" in words)
        assert str(aside) in problem
        assert problem in ran.stdout
        sale(coffee, 1)
        with coffee.reader() as journal:
            (after,) = journal.entries()
        assert after.seq > before.seq
        assert after.key != before.key
        assert coffee.ctl("journal", "verify").returncode == 0
        # Once somebody has read it, the next start says nothing any more.
        assert coffee.stop() == 0
        coffee.start()
        coffee.wait("ready", screen__notice="ready", problems=[])
    assert [each["key"] for each in sandbox.booked()] == [before.key, after.key]
