"""The day is closed by its schedule: on time, once for all that were missed, never with a wrong clock."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest

from terminal.core import cron
from terminal.core.closing_rules import ClosingRules
from terminal.core.report import Report, ReportKind
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from terminal.daemon import closing as module
from terminal.daemon.closing import LATE_MS, LONGEST_S, RETRY_S, Closing
from terminal.httpd import Problem
from terminal.journal.errors import JournalUnwritable
from tests.core.report_samples import EMPTY
from tests.support.waiting import wait_until

NIGHTLY = ClosingRules(schedules=("30 23 * * *",), printed=False)


def at(text: str, *, synced: bool = True, boot: str = "b") -> Stamp:
    wall_ms = round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
    return Stamp(wall_ms, wall_ms - at_zero, boot, synced)


at_zero = 1_700_000_000_000


class World:
    """A clock that the test sets, and a journal with its Z reports."""

    def __init__(self, began: Stamp, rules: ClosingRules = NIGHTLY, zone: Any = UTC) -> None:
        self.began = began
        self.now = began
        self.made: list[Report] = []
        self.error: Exception | None = None
        self.closing = Closing(rules, self, self, now=lambda: self.now, zone=zone)

    def period_began(self) -> Stamp:
        return self.made[-1].closed if self.made else self.began

    def make(self, kind: ReportKind, by: str, *, printed: bool) -> Report:
        assert (kind, by, printed) == (ReportKind.Z, "", False)
        if self.error:
            raise self.error
        self.made.append(replace(EMPTY, number=len(self.made) + 1, closed=self.now))
        return self.made[-1]

    def look(self, text: str, **more: Any) -> float:
        self.now = at(text, **more)
        return self.closing.look()

    def told(self) -> tuple[str, ...]:
        return self.closing.troubles


def test_it_waits_for_the_moment_and_closes_once() -> None:
    world = World(at("2026-05-01 12:00"))
    assert world.look("2026-05-01 23:29:30") == 30
    assert world.made == []
    assert world.look("2026-05-01 23:30") == LONGEST_S
    assert len(world.made) == 1
    world.look("2026-05-01 23:45")
    world.look("2026-05-02 23:29:59")
    assert len(world.made) == 1
    world.look("2026-05-02 23:30:01")
    assert len(world.made) == 2


def test_it_looks_at_the_clock_now_and_then_for_somebody_may_have_set_it() -> None:
    assert World(at("2026-05-01 12:00")).look("2026-05-01 13:00") == LONGEST_S


def test_the_schedule_is_local_time() -> None:
    world = World(at("2026-05-01 12:00"), zone=timezone(timedelta(hours=2)))
    world.look("2026-05-01 21:29")
    assert world.made == []
    world.look("2026-05-01 21:30")
    assert len(world.made) == 1


def test_all_that_were_missed_are_made_good_by_one() -> None:
    world = World(at("2026-05-01 12:00"))
    world.look("2026-05-09 08:00", boot="c")
    world.look("2026-05-09 08:01", boot="c")
    assert len(world.made) == 1


def test_a_report_that_a_person_made_after_the_moment_is_the_closing() -> None:
    world = World(at("2026-05-01 12:00"))
    world.now = at("2026-05-01 23:31")
    world.make(ReportKind.Z, "", printed=False)
    world.look("2026-05-01 23:32")
    assert len(world.made) == 1


def test_while_nobody_knows_the_time_nothing_is_closed() -> None:
    world = World(at("2026-05-01 12:00"))
    assert world.look("2026-05-03 12:00", synced=False) == RETRY_S
    assert world.made == []
    world.look("2026-05-03 12:01")
    assert len(world.made) == 1


def test_a_clock_that_is_not_set_for_long_is_told_where_there_is_a_schedule() -> None:
    world = World(at("2026-05-01 12:00"))
    world.look("2026-05-03 12:00", synced=False)
    world.look("2026-05-03 12:59:59", synced=False)
    assert world.told() == ()
    world.look("2026-05-03 13:00", synced=False)
    (words,) = world.told()
    assert words.startswith("The day is not closed by its schedule as long as the clock is not set")
    world.error = Problem(409, "Somebody is at the machine.")
    world.look("2026-05-03 13:01")
    assert world.told() == ()

    never = World(at("2026-05-01 12:00"), ClosingRules(printed=False))
    never.look("2026-05-03 12:00", synced=False)
    never.look("2026-05-03 14:00", synced=False)
    assert never.told() == ()


def test_a_period_that_began_by_a_clock_that_was_not_set_began_when_the_monotonic_one_says() -> None:
    began = Stamp(60_000, at("2026-05-01 12:00").mono_ms, "b", synced=False)
    world = World(began)
    world.look("2026-05-01 12:10")
    assert world.made == [], "it began ten minutes ago, and not in 1970"
    world.look("2026-05-01 23:30")
    assert len(world.made) == 1


def test_a_report_from_the_future_does_not_stop_closings_for_ever() -> None:
    world = World(at("2026-05-01 12:00"))
    world.now = at("2036-05-01 12:00", boot="a")
    world.make(ReportKind.Z, "", printed=False)
    world.look("2026-05-01 12:00")
    world.look("2026-05-01 23:29")
    assert len(world.made) == 1
    world.look("2026-05-01 23:31")
    assert len(world.made) == 2


@pytest.mark.parametrize(
    "error", [Problem(409, "Somebody is at the machine."), JournalUnwritable("The disk is full.")]
)
def test_what_cannot_be_closed_is_tried_again_and_told_when_it_is_late(error: Exception) -> None:
    world = World(at("2026-05-01 12:00"))
    world.error = error
    assert world.look("2026-05-01 23:30") == RETRY_S
    assert world.told() == (), "guests may be there for a while"
    assert world.look("2026-05-02 00:31") == RETRY_S
    assert LATE_MS <= 61 * 60_000
    (words,) = world.told()
    assert str(error) in words
    world.error = None
    world.look("2026-05-02 00:32")
    assert len(world.made) == 1
    assert world.closing.troubles == ()


def test_what_keeps_the_day_from_being_closed_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    world = World(at("2026-05-01 12:00"))
    for minute, words in enumerate(("Somebody is there.", "Somebody is there.", "The disk is full.")):
        world.error = Problem(409, words)
        world.look(f"2026-05-01 23:3{minute}")
    said = [each.message.removeprefix("the day cannot be closed yet: ") for each in caplog.records]
    assert said == ["Somebody is there.", "The disk is full."]


def test_the_thread_closes_goes_on_after_what_nobody_foresaw_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.001)
    world = World(at("2026-05-01 12:00"))
    world.now = at("2026-05-01 23:30")
    world.error = RuntimeError("secret")
    world.closing.start()
    wait_until(lambda: world.closing.troubles, what="the trouble")
    assert "secret" not in world.closing.troubles[0]
    world.error = None
    wait_until(lambda: world.made, what="the closing")
    world.closing.stop()
    assert len(world.made) == 1
    assert all(thread.name != "closing" for thread in threading.enumerate())


# -- schedules that change -----------------------------------------------------------------------------

EARLIER, LATER = (cron.parse("0 22 * * *"),), (cron.parse("45 23 * * *"),)


def test_new_schedules_hold_and_who_sent_them_is_told() -> None:
    world = World(at("2026-05-01 12:00"))
    held: list[str] = []
    world.closing.schedule(LATER, lambda: held.append("later"))
    assert world.look("2026-05-01 13:00") == 0, "it looks again, by the new ones"
    assert held == ["later"]
    world.look("2026-05-01 23:44")
    assert world.made == []
    world.look("2026-05-01 23:45")
    assert len(world.made) == 1


def test_a_closing_that_is_due_by_the_old_ones_is_made_before_the_new_ones_hold() -> None:
    world = World(at("2026-05-01 12:00"))
    held: list[str] = []
    world.error = Problem(409, "Somebody is at the machine.")
    world.look("2026-05-01 23:30")
    world.closing.schedule((), lambda: held.append("never again"))
    assert world.look("2026-05-01 23:31") == RETRY_S
    assert held == [], "after a power loss now, the old ones still say that it is due"
    world.error = None
    world.look("2026-05-01 23:32")
    assert (len(world.made), held) == (1, ["never again"])
    assert world.look("2026-05-03 12:00") == LONGEST_S
    assert len(world.made) == 1


def test_a_day_that_was_closed_is_not_closed_again_by_a_schedule_for_before_that() -> None:
    world = World(at("2026-05-01 12:00"))
    world.look("2026-05-01 23:30")
    world.closing.schedule(EARLIER)
    world.look("2026-05-01 23:40")
    world.look("2026-05-01 23:40")
    assert len(world.made) == 1
    world.look("2026-05-02 22:00")
    assert len(world.made) == 2


def test_only_the_last_of_several_changes_counts() -> None:
    world = World(at("2026-05-01 12:00"))
    held: list[str] = []
    world.closing.schedule(EARLIER, lambda: held.append("earlier"))
    world.closing.schedule(LATER, lambda: held.append("later"))
    world.look("2026-05-01 22:30")
    world.look("2026-05-01 22:30")
    assert (world.made, held) == ([], ["later"])


def test_what_was_in_force_last_holds_at_a_start_instead_of_the_configuration() -> None:
    world = World(at("2026-05-01 12:00"))
    closing = Closing(NIGHTLY, world, world, now=lambda: world.now, zone=UTC, schedules=EARLIER)
    world.now = at("2026-05-01 22:10", boot="c")
    closing.look()
    assert len(world.made) == 1


def test_schedules_that_come_later_wake_the_thread_or_make_it_begin() -> None:
    for rules in (ClosingRules(printed=False), NIGHTLY):
        world = World(at("2026-05-01 12:00"), rules)
        world.now = at("2026-05-01 22:10")
        world.closing.start()
        world.closing.schedule(EARLIER)
        wait_until(partial(len, world.made), what="the closing")
        world.closing.stop()
        assert len(world.made) == 1


def test_schedules_that_come_after_the_end_begin_nothing() -> None:
    world = World(at("2026-05-01 12:00"), ClosingRules())
    world.closing.start()
    world.closing.stop()
    world.closing.schedule(EARLIER)
    assert all(thread.name != "closing" for thread in threading.enumerate())


def test_without_a_schedule_there_is_no_thread() -> None:
    world = World(at("2026-05-01 12:00"), ClosingRules())
    world.closing.start()
    assert all(thread.name != "closing" for thread in threading.enumerate())
    world.closing.stop()
