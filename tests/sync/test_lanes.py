"""Lanes: one place each, first in first out, and a wait that blocks nobody else."""

from hypothesis import given
from hypothesis import strategies as st

from terminal.sync.lanes import Lanes


def drain(lanes: Lanes, server: str = "s", now: int = 0) -> list[str]:
    taken = []
    while (lane := lanes.take(server, now)) is not None:
        taken.append(lane)
    return taken


def filled(*names: str) -> Lanes:
    lanes = Lanes()
    for name in names:
        lanes.add(name, "s")
    return lanes


def test_lanes_come_first_in_first_out_and_once() -> None:
    lanes = filled("a", "b", "a", "c")
    assert drain(lanes) == ["a", "b", "c"]


def test_a_lane_that_got_something_while_busy_is_not_forgotten() -> None:
    lanes = filled("a")
    assert lanes.take("s", 0) == "a"
    lanes.add("a", "s")
    assert lanes.take("s", 0) is None
    lanes.rest("a")
    assert drain(lanes) == ["a"]


def test_a_lane_with_nothing_to_send_is_forgotten() -> None:
    lanes = filled("a")
    drain(lanes)
    lanes.rest("a")
    assert not lanes.knows("a")
    assert lanes.count("s") == 0
    assert lanes.servers() == []


def test_a_waiting_lane_blocks_only_itself_and_keeps_its_time() -> None:
    lanes = filled("a", "b")
    assert lanes.take("s", 0) == "a"
    lanes.retry("a", 100)
    assert lanes.wait_ms("s", 0) == 0
    assert drain(lanes) == ["b"]
    lanes.add("a", "s")
    assert lanes.wait_ms("s", 40) == 60
    assert drain(lanes, now=99) == []
    assert drain(lanes, now=100) == ["a"]


def test_a_server_that_is_back_wakes_what_waits_but_not_what_was_told_to() -> None:
    lanes = filled("a", "b", "c")
    drain(lanes)
    lanes.retry("c", 300)
    lanes.retry("a", 200)
    lanes.retry("b", 100, fixed=True)
    lanes.wake("s")
    assert drain(lanes) == ["a", "c"]
    lanes.wake("s", everything=True)
    assert drain(lanes) == ["b"]
    assert lanes.wait_ms("s", 0) is None


def test_a_woken_lane_that_waits_again_keeps_only_its_new_time() -> None:
    lanes = filled("a")
    drain(lanes)
    lanes.retry("a", 100)
    lanes.hurry("a")
    assert drain(lanes) == ["a"]
    lanes.retry("a", 500)
    assert drain(lanes, now=100) == []
    assert lanes.wait_ms("s", 100) == 400
    assert drain(lanes, now=500) == ["a"]


def test_failures_are_counted_until_one_is_settled() -> None:
    lanes = filled("a")
    drain(lanes)
    assert [lanes.failed("a"), lanes.failed("a")] == [1, 2]
    lanes.retry("a", None)
    drain(lanes)
    assert lanes.failed("a") == 3
    lanes.more("a")
    drain(lanes)
    assert lanes.failed("a") == 1


def test_a_lane_can_be_handed_to_another_server() -> None:
    lanes = filled("a")
    drain(lanes)
    lanes.move("a", "other")
    assert drain(lanes) == []
    assert drain(lanes, "other") == ["a"]


names = st.sampled_from("abcd")


@given(st.lists(st.tuples(st.sampled_from(["add", "take", "more", "rest", "retry", "first", "wake"]), names)))
def test_a_lane_is_in_one_place_at_most_and_none_with_news_is_lost(steps: list[tuple[str, str]]) -> None:
    lanes = Lanes()
    busy: set[str] = set()
    news: set[str] = set()  # lanes that must come up (again)
    now = 0
    for what, lane in steps:
        now += 1
        match what:
            case "add":
                lanes.add(lane, "s")
                news.add(lane)
            case "take":
                taken = lanes.take("s", now)
                if taken is not None:
                    assert taken not in busy
                    busy.add(taken)
                    news.discard(taken)
            case "wake":
                lanes.wake("s")
            case _ if lane in busy:
                busy.discard(lane)
                if what == "more":
                    lanes.more(lane)
                    news.add(lane)
                elif what == "rest":
                    lanes.rest(lane)
                elif what == "retry":
                    lanes.retry(lane, now + 5)
                    news.add(lane)
                else:
                    lanes.first(lane)
                    news.add(lane)
    left = drain(lanes, now=now + 10)
    assert len(left) == len(set(left))
    assert not set(left) & busy
    assert news - busy <= set(left)
