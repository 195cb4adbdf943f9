"""A program beside the test: what it answers, refuses and says, how it ends and begins anew."""

import threading
from collections.abc import Iterator

import pytest

from tests.support.remote import Orders, Refused, Remote


class Echo:
    """A program that answers what it is told, and how often it was told something."""

    def __init__(self) -> None:
        self.orders = Orders()
        self.times = 0

    def do(self, order: object) -> object:
        self.times += 1
        if order == "refuse":
            raise Refused("not this")
        if order == "die":
            raise RuntimeError("a mistake of the program")
        if order == "say":
            self.orders.say({"times": self.times})
        return [order, self.times]


@pytest.fixture
def echo() -> Iterator[Remote]:
    remote = Remote("tests.support.test_remote", "an argument", 5)
    yield remote
    remote.close()


def test_it_answers_refuses_and_says(echo: Remote) -> None:
    assert echo.hello == ["an argument", "5"]
    assert echo.ask({"a": [None]}) == [{"a": [None]}, 1]
    with pytest.raises(Refused, match="not this"):
        echo.ask("refuse")
    assert echo.ask("say") == ["say", 3]
    assert echo.wait_said() == {"times": 3}
    large = "x" * 300_000  # more than a pipe holds
    assert echo.ask(large) == [large, 4]


def test_threads_get_their_own_answers(echo: Remote) -> None:
    wrong = []

    def ask(number: int) -> None:
        for _ in range(30):
            answer, _times = echo.ask(number)
            if answer != number:
                wrong.append((number, answer))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert echo.ask("last") == ["last", 121]


@pytest.mark.parametrize("end", [Remote.kill, Remote.close])
def test_it_begins_anew(echo: Remote, end: object) -> None:
    assert callable(end)
    echo.ask("say")
    end(echo)
    assert [echo.wait_said(), echo.wait_said()] == [{"times": 1}, None]
    end(echo)  # it stays ended
    with pytest.raises(AssertionError, match="it was ended"):
        echo.ask(1)
    echo.start()
    assert echo.said.empty()
    assert echo.ask(1) == [1, 1]


def test_one_that_dies_is_told(echo: Remote) -> None:
    with pytest.raises(AssertionError, match="has ended"):
        echo.ask("die")
    with pytest.raises(AssertionError, match="has ended"):
        echo.ask("anything")
    assert echo.wait_said() is None


def test_one_that_does_not_begin_is_told() -> None:
    with pytest.raises(AssertionError, match="has ended"):
        Remote("tests.support.no_such_program")


if __name__ == "__main__":
    import sys

    program = Echo()
    program.orders.here(sys.argv[1:])
    program.orders.serve(program.do)
