"""Turns: one at a time, given back while their thread waits, and behind the loop; but no lock for anybody."""

import threading

import pytest

from terminal import courtesy
from terminal.courtesy import RightOfWay, waiting
from tests.support.waiting import wait_until

_LONG_S = 30


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> RightOfWay:
    monkeypatch.setattr(courtesy, "_LONGEST_S", _LONG_S)
    return RightOfWay()


class Deliverer(threading.Thread):
    """Takes one turn; *has* it from then on."""

    def __init__(self, way: RightOfWay) -> None:
        super().__init__(daemon=True)
        self._way = way
        self._has = threading.Event()
        self.start()

    def run(self) -> None:
        with self._way.turn():
            self._has.set()

    def is_put_off(self) -> bool:
        """Wait until it stands in the queue, and tell whether it has had no turn."""
        wait_until(lambda: bool(self._way._free._waiters) or self._has.is_set())  # type: ignore[attr-defined]
        return not self._has.is_set()

    def has_had_it(self) -> bool:
        return self._has.wait(_LONG_S)


def test_there_is_one_turn_at_a_time(way: RightOfWay) -> None:
    with way.turn():
        other = Deliverer(way)
        assert other.is_put_off()
    assert other.has_had_it()


def test_who_waits_lets_others_have_its_turn_and_gets_it_back(way: RightOfWay) -> None:
    with way.turn():
        with waiting():
            assert Deliverer(way).has_had_it()
        assert Deliverer(way).is_put_off()


def test_a_turn_is_given_back_whatever_happens(way: RightOfWay) -> None:
    with pytest.raises(OSError, match="lost"), way.turn(), waiting():
        raise OSError("lost")
    assert Deliverer(way).has_had_it()


def test_no_turn_begins_while_the_loop_is_at_work(way: RightOfWay) -> None:
    with way.ahead():
        with way.ahead():
            other = Deliverer(way)
            assert other.is_put_off()
        assert other.is_put_off()
    assert other.has_had_it()


def test_the_loop_waits_for_nobody(way: RightOfWay) -> None:
    with way.turn(), way.ahead():
        assert Deliverer(way).is_put_off()


def test_nobody_is_put_off_for_ever(way: RightOfWay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courtesy, "_LONGEST_S", 0)
    with way.ahead(), way.turn():
        assert Deliverer(way).has_had_it()


def test_who_has_no_turn_gives_none(way: RightOfWay) -> None:
    with way.turn():
        pass
    with waiting():
        assert Deliverer(way).has_had_it()
