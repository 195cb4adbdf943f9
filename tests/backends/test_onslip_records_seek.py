"""A list is read until what is looked for is there or surely not; nothing that cannot be told is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from terminal.backends.onslip import records_seek as seeking
from terminal.backends.onslip.records_seek import PAGE, seek
from terminal.core.delivery import Answer, Outcome
from terminal.core.stamp import Stamp
from terminal.core.value import replace
from tests.backends.making import ENOUGH_S
from tests.backends.onslip_records_making import NOON
from tests.backends.onslip_rest_making import Server, client

PATH = "~demo.example/journal/9/"
START = datetime.fromtimestamp(NOON.wall_ms / 1000, UTC)


def record(number: int, minutes: float, **more: Any) -> dict[str, Any]:
    """Return a record that was created so many minutes after noon."""
    moment = (START + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")
    return {"id": number, "created": moment.replace("+00:00", "Z"), **more}


class Shelf:
    """A list of the server, in the order in which it answers it."""

    def __init__(
        self,
        entities: list[Any],
        meanwhile: Callable[[list[Any]], None] = lambda _: None,
        *,
        longest: int = PAGE,
    ) -> None:
        self.entities = entities
        self._longest = longest
        self.asked: list[dict[str, str]] = []
        self._meanwhile = meanwhile

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = dict(parse_qsl(request.url.query.decode().replace(";", "&")))
        self.asked.append(asked)
        start = int(asked["o"])
        page = self.entities[start : start + min(int(asked["c"]), self._longest)]
        self._meanwhile(self.entities)
        return httpx.Response(200, content=json.dumps(page))


def found(shelf: Shelf, wanted: object, since: Stamp = NOON, seconds: float = ENOUGH_S) -> int | Answer | None:
    server = Server()
    server.answers = [shelf] * 1000
    rest = client(server)
    try:
        return seek(rest, PATH, lambda each: each.get("id") == wanted, since, monotonic() + seconds)
    finally:
        rest.close()


@pytest.fixture
def few() -> Iterator[None]:
    """Let no list be longer than three pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seeking, "MOST", 3 * PAGE)
        yield


def newest_first(count: int, minutes: float = 1) -> list[dict[str, Any]]:
    """Return records, the oldest at noon, and so many minutes between them."""
    return [record(number, number * minutes) for number in range(count - 1, -1, -1)]


def test_what_is_asked_for() -> None:
    shelf = Shelf([record(1, 0)])
    assert found(shelf, 1) == 1
    assert shelf.asked == [{"s": "-created", "o": "0", "c": str(PAGE), "d": "t"}]


@pytest.mark.parametrize("wanted", [32, 25, 0])
def test_a_server_that_sends_less_at_once_than_was_asked_for_is_read_without_a_gap(wanted: int) -> None:
    shelf = Shelf(newest_first(40), longest=7)
    assert found(shelf, wanted) == wanted
    assert [each["o"] for each in shelf.asked] == [str(7 * page) for page in range((39 - wanted) // 7 + 1)]


def test_it_ends_at_what_is_older_by_more_than_clocks_differ() -> None:
    shelf = Shelf(newest_first(100, minutes=2))
    late = replace(NOON, wall_ms=NOON.wall_ms + 180 * 60_000)
    assert found(shelf, 777, since=late) is None
    oldest_read = shelf.entities[len(shelf.asked) * PAGE - 1]
    assert len(shelf.asked) < 5
    assert datetime.fromisoformat(oldest_read["created"]) < START + timedelta(minutes=120)
    assert found(shelf, 61, since=late) == 61, "within the margin, though the server's clock is behind ours"


def test_without_a_clock_all_of_it_is_read() -> None:
    shelf = Shelf(newest_first(45, minutes=600))
    unsure = replace(NOON, wall_ms=NOON.wall_ms + 45 * 600 * 60_000, synced=False)
    assert found(shelf, 0, since=unsure) == 0
    assert found(shelf, 777, since=unsure) is None


@pytest.mark.parametrize("order", ["oldest first", "no dates", "dates without a zone", "no order"])
def test_a_server_that_does_not_sort_is_read_to_its_end(order: str) -> None:
    entities = newest_first(65, minutes=600)
    late = replace(NOON, wall_ms=NOON.wall_ms + 65 * 600 * 60_000)
    if order == "oldest first":
        entities.reverse()
    elif order == "no order":
        entities = entities[30:40] + entities[:30] + entities[40:]
    for each in entities:
        if order == "no dates":
            del each["created"]
        elif order == "dates without a zone":
            each["created"] = each["created"].rstrip("Z")
    for wanted in (entities[0]["id"], entities[-1]["id"]):
        assert found(Shelf(entities), wanted, since=late) == wanted
    shelf = Shelf(entities)
    assert found(shelf, 777, since=late) is None
    assert len(shelf.asked) == 5, "an empty page is the end"


def test_what_comes_meanwhile_pushes_nothing_past_us() -> None:
    entities = newest_first(60)
    numbers = iter(range(1000, 2000))

    def more(list_: list[Any]) -> None:
        for _ in range(7):
            list_.insert(0, record(next(numbers), 999))

    for wanted in range(60):
        assert found(Shelf(list(entities), more), wanted) == wanted


@pytest.mark.usefixtures("few")
def test_too_long_a_list_proves_nothing() -> None:
    answer = found(Shelf(newest_first(200)), 777)
    assert isinstance(answer, Answer)
    assert (answer.outcome, "newest 60" in answer.words) == (Outcome.UNKNOWN, True)


@pytest.mark.parametrize("page", [{"items": []}, [1], "[]"])
def test_what_is_no_list_proves_nothing(page: Any) -> None:
    server = Server()
    server.says(200, page)
    rest = client(server)
    answer = seek(rest, PATH, lambda _: False, NOON, monotonic() + ENOUGH_S)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNKNOWN
    rest.close()


@pytest.mark.parametrize("id_", [None, "7", True])
def test_what_has_no_id_is_nothing_that_was_recorded(id_: object) -> None:
    answer = found(Shelf([{**record(1, 0), "id": id_}]), id_)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNKNOWN


def test_no_time_proves_nothing() -> None:
    answer = found(Shelf([]), 1, seconds=0)
    assert isinstance(answer, Answer)
    assert answer.outcome is Outcome.UNKNOWN
