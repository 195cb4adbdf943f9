"""The clock: which of the machine's clocks is believed when, and keys that nobody else has."""

import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from terminal.core.stamp import elapsed_ms
from terminal.daemon.clock import FIRST_YEAR_MS, KEY_LENGTH, SystemClock

HOUR = 3_600_000
NOW = FIRST_YEAR_MS + 1_000 * HOUR


@dataclass
class Machine:
    """A machine whose clocks and kernel the test sets."""

    folder: Path
    wall_ms: int = NOW
    mono_ms: int = 1_000
    kernel: bool | None = False
    looks: int = 0

    @property
    def mark(self) -> Path:
        return self.folder / "synchronized"

    def clock(self) -> SystemClock:
        (self.folder / "boot_id").write_text("b-1\n")
        return SystemClock(
            wall_ns=lambda: self.wall_ms * 1_000_000,
            mono_ns=lambda: self.mono_ms * 1_000_000,
            kernel_synced=self._kernel_synced,
            boot_id=self.folder / "boot_id",
            timesync_mark=self.mark,
        )

    def pass_ms(self, ms: int) -> None:
        self.wall_ms += ms
        self.mono_ms += ms

    def _kernel_synced(self) -> bool | None:
        self.looks += 1
        return self.kernel


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_stamp_has_both_clocks_and_the_boot(machine: Machine) -> None:
    stamp = machine.clock().now()
    assert (stamp.wall_ms, stamp.mono_ms, stamp.boot) == (NOW, 1_000, "b-1")


@pytest.mark.parametrize(
    ("kernel", "mark", "synced"),
    [(True, False, True), (False, False, False), (None, False, False), (False, True, True), (None, True, True)],
)
def test_who_is_believed(machine: Machine, *, kernel: bool | None, mark: bool, synced: bool) -> None:
    machine.kernel = kernel
    if mark:
        machine.mark.touch()
    assert machine.clock().now().synced is synced


def test_a_wall_clock_of_1970_is_not_believed_whatever_the_kernel_says(machine: Machine) -> None:
    machine.wall_ms, machine.kernel = 60_000, True
    machine.mark.touch()
    clock = machine.clock()
    assert not clock.now().synced
    machine.wall_ms = NOW  # the network has come, and the time with it
    machine.pass_ms(5_000)
    assert clock.now().synced


def test_the_kernel_is_asked_once_in_five_seconds(machine: Machine) -> None:
    machine.kernel = True
    clock = machine.clock()
    for _ in range(50):
        clock.now()
        machine.pass_ms(99)
    assert machine.looks == 1
    machine.pass_ms(100)
    clock.now()
    assert machine.looks == 2


def test_days_without_a_time_server_do_not_make_a_known_time_unknown(machine: Machine) -> None:
    machine.kernel = True
    clock = machine.clock()
    assert clock.now().synced
    machine.kernel = False  # the kernel does so when its error estimate has grown
    machine.pass_ms(72 * HOUR)
    machine.wall_ms += 12_000  # drift
    assert clock.now().synced


@pytest.mark.parametrize("step", [-HOUR, HOUR])
def test_a_clock_set_by_hand_is_not_believed_from_that_moment_on(machine: Machine, step: int) -> None:
    machine.kernel = True
    machine.mark.touch()
    clock = machine.clock()
    assert clock.now().synced
    machine.kernel = False  # the kernel does so when somebody sets the clock
    machine.wall_ms += step
    assert not clock.now().synced
    machine.pass_ms(6_000)
    assert not clock.now().synced
    machine.kernel = True
    machine.pass_ms(6_000)
    assert clock.now().synced


def test_without_a_boot_id_each_process_is_a_boot_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    boots = {SystemClock(boot_id=tmp_path / name).boot for name in ("missing", "missing", "empty")}
    assert len(boots) == 3
    assert all(boots)


def test_the_real_clocks_of_this_machine() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert abs(first.wall_ms - time.time() * 1000) < HOUR
    assert elapsed_ms(first, second) is not None
    assert 0 <= second.mono_ms - first.mono_ms < HOUR
    assert first.boot == SystemClock().boot
    assert isinstance(first.synced, bool)


def test_the_monotonic_clock_counts_from_the_boot() -> None:
    uptime_s = float(Path("/proc/uptime").read_text().split()[0])
    assert abs(SystemClock().now().mono_ms / 1000 - uptime_s) < 60


def test_keys_are_unique_over_threads_and_safe_in_json_urls_and_headers() -> None:
    clock = SystemClock()
    keys: list[str] = []

    def make() -> None:
        keys.extend(clock.new_key("coffee-1") for _ in range(500))

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 2000
    assert all(re.fullmatch(r"coffee-1-[A-Za-z0-9_-]{22}", key) for key in keys)
    assert len({clock.new_id() for _ in range(2000)}) == 2000


def test_the_longest_terminal_id_leaves_all_random_bits_in_the_key() -> None:
    clock = SystemClock()
    keys = {clock.new_key("x" * 200) for _ in range(100)}
    assert len(keys) == 100
    assert {len(key) for key in keys} == {KEY_LENGTH}
    configurable = "k" * 32  # the longest id that the configuration allows
    assert clock.new_key(configurable).startswith(f"{configurable}-")
