"""Servers hear that the terminal is there: as often as they want, and whatever one of them does."""

import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from terminal.core.delivery import Answer, Outcome
from terminal.daemon import pings as module
from terminal.daemon.pings import Pings
from tests.support.pauses import Pauses
from tests.support.waiting import wait_until


class Weather:
    def __init__(self) -> None:
        self.reports: list[tuple[str, bool, str]] = []

    def available(self, backend: str) -> bool:
        raise AssertionError(f"a ping asks {backend} itself")

    def report(self, backend: str, *, ok: bool, denied: str = "") -> None:
        self.reports.append((backend, ok, denied))


class Server:
    """Answers by *script*, then waits for the end; *pauses* are what the thread wanted to wait."""

    def __init__(self, name: str, *script: Callable[[], float | Answer]) -> None:
        self.name = name
        self._script = iter(script)
        self.over = threading.Event()
        self.leave = threading.Event()

    def ping(self, timeout_s: float) -> float | Answer:
        assert timeout_s == module.PING_S
        answer = next(self._script, None)
        if answer is not None:
            return answer()
        self.over.set()
        assert self.leave.wait(60)
        return 60.0


class Deaf:
    """A server that wants to hear nothing."""


class Desk:
    def __init__(self) -> None:
        self.weather = Weather()
        self.servers: list[Server] = []
        self.pings: Pings | None = None
        self.pauses = Pauses()

    def run(self, *servers: Server) -> None:
        """Ping them until each script is over."""
        self.servers = list(servers)
        self.pings = Pings({"deaf": Deaf(), **{each.name: each for each in servers}}, self.weather)
        for rounds in self.pings._rounds:
            rounds._wanted = self.pauses
        self.pings.start()
        for server in servers:
            assert server.over.wait(30)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    for server in desk.servers:
        server.leave.set()
    if desk.pings is not None:
        desk.pings.stop()
    wait_until(
        lambda: not any(each.name.startswith("ping ") for each in threading.enumerate()), what="threads to end"
    )


def answer(outcome: Outcome, words: str = "no") -> Callable[[], Answer]:
    return lambda: Answer(outcome, words)


def test_a_server_hears_it_at_once_and_then_as_often_as_it_wants(desk: Desk) -> None:
    desk.run(Server("office", lambda: 60.0, lambda: 300))
    assert desk.pauses.seconds == [0.0, 60.0, 300]
    assert desk.weather.reports == [("office", True, ""), ("office", True, "")]


@pytest.mark.parametrize(
    ("wanted", "pause"),
    [
        (0, module.LEAST_S),
        (-5, module.LEAST_S),
        (1e9, module.MOST_S),
        (float("nan"), module.MOST_S),
        (float("inf"), module.MOST_S),
    ],
)
def test_what_a_server_wants_is_bounded(desk: Desk, wanted: float, pause: float) -> None:
    desk.run(Server("office", lambda: wanted))
    assert desk.pauses.seconds == [0.0, pause]


def test_a_server_that_is_away_is_tried_more_and_more_rarely(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        desk.run(Server("office", *[answer(Outcome.UNSENT, "no route")] * 40, lambda: 60.0))
    first, *rest, after = desk.pauses.seconds
    assert first == 0.0
    assert module._RETRY_S[0] <= rest[0] <= 2 * module._RETRY_S[0]
    assert max(rest) <= module._RETRY_S[1]
    assert max(rest) > 60, "it grows"
    assert after == 60.0
    assert desk.weather.reports == [("office", False, "")] * 40 + [("office", True, "")]
    assert "office was not told that this terminal is there: no route" in caplog.text


def test_a_server_that_does_not_accept_the_terminal_is_reported_so(desk: Desk) -> None:
    desk.run(Server("office", answer(Outcome.DENIED, "401: who are you"), answer(Outcome.REFUSED)))
    assert desk.weather.reports == [("office", True, "401: who are you"), ("office", True, "")]


def test_an_adapter_that_raises_ends_no_thread_and_holds_up_no_other(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> float:
        raise ZeroDivisionError

    desk.run(Server("office", fail, lambda: 60.0), Server("other", lambda: 90.0))
    assert "the ping of office failed in a way that was not foreseen" in caplog.text
    assert sorted(desk.weather.reports) == [("office", True, ""), ("other", True, "")]


def test_a_server_that_wants_to_hear_nothing_is_left_alone_and_not_called_well(desk: Desk) -> None:
    asked: list[float] = []

    class Old:
        name = "old"

        def ping(self, timeout_s: float) -> None:
            asked.append(timeout_s)

    desk.pings = Pings({"old": Old()}, desk.weather)
    desk.pings.start()
    thread = desk.pings._rounds[0]._thread
    thread.join(30)
    assert not thread.is_alive()
    assert (asked, desk.weather.reports) == ([module.PING_S], [])


def test_a_ping_under_way_is_not_waited_for(desk: Desk) -> None:
    desk.run(Server("office"))
    assert desk.pings is not None
    thread = desk.pings._rounds[0]._thread
    stopper = threading.Thread(target=desk.pings.stop)
    stopper.start()
    stopper.join(30)
    assert not stopper.is_alive()
    assert thread.is_alive()
    assert thread.daemon, "the process can end without it"
