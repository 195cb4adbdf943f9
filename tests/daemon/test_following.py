"""Servers that tell what changes: what changed is read again, and whoever tells nothing does no harm."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.backends.protocol import CATALOGUE, SETTINGS, Stopping
from terminal.core.delivery import Answer, Outcome
from terminal.daemon import following as module
from terminal.daemon.following import Burst, Following
from tests.support.pauses import Pauses, hurried
from tests.support.waiting import Inbox

Changed = Callable[[frozenset[str]], None]
ENDED = Answer(Outcome.UNKNOWN, "the server ended the event stream")
DENIED = Answer(Outcome.DENIED, "the key lacks the permission use-event-streams")
PRICES, TILLS = frozenset({"products"}), frozenset({"tills"})


# -- bursts --------------------------------------------------------------------------------------------


def test_a_burst_is_due_when_it_is_over_and_at_the_latest_after_a_while() -> None:
    burst = Burst(quiet_s=0.5, longest_s=5.0)
    assert burst.left_s(100.0) is None
    burst.add(PRICES, 100.0)
    assert burst.left_s(100.0) == 0.5
    burst.add(TILLS, 100.25)
    assert burst.left_s(100.5) == 0.25
    for quarter in range(2, 40):
        burst.add(PRICES, 100.0 + quarter / 4)
    assert burst.left_s(104.75) == 0.25
    assert burst.left_s(109.0) == 0.0
    assert burst.take() == PRICES | TILLS
    assert burst.left_s(109.0) is None
    burst.add(TILLS, 200.0)
    assert (burst.left_s(200.0), burst.take()) == (0.5, TILLS)


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abc")), min_size=1, max_size=30))
def test_nothing_is_lost_and_nothing_waits_too_long(steps: list[tuple[int, str]]) -> None:
    burst = Burst(quiet_s=1.0, longest_s=4.0)
    now_s = 0.0
    untold: dict[str, float] = {}
    told: set[str] = set()
    for quarters, name in steps:
        now_s += quarters / 4
        if burst.left_s(now_s) == 0.0:
            taken = burst.take()
            assert taken == set(untold)
            told |= taken
            untold.clear()
        assert all(now_s - since < 4.0 for since in untold.values())
        burst.add(frozenset({name}), now_s)
        untold.setdefault(name, now_s)
    left_s = burst.left_s(now_s)
    assert left_s is not None
    assert left_s <= 1.0
    assert told | burst.take() == {name for _, name in steps}


# -- listening -----------------------------------------------------------------------------------------


class Server:
    """Is listened to by *script*; then it goes on until it is stopped."""

    def __init__(self, *script: Callable[[Changed], Answer | None]) -> None:
        self._script = iter(script)
        self.listened = 0
        self.over = threading.Event()

    def follow(self, changed: Changed, stop: Stopping) -> Answer | None:
        self.listened += 1
        step = next(self._script, None)
        if step is not None:
            return step(changed)
        leave = threading.Event()
        with stop.waking(leave.set):
            changed(CATALOGUE | SETTINGS)
            self.over.set()
            assert leave.wait(60)
        return Answer(Outcome.UNSENT, "this terminal is stopping")


class Deaf:
    """A server that tells nothing."""


class Bench:
    def __init__(self) -> None:
        self.read = Inbox()
        self.following: Following | None = None

    def make(self, **servers: Any) -> Following:
        self.following = Following(
            {"deaf": Deaf(), **servers},
            {CATALOGUE: lambda: self.read.put("catalogue"), SETTINGS: lambda: self.read.put("settings")},
        )
        return self.following

    def pauses(self, name: str) -> Pauses:
        assert self.following is not None
        return hurried(self.following._ears[name].rounds)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(module, "QUIET_S", 0.0)
    bench = Bench()
    yield bench
    assert bench.following is not None
    bench.following.stop()
    names = [each.name for each in threading.enumerate()]
    assert not [name for name in names if name.startswith("follow ") or name == "changes"]


def says(*steps: frozenset[str], ends: Answer | None = ENDED) -> Callable[[Changed], Answer | None]:
    """Tell these, and end."""

    def follow(changed: Changed) -> Answer | None:
        for step in steps:
            changed(step)
        return ends

    return follow


def test_what_changed_is_read_again_and_nothing_else(bench: Bench) -> None:
    gone_on = threading.Event()

    def prices(changed: Changed) -> Answer:
        changed(PRICES)
        assert gone_on.wait(30)
        return ENDED

    server = Server(prices)
    following = bench.make(main=server)
    bench.pauses("main")
    following.start()
    bench.read.wait(lambda events: events == ("catalogue",), what="the catalogue to be read")
    gone_on.set()
    assert server.over.wait(30)
    bench.read.wait(
        lambda events: events[1:] == ("catalogue", "settings"), what="everything, after a new connection"
    )


def test_many_changes_at_once_are_one_reading(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUIET_S", 3600.0)
    monkeypatch.setattr(module, "LONGEST_S", 3600.0)
    server = Server(says(*[PRICES] * 500, TILLS, frozenset({"planets"})))
    following = bench.make(main=server)
    bench.pauses("main")
    following.start()
    assert server.over.wait(30)
    assert not bench.read.events, "it is not over yet"
    with following._lock:
        following._burst._quiet_s = 0.0
    following._teller.hurry()
    bench.read.wait(lambda events: len(events) == 2, what="one reading")
    following.stop()
    assert bench.read.events == ("catalogue", "settings")


def test_names_that_nobody_reads_are_harmless(bench: Bench) -> None:
    following = bench.make(main=Server())
    following._gather(frozenset({"planets"}))
    assert following._tell() == module._IDLE_S
    assert bench.read.events == ()


def test_a_stop_ends_who_listens_at_once(bench: Bench) -> None:
    server, other = Server(), Server()
    following = bench.make(main=server, other=other)
    following.start()
    assert server.over.wait(30)
    assert other.over.wait(30)
    following.stop()
    assert not any(each.name.startswith("follow ") for each in threading.enumerate())
    assert (server.listened, other.listened) == (1, 1)


def test_without_a_server_that_tells_there_is_no_thread(bench: Bench) -> None:
    before = threading.active_count()
    bench.make().start()
    assert threading.active_count() == before


def test_a_server_that_is_not_to_be_followed_is_not_asked_again(bench: Bench) -> None:
    server = Server(says(ends=None))
    following = bench.make(main=server)
    following.start()
    thread = following._ears["main"].rounds._thread
    thread.join(30)
    assert not thread.is_alive()
    assert (server.listened, following.notices) == (1, ())


def test_a_server_that_wants_nobody_to_listen_is_left_in_peace_and_that_is_said_once(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[tuple[str, ...]] = []

    def denied(_: Changed) -> Answer:
        seen.append(following.notices)
        return DENIED

    server = Server(*[denied] * 5)
    following = bench.make(main=server)
    pauses = bench.pauses("main")
    with caplog.at_level(logging.INFO):
        following.start()
        assert server.over.wait(30)
    assert pauses.seconds[:6] == [0.0, *[module.UNWANTED_S] * 5]
    words = f"it does not tell what changes, which is then seen only now and then: {DENIED.words}"
    assert seen == [(), *[(f"Server 'main': {words}",)] * 4]
    assert following.notices == (), "the key has the permission now"
    assert [each.message for each in caplog.records] == [f"main: {words}"]
    assert not [each for each in caplog.records if each.levelno > logging.INFO]


def test_a_server_that_is_away_is_tried_more_and_more_rarely_and_not_called_so(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    away = Answer(Outcome.UNSENT, "no route")
    seen: list[tuple[str, ...]] = []

    def gone(_: Changed) -> Answer:
        seen.append(following.notices)
        return away

    server = Server(*[gone] * 40)
    following = bench.make(main=server)
    pauses = bench.pauses("main")
    with caplog.at_level(logging.INFO):
        following.start()
        assert server.over.wait(30)
    assert [each.message for each in caplog.records] == ["main: its events are not heard for now: no route"]
    assert pauses.seconds[0] == 0.0
    assert 2 <= pauses.seconds[1] <= 4
    assert max(pauses.seconds) > 60
    assert max(pauses.seconds) <= 300
    assert seen == [()] * 40, "that is for those to say who ask it something"


@pytest.mark.parametrize(("steady_s", "grows"), [(0.0, False), (3600.0, True)])
def test_only_a_connection_that_lasts_makes_up_for_those_that_did_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, steady_s: float, *, grows: bool
) -> None:
    monkeypatch.setattr(module, "STEADY_S", steady_s)
    server = Server(*[says(PRICES)] * 40)
    following = bench.make(main=server)
    pauses = bench.pauses("main")
    following.start()
    assert server.over.wait(30)
    assert (max(pauses.seconds[:41]) > 4) is grows


def test_a_connection_that_lasted_makes_up_for_nothing_that_fails_after_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEADY_S", 0.0)
    server = Server(says(PRICES), *[says()] * 20)
    following = bench.make(main=server)
    pauses = bench.pauses("main")
    following.start()
    assert server.over.wait(30)
    assert max(pauses.seconds[:21]) > 60


def test_an_adapter_that_raises_ends_nothing(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Changed) -> Answer:
        raise ZeroDivisionError

    server, other = Server(fail), Server()
    following = bench.make(main=server, other=other)
    bench.pauses("main")
    following.start()
    assert server.over.wait(30)
    assert other.over.wait(30)
    assert "listening to main failed in a way that was not foreseen" in caplog.text
