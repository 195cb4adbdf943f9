"""Since when a secret is in use: over restarts, reboots, clocks that are not set, and disks that refuse."""

import pytest

from terminal.core.stamp import Stamp
from terminal.journal.tenure import Tenure
from tests.journal.making import KEY

DAY = 86_400_000
SECRET = "s3cr3t-T0ken"


class Clock:
    def __init__(self):
        self.at = Stamp(1_800_000_000_000, 5_000, "a", synced=True)

    def now(self):
        return self.at

    def pass_ms(self, ms):
        self.at = Stamp(self.at.wall_ms + ms, self.at.mono_ms + ms, self.at.boot, self.at.synced)

    def reboot(self, *, synced=True, after_ms=60_000):
        wall_ms = self.at.wall_ms + after_ms if synced else 0
        self.at = Stamp(wall_ms, 1_000, self.at.boot + "+", synced)

    def set(self, wall_ms):
        self.at = Stamp(wall_ms, self.at.mono_ms, self.at.boot, synced=True)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def file(path):
    return path.with_name("journal.db.since-main")


@pytest.fixture
def start(file, clock):
    """A run of the terminal that takes *secret* up."""

    def start(secret=SECRET):
        tenure = Tenure(file, KEY, clock.now)
        tenure.begin(secret)
        return tenure

    return start


def test_nothing_is_known_before_a_secret_is_taken_up(file, clock, start):
    start()
    clock.pass_ms(DAY)
    tenure = Tenure(file, KEY, clock.now)
    assert tenure.known_for_ms() is None
    assert not tenure.covers(clock.now())


def test_the_same_secret_after_restart_and_reboot_is_in_use_since_the_first_time(clock, start):
    tenure = start()
    assert tenure.known_for_ms() == 0
    clock.pass_ms(DAY)
    tried = clock.now()
    assert start().known_for_ms() == DAY
    clock.pass_ms(1_000)
    clock.reboot(after_ms=60_000)
    tenure = start()
    assert tenure.known_for_ms() == DAY + 61_000
    assert tenure.covers(tried)


def test_another_secret_is_in_use_since_now_and_so_is_the_old_one_when_it_comes_back(clock, start):
    start()
    clock.pass_ms(DAY)
    tried = clock.now()
    clock.pass_ms(1_000)
    tenure = start("an0ther-Token")
    assert tenure.known_for_ms() == 0
    assert not tenure.covers(tried)
    clock.pass_ms(1_000)
    assert tenure.known_for_ms() == 1_000
    tenure = start()
    assert tenure.known_for_ms() == 0
    assert not tenure.covers(tried)


def test_within_one_run_too(clock, start):
    tenure = start()
    clock.pass_ms(DAY)
    tenure.begin("an0ther-Token")
    clock.pass_ms(7)
    assert tenure.known_for_ms() == 7
    assert start("an0ther-Token").known_for_ms() == 7


def test_where_no_clock_can_tell_it_is_in_use_since_this_start_at_least(clock, start):
    start()
    clock.pass_ms(DAY)
    tried = clock.now()
    clock.reboot(synced=False)
    tenure = start()
    clock.pass_ms(9)
    assert tenure.known_for_ms() == 9
    assert not tenure.covers(tried)
    clock.set(tried.wall_ms + 60_000)
    assert tenure.known_for_ms() == DAY + 60_000
    assert tenure.covers(tried)


def test_a_moment_by_a_clock_that_was_not_set_is_put_right_when_it_is(clock, start):
    clock.reboot(synced=False)
    tenure = start()
    clock.pass_ms(30_000)
    clock.set(1_900_000_000_000)
    assert tenure.known_for_ms() == 30_000
    clock.reboot(after_ms=60_000)
    assert start().known_for_ms() == 90_000


def test_a_moment_that_nobody_will_ever_know_counts_from_now(clock, start):
    clock.reboot(synced=False)
    start()
    clock.reboot(synced=False)
    start()
    clock.pass_ms(5)
    clock.set(1_900_000_000_000)
    clock.reboot(after_ms=60_000)
    assert start().known_for_ms() == 0


@pytest.mark.parametrize("content", [b"", b"garbled", b'{"mark": "x"}', b"\xff\xfe"])
def test_a_note_that_is_lost_makes_the_secret_a_new_one(file, clock, start, content):
    start()
    clock.pass_ms(DAY)
    file.write_bytes(content)
    assert start().known_for_ms() == 0
    clock.pass_ms(3)
    assert start().known_for_ms() == 3


def test_what_cannot_be_noted_is_not_used(file, clock, start):
    start()
    clock.pass_ms(DAY)
    file.with_name(f"{file.name}.new").mkdir()
    tenure = start()
    assert tenure.known_for_ms() == DAY, "nothing is to be noted"
    with pytest.raises(OSError, match="directory"):
        tenure.begin("an0ther-Token")


def test_the_note_does_not_tell_the_secret(file, start):
    start()
    first = file.read_bytes()
    assert SECRET.encode() not in first
    assert file.stat().st_mode & 0o007 == 0
    file.unlink()
    start()
    assert file.read_bytes() == first, "it depends on the secret and on the key alone"
    other = Tenure(file, b"x" * 32, Clock().now)
    other.begin(SECRET)
    assert file.read_bytes() != first


def test_the_journal_keeps_one_for_each_backend(journal, path, clock):
    for name in ("main", "second shop"):
        journal.tenure(name, clock.now).begin(SECRET)
        clock.pass_ms(100)
    found = [journal.tenure(name, clock.now) for name in ("main", "second shop")]
    for each in found:
        each.begin(SECRET)
    assert [each.known_for_ms() for each in found] == [200, 100]
    assert {each.name for each in path.parent.glob("*.since-*")} == {
        "journal.db.since-main",
        "journal.db.since-second shop",
    }
