"""Threads that do one thing again and again: when, whatever becomes of it, and how they end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from terminal.core.delivery import Answer, Outcome
from terminal.daemon.rounds import NEVER, Rounds, Stop
from tests.support.pauses import Pauses, hurried
from tests.support.waiting import wait_until

AWAY = Answer(Outcome.UNSENT, "no route")
Script = list[float | Answer | Exception]


class Bench:
    """Rounds by a script; after it they are over."""

    def __init__(self) -> None:
        self.rounds: Rounds | None = None
        self.done = 0
        self.before: Callable[[int], object] = lambda number: number

    def run(self, *script: float | Answer | Exception, pause_s: float = 0.0) -> Pauses:
        """Go through *script* to its end; return the pauses."""

        def go() -> float | Answer:
            self.before(self.done)
            self.done += 1
            found = script[self.done - 1] if self.done <= len(script) else NEVER
            if isinstance(found, Exception):
                raise found
            return found

        self.rounds = Rounds("bench", "the bench", go, retry_s=(5, 300), pause_s=pause_s)
        pauses = hurried(self.rounds)
        self.rounds.start()
        self.rounds._thread.join(30)
        assert not self.rounds._thread.is_alive()
        return pauses


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    if bench.rounds is not None:
        bench.rounds.stop()
    wait_until(lambda: all(each.name != "bench" for each in threading.enumerate()), what="threads to end")


def test_it_is_done_as_often_as_it_says(bench: Bench) -> None:
    assert bench.run(60.0, 7, 0.5, pause_s=30).seconds == [30, 60.0, 7, 0.5]
    assert bench.done == 4


def test_what_does_not_work_is_tried_more_and_more_rarely_and_a_success_begins_anew(bench: Bench) -> None:
    pauses = bench.run(*[AWAY] * 40, 60.0, AWAY).seconds
    assert 5 <= pauses[1] <= 10
    assert all(5 <= each <= 300 for each in pauses[1:41])
    assert max(pauses) > 60, "it grows"
    assert pauses[41] == 60.0
    assert 5 <= pauses[42] <= 10


def test_a_server_that_asks_for_more_time_gets_it(bench: Bench) -> None:
    busy = Answer(Outcome.BUSY, "later", retry_after_ms=900_000)
    hasty = Answer(Outcome.BUSY, "now", retry_after_ms=0)
    pauses = bench.run(busy, hasty).seconds
    assert pauses[1] == 900
    assert pauses[2] >= 5


def test_what_is_forgiven_counts_no_more(bench: Bench) -> None:
    def forgive(number: int) -> None:
        assert bench.rounds is not None
        if number == 20:
            bench.rounds.forgive()

    bench.before = forgive
    pauses = bench.run(*[AWAY] * 21).seconds
    assert 5 <= pauses[21] <= 10


def test_what_nobody_foresaw_is_logged_and_ends_nothing(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[bool] = []

    def look(number: int) -> None:
        assert bench.rounds is not None
        seen.append(bench.rounds.unforeseen)

    bench.before = look
    with caplog.at_level(logging.INFO):
        pauses = bench.run(ZeroDivisionError("x"), AWAY, 1.0).seconds
    assert "the bench failed in a way that was not foreseen" in caplog.text
    assert seen == [False, True, False, False]
    assert 5 <= pauses[1] <= 10


def test_a_wish_is_fulfilled_once_however_often_it_is_said() -> None:
    begun, go_on = threading.Semaphore(0), threading.Semaphore(0)
    times: list[int] = []

    def go() -> float:
        times.append(1)
        begun.release()
        assert go_on.acquire(timeout=30)
        return 3600.0

    rounds = Rounds("wishes", "a wish", go, retry_s=(5, 300), pause_s=3600)
    rounds.start()
    rounds.hurry()
    assert begun.acquire(timeout=30)
    for _ in range(10):
        rounds.hurry()  # while one is under way: it may have come too early for them
    go_on.release()
    assert begun.acquire(timeout=30)
    go_on.release()
    wait_until(lambda: not rounds._wanted.is_set(), what="the wish to be taken")
    rounds.stop()
    assert not rounds._thread.is_alive()
    assert len(times) == 2


def test_a_stop_before_the_start_lets_nothing_begin_and_a_second_start_begins_nothing_twice() -> None:
    rounds = Rounds("late", "nothing", pytest.fail, retry_s=(5, 300))
    rounds.stop()
    rounds.start()
    assert not rounds._thread.is_alive()
    twice = Rounds("twice", "once", lambda: 3600.0, retry_s=(5, 300))
    twice.start()
    twice.start()
    twice.stop()
    twice.start()
    assert not twice._thread.is_alive()


def test_a_round_that_hangs_is_left_behind() -> None:
    begun, leave = threading.Event(), threading.Event()

    def hang() -> float:
        begun.set()
        assert leave.wait(60)
        return 1.0

    rounds = Rounds("hanging", "what hangs", hang, retry_s=(5, 300), leave_s=0.01)
    rounds.start()
    assert begun.wait(30)
    rounds.stop()
    assert rounds._thread.is_alive()
    assert rounds._thread.daemon, "the process can end without it"
    leave.set()
    rounds._thread.join(30)
    assert not rounds._thread.is_alive()


# -- who waits for something else ----------------------------------------------------------------------


def test_a_stop_wakes_who_waits_and_nobody_who_has_left() -> None:
    stop = Stop()
    woken: list[str] = []
    with stop.waking(lambda: woken.append("left")):
        assert not stop.is_set()
    with stop.waking(lambda: woken.append("here")):
        stop.set()
        assert woken == ["here"]
    stop.set()
    with stop.waking(lambda: woken.append("late")):
        assert woken == ["here", "late"], "who comes too late does not wait at all"
    assert stop.is_set()
